"""`python -m services.ingest simulate`: a simulated floor as a live feed, or as a replay of a day that never was."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from services.ingest import process
from services.ingest.domain.simulator import Floor, FloorError, parse_floor
from services.ingest.domain.simulator.load import load_floor
from services.ingest.outlet import Outlet
from services.ingest.progress import Phase, Standing, Style, teller
from services.ingest.replay import parse_speed
from services.ingest.simulation import Plan, Simulation, SimulationError
from services.ingest.sources.files import shipped
from services.runtime.logs import get_logger

REFUSED = 2
"""Exit code when it can't go on as asked."""


def _speed(text: str | float) -> float:
    try:
        return parse_speed(str(text))  # Typer hands in the default as well
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not 1, 60 or another number of times real time, nor max") from None


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time such as 1999-01-11T08:00 or 1999-01-11T08:00+02:00") from None


def simulate(
    *,
    floor: Annotated[str, typer.Option(metavar="demo|FILE", help="A floor that ships, or a YAML file.")] = "demo",
    start: Annotated[
        Any,
        typer.Option(
            parser=_moment, metavar="TIME", help="With an offset, or local time of the first site. Default: now."
        ),
    ] = None,
    until: Annotated[Any, typer.Option(parser=_moment, metavar="TIME", help="Default: until stopped.")] = None,
    speed: Annotated[float, typer.Option(parser=_speed, metavar="1|N|max", help="Feed time against real time.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Of all chance: the same seed gives the same events.")] = 1,
    feed: Annotated[str, typer.Option(help="Id of the feed.")] = "simulator",
    progress: Annotated[Style, typer.Option(help="bar for people, json: one object a line for programs.")] = "bar",
    again: Annotated[
        bool, typer.Option("--again", help="From the start, even if an earlier run came further.")
    ] = False,
    queues: Annotated[
        int | None, typer.Option(min=1, help="Instead of a floor: so many queues, the same all day, for load trials.")
    ] = None,
    rate: Annotated[float, typer.Option(min=0.001, help="With --queues: so many events a second in all.")] = 100.0,
) -> None:
    """Simulate call-centre floors: callers, menus, queues, agents, shifts. The stand-in for a PBX.

    After a restart it goes on where it was; --start counts only the first time.
    """
    described = read_floor(floor) if queues is None else load_floor(queues, rate)
    zone = ZoneInfo(described.sites[0].timezone)
    plan = Plan(
        floor=described, seed=seed, start=_epoch_ms(start, zone), until=_epoch_ms(until, zone), speed=speed, again=again
    )
    raise typer.Exit(run(plan, feed, progress))


def run(plan: Plan, feed: str, progress: Style) -> int:
    """Run a plan to its end or until the process is asked to stop; the exit code."""
    settings = process.prepared("simulator")
    standing, told = Standing(), teller(progress)
    phase: Phase = "stopped"
    refused: SimulationError | None = None

    async def work() -> None:
        nonlocal phase, refused
        async with Outlet(settings, feed=feed) as outlet:
            try:
                await Simulation(plan, outlet, settings, told.tell, standing).run()
            except SimulationError as error:
                refused = error
                return
        phase = "done"

    code = process.run(settings, work)
    told.end(phase, standing, [])
    if refused is not None:
        get_logger().error("refused", why=str(refused))
        return REFUSED
    return code


def read_floor(name: str) -> Floor:
    """A floor that ships, by its name, or that of a file.

    Raises:
        typer.BadParameter: there is no such floor, or it can't be used.
    """
    path = shipped(f"floors/{name}.yaml")
    if not path.is_file():
        path = Path(name)
    try:
        return parse_floor(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(sorted(file.stem for file in shipped("floors").glob("*.yaml")))
        raise typer.BadParameter(f"--floor {name}: {error}; floors that ship: {known}") from None
    except FloorError as error:
        raise typer.BadParameter(f"--floor {name} can't be used:\n{error}") from None


def _epoch_ms(moment: datetime | None, zone: ZoneInfo) -> int | None:
    if moment is None:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return round(aware.timestamp() * 1000)
