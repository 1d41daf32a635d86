"""REST: describing the floor, and bringing in agents, plans and forecasts by file. For administrators of all of it."""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence, Sized
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.api.accounts import now_ms
from services.api.domain.actors import actor_of
from services.api.domain.agent_table import faults_of, read_agents
from services.api.domain.floor import (
    Described,
    Fault,
    FileReport,
    FirstSteps,
    FloorView,
    QueueOrder,
    SiteOrder,
    import_step,
    misplaced,
    step_of,
    version_of,
    view_of,
)
from services.api.routes.administration import CHANGES, permit, tagged, written
from services.api.routes.orders import MatchHeader, revision_of
from services.api.routes.parts import AllParts, Parts, Refusal, SignedIn, needs_accounts, problems
from services.contracts.floor_steps import FloorStep, FloorStepName
from services.contracts.forecast_files import read_forecasts, terms_of
from services.contracts.forecasts import DayForecast
from services.contracts.people import PersonName
from services.contracts.schedule_files.reading import PlanFileError, Reading, Terms
from services.contracts.schedule_files.tables import read_table
from services.contracts.schedules import DaySchedule
from services.contracts.topology import DEFAULT_ACTIVITIES, Id, Queue, ScopedId, Site, record_key

router = APIRouter(prefix="/v1", responses=problems(401, 403), tags=["floor"])

MOST_BYTES = 8 * 1024 * 1024
FAULTS_SHOWN = 200
DAYS_AHEAD = 60
Record = TypeVar("Record", Site, Queue)
Content = TypeVar("Content")


def _administrator(who: SignedIn) -> PersonName:
    permit(who, "floor")
    return actor_of(who).name


def _known(parts: AllParts) -> Parts:
    if not parts.floor.known:
        raise Refusal(503, "not_ready", "The topology has not been read from Kafka yet. Ask again.", retry_after="1")
    return parts


Administrator = Annotated[PersonName, Depends(_administrator)]
KnownParts = Annotated[Parts, Depends(_known)]
Why = Annotated[str, Query(max_length=2000, description="why, for the journal")]
Check = Annotated[bool, Query(description="only say what the file holds and what is wrong with it")]
FILE: dict[str, object] = {
    "requestBody": {"required": True, "content": {"text/plain": {"schema": {"type": "string"}}}}
}  # fmt: skip


@router.get("/floor", responses=problems(503))
async def floor(parts: KnownParts, _: Administrator) -> FloorView:
    """Every description with its version: a number for If-Match that changes with the content."""
    return view_of(parts.floor.records.values())


@router.get("/first-steps", responses=problems(503))
async def first_steps(parts: AllParts, _: Administrator) -> FirstSteps:
    """Where events are sent, and how many keys may send them."""
    needs_accounts(parts)
    now = now_ms()
    keys = [
        key
        for key in parts.accounts.registry.keys
        if "send" in key.scopes and key.revoked_at is None and (key.expires_at is None or key.expires_at > now)
    ]
    return FirstSteps(address=parts.settings.ingest_address, port=parts.settings.ingest_port, keys=len(keys))


@router.put("/floor/sites/{site_id}", responses=CHANGES)
async def put_site(  # noqa: PLR0917  # parameters of the request
    site_id: Annotated[Id, Path()],
    body: SiteOrder,
    parts: KnownParts,
    by: Administrator,
    response: Response,
    if_match: MatchHeader = None,
) -> Described[Site]:
    """Describe a site. Takes effect at once, for what is counted as well."""
    return await _put(parts, site_id, body.record, body.why, by, response, if_match)


@router.put("/floor/queues/{queue_id:path}", responses=CHANGES)
async def put_queue(  # noqa: PLR0917  # parameters of the request
    queue_id: Annotated[ScopedId, Path()],
    body: QueueOrder,
    parts: KnownParts,
    by: Administrator,
    response: Response,
    if_match: MatchHeader = None,
) -> Described[Queue]:
    """Describe a queue: names, target, thresholds, definition. Takes effect at once, for what is counted as well."""
    return await _put(parts, queue_id, body.record, body.why, by, response, if_match)


async def _put(  # noqa: PLR0917
    parts: Parts, id_: str, record: Record, why: str, by: str, response: Response, if_match: str | None
) -> Described[Record]:
    if record.id != id_:
        raise Refusal(422, "invalid", f"body.record.id: must be {id_!r}, as in the address")
    known = parts.floor.records
    if wrong := misplaced(record, known.values()):
        raise Refusal(422, "invalid", "; ".join(wrong))
    seen, before = revision_of(if_match), known.get(record_key(record))
    if before != record:
        step = step_of(record, before, by=by, at=now_ms(), why=why, mark=secrets.token_hex(4))
        await written(parts.floor.describe([record], step, seen=seen))
    tagged(response, version_of(record))
    return Described(record=record, version=version_of(record))


@router.post("/floor/agents", responses=problems(413, 422, 503), openapi_extra=FILE)
async def import_agents(
    request: Request, parts: KnownParts, by: Administrator, *, check: Check = False, why: Why = ""
) -> FileReport:
    """Agents (columns agent, name, site, team, queues) or teams (team, name_en, name_zh, lead) from CSV.

    A mistake costs its row. With `check` nothing is taken.
    """
    text = _text(await _body(request))
    known = dict(parts.floor.records)
    roster = await asyncio.to_thread(_read, lambda: read_agents(text, known))
    agents = sum(record.kind == "agent" for record in roster.records)
    if roster.records and not check:
        kind = roster.records[0].kind
        changes = {"taken": str(len(roster.records)), "mistakes": str(len(roster.faults))}
        step = _imported("agents_imported", f"{kind}|*", changes, by=by, why=why)
        await written(parts.floor.describe(roster.records, step))
    lost = len({fault.place for fault in roster.faults})
    return _report(
        roster.faults, taken=not check, things=len(roster.records), agents=agents, items=roster.items, lost=lost
    )


