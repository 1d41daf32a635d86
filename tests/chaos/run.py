"""One chaos run from its first process to its verdict."""

import asyncio
import shutil
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from services.contracts.topology import record_key
from services.runtime import kafka
from tests.chaos import judge, story
from tests.chaos.crew import PARTITIONS, Crew
from tests.chaos.feed import Feed
from tests.chaos.plan import plan
from tests.chaos.shown import Shown
from tests.chaos.staff import AGENTS_PER_SITE
from tests.chaos.story import FLOWS, QUEUES, ZONES, Story
from tests.chaos.strikes import Striker
from tests.chaos.verdict import Verdict
from tests.chaos.watch import Blow, Watch
from tests.chaos.witness import Witness

_T = TypeVar("_T")

HEAL_WITHIN_S = 120.0
TELL_EVERY_S = 10.0
WRONG_SHOWN = 20
USUAL_ENDS = ("killed by SIGKILL", "exit code 0)", "exit code 143)")
"""Of processes that were killed or asked to end; Java says 143."""


@dataclass(frozen=True)
class Options:
    """What a run is told; see `python -m tests.chaos --help`."""

    seed: int
    duration_s: float
    workers: int
    session_s: float
    speed: float
    contacts_per_s: float
    keep: Path | None = None


def say(line: str) -> None:
    """A line on the terminal, at once."""
    print(line, flush=True)  # noqa: T201  # this is the program's answer


async def run(options: Options) -> bool:
    """A whole run; whether every number was right. Whatever was started is ended."""
    folder = options.keep or Path(tempfile.mkdtemp(prefix="floorwatch-chaos-"))
    crew = Crew(folder, session_s=options.session_s)
    began = time.monotonic()
    try:
        await asyncio.to_thread(_bring_up, crew, options.workers)
        say(f"brought up in {time.monotonic() - began:.0f} s; logs in {folder / 'log'}")
        return await Storm(crew, options).run()
    finally:
        # Not to be left half-way, whatever signal comes.
        await asyncio.shield(asyncio.to_thread(crew.stop))
        if options.keep is None:
            shutil.rmtree(folder, ignore_errors=True)


def _bring_up(crew: Crew, workers: int) -> None:
    crew.start_parts()
    asyncio.run(describe(crew))
    for name in ("ingest", *(f"metrics-{number + 1}" for number in range(workers)), "alerts", "api"):
        crew.start(name)


async def describe(crew: Crew) -> None:
    """The floor's topology, as an administrator's tool would publish it."""
    settings = crew.settings
    await kafka.ensure_topics(settings)
    producer = kafka.producer(settings)
    await producer.start()
    try:
        for record in story.topology():
            key, value = record_key(record).encode(), record.model_dump_json().encode()
            await producer.send_and_wait(settings.names.topology.name, value, key)
    finally:
        await producer.stop()


