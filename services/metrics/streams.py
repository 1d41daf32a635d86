"""The way in and out of the keeper: a checkpointed Faust stream, and an outlet to the tiles topic and to Redis."""

import asyncio
import math
import time
import uuid
from collections.abc import Callable, Mapping

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from services.metrics import telemetry
from services.metrics.domain.keeper import MetricsKeeper
from services.metrics.feed import ends_of_half_hours, half_hours_since
from services.metrics.settings import MetricsSettings
from services.metrics.store import Store
from services.runtime import kafka
from services.runtime.checkpoints import CheckpointedStream, Outlet
from services.runtime.logs import get_logger
from services.runtime.store import UNAVAILABLE, json_array
from services.runtime.topology import TopologyFeed

log = get_logger()

_LOOK_EVERY_S = 1.0
_MARK_EVERY = 60  # looks


class MetricsStream(CheckpointedStream):
    """Contacts, menu visits, agents and their schedules in, with the topology known before the first of them."""

    def __init__(
        self, settings: MetricsSettings, keeper: MetricsKeeper, outlet: "MetricsOutlet", topology: TopologyFeed
    ) -> None:
        """Describe the stream. Nothing is contacted before `start`."""
        names = settings.names
        sources = [names.contacts, names.ivr, names.agents, names.schedules]
        super().__init__(settings, service="metrics", sources=sources, keeper=keeper, outlet=outlet, counts_on=True)
        self._topology = topology
        self._metrics_outlet = outlet

    async def start(self) -> None:
        """See CheckpointedStream."""
        await self._topology.read_to_end()
        await super().start()

    async def stop(self) -> None:
        """See CheckpointedStream."""
        await super().stop()
        await self._metrics_outlet.close()


