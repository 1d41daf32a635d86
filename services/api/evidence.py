"""Reading the log again: the records behind a number."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from msgspec import MsgspecError

from services.api.log import AT_ONCE, RECORDS_AT_ONCE, extent, reading
from services.contracts.events import ContactEvent, decode_contacts
from services.runtime import kafka
from services.runtime.settings import CommonSettings

WHOLE_S = 60.0


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read. `incomplete`: why not everything that was asked for."""

    partition: int
    first_offset: int
    records: int
    incomplete: str | None


class Evidence:
    """Reads stretches of the contacts topic. At most `AT_ONCE` at a time; others wait."""

    def __init__(self, settings: CommonSettings, *, most_bytes: int) -> None:
        self._settings = settings
        self._most_bytes = most_bytes
        self._room = asyncio.Semaphore(AT_ONCE)

    async def read(self, queue: str, first: int, last: int, feed: Callable[[int, list[ContactEvent]], None]) -> Reading:
        """Feed every record of a queue's partition from offset `first` (−1: the oldest) to `last`, both included.

        Raises:
            LogAwayError: Kafka does not answer.
        """
        topic = self._settings.names.contacts.name
        async with self._room, reading(consumer := kafka.reader(self._settings), topic, within_s=WHOLE_S) as places:
            if not places:
                return Reading(0, max(first, 0), 0, "there is no log of contacts yet")
            place = places[kafka.partition_of(queue, len(places))]
            oldest, end = await extent(consumer, place)
            begin = max(first, oldest)
            incomplete = (
                None if oldest <= max(first, 0) or first > last else "the log no longer holds the oldest of its events"
            )
            consumer.seek(place, begin)
            records, cut = await self._feed(consumer, place, min(last, end - 1), feed)
            if last >= end:
                incomplete = "the log ends before the number does: it was started anew"
            return Reading(place.partition, begin, records, cut or incomplete)

    async def _feed(
        self,
        consumer: AIOKafkaConsumer,
        place: TopicPartition,
        last: int,
        feed: Callable[[int, list[ContactEvent]], None],
    ) -> tuple[int, str | None]:
        records = size = 0
        while await consumer.position(place) <= last:
            for record in (await consumer.getmany(place, timeout_ms=500, max_records=RECORDS_AT_ONCE)).get(place, ()):
                if record.offset > last:
                    return records, None
                records += 1
                size += len(record.value or b"")
                if size > self._most_bytes:
                    return records, f"more than {self._most_bytes // 1_000_000} MB of the log would have to be read"
                try:
                    events = decode_contacts(record.value or b"\x90")
                except MsgspecError:
                    continue  # metrics made it a dead letter
                feed(record.offset, events)
            await asyncio.sleep(0)  # let sockets be served in between
        return records, None
