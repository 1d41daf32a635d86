"""`python -m services.ingest schedules|exceptions|forecasts|topology …`: what people bring by file or by hand."""

import asyncio
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

import typer
from aiokafka.errors import KafkaError
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from services.contracts.floor_files import TopologyError, gathered, parse_topology, write_topology
from services.contracts.forecast_files import read_forecasts
from services.contracts.menus import warnings
from services.contracts.plans_edge import Withdrawal
from services.contracts.schedule_files.reading import Mistake, PlanFileError, Reading, Terms, first_problem
from services.contracts.schedule_files.tables import read_table
from services.contracts.schedules import AdherenceException
from services.ingest import process
from services.ingest.known import Known, find_exception
from services.ingest.outlet import Outlet
from services.ingest.settings import IngestSettings

schedules = typer.Typer(help="Agents' schedules.", no_args_is_help=True)
exceptions = typer.Typer(help="Times in which an agent is excused from adherence.", no_args_is_help=True)
forecasts = typer.Typer(help="What is expected of queues, half-hour by half-hour.", no_args_is_help=True)
topology = typer.Typer(help="What the floor is made of.", no_args_is_help=True)

REFUSED = 1
"""Exit code when something of the file was not taken."""
UNUSABLE = 2
"""Exit code when nothing was."""
SHOWN = 200
DAYS_AHEAD = 60
BATCH = 2000
_FEED = "planner"

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Content = TypeVar("Content")
Format = Literal["csv", "ical"]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, metavar="FILE")]


def _zone(text: str) -> str:
    try:
        return text and ZoneInfo(text).key
    except (KeyError, ValueError, OSError):
        raise typer.BadParameter(f"{text!r} is no IANA time zone, such as Europe/Lisbon") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date such as 2026-03-02") from None


