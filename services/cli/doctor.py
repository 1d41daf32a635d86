"""`floorwatch doctor`: looks at every part and tells what it finds."""

import asyncio
import logging
from collections.abc import Iterator

from services.cli import findings, running
from services.cli.console import out
from services.cli.findings import Finding
from services.cli.running import Running
from services.cli.settings import LauncherSettings
from services.runtime.settings import load

PREFIX = "FLOORWATCH_"
MARKS = {True: "[green]✓[/]", False: "[red]✗[/]", None: "[dim]·[/]"}


def run(settings: LauncherSettings) -> int:
    """Print one line a finding. Returns 1 if anything is not well, else 0."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # the findings say it in words
    troubles = 0
    for finding in _look(settings):
        out.print(f"{MARKS[finding.well]} {finding.what:<24} {finding.text}")
        troubles += finding.well is False
    return 1 if troubles else 0


def _look(settings: LauncherSettings) -> Iterator[Finding]:
    found = running.find(settings.state_dir.absolute())
    own_kafka = "kafka" in found.own_parts if found else settings.own_kafka
    if found:
        text = f"`floorwatch {found.command}`, process {found.pid}, wall at {found.wall}"
        yield Finding("launcher", well=True, text=text)
        settings = _as_running(found)
    else:
        text = "none runs on this state folder; looking where the settings say"
        yield Finding("launcher", well=None, text=text)
    yield from findings.machine(settings, own_kafka=own_kafka)
    yield from asyncio.run(findings.broker(settings))
    yield from findings.redis_server(settings)
    yield from findings.services(settings)
    yield from findings.feeds(settings)


def _as_running(found: Running) -> LauncherSettings:
    """Settings of an installation that runs, wherever it chose to listen."""
    own = {
        name.removeprefix(PREFIX).lower(): value for name, value in found.environment.items() if name.startswith(PREFIX)
    }
    others = {name: value for name, value in found.environment.items() if not name.startswith(PREFIX)}
    return load(LauncherSettings, **own, **others)
