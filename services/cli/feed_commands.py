"""Commands that send events (`replay`, `follow`, `simulate`), plans or descriptions, and `report`, what was counted."""

import inspect
from pathlib import Path
from typing import Annotated

import typer

from services.cli import replay as work
from services.cli.console import fail, out
from services.cli.parts.part import StartError
from services.cli.published import StalledError
from services.cli.settings import LauncherSettings
from services.runtime.settings import load

# What these commands do not know themselves they hand on to ingest, which has the sources and their options.
HANDED_ON = {"ignore_unknown_options": True, "allow_extra_args": True}

Rest = Annotated[list[str] | None, typer.Argument(metavar="SOURCE [FILE]… [OPTION]…")]
RestOnly = Annotated[list[str] | None, typer.Argument(metavar="[OPTION]…")]


def register(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.command(context_settings=HANDED_ON, add_help_option=False)(replay)
    cli.command(context_settings=HANDED_ON, add_help_option=False)(follow)
    cli.command(context_settings=HANDED_ON, add_help_option=False)(simulate)
    for command in (schedules, exceptions, forecasts, topology):
        cli.command(context_settings=HANDED_ON, add_help_option=False)(command)
    cli.command(context_settings=HANDED_ON, add_help_option=False)(backtest)
    cli.command()(report)


def replay(
    rest: Rest = None,
    *,
    report: Annotated[
        Path | None, typer.Option(dir_okay=False, metavar="OUT.json", help="Write what was counted.")
    ] = None,
) -> None:
    """Replay recorded calls, in time order: `replay anonymous-bank [FILE]…` or `replay asterisk FILE…`.

    With --report OUT.json it waits until all is counted and writes what the metrics service published. That needs no
    running installation: if there is none, Kafka, Redis and metrics are started for the run. For the options of a
    source (--speed, --from …): replay SOURCE --help.
    """
    arguments = rest or ["--help"]
    if "--help" in arguments:
        if len(arguments) == 1:
            out.print(inspect.cleandoc(replay.__doc__ or ""))
        raise typer.Exit(work.show_help(["replay", *arguments]))
    _end(lambda settings: work.replay(settings, arguments, report))


def follow(rest: Rest = None) -> None:
    """Follow a file that grows: `follow asterisk FILE`."""
    _hand_on(["follow", *(rest or ["--help"])])


def simulate(rest: RestOnly = None) -> None:
    """Run simulated centres as a feed: see `simulate --help`."""
    _hand_on(["simulate", *(rest or [])])


def schedules(rest: RestOnly = None) -> None:
    """Take agents' schedules from a CSV or iCalendar file: `schedules import FILE`."""
    _hand_on(["schedules", *(rest or ["--help"])])


def exceptions(rest: RestOnly = None) -> None:
    """Excuse agents from adherence for a time: `exceptions add AGENT START END`, `exceptions withdraw AGENT ID`."""
    _hand_on(["exceptions", *(rest or ["--help"])])


def forecasts(rest: RestOnly = None) -> None:
    """Take forecasts of queues from a CSV file: `forecasts import FILE`."""
    _hand_on(["forecasts", *(rest or ["--help"])])


def topology(rest: RestOnly = None) -> None:
    """Describe sites, queues, voice menus, teams and agents by a YAML file: `topology import FILE`, `topology show`."""
    _hand_on(["topology", *(rest or ["--help"])])


def backtest(rest: RestOnly = None) -> None:
    """Say when the rules of a file would have fired: `backtest RULES.yaml --from TIME --to TIME`."""
    arguments = ["backtest", *(rest or ["--help"])]
    if "--help" in arguments:
        raise typer.Exit(work.show_help(arguments, service="alerts"))
    _end(lambda settings: work.run_service(work.running_place(settings), "alerts", arguments))


def report(
    file: Annotated[Path, typer.Argument(dir_okay=False, metavar="OUT.json")],
    site: Annotated[str, typer.Option(help="Id of the site.")] = "bank",
) -> None:
    """Write what the installation that runs here has counted of a site, by day, queue and half-hour."""

    def write(settings: LauncherSettings) -> int:
        work.write_report(work.running_place(settings), site, file, rejected=[])
        return 0

    _end(write)


def _hand_on(arguments: list[str]) -> None:
    if "--help" in arguments:
        raise typer.Exit(work.show_help(arguments))
    _end(lambda settings: work.run_ingest(work.running_place(settings), arguments))


def _end(action: work.Action) -> None:
    """Do it, and end with its exit code; what goes wrong is one line."""
    try:
        code = action(load(LauncherSettings))
    except (StartError, StalledError) as error:
        fail(str(error))
        code = 1
    raise typer.Exit(code)
