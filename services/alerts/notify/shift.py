"""The time during which one worker tells: from taking over the outbox until it no longer holds the inbox."""

import asyncio
import hashlib
import random
import time
import uuid
from collections.abc import Callable, Iterable, Sequence

from aiokafka import TopicPartition
from aiokafka.structs import ConsumerRecord
from pydantic import TypeAdapter, ValidationError

from services.alerts import telemetry
from services.alerts.domain.notices.outbox import Outbox, Wrong
from services.alerts.domain.notices.posting import after, begin, verdict, without_channel
from services.alerts.domain.notices.routing import Surroundings, Told, letters_of
from services.alerts.notify.secrets import Channels
from services.alerts.notify.senders import Senders
from services.alerts.notify.shelf import Shelf
from services.alerts.settings import AlertsSettings
from services.contracts.alerts import AlertTransition
from services.contracts.contingency import PlanStep
from services.contracts.desk import CompleteAction, Outcome
from services.contracts.moves import MoveStep
from services.contracts.names import Topic
from services.contracts.notify import OVER, Delivery, Position, outbox_adapter
from services.contracts.people import SERVICE
from services.runtime import kafka
from services.runtime.logs import get_logger
from services.runtime.store import UNAVAILABLE, json_array

POLL_MS = 200
TIDY_EVERY_S = 60.0
SHOW_AGAIN_S = 2.0
_KINDS: dict[bytes, TypeAdapter[Told]] = {
    b'"kind":"transition"': TypeAdapter(AlertTransition),
    b'"kind":"plan_step"': TypeAdapter(PlanStep),
    b'"kind":"move_step"': TypeAdapter(MoveStep),
    b'"kind":"outcome"': TypeAdapter(Outcome),
}

log = get_logger()


def _now() -> int:
    return round(time.time() * 1000)


