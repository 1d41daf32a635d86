"""Health: alive, ready, telemetry. Open to all who can reach the port; they say nothing about the floor."""

from fastapi import APIRouter, Response

from services.api.domain.answers import Alive, Health
from services.api.routes.parts import AllParts

router = APIRouter()


@router.get("/live")
async def live() -> Alive:
    """The process runs and answers."""
    return Alive()


@router.get("/ready", responses={503: {"model": Health}})
async def ready(parts: AllParts, response: Response) -> Health:
    """Redis is followed, and what it holds has been read."""
    reasons = parts.hub.unready
    if reasons:
        response.status_code = 503
    return Health(ready=not reasons, reasons=reasons)


@router.get("/telemetry", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def telemetry(parts: AllParts) -> Response:
    """Process metrics in Prometheus text."""
    return Response(parts.telemetry(), media_type="text/plain; version=0.0.4; charset=utf-8")
