"""REST: contingency plans, and climbing and leaving their ladders."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.api.domain.desk import place_of_scope
from services.api.domain.lists import Plans
from services.api.domain.orders import ActionOrder, ActivateOrder, Done, ReasonOrder, StandDownOrder
from services.api.routes import orders
from services.api.routes.listing import entries_of, listed, one_of
from services.api.routes.orders import AtDesk
from services.api.routes.parts import FilledParts, Refusal, Seen, problems
from services.contracts.contingency import PlanDefinition, PlanView

router = APIRouter(prefix="/v1/plans", responses=problems(401), tags=["plans"])

PlanId = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$")]
ActionId = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$")]


@router.get("", response_model=Plans, responses=problems(503))
async def plans(parts: FilledParts, sight: Seen) -> Response:
    """Every plan and where it stands, by id."""
    return listed(b"plans", entries_of(parts, "plan", sight))


@router.get("/{plan_id}", response_model=PlanView, responses=problems(404, 422, 503))
async def plan(plan_id: PlanId, parts: FilledParts, sight: Seen) -> Response:
    """One plan; its revision is its ETag."""
    return one_of(parts, "plan", plan_id, sight)


@router.put("/{plan_id}", response_model=Done, responses=orders.answers())
async def put_plan(plan_id: PlanId, desk: AtDesk, body: PlanDefinition) -> Response:
    """Make a plan, or change it (If-Match: the revision that you edited)."""
    if body.id != plan_id:
        raise Refusal(422, "invalid", f"body.id: must be {plan_id!r}, as in the address")
    place = place_of_scope(body.scope, desk.parts.hub.board.sites_of_region)
    return await desk.do("put_plan", plan_id, places=(place,), plan=body)


@router.delete("/{plan_id}", response_model=Done, responses=orders.answers())
async def remove_plan(plan_id: PlanId, desk: AtDesk) -> Response:
    """Remove a plan; one that is active is stood down first."""
    return await desk.do("remove_plan", plan_id)


@router.post("/{plan_id}/activate", response_model=Done, responses=orders.answers())
async def activate(plan_id: PlanId, desk: AtDesk, body: ActivateOrder) -> Response:
    """Go to a level, proposed or not."""
    return await desk.do("activate_plan", plan_id, expected=body.expected, level=body.level, cause=body.cause)


@router.post("/{plan_id}/decline", response_model=Done, responses=orders.answers())
async def decline(plan_id: PlanId, desk: AtDesk, body: ReasonOrder | None = None) -> Response:
    """Not now: what is proposed is not proposed again in this episode."""
    body = body or ReasonOrder()
    return await desk.do("decline_plan", plan_id, expected=body.expected, reason=body.reason)


@router.post("/{plan_id}/actions/{action_id}", response_model=Done, responses=orders.answers())
async def action(plan_id: PlanId, action_id: ActionId, desk: AtDesk, body: ActionOrder | None = None) -> Response:
    """An action of an active level is done, or was left out; with `undo`, what takes it back."""
    body = body or ActionOrder()
    return await desk.do(
        "complete_action", plan_id, expected=body.expected, action=action_id, result=body.result, note=body.note,
        undo=body.undo,
    )  # fmt: skip


@router.post("/{plan_id}/stand-down", response_model=Done, responses=orders.answers())
async def stand_down(plan_id: PlanId, desk: AtDesk, body: StandDownOrder | None = None) -> Response:
    """Go back to a lower level, or leave the plan."""
    body = body or StandDownOrder()
    return await desk.do(
        "stand_down", plan_id, expected=body.expected, to_level=body.to_level, reason=body.reason
    )  # fmt: skip
