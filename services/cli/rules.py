"""`floorwatch rules`: alert rules in force, over the API."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from services.cli.console import out
from services.cli.desk import Client, attempt, listed_in, part, read_yaml, tell

cli = typer.Typer(help="Alert rules: list, import, try, remove.", no_args_is_help=True)

RuleId = Annotated[str, typer.Argument(metavar="ID", help="Id of the rule.")]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, metavar="FILE")]


@cli.command("list")
def list_(*, as_json: Annotated[bool, typer.Option("--json", help="Write them as JSON.")] = False) -> None:
    """The rules in force."""

    def work(client: Client) -> None:
        found = client.get("/v1/rules")["rules"]
        if as_json:
            typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
            return
        table = Table("rule", "name", "scope", "severity", "revision", "by")
        for view in found:
            rule = view["rule"]
            scope = f"{rule['scope']['kind']} {rule['scope']['match']}"
            by = f"{view['changed_by']} ({view['origin']})"
            cells = (view["id"], rule["name"]["en"], scope, rule["severity"], str(view["revision"]), by)
            table.add_row(*(escape(cell) for cell in cells))
        out.print(table)

    attempt(work)


@cli.command("import")
def import_(file: File) -> None:
    """Make or change all rules of a YAML file (`rules: […]`) at once; others stay."""
    attempt(lambda client: tell(client.give("POST", "/v1/rules/import", read_yaml(file)), f"{file} imported"))


@cli.command()
def remove(
    id_: RuleId, *, expected: Annotated[int | None, typer.Option(help="Only if this is its revision.")] = None
) -> None:
    """Remove a rule; its alerts end."""
    attempt(
        lambda client: tell(client.give("DELETE", f"/v1/rules/{part(id_)}", expected=expected), f"{id_} removed")
    )  # fmt: skip


@cli.command("try")
def try_(file: File) -> None:
    """Say which alerts the rules of a YAML file would begin now; nothing is switched on."""

    def work(client: Client) -> None:
        for rule in listed_in(file, "rules"):
            outcome = client.give("POST", f"/v1/rules/{part(rule['id'])}/dry-run", rule)["outcome"]
            would = outcome["would"]
            out.print(f"{rule['id']}: {', '.join(would) if would else 'nothing would fire now'}", markup=False)

    attempt(work)