class Shift:
    """One worker's, under a name of its own."""

    def __init__(
        self,
        settings: AlertsSettings,
        channels: Channels,
        senders: Senders,
        shelf: Shelf,
        around: Callable[[Told], Surroundings],
    ) -> None:
        """Nothing is contacted yet."""
        names = settings.names
        self._names = names
        self._channels, self._senders, self._shelf, self._around = channels, senders, shelf, around
        self._reader = kafka.reader(settings)
        self._producer = kafka.producer(settings)
        self._outbox = Outbox(uuid.uuid4().hex[:16])
        self._outbox_at = TopicPartition(names.outbox.name, 0)
        self._followed = {TopicPartition(topic.name, 0): topic for topic in (names.alerts, names.journal)}
        self._claimed: list[tuple[int, list[Delivery]]] = []  # (offset of the last claim, claims of one message)
        self._busy: set[str] = set()
        self._sending: set[asyncio.Task[None]] = set()
        self._answered: set[str] = set()
        self._changed: set[str] = set()
        self._gone: list[str] = []
        self._filled = False
        self._tidied = self._shown = float("-inf")

    async def run(self, serving: Callable[[], bool]) -> None:
        """Tell until `serving` says no.

        Raises:
            KafkaError: the broker is away.
        """
        await self._producer.start()
        await self._reader.start()
        try:
            await self._take_over()
            while serving():
                await self._turn()
        finally:
            for task in self._sending:
                task.cancel()
            await asyncio.gather(*self._sending, return_exceptions=True)
            await self._reader.stop()
            await self._producer.stop()

    async def _take_over(self) -> None:
        """Read the outbox to its end; what others were sending is uncertain; and find where to go on."""
        places = [self._outbox_at, *self._followed]
        self._reader.assign(places)
        ends = await self._reader.end_offsets(places)
        await self._reader.seek_to_beginning(self._outbox_at)
        self._reader.pause(*self._followed)
        while await self._reader.position(self._outbox_at) < ends[self._outbox_at]:
            await self._read()
        await self._put(*self._outbox.orphans(_now(), taking_over=True))
        for place, topic in self._followed.items():
            offset = self._outbox.positions.get(topic.name)
            if offset is None:  # an installation that has never told: what was before is not news
                offset = ends[place]
                await self._keep_position(topic, offset)
            self._reader.seek(place, offset)
        self._reader.resume(*self._followed)
        log.info("telling", channels=len(self._channels.file.channels), open=len(list(self._outbox.open())))

    async def _turn(self) -> None:
        """Read what there is, and do what follows."""
        await self._read()
        now = _now()
        await self._put(*self._outbox.orphans(now), *without_channel(self._outbox.open(), self._channels.file, now))
        await self._begin_sending()
        await self._claim(now)
        await self._answer_calls(now)
        for task in [task for task in self._sending if task.done()]:
            self._sending.discard(task)
            task.result()
        await self._tidy(now)
        await self._show()

    # -- reading

    async def _read(self) -> None:
        for place, records in (await self._reader.getmany(timeout_ms=POLL_MS)).items():
            if place == self._outbox_at:
                wrong = {found.standing.id for record in records if (found := self._fold(record)) is not None}
                if wrong:
                    telemetry.OUTBOX_REPAIRS.inc(len(wrong))
                    await self._put(*(self._outbox.deliveries[id_] for id_ in sorted(wrong)))
                continue
            for record in records:
                await self._hear(record)
            await self._keep_position(self._followed[place], records[-1].offset + 1)

    def _fold(self, record: ConsumerRecord) -> Wrong | None:
        key = (record.key or b"").decode("utf-8", "replace")
        if record.value is None:
            self._outbox.forget(key)
            self._gone.append(key)
            return None
        try:
            entry = outbox_adapter.validate_json(record.value)
        except ValidationError as error:
            log.warning("an outbox record can't be used", key=key, fault=error.errors()[0]["msg"])
            return None
        if isinstance(entry, Delivery):
            self._changed.add(entry.id)
        return self._outbox.take(entry)

    async def _hear(self, record: ConsumerRecord) -> None:
        """Something has happened: the deliveries that follow from it."""
        value = record.value or b""
        adapter = next((adapter for mark, adapter in _KINDS.items() if value.startswith(b"{" + mark)), None)
        if adapter is None:
            return
        try:
            told = adapter.validate_json(value)
        except ValidationError as error:
            log.warning("a record can't be told", topic=record.topic, fault=error.errors()[0]["msg"])
            return
        for letter in letters_of(told, self._around(told)):
            new = list(begin(letter, self._channels.file, self._outbox, _now()))
            await self._put(*new)
            for one in new:
                # It is read back as well, and then changes nothing; but the next letter must know of it.
                self._outbox.take(one)

    # -- sending

    async def _claim(self, now: int) -> None:
        for group in self._outbox.due(now, self._busy):
            claims = self._outbox.claims(group, now)
            self._busy.add(claims[0].channel)
            offset = await self._put(*claims)
            self._claimed.append((offset, claims))

    async def _begin_sending(self) -> None:
        """What was claimed and read back is sent, as far as the claim stands first."""
        if not self._claimed:
            return
        position = await self._reader.position(self._outbox_at)
        ready = [claims for offset, claims in self._claimed if offset < position]
        self._claimed = [(offset, claims) for offset, claims in self._claimed if offset >= position]
        for claims in ready:
            mine = [claim for claim in claims if self._outbox.owns(claim)]
            if mine:
                self._sending.add(asyncio.create_task(self._send(mine), name=f"send {mine[0].channel}"))
            else:
                self._busy.discard(claims[0].channel)

    async def _send(self, claims: Sequence[Delivery]) -> None:
        answer = await self._senders.send(claims)
        channel = self._channels.file.channel(claims[0].channel)
        assert channel is not None, "without_channel has looked"
        now, chance = _now(), random.random()
        results = [after(claim, answer, channel.retry, now, chance) for claim in claims]
        await self._put(*results)
        self._busy.discard(channel.id)
        state = results[0].state
        telemetry.DELIVERIES.labels(channel.id, state).inc()
        say, what = (log.info, "told") if state == "delivered" else (log.warning, "not told")
        first = claims[0]
        say(
            what, channel=channel.id, state=state, about=first.notice.subject, notice=first.notice.event,
            together=len(claims), attempt=first.attempt, reason=results[0].reason,
        )  # fmt: skip

    async def _answer_calls(self, now: int) -> None:
        """Tell the desk what became of the calls of plans. The command's id is the call's, so it counts once."""
        for one in self._outbox.unanswered():
            if one.id in self._answered:
                continue  # on its way
            call = one.notice.call
            assert call is not None, "only calls are answered"
            result, note = verdict(one)
            command = CompleteAction(
                id=f"call-{hashlib.sha256(one.id.encode()).hexdigest()[:32]}", at=now, by=SERVICE, target=call.plan,
                action=call.action, result=result, note=note, undo=call.event == "stood_down",
            )  # fmt: skip
            await self._producer.send_and_wait(self._names.tiles.name, json_array([command.model_dump_json().encode()]))
            await self._put(one.model_copy(update={"answered": True}))
            self._answered.add(one.id)

    # -- writing

    async def _put(self, *deliveries: Delivery) -> int:
        """Write records in their order and wait until they stand. The offset of the last one; −1: there were none."""
        sent = [
            await self._producer.send(
                self._names.outbox.name, one.model_dump_json().encode(), one.id.encode(), partition=0
            )
            for one in deliveries
        ]
        for one in deliveries:
            if one.state in OVER and one.state != "delivered" and not one.answered:
                telemetry.UNTOLD.labels(one.state).inc()
        return max([place.offset for place in await asyncio.gather(*sent)], default=-1)

    async def _keep_position(self, topic: Topic, offset: int) -> None:
        position = Position(topic=topic.name, offset=offset)
        await self._producer.send_and_wait(
            self._names.outbox.name, position.model_dump_json().encode(), f"position|{topic.name}".encode(), partition=0
        )

    async def _tidy(self, now: int) -> None:
        """Forget deliveries that are over for long."""
        if time.monotonic() - self._tidied < TIDY_EVERY_S:
            return
        self._tidied = time.monotonic()
        await self._delete(self._outbox.old(now))

    async def _delete(self, keys: Iterable[str]) -> None:
        sent = [await self._producer.send(self._names.outbox.name, None, key.encode(), partition=0) for key in keys]
        await asyncio.gather(*sent)

    # -- showing

    async def _show(self) -> None:
        """What has changed, in Redis. While it is away nothing else waits for it."""
        telemetry.DELIVERIES_OPEN.set(sum(1 for _ in self._outbox.open()))
        due = time.monotonic() - self._shown > SHOW_AGAIN_S
        if not (due or (self._filled and (self._changed or self._gone))):
            return
        try:
            if due:
                self._shown = time.monotonic()
                if not (self._filled and await self._shelf.is_filled()):
                    await self._shelf.fill(self._outbox.deliveries.values(), self._channels.views())
                    self._filled = True
                    self._changed, self._gone = set(), []
                    return
            if self._changed or self._gone:
                changed = [self._outbox.deliveries[id_] for id_ in self._changed if id_ in self._outbox.deliveries]
                await self._shelf.show(changed, self._gone)
                self._changed, self._gone = set(), []
        except UNAVAILABLE as error:
            self._filled = False
            log.debug("deliveries can't be shown", error=repr(error))
