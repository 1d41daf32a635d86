"""Health: alive, ready, telemetry. Open to all who can reach the port; they say nothing about the floor."""

import asyncio

from fastapi import APIRouter, Response

from services.api.domain.answers import Alive, Build, Health
from services.api.domain.build import build_of
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


@router.get("/v1/build")
async def build(parts: AllParts, response: Response) -> Build:
    """The build of the pages that is served now; screens that hang for weeks load themselves anew after a release."""
    response.headers["cache-control"] = "no-store"
    index = parts.settings.pages_dir / "index.html"
    try:
        return Build(build=build_of(await asyncio.to_thread(index.read_text, encoding="utf-8")))
    except OSError:
        return Build(build="")


@router.get("/telemetry", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def telemetry(parts: AllParts) -> Response:
    """Process metrics in Prometheus text."""
    return Response(parts.telemetry(), media_type="text/plain; version=0.0.4; charset=utf-8")
