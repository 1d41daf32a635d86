"""REST: whether a contingency plan fires so often that it is a fault of planning."""

import asyncio
from datetime import date as Date  # noqa: N812  # `date` is the name of a field
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from services.api.domain.board import Board
from services.api.domain.days import local_date
from services.api.domain.staffing.answers import PlanReport
from services.api.domain.staffing.inputs import promise_of
from services.api.domain.staffing.report import plan_report
from services.api.pen import LogAwayError
from services.api.routes.listing import no_such
from services.api.routes.parts import FilledParts, Seen, log_away, problems
from services.api.routes.plans import PlanId
from services.contracts.alerts import Scope
from services.contracts.contingency import PlanView
from services.contracts.metrics import Interval
from services.contracts.staffing import Promise

router = APIRouter(prefix="/v1/plans", responses=problems(401), tags=["plans"])


@router.get("/{plan_id}/report", responses=problems(404, 422, 503))
async def report(
    plan_id: PlanId,
    parts: FilledParts,
    sight: Seen,
    days: Annotated[int, Query(ge=1, le=60, description="local days, today included")] = 14,
) -> PlanReport:
    """At which half-hours the plan was proposed or active, on how many days, and how many agents these lack."""
    board = parts.hub.board
    view = board.desk.get("plan", plan_id)
    if not isinstance(view, PlanView) or not sight.sees_site(board.desk.place(view)):
        raise no_such("plan", plan_id)
    queues = _queues(board, view.definition.scope)
    sites = {queue.partition("/")[0] for queue in queues}
    timezone = board.directory.site(next(iter(sites))).timezone if len(sites) == 1 else "UTC"
    try:
        steps, is_whole = await parts.plan_journal.steps(plan_id)
    except LogAwayError as error:
        raise log_away(error, retry_after="2") from None
    tiles = [tile for queue in queues if (tile := board.tiles.held.get(queue)) is not None]
    now = max([*(tile.as_of for tile in tiles), *(step.at for step in steps)], default=0)
    dates = _dates(now, timezone, days)
    if steps and not is_whole:
        oldest = local_date(min(step.at for step in steps), timezone)
        dates = [date for date in dates if date >= oldest]
    found = await parts.store.days([(queue, date) for queue in queues for date in dates])
    halves = [half for day in found for half in day if isinstance(half, Interval)]

    def held_to(queue: str) -> Promise:
        described, tile = board.directory.queue(queue), board.tiles.held.get(queue)
        percent = described.target_percent if tile is None else tile.target_percent
        definition = described.definition if tile is None else tile.definition
        return promise_of(board.target_of(queue), percent, described, definition)

    promises = {queue: held_to(queue) for queue in queues}
    return await asyncio.to_thread(
        plan_report, plan_id, steps, halves, promises.__getitem__, timezone=timezone, now=now
    )  # fmt: skip


def _queues(board: Board, scope: Scope) -> list[str]:
    match = scope.match.strip()
    if scope.kind == "queue":
        return [match] if match in board.queues_of(None) else []
    if scope.kind == "all":
        return board.queues_of(None)
    return board.queues_of(board.sites_of_region(match) if scope.kind == "region" else {match})


def _dates(now: int, timezone: str, days: int) -> list[str]:
    today = Date.fromisoformat(local_date(now, timezone)) if now else None
    return [] if today is None else [(today - timedelta(days=back)).isoformat() for back in range(days)]
