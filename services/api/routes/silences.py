"""REST: silences. What matches is not told until the silence ends; it stays visible."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.api.domain.desk import place_of_matchers
from services.api.domain.lists import Silences
from services.api.domain.orders import Done, SilenceOrder, new_id
from services.api.routes import orders
from services.api.routes.listing import entries_of, listed, one_of
from services.api.routes.orders import AtDesk
from services.api.routes.parts import FilledParts, Seen, problems
from services.contracts.alerts import Silence

router = APIRouter(prefix="/v1/silences", responses=problems(401), tags=["silences"])

SilenceId = Annotated[str, Path(min_length=1, max_length=64)]


@router.get("", response_model=Silences, responses=problems(503))
async def silences(parts: FilledParts, sight: Seen) -> Response:
    """Those that last, and those that ended lately."""
    return listed(b"silences", entries_of(parts, "silence", sight))


@router.get("/{silence_id}", response_model=Silence, responses=problems(404, 422, 503))
async def silence(silence_id: SilenceId, parts: FilledParts, sight: Seen) -> Response:
    """One silence; its revision is its ETag."""
    return one_of(parts, "silence", silence_id, sight)


@router.post("", response_model=Done, responses=orders.answers())
async def put_silence(desk: AtDesk, body: SilenceOrder) -> Response:
    """Silence what matches all of the globs, until then. Its id is in the answer's `view`."""
    place = place_of_matchers((matcher.name, matcher.match) for matcher in body.matchers)
    return await desk.do(
        "silence", new_id("silence", desk.id), places=(place,),
        matchers=body.matchers, until=body.until, reason=body.reason,
    )  # fmt: skip


@router.delete("/{silence_id}", response_model=Done, responses=orders.answers())
async def end_silence(silence_id: SilenceId, desk: AtDesk) -> Response:
    """End it now."""
    return await desk.do("end_silence", silence_id)
