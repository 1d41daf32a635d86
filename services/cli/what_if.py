"""`floorwatch what-if`: what a queue needs, and what would be if something were otherwise."""

import json
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from services.cli.console import out
from services.cli.desk import Client, attempt

CHANGED = {"agents": "agents {:+g}", "aht": "AHT {:+.0%}", "arrivals": "arrivals {:+.0%}"}


def what_if(
    queue: Annotated[str, typer.Argument(metavar="QUEUE", help="site/queue, as `GET /v1/topology` lists them.")],
    *,
    agents: Annotated[float | None, typer.Option(min=0, help="Agents who serve it; default: those who do now.")] = None,
    arrivals: Annotated[float | None, typer.Option(min=0, help="Contacts an hour; default: as counted.")] = None,
    aht: Annotated[float | None, typer.Option(min=1, help="Mean handle time, seconds; default: as counted.")] = None,
    patience: Annotated[
        float | None, typer.Option(min=1, help="Mean patience, seconds; default: from the abandonments.")
    ] = None,
    target: Annotated[
        float | None, typer.Option(min=0.1, max=100, help="Service level to reach, percent; default: the queue's.")
    ] = None,
    within: Annotated[int | None, typer.Option(min=1, help="… within so many seconds; default: the queue's.")] = None,
    occupancy_cap: Annotated[
        float, typer.Option(min=0.01, max=1, help="Most of the agents' time that may be for contacts, 0…1.")
    ] = 0.85,
    shrinkage: Annotated[
        float | None, typer.Option(min=0, max=0.99, help="Share of rostered time not for contacts; default: measured.")
    ] = None,
    date: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="A past half-hour: its local day …")] = None,
    start: Annotated[str | None, typer.Option(metavar="HH:MM", help="… and when it began, local time.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the answer as JSON.")] = False,
) -> None:
    """How many agents a queue needs, and what a few more or fewer would do.

    Starts from the live numbers of the last half-hour (or those of a past half-hour: --date and --start); every one of
    them can be given instead. By Erlang A; by Erlang C, which knows no abandonment, beside it. docs/what-if.md tells
    what neither formula knows.
    """

    def work(client: Client) -> None:
        found = client.get(
            "/v1/what-if", queue=queue, agents=agents, arrivals_per_hour=arrivals, aht_s=aht, patience_s=patience,
            target_percent=target, target_s=within, occupancy_cap=occupancy_cap, shrinkage=shrinkage, date=date,
            start=start,
        )  # fmt: skip
        if as_json:
            typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        else:
            _show(found)

    attempt(work)


def _show(found: dict[str, Any]) -> None:
    when = f"{found['date']} {found['start']}" if found["date"] else "now"
    goal = f"{found['target_percent']:g} % within {found['target_s']} s ({found['definition']})"
    out.print(f"{escape(found['queue'])}, {when}: {goal}; measured {percent(found['measured_service_level'])}")
    for name, label, unit in (
        ("arrivals_per_hour", "arrivals", "an hour"), ("aht_s", "handle time", "s"), ("patience_s", "patience", "s")
    ):  # fmt: skip
        out.print(f"  {label:<12} {_basis(found[name], unit)}")
    if found["agents"] is not None:
        out.print(f"  {'agents':<12} {found['agents']:g} ({found['agents_from']})")
    if found["why"]:
        out.print(f"[yellow]![/] {escape(found['why'])}")
    for one in found["needed"]:
        out.print(f"  {one['model'].replace('_', ' ')}: {_needed(one, found)}")
    if found["now"] is not None:
        _table(found)


def _basis(basis: dict[str, Any], unit: str) -> str:
    if basis["value"] is None:
        return f"not known: {escape(basis['why'])}"
    source = "given" if basis["source"] == "given" else f"{basis['source']}, {basis['contacts']} contacts"
    return f"{basis['value']:.1f} {unit} ({source})"


def _needed(one: dict[str, Any], found: dict[str, Any]) -> str:
    if one["agents"] is None:
        return "no number of agents reaches that"
    decided = "the occupancy cap decides" if one["by"] == "occupancy" else "the service level decides"
    rostered = f", {one['rostered']} rostered at {found['shrinkage']:.0%} shrinkage" if found["shrinkage"] else ""
    return f"{one['agents']} agents needed{rostered} ({decided})"


def _table(found: dict[str, Any]) -> None:
    table = Table("if", "agents", "service level", "ASA", "waiting", "abandoned", "occupancy")
    table.add_row("as it is", *_cells(found["now"]), style="bold")
    for one in found["variations"]:
        table.add_row(CHANGED[one["change"]].format(one["by"]), *_cells(one["expected"]))
    out.print(table)


def _cells(outcome: dict[str, Any]) -> tuple[str, ...]:
    asa, queue = outcome["asa_s"], outcome["mean_queue"]
    return (
        f"{outcome['agents']:g}",
        percent(outcome["service_level"]),
        "∞" if not outcome["stable"] else "–" if asa is None else f"{asa:.0f} s",
        "∞" if not outcome["stable"] else "–" if queue is None else f"{queue:.1f}",
        percent(outcome["abandonment_rate"]),
        percent(outcome["occupancy"]),
    )


def percent(share: float | None) -> str:
    """A share for people."""
    return "–" if share is None else f"{share:.1%}"
