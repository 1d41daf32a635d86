"""The end of a run: everything acknowledged is on the log, everything on the log is counted, every number is right."""

import asyncio
import sys
import time
from contextlib import suppress

from services.contracts.metrics import Interval, IvrInterval
from services.runtime.kafka import partition_of
from tests.chaos import verdict
from tests.chaos.crew import PARTITIONS
from tests.chaos.feed import Feed
from tests.chaos.shown import AWAY, HalfHours, Shown
from tests.chaos.story import QUEUES, ZONES, Story
from tests.chaos.verdict import Verdict
from tests.chaos.witness import Witness
from tests.oracle.floor import Call

SETTLE_S = 120.0


def undelivered(told: Story, feed: Feed, witness: Witness) -> list[str]:
    """Events that were lost on their way to the log, or made up."""
    everything = {posting.event["event_id"] for posting in told.postings}
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
    in_redis, on_log = await shown.half_hours(), await shown.published_half_hours()
    found += verdict.compare("half-hours in Redis are those on the log", in_redis == on_log, expected=True)
    for half_hours in (in_redis, on_log):
        found += _compare_half_hours(half_hours, told, clock_of)
    return found + await _compare_api(shown, calls, clock_of)


def _compare_half_hours(half_hours: HalfHours, told: Story, clock_of: dict[str, int]) -> Verdict:
    found = Verdict()
    for site in ZONES:
        here = {name: one for name, one in half_hours.items() if _site(one.scope) == site}
        queues = {name: one for name, one in here.items() if isinstance(one, Interval)}
        menus = {name: one for name, one in here.items() if isinstance(one, IvrInterval)}
        calls = [call for call in told.calls if _site(call.queue) == site]
        found += verdict.ledger(site, queues, calls, clock_of)
        found += verdict.endings(queues, clock_of)
        found += verdict.ivr_half_hours(site, menus, [visit for visit in told.visits if _site(visit.flow) == site])
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
