"""`floorwatch plans`: contingency plans, over the API."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from services.cli.console import out
from services.cli.desk import Client, attempt, listed_in, part, tell

cli = typer.Typer(help="Contingency plans: list, import, activate, stand down.", no_args_is_help=True)

PlanId = Annotated[str, typer.Argument(metavar="PLAN", help="Id of the plan.")]
Expected = Annotated[int | None, typer.Option(help="Only if this is its revision, as `plans list` shows it.")]
Reason = Annotated[str, typer.Option(help="Why.")]


@cli.command("list")
def list_(*, as_json: Annotated[bool, typer.Option("--json", help="Write them as JSON.")] = False) -> None:
    """Every plan and where it stands."""

    def work(client: Client) -> None:
        found = client.get("/v1/plans")["plans"]
        if as_json:
            typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
            return
        table = Table("plan", "name", "for", "level", "proposed", "actions open", "revision")
        for each in found:
            plan = each["definition"]
            scope = f"{plan['scope']['kind']} {plan['scope']['match']}"
            level = f"{each['level']} of {len(plan['levels'])}"
            proposed = "" if each["proposed"] is None else str(each["proposed"])
            still = sum(action["state"] == "open" for action in each["actions"])
            row = (each["id"], plan["name"]["en"], scope, level, proposed, str(still), str(each["revision"]))
            table.add_row(*(escape(cell) for cell in row))
        out.print(table)

    attempt(work)


@cli.command()
def report(
    plan: PlanId,
    *,
    days: Annotated[int, typer.Option(min=1, max=60, help="Local days, today included.")] = 14,
    as_json: Annotated[bool, typer.Option("--json", help="Write it as JSON.")] = False,
) -> None:
    """At which half-hours a plan fires, and whether that is a fault of planning: plans are for emergencies."""

    def work(client: Client) -> None:
        found = client.get(f"/v1/plans/{part(plan)}/report", days=days)
        if as_json:
            typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
            return
        mark = "[red]✗[/]" if found["planning_fault"] else "[green]✓[/]"
        out.print(f"{mark} {escape(found['message']['en'])} ({found['timezone']})")
        table = Table("half-hour", "fired on", "of days", "agents missing")
        for each in found["half_hours"]:
            missing = each["missing_agents"]
            lacking = each["why"] if missing is None else f"{missing:.1f}"
            table.add_row(each["label"], str(each["fired_days"]), str(each["days"]), lacking)
        out.print(table)

    attempt(work)


@cli.command("import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, metavar="FILE")],
) -> None:
    """Make or change the plans of a YAML file (`plans: […]`); others stay."""

    def work(client: Client) -> None:
        for plan in listed_in(file, "plans"):
            tell(client.give("PUT", f"/v1/plans/{part(plan['id'])}", plan), f"{plan['id']} imported")

    attempt(work)


def _give(plan: str, verb: str, body: dict[str, object], expected: int | None, said: str) -> None:
    path = f"/v1/plans/{part(plan)}/{verb}"
    attempt(lambda client: tell(client.give("POST", path, body, expected=expected), said))


@cli.command()
def activate(
    plan: PlanId,
    level: Annotated[int, typer.Argument(min=1, max=20)] = 1,
    *,
    cause: Annotated[str, typer.Option(help="What has happened.")] = "",
    expected: Expected = None,
) -> None:
    """Go to a level of a plan, proposed or not."""
    _give(plan, "activate", {"level": level, "cause": cause}, expected, f"{plan} at level {level}")


@cli.command()
def decline(plan: PlanId, *, reason: Reason = "", expected: Expected = None) -> None:
    """Not now: the proposal is not made again in this episode."""
    _give(plan, "decline", {"reason": reason}, expected, f"{plan} declined")


@cli.command()
def action(
    plan: PlanId,
    action_id: Annotated[str, typer.Argument(metavar="ACTION")],
    *,
    skipped: Annotated[bool, typer.Option("--skipped", help="It was left out.")] = False,
    note: Annotated[str, typer.Option()] = "",
    expected: Expected = None,
) -> None:
    """An action of an active level is done."""
    result = "skipped" if skipped else "done"
    _give(plan, f"actions/{part(action_id)}", {"result": result, "note": note}, expected, f"{action_id}: {result}")


@cli.command("stand-down")
def stand_down(
    plan: PlanId,
    *,
    to_level: Annotated[int, typer.Option(min=0, max=20, help="0: out of the plan.")] = 0,
    reason: Reason = "",
    expected: Expected = None,
) -> None:
    """Leave a plan, or go back to a lower level."""
    _give(plan, "stand-down", {"to_level": to_level, "reason": reason}, expected, f"{plan} at level {to_level}")


@cli.command()
def remove(plan: PlanId, *, expected: Expected = None) -> None:
    """Remove a plan; one that is active is stood down first."""
    path = f"/v1/plans/{part(plan)}"
    attempt(lambda client: tell(client.give("DELETE", path, expected=expected), f"{plan} removed"))
