"""`floorwatch moves`: moves of agents between centres, and their ledger, over the API."""

import json
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from services.cli import suggestions
from services.cli.alerts import moment
from services.cli.console import out
from services.cli.desk import Client, attempt, part, tell, until

cli = typer.Typer(help="Moves of agents between centres: list, suggest, propose, accept, return.", no_args_is_help=True)

cli.command()(suggestions.suggest)

MoveId = Annotated[str, typer.Argument(metavar="MOVE", help="Id of the move.")]
Expected = Annotated[int | None, typer.Option(help="Only if this is its revision, as `moves list` shows it.")]
Reason = Annotated[str, typer.Option(help="Why.")]


@cli.command("list")
def list_(
    *,
    open_: Annotated[bool | None, typer.Option("--open/--closed", help="Only those; default: all.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write them as JSON.")] = False,
) -> None:
    """Moves, open and closed: who lends whom to whom, until when."""

    def work(client: Client) -> None:
        found = client.get("/v1/moves", open=open_)["moves"]
        if as_json:
            typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
            return
        table = Table("move", "state", "from", "to", "agents", "until", "by", "revision")
        for each in found:
            terms = each["terms"]
            row = (each["id"], each["state"], terms["giver"], terms["queue"], ", ".join(terms["agents"]))
            more = (moment(terms["until"]), each["proposed_by"], str(each["revision"]))
            table.add_row(*(escape(cell) for cell in (*row, *more)))
        out.print(table)

    attempt(work)


@cli.command()
def propose(
    giver: Annotated[str, typer.Argument(metavar="GIVER", help="Site that lends.")],
    queue: Annotated[str, typer.Argument(metavar="QUEUE", help="site/queue that they are to serve.")],
    agents: Annotated[list[str], typer.Argument(metavar="AGENT…")],
    *,
    minutes: Annotated[float, typer.Option("--for", min=1, metavar="MINUTES", help="From now.")] = 120,
    reason: Reason = "",
) -> None:
    """Ask a site for agents."""

    def work(client: Client) -> None:
        body = {"giver": giver, "queue": queue, "agents": agents, "until": until(minutes), "reason": reason}
        given = client.give("POST", "/v1/moves", body)
        tell(given, f"{given['outcome']['subject'].partition('|')[2]} proposed")

    attempt(work)


def _give(move: str, verb: str, body: dict[str, object], expected: int | None, said: str) -> None:
    path = f"/v1/moves/{part(move)}/{verb}"
    attempt(lambda client: tell(client.give("POST", path, body, expected=expected), said))


@cli.command()
def accept(move: MoveId, *, expected: Expected = None) -> None:
    """The giving site agrees."""
    _give(move, "accept", {}, expected, f"{move} accepted")


@cli.command()
def decline(move: MoveId, *, reason: Reason = "", expected: Expected = None) -> None:
    """The giving site does not."""
    _give(move, "decline", {"reason": reason}, expected, f"{move} declined")


@cli.command()
def cancel(move: MoveId, *, reason: Reason = "", expected: Expected = None) -> None:
    """Take back a proposal, or a move that is accepted but not yet effective."""
    _give(move, "cancel", {"reason": reason}, expected, f"{move} cancelled")


@cli.command("return")
def return_(
    move: MoveId,
    *,
    agent: Annotated[str, typer.Option(help="Only this one; default: all.")] = "",
    expected: Expected = None,
) -> None:
    """The agents go back."""
    _give(move, "return", {"agent": agent}, expected, f"{agent or move} returned")
