"""`floorwatch prove QUEUE INTERVAL`: the contacts behind a number, recounted from the log by the API."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import httpx
import redis
import typer
from rich.markup import escape
from rich.table import Table

from services.cli import running, sign_in
from services.cli.console import fail, out
from services.cli.settings import LauncherSettings
from services.runtime.settings import load

AT_ONCE = 1000
PATIENCE_S = 120
SHOWN = ("offered", "answered", "answered_within", "abandoned", "short_abandoned", "flowed_out", "waiting")


class ProveError(Exception):
    """Why nothing can be proved; in words for people."""


def prove(
    queue: Annotated[str, typer.Argument(metavar="QUEUE", help="site/queue")],
    interval: Annotated[
        str,
        typer.Argument(
            metavar="INTERVAL",
            help="A half-hour's start, site's local YYYY-MM-DDTHH:MM or epoch ms; or 'rolling': the last 30 minutes.",
        ),
    ],
    *,
    threshold: Annotated[int | None, typer.Option(help="T in seconds; default: each contact's own target.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write all of it as JSON.")] = False,
) -> None:
    """List the very contacts behind a number, with the events they were counted from, and compare the counts.

    Ends with 1 when what is counted from the log is not what was published, and with 2 when that can't be said.
    """
    try:
        with _signed_in() as client:
            found = _ask(client, queue, _window(client, queue, interval), threshold)
    except (ProveError, httpx.HTTPError, redis.RedisError) as error:
        fail(str(error))
        raise typer.Exit(2) from None
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        _show(found, ZoneInfo(found["timezone"]))
    raise typer.Exit(2 if found["equal"] is None else 0 if found["equal"] else 1)


@contextmanager
def _signed_in() -> Iterator[httpx.Client]:
    """A client of the API that runs here."""
    place = running.find(load(LauncherSettings).state_dir.absolute())
    if place is None:
        raise ProveError("no Floorwatch runs on this state folder: start it with `floorwatch up`")
    names = place.environment
    link = sign_in.link(redis_url=names["REDIS_URL"], namespace=names["FLOORWATCH_NAMESPACE"], wall=place.wall)
    with httpx.Client(base_url=place.wall, timeout=PATIENCE_S) as client:
        client.get(link)
        yield client


def _get(client: httpx.Client, path: str, **parameters: Any) -> dict[str, Any]:
    answer = client.get(path, params={name: value for name, value in parameters.items() if value is not None})
    if answer.status_code != httpx.codes.OK:
        raise ProveError(answer.json().get("message", answer.text))
    found: dict[str, Any] = answer.json()
    return found


def _window(client: httpx.Client, queue: str, interval: str) -> dict[str, str | int]:
    """Parameters that name the window."""
    if interval == "rolling":
        return {"window": "rolling"}
    if interval.isdigit():
        return {"interval": int(interval)}
    try:
        local = datetime.fromisoformat(interval)
    except ValueError:
        message = f"{interval!r} is no local time such as 2026-11-22T09:30, no epoch ms, nor 'rolling'"
        raise ProveError(message) from None
    if local.tzinfo is None:
        local = local.replace(tzinfo=ZoneInfo(_zone(client, queue)))
    return {"interval": round(local.timestamp() * 1000)}


def _ask(client: httpx.Client, queue: str, window: dict[str, str | int], threshold: int | None) -> dict[str, Any]:
    """All pages in one; they are of one revision, or asked for again."""
    for _ in range(5):
        whole = page = _get(client, "/v1/contacts", queue=queue, threshold=threshold, limit=AT_ONCE, **window)
        while page["next"] and page["revision"] == whole["revision"]:
            page = _get(
                client, "/v1/contacts", queue=queue, threshold=threshold, limit=AT_ONCE, cursor=page["next"], **window
            )
            whole["contacts"] += page["contacts"]
        if page["revision"] == whole["revision"]:
            whole["timezone"] = _zone(client, queue)
            whole["next"] = None
            return whole
    raise ProveError(f"{queue} changes too quickly to list it page by page: prove a half-hour that is over")


def _zone(client: httpx.Client, queue: str) -> str:
    sites = {site["id"]: site["timezone"] for site in _get(client, "/v1/topology")["sites"]}
    return str(sites.get(queue.partition("/")[0], "UTC"))


def _show(found: dict[str, Any], zone: ZoneInfo) -> None:
    def clock(at: int) -> str:
        return datetime.fromtimestamp(at / 1000, zone).strftime("%H:%M:%S")

    table = Table("contact", "came", "outcome", "wait", "≤ T", "events (log offset)", title=_title(found, zone))
    for contact in found["contacts"]:
        wait = "" if contact["wait_ms"] is None else f"{contact['wait_ms'] / 1000:.1f} s"
        events = ", ".join(f"{event['type']} ({event['offset']})" for event in contact["events"])
        outcome = contact["outcome"] + (" short" if contact["short"] else "")
        within = "✓" if contact["within"] else ""
        table.add_row(escape(contact["contact"]), clock(contact["offered_at"]), outcome, wait, within, events)
    out.print(table)
    counts = Table("", *SHOWN)
    for row in ("published", "recounted"):
        counts.add_row(row, *(str(found[row][name]) for name in SHOWN))
    out.print(counts)
    if found["equal"] is None:
        out.print(f"[yellow]![/] can't be compared: {found['incomplete']}")
    elif found["equal"]:
        out.print(f"[green]✓[/] the log gives the published numbers, as of record {found['revision']}")
    else:
        for each in found["differences"]:
            out.print(f"[red]✗[/] {each['counter']}: {each['published']} published, {each['recounted']} recounted")


def _title(found: dict[str, Any], zone: ZoneInfo) -> str:
    start, end = (datetime.fromtimestamp(found[name] / 1000, zone) for name in ("start", "end"))
    target = "own target" if found["threshold_s"] is None else f"T = {found['threshold_s']} s"
    return f"{found['queue']}  {start:%Y-%m-%d %H:%M:%S} – {end:%H:%M:%S}  {target}, {found['status']}"
