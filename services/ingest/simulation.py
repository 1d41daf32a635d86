"""Running a simulated floor against the outlet: paced, going on after a crash exactly where Kafka had it.

The position on Kafka is (fingerprint, seed, start, clock): a simulation is a function of the first three and of the
orders that it was given (pbx.py), which stand there as well; so what came before the clock can always be computed
again. A snapshot in the state folder only shortens that; it may be thrown away.
"""

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from services.ingest.domain.packing import count_kinds
from services.ingest.domain.simulator import Floor, Simulator, SnapshotError
from services.ingest.domain.simulator.forecast import forecasts_of
from services.ingest.domain.simulator.roster import schedules_of
from services.ingest.outlet import Outlet
from services.ingest.pbx import Pbx
from services.ingest.profiles import shipped_profiles
from services.ingest.progress import Phase, Standing
from services.ingest.settings import IngestSettings
from services.runtime.logs import get_logger

CHUNK = 2_000  # events in one go: some 10 ms, for which the event loop stands still
TICK_S = 0.025
STRIDE_MS = 3_600_000  # at `max` without an end, and on the way back to where it was
SNAPSHOT_EVERY_S = 60.0


class SimulationError(Exception):
    """The simulation can't go on as asked; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is simulated, from when to when, how fast.

    Attributes:
        floor: the floor.
        seed: of all chance.
        start: epoch ms; None: now, at the pace of the wall clock, and after a pause catching up with it.
        until: epoch ms; None: until stopped.
        speed: feed seconds per real second; 0 for as fast as Kafka takes it.
        again: from the beginning, even if an earlier run came further.
    """

    floor: Floor
    seed: int
    start: int | None
    until: int | None
    speed: float
    again: bool = False

    @property
    def live(self) -> bool:
        """Whether the feed's clock is the wall clock."""
        return self.start is None and self.speed == 1


