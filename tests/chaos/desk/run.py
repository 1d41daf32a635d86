"""One run from its first process to its verdict."""

import asyncio
import random
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import redis.asyncio

from tests import web
from tests.chaos import story
from tests.chaos.crew import Crew
from tests.chaos.desk.office import files
from tests.chaos.desk.people import People
from tests.chaos.desk.rebuilt import Judge, Verdict, end_of, outbox_of
from tests.chaos.feed import Feed
from tests.chaos.plan import CALM_AT_END_S, Fault, Kind
from tests.chaos.run import describe, say
from tests.chaos.shown import Shown
from tests.chaos.strikes import Striker
from tests.chaos.watch import Blow
from tests.integration.alerts.receivers import Hook, receiving

SPEED = 30
CONTACTS_PER_S = 15
FIRST_AT_S = 4.0
QUIET_WITHIN_S = 90.0
SLOW_S = 0.2
WRONG_SHOWN = 20
METRICS = "metrics-1"


@dataclass(frozen=True)
class Options:
    """What a run is told; see `python -m tests.chaos.desk --help`."""

    seed: int
    duration_s: float
    people: int
    session_s: float
    keep: Path | None = None


def strikes(options: Options) -> list[Fault]:
    """The faults in the order of their time, a function of the seed; each comes before any comes twice."""
    chance = random.Random(f"desk {options.seed}")
    kinds: list[tuple[Kind, str]] = [
        ("kill", "alerts"), ("kill", "alerts"), ("stop", "alerts"), ("restart", "alerts"),
        ("kill", "api"), ("restart", "api"), ("stop", "api"),
        ("kill", METRICS), ("restart", METRICS),
        ("kill", "redis"), ("flush", "redis"), ("restart", "redis"), ("stop", "redis"),
        ("kill", "kafka"), ("restart", "kafka"), ("stop", "kafka"),
    ]  # fmt: skip
    menu: list[tuple[Kind, str]] = []
    faults: list[Fault] = []
    at_s = FIRST_AT_S
    while True:
        if not menu:
            menu = chance.sample(kinds, len(kinds))
        kind, target = menu.pop()
        longer = options.session_s if target in {"alerts", "kafka"} else 0
        for_s = longer + chance.uniform(1.5, 4) if kind == "stop" else 0.0
        if at_s + for_s > options.duration_s - CALM_AT_END_S:
            return faults
        faults.append(Fault(round(at_s, 1), kind, target, round(for_s, 1)))
        at_s += for_s + (chance.uniform(0.5, 2) if chance.random() < 0.3 else chance.uniform(3, 8))


async def run(options: Options) -> bool:
    """A whole run; whether everything was right. Whatever was started is ended."""
    folder = options.keep or Path(tempfile.mkdtemp(prefix="floorwatch-chaos-"))
    chance = random.Random(f"receiver {options.seed}")

    def slow(number: int) -> tuple[int, dict[str, str]]:
        time.sleep(chance.uniform(0, SLOW_S))  # so that kills fall before, within and after it
        return (503, {}) if number % 9 == 0 else (200, {})

    with receiving(Hook(slow)) as hook:
        crew = Crew(folder, session_s=options.session_s, more=files(folder / "desk", hook.url))
        began = time.monotonic()
        try:
            await asyncio.to_thread(_bring_up, crew)
            say(f"brought up in {time.monotonic() - began:.0f} s; logs in {folder / 'log'}")
            return await Trial(crew, options, hook).run()
        finally:
            await asyncio.shield(asyncio.to_thread(crew.stop))
            if options.keep is None:
                shutil.rmtree(folder, ignore_errors=True)


def _bring_up(crew: Crew) -> None:
    crew.start_parts()
    asyncio.run(describe(crew))
    for name in ("ingest", METRICS, "alerts", "api"):
        crew.start(name)


