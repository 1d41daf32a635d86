"""`floorwatch adherence`: when team leads are told of their agents, over the API."""

import json
from pathlib import Path
from typing import Annotated

import typer
import yaml

from services.cli.desk import Client, attempt, read_yaml, tell

cli = typer.Typer(help="When team leads are told: look at the limits, change them.", no_args_is_help=True)

PATH = "/v1/adherence/limits"


@cli.command()
def limits(*, as_json: Annotated[bool, typer.Option("--json", help="Write them as JSON.")] = False) -> None:
    """The limits in force, as a file that `adherence set` takes."""

    def work(client: Client) -> None:
        found = client.get(PATH)
        if as_json:
            typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
            return
        by = f", {found['changed_by']}" if found["changed_by"] else ", as shipped"
        typer.echo(f"# revision {found['revision']}{by}")
        typer.echo(yaml.safe_dump(found["limits"], sort_keys=False, allow_unicode=True), nl=False)

    attempt(work)


@cli.command("set")
def set_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, metavar="FILE")],
    *,
    expected: Annotated[int | None, typer.Option(help="Only if this is their revision, as `limits` shows it.")] = None,
) -> None:
    """Change the limits to those of a YAML file; what it leaves out is as shipped."""
    attempt(lambda client: tell(client.give("PUT", PATH, read_yaml(file) or {}, expected=expected), "limits changed"))
