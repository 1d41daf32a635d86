"""`POST /v1/events`: how any ACD is attached. Answers when Kafka has the events."""

import asyncio
import hashlib
import hmac
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple

import pydantic_core
from fastapi import APIRouter, Request, Response, Security
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from pydantic import Field

from services.contracts.events import AnyEvent
from services.contracts.letters import DeadLetter
from services.contracts.topology import Contract
from services.ingest import telemetry
from services.ingest.domain.admission import Admission
from services.ingest.domain.edge import clock_key, to_wire
from services.ingest.domain.feed_clocks import FeedClocks
from services.ingest.domain.posts import Problem, Reading, read
from services.ingest.domain.pseudonym import Pseudonym
from services.ingest.domain.rows import unnamed
from services.ingest.outlet import Outlet, OutletClosedError
from services.ingest.settings import IngestSettings
from services.ingest.sources.discovery import Discovery
from services.ingest.sources.rejects import masked

RETRY_KAFKA_S = 5
RETRY_BUSY_S = 1
PROBLEMS_SHOWN = 100


class Accepted(Contract):
    """What became of a POST. Accepted events are on Kafka; rejected ones are listed and on the dead letters topic."""

    accepted: int = Field(description="events that Kafka has")
    rejected: int = Field(description="items that could not be used")
    errors: tuple[Problem, ...] = Field(default=(), description="what is wrong with them; the first 100")


class Judged(NamedTuple):
    """What became of the items of a body."""

    accepted: int
    refused: int
    problems: list[Problem]


class Refusal(Contract):
    """Why a POST was refused as a whole; nothing of it was kept."""

    message: str