@router.post("/floor/schedules", responses=problems(413, 422, 503), openapi_extra=FILE)
async def import_schedules(
    request: Request,
    parts: KnownParts,
    by: Administrator,
    *,
    format_: Annotated[Literal["csv", "ical"], Query(alias="format")] = "csv",
    site: Annotated[str, Query(max_length=64, description="of rows or events that name none")] = "",
    timezone: Annotated[str, Query(max_length=64, description="of a site that nobody has described")] = "",
    agent: Annotated[str, Query(max_length=128, description="iCalendar: of events that name none")] = "",
    until: Annotated[date | None, Query(description="iCalendar: expand what recurs up to this day")] = None,
    check: Check = False,
    why: Why = "",
) -> FileReport:
    """Agents' schedules from CSV or iCalendar, as `floorwatch schedules import` takes them: each replaces that day's.

    A mistake costs that agent's day. With `check` nothing is taken.
    """
    content = await _body(request)
    terms = _terms(parts, site, timezone)
    today = datetime.fromtimestamp(terms.version / 1000, UTC).date()
    last = until or today + timedelta(days=DAYS_AHEAD)
    if last > today + timedelta(days=3 * 366):
        raise Refusal(422, "invalid", "query.until: lies more than three years ahead")

    def read() -> Reading:
        if format_ == "ical":
            from services.contracts.schedule_files.calendars import read_calendar  # noqa: PLC0415  # slow to start

            return read_calendar(content, terms, until=last, agent=agent)
        return read_table(StringIO(_text(content), newline=""), terms)

    reading = await asyncio.to_thread(_read, read)
    agents = len({each.agent for each in reading.schedules})
    if reading.schedules and not check:
        changes = _days(reading.schedules, {"agents": agents}, reading.mistakes)
        step = _imported("schedules_imported", "schedule|*", changes, by=by, why=why)
        await written(parts.floor.plan(reading.schedules, step))
    faults = faults_of(reading.mistakes)
    return _report(
        faults, taken=not check, things=len(reading.schedules), agents=agents, items=reading.items,
        lost=len(reading.refused_days),
    )  # fmt: skip


@router.post("/floor/forecasts", responses=problems(413, 422, 503), openapi_extra=FILE)
async def import_forecasts(
    request: Request, parts: KnownParts, by: Administrator, *, check: Check = False, why: Why = ""
) -> FileReport:
    """Forecasts of queues from CSV, as `floorwatch forecasts import` takes them: each replaces that queue's day.

    A mistake costs its half-hour. With `check` nothing is taken.
    """
    text = _text(await _body(request))
    terms = terms_of(parts.floor.records.values(), now_ms())
    reading = await asyncio.to_thread(_read, lambda: read_forecasts(StringIO(text, newline=""), terms))
    queues = len({each.queue for each in reading.forecasts})
    if reading.forecasts and not check:
        changes = _days(reading.forecasts, {"queues": queues}, reading.mistakes)
        step = _imported("forecasts_imported", "forecast|*", changes, by=by, why=why)
        await written(parts.floor.forecast(reading.forecasts, step))
    return _report(
        faults_of(reading.mistakes), taken=not check, things=len(reading.forecasts), agents=queues,
        items=reading.items, lost=len(reading.mistakes),
    )  # fmt: skip


def _imported(step: FloorStepName, subject: str, changes: dict[str, str], *, by: str, why: str) -> FloorStep:
    return import_step(step, subject, by=by, at=now_ms(), why=why, mark=secrets.token_hex(4), changes=changes)


def _days(
    taken: Sequence[DaySchedule] | Sequence[DayForecast], whose: Mapping[str, int], mistakes: Sized
) -> dict[str, str]:
    """What the journal says of days that were taken from a file."""
    dates = sorted({each.date for each in taken})
    counts = {name: str(number) for name, number in whose.items()}
    return {"days": str(len(taken)), **counts, "from": dates[0], "to": dates[-1], "mistakes": str(len(mistakes))}


def _terms(parts: Parts, site: str, timezone: str) -> Terms:
    if timezone:
        try:
            ZoneInfo(timezone)
        except (KeyError, ValueError, OSError):
            message = f"query.timezone: {timezone!r} is no IANA time zone, such as Europe/Lisbon"
            raise Refusal(422, "invalid", message) from None
    zones = {each.id: each.timezone for each in parts.floor.records.values() if isinstance(each, Site)}
    activities = parts.floor.activities or DEFAULT_ACTIVITIES
    return Terms(activities=activities, timezones=zones, version=now_ms(), site=site, timezone=timezone)


def _report(faults: list[Fault], *, taken: bool, things: int, agents: int, items: int, lost: int) -> FileReport:
    return FileReport(
        taken=taken, things=things, agents=agents, items=items, lost=lost, faults=tuple(faults[:FAULTS_SHOWN]),
        faults_in_all=len(faults),
    )  # fmt: skip


def _read(read: Callable[[], Content]) -> Content:
    try:
        return read()
    except PlanFileError as error:
        raise Refusal(422, "invalid", f"the file: {error}") from None


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refusal(422, "invalid", f"the file: no text in UTF-8: {error}") from None


async def _body(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():  # counted as it comes: a chunked body declares no length
        size += len(part)
        if size > MOST_BYTES:
            raise Refusal(413, "too_large", f"The file is larger than {MOST_BYTES // 1024**2} MB: give it in parts.")
        parts.append(part)
    return b"".join(parts)