Zone = Annotated[str, typer.Option(callback=_zone, help="Of a site that nobody has described.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """What an import of schedules is told."""

    file: Path
    format: Format
    site: str
    timezone: str
    agent: str
    until: date


@schedules.command("import")
def import_schedules(
    file: File,
    *,
    format_: Annotated[
        Format | None, typer.Option("--format", help="Default: by the file's name; csv unless it ends in .ics.")
    ] = None,
    site: Annotated[str, typer.Option(help="Of rows or events that name none.")] = "",
    timezone: Zone = "",
    agent: Annotated[str, typer.Option(help="iCalendar: of events that name none.")] = "",
    until: Annotated[
        date | None,
        typer.Option(parser=_day, metavar="DATE", help="iCalendar: expand what recurs up to this day."),
    ] = None,
) -> None:
    """Take agents' schedules from a CSV or iCalendar file: each replaces that agent's plan of that day.

    What can't be used is told line by line and costs that agent's day only; then the exit code is 1.
    """
    kind: Format = format_ or ("ical" if file.suffix.lower() in {".ics", ".ical"} else "csv")
    last = until or datetime.now(UTC).date() + timedelta(days=DAYS_AHEAD)
    options = ImportOptions(file=file, format=kind, site=site, timezone=timezone, agent=agent, until=last)
    _end(lambda settings: _import_schedules(settings, options))


async def _import_schedules(settings: IngestSettings, options: ImportOptions) -> int:
    terms = await Known(settings).terms(_now_ms(), site=options.site, timezone=options.timezone)
    reading = await _readable(options.file, lambda: _read(options, terms))
    if reading is None:
        return UNUSABLE
    async with Outlet(settings, feed=_FEED) as outlet:
        await _send(reading.schedules, outlet.plans)
    agents = len({one.agent for one in reading.schedules})
    return _told(
        f"{len(reading.schedules):,} days of {agents:,} agents taken from {reading.items:,} activities;"
        f" {len(reading.mistakes):,} mistakes, {len(reading.refused_days):,} days not taken",
        reading.mistakes,
        options.file,
    )


async def _readable(file: Path, read: Callable[[], Content]) -> Content | None:
    """What a file holds; None: it can't be read, which is told."""
    try:
        return await asyncio.to_thread(read)
    except PlanFileError as error:
        err.print(f"[red]✗[/] {file}: {error}", markup=True)
        return None


async def _send(days: Sequence[Content], publish: Callable[[Sequence[Content]], Awaitable[None]]) -> None:
    with _bar() as bar:
        task = bar.add_task("days", total=len(days))
        for first in range(0, len(days), BATCH):
            some = days[first : first + BATCH]
            await publish(some)
            bar.advance(task, len(some))


def _read(options: ImportOptions, terms: Terms) -> Reading:
    if options.format == "ical":
        from services.contracts.schedule_files.calendars import read_calendar  # noqa: PLC0415  # slow to start

        return read_calendar(options.file.read_bytes(), terms, until=options.until, agent=options.agent)
    return _read_table(options.file, terms, read_table)


def _read_table(file: Path, terms: Any, read: Callable[[Any, Any], Content]) -> Content:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return read(lines, terms)
    except UnicodeDecodeError as error:
        raise PlanFileError(f"no text in UTF-8: {error}") from error


def _told(taken: str, mistakes: Sequence[Mistake], file: Path) -> int:
    """Tell the mistakes of a file and what was taken of it; the exit code."""
    for mistake in mistakes[:SHOWN]:
        err.print(f"[red]✗[/] {file.name}, ", end="")
        err.print(str(mistake), markup=False)
    if len(mistakes) > SHOWN:
        err.print(f"… and {len(mistakes) - SHOWN:,} more")
    out.print(taken)
    return REFUSED if mistakes else 0


@forecasts.command("import")
def import_forecasts(file: File) -> None:
    """Take forecasts of queues from a CSV file: each replaces that queue's forecast of that day.

    What can't be used is told line by line and costs that half-hour only; then the exit code is 1.
    """

    async def bring(settings: IngestSettings) -> int:
        terms = await Known(settings).forecast_terms(_now_ms())
        reading = await _readable(file, lambda: _read_table(file, terms, read_forecasts))
        if reading is None:
            return UNUSABLE
        async with Outlet(settings, feed=_FEED) as outlet:
            await _send(reading.forecasts, outlet.forecasts)
        queues = len({one.queue for one in reading.forecasts})
        return _told(
            f"{len(reading.forecasts):,} days of {queues:,} queues taken from {reading.items:,} half-hours;"
            f" {len(reading.mistakes):,} mistakes",
            reading.mistakes,
            file,
        )

    _end(bring)


@exceptions.command("add")
def add_exception(
    agent: Annotated[str, typer.Argument(help="Id of the agent.")],
    start: Annotated[str, typer.Argument(help="With an offset, or local time of --site or --timezone.")],
    end: Annotated[str, typer.Argument()],
    *,
    id_: Annotated[str, typer.Option("--id", help="Default: a new one. The same again replaces the exception.")] = "",
    reason: str = "",
    approved_by: str = "",
    site: Annotated[str, typer.Option(help="Whose clock the times are told by.")] = "",
    timezone: Zone = "",
) -> None:
    """Excuse an agent for a time; prints the exception's id."""

    async def add(settings: IngestSettings) -> int:
        terms = await Known(settings).terms(_now_ms(), timezone=timezone)
        try:
            zone = terms.zone(site) if site or timezone else None
            record = AdherenceException(
                id=id_ or uuid.uuid4().hex[:12], agent=agent, start=_moment(start, zone), end=_moment(end, zone),
                reason=reason, approved_by=approved_by,
            )  # fmt: skip
        except ValidationError as error:
            err.print(": ".join(part for part in first_problem(error) if part), markup=False)
            return UNUSABLE
        except ValueError as error:
            err.print(str(error), markup=False)
            return UNUSABLE
        async with Outlet(settings, feed=_FEED) as outlet:
            await outlet.plans([record])
        out.print(record.id, markup=False)
        return 0

    _end(add)


@exceptions.command("withdraw")
def withdraw_exception(agent: str, id_: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Take an exception back; the time is counted as if it had never been."""

    async def withdraw(settings: IngestSettings) -> int:
        await Known(settings).records()  # creates the topics if they are missing
        try:
            found = await find_exception(settings, Withdrawal(action="withdraw", id=id_, agent=agent))
        except ValidationError as error:
            err.print(": ".join(first_problem(error)), markup=False)
            return UNUSABLE
        if found is None:
            err.print(f"there is no exception {id_!r} of agent {agent!r}", markup=False)
            return UNUSABLE
        async with Outlet(settings, feed=_FEED) as outlet:
            await outlet.plans([found.model_copy(update={"withdrawn": True})])
        return 0

    _end(withdraw)


@topology.command("import")
def import_topology(file: File) -> None:
    """Describe sites, queues, voice menus, teams, agents and activities from a YAML file.

    What has been described before is replaced, one by one; nothing else changes.
    """

    async def bring(settings: IngestSettings) -> int:
        known = gathered(await Known(settings).records())
        try:
            described = parse_topology(file.read_text(encoding="utf-8"), file.name, known)
        except (TopologyError, UnicodeDecodeError) as error:
            err.print(str(error), markup=False)
            return UNUSABLE
        for flow in described.flows:
            for warning in warnings(flow):
                err.print(f"! {flow.id}, node {warning.node}: {warning.message}", markup=False)
        async with Outlet(settings, feed=_FEED) as outlet:
            await outlet.topology(described.records)
        out.print(f"{len(described.records):,} descriptions taken from {file.name}", markup=False)
        return 0

    _end(bring)


@topology.command("show")
def show_topology() -> None:
    """Print all descriptions as YAML, which `topology import` reads."""

    async def show(settings: IngestSettings) -> int:
        sys.stdout.write(write_topology(gathered(await Known(settings).records())))
        return 0

    _end(show)


def _end(work: Callable[[IngestSettings], Awaitable[int]]) -> None:
    settings = process.prepared("planner")
    code = UNUSABLE

    async def run() -> None:
        nonlocal code
        try:
            code = await work(settings)
        except (KafkaError, OSError) as error:
            err.print(f"Kafka at {settings.kafka_bootstrap_servers} does not take it: {error}", markup=False)

    stopped = process.run(settings, run)
    raise typer.Exit(stopped or code)


def _moment(text: str, zone: ZoneInfo | None) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time such as 2026-03-02T14:00 or 2026-03-02T14:00+01:00") from None
    if moment.tzinfo is None:
        if zone is None:
            raise ValueError(f"{text!r} has no offset: give one, or --site or --timezone for its clock")
        moment = moment.replace(tzinfo=zone)
    return round(moment.timestamp() * 1000)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=err,
        disable=not sys.stderr.isatty(),
    )  # fmt: skip


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
