"""OpenAPI. Making the document takes a second or more of work: a thread does it, once, while others are answered."""

import asyncio
import json

from fastapi import APIRouter, FastAPI, Request, Response

from services.api.routes.listing import json_answer

router = APIRouter(include_in_schema=False)


@router.get("/openapi.json")
async def openapi(request: Request) -> Response:
    """What may be asked here, and how it is answered."""
    state = request.app.state
    if not hasattr(state, "openapi"):
        state.openapi = asyncio.create_task(asyncio.to_thread(_document, request.app), name="openapi")
    return json_answer(await asyncio.shield(state.openapi))


def _document(app: FastAPI) -> bytes:
    return json.dumps(app.openapi(), ensure_ascii=False, separators=(",", ":")).encode()
