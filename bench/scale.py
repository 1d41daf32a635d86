"""What an event costs as a floor grows: the keeper of the metrics service with tiles and checkpoints, without Kafka.

As many events each time, spread over more queues, or told of more agents. Tiles are asked for and checkpoints taken at
the service's own paces, once while it catches up as fast as it can and once with a steady feed, in which every queue or
agent that changes wants a tile of its own; time is that of the CPU, or of the feed if it is later.
"""

import argparse
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from bench import floor
from services.contracts.events import AgentLoggedIn, AgentState, AgentStateChanged, Heartbeat, StaffEvent, encode_batch
from services.contracts.keeping import Record
from services.contracts.names import Names
from services.contracts.schedules import DaySchedule, PlannedActivity, schedule_key
from services.metrics.domain.floor import Floor
from services.metrics.domain.keeper import MetricsKeeper
from services.runtime.kafka import partition_of
from services.runtime.pace import FlushPace, Pace
from services.runtime.worker import tune_garbage_collection

PARTITIONS = 4
NAMES = Names("bench")
SITES = 8
STATE_EVERY_S = 60.0
"""An agent's state changes so often, on the average."""
_CYCLE: tuple[AgentState, ...] = ("available", "ringing", "talking", "wrap_up")
_DAY_MS = 86_400_000


class Load(NamedTuple):
    """Records to count, after those that are not measured."""

    size: int
    before: list[Record]
    records: list[Record]
    counts: list[int]


class Cost(NamedTuple):
    """µs of CPU an event."""

    counting: float
    tiles: float
    checkpoints: float

    @property
    def all(self) -> float:
        return sum(self)


