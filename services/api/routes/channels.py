"""REST: notification channels, what was told over them, and a test. For administrators of the whole installation."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from services.api.domain.lists import Channels, Deliveries
from services.api.domain.orders import Done
from services.api.routes import orders
from services.api.routes.administration import permit
from services.api.routes.listing import no_such
from services.api.routes.orders import AtDesk
from services.api.routes.parts import FilledParts, SignedIn, problems
from services.contracts.notify import DeliveryState
from services.contracts.topology import Id

router = APIRouter(prefix="/v1", responses=problems(401, 403), tags=["channels"])


def _administrator(who: SignedIn) -> None:
    permit(who, "channels")


ForAdministrators = Depends(_administrator)


@router.get("/channels", responses=problems(503), dependencies=[ForAdministrators])
async def channels(parts: FilledParts) -> Channels:
    """The channels of the settings, by id. Their secrets and addresses that hold one are shown nowhere."""
    return Channels(channels=await parts.store.channels())


@router.get("/deliveries", responses=problems(422, 503), dependencies=[ForAdministrators])
async def deliveries(
    parts: FilledParts,
    channel: Annotated[str | None, Query(max_length=64, description="only over this channel")] = None,
    state: Annotated[DeliveryState | None, Query(description="only in this state")] = None,
    subject: Annotated[str | None, Query(max_length=500, description="only about this alert, plan or move")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Deliveries:
    """What was told, or was to be, newest first: of the last 1,000."""
    found = [
        one
        for one in await parts.store.deliveries()
        if channel in {None, one.channel} and state in {None, one.state} and subject in {None, one.notice.subject}
    ]
    return Deliveries(deliveries=tuple(found[:limit]))


@router.post("/channels/{channel_id}/test", response_model=Done, responses=orders.answers())
async def test(channel_id: Annotated[Id, Path()], desk: AtDesk) -> Response:
    """Send a test. What becomes of it stands among the deliveries: `test|ID of the command|CHANNEL`."""
    if await desk.parts.store.channel(channel_id) is None:
        raise no_such("channel", channel_id)
    return await desk.do("try_channel", channel_id, places=(None,))