class RefusedError(Exception):
    """A POST that ends here."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


@dataclass(slots=True)
class Desk:
    """What the route works with.

    Attributes:
        settings: limits and keys.
        outlet: where events go.
        pseudonym: hides customers.
        clocks: clocks of the feeds.
        admission: how much each key may send.
        discovery: describes queues that nobody has described.
        admits: whether a key that an administrator made may send events, at a moment (epoch ms).
        wall_s: seconds since the epoch.
        monotonic_s: a clock that only goes forward.
    """

    settings: IngestSettings
    outlet: Outlet
    pseudonym: Pseudonym
    clocks: FeedClocks
    admission: Admission
    discovery: Discovery
    admits: Callable[[str, int], bool] = lambda _, __: False
    wall_s: Callable[[], float] = time.time
    monotonic_s: Callable[[], float] = time.monotonic
    in_flight: int = 0
    keys: tuple[bytes, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        """Take the keys apart."""
        text = self.settings.ingest_keys.get_secret_value()
        self.keys = tuple(key.strip().encode() for key in text.split(",") if key.strip())

    async def post(self, request: Request, key: str | None) -> Accepted:
        """Take one POST of events.

        Raises:
            RefusedError: as a whole, with the status and what to do.
        """

        async def take(body: bytes) -> Judged:
            reading = read(body, newest_ms=round((self.wall_s() + self.settings.ingest_ahead_s) * 1000))
            await self._forward(reading)
            return Judged(len(reading.events), len(reading.refused), reading.problems)

        return await self.receive(request, key, take)

    async def receive(
        self, request: Request, key: str | None, take: Callable[[bytes], Awaitable["Judged"]]
    ) -> Accepted:
        """Let a POST in if it may come, hand its body to `take`, and say what became of it.

        Raises:
            RefusedError: as a whole, with the status and what to do.
        """
        self._authenticate(key)
        assert key is not None
        self._admit(key)
        self.in_flight += 1
        try:
            judged = await take(await self._body(request))
            self.admission.take(key, judged.accepted + judged.refused, self.monotonic_s())
        finally:
            self.in_flight -= 1
        problems = sorted(judged.problems, key=lambda p: -1 if p.index is None else p.index)
        return Accepted(accepted=judged.accepted, rejected=judged.refused, errors=tuple(problems[:PROBLEMS_SHOWN]))

    def _authenticate(self, key: str | None) -> None:
        headers = {"WWW-Authenticate": "Bearer"}
        given = (key or "").encode()
        # Every key is compared, so that the time taken tells nothing.
        if sum(hmac.compare_digest(given, known) for known in self.keys):
            return
        if not self.admits(key or "", round(self.wall_s() * 1000)):
            message = (
                "send a valid API key in X-API-Key or as Authorization: Bearer: one of FLOORWATCH_INGEST_KEYS, or one "
                "that an administrator made for sending events"
            )
            raise RefusedError(401, message, headers)

    def _admit(self, key: str) -> None:
        wait_s = self.admission.wait_s(key, self.monotonic_s())
        if wait_s > 0:
            raise RefusedError(429, "this key sends more than it may", {"Retry-After": str(math.ceil(wait_s))})
        if self.in_flight >= self.settings.ingest_in_flight:
            raise RefusedError(429, "too many POSTs wait for Kafka", {"Retry-After": str(RETRY_BUSY_S)})
        if self.outlet.away or self.outlet.full:
            raise no_kafka()

    async def _body(self, request: Request) -> bytes:
        limit = self.settings.ingest_max_body_bytes
        too_big = RefusedError(413, f"the body is larger than {limit} bytes; send smaller batches")
        declared = request.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > limit:
            raise too_big
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self.settings.ingest_body_wait_s):
                async for part in request.stream():  # counted as it comes: a chunked body declares no length
                    size += len(part)
                    if size > limit:
                        raise too_big
                    parts.append(part)
        except TimeoutError:
            raise RefusedError(408, "the body did not arrive in time; send it again") from None
        return b"".join(parts)

    async def _forward(self, reading: Reading) -> None:
        events: Sequence[AnyEvent] = [to_wire(event, self.pseudonym) for event in reading.events]
        letters = [letter(index, item, reading.problems) for index, item in reading.refused]
        if not events and not letters:
            return
        try:
            async with asyncio.timeout(self.settings.ingest_kafka_wait_s):
                await self.discovery.describe(events)
                await self.outlet.send(events)
                await self.outlet.reject(letters)
                self._hear(reading)
                await self.outlet.flush()
        except (TimeoutError, OutletClosedError):
            raise no_kafka() from None

    def _hear(self, reading: Reading) -> None:
        newest: dict[tuple[str, str], float] = {}
        for event in reading.events:
            key = clock_key(event)
            newest[key] = max(newest.get(key, -math.inf), event.occurred_at.timestamp())
        for (source, site), at_s in newest.items():
            self.clocks.heard(source, site, round(at_s * 1000), self.monotonic_s(), round(self.wall_s() * 1000))


def no_kafka() -> RefusedError:
    """What is answered while Kafka is away."""
    message = "Kafka does not answer; send the same again later"
    return RefusedError(503, message, {"Retry-After": str(RETRY_KAFKA_S)})


def letter(index: int, item: Any, problems: Sequence[Problem]) -> DeadLetter:
    """A refused item; strings that may name a customer are hidden."""
    problem = next(problem for problem in problems if problem.index == index)
    hidden = {**item, "customer": "…"} if isinstance(item, dict) and "customer" in item else item
    content = masked(pydantic_core.to_json(hidden).decode())
    source = item.get("source") if isinstance(item, dict) else None
    mark = hashlib.blake2b(content.encode(), digest_size=12).hexdigest()
    return DeadLetter(
        id=f"http|{mark}", source=unnamed(source) if isinstance(source, str) and len(source) <= 128 else "http",
        reason=unnamed(problem.message)[:1000], field=unnamed(problem.path)[:200] or None, content=content,
    )  # fmt: skip


Header = Annotated[str | None, Security(APIKeyHeader(name="X-API-Key", auto_error=False))]
Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(HTTPBearer(auto_error=False))]

_RETRY = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}


RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "Kafka has every valid item. Items that are not valid are listed."},
    401: {"model": Refusal, "description": "no valid API key"},
    408: {"model": Refusal, "description": "the body did not arrive in time"},
    413: {"model": Refusal, "description": "the body is too large"},
    422: {"model": Accepted, "description": "nothing in it is valid"},
    429: {"model": Refusal, "description": "slow down", "headers": _RETRY},
    503: {"model": Refusal, "description": "Kafka does not answer", "headers": _RETRY},
}
"""What is answered to a POST."""


def key_of(api_key: str | None, bearer: HTTPAuthorizationCredentials | None) -> str | None:
    """The API key of a request, whichever way it came."""
    return api_key or (bearer.credentials if bearer else None)


async def answered(work: Awaitable[Accepted]) -> Response:
    """The answer to a POST."""
    try:
        answer = await work
    except RefusedError as refused:
        telemetry.POSTS.labels(str(refused.status)).inc()
        return JSONResponse({"message": refused.message}, refused.status, refused.headers)
    status = 200 if answer.accepted or not (answer.rejected or answer.errors) else 422
    telemetry.POSTS.labels(str(status)).inc()
    return Response(answer.model_dump_json(), status, media_type="application/json")


def router(desk: Desk) -> APIRouter:
    """The route."""
    routes = APIRouter()

    @routes.post(
        "/v1/events",
        response_model=Accepted,
        summary="Send events",
        responses=RESPONSES,
        openapi_extra={
            "requestBody": {
                "required": True,
                "description": 'One event, an array of events, or {"events": […]}.',
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PostBody"}}},
            }
        },
    )
    async def post_events(
        request: Request,
        api_key: Header,
        bearer: Bearer,
    ) -> Response:
        """Answers when Kafka has acknowledged the events. A repeat of an `event_id` changes nothing, so on any doubt
        send it again. Valid items of a batch are kept even if others are not.
        """  # noqa: D205
        return await answered(desk.post(request, key_of(api_key, bearer)))

    return routes
