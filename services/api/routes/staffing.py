"""REST: what the staffing model says: what-if of a queue, and who could be moved to whom."""

import asyncio
from datetime import date as Date  # noqa: N812  # `date` is the name of the parameter
from typing import Annotated

from fastapi import APIRouter, Query

from services.api.domain.days import at_target
from services.api.domain.staff import Group
from services.api.domain.staffing.answers import Suggestions, WhatIf
from services.api.domain.staffing.inputs import Situation, promise_of, situation
from services.api.domain.staffing.suggestions import Terms, Wanted, suggest
from services.api.domain.staffing.what_if import Counted, Given, answer, live, past
from services.api.domain.views import REGION
from services.api.routes.parts import FilledParts, Parts, Refusal, Seen, problems
from services.contracts import formulas
from services.contracts.live_load import Estimate, Sample
from services.contracts.metrics import Interval
from services.contracts.staffing import DEFAULT_OCCUPANCY_CAP

router = APIRouter(prefix="/v1", responses=problems(401), tags=["staffing"])

Arrivals = Annotated[float | None, Query(ge=0, le=20_000, description="contacts an hour, in place of the counted")]
Aht = Annotated[float | None, Query(gt=0, le=14_400, description="mean handle time, seconds")]
Patience = Annotated[float | None, Query(gt=0, le=3600, description="mean patience, seconds")]
Agents = Annotated[float | None, Query(ge=0, le=5000, description="agents who serve the queue")]
Percent = Annotated[float | None, Query(gt=0, le=100, description="service level to reach, percent")]
TargetS = Annotated[int | None, Query(gt=0, le=86_400, description="within so many seconds")]
Cap = Annotated[float, Query(gt=0, le=1, description="most of the agents' time that may be for contacts, 0…1")]
Shrinkage = Annotated[float | None, Query(ge=0, lt=1, description="share of rostered time that is not for contacts")]
Start = Annotated[str | None, Query(pattern=r"^([01]\d|2[0-3]):[03]0$", description="half-hour, local time HH:MM")]


@router.get("/what-if", responses=problems(404, 422, 503))
async def what_if(  # noqa: PLR0917  # parameters of the address
    parts: FilledParts,
    sight: Seen,
    queue: Annotated[str, Query(max_length=200, description="site/queue")],
    date: Annotated[Date | None, Query(description="with start: a past half-hour in place of now")] = None,
    start: Start = None,
    arrivals_per_hour: Arrivals = None,
    aht_s: Aht = None,
    patience_s: Patience = None,
    agents: Agents = None,
    target_percent: Percent = None,
    target_s: TargetS = None,
    occupancy_cap: Cap = DEFAULT_OCCUPANCY_CAP,
    shrinkage: Shrinkage = None,
) -> WhatIf:
    """How many agents a queue needs, and what a few more or fewer, longer handling or more contacts would do.

    From live numbers, or those of a past half-hour; any of them can be given otherwise. By Erlang A, or Erlang C where
    nobody knows the callers' patience (`limits` says what neither knows).
    """
    if not sight.sees_site(queue.partition("/")[0]) or queue not in parts.hub.board.queues_of(None):
        raise Refusal(404, "no_such_queue", f"There is no queue {queue!r}. GET /v1/topology lists those there are.")
    if (date is None) != (start is None):
        raise Refusal(422, "invalid", "date and start name a past half-hour together: give both, or neither")
    given = Given(arrivals_per_hour, aht_s, patience_s, agents, target_percent, target_s, occupancy_cap, shrinkage)
    if date is not None and start is not None:
        counted = await _past(parts, queue, date, start)
    else:
        counted = _live(parts, situation(parts.hub.board), queue)
    return await asyncio.to_thread(answer, counted, given)


def _live(parts: Parts, floor: Situation, queue: str) -> Counted:
    staff = parts.hub.board.staff
    found, group = floor.queues.get(queue), Group("queue", queue)
    if found is None:
        unknown, described = Estimate(None, why="the queue has no numbers yet"), parts.hub.board.directory.queue(queue)
        promise = promise_of(described.target_s, described.target_percent, described, described.definition)
        return Counted(queue, promise, unknown, unknown, unknown, None, staff=floor.staff_of(queue))
    sums = staff.sums(group)
    shrinkage = None if sums is None else formulas.shrinkage_actual(sums.time_at(staff.as_of(group)))
    return live(found, floor.staff_of(queue), shrinkage)


async def _past(parts: Parts, queue: str, date: Date, start: str) -> Counted:
    (day,) = await parts.store.days([(queue, date.isoformat())])
    half = next((half for half in day if isinstance(half, Interval) and half.label == start), None)
    if half is None:
        raise Refusal(404, "no_such_half_hour", f"Nothing is known of {queue!r} on {date} at {start}.")
    board = parts.hub.board
    described, tile = board.directory.queue(queue), board.tiles.held.get(queue)
    target_s = board.target_of(queue)
    percent = described.target_percent if tile is None else tile.target_percent
    definition = described.definition if tile is None else tile.definition
    sample = Sample(at_target(half, target_s), half.waiting_ms)
    return past(half, sample, promise_of(target_s, percent, described, definition))


Site = Annotated[str | None, Query(max_length=64)]


@router.get("/moves/suggestions", responses=problems(404, 422, 503))
async def suggestions(  # noqa: PLR0917  # parameters of the address
    parts: FilledParts,
    sight: Seen,
    queue: Annotated[str | None, Query(max_length=200, description="only for this queue, short or not")] = None,
    region: Annotated[str | None, Query(max_length=64, description="only for queues of this region")] = None,
    taker: Annotated[Site, Query(description="only for queues of this site")] = None,
    giver: Annotated[Site, Query(description="only from this site")] = None,
    skill: Annotated[str | None, Query(max_length=200, description="only for queues of this skill")] = None,
    stay_min: Annotated[
        float, Query(ge=0, le=720, description="who is planned off work within so many minutes is not counted")
    ] = 30,
    minimum: Annotated[int, Query(ge=0, le=1000, description="agents who stay on every queue of the giver")] = 2,
) -> Suggestions:
    """Who can give how many agents with which skills to whom now, and what it costs the giver; best first.

    Between the sites that you see; who sees only some teams is told of surplus and shortage (`balance`) alone.
    """
    floor = situation(parts.hub.board)
    if queue is not None and not (queue in floor.queues and sight.sees_site(floor.queues[queue].site)):
        raise Refusal(404, "no_such_queue", f"There is no queue {queue!r} with numbers. GET /v1/tiles lists them.")
    region = None if region is None else region.removeprefix(REGION)
    seen = frozenset(one.site for one in floor.queues.values() if sight.sees_site(one.site))
    wanted = Wanted(queue, giver, taker, region, skill, sites=seen, names=sight.teams is None)
    return await asyncio.to_thread(suggest, floor, wanted, Terms(round(stay_min * 60_000), minimum))
