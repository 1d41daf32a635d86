"""POSTs of schedules, exceptions and forecasts: how a workforce planner is attached. Answers when Kafka has them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from aiokafka.errors import KafkaError
from fastapi import APIRouter, Request, Response

from services.contracts.letters import DeadLetter
from services.contracts.schedules import AdherenceException
from services.ingest.domain.plans.posts import PlanReading, read_exceptions, read_forecasts, read_schedules
from services.ingest.domain.posts import Problem
from services.ingest.known import Known, find_exception
from services.ingest.outlet import OutletClosedError
from services.ingest.sources.http import (
    RESPONSES,
    Accepted,
    Bearer,
    Desk,
    Header,
    Judged,
    answered,
    key_of,
    letter,
    no_kafka,
)

Value = TypeVar("Value")


class PlanDesk:
    """What the routes work with, beside the desk of all POSTs."""

    def __init__(self, desk: Desk, known: Known) -> None:
        self._desk = desk
        self._known = known

    async def schedules(self, body: bytes) -> Judged:
        """Take plans."""
        terms = await self._in_time(self._known.terms(self._now_ms()))
        reading = read_schedules(body, terms)
        return await self._forward(reading, [schedule for _, schedule in reading.taken], self._desk.outlet.plans)

    async def forecasts(self, body: bytes) -> Judged:
        """Take what is expected of queues."""
        terms = await self._in_time(self._known.forecast_terms(self._now_ms()))
        reading = read_forecasts(body, terms)
        return await self._forward(reading, [forecast for _, forecast in reading.taken], self._desk.outlet.forecasts)

    async def exceptions(self, body: bytes) -> Judged:
        """Take approvals, and withdrawals of what was approved."""
        reading = read_exceptions(body)
        records: list[AdherenceException] = []
        approved = {(one.agent, one.id): one for _, one in reading.taken if isinstance(one, AdherenceException)}
        for index, one in reading.taken:
            if isinstance(one, AdherenceException):
                records.append(one)
                continue
            former = approved.get((one.agent, one.id)) or await self._in_time(find_exception(self._desk.settings, one))
            if former is None:
                message = f"there is no exception {one.id!r} of agent {one.agent!r}"
                reading.problems.append(Problem(index=index, path="id", message=message))
            else:
                records.append(former.model_copy(update={"withdrawn": True}))
        return await self._forward(reading, records, self._desk.outlet.plans)

    def _now_ms(self) -> int:
        return round(self._desk.wall_s() * 1000)

    async def _forward(
        self, reading: PlanReading[Any], records: Sequence[Value], publish: Callable[[Sequence[Value]], Awaitable[None]]
    ) -> Judged:
        letters = [letter(index, item, reading.problems) for index, item in reading.refused]
        if records or letters:
            await self._in_time(self._send(records, letters, publish))
        return Judged(len(records), len(reading.refused) + len(reading.taken) - len(records), reading.problems)

    async def _send(
        self, records: Sequence[Value], letters: list[DeadLetter], publish: Callable[[Sequence[Value]], Awaitable[None]]
    ) -> None:
        await self._desk.outlet.reject(letters)
        await publish(records)

    async def _in_time(self, work: Awaitable[Value]) -> Value:
        try:
            async with asyncio.timeout(self._desk.settings.ingest_kafka_wait_s):
                return await work
        except (TimeoutError, OutletClosedError, KafkaError):
            raise no_kafka() from None


def plans_router(desk: Desk, plans: PlanDesk) -> APIRouter:
    """The routes."""
    routes = APIRouter()

    @routes.post(
        "/v1/schedules",
        response_model=Accepted,
        summary="Send agents' schedules",
        responses=RESPONSES,
        openapi_extra=_body("ScheduleBody", 'One schedule, an array of them, or {"schedules": […]}.'),
    )
    async def post_schedules(request: Request, api_key: Header, bearer: Bearer) -> Response:
        """Answers when Kafka has them. A schedule replaces that agent's former one of that day as a whole; of two, the
        one with the higher version stands. Valid schedules of a batch are kept even if others are not.
        """  # noqa: D205
        return await answered(desk.receive(request, key_of(api_key, bearer), plans.schedules))

    @routes.post(
        "/v1/exceptions",
        response_model=Accepted,
        summary="Approve exceptions from adherence, or withdraw them",
        responses=RESPONSES,
        openapi_extra=_body("ExceptionBody", 'One change, an array of them, or {"exceptions": […]}.'),
    )
    async def post_exceptions(request: Request, api_key: Header, bearer: Bearer) -> Response:
        """Answers when Kafka has them. For the time of an exception an agent counts neither as in nor as out."""
        return await answered(desk.receive(request, key_of(api_key, bearer), plans.exceptions))

    @routes.post(
        "/v1/forecasts",
        response_model=Accepted,
        summary="Send forecasts of queues",
        responses=RESPONSES,
        openapi_extra=_body("ForecastBody", 'One queue\'s day, an array of them, or {"forecasts": […]}.'),
    )
    async def post_forecasts(request: Request, api_key: Header, bearer: Bearer) -> Response:
        """Answers when Kafka has them. A forecast replaces that queue's former one of that day as a whole; of two, the
        one with the higher version stands. Valid forecasts of a batch are kept even if others are not.
        """  # noqa: D205
        return await answered(desk.receive(request, key_of(api_key, bearer), plans.forecasts))

    return routes


def _body(name: str, description: str) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {
        "requestBody": {
            "required": True,
            "description": description,
            "content": {"application/json": {"schema": schema}},
        }
    }
