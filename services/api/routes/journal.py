"""REST: what people did at the desk, and what became of one command."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response

from services.api.domain.actors import actor_of, may
from services.api.domain.journal import place_of_entry, subject_of
from services.api.domain.lists import Journal
from services.api.domain.orders import Done
from services.api.routes import orders
from services.api.routes.orders import AtDesk, waiting
from services.api.routes.parts import FilledParts, Refusal, Seen, SignedIn, problems
from services.contracts.accounts import AccountStep
from services.contracts.desk import CommandId, Outcome
from services.contracts.floor_steps import FloorStep

router = APIRouter(prefix="/v1", responses=problems(401), tags=["journal"])


@router.get("/journal", responses=problems(422, 503))
async def journal(  # noqa: PLR0917  # parameters of the address
    parts: FilledParts,
    who: SignedIn,
    sight: Seen,
    kind: Annotated[
        Literal["outcome", "plan_step", "move_step", "account_step", "floor_step"] | None,
        Query(description="only these"),
    ] = None,
    subject: Annotated[
        str | None,
        Query(max_length=500, description="only about this: `kind|id`, such as `move|move-1f`, or a kind alone"),
    ] = None,
    by: Annotated[str | None, Query(max_length=64, description="only what this person did")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Journal:
    """The newest entries first: commands and what the desk said, steps of plans, moves, accounts and the floor."""
    board = parts.hub.board
    entries = []
    for entry in await parts.store.journal():
        about = subject_of(entry)
        name = entry.command.by.name if isinstance(entry, Outcome) else entry.by
        if kind not in {None, entry.kind} or by not in {None, name}:
            continue
        if subject is not None and subject not in {about, about.partition("|")[0]}:
            continue
        if isinstance(entry, AccountStep | FloorStep) and not may(actor_of(who), "accounts", None):
            continue
        if sight.sees_site(place_of_entry(entry, board.desk.get, board.sites_of_region)):
            entries.append(entry)
            if len(entries) == limit:
                break
    return Journal(entries=tuple(entries))


@router.get("/commands/{command_id}", response_model=Done, responses=orders.answers())
async def command(command_id: Annotated[CommandId, Path()], desk: AtDesk) -> Response:
    """What became of a command of yours: answered as the command itself was, or 202 while it has no answer."""
    found = await desk.parts.door.known(command_id)
    by = None if found is None else found.command.by if isinstance(found, Outcome) else found.by
    if found is None or by is None or by.name != desk.by.name:
        message = (
            f"No command {command_id!r} of yours has been answered within the last day. If you are not sure that it "
            "was sent, send it again with the same Idempotency-Key: it is done once."
        )
        raise Refusal(404, "unknown_command", message)
    return await desk.tell(found) if isinstance(found, Outcome) else waiting(command_id)
