"""`floorwatch channels` and `floorwatch deliveries`: whom alerts are told to, and what became of it, over the API."""

import json
import time
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from services.cli.alerts import moment
from services.cli.console import out
from services.cli.desk import Client, RefusedError, UnreachedError, attempt, part

cli = typer.Typer(help="Notification channels: list, test.", no_args_is_help=True)

WAIT_S = 60.0
PAUSE_S = 0.5
_OVER = {"delivered", "undeliverable", "uncertain", "skipped"}

AsJson = Annotated[bool, typer.Option("--json", help="Write them as JSON.")]


@cli.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """The channels of the settings, without their secrets."""

    def work(client: Client) -> None:
        found = client.get("/v1/channels")["channels"]
        if as_json:
            typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
            return
        table = Table("channel", "kind", "name", "language", "address", "quiet hours", "told")
        for each in found:
            told = "\n".join(each["routes"])
            cells = (each["id"], each["of"], each["name"], each["language"], each["address"], each["quiet"], told)
            table.add_row(*(escape(cell) for cell in cells))
        out.print(table)

    attempt(work)


@cli.command()
def test(channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="Id of the channel.")]) -> None:
    """Send a test message, and say what became of it."""

    def work(client: Client) -> None:
        given = client.give("POST", f"/v1/channels/{part(channel)}/test")
        subject = given["outcome"]["id"]
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            found = client.get("/v1/deliveries", channel=channel, subject=subject)["deliveries"]
            if found and found[0]["state"] in _OVER:
                state, reason = found[0]["state"], found[0]["reason"]
                if state != "delivered":
                    raise RefusedError(f"{channel}: {state}: {reason}")
                out.print(f"[green]✓[/] {escape(f'{channel}: delivered: {reason}')}")
                return
            time.sleep(PAUSE_S)
        said = found[0]["reason"] if found else "nobody has taken it up"
        raise UnreachedError(f"{channel}: not delivered yet: {said}. `floorwatch deliveries` tells what becomes of it")

    attempt(work)


def deliveries(
    *,
    channel: Annotated[str | None, typer.Option(help="Only over this channel.")] = None,
    state: Annotated[str | None, typer.Option(help="Only waiting, sending, delivered, undeliverable …")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """What was told, or was to be, newest first."""

    def work(client: Client) -> None:
        found = client.get("/v1/deliveries", channel=channel, state=state, limit=limit)["deliveries"]
        if as_json:
            typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
            return
        for each in found:
            out.print(_line(each), markup=False)

    attempt(work)


def _line(each: dict[str, Any]) -> str:
    notice = each["notice"]
    tried = f" (attempt {each['attempt']})" if each["attempt"] > 1 else ""
    said = f": {each['reason']}" if each["reason"] else ""
    return (
        f"{moment(each['at'])}  {each['channel']}: {notice['event']} {notice['subject']}: {each['state']}{tried}{said}"
    )
