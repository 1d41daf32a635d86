"""REST: moves of agents between centres, and their ledger."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.api.domain.lists import Moves
from services.api.domain.orders import Done, MoveOrder, Order, ReasonOrder, ReturnOrder, new_id
from services.api.domain.staffing.inputs import situation
from services.api.domain.staffing.suggestions import sides
from services.api.routes import orders
from services.api.routes.listing import entries_of, listed, one_of
from services.api.routes.orders import AtDesk
from services.api.routes.parts import FilledParts, Refusal, Seen, problems
from services.contracts.moves import OPEN_STATES, MoveTerms, MoveView, SideExpectation

router = APIRouter(prefix="/v1/moves", responses=problems(401), tags=["moves"])

MoveId = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$")]


@router.get("", response_model=Moves, responses=problems(422, 503))
async def moves(
    parts: FilledParts,
    sight: Seen,
    open_: Annotated[bool | None, Query(alias="open", description="only those that are open, or that are over")] = None,
) -> Response:
    """Moves from or to the sites that you see, by id. Those that are over are the ledger."""
    held = parts.hub.board.desk
    found = entries_of(parts, "move", sight)
    if open_ is not None:
        chosen = {
            entry.id
            for entry in found
            if isinstance(move := held.get("move", entry.id), MoveView) and (move.state in OPEN_STATES) == open_
        }
        found = [entry for entry in found if entry.id in chosen]
    return listed(b"moves", found)


@router.get("/{move_id}", response_model=MoveView, responses=problems(404, 422, 503))
async def move(move_id: MoveId, parts: FilledParts, sight: Seen) -> Response:
    """One move; its revision is its ETag."""
    return one_of(parts, "move", move_id, sight)


@router.post("", response_model=Done, responses=orders.answers())
async def propose(desk: AtDesk, body: MoveOrder) -> Response:
    """Ask a site for agents. The move's id is in the answer's `view`."""
    if len(set(body.agents)) != len(body.agents):
        raise Refusal(422, "invalid", "body.agents: an agent is named twice")
    terms = MoveTerms(
        giver=body.giver, taker=body.queue.partition("/")[0], queue=body.queue,
        agents=body.agents, until=body.until, reason=body.reason, expected=_expected(desk, body),
    )  # fmt: skip
    return await desk.do("propose_move", new_id("move", desk.id), places=(terms.taker,), terms=terms)


def _expected(desk: AtDesk, body: MoveOrder) -> tuple[SideExpectation, ...]:
    """What the model expects of both sides, the taker first; of sites that the proposer does not see as well."""
    floor = situation(desk.parts.hub.board)
    if body.queue not in floor.queues:
        return ()
    taker, others = sides(floor, body.queue, body.agents)
    return (taker, *(side for side in others if floor.queues[side.queue].site == body.giver))


@router.post("/{move_id}/accept", response_model=Done, responses=orders.answers())
async def accept(move_id: MoveId, desk: AtDesk, body: Order | None = None) -> Response:
    """The giving site agrees."""
    return await desk.do("accept_move", move_id, expected=None if body is None else body.expected)


@router.post("/{move_id}/decline", response_model=Done, responses=orders.answers())
async def decline(move_id: MoveId, desk: AtDesk, body: ReasonOrder | None = None) -> Response:
    """The giving site does not."""
    body = body or ReasonOrder()
    return await desk.do("decline_move", move_id, expected=body.expected, reason=body.reason)


@router.post("/{move_id}/cancel", response_model=Done, responses=orders.answers())
async def cancel(move_id: MoveId, desk: AtDesk, body: ReasonOrder | None = None) -> Response:
    """Take back a proposal, or a move that is accepted but not yet effective."""
    body = body or ReasonOrder()
    return await desk.do("cancel_move", move_id, expected=body.expected, reason=body.reason)


@router.post("/{move_id}/return", response_model=Done, responses=orders.answers())
async def return_(move_id: MoveId, desk: AtDesk, body: ReturnOrder | None = None) -> Response:
    """The agents go back, or one of them."""
    body = body or ReturnOrder()
    return await desk.do("return_move", move_id, expected=body.expected, agent=body.agent)
