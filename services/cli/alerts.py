"""`floorwatch alerts`: what fires, and what people do about it, over the API."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from services.cli.console import out
from services.cli.desk import Client, RefusedError, attempt, part, tell, until

cli = typer.Typer(help="Alerts: list, acknowledge, assign, note, snooze, silence.", no_args_is_help=True)

AlertId = Annotated[str, typer.Argument(metavar="ALERT", help="rule|scope, in quotes for the shell")]
Expected = Annotated[int | None, typer.Option(help="Only if this is its revision, as `alerts list` shows it.")]
Minutes = Annotated[float, typer.Option("--for", min=0, metavar="MINUTES", help="From now.")]
Reason = Annotated[str, typer.Option(help="Why.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write them as JSON.")]


def moment(at: int) -> str:
    """UTC, to the second."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


@cli.command("list")
def list_(
    *,
    state: Annotated[str | None, typer.Option(help="Only those: firing, pending, …")] = None,
    team: Annotated[
        str | None, typer.Option(help="Only those to this team's lead (site/team), costliest first.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Every alert that is not inactive, and the last resolved ones."""

    def work(client: Client) -> None:
        found = [each for each in client.get("/v1/alerts", team=team)["alerts"] if state in {None, each["state"]}]
        if as_json:
            typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
            return
        table = Table("alert", "state", "since", "value", "severity", "revision", "by", "hidden by")
        for each in found:
            value = "" if each["value"] is None else f"{each['value']:g}"
            by = each["assignee"] or each["acknowledged_by"] or f"{each['handled']} {each['handled_by']}".strip()
            row = (each["id"], each["state"], moment(each["since"]), value, each["severity"], str(each["revision"]))
            table.add_row(*(escape(cell) for cell in (*row, by, each["hidden_by"])))
        out.print(table)

    attempt(work)


def _give(alert: str, verb: str, body: dict[str, object], expected: int | None, said: str) -> None:
    path = f"/v1/alerts/{part(alert)}/{verb}"
    attempt(lambda client: tell(client.give("POST", path, body, expected=expected), said))


@cli.command()
def ack(alert: AlertId, *, note: Annotated[str, typer.Option()] = "", expected: Expected = None) -> None:
    """I have seen it and look after it."""
    _give(alert, "acknowledge", {"note": note}, expected, f"{alert} acknowledged")


@cli.command()
def unack(alert: AlertId, *, expected: Expected = None) -> None:
    """Take an acknowledgement back."""
    _give(alert, "unacknowledge", {}, expected, f"{alert} is no longer acknowledged")


@cli.command()
def assign(
    alert: AlertId, to: Annotated[str, typer.Argument(help="Name; '' for nobody.")], *, expected: Expected = None
) -> None:
    """Somebody else looks after it."""
    _give(alert, "assign", {"to": to}, expected, f"{alert} assigned to {to or 'nobody'}")


@cli.command()
def note(alert: AlertId, text: Annotated[str, typer.Argument()], *, expected: Expected = None) -> None:
    """Write something on it."""
    _give(alert, "notes", {"text": text}, expected, f"written on {alert}")


@cli.command()
def snooze(alert: AlertId, *, minutes: Minutes = 15, expected: Expected = None) -> None:
    """Do not tell of it for so many minutes (0: tell again), or until it is over."""
    _give(alert, "snooze", {"until": until(minutes)}, expected, f"{alert} snoozed for {minutes:g} min")


@cli.command()
def coach(alert: AlertId, *, note: Annotated[str, typer.Option()] = "", expected: Expected = None) -> None:
    """Of an adherence alert: the lead has spoken with the agent."""
    _give(alert, "coach", {"note": note}, expected, f"{alert} coached")


@cli.command()
def dismiss(alert: AlertId, *, reason: Reason = "", expected: Expected = None) -> None:
    """Of an adherence alert: nothing needs to be done."""
    _give(alert, "dismiss", {"reason": reason}, expected, f"{alert} dismissed")


@cli.command()
def excuse(
    alert: AlertId,
    start: Annotated[datetime, typer.Argument(metavar="START", help="Such as 2026-11-23T09:00:00, UTC.")],
    end: Annotated[datetime, typer.Argument(metavar="END")],
    *,
    reason: Annotated[str, typer.Option(help="Why; it stands with the exception.")],
    expected: Expected = None,
) -> None:  # fmt: skip
    """Of an adherence alert: it becomes an exception to the agent's plan. Times are UTC."""
    first, last = (
        round(each.replace(tzinfo=each.tzinfo or UTC).timestamp() * 1000) for each in (start, end)
    )  # fmt: skip
    _give(alert, "excuse", {"start": first, "end": last, "reason": reason}, expected, f"{alert} excused")


@cli.command()
def silences(*, as_json: AsJson = False) -> None:
    """Silences that last, and those that ended lately."""

    def work(client: Client) -> None:
        found = client.get("/v1/silences")["silences"]
        if as_json:
            typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
            return
        table = Table("silence", "matches", "until", "by", "reason", "ended by")
        for each in found:
            matches = ", ".join(f"{matcher['name']}={matcher['match']}" for matcher in each["matchers"])
            row = (each["id"], matches, moment(each["until"]), each["by"], each["reason"], each["ended_by"])
            table.add_row(*(escape(cell) for cell in row))
        out.print(table)

    attempt(work)


@cli.command()
def silence(
    matchers: Annotated[list[str], typer.Argument(metavar="NAME=GLOB…", help="rule, scope, site, severity, owner …")],
    *,
    minutes: Minutes = 60,
    reason: Reason = "",
) -> None:
    """Do not tell of what matches all of these for so many minutes; it stays visible."""

    def work(client: Client) -> None:
        said = [matcher.partition("=") for matcher in matchers]
        if not all(name and equals and glob for name, equals, glob in said):
            raise RefusedError("a matcher is NAME=GLOB, such as site=bank or 'rule=low-*'")
        body = {"matchers": [{"name": name, "match": glob} for name, _, glob in said], "until": until(minutes)}
        given = client.give("POST", "/v1/silences", body | {"reason": reason})
        tell(given, f"{given['outcome']['subject'].partition('|')[2]} lasts {minutes:g} min")

    attempt(work)


@cli.command()
def unsilence(silence_id: Annotated[str, typer.Argument(metavar="SILENCE")]) -> None:
    """End a silence now."""
    path = f"/v1/silences/{part(silence_id)}"
    attempt(lambda client: tell(client.give("DELETE", path), f"{silence_id} ended"))