def queues(size: int, events: int) -> Load:
    """A floor of so many queues, 100 contacts each in half an hour."""
    packed = floor.records(floor.events(size, events * 10 // 29), PARTITIONS)
    return _load(size, NAMES.contacts.name, packed, [])


def agents(size: int, events: int, *, start_ms: int = floor.START_MS) -> Load:
    """So many agents at their work, with a plan for every day."""
    made = list(_staff_events(size, events, start_ms))
    waiting: list[list[StaffEvent | Heartbeat]] = [[] for _ in range(PARTITIONS)]
    packed = []
    for event in made:
        partition = partition_of(event.agent, PARTITIONS)
        waiting[partition].append(event)
        if len(waiting[partition]) == floor.BATCH:
            packed.append((partition, encode_batch(waiting[partition]), floor.BATCH))
            waiting[partition] = []
    for partition, rest in enumerate(waiting):
        rest += [Heartbeat("bench", f"site{i}", made[-1].at) for i in range(SITES)]
        packed.append((partition, encode_batch(rest), len(rest)))
    last_day = made[-1].at // _DAY_MS
    plans = [_plan(i, day * _DAY_MS) for i in range(size) for day in range(start_ms // _DAY_MS, last_day + 1)]
    return _load(size, NAMES.agents.name, packed, plans)


def _staff_events(size: int, events: int, at: int) -> Iterator[StaffEvent]:
    """Agents sign in one after the other, then change their states by chance: each a step on in the cycle of a call."""
    for i in range(size):
        yield AgentLoggedIn(f"in-{i}", "bench", at, f"agent-{i}", f"site{i % SITES}", f"team-{i // 20}")
    rng = np.random.default_rng(1)
    who = rng.integers(0, size, events - size)
    steps = np.cumsum(rng.exponential(STATE_EVERY_S * 1000 / size, events - size)).astype(np.int64) + at
    turns = [0] * size
    for number, (agent, moment) in enumerate(zip(who.tolist(), steps.tolist(), strict=True)):
        turns[agent] += 1
        state = _CYCLE[turns[agent] % len(_CYCLE)]
        call = "" if state == "available" else f"call-{agent}-{turns[agent] // len(_CYCLE)}"
        site = f"site{agent % SITES}"
        yield AgentStateChanged(f"s-{number}", "bench", moment, f"agent-{agent}", site, state, contact=call)


def _plan(agent: int, midnight: int) -> tuple[int, bytes, bytes]:
    hours = (("work", 0, 4), ("meal", 4, 5), ("work", 5, 12), ("break", 12, 13), ("work", 13, 24))
    parts = tuple(
        PlannedActivity(activity=activity, start=midnight + first * 3_600_000, end=midnight + end * 3_600_000)
        for activity, first, end in hours
    )
    date = time.strftime("%Y-%m-%d", time.gmtime(midnight / 1000))
    name = f"agent-{agent}"
    plan = DaySchedule(agent=name, site=f"site{agent % SITES}", date=date, version=1, activities=parts)
    return partition_of(name, PARTITIONS), plan.model_dump_json().encode(), schedule_key(plan).encode()


def _load(
    size: int, topic: str, packed: list[tuple[int, bytes, int]], plans: Iterable[tuple[int, bytes, bytes]]
) -> Load:
    before = [Record(NAMES.schedules.name, p, offset, value, key) for offset, (p, value, key) in enumerate(plans)]
    records = [Record(topic, partition, offset, value) for offset, (partition, value, _) in enumerate(packed)]
    return Load(size, before, records, [count for _, _, count in packed])


@dataclass
class Drive:
    """The service's work on a load, but for Kafka and Redis."""

    load: Load
    rate: float
    keeper: MetricsKeeper = field(default_factory=lambda: MetricsKeeper(NAMES, Floor()))
    told: int = 0
    kept: int = 0
    _spent: dict[str, float] = field(default_factory=lambda: {"counting": 0.0, "tiles": 0.0, "checkpoints": 0.0})

    def run(self) -> Cost:
        """Count everything.

        Raises:
            RuntimeError: the keeper did not take the events for what they are.
        """
        self.keeper.restore([], frozenset(range(PARTITIONS)))
        for record in self.load.before:
            self.keeper.apply(record)
        self._checkpoint()
        known = self.keeper.events
        self._spent = dict.fromkeys(self._spent, 0.0)
        self._count()
        events = sum(self.load.counts)
        if self.keeper.events - known != events or self.keeper.letters:
            raise RuntimeError(f"{self.keeper.events - known} of {events} counted, {self.keeper.letters} dead letters")
        return Cost(**{name: seconds / events * 1e6 for name, seconds in self._spent.items()})

    def _count(self) -> None:
        flushes, checkpoints = FlushPace(least_s=0.02), Pace()
        arrived, counted, since, flush_at, checkpoint_at = 0.0, 0, 0.0, 0.0, 0.0
        left = len(self.load.records)
        for record, events in zip(self.load.records, self.load.counts, strict=True):
            self._timed("counting", partial(self.keeper.apply, record))
            arrived += events / self.rate
            counted, left = counted + 1, left - 1
            now = max(arrived, sum(self._spent.values()))
            waiting = left if self.rate == float("inf") else 0
            if now >= flush_at:
                worked = self._timed("tiles", partial(self._tell, now))
                pause = flushes.pause_s(worked_s=worked, counted=counted, since_s=now - since, waiting=waiting)
                flush_at, since, counted = now + worked + pause, now, 0
            if now >= checkpoint_at:
                keys = self.kept
                took = self._timed("checkpoints", self._checkpoint)
                checkpoint_at = now + took + checkpoints.pause_s(took_s=took, keys=self.kept - keys)
        self._timed("checkpoints", self._checkpoint)

    def _timed(self, name: str, work: Callable[[], Any]) -> float:
        began = time.process_time()
        work()
        took = time.process_time() - began
        self._spent[name] += took
        return took

    def _tell(self, now: float) -> None:
        self.told += len(self.keeper.news(now).tiles) + len(self.keeper.agent_tiles(now))

    def _checkpoint(self) -> None:
        while True:
            part = self.keeper.checkpoint()
            if not part.outputs and not part.state:
                break
            self.kept += len(part.state)
        self.keeper.take_half_hours()
        self.told += len(self.keeper.news().tiles)
        self.told += sum(len(self.keeper.agent_tiles()) for _ in range(self.keeper.agent_rounds))


def _run(load: Load, rate: float) -> tuple[Cost, int, int]:
    tune_garbage_collection()
    drive = Drive(load, rate)
    return drive.run(), drive.told, drive.kept


def measure(make: Callable[[int, int], Load], sizes: list[int], events: int, rates: list[float], runs: int) -> None:
    """Print a line for each size and rate; each run has a process of its own, and the sizes take turns."""
    loads = [make(size, events) for size in sizes]
    for rate in rates:
        costs: dict[int, list[Cost]] = {size: [] for size in sizes}
        work: dict[int, tuple[int, int]] = {}
        for _ in range(runs):
            for load in loads:
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    cost, told, kept = pool.apply(_run, (load, rate))
                costs[load.size].append(cost)
                work[load.size] = told, kept
        print("catching up" if rate == float("inf") else f"{rate:,.0f} events/s", flush=True)
        least = 0.0
        for size in sizes:
            cost = Cost(*(statistics.median(values) for values in zip(*costs[size], strict=True)))
            least = least or cost.all
            told, kept = work[size]
            print(
                f"  {size:7,} {make.__name__:6} {cost.all:6.2f} µs an event, ×{cost.all / least:4.2f}"
                f"   (counting {cost.counting:5.2f}, tiles {cost.tiles:5.2f}, checkpoints {cost.checkpoints:5.2f};"
                f" {told:,} tiles, {kept:,} states)",
                flush=True,
            )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=600_000)
    parser.add_argument("--rate", type=float, default=10_000, help="events/s of the steady feed")
    parser.add_argument("--runs", type=int, default=3, help="the median counts")
    parser.add_argument("--queues", type=int, nargs="*", default=[10, 100, 1_000])
    parser.add_argument("--agents", type=int, nargs="*", default=[100, 2_000, 20_000])
    options = parser.parse_args()
    rates = [float("inf"), options.rate]
    if options.queues:
        measure(queues, options.queues, options.events, rates, options.runs)
    if options.agents:
        measure(agents, options.agents, options.events, rates, options.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