class Storm:
    """A feed, faults, and somebody who watches."""

    def __init__(self, crew: Crew, options: Options) -> None:
        self._crew = crew
        self._told: Story = story.tell(
            options.seed,
            ends_at=round(time.time() * 1000),
            lasts_s=options.duration_s,
            speed=options.speed,
            contacts_per_s=options.contacts_per_s,
        )
        self._faults = plan(
            options.seed, duration_s=options.duration_s, workers=options.workers, session_s=options.session_s
        )
        self._witness = Witness(crew.settings)
        self._shown = Shown(crew.settings, crew.address("api"))
        self._feed = Feed(crew.address("ingest"), crew.key, self._told.all_postings, seed=options.seed)
        self._watch = Watch(self._witness, self._feed, self._shown, PARTITIONS)
        self._striker = Striker(crew, self._feed, self._shown, seed=options.seed)

    async def run(self) -> bool:
        """Feed, strike, wait until all is healed, judge."""
        helpers = [
            asyncio.create_task(work) for work in (self._witness.run(), self._watch.run(), self._tell_progress())
        ]
        feeding = asyncio.create_task(self._feed.run())
        try:
            await _unless_broken(self._striker.run(self._faults, self._watch.blows), helpers)
            await _unless_broken(feeding, helpers)
            await _unless_broken(self._healed(), helpers)
            return await _unless_broken(self._judge(), helpers)
        finally:
            for task in (*helpers, feeding):
                task.cancel()
            await asyncio.gather(*helpers, feeding, return_exceptions=True)
            await self._shown.close()

    async def _healed(self) -> None:
        deadline = time.monotonic() + HEAL_WITHIN_S
        while self._watch.unhealed and time.monotonic() < deadline:  # noqa: ASYNC110  # it looks a few times a second
            await asyncio.sleep(0.1)

    async def _judge(self) -> bool:
        watch, witness = self._watch, self._witness
        problems = [f"refused: {refusal}" for refusal in self._feed.refused]
        problems += [f"never right and current again: {blow.fault} ({watch.why})" for blow in watch.unhealed]
        self._crew.leave("ingest")  # nothing moves a clock from here on
        while self._crew.lives("ingest"):  # noqa: ASYNC110  # a process tells no event
            await asyncio.sleep(0.1)
        await witness.caught_up(begun=time.monotonic())
        problems += judge.undelivered(self._told, self._feed, witness)
        problems += await judge.unapplied(witness, self._shown)
        found = await judge.compare_all(witness, self._shown, self._told)
        self._sum_up(found)
        for line in (*problems, *watch.wrong_moments[:WRONG_SHOWN], *found.wrong[:WRONG_SHOWN]):
            say(f"  wrong: {line}")
        return not (problems or found.wrong or watch.wrong_moments)

    async def _tell_progress(self) -> None:
        """A line for each fault that is healed, for each process that ended by itself, and now and then for the feed."""
        began = told_at = time.monotonic()
        said, told = 0, set[int]()
        while True:
            await asyncio.sleep(0.2)
            for line in self._crew.said[said:]:
                if not any(usual in line for usual in USUAL_ENDS):
                    say(f"          · {line}")
            said = len(self._crew.said)
            for number, blow in enumerate(self._watch.blows):
                if number not in told and blow.felt_s is not None:
                    told.add(number)
                    say(self._line(blow, began))
            if time.monotonic() - told_at > TELL_EVERY_S:
                told_at = time.monotonic()
                felt = f"; not yet: {self._watch.why}" if self._watch.unhealed and self._watch.why else ""
                say(f"  {told_at - began:5.0f} s  {len(self._feed.acknowledged):,} events acknowledged{felt}")

    def _line(self, blow: Blow, began: float) -> str:
        healed_at = blow.healed_at or 0.0
        others = sum(blow.struck_at < other.struck_at < healed_at for other in self._watch.blows)
        meanwhile = f", {others} more meanwhile" if others else ""
        return (
            f"  {blow.struck_at - began:5.1f} s  {blow.fault!s:<34} "
            f"right and current again after {blow.felt_s:5.1f} s{meanwhile}"
        )

    def _sum_up(self, found: Verdict) -> None:
        watch, feed, told = self._watch, self._feed, self._told
        kinds = Counter(blow.fault.kind for blow in watch.blows)
        kills = kinds["kill"] + kinds["mid-write"]
        say(
            f"{len(watch.blows)} faults: {kills} SIGKILL ({kinds['mid-write']} in mid-write), {kinds['stop']} SIGSTOP, "
            f"{kinds['restart']} restarts, {kinds['flush']} FLUSHALL, {kinds['join']} joined, {kinds['leave']} left; "
            f"{self._crew.rebalances()} times a metrics worker was given partitions"
        )
        say(
            f"{len(feed.acknowledged):,} events and plans acknowledged ({feed.again} POSTs sent again), "
            f"{len(told.calls):,} calls in {len(QUEUES)} queues, {len(told.visits):,} visits in {len(FLOWS)} menus, "
            f"{len(told.staff.tellings):,} turns of {AGENTS_PER_SITE * len(ZONES)} agents, "
            f"{len(told.staff.plans):,} plans and exceptions"
        )
        if felt := [blow.felt_s for blow in watch.blows if blow.felt_s is not None]:
            least, middle, most = min(felt), statistics.median(felt), max(felt)
            say(f"right and current again after: min {least:.1f} s, median {middle:.1f} s, max {most:.1f} s")
        say(f"{watch.looks} looks on the way, of which {len(watch.wrong_moments)} found a wrong number")
        say(f"{found.compared:,} numbers compared at the end, {len(found.wrong)} wrong")


async def _unless_broken(work: Awaitable[_T], helpers: Sequence["asyncio.Task[None]"]) -> _T:
    """Do the work, unless one of the helpers fails."""
    task = asyncio.ensure_future(work)
    await asyncio.wait([task, *helpers], return_when=asyncio.FIRST_COMPLETED)
    for helper in helpers:
        if helper.done():
            task.cancel()
            helper.result()
    return await task
