"""The checkpointed stream: at-least-once delivery, exactly-once effect, written once for metrics and alerts.

A Faust stream feeds records to a Keeper (pure, services/contracts/keeping.py). Every few hundred milliseconds a
checkpoint takes what became dirty, and then, each step awaited before the next begins:

1. outputs are published (their ids are deterministic: after a crash the same are published again),
2. the outlet is told how far all effects are published,
3. states are stored on the changelog, each with the offset that it includes,
4. keys that are over are deleted from the changelog,
5. the records are acknowledged (committed to Kafka).

Whatever was not in a checkpoint is replayed after a crash, and what was is skipped by its offset. Nothing of an old
assignment is published, stored or acknowledged: before each step the assignment is checked. docs/decisions/0010 has
the reasons.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import RecordMetadata

from services.contracts.keeping import Keeper, Output, Record, StateEntry
from services.contracts.names import Topic
from services.runtime import kafka, telemetry
from services.runtime.changelog import RAW, Changelog, changelog_topic
from services.runtime.ending import UNAVAILABLE, end_now
from services.runtime.faust_app import BrokerSide, TopicPartition, new_app
from services.runtime.lease import Lease
from services.runtime.logs import get_logger
from services.runtime.pace import FlushPace, Pace, Stopwatch
from services.runtime.settings import StreamSettings

Progress = Mapping[TopicPartition, int]
BREATH_S = 0.01  # other tasks get their turn at least that often
SLICES_S = 0.003  # of work on a checkpoint, before others get their turn …
BETWEEN_SLICES_S = 0.005  # … and so long, if records are counted meanwhile
SENT_AT_ONCE = 20  # records of a checkpoint, before others get their turn
SEEK_PATIENCE_S = 2.0
LOOK_UP_S = 5.0
PROMPT_CHECKPOINTS = 2  # after catching up: what came while nobody counted is not to wait for a whole pause as well

_T = TypeVar("_T")

log = get_logger()


class Outlet:
    """What leaves the service beside the outputs of checkpoints. Override what is needed.

    `flush` may run while `published` does, `restored` runs alone. An exception ends the process: a Redis that is away
    is no exception but a state to be handled.
    """

    async def restored(self, partitions: frozenset[int]) -> None:
        """The keeper has just been restored with these partitions; no record has been applied since."""

    async def flush(self) -> bool | None:
        """Records were applied: publish what changed. True asks for another flush even if no record comes.

        Called at once when quiet, else at most every `flush_s`, with a pause in proportion to its own work; while many
        records wait it is called seldom.
        """

    async def published(self, progress: Progress) -> None:
        """All outputs of the records up to these offsets are published; their state is not yet stored."""


class CheckpointedStream:
    """One Faust app, one stream of one or several source topics of as many partitions, one Keeper."""

    def __init__(
        self,
        settings: StreamSettings,
        *,
        service: str,
        sources: Sequence[Topic],
        keeper: Keeper,
        outlet: Outlet | None = None,
        pace: Pace | None = None,
        counts_on: bool = False,
    ) -> None:
        """Describe the stream. Nothing is contacted before `start`.

        Args:
            settings: where the broker is, and the paces.
            service: name of the consumer group, after the namespace.
            sources: topics, with as many partitions each.
            keeper: what is fed.
            outlet: what leaves beside the keeper's outputs.
            pace: of checkpoints.
            counts_on: the keeper takes records in while a checkpoint is being taken, and sees to it by itself that what
                is in one piece stays of one moment. Else records wait for the end of it.
        """
        counts = {source.partitions or settings.partitions for source in sources}
        if len(counts) != 1:
            raise ValueError(f"source topics of one stream must have as many partitions: {counts}")
        (self.partition_count,) = counts
        app_id = f"{settings.namespace}-{service}"
        self.changelog_topic = changelog_topic(app_id, self.partition_count)
        self.app = new_app(settings, app_id, self.partition_count)
        self._broker = BrokerSide(self.app, without=self.changelog_topic.name)
        self.changelog = Changelog(self.app, settings, self.changelog_topic, keeper.offset_of, self._restore)
        self.app.tables.add(self.changelog)
        topic = self.app.topic(*(source.name for source in sources), **RAW, acks=False)
        self.app.agent(topic, name="records")(self._consume)
        self.app.on_partitions_assigned.connect(self._on_assigned)

        self._settings = settings
        self._keeper = keeper
        self._outlet = outlet or Outlet()
        self._pace = pace or Pace(least_s=settings.checkpoint_s)
        self._lease = Lease(max(settings.session_timeout_s - 2 * settings.heartbeat_s, 0.5))
        self._producer: AIOKafkaProducer | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

        self.assignment = 0  # counts assignments taken over; 0 is none
        self._welcomed = 0  # the one that the outlet knows of
        self._caught_up = 0  # the one whose records since the last owner are applied
        self._prompt = 0  # so many checkpoints are followed by another without the usual pause
        self.partitions: frozenset[int] = frozenset()
        self._generation: int | None = None
        self._applied: dict[TopicPartition, int] = {}  # newest offsets since the last checkpoint
        self._expected: dict[TopicPartition, int] = {}  # offset of the record that must come next
        self._sought: dict[TopicPartition, float] = {}  # when we asked for it
        self._heard = time.monotonic()
        self._steps = 0  # of any kind: records applied, slices taken, records sent
        self._applying = False

        self._counts_on = counts_on
        self._counted = 0  # records applied since the last flush

        self._open = asyncio.Event()  # apply may run: restored, and no checkpoint is being taken that it would tear
        self._dirty = asyncio.Event()
        self._hurry = asyncio.Event()
        self._unflushed = asyncio.Event()
        self._outlet_turn = asyncio.Lock()
        self._checkpoint_turn = asyncio.Lock()

    # Life ------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Create what is missing on the broker and begin. Returns when the first recovery is over."""
        await kafka.ensure_topics(self._settings, [self.changelog_topic])
        self._producer = kafka.producer(self._settings)
        await self._producer.start()
        self._lease.start()
        for work in (self._checkpoints(), self._flushes(), self._ask_again()):
            self._begin(work)
        self.app.finalize()
        self._broker.prepare()
        await self.app.start()

    async def final_checkpoint(self) -> None:
        """Take no more records in, and store and acknowledge what was applied."""
        self._closing = True
        self._open.clear()
        await self._guarded(self._checkpoint())

    async def stop(self) -> None:
        """Leave the group and let go of the broker. What was not in a checkpoint is replayed by the next owner."""
        self._closing = True
        self._open.clear()
        for task in self._tasks:
            task.cancel()
        await self.app.stop()
        self._lease.stop()
        if self._producer is not None:
            await self._producer.stop()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Awaitable[_T]) -> _T:
        """Await what must not fail: with work that was not kept, Faust must not go on."""
        try:
            return await work
        except Exception:  # noqa: BLE001  # whatever it is
            end_now("state could not be kept")

    # The assignment ----------------------------------------------------------------------------------------------

    async def _on_assigned(self, *_: Any, **__: Any) -> None:
        self._lease.renew()
        self._broker.leave_aside()

    def _restore(self, partitions: frozenset[int], generation: int) -> None:
        """Recovery is over: forget what was, begin with what the changelog says."""
        try:
            self._open.clear()
            self._generation = generation
            self.assignment += 1
            self.partitions = partitions
            self._applied = {}
            self._expected = {}
            self._sought = {}
            self._keeper.restore(self.changelog.entries(), partitions)
            self._heard = time.monotonic()
        except Exception:  # noqa: BLE001  # Faust would swallow it and go on
            end_now("restoring the state failed")
        telemetry.ASSIGNMENTS.inc()
        telemetry.PARTITIONS.set(len(partitions))
        telemetry.RECOVERED.set(len(self.changelog.kept))
        log.info(
            "partitions assigned",
            partitions=sorted(partitions), states=len(self.changelog.kept), repairs=len(self.changelog.repairs),
        )  # fmt: skip
        self._begin(self._welcome(self.assignment))

    async def _welcome(self, assignment: int) -> None:
        async with self._checkpoint_turn:  # a checkpoint of the old assignment finds out and ends
            await self._guarded(self._run_outlet(assignment, lambda: self._outlet.restored(self.partitions)))
        if self.holds(assignment):
            self._welcomed = assignment
            self._reopen()
            self._dirty.set()  # what the keeper closed by itself, and repairs
            self._unflushed.set()

    def _reopen(self) -> None:
        if not self._closing:
            self._open.set()

    @property
    def serving(self) -> bool:
        """Whether records of the current assignment are taken in (or could be, if there were any)."""
        return self._welcomed == self.assignment and self.restored

    @property
    def restored(self) -> bool:
        """Whether the current assignment's state is in memory."""
        return self.assignment > 0 and self._generation == self.app.consumer_generation_id

    def holds(self, assignment: int) -> bool:
        """Whether what was done for `assignment` may still be written: checked before each step of a checkpoint."""
        if assignment != self.assignment or not self.restored:
            return False
        if self._lease.lapsed:
            telemetry.LAPSES.inc()
            self._join_again("this process was stopped for so long that its partitions may be another's")
            return False
        return True

    def _join_again(self, why: str) -> None:
        """Make Kafka assign anew, which begins from what is stored; write nothing until then."""
        log.warning("joining the group again", why=why)
        self._generation = None
        self._broker.join_again()

    # What readiness and telemetry ask ----------------------------------------------------------------------------

    def _next_of(self, place: TopicPartition) -> int:
        """Offset of the record that comes next, as far as it is known here."""
        return self._expected.get(place, self._broker.last_known_commit(place))

    def lag(self) -> dict[TopicPartition, int]:
        """Records that wait in each source partition, as far as anything is known of it."""
        return {
            place: max(0, state.highwater - self._next_of(place))
            for place, state in self._broker.fetching()
            if state.highwater is not None
        }

    @property
    def movement(self) -> tuple[int, ...]:
        """Numbers of which one changes whenever the stream gets on."""
        return self.assignment, self.changelog.read, self._steps

    def wants(self) -> str | None:
        """What the stream is waiting for, if there is anything that it should not wait for long."""
        if not self.serving:
            return "neither assigned nor recovering"
        if self._checkpoint_turn.locked():
            return "a checkpoint does not end"
        return "a record is not applied" if self._applying else None

    def silent_s(self) -> float:
        """Seconds since the broker answered a fetch or a record was applied; 0 while nothing is to be fetched."""
        if not self.partitions:
            return 0.0
        seconds = time.monotonic() - self._heard
        for _, state in self._broker.fetching():
            if state.timestamp:
                seconds = min(seconds, time.time() - float(state.timestamp) / 1000)
        return max(0.0, seconds)

    # Records in --------------------------------------------------------------------------------------------------

    async def _consume(self, stream: Any) -> None:
        try:
            await self._take_all_in(stream)
        except Exception:  # noqa: BLE001  # Faust would acknowledge the record and go on
            end_now("a record could not be applied", expected=self._expected)

    async def _take_all_in(self, stream: Any) -> None:
        breath = time.monotonic()
        async for event in stream.noack().events():
            if not self._open.is_set():
                await self._open.wait()
            self._applying = True
            await self._take_in(event)
            self._applying = False
            self._steps += 1
            if time.monotonic() - breath > BREATH_S:
                await asyncio.sleep(0)
                breath = self._heard = time.monotonic()

    async def _take_in(self, event: Any) -> None:
        message = event.message
        if message.generation_id != self._generation:
            telemetry.STALE_RECORDS.inc()
            return
        place = (message.topic, message.partition)
        if message.offset != self._expected.get(place) and not await self._may_follow(message):
            return
        value = message.value or b""
        self._keeper.apply(Record(message.topic, message.partition, message.offset, value, message.key or b""))
        self._expected[place] = message.offset + 1
        self._applied[place] = message.offset
        self._counted += 1
        telemetry.RECORDS.labels(message.topic).inc()
        telemetry.RECORD_BYTES.inc(len(value))
        self._dirty.set()
        self._unflushed.set()
        if self._keeper.urgent():
            self._hurry.set()

    async def _may_follow(self, message: Any) -> bool:
        follows = await self._follows(message)
        if follows and not self._open.is_set():
            await self._open.wait()  # a checkpoint was begun while we looked
        return follows and message.generation_id == self._generation

    async def _follows(self, message: Any) -> bool:
        """Whether a record may be applied that is not the one expected: the first, or one after a gap.

        After a rebalance under load Faust often delivers a record too early: it drops what it had fetched, but goes on
        behind it. Applied, such a record would hide those before it for ever. So what lies between is looked up.
        """
        place = (message.topic, message.partition)
        assignment = self.assignment
        expected = self._expected.get(place)
        if expected is None:
            expected = await self._broker.committed(place)
        if message.offset <= expected:
            again = message.offset < expected and place in self._expected
            telemetry.REPEATED_RECORDS.inc(again)
            return not again and assignment == self.assignment
        if time.monotonic() - self._sought.get(place, 0) < SEEK_PATIENCE_S:
            telemetry.EARLY_RECORDS.inc()  # fetched before we asked for the expected one
            return False
        try:
            really_next = await kafka.first_offset_from(self._settings, message.topic, message.partition, expected)
        except KafkaError:
            return False  # the broker is away; `_ask_again` comes back to it
        if assignment != self.assignment:
            return False
        self._expected[place] = expected
        if really_next >= message.offset:
            telemetry.GAPS.inc()
            return True
        telemetry.EARLY_RECORDS.inc()
        log.info("a record came too early, asking for those before it", got=message.offset, expected=expected)
        self._sought[place] = time.monotonic()
        await self._broker.seek({place: expected})
        return False

    async def _ask_again(self) -> None:
        """Ask for records that were skipped at the end of the log: none comes after them to show it (`_follows`)."""
        before: dict[TopicPartition, int] = {}
        asked: dict[TopicPartition, int] = {}
        began = time.monotonic()
        while True:
            await asyncio.sleep(SEEK_PATIENCE_S)
            waiting = {place: self._next_of(place) for place, records in self.lag().items() if records}
            missing = {place: offset for place, offset in waiting.items() if before.get(place) == offset}
            before = waiting
            if not missing or not self._open.is_set() or not self.holds(self._welcomed):
                continue
            if missing != asked:
                log.info("records do not come, asking for them", missing=missing)
                asked, began = missing, time.monotonic()
            elif time.monotonic() - began > self._settings.stuck_s:
                if await self._on_the_log(missing):
                    end_now("records that are on the log do not come; beginning anew", code=UNAVAILABLE, asked=missing)
                began = time.monotonic()
            self._sought |= dict.fromkeys(missing, time.monotonic())
            await self._guarded(self._broker.seek(missing))

    async def _on_the_log(self, missing: Progress) -> bool:
        """Whether a reader gets one of these: what was compacted away at the end of a log leaves offsets only."""
        for (topic, partition), offset in missing.items():
            with suppress(KafkaError, TimeoutError):
                async with asyncio.timeout(LOOK_UP_S):
                    await kafka.first_offset_from(self._settings, topic, partition, offset)
                return True
        return False

    # Checkpoints -------------------------------------------------------------------------------------------------

    async def _checkpoints(self) -> None:
        pause_s = 0.0
        while True:
            await self._dirty.wait()
            try:
                async with asyncio.timeout(pause_s):
                    await self._hurry.wait()
            except TimeoutError:
                pass
            self._dirty.clear()
            self._hurry.clear()
            began = time.monotonic()
            keys = await self._guarded(self._checkpoint())
            pause_s = self._pace.pause_s(took_s=time.monotonic() - began, keys=keys)
            if self._prompt:
                self._prompt, pause_s = self._prompt - 1, self._pace.least_s

    async def _checkpoint(self) -> int:
        """Store what is dirty and acknowledge its records. Returns the number of states written."""
        async with self._checkpoint_turn:
            assignment = self._welcomed
            if not self.holds(assignment):
                return 0
            began = time.monotonic()
            progress, self._applied = self._applied, {}
            taken = await self._take(assignment)
            states = await self._store(assignment, progress, *taken) if taken else None
            if states is None or not await self._acknowledge(assignment, progress):
                telemetry.CHECKPOINTS.labels("abandoned").inc()
                return 0
            telemetry.CHECKPOINTS.labels("stored").inc()
            telemetry.CHECKPOINT_SECONDS.observe(time.monotonic() - began)
            return states

    async def _take(self, assignment: int) -> tuple[list[Output], list[StateEntry]] | None:
        """Outputs and states that are dirty now, of no earlier moment; None if the assignment changed meanwhile."""
        outputs: list[Output] = []
        states = self.changelog.repaired()
        if not self._counts_on:
            self._open.clear()
        worked, steps = time.thread_time(), self._steps
        while assignment == self.assignment:
            part = self._keeper.checkpoint()
            if not part.outputs and not part.state:
                self._reopen()
                if self._applied:
                    self._unflushed.set()  # the keeper may have put records aside until now
                return outputs, states
            outputs += part.outputs
            states += part.state
            self._steps += 1
            steps += 1
            if time.thread_time() - worked > SLICES_S:
                await asyncio.sleep(BETWEEN_SLICES_S if self._counts_on and self._steps != steps else 0)
                worked, steps = time.thread_time(), self._steps
        return None  # `_welcome` opens

    async def _store(
        self, assignment: int, progress: Progress, outputs: list[Output], states: list[StateEntry]
    ) -> int | None:
        """Steps 1 to 4. Returns the number of states written; None if the assignment was lost on the way."""
        if not self.holds(assignment):
            return None
        await self._send_all((o.topic, o.partition, o.key, o.value) for o in outputs)
        for output in outputs:
            telemetry.OUTPUTS.labels(output.topic).inc()
        if progress or outputs:
            if not self.holds(assignment):
                return None
            await self._outlet.published(progress)  # `restored` waits for the end of the checkpoint
        kept = [entry for entry in states if entry.value is not None]
        over = [entry for entry in states if entry.value is None]
        for part in (kept, over):
            if not self.holds(assignment):
                return None
            await self._write_states(assignment, part)
        telemetry.STATES.inc(len(kept))
        telemetry.STATE_BYTES.inc(sum(len(entry.value or b"") for entry in kept))
        telemetry.FORGOTTEN.inc(len(over))
        return len(states)

    async def _write_states(self, assignment: int, entries: list[StateEntry]) -> None:
        topic = self.changelog_topic.name
        places = await self._send_all((topic, entry.partition, entry.key, entry.value) for entry in entries)
        if assignment == self.assignment:
            for entry, place in zip(entries, places, strict=True):
                self.changelog.written(entry, place.offset)

    async def _acknowledge(self, assignment: int, progress: Progress) -> bool:
        """Commit by ourselves: Faust's own acknowledgements take a gap in the offsets for work that is done."""
        if not self.holds(assignment):
            return False
        return await self._broker.commit({place: offset + 1 for place, offset in progress.items()})

    async def _send_all(
        self, records: Iterable[tuple[str, int | None, bytes | None, bytes | None]]
    ) -> list[RecordMetadata]:
        """Send (topic, partition, key, value) records in order, and wait until all are acknowledged."""
        assert self._producer is not None, "start() comes first"
        sent = []
        for topic, partition, key, value in records:
            sent.append(await self._producer.send(topic, value, key, partition))
            if len(sent) % SENT_AT_ONCE == 0:
                await asyncio.sleep(0)
        places = []
        for each in sent:
            places.append(await each)
            self._steps += 1
        return places

    # What leaves beside ------------------------------------------------------------------------------------------

    async def _run_outlet(self, assignment: int, call: Callable[[], Awaitable[_T]]) -> _T | None:
        async with self._outlet_turn:
            return await call() if self.holds(assignment) else None

    async def _flushes(self) -> None:
        pace = FlushPace(least_s=self._settings.flush_s)
        began = time.monotonic()
        while True:
            await self._unflushed.wait()
            self._unflushed.clear()
            watch = Stopwatch()
            if await self._guarded(self._run_outlet(self._welcomed, lambda: watch.time(self._outlet.flush()))):  # noqa: B023  # awaited here
                self._unflushed.set()
            telemetry.FLUSHES.inc()
            counted, self._counted = self._counted, 0
            began, since_s = time.monotonic(), time.monotonic() - began
            waiting = sum(self.lag().values())
            if self._caught_up < self._welcomed and waiting <= counted > 0:
                self._caught_up, self._prompt = self._welcomed, PROMPT_CHECKPOINTS
                self._hurry.set()
            await asyncio.sleep(pace.pause_s(worked_s=watch.seconds, counted=counted, since_s=since_s, waiting=waiting))
