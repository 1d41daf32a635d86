"""Looks again and again whether what people see is right and current, and so measures how long a fault was felt.

*Current*: POSTs are answered, all that was on the log a second ago is published and shown by the API, and the alerts have
come as far. *Right*: each tile and half-hour equals what the oracle counts from the log up to the place that the number
says of itself.
"""

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass

from services.contracts.metrics import Interval, IvrInterval, Tile
from services.runtime.kafka import partition_of
from tests.chaos import verdict
from tests.chaos.feed import Feed
from tests.chaos.plan import Fault
from tests.chaos.shown import AWAY, HalfHours, Shown
from tests.chaos.story import FLOWS, QUEUES
from tests.chaos.verdict import Verdict
from tests.chaos.witness import Witness, calls_in, visits_in

LOOK_EVERY_S = 0.25
LOOK_ANYWAY_EVERY_S = 5.0
AGE_S = 1.0
"""So nothing is felt for less than a second: what is measured is when a number of after the fault was seen."""
ALERTS_AGE_S = 3.0
POST_WITHIN_S = 1.5
Progress = dict[tuple[str, int], int]


@dataclass
class Blow:
    """A fault that has struck; times are monotonic seconds.

    Attributes:
        over_at: when its doing was done: the process started, continued.
        healed_at: when all was right and current again.
    """

    fault: Fault
    struck_at: float
    over_at: float | None = None
    healed_at: float | None = None

    @property
    def felt_s(self) -> float | None:
        """How long people did not see what they should; with a stopped process from its going on."""
        if self.healed_at is None or self.over_at is None:
            return None
        return self.healed_at - self.over_at


class Watch:
    """See above."""

    def __init__(self, witness: Witness, feed: Feed, shown: Shown, partitions: int) -> None:
        self.blows: list[Blow] = []
        self.looks = 0
        self.wrong_moments: list[str] = []
        self._why = ""
        self._witness, self._feed, self._shown = witness, feed, shown
        self._partition = {scope: partition_of(scope, partitions) for scope in (*QUEUES, *FLOWS)}

    @property
    def unhealed(self) -> list[Blow]:
        """Blows that are still felt."""
        return [blow for blow in self.blows if blow.healed_at is None]

    @property
    def why(self) -> str:
        """What was not right or not current at the last look."""
        return self._why

    async def run(self) -> None:
        """Look for ever: often while a blow is felt."""
        looked_at = 0.0
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            over = [blow for blow in self.unhealed if blow.over_at is not None]
            if over or time.monotonic() - looked_at > LOOK_ANYWAY_EVERY_S:
                looked_at = time.monotonic()
                since = max((blow.over_at for blow in over if blow.over_at is not None), default=0.0)
                self._why = await self._look(since)
                if not self._why:
                    for blow in over:
                        blow.healed_at = looked_at

    async def _look(self, since: float) -> str:
        try:
            async with asyncio.timeout(10):
                return await self._what_is_wrong(since)
        except AWAY as error:
            return f"away: {type(error).__name__} {error}"

    async def _what_is_wrong(self, since: float) -> str:
        """Empty if nothing is; what happened after `since` must have come through."""
        now = time.monotonic()
        if self._feed.behind_s > POST_WITHIN_S:
            return f"a POST has waited for {self._feed.behind_s:.1f} s"
        if not self._feed.over and self._feed.answered_since < since:
            return "no POST has been answered since"
        if not await self._shown.is_filled():
            return "Redis is not filled"
        progress = await self._shown.progress()
        if late := self._late(progress, since):
            return late
        tiles, half_hours = await self._shown.tiles(), await self._shown.half_hours()
        await self._witness.caught_up(begun=now)
        self.looks += 1
        found = await asyncio.to_thread(self._right, progress, tiles, half_hours)
        if found.wrong:
            self.wrong_moments.append(found.wrong[0])
            return found.wrong[0]
        return _behind(tiles, await self._shown.views())

    def _late(self, progress: Progress, since: float) -> str:
        ends, long_ago = self._witness.ends(AGE_S), self._witness.ends(ALERTS_AGE_S)
        if ends is None or long_ago is None or ends.at < since:
            return "the broker has not told the ends of the log since"
        for (topic, partition), end in ends.last.items():
            counted = topic != self._witness.tiles
            wanted = end if counted else long_ago.last[topic, partition]
            if progress.get((topic, partition), -1) < wanted:
                return f"{topic}|{partition} is at {progress.get((topic, partition))} of {wanted}"
        return ""

    def _right(self, progress: Progress, tiles: dict[str, Tile], half_hours: HalfHours) -> Verdict:
        found = Verdict()
        for queue, tile in tiles.items():
            place = (self._witness.contacts, self._partition[queue])
            upto = max(progress.get(place, -1), tile.offset)
            told = self._witness.told[place]
            calls = calls_in(told.events(queue, upto))
            found += verdict.tile(tile, calls, told.clock(queue.partition("/")[0], upto))
        by_scope: defaultdict[str, HalfHours] = defaultdict(dict)
        for name, one in half_hours.items():
            by_scope[one.scope][name] = one
        for scope, ones in by_scope.items():
            found += self._right_half_hours(scope, ones, progress)
        return found

    def _right_half_hours(self, scope: str, ones: HalfHours, progress: Progress) -> Verdict:
        """Each at its own place of the log: one that is published already may be ahead of what is told as progress."""
        topic = self._witness.ivr if scope in FLOWS else self._witness.contacts
        place, site = (topic, self._partition[scope]), scope.partition("/")[0]
        told, reached = self._witness.told[place], progress.get(place, -1)
        found = Verdict()
        for upto in sorted({reached, *(one.revision for one in ones.values() if one.revision > reached)}):
            here = {name: one for name, one in ones.items() if max(one.revision, reached) == upto}
            events = told.events(scope, upto)
            if scope in FLOWS:
                visits = [v for v in visits_in(events) if upto == reached or _at(v.entered_at, here)]
                menus = {name: one for name, one in here.items() if isinstance(one, IvrInterval)}
                elsewhere = {name for name in ones if name not in here}
                visits = [v for v in visits if not _at(v.entered_at, {n: ones[n] for n in elsewhere})]
                found += verdict.ivr_half_hours(site, menus, visits)
            else:
                calls = [c for c in calls_in(events) if upto == reached or _at(c.offered_at, here)]
                elsewhere = {name for name in ones if name not in here}
                calls = [c for c in calls if not _at(c.offered_at, {n: ones[n] for n in elsewhere})]
                queues = {name: one for name, one in here.items() if isinstance(one, Interval)}
                found += verdict.half_hours(site, queues, calls)
        return found


def _at(moment: int, ones: HalfHours) -> bool:
    """Whether a moment lies in one of the half-hours."""
    return any(one.start <= moment < one.end for one in ones.values())


def _behind(tiles: dict[str, Tile], views: dict[str, dict[str, object]]) -> str:
    """What the API does not show yet of these tiles."""
    for queue, tile in tiles.items():
        view = views.get(queue)
        if view is None or int(str(view["as_of"])) < tile.as_of:
            return f"the API shows {queue} as of {view and view['as_of']}, Redis as of {tile.as_of}"
    return ""
