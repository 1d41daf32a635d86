"""`floorwatch journal`: what people did at the desk, and what became of it."""

import json
from typing import Annotated, Any

import typer

from services.cli.alerts import moment
from services.cli.console import out
from services.cli.desk import Client, attempt


def journal(
    *,
    subject: Annotated[str | None, typer.Option(help="Only about this: kind|id, or a kind such as move.")] = None,
    by: Annotated[str | None, typer.Option(help="Only what this person did.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Write the entries as JSON.")] = False,
) -> None:
    """What was done at the desk, newest first: commands with their outcomes, steps of plans and moves."""

    def work(client: Client) -> None:
        found = client.get("/v1/journal", subject=subject, by=by, limit=limit)["entries"]
        if as_json:
            typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
            return
        for entry in found:
            out.print(_line(entry), markup=False)

    attempt(work)


def _line(entry: dict[str, Any]) -> str:
    if entry["kind"] == "outcome":
        command = entry["command"]
        said = f" ({entry['message']})" if entry["message"] else ""
        about = entry["subject"] or command["target"]
        return f"{moment(entry['at'])}  {command['by']['name']}: {command['do']} {about}: {entry['code']}{said}"
    at, by = entry.get("wall_at") or entry.get("at", 0), entry.get("by", "")
    return f"{moment(at)}  {by}: {entry.get('step', entry['kind'])} {_about(entry)}"


def _about(entry: dict[str, Any]) -> str:
    changes = ", ".join(f"{name}: {now}" for name, now in entry.get("changes", {}).items())
    about = str(entry.get("subject") or entry.get("view", {}).get("id", entry["id"]))
    said = f"{about} ({changes})" if changes else about
    return f"{said}: {entry['why']}" if entry.get("why") else said
