"""REST about what is expected of a queue."""

from datetime import date as Date  # noqa: N812  # `date` is the name of the parameter
from typing import Annotated

from fastapi import APIRouter, Query

from services.api.domain import answers
from services.api.domain.forecasts import forecast_of
from services.api.routes.parts import FilledParts, Parts, Refusal, Seen, problems
from services.api.routes.scopes import Members, members_of
from services.contracts.topology import ScopedId

router = APIRouter(prefix="/v1", responses=problems(401))


def forecast_in(parts: Parts, members: Members, scope: str, date: Date) -> answers.Forecast | None:
    """What is expected of a scope's day. None: forecasts have not been read from Kafka yet."""
    if not parts.forecasts.known:
        return None
    directory = parts.hub.board.directory
    return forecast_of(
        scope,
        date.isoformat(),
        members.queues,
        parts.forecasts.book,
        lambda queue: directory.site(queue.partition("/")[0]).timezone,
        by_local_time=members.by_local_time,
    )


@router.get("/forecasts", responses=problems(404, 422, 503))
async def forecast(
    parts: FilledParts,
    sight: Seen,
    queue: Annotated[ScopedId, Query(description="site/name")],
    date: Annotated[Date, Query(description="local day of its site")],
) -> answers.Forecast:
    """What is expected of a queue's local day: contacts offered, AHT and agents required by half-hour.

    No half-hours: nobody has brought a forecast of that day.
    """
    members = members_of(parts, sight, queue)
    if members.level != "queue":
        raise Refusal(404, "no_such_queue", f"{queue!r} is no queue. GET /v1/topology lists those there are.")
    found = forecast_in(parts, members, queue, date)
    if found is None:
        raise Refusal(503, "not_ready", "Forecasts have not been read from Kafka yet. Ask again.", retry_after="1")
    return found
