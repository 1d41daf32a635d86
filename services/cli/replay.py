"""`floorwatch replay`, `follow`, `simulate` and `report`: clients of an installation, or of one made for the run."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from services.cli import published, report, running
from services.cli.console import Aloud, err
from services.cli.installation import Installation, on_free_ports
from services.cli.keys import keys
from services.cli.parts.part import StartError
from services.cli.settings import LauncherSettings
from services.runtime.settings import CommonSettings, load

Action = Callable[[LauncherSettings], int]
NOT_RUNNING = "no installation runs here: start one with `floorwatch up`"


@dataclass(frozen=True)
class Place:
    """An installation to send to: its variables, and the settings with which this process reaches it."""

    environment: dict[str, str]

    @property
    def settings(self) -> CommonSettings:
        """Settings as a service of that installation would read them."""
        return load(
            CommonSettings,
            KAFKA_BOOTSTRAP_SERVERS=self.environment["KAFKA_BOOTSTRAP_SERVERS"],
            REDIS_URL=self.environment["REDIS_URL"],
            namespace=self.environment["FLOORWATCH_NAMESPACE"],
            partitions=int(self.environment["FLOORWATCH_PARTITIONS"]),
        )


def running_place(settings: LauncherSettings) -> Place:
    """The installation that runs on this state folder.

    Raises:
        StartError: none does.
    """
    found = running.find(settings.state_dir)
    if found is None:
        raise StartError(NOT_RUNNING)
    return Place({**found.environment, **keys(settings, settings.state_dir)})


@contextmanager
def own_place(settings: LauncherSettings) -> Iterator[Place]:
    """Kafka, Redis and metrics for one run, in a folder of its own that is removed again unless the run fails.

    Raises:
        StartError: a part does not start.
    """
    folder = settings.state_dir.absolute() / "runs" / uuid.uuid4().hex[:8]
    own = on_free_ports(folder)
    if "namespace" not in own.model_fields_set:
        own = own.model_copy(update={"namespace": f"run-{folder.name}"})  # the user's Kafka may hold other data
    with Installation(own, command="replay", services=("metrics",), voice=Aloud()) as installation:
        try:
            yield Place(installation.environment)
        except BaseException:
            err.print(f"logs of this run: {installation.log_folder}")
            raise
    shutil.rmtree(folder, ignore_errors=True)


def run_ingest(place: Place, arguments: Sequence[str]) -> int:
    """Run a subcommand of ingest in an installation, on this terminal; its exit code."""
    return run_service(place, "ingest", arguments)


def run_service(place: Place, service: str, arguments: Sequence[str]) -> int:
    """Run a subcommand of a service in an installation, on this terminal; its exit code."""
    command = [sys.executable, "-m", f"services.{service}", *arguments]
    mine = {"FLOORWATCH_PARENT_PID": str(os.getpid()), "FLOORWATCH_COMMAND": "floorwatch"}
    environment = {**os.environ, **place.environment, **mine}
    with subprocess.Popen(command, env=environment) as process:  # noqa: S603  # our own service
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue  # the terminal's Ctrl-C reached the child as well; it stops cleanly


def show_help(arguments: Sequence[str], service: str = "ingest") -> int:
    """The help of one of a service's subcommands, in the name of this command."""
    return run_service(Place({}), service, arguments)


def replay(settings: LauncherSettings, arguments: Sequence[str], out: Path | None) -> int:
    """Replay into the installation that runs; with `out`, else into one of this run's own, and write the report.

    Raises:
        StartError: no installation runs and no report is wanted, or a part does not start.
    """
    if out is None:
        return run_ingest(running_place(settings), ["replay", *arguments])
    if running.find(settings.state_dir):
        return _proved(running_place(settings), arguments, out)
    with own_place(settings) as place:
        return _proved(place, arguments, out)


def write_report(place: Place, site: str, out: Path, rejected: list[dict[str, Any]]) -> None:
    """Write what metrics has published of a site."""
    settings = place.settings
    built = report.build(site, asyncio.run(published.read_intervals(settings)), rejected)
    new = out.with_name(f"{out.name}.new")
    new.write_text(json.dumps(built, indent=1))
    new.replace(out)


def _proved(place: Place, arguments: Sequence[str], out: Path) -> int:
    """Replay, wait until all is counted, write the report; the exit code."""
    before = asyncio.run(published.uncounted(place.settings))
    rejects = out.with_name(f"{out.name}.rejected")
    code = run_ingest(place, ["replay", *arguments, "--rejected-out", str(rejects)])
    if code:
        return code
    rejected = json.loads(rejects.read_text())
    rejects.unlink()
    _wait(place.settings)
    write_report(place, _site(arguments), out, rejected)
    lost = asyncio.run(published.uncounted(place.settings)) - before
    if lost > 0:
        err.print(
            f"[red]✗[/] {lost:,} events could not be counted (see the dead letters): the site's clock had passed them;"
            " replay with --site NAME as another site, or with no installation running"
        )
        return 1
    err.print(f"[green]✓[/] {out}: {len(rejected):,} rows rejected")
    return 0


def _site(arguments: Sequence[str]) -> str:
    """The site that a replay is sent as: what its --site says, else the source's own."""
    for index, argument in enumerate(arguments):
        if argument == "--site" and index + 1 < len(arguments):
            return arguments[index + 1]
        if argument.startswith("--site="):
            return argument.removeprefix("--site=")
    return "asterisk" if "asterisk" in arguments[:1] else "bank"


def _wait(settings: CommonSettings) -> None:
    columns = (TextColumn("counting"), BarColumn(), MofNCompleteColumn(), TextColumn("records"), TimeElapsedColumn())
    with Progress(*columns, console=err) as bar:
        task = bar.add_task("counting", total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        asyncio.run(_applied(settings, show))


async def _applied(settings: CommonSettings, show: Any) -> None:
    await published.wait_until_applied(settings, await published.log_ends(settings), show)
