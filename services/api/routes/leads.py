"""REST: when team leads are told of their agents."""

from fastapi import APIRouter, Response

from services.api.domain.orders import Done
from services.api.routes import orders
from services.api.routes.orders import AtDesk
from services.api.routes.parts import FilledParts, SignedIn, problems
from services.contracts.adherence import AdherenceLimits, AdherenceLimitsView

router = APIRouter(prefix="/v1/adherence/limits", responses=problems(401), tags=["adherence"])

TARGET = "adherence"


@router.get("", responses=problems(503))
async def limits(parts: FilledParts, _: SignedIn, response: Response) -> AdherenceLimitsView:
    """How long something lasts before an adherence alert; the revision is the ETag."""
    found = parts.hub.board.desk.get("limits", TARGET)
    view = found if isinstance(found, AdherenceLimitsView) else AdherenceLimitsView()
    response.headers["etag"] = f'"{view.revision}"'
    return view


@router.put("", response_model=Done, responses=orders.answers())
async def put_limits(desk: AtDesk, body: AdherenceLimits) -> Response:
    """Change them, the whole of it (If-Match: the revision that you edited). They hold at once, without a restart."""
    return await desk.do("put_adherence_limits", TARGET, places=(None,), limits=body)