class MetricsOutlet(Outlet):
    """Publishes tiles at once and half-hours with their checkpoint. While Redis is away only Kafka gets them.

    Redis is filled again, partition by partition, when it was away, was emptied, or when the partition is new to this
    worker: tiles and feeds from the state, half-hours from the intervals topic. The mark of a partition in Redis is
    the offset of that topic up to which Redis has everything.
    """

    def __init__(self, settings: MetricsSettings, keeper: MetricsKeeper, store: Store) -> None:
        """Nothing is contacted before the first assignment."""
        self._settings = settings
        self._keeper = keeper
        self._store = store
        self._producer: AIOKafkaProducer | None = None
        self._turn = asyncio.Lock()  # what is older must not be written over what is newer: half-hours, marks
        self._news_turn = asyncio.Lock()  # the same for tiles and feeds, which wait for nothing else
        self._progress: dict[tuple[str, int], int] = {}
        self._filled: set[int] = set()  # partitions of which Redis has everything
        self._filling: tuple[int, set[str]] | None = None  # the partition, and the half-hours published meanwhile
        self._marking: dict[int, int] | None = None  # marks that hold as soon as one more checkpoint is published
        self._away = False
        self._violated = False  # it is logged once
        self.still_ours: Callable[[], bool] = lambda: True

    async def close(self) -> None:
        """Let Kafka and Redis go."""
        if self._producer is not None:
            await self._producer.stop()
        await self._store.close()

    def redis_check(self) -> str | None:
        """For readiness: why Redis does not show what is counted, or None."""
        return f"Redis at {self._settings.redis_url.rpartition('@')[2]} can't be written" if self._away else None

    # -- runtime.checkpoints.Outlet

    async def restored(self, partitions: frozenset[int]) -> None:
        """Redis may lack the last of the former owner: it is looked through by `keep_filled`."""
        async with self._turn, self._news_turn:
            if self._producer is None:
                self._producer = kafka.producer(self._settings)
                await self._producer.start()
            self._filled.clear()
            self._filling = self._marking = None
            self._progress = dict(self._keeper.progress)
            log.info("counting", partitions=sorted(partitions))

    async def flush(self) -> bool:
        """Publish the tiles and feed clocks that changed; True if tiles that were told just before are held back."""
        await self._show_news(time.monotonic())
        return self._keeper.holds_tiles_back

    async def published(self, progress: Mapping[tuple[str, int], int]) -> None:
        """Put the checkpoint's half-hours into Redis, then tell how far it has come."""
        async with self._turn:
            half_hours = self._keeper.take_half_hours()
            telemetry.HALF_HOURS.inc(len(half_hours))
            telemetry.UNRESOLVED.set(self._keeper.unresolved)
            self._tell_violations()
            telemetry.WRONG_AGENT_TOTALS.set(self._keeper.wrong_agent_totals)
            self._progress.update(progress)
            if self._filling is not None:
                self._filling[1].update(half_hour.id for half_hour in half_hours)
            if self._away:
                return
            await self._show_news()  # nothing that progress covers may be missing
            try:
                await self._store.show_half_hours(half_hours)
                await self._store.hide_agents(self._keeper.take_gone_agents())
                await self._store.show_progress(progress)
                await self._move_marks()
            except UNAVAILABLE as error:
                self._lose_redis(error)

    def _tell_violations(self) -> None:
        violations = self._keeper.violations
        if violations and not self._violated:
            self._violated = True
            log.error("a number does not add up; please report this", first=self._keeper.violation)
        telemetry.VIOLATIONS.set(violations)

    async def _show_news(self, now: float = math.inf) -> None:
        async with self._news_turn:
            await self._tell_news(now)

    async def _tell_news(self, now: float) -> None:
        await self._tell_queues(now)
        await self._tell_agents(now)

    async def _tell_agents(self, now: float) -> None:
        """Tiles of agents, some at a time; without a limit by time, everything that has changed before."""
        rounds = self._keeper.agent_rounds if now == math.inf else 1
        for _ in range(rounds):
            tiles = self._keeper.agent_tiles(now)
            if not tiles:
                await asyncio.sleep(0)
                continue
            telemetry.AGENT_TILES.inc(len(tiles))
            assert self._producer is not None, "restored() comes first"
            items = json_array(tile for _, tile in tiles)
            sent = await self._producer.send(self._settings.names.tiles.name, items)
            if not self._away:
                try:
                    await self._store.show_agents(tiles)
                except UNAVAILABLE as error:
                    self._lose_redis(error)
            await sent

    async def _tell_queues(self, now: float) -> None:
        tiles, feeds = self._keeper.news(now)
        if not tiles and not feeds:
            return
        telemetry.TILES.inc(len(tiles))
        assert self._producer is not None, "restored() comes first"
        items = json_array([*(tile for _, tile in tiles), *(feed.model_dump_json().encode() for feed in feeds)])
        sent = await self._producer.send(self._settings.names.tiles.name, items)
        if not self._away:
            try:
                await self._store.show(tiles, feeds)
            except UNAVAILABLE as error:
                self._lose_redis(error)
        await sent

    # -- Redis away, emptied, or new to us

    async def keep_filled(self) -> None:
        """Look every second whether Redis has everything, and fill it where it has not. Runs beside the stream."""
        looked = 0
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            if not self.still_ours():
                continue
            looked += 1
            try:
                marks = await self._store.filled_to(sorted(self._keeper.partitions))
                self._find_redis()
                for partition in sorted(self._keeper.partitions - (marks.keys() & self._filled)):
                    await self._fill(partition, marks.get(partition, 0))
                if looked % _MARK_EVERY == 0 and self._filled:
                    self._marking = await ends_of_half_hours(self._settings, self._filled)
            except UNAVAILABLE as error:
                self._lose_redis(error)
            except KafkaError as error:
                log.debug("Redis can't be filled while Kafka is away", error=repr(error))

    async def _fill(self, partition: int, since: int) -> None:
        token, meanwhile = uuid.uuid4().hex, set[str]()
        async with self._turn:
            self._filling = partition, meanwhile
        await self._store.begin_filling(partition, token)
        async with half_hours_since(self._settings, partition, since) as (end, batches):
            async for batch in batches:
                async with self._turn:
                    old = [half_hour for half_hour in batch if half_hour.id not in meanwhile]
                    await self._store.show_half_hours(old, tell=False)
        async with self._turn:
            if self._filling is None or self._filling[1] is not meanwhile or not self.still_ours():
                return  # assigned anew meanwhile
            self._filling = None
            self._keeper.tell_again(partition)
            await self._show_news()
            await self._store.show_topology(self._keeper.topology)
            await self._store.show_progress({at: offset for at, offset in self._progress.items() if at[1] == partition})
            if not self._away and await self._store.end_filling(partition, token, end):
                self._filled.add(partition)
                telemetry.REFILLS.inc()
                log.info("Redis filled", partition=partition, half_hours_from=since, to=end)

    async def _move_marks(self) -> None:
        """What stood on the log when the marks were taken is in Redis by now; a restart need not read it again."""
        if self._marking is not None:
            marking, self._marking = self._marking, None
            await self._store.mark_filled({p: offset for p, offset in marking.items() if p in self._filled})

    async def show_topology(self, changed: Mapping[str, bytes | None]) -> None:
        """Put changed descriptions into Redis."""
        async with self._turn:
            if self._away:
                return
            known = self._keeper.topology
            try:
                await self._store.show_topology(
                    {key: known[key] for key in changed if key in known}, [key for key in changed if key not in known]
                )
            except UNAVAILABLE as error:
                self._lose_redis(error)

    def _lose_redis(self, error: BaseException) -> None:
        self._filled.clear()
        if not self._away:
            self._away = True
            telemetry.REDIS_AWAY.set(1)
            log.warning("Redis is away; counting goes on, and it is filled when it is back", error=repr(error))

    def _find_redis(self) -> None:
        if self._away:
            self._away = False
            telemetry.REDIS_AWAY.set(0)
            log.info("Redis is back")
