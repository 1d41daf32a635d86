"""Wiring of the API service, and its run."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator

import redis.asyncio
import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from services.api.accounts import Accounts
from services.api.backtests import Backtests
from services.api.domain.answers import Problem
from services.api.door import Door
from services.api.evidence import Evidence
from services.api.feed import Changes
from services.api.floor import Descriptions
from services.api.forecasts import Forecasts
from services.api.guard import Doorkeeper, Guard
from services.api.hub import Hub
from services.api.letters import DeadLetters
from services.api.passwords import Passwords
from services.api.plan_journal import PlanJournal
from services.api.routes import (
    accounts,
    alerts,
    backtest,
    channels,
    days,
    dead_letters,
    description,
    devices,
    evidence,
    floor,
    forecasts,
    health,
    journal,
    leads,
    live,
    moves,
    pages,
    people,
    plan_report,
    plans,
    rest,
    rules,
    sign_in,
    silences,
    staffing,
    timelines,
    yaml_text,
)
from services.api.routes.parts import Parts, Refusal, problems
from services.api.settings import ApiSettings
from services.api.staff_log import StaffLog
from services.api.store import Store
from services.api.telemetry import Telemetry
from services.api.throttle import Throttle
from services.api.wire import LiveProtocol
from services.runtime import parent
from services.runtime.ending import UNAVAILABLE, end_now
from services.runtime.logs import get_logger
from services.runtime.redis import client

GRACE_S = 2
CANCEL_AGAIN_S = 0.5
BACKLOG = 2048
"""Sockets that may come at once: after a restart every wall comes back within a second or two."""
BAD_REQUEST = 400
CODES_PER_MINUTE = 30
CLAIMS_PER_MINUTE = 600
"""Of one address, behind which many walls may stand."""
LONGEST_CLIENT_MESSAGE = 64 * 1024


def application(parts: Parts) -> FastAPI:
    """The web application. The hub's tasks are run by whoever runs it."""
    app = FastAPI(
        title="Floorwatch",
        description="Live state of call-centre floors. Updates come over the WebSocket `/v1/live`.",
        version="1",
        openapi_url=None,  # routes/description.py answers it from a thread
        responses=problems(403, 429),
    )
    app.state.parts = parts
    app.add_middleware(Doorkeeper, host_names=parts.settings.host_names)
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _not_understood)
    app.add_exception_handler(redis.asyncio.RedisError, _away)
    app.add_exception_handler(OSError, _away)
    desk = (alerts, silences, rules, backtest, yaml_text, plans, plan_report, moves, journal, leads, channels)
    doors = (sign_in, accounts, devices)
    looks = (rest, days, forecasts, people, timelines, staffing, evidence, dead_letters, floor)
    for routes in (health, description, *looks, *desk, live, *doors):
        app.include_router(routes.router)
    app.include_router(sign_in.links)
    app.include_router(pages.router)
    return app


def _problem(status: int, problem: Problem, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse(problem.model_dump(), status_code=status, headers=headers)


async def _refusal(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)  # registered for nothing else
    return _problem(refusal.status, refusal.problem, refusal.headers)


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # registered for nothing else
    said = "; ".join(f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors())
    return _problem(422, Problem(code="invalid", message=said))


async def _not_understood(_: Request, error: Exception) -> Response:
    """The framework's own answers: no such address or method; a body that is not even text."""
    assert isinstance(error, HTTPException)  # registered for nothing else
    if error.status_code == BAD_REQUEST:
        return _problem(422, Problem(code="invalid", message="body: this is no JSON in UTF-8"))
    message = f"{error.detail}. GET /openapi.json lists what there is."
    return _problem(error.status_code, Problem(code="no_such_address", message=message), dict(error.headers or {}))


async def _away(_: Request, error: Exception) -> Response:
    get_logger().warning("Redis did not answer a request", error=str(error))
    return _problem(503, Problem(code="redis_away", message="Redis does not answer. Ask again."), {"retry-after": "1"})


class _Server(uvicorn.Server):
    """uvicorn in a loop of ours: signals are ours too, so that a stop ends with code 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        self.should_exit = True


def _listen(settings: ApiSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host.strip("[]"), settings.api_port), family=family, backlog=BACKLOG)
    except OSError as error:
        end_now(
            f"port {settings.api_port} can't be had ({error}): choose another with FLOORWATCH_API_PORT",
            code=UNAVAILABLE,
        )


async def run(settings: ApiSettings) -> None:
    """Serve until SIGTERM or SIGINT."""
    listener = _listen(settings)
    connection = client(settings)
    store = Store(connection, settings.names, partitions=settings.partitions)
    changes = Changes(connection, settings.names.changes_channel)
    hub = Hub(settings, store, changes)
    log = Evidence(settings, most_bytes=settings.evidence_mb * 1_000_000)
    staff_log = StaffLog(settings, silent_ms=round(settings.metrics_silent_s * 1000))
    backtests = Backtests(settings, within_s=settings.backtest_within_s)
    described = Descriptions(settings, store)
    expected = Forecasts(settings)
    letters = DeadLetters(settings, most_bytes=settings.evidence_mb * 1_000_000)
    door = Door(settings, store, answer_within_s=settings.answer_within_s)
    hub.on_outcome = door.hear
    known = Accounts(settings, store)
    guard = Guard(settings, known.registry)
    known.on_change = guard.look_again
    if not guard.is_open:
        hub.accounts_known = lambda: known.known
    throttle = Throttle(
        requests=settings.requests_per_minute,
        attempts_as=settings.attempts_per_minute,
        failures_from=4 * settings.attempts_per_minute,
        codes_from=CODES_PER_MINUTE,
        claims_from=CLAIMS_PER_MINUTE,
    )
    text = Telemetry(hub, store, changes).text
    parts = Parts(
        settings, store, hub, log, staff_log, backtests, door, guard, known, Passwords(), throttle, letters,
        PlanJournal(settings), described, expected, text,
    )  # fmt: skip
    server = _Server(
        uvicorn.Config(
            application(parts),
            ws=LiveProtocol,
            ws_max_size=LONGEST_CLIENT_MESSAGE,
            ws_per_message_deflate=False,  # one compressor per socket: frames could not be shared
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
        )
    )
    tasks = [
        asyncio.create_task(work, name=name)
        for name, work in (
            ("read", hub.read()),
            ("write", hub.write()),
            ("accounts", known.run()),
            ("topology", described.run()),
            ("forecasts", expected.run()),
            ("sessions", guard.keep_looking()),
            ("parent", parent.end_with(settings.parent_pid)),
        )
    ]
    for task in tasks:
        task.add_done_callback(lambda done: _stop_if_failed(done, server))
    try:
        get_logger().info("listening", address=f"http://{settings.host}:{settings.api_port}", open=parts.guard.is_open)
        await server.serve(sockets=[listener])
    finally:
        await _end(tasks)
        await backtests.close()
        await door.close()
        await known.close()
        await described.close()
        await expected.close()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        await connection.aclose()
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome


async def _end(tasks: "list[asyncio.Task[None]]") -> None:
    """Cancel until they are done: a cancellation that comes as a read's time runs out may be taken for that."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)


def _stop_if_failed(task: "asyncio.Task[None]", server: uvicorn.Server) -> None:
    """A hub that has ended serves nothing but the past: end the process and let it be started again."""
    if not task.cancelled() and task.exception() is not None:
        get_logger().error("a part of the API failed, stopping", part=task.get_name(), exc_info=task.exception())
        server.should_exit = True
