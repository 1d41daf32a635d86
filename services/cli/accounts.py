"""`floorwatch accounts`, `keys` and `devices`: who may come in, over the API."""

import json
from collections.abc import Iterable
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from services.cli.alerts import moment
from services.cli.console import out
from services.cli.desk import Client, attempt, part
from services.contracts.people import Language, Role

cli = typer.Typer(help="Accounts of people: list, add, change, disable, password.", no_args_is_help=True)
keys = typer.Typer(help="Keys of programs: list, make, revoke.", no_args_is_help=True)
devices = typer.Typer(help="Walls: list, approve, revoke.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the account, in capitals or not.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write them as JSON.")]
RoleOption = Annotated[Role | None, typer.Option(help="What the account may do.")]
Sites = Annotated[list[str] | None, typer.Option("--site", help="Only this site; may be given again.")]
Teams = Annotated[list[str] | None, typer.Option("--team", help="Only this team (site/team); may be given again.")]
Everywhere = Annotated[bool, typer.Option("--everywhere", help="Every site and team.")]
LanguageOption = Annotated[Language | None, typer.Option(help="Of the pages.")]
Expected = Annotated[int | None, typer.Option(help="Only if this is its revision, as `accounts list` shows it.")]

EVERYWHERE = {"sites": None, "teams": None}


@cli.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """Every account."""

    def work(client: Client) -> None:
        found = client.get("/v1/accounts")["accounts"]
        if not _as_json(found, wanted=as_json):
            rows = (
                (
                    each["name"], each["role"], _places(each), "locked" if each["disabled"] else "",
                    "yes" if each["has_password"] else "no", str(each["revision"]), each["changed_by"],
                )
                for each in found
            )  # fmt: skip
            _table(("account", "role", "where", "", "password", "revision", "by"), rows)

    attempt(work)


@cli.command()
def add(
    name: Name,
    *,
    role: Annotated[Role, typer.Option(help="What the account may do.")],
    site: Sites = None,
    team: Teams = None,
    language: LanguageOption = None,
    password: Annotated[bool, typer.Option("--password", help="Ask for a password instead of making a link.")] = False,
) -> None:
    """Make an account, and print the link with which its person sets a password."""
    body = {"name": name, "role": role, "sites": site, "teams": team, "language": language}
    if password:
        body["password"] = _asked()

    def work(client: Client) -> None:
        made = client.send("POST", "/v1/accounts", body)
        out.print(f"[green]✓[/] {escape(made['name'])} is {made['role']} of {escape(_places(made))}")
        if not password:
            _print_link(client, name)

    attempt(work)


@cli.command()
def change(
    name: Name,
    *,
    role: RoleOption = None,
    site: Sites = None,
    team: Teams = None,
    everywhere: Everywhere = False,
    language: LanguageOption = None,
    expected: Expected = None,
) -> None:
    """Change what an account may; what is not named stays. It holds at once."""
    given: dict[str, Any] = {"role": role, "sites": site, "teams": team, "language": language}
    new = {what: value for what, value in given.items() if value}
    _change(name, new | (EVERYWHERE if everywhere else {}), expected, "is changed")


@cli.command()
def disable(name: Name, *, expected: Expected = None) -> None:
    """Lock an account: its sessions end at once."""
    _change(name, {"disabled": True}, expected, "is locked")


@cli.command()
def enable(name: Name, *, expected: Expected = None) -> None:
    """Unlock an account; its person signs in anew."""
    _change(name, {"disabled": False}, expected, "is unlocked")


@cli.command()
def password(
    name: Name, *, link: Annotated[bool, typer.Option(help="Print a link instead of asking for a password.")] = False
) -> None:
    """Set an account's password, or print a link (it works once, within a day) with which its person sets one."""
    if link:
        attempt(lambda client: _print_link(client, name))
        return
    body = {"password": _asked()}

    def work(client: Client) -> None:
        client.send("PUT", f"/v1/accounts/{part(name)}/password", body)
        out.print(f"[green]✓[/] {escape(name)} has a new password; its sessions are over")

    attempt(work)


