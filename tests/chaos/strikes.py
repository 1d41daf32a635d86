"""Faults, done to the processes of a run."""

import asyncio
import random
import signal
import time
from collections.abc import Sequence
from contextlib import suppress

from tests.chaos.crew import Crew
from tests.chaos.feed import Feed
from tests.chaos.plan import Fault
from tests.chaos.shown import AWAY, Shown
from tests.chaos.watch import Blow

AT_LEAST_IN_FLIGHT = 1


class Striker:
    """Strikes when it is time, one fault after the other."""

    def __init__(self, crew: Crew, feed: Feed, shown: Shown, *, seed: int) -> None:
        self._crew, self._feed, self._shown = crew, feed, shown
        self._chance = random.Random(f"moments {seed}")

    async def run(self, faults: Sequence[Fault], blows: list[Blow]) -> None:
        """Do all faults; each is noted in `blows`, where its healing is awaited."""
        began = time.monotonic()
        for fault in faults:
            await asyncio.sleep(max(0.0, began + fault.at_s - time.monotonic()))
            blow = Blow(fault, time.monotonic())
            blows.append(blow)
            await self._strike(fault)
            blow.over_at = time.monotonic()

    async def _strike(self, fault: Fault) -> None:
        match fault.kind:
            case "kill":
                self._crew.hurt(fault.target, signal.SIGKILL)
            case "restart":
                self._crew.hurt(fault.target, signal.SIGTERM)
            case "stop":
                self._crew.hurt(fault.target, signal.SIGSTOP)
                await asyncio.sleep(fault.for_s)
                self._crew.hurt(fault.target, signal.SIGCONT)
            case "mid-write":
                await self._mid_write(fault.target)
            case "flush":
                await self._flush()
            case "join":
                await asyncio.to_thread(self._crew.start, fault.target, wait=False)
            case "leave":
                self._crew.leave(fault.target)

    async def _mid_write(self, target: str) -> None:
        """Kill while much is being written: what is due soon is POSTed at once."""
        self._feed.hurry(10)
        for _ in range(150):
            if self._feed.in_flight >= AT_LEAST_IN_FLIGHT:
                break
            await asyncio.sleep(0.02)
        await asyncio.sleep(self._chance.uniform(0, 0.03))
        self._crew.hurt(target, signal.SIGKILL)

    async def _flush(self) -> None:
        for _ in range(100):
            with suppress(*AWAY):
                await self._shown.flush()
                return
            await asyncio.sleep(0.1)
