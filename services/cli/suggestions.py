"""`floorwatch moves suggest`: who could give agents to whom now."""

import json
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from services.cli.console import out
from services.cli.desk import Client, attempt
from services.cli.what_if import percent


def suggest(
    *,
    queue: Annotated[str | None, typer.Option(help="Only for this queue (site/queue), short or not.")] = None,
    region: Annotated[str | None, typer.Option(help="Only for queues of this region.")] = None,
    taker: Annotated[str | None, typer.Option(help="Only for queues of this site.")] = None,
    giver: Annotated[str | None, typer.Option(help="Only from this site.")] = None,
    skill: Annotated[str | None, typer.Option(help="Only for queues of this skill.")] = None,
    stay: Annotated[
        float, typer.Option(min=0, metavar="MINUTES", help="Who is planned off work sooner is not counted.")
    ] = 30,
    minimum: Annotated[int, typer.Option(min=0, help="Agents who stay on every queue of the giver.")] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="Write the answer as JSON.")] = False,
) -> None:
    """Who can give how many agents to whom now, and what it costs the giver, best first.

    Expected by Erlang A for the long run; no giver falls under its own target. docs/what-if.md has the limits.
    """

    def work(client: Client) -> None:
        found = client.get(
            "/v1/moves/suggestions", queue=queue, region=region, taker=taker, giver=giver, skill=skill, stay_min=stay,
            minimum=minimum,
        )  # fmt: skip
        if as_json:
            typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        else:
            _show(found)

    attempt(work)


def _show(found: dict[str, Any]) -> None:
    balance = Table("queue", "skill", "agents", "needed", "surplus", "service level", "expected", "waiting")
    for each in found["balance"]:
        surplus = each["surplus"]
        row = (
            each["queue"], each["skill"], f"{each['agents']:.1f}", _or_dash(each["needed"]),
            "–" if surplus is None else f"{surplus:+.1f}", percent(each["service_level"]),
            percent(each["expected_service_level"]), str(each["waiting"]),
        )  # fmt: skip
        balance.add_row(*map(escape, row))
    out.print(balance)
    if not found["suggestions"]:
        out.print("No move is suggested.")
    for each in found["suggestions"]:
        out.print(_line(each), markup=False)
        out.print(f"    floorwatch moves propose {each['giver']} {each['queue']} {_names(each)}", markup=False)
    if found["passed_over"]:
        said = ", ".join(f"{number} {why.replace('_', ' ')}" for why, number in found["passed_over"].items())
        out.print(f"Not counted: {said}.", markup=False)


def _line(each: dict[str, Any]) -> str:
    last = each["steps"][-1]
    sides = "; ".join(_side(side) for side in (last["taker"], *last["givers"]))
    return (
        f"{each['giver']} → {each['queue']}: {each['agents']} of {each['candidates']}  {sides}  "
        f"(+{each['gain_per_hour']:.1f} − {each['cost_per_hour']:.1f} contacts an hour in time)"
    )


def _side(side: dict[str, Any]) -> str:
    return f"{side['queue']} {percent(side['service_level_before'])} → {percent(side['service_level_after'])}"


def _names(each: dict[str, Any]) -> str:
    return " ".join(agent["id"] for agent in each["proposed"])


def _or_dash(number: int | None) -> str:
    return "–" if number is None else str(number)
