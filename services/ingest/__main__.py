"""`python -m services.ingest`: serve HTTP, replay what is recorded, follow what grows, simulate."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

import typer

from services.ingest import commands, plan_commands
from services.ingest.commands import AsteriskOptions, BankOptions, FollowOptions
from services.ingest.domain.disorder import Disorder
from services.ingest.progress import Style
from services.ingest.replay import parse_local, parse_speed
from services.ingest.simulate import simulate
from services.ingest.sources.bank_files import Span

cli = typer.Typer(help="Bring events to Kafka.", pretty_exceptions_enable=False, add_completion=False)
replay = typer.Typer(help="Replay what is recorded, in time order.", no_args_is_help=True)
cli.add_typer(replay, name="replay")
follow = typer.Typer(help="Follow what grows, live.", no_args_is_help=True)
cli.add_typer(follow, name="follow")
cli.command()(simulate)
cli.add_typer(plan_commands.schedules, name="schedules")
cli.add_typer(plan_commands.exceptions, name="exceptions")
cli.add_typer(plan_commands.forecasts, name="forecasts")
cli.add_typer(plan_commands.topology, name="topology")

Value = TypeVar("Value")


def _parsed(parse: Callable[[str], Value], hint: str) -> Callable[[Any], Any]:
    def parser(text: str) -> Value:
        try:
            return parse(text)
        except ValueError:
            raise typer.BadParameter(f"{text!r} is not {hint}") from None

    return parser


Speed = Annotated[
    float,
    typer.Option(
        parser=_parsed(parse_speed, "1, 60 or another number of times real time, or max"), metavar="1|N|max",
        help="Feed time against real time.",
    ),
]  # fmt: skip
_moment = _parsed(parse_local, "a local day or time such as 1999-01-03 or '1999-01-03 08:30'")
From = Annotated[
    Any, typer.Option("--from", parser=_moment, metavar="LOCAL TIME", help="Calls that came then or later.")
]
Until = Annotated[Any, typer.Option(parser=_moment, metavar="LOCAL TIME", help="Calls that came before then.")]
Files = Annotated[list[Path] | None, typer.Argument(exists=True, dir_okay=False, readable=True, metavar="FILE…")]
Progress = Annotated[Style, typer.Option(help="bar for people, json: one object a line for programs.")]
Again = Annotated[bool, typer.Option("--again", help="From the beginning, even if an earlier run came further.")]
RejectedOut = Annotated[Path | None, typer.Option(help="Write the rejected rows to this file, as a JSON array.")]
SITE_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}"


def _site(text: str) -> str:
    if not re.fullmatch(SITE_PATTERN, text):
        raise typer.BadParameter(f"{text!r} is no id: letters, digits, '_', '.' and '-', up to 64")
    return text


def _zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (KeyError, ValueError, OSError):
        raise typer.BadParameter(f"{text!r} is no IANA time zone, such as Europe/Lisbon") from None


Zone = Annotated[str, typer.Option(callback=_zone, help="Time zone of the site, for its half-hours.")]
Site = typer.Option(callback=_site, help="Id of the site.")


@cli.callback(invoke_without_command=True)
def main(context: typer.Context) -> None:
    """Serve, unless told otherwise."""
    if context.invoked_subcommand is None:
        serve()


@cli.command()
def serve() -> None:
    """Take events by HTTP: POST /v1/events."""
    raise typer.Exit(commands.serve())


@replay.command("anonymous-bank")
def replay_bank(
    files: Files = None,
    *,
    from_: From = None,
    until: Until = None,
    speed: Speed = 60.0,
    feed: str = "anonymous-bank",
    site: Annotated[str, Site] = "bank",
    progress: Progress = "bar",
    shuffle_within: Annotated[
        float, typer.Option(min=0, max=86_400, help="Events come up to so many seconds late.")
    ] = 0,
    repeat_share: Annotated[float, typer.Option(min=0, max=1, help="So many of the events come twice.")] = 0,
    seed: Annotated[int, typer.Option(help="Of the disorder.")] = 0,
    again: Again = False,
    rejected_out: RejectedOut = None,
) -> None:
    """Replay call files of the "Anonymous Bank" (the shipped January 1999 if no file is given).

    Data: I. Guedj and A. Mandelbaum, Technion.
    """
    options = BankOptions(
        files=tuple(files or ()), span=Span(from_, until), speed=speed, feed=feed, site=site, progress=progress,
        disorder=Disorder(shuffle_within, repeat_share, seed), again=again, rejected_out=rejected_out,
    )  # fmt: skip
    raise typer.Exit(commands.replay_bank(options))


@replay.command("asterisk")
def replay_asterisk(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, readable=True, metavar="FILE…")],
    *,
    export: Annotated[
        bool | None, typer.Option("--export/--plain", help="Database exports (CSV), or plain logs; else found out.")
    ] = None,
    speed: Speed = 60.0,
    feed: str = "asterisk",
    site: Annotated[str, Site] = "asterisk",
    timezone: Zone = "UTC",
    progress: Progress = "bar",
    again: Again = False,
    rejected_out: RejectedOut = None,
) -> None:
    """Replay Asterisk queue logs, given in the order in which they were written."""
    options = AsteriskOptions(
        files=tuple(files), export=export, speed=speed, feed=feed, site=site, timezone=timezone, progress=progress,
        again=again, rejected_out=rejected_out,
    )  # fmt: skip
    raise typer.Exit(commands.replay_asterisk(options))


@follow.command("asterisk")
def follow_asterisk(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="Usually /var/log/asterisk/queue_log.")],
    *,
    feed: str = "asterisk",
    site: Annotated[str, Site] = "asterisk",
    timezone: Zone = "UTC",
    progress: Progress = "none",
) -> None:
    """Follow an Asterisk queue log as it grows, through rotation and truncation."""
    options = FollowOptions(file=file, feed=feed, site=site, timezone=timezone, progress=progress)
    raise typer.Exit(commands.follow_asterisk(options))


if __name__ == "__main__":
    cli(prog_name=os.environ.get("FLOORWATCH_COMMAND"))  # whoever starts it may be what people typed