def wall_ms() -> int:
    """The wall clock, epoch ms."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class Simulation:
    """One run of a plan.

    Args:
        plan: what to run.
        outlet: where it goes; its feed is the source in every event.
        settings: heartbeats and the state folder.
        tell: told how far it is.
        standing: what is told.
    """

    plan: Plan
    outlet: Outlet
    settings: IngestSettings
    tell: Callable[[Phase, Standing], None]
    standing: Standing = field(default_factory=Standing)

    _beat_at: float = 0.0
    _kept_at: float = 0.0
    _planned: set[tuple[str, date]] = field(default_factory=set)
    _plan_again_at: int = -1

    async def run(self) -> None:
        """Send the floor's events until the plan's end, or until cancelled; returns when Kafka has them.

        Raises:
            SimulationError: the kept position is not of this floor and seed.
        """
        simulator, pbx = await self._where_it_was()
        await pbx.describe()
        listening = asyncio.create_task(pbx.journal.run(), name="journal")
        try:
            await self._go_on(simulator, pbx)
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    async def _go_on(self, simulator: Simulator, pbx: Pbx) -> None:
        pace = Pace(self.plan, simulator.clock)
        self._kept_at = time.monotonic()
        while self.plan.until is None or simulator.clock < self.plan.until:
            target = pace.target(simulator.clock)
            await self._publish_plans(simulator.clock)
            await pbx.obey(simulator)
            await pbx.reach(target)
            await self._send(simulator, target)
            await self._beat(simulator)
            await self._keep(simulator)
            self.tell("send", self.standing)
            behind = simulator.clock < target or not self.plan.speed
            await asyncio.sleep(0 if behind else TICK_S)
        await self._beat(simulator, now=True)
        await self._keep(simulator, now=True)

    async def _publish_plans(self, clock: int) -> None:
        """Each site's schedules and forecasts of the local day before, this one and the next, once."""
        if clock < self._plan_again_at:
            return
        self._plan_again_at = clock - clock % STRIDE_MS + STRIDE_MS
        for site in self.plan.floor.sites:
            today = datetime.fromtimestamp(clock / 1000, ZoneInfo(site.timezone)).date()
            for day in (today + timedelta(days=n) for n in (-1, 0, 1)):
                if (site.id, day) not in self._planned:
                    self._planned.add((site.id, day))
                    await self.outlet.plans(schedules_of(site, day))
                    await self.outlet.forecasts(forecasts_of(site, day, shipped_profiles()))

    async def _send(self, simulator: Simulator, target: int) -> None:
        events = simulator.run_until(target, CHUNK)
        self.standing.feed_clock = simulator.clock
        self.standing.events.update(count_kinds(events))
        await self.outlet.send(events, position=_position(simulator))

    async def _beat(self, simulator: Simulator, *, now: bool = False) -> None:
        """The feed's clock for every site. All events up to it have gone before."""
        if not now and time.monotonic() - self._beat_at < self.settings.ingest_heartbeat_s:
            return
        self._beat_at = time.monotonic()
        for site in self.plan.floor.sites:
            await self.outlet.heartbeat(site.id, simulator.clock, self.plan.speed)

    async def _keep(self, simulator: Simulator, *, now: bool = False) -> None:
        """Keep a snapshot, once Kafka has the position that it belongs to: it must never be ahead of that."""
        if not now and time.monotonic() - self._kept_at < SNAPSHOT_EVERY_S:
            return
        self._kept_at = time.monotonic()
        snapshot = simulator.snapshot()
        await self.outlet.save_position(_position(simulator))
        try:
            _write_whole(self._snapshot_file, snapshot)
        except OSError as error:
            get_logger().warning("no snapshot kept; a restart takes longer", file=self._snapshot_file, why=str(error))

    async def _where_it_was(self) -> tuple[Simulator, Pbx]:
        """A simulator that has come as far as Kafka has its events, and who gives it its orders."""
        plan = self.plan
        position = None if plan.again else await self.outlet.load_position()
        if position is None:
            simulator = self._simulator(wall_ms() if plan.start is None else plan.start)
            return simulator, await self._pbx(simulator)
        simulator = self._simulator(int(position["start"]))
        self._check(position, simulator)
        pbx = await self._pbx(simulator)
        clock = int(position["clock"])
        self._shorten(simulator, clock)
        while simulator.clock < clock:
            self.standing.skipped_events += len(simulator.run_until(min(clock, simulator.clock + STRIDE_MS), CHUNK))
            self.standing.feed_clock = simulator.clock
            self.tell("read", self.standing)
            await asyncio.sleep(0)
        get_logger().info("the simulation goes on", feed=self.outlet.feed, at=clock, seed=plan.seed)
        return simulator, pbx

    async def _pbx(self, simulator: Simulator) -> Pbx:
        return await Pbx.of(self.settings, self.outlet, simulator, speed=self.plan.speed, again=self.plan.again)

    def _simulator(self, start: int) -> Simulator:
        return Simulator(self.plan.floor, self.plan.seed, start, profiles=shipped_profiles(), source=self.outlet.feed)

    def _check(self, position: dict[str, Any], simulator: Simulator) -> None:
        known, wanted = (position.get("fingerprint"), position.get("seed")), (simulator.fingerprint, simulator.seed)
        if known != wanted:
            what = "seed" if known[0] == wanted[0] else "floor, or an older version of it"
            raise SimulationError(
                f"feed {self.outlet.feed!r} has been running with another {what}: go on with that one, "
                "choose another --feed, or begin anew with --again"
            )

    def _shorten(self, simulator: Simulator, clock: int) -> None:
        """Start from the snapshot if there is one that is not ahead of the position; it is only a short cut."""
        try:
            fresh, kept = simulator.snapshot(), self._snapshot_file.read_bytes()
            simulator.restore(kept)
        except FileNotFoundError:
            return
        except (OSError, SnapshotError) as error:
            get_logger().info("the snapshot is no use, computing from the start", why=str(error))
            return
        if simulator.clock > clock:
            simulator.restore(fresh)

    @property
    def _snapshot_file(self) -> Path:
        return self.settings.state_dir / "simulator" / f"{quote(self.outlet.feed, safe='')}.snapshot"


class Pace:
    """How far the feed's clock should be by now."""

    def __init__(self, plan: Plan, clock: int) -> None:
        self._plan = plan
        self._clock = clock
        self._began = time.monotonic()

    def target(self, clock: int) -> int:
        """Epoch ms; at `max` an hour further than `clock`. Never back: a wall clock that is set back is waited for."""
        plan = self._plan
        if plan.live:
            target = wall_ms()
        elif plan.speed:
            target = self._clock + int((time.monotonic() - self._began) * 1000 * plan.speed)
        else:
            target = clock + STRIDE_MS
        target = max(target, clock)
        return target if plan.until is None else min(target, plan.until)


def _position(simulator: Simulator) -> dict[str, Any]:
    return {
        "fingerprint": simulator.fingerprint,
        "seed": simulator.seed,
        "start": simulator.start,
        "clock": simulator.clock,
    }


def _write_whole(file: Path, content: bytes) -> None:
    """Write so that a crash leaves the old file or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(f".{os.getpid()}.tmp")
    beside.write_bytes(content)
    beside.replace(file)
