"""Every service answers GET /live, /ready and /telemetry. The API and ingest add `routes` to their own application."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterator, Mapping

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.runtime.ending import UNAVAILABLE, end_now
from services.runtime.telemetry import READY

Check = Callable[[], str | None]
"""Answers None when all is well, else the reason why not, for people."""


class Health:
    """Named checks. The service is ready when none of them has a reason against it."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        """Take the checks in the order in which their reasons are shown."""
        self._checks = checks

    def reasons(self) -> dict[str, str]:
        """Name of each check that fails → why."""
        found = {name: reason for name, check in self._checks.items() if (reason := check()) is not None}
        READY.set(not found)
        return found

    @property
    def routes(self) -> list[Route]:
        """Routes for a Starlette or FastAPI application."""
        return [Route("/live", _live), Route("/ready", self._ready), Route("/telemetry", self._telemetry)]

    async def _ready(self, _: Request) -> Response:
        """200 {"ready": true, "reasons": {}}, or 503 with the reasons by name of the check."""
        reasons = self.reasons()
        return JSONResponse({"ready": not reasons, "reasons": reasons}, status_code=503 if reasons else 200)

    async def _telemetry(self, _: Request) -> Response:
        self.reasons()
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _live(_: Request) -> Response:
    """200 as long as the event loop turns."""
    return JSONResponse({"live": True})


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the service."""
        yield


class HealthServer:
    """Serves the three addresses from the running event loop."""

    def __init__(self, health: Health, host: str, port: int, *, variable: str) -> None:
        """Take the port at once.

        Args:
            health: what is served.
            host: address to listen on.
            port: the port.
            variable: the setting that chooses another port, for the message if this one is taken.
        """
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
        except OSError as error:
            end_now(f"port {port} can't be had ({error}): choose another with {variable}", code=UNAVAILABLE)
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
        config = uvicorn.Config(
            Starlette(routes=health.routes),
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to answer."""
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))

    async def stop(self) -> None:
        """Answer no more."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task