@keys.command("list")
def list_keys(*, as_json: AsJson = False) -> None:
    """Every key, revoked ones as well."""

    def work(client: Client) -> None:
        found = client.get("/v1/keys")["keys"]
        if not _as_json(found, wanted=as_json):
            rows = (
                (
                    each["id"], each["name"], each["role"], ", ".join(each["scopes"]), _places(each),
                    "revoked" if each["revoked_at"] else moment(each["expires_at"]) if each["expires_at"] else "",
                    f"{moment(each['made_at'])} by {each['made_by']}",
                )
                for each in found
            )  # fmt: skip
            _table(("key", "name", "role", "scopes", "where", "until", "made"), rows)

    attempt(work)


@keys.command()
def make(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the key is for; the journal names it.")],
    *,
    role: Annotated[Role, typer.Option(help="What the key may do at most.")] = "viewer",
    scope: Annotated[list[str] | None, typer.Option(help="read (the default), act, admin, send.")] = None,
    site: Sites = None,
    team: Teams = None,
) -> None:
    """Make a key and print it, this one time."""
    body = {"name": name, "role": role, "scopes": scope or ["read"], "sites": site, "teams": team}

    def work(client: Client) -> None:
        made = client.send("POST", "/v1/keys", body)
        out.print(f"[green]✓[/] key {made['key']['id']} for {escape(name)}; it is not shown again:")
        out.print(made["secret"], markup=False)

    attempt(work)


@keys.command("revoke")
def revoke_key(id_: Annotated[str, typer.Argument(metavar="ID", help="Id of the key.")]) -> None:
    """Nobody comes in with this key any more."""
    _revoke("keys", id_)


@devices.command("list")
def list_devices(*, as_json: AsJson = False) -> None:
    """Every wall that was let in."""

    def work(client: Client) -> None:
        found = client.get("/v1/devices")["devices"]
        if not _as_json(found, wanted=as_json):
            rows = (
                (
                    each["id"], each["name"], _places(each), "sent away" if each["revoked_at"] else "",
                    f"{moment(each['approved_at'])} by {each['approved_by']}",
                )
                for each in found
            )  # fmt: skip
            _table(("wall", "name", "where", "", "let in"), rows)

    attempt(work)


@devices.command()
def approve(
    code: Annotated[str, typer.Argument(metavar="CODE", help="The code on the wall's screen.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the wall is called.")],
    *,
    site: Sites = None,
) -> None:
    """Let the wall in that shows a code."""

    def work(client: Client) -> None:
        client.send("POST", f"/v1/devices/{part(code.upper())}/approve", {"name": name, "sites": site})
        out.print(f"[green]✓[/] {escape(name)} is let in")

    attempt(work)


@devices.command("revoke")
def revoke_device(id_: Annotated[str, typer.Argument(metavar="ID", help="Id of the wall.")]) -> None:
    """Send a wall away, at once."""
    _revoke("devices", id_)


def _change(name: str, new: dict[str, Any], expected: int | None, said: str) -> None:
    def work(client: Client) -> None:
        path = f"/v1/accounts/{part(name)}"
        held = client.get(path)
        terms = {what: held[what] for what in ("role", "sites", "teams", "language", "disabled")} | new
        client.send("PUT", path, terms, expected=held["revision"] if expected is None else expected)
        out.print(f"[green]✓[/] {escape(held['name'])} {said}")

    attempt(work)


def _revoke(kind: str, id_: str) -> None:
    def work(client: Client) -> None:
        gone = client.send("DELETE", f"/v1/{kind}/{part(id_)}")
        out.print(f"[green]✓[/] {escape(gone['name'])} ({id_}) is out")

    attempt(work)


def _print_link(client: Client, name: str) -> None:
    link = client.send("POST", f"/v1/accounts/{part(name)}/link")
    out.print(f"{client.address}{link['path']}", markup=False)
    out.print(f"[dim]It signs {escape(name)} in once, until {moment(link['expires_at'])}.[/]")


def _asked() -> str:
    found: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return found


def _places(each: dict[str, Any]) -> str:
    found = each.get("teams") or each["sites"]
    return "every site" if found is None else ", ".join(found) or "nothing"


def _as_json(found: list[Any], *, wanted: bool) -> bool:
    if wanted:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    return wanted


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    table = Table(*head)
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    out.print(table)
