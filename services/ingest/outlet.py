"""The way out: events of one feed → records on Kafka, acknowledged, in order, with heartbeats, letters and positions.

    async with Outlet(settings, feed="acd-lisbon") as outlet:
        await outlet.topology(records)                 # before the first event
        seen = await outlet.load_position()            # None the first time
        await outlet.send(events, position={"line": 7})
        await outlet.heartbeat("lisbon", at_ms, rate=1.0)
        await outlet.flush()                           # Kafka has acknowledged all of it

Delivery is at least once: after a crash what was sent since the last saved position is sent again. So event ids and
`offered_at` must be a function of the source, not of the run.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import msgspec

from services.contracts.events import AnyEvent, Heartbeat, encode_batch
from services.contracts.forecasts import DayForecast, forecast_key
from services.contracts.letters import DeadLetter
from services.contracts.schedules import AdherenceException, DaySchedule, schedule_key
from services.contracts.topology import Description, record_key
from services.ingest import log, telemetry
from services.ingest.domain.packing import LANES, Packer, count_kinds
from services.ingest.link import Link, Record
from services.ingest.settings import IngestSettings
from services.runtime.kafka import partition_of
from services.runtime.logs import get_logger

POSITION_EVERY_S = 1.0
CLOSE_WITHIN_S = 3.0
CLOSE_AWAY_WITHIN_S = 0.2


class OutletClosedError(RuntimeError):
    """The outlet has ended, or failed; what was not acknowledged must be sent by a new one."""


class Outlet:
    """Sends what one feed has, in rounds: everything that waits goes out, is awaited, then the next round begins.

    Args:
        settings: broker, names, linger, sizes.
        feed: id of the feed: source of its heartbeats, key of its position.
    """

    def __init__(self, settings: IngestSettings, *, feed: str) -> None:
        self.feed = feed
        self._settings = settings
        self._names = settings.names
        self._link = Link(settings, feed)
        self._packer: Packer | None = None
        self._events: list[AnyEvent] = []
        self._first: list[Record] = []
        self._letters: list[Record] = []
        self._position: bytes | None = None
        self._position_saved_at = 0.0
        self._position_now = False
        self._round_began = 0.0
        self._asked = self._read_for = 0
        self._known: set[bytes] = set()
        self._reading = asyncio.Lock()
        self._clocks: dict[tuple[str, str], int] = {}
        self._accepted = 0
        self._acknowledged = 0
        self._wake = asyncio.Event()
        self._hurry = asyncio.Event()
        self._changed = asyncio.Condition()
        self._closing = False
        self._sender: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Start sending. Does not wait for the broker."""
        self._sender = asyncio.create_task(self._run(), name=f"outlet {self.feed}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Send what is left. If the body failed or was cancelled, for 3 s at most; not at all if the broker is away."""
        limit = CLOSE_AWAY_WITHIN_S if self._link.away else CLOSE_WITHIN_S
        try:
            async with asyncio.timeout(limit if error is not None else None):
                await self._finish()
        except (TimeoutError, OutletClosedError) as problem:
            get_logger().warning("closed before Kafka had everything", feed=self.feed, why=str(problem) or "timeout")
        finally:
            await self.abort()

    @property
    def away(self) -> bool:
        """Whether the broker can't be reached, as far as is known."""
        return self._link.away

    @property
    def connected(self) -> bool:
        """Whether the broker has been reached and not been lost."""
        return self._link.connected

    @property
    def backlog(self) -> int:
        """Events that wait for a place in a round."""
        return len(self._events)

    @property
    def full(self) -> bool:
        """Whether `send` would wait."""
        return self.backlog >= self._settings.ingest_backlog_events

    async def probe(self) -> None:
        """Return when the broker answers."""
        await self._link.probe()

    async def send(self, events: Sequence[AnyEvent], *, position: Mapping[str, Any] | None = None) -> None:
        """Hand over events, and the position that is reached when Kafka has them. Waits only while too many wait.

        Raises:
            OutletClosedError: the outlet has ended.
        """
        if self.full:
            async with self._changed:
                await self._changed.wait_for(lambda: not self.full or self._ended)
        self._check()
        self._events.extend(events)
        if position is not None:
            self._position = msgspec.json.encode(position)
        self._accept(len(events))

    async def heartbeat(
        self, site: str, at: int, rate: float = 1.0, *, source: str | None = None, ahead_ms: int | None = None
    ) -> None:
        """Tell every partition how far the feed's clock has come for a site; a clock never goes backwards.

        `ahead_ms`: how far the source's own clock was measured to run ahead of ours.
        """
        source = source or self.feed
        at = self._clocks[source, site] = max(at, self._clocks.get((source, site), at))
        await self.send([Heartbeat(source=source, site=site, at=at, rate=rate, ahead_ms=ahead_ms)])

    async def topology(self, records: Iterable[Description], *, only_missing: bool = False) -> None:
        """Describe sites, queues and flows; returns when Kafka has it.

        Args:
            records: what to publish.
            only_missing: leave alone what anyone has described already (for queues that were merely discovered).
        """
        known = await self._read_known() if only_missing else set()
        self._first += [
            Record(self._names.topology.name, record.model_dump_json().encode(), key=key)
            for record in records
            if (key := record_key(record).encode()) not in known
        ]
        self._accept(1)
        await self.flush(hurry=True)

    async def plans(self, records: Iterable[DaySchedule | AdherenceException]) -> None:
        """Publish schedules and exceptions, each on the partition of its agent; returns when Kafka has them.

        Raises:
            OutletClosedError: the outlet has ended.
        """
        topic = self._names.schedules.name
        partitions = await self._link.partitions(topic)
        self._check()
        self._first += [
            Record(
                topic,
                record.model_dump_json().encode(),
                key=schedule_key(record).encode(),
                partition=partition_of(record.agent, partitions),
            )
            for record in records
        ]
        self._accept(1)
        await self.flush(hurry=True)

    async def forecasts(self, records: Iterable[DayForecast]) -> None:
        """Publish what is expected of queues; returns when Kafka has it.

        Raises:
            OutletClosedError: the outlet has ended.
        """
        self._check()
        topic = self._names.forecasts.name
        self._first += [
            Record(topic, record.model_dump_json(exclude_none=True).encode(), key=forecast_key(record).encode())
            for record in records
        ]
        self._accept(1)
        await self.flush(hurry=True)

    async def reject(self, letters: Iterable[DeadLetter]) -> None:
        """Put what could not be used on the dead letters topic."""
        records = [
            Record(self._names.dead_letters.name, letter.model_dump_json().encode(), key=letter.id.encode())
            for letter in letters
        ]
        self._check()
        self._letters += records
        self._accept(len(records))

    async def flush(self, *, hurry: bool = False) -> None:
        """Wait until Kafka has acknowledged everything handed over so far.

        Args:
            hurry: do not linger for more.

        Raises:
            OutletClosedError: the outlet has ended before that.
        """
        upto = self._accepted
        if hurry:
            self._hurry.set()
        async with self._changed:
            await self._changed.wait_for(lambda: self._acknowledged >= upto or self._ended)
        if self._acknowledged < upto:
            self._check()

    async def save_position(self, position: Mapping[str, Any]) -> None:
        """Save where the feed stands; returns when everything handed over so far and the position are on Kafka."""
        self._check()
        self._position = msgspec.json.encode(position)
        self._position_now = True
        self._accept(1)
        await self.flush(hurry=True)

    async def load_position(self) -> dict[str, Any] | None:
        """The position saved last by this feed, or None. Waits for the broker."""
        value = await self._newest_position(self.feed.encode())
        return None if value is None else msgspec.json.decode(value, type=dict[str, Any])

    async def keep(self, name: str, value: bytes) -> None:
        """Keep something else of this feed under a name; returns when Kafka has it. Events handed over later follow it.

        Raises:
            OutletClosedError: the outlet has ended.
        """
        self._check()
        self._first.append(Record(self._names.positions.name, value, key=self._key(name)))
        self._accept(1)
        await self.flush(hurry=True)

    async def kept(self, name: str) -> bytes | None:
        """What was kept under a name last, or None. Waits for the broker."""
        return await self._newest_position(self._key(name))

    async def abort(self) -> None:
        """End at once; what was not acknowledged stays unsent."""
        if self._sender is not None:
            self._sender.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self._sender
        await self._link.close()

    def _key(self, name: str) -> bytes:
        return f"{self.feed}|{name}".encode()

    async def _newest_position(self, key: bytes) -> bytes | None:
        async def read() -> bytes | None:
            await self._link.partitions(self._names.positions.name)  # creates the topics if they are missing
            return await log.newest(self._settings, self._names.positions.name, key)

        return await self._link.insist(read)

    async def _finish(self) -> None:
        self._check()
        self._closing = True
        self._position_now = True
        self._hurry.set()
        self._wake.set()
        assert self._sender is not None
        await asyncio.shield(self._sender)

    @property
    def _ended(self) -> bool:
        return self._sender is None or self._sender.done()

    def _check(self) -> None:
        if self._ended or self._closing:
            raise OutletClosedError(f"the outlet of {self.feed} has ended")

    def _accept(self, count: int) -> None:
        self._accepted += count
        telemetry.BACKLOG.labels(self.feed).set(self.backlog)
        self._wake.set()
        if self.backlog >= self._settings.ingest_batch_events * 4:
            self._hurry.set()

    async def _run(self) -> None:
        try:
            while await self._work_waits():
                await self._linger()
                await self._round()
        except Exception:
            get_logger().exception("the outlet failed", feed=self.feed)
            raise
        finally:
            asyncio.get_running_loop().call_soon(lambda: asyncio.ensure_future(self._tell()))

    async def _work_waits(self) -> bool:
        await self._wake.wait()
        self._wake.clear()
        return not self._closing or self._accepted > self._acknowledged or self._position is not None

    async def _linger(self) -> None:
        """At once when it was quiet, else so long after the round before that more goes out together."""
        left_s = self._round_began + self._settings.ingest_linger_ms / 1000 - time.monotonic()
        if left_s > 0 and not self._hurry.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), left_s)
        self._hurry.clear()
        self._round_began = time.monotonic()

    async def _round(self) -> None:
        """Send all that waits: topology, then events and letters, then the position that they reach."""
        upto = self._accepted
        first, self._first = self._first, []
        letters, self._letters = self._letters, []
        events, self._events = self._events, []
        position = self._take_position()
        await self._link.deliver(first)
        packed = await self._pack(events) if events else []
        await self._link.deliver(packed + letters)
        if position is not None:
            await self._link.deliver([Record(self._names.positions.name, position, key=self.feed.encode())])
        self._acknowledged = upto
        self._count(events, [*first, *packed, *letters], len(letters))
        await self._tell()
        if self._closing:
            self._wake.set()

    def _take_position(self) -> bytes | None:
        now = time.monotonic()
        if self._position is None or not (self._position_now or now - self._position_saved_at >= POSITION_EVERY_S):
            return None
        position, self._position = self._position, None
        self._position_saved_at, self._position_now = now, self._closing
        return position

    async def _pack(self, events: list[AnyEvent]) -> list[Record]:
        topics = {lane: getattr(self._names, lane).name for lane in LANES}
        if self._packer is None:
            partitions = {lane: await self._link.partitions(topics[lane]) for lane in LANES}
            self._packer = Packer(partitions, partition_of, max_events=self._settings.ingest_batch_events)
        return [
            Record(topics[batch.lane], encode_batch(batch.events), partition=batch.partition)
            for batch in self._packer.pack(events)
        ]

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _count(self, events: list[AnyEvent], records: list[Record], letters: int) -> None:
        for kind, count in count_kinds(events).items():
            telemetry.EVENTS.labels(self.feed, kind).inc(count)
        for record in records:
            telemetry.RECORDS.labels(self.feed, record.topic.removeprefix(f"{self._names.namespace}.")).inc()
        telemetry.REJECTED.labels(self.feed).inc(letters)
        telemetry.BACKLOG.labels(self.feed).set(self.backlog)

    async def _read_known(self) -> set[bytes]:
        """Keys of all that is described by now. Whoever asks before a reading begins shares it: it takes a while."""
        self._asked += 1
        ticket = self._asked
        async with self._reading:
            if self._read_for < ticket:
                upto = self._asked
                self._known = set(await self._link.insist(self._known_topology))
                self._read_for = upto
            return self._known

    async def _known_topology(self) -> dict[bytes, bytes]:
        await self._link.partitions(self._names.topology.name)
        return await log.newest_of_all(self._settings, self._names.topology.name)
