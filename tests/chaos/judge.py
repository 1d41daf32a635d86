"""The end of a run: everything acknowledged is on the log, everything on the log is counted, every number is right."""

import asyncio
import sys
import time
from contextlib import suppress

from services.contracts.metrics import Interval, IvrInterval
from services.runtime.kafka import partition_of
from tests.chaos import staff_verdict, verdict
from tests.chaos.crew import PARTITIONS
from tests.chaos.feed import Feed
from tests.chaos.shown import AWAY, Published, Shown
from tests.chaos.staff import AGENTS_PER_SITE
from tests.chaos.story import QUEUES, ZONES, Story
from tests.chaos.verdict import Verdict
from tests.chaos.witness import Witness
from tests.oracle.floor import Call

SETTLE_S = 120.0


def undelivered(told: Story, feed: Feed, witness: Witness) -> list[str]:
    """Events, plans and exceptions that were lost on their way to the log, or made up."""
    everything = {name for posting in told.all_postings for name in posting.names}
    return [
        f"{what}: {event}"
        for what, events in (
            ("not acknowledged", everything - feed.acknowledged),
            ("acknowledged, but not on the log", feed.acknowledged - witness.seen),
            ("on the log, but never sent", witness.seen - everything),
        )
        for event in sorted(events)[:5]
    ]


async def unapplied(witness: Witness, shown: Shown) -> list[str]:
    """Wait until everything on the log is published; what is not by then."""
    deadline, late = time.monotonic() + SETTLE_S, ["nothing was asked"]
    while late and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
        ends = witness.ends(0)
        with suppress(*AWAY):
            progress = await shown.progress() if await shown.is_filled() else {}
            if ends is None:
                late = ["the broker is away"]
                continue
            late = [f"{place} is not applied" for place, end in ends.last.items() if progress.get(place, -1) < end]
    return late


async def compare_all(witness: Witness, shown: Shown, told: Story) -> Verdict:
    """All that is published, in Redis, on the log and by the API, with what the oracle makes of the floor."""
    clock_of = {
        queue: witness.told[witness.contacts, partition_of(queue, PARTITIONS)].clock(_site(queue), sys.maxsize)
        for queue in QUEUES
    }
    calls = list(told.calls)
    tiles = await shown.tiles()
    found = verdict.compare("queues with a tile", set(tiles), {call.queue for call in calls})
    for tile in tiles.values():
        found += verdict.whole_tile(tile, calls, clock_of[tile.id])
    in_redis, on_log = await shown.in_redis(), await shown.on_log()
    for name, here, there in zip(Published._fields, in_redis, on_log, strict=True):
        found += verdict.compare(f"{name} in Redis are those on the log", here == there, expected=True)
    for published in (in_redis, on_log):
        found += _compare_half_hours(published, told, clock_of)
    found += await _compare_agents(witness, shown, told, in_redis)
    return found + await _compare_api(shown, calls, clock_of)


def _compare_half_hours(published: Published, told: Story, clock_of: dict[str, int]) -> Verdict:
    found = Verdict()
    for site in ZONES:
        here = {name: one for name, one in published.half_hours.items() if _site(one.scope) == site}
        queues = {name: one for name, one in here.items() if isinstance(one, Interval)}
        menus = {name: one for name, one in here.items() if isinstance(one, IvrInterval)}
        calls = [call for call in told.calls if _site(call.queue) == site]
        found += verdict.ledger(site, queues, calls, clock_of)
        found += verdict.endings(queues, clock_of)
        found += verdict.ivr_half_hours(site, menus, [visit for visit in told.visits if _site(visit.flow) == site])
        again = {name: one for name, one in published.repeats.items() if _site(one.scope) == site}
        found += verdict.repeat_calls(site, again, [ring for ring in told.rings if _site(ring.queue) == site])
    return found


async def _compare_agents(witness: Witness, shown: Shown, told: Story, published: Published) -> Verdict:
    """Days, and tiles, which are given a few seconds: they are not told more often than people can look."""
    names = {site: [f"{site}.a{number}" for number in range(AGENTS_PER_SITE)] for site in ZONES}
    places = [(site, partition) for site in ZONES for partition in range(PARTITIONS)]
    everyone = {name for some in names.values() for name in some}
    strangers = {agent for agent, _ in published.days} - everyone
    found, late = verdict.compare("agents that nobody knows", strangers, set()), Verdict()
    for site, partition in places:
        mine = [name for name in names[site] if partition_of(name, PARTITIONS) == partition]
        log = witness.told[witness.agents, partition]
        tellings = [telling for telling in told.staff.tellings if telling.agent in mine]
        floor = staff_verdict.floor_of(site, ZONES[site], tellings, log.beats, witness.plans[partition])
        clock = log.clock(site, sys.maxsize)
        found += await asyncio.to_thread(staff_verdict.days, published.days, floor, mine, clock)
        for _ in range(25):
            late = await asyncio.to_thread(staff_verdict.tiles, await shown.agents(), floor, mine, clock)
            if not late.wrong:
                break
            await asyncio.sleep(0.2)
        found += late
    return found


async def _compare_api(shown: Shown, calls: list[Call], clock_of: dict[str, int]) -> Verdict:
    """The API's tiles of sites and of all; it is given a few seconds to come as far as Redis is."""
    found = Verdict(0, ("the API does not answer",))
    for _ in range(50):
        with suppress(*AWAY):
            found = verdict.rolled_up(await shown.views(), calls, clock_of)
            if not found.wrong:
                break
        await asyncio.sleep(0.2)
    return found


def _site(scope: str) -> str:
    return scope.partition("/")[0]