class Trial:
    """A floor, people, faults, and the judge."""

    def __init__(self, crew: Crew, options: Options, hook: Hook) -> None:
        self._crew, self._options, self._hook = crew, options, hook
        self._settings = crew.settings
        told = story.tell(
            options.seed, ends_at=round(time.time() * 1000), lasts_s=options.duration_s, speed=SPEED,
            contacts_per_s=CONTACTS_PER_S,
        )  # fmt: skip
        self._feed = Feed(crew.address("ingest"), crew.key, told.all_postings, seed=options.seed)
        self._people = People(crew.address("api"), seed=options.seed, number=options.people)
        self._shown = Shown(self._settings, crew.address("api"))
        self._striker = Striker(crew, self._feed, self._shown, seed=options.seed)
        self._redis = redis.asyncio.Redis.from_url(self._settings.redis_url)

    async def run(self) -> bool:
        """Feed, act, strike, come to rest, judge."""
        names = self._settings.names
        await self._until(lambda: self._redis.exists(names.filled_key("notify", 0)), "nobody tells")
        blows: list[Blow] = []
        acting = asyncio.create_task(self._people.run())
        feeding = asyncio.create_task(self._feed.run())
        try:
            await self._striker.run(strikes(self._options), blows)
            await feeding
            self._people.go_home()
            await acting
            rested_at = await self._come_to_rest()
            told = dict(self._hook.told())
            found = await Judge(self._settings).judge(self._people.answers, told, rested_at)
        finally:
            for task in (acting, feeding):
                task.cancel()
            await asyncio.gather(acting, feeding, return_exceptions=True)
            await self._shown.close()
            await self._redis.aclose()
        return self._sum_up(found, blows, told)

    async def _come_to_rest(self) -> int:
        """Nothing new comes in, all is read and told; then whoever does it ends. When that was, epoch ms."""
        for name in ("ingest", METRICS, "alerts", "api"):
            await self._until(partial(self._is_ready, name), f"{name} does not come back")
        for name in ("ingest", METRICS):
            await self._leave(name)
        end = await end_of(self._settings, self._settings.names.tiles.name)
        await self._until(lambda: self._has_read(end), "the inbox is not read")
        await self._until(self._all_told, "something is still to be told")
        rested_at = round(time.time() * 1000)
        await self._leave("alerts")
        return rested_at

    async def _is_ready(self, name: str) -> bool:
        async with web.AsyncClient(timeout=2) as client:
            return (await client.get(f"{self._crew.address(name)}/ready")).status_code == 200

    async def _has_read(self, end: int) -> bool:
        names = self._settings.names
        done: Any = await self._redis.hget(names.progress_key, f"{names.tiles.name}|0")
        return done is not None and int(done) >= end - 1

    async def _all_told(self) -> bool:
        names = self._settings.names
        ends = {topic: await end_of(self._settings, topic) for topic in (names.alerts.name, names.journal.name)}
        outbox = await outbox_of(self._settings)
        return all(outbox.positions.get(topic, -1) >= end for topic, end in ends.items()) and not list(outbox.open())

    async def _leave(self, name: str) -> None:
        self._crew.leave(name)
        while self._crew.lives(name):  # noqa: ASYNC110  # a process tells no event
            await asyncio.sleep(0.1)

    async def _until(self, true: Callable[[], Awaitable[Any]], otherwise: str) -> None:
        deadline = time.monotonic() + QUIET_WITHIN_S
        while True:
            with suppress(redis.RedisError, OSError, httpx.HTTPError):
                if await true():
                    return
            if time.monotonic() > deadline:
                raise TimeoutError(otherwise)
            await asyncio.sleep(0.2)

    def _sum_up(self, found: Verdict, blows: list[Blow], told: dict[tuple[str, str], int]) -> bool:
        people = self._people
        say(f"{len(blows)} faults: " + "; ".join(str(blow.fault) for blow in blows))
        did = ", ".join(f"{what} {times}" for what, times in sorted(people.did().items()))
        say(f"{len(people.answers)} commands in {people.asked} requests: {did}")
        say(f"{len(self._hook.taken)} messages with {len(told)} notices; {len(self._feed.acknowledged):,} events")
        problems = [*people.problems, *(f"refused: {one}" for one in self._feed.refused), *found.wrong]
        for line in problems[:WRONG_SHOWN]:
            say(f"  wrong: {line}")
        say(f"{found.compared} things compared at the end, {len(problems)} wrong")
        return not problems
