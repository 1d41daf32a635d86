"""The dead-letter topic, newest first, and what came in lately beside it. Each reading has a consumer of its own."""

import asyncio
import time

from msgspec import MsgspecError
from pydantic import ValidationError

from services.api.domain.letters import Letters, LetterView, Wanted, view_of
from services.api.domain.traffic import Tally, Traffic
from services.api.log import AT_ONCE, extent, reading, stretch
from services.contracts.events import AnyEvent, decode_agents, decode_contacts, decode_ivr
from services.contracts.letters import DeadLetter
from services.runtime import kafka
from services.runtime.settings import CommonSettings

CHUNK = 500
LOOKED_AT_MOST = 20_000
"""So many letters are read for one page; then whoever asked may go on from there."""


class DeadLetters:
    """Reads what could not be used. At most `AT_ONCE` readings at a time; others wait."""

    def __init__(self, settings: CommonSettings, *, most_bytes: int) -> None:
        self._settings = settings
        self._most_bytes = most_bytes
        self._room = asyncio.Semaphore(AT_ONCE)

    async def page(self, wanted: Wanted, *, before: int | None, limit: int) -> Letters:
        """The newest letters that fit, of those before an offset.

        Raises:
            LogAwayError: Kafka does not answer.
        """
        found: list[LetterView] = []
        sources: dict[str, int] = {}
        looked_at = 0
        topic = self._settings.names.dead_letters.name
        async with self._room, reading(consumer := kafka.reader(self._settings), topic) as places:
            if not places:
                return Letters(letters=(), next=None, held=0, looked_at=0, sources={})
            place = places[0]
            first, last = await extent(consumer, place)
            upto = last if before is None else max(min(before, last), first)
            while upto > first and looked_at < LOOKED_AT_MOST and len(found) < limit:
                begin = max(first, upto - CHUNK)
                chunk: list[LetterView] = []
                async for records in stretch(consumer, place, begin, upto):
                    chunk += [
                        view
                        for record in records
                        if (view := _view(record.value, record.offset, record.timestamp)) is not None
                    ]
                for letter in reversed(chunk):
                    looked_at += 1
                    sources[letter.source] = sources.get(letter.source, 0) + 1
                    upto = letter.offset
                    if wanted.fits(letter):
                        found.append(letter)
                        if len(found) == limit:
                            break
                else:
                    upto = begin
        return Letters(
            letters=tuple(found),
            next=upto if upto > first else None,
            held=last - first,
            looked_at=looked_at,
            sources=dict(sorted(sources.items())),
        )

    async def traffic(self, minutes: int) -> Traffic:
        """Events and letters of the last minutes, by source and site.

        Raises:
            LogAwayError: Kafka does not answer.
        """
        names = self._settings.names
        decoders = {names.contacts.name: decode_contacts, names.ivr.name: decode_ivr, names.agents.name: decode_agents}
        until = time.time_ns() // 1_000_000
        since, tally, size, cut = until - minutes * 60_000, Tally(), 0, False
        topics = (*decoders, names.dead_letters.name)
        async with self._room, reading(consumer := kafka.reader(self._settings), *topics) as places:
            if places:
                consumer.assign(places)
            begins = await consumer.offsets_for_times(dict.fromkeys(places, since)) if places else {}
            ends = await consumer.end_offsets(places) if places else {}
            for place in places:
                begin = begins.get(place)
                consumer.pause(*(other for other in places if other != place))
                consumer.resume(place)
                if begin is None:
                    continue  # nothing came since
                async for records in stretch(consumer, place, begin.offset, ends[place]):
                    size += sum(len(record.value or b"") for record in records)
                    values = [record.value or b"" for record in records]
                    # Tens of thousands of events: in a thread, so that sockets are served in between.
                    await asyncio.to_thread(_count, tally, decoders.get(place.topic), values)
                    if cut := size > self._most_bytes:
                        break
                if cut:
                    break
        incomplete = f"more than {self._most_bytes // 1_000_000} MB of the log would have to be read" if cut else None
        return tally.traffic(since=since, until=until, incomplete=incomplete)


def _count(tally: Tally, decode: object, values: list[bytes]) -> None:
    for value in values:
        if not callable(decode):
            letter = _letter(value)
            if letter is not None:
                tally.letter(letter)
            continue
        try:
            events: list[AnyEvent] = decode(value)
        except (MsgspecError, UnicodeDecodeError):
            continue  # metrics made it a dead letter
        tally.events(events)


def _letter(value: bytes) -> DeadLetter | None:
    try:
        return DeadLetter.model_validate_json(value)
    except ValidationError:
        return None  # nobody of ours wrote it


def _view(value: bytes | None, offset: int, at: int) -> LetterView | None:
    letter = _letter(value or b"")
    return None if letter is None else view_of(letter, offset=offset, at=at)
