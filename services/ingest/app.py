"""The HTTP service: routes, health, heartbeats of the feeds that POST."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from services.ingest.domain.admission import Admission
from services.ingest.domain.feed_clocks import FeedClocks
from services.ingest.domain.plans.posts import ExceptionBody, ForecastBody, ScheduleBody
from services.ingest.domain.posts import PostBody
from services.ingest.domain.pseudonym import pseudonyms
from services.ingest.keys import pseudonym_key
from services.ingest.known import Known
from services.ingest.outlet import Outlet
from services.ingest.programs import Programs
from services.ingest.settings import IngestSettings
from services.ingest.sources.discovery import Discovery
from services.ingest.sources.http import Desk, router
from services.ingest.sources.plans_http import PlanDesk, plans_router
from services.runtime.health import Health
from services.runtime.logs import get_logger

FEED = "http"
PROBE_EVERY_S = 5.0


class PortTakenError(RuntimeError):
    """Another process has the port."""


class _Server(uvicorn.Server):
    """uvicorn, with signals left to the process that it runs in."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(settings: IngestSettings) -> None:
    """Serve until cancelled.

    Raises:
        PortTakenError: the port is taken.
    """
    listener = _listen(settings)
    async with Outlet(settings, feed=FEED) as outlet:
        clocks = FeedClocks(silent_after_s=settings.ingest_silent_after_s)
        desk = Desk(
            settings=settings, outlet=outlet, pseudonym=pseudonyms(pseudonym_key(settings)), clocks=clocks,
            admission=Admission(settings.ingest_rate_per_s), discovery=Discovery(outlet),
        )  # fmt: skip
        programs = Programs(settings)
        desk.admits = programs.admits
        server = _Server(
            uvicorn.Config(build(desk), log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=3)
        )
        helpers = [asyncio.create_task(work) for work in (_beat(desk), _probe(outlet), programs.run())]
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        get_logger().info("taking events", address=f"http://{settings.host}:{settings.ingest_port}/v1/events")
        try:
            await asyncio.wait([serving, *helpers], return_when=asyncio.FIRST_COMPLETED)
            for helper in helpers:
                if helper.done():
                    helper.result()
        finally:
            server.should_exit = True
            with suppress(TimeoutError):
                await asyncio.wait_for(serving, settings.ingest_kafka_wait_s + 1)
            for helper in helpers:
                helper.cancel()


def build(desk: Desk) -> FastAPI:
    """The application."""
    app = FastAPI(title="Floorwatch ingest", version="1", description="Bring your ACD's events to Floorwatch.")
    app.include_router(router(desk))
    app.include_router(plans_router(desk, PlanDesk(desk, Known(desk.settings))))

    health = Health({"kafka": lambda: None if desk.outlet.connected else "Kafka does not answer"})
    app.router.routes.extend(health.routes)
    app.openapi = lambda: openapi(app)  # type: ignore[method-assign]  # FastAPI's documented way to extend it
    return app


def openapi(app: FastAPI) -> dict[str, Any]:
    """The schema, with the bodies of POSTs, which the routes read themselves."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        components = schema["components"]["schemas"]
        for name, adapter in (
            ("PostBody", PostBody),
            ("ScheduleBody", ScheduleBody),
            ("ExceptionBody", ExceptionBody),
            ("ForecastBody", ForecastBody),
        ):
            body = adapter.json_schema(ref_template="#/components/schemas/{model}")
            components.update(body.pop("$defs"))
            components[name] = body
        app.openapi_schema = schema
    return app.openapi_schema


async def _beat(desk: Desk) -> None:
    while True:
        await asyncio.sleep(desk.settings.ingest_heartbeat_s)
        if desk.outlet.away:
            continue  # a heartbeat that comes late says nothing; the next one will
        for source, site, at in list(desk.clocks.due(time.monotonic(), round(time.time() * 1000))):
            await desk.outlet.heartbeat(site, at, 1.0, source=source, ahead_ms=desk.clocks.ahead_ms(source, site))


async def _probe(outlet: Outlet) -> None:
    while True:
        await outlet.probe()
        await asyncio.sleep(PROBE_EVERY_S)


def _listen(settings: IngestSettings) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.ingest_port))
    except OSError as error:
        listener.close()
        raise PortTakenError(
            f"can't listen on {settings.host}:{settings.ingest_port} ({error.strerror}); "
            "choose another port with FLOORWATCH_INGEST_PORT"
        ) from None
    return listener
