"""How a replay tells how far it is: a bar for people, one JSON object a line for programs, or nothing."""

import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

Style = Literal["json", "bar", "none"]
Phase = Literal["read", "send", "follow", "done", "stopped"]
TELL_EVERY_S = 0.5


@dataclass(slots=True)
class Standing:
    """How far a replay is.

    Attributes:
        rows: rows read (phase read), or calls begun (phase send).
        total_rows: rows in all; None while they are being read.
        events: events handed over, by kind.
        total_events: events in all; None while rows are being read.
        skipped_events: events that an earlier run had sent.
        rejected: rows that could not be read.
        kept_aside: lines with an event that is not known, by event.
        feed_clock: the feed's clock, epoch ms.
    """

    rows: int = 0
    total_rows: int | None = None
    events: Counter[str] = field(default_factory=Counter)
    total_events: int | None = None
    skipped_events: int = 0
    rejected: int = 0
    kept_aside: Counter[str] = field(default_factory=Counter)
    feed_clock: int | None = None

    @property
    def sent(self) -> int:
        """Events handed over by this run."""
        return self.events.total()

    def as_json(self, phase: Phase) -> dict[str, Any]:
        """One line of progress."""
        clock = None if self.feed_clock is None else datetime.fromtimestamp(self.feed_clock / 1000, UTC).isoformat()
        return {
            "phase": phase,
            "rows": self.rows,
            "total_rows": self.total_rows,
            "events": dict(self.events),
            "total_events": self.total_events,
            "skipped_events": self.skipped_events,
            "rejected": self.rejected,
            "kept_aside": dict(self.kept_aside),
            "feed_clock": clock,
        }


class Teller(Protocol):
    """Somebody who is told how far a replay is."""

    def tell(self, phase: Phase, standing: Standing) -> None:
        """Called often; it decides itself what to show."""

    def end(self, phase: Phase, standing: Standing, rejected_rows: list[dict[str, str | int]]) -> None:
        """Called once, last."""


def teller(style: Style) -> Teller:
    """The teller of a style."""
    tellers: dict[Style, Callable[[], Teller]] = {"json": JsonLines, "bar": Bar, "none": Silent}
    return tellers[style]()


class Silent:
    """Tells nothing but a summary on standard error."""

    def tell(self, phase: Phase, standing: Standing) -> None:
        """Nothing."""

    def end(self, phase: Phase, standing: Standing, rejected_rows: list[dict[str, str | int]]) -> None:
        """One line."""
        summarise(phase, standing, rejected_rows)


class JsonLines:
    """One JSON object a line on standard output."""

    def __init__(self) -> None:
        self._told_at = 0.0
        self._phase: Phase | None = None

    def tell(self, phase: Phase, standing: Standing) -> None:
        """At most twice a second, and whenever a phase begins."""
        now = time.monotonic()
        if phase != self._phase or now - self._told_at >= TELL_EVERY_S:
            self._told_at, self._phase = now, phase
            _write(standing.as_json(phase))

    def end(self, phase: Phase, standing: Standing, rejected_rows: list[dict[str, str | int]]) -> None:
        """The last line, with the rejected rows."""
        _write({**standing.as_json(phase), "rejected_rows": rejected_rows})


class Bar:
    """A bar on standard error."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def tell(self, phase: Phase, standing: Standing) -> None:
        """Move the bar."""
        bar, task = self._started()
        clock = (
            ""
            if standing.feed_clock is None
            else f"{datetime.fromtimestamp(standing.feed_clock / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
        )
        done = standing.rows if phase in {"read", "follow"} else standing.sent + standing.skipped_events
        total = standing.total_rows if phase in {"read", "follow"} else standing.total_events
        bar.update(task, description=phase, completed=done, total=total, clock=clock)

    def end(self, phase: Phase, standing: Standing, rejected_rows: list[dict[str, str | int]]) -> None:
        """Take it away and sum up."""
        if self._bar is not None:
            self._bar.stop()
        summarise(phase, standing, rejected_rows)

    def _started(self) -> tuple[Progress, TaskID]:
        if self._bar is None or self._task is None:
            self._bar = Progress(
                TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[clock]}"),
                TimeElapsedColumn(), console=Console(stderr=True),
            )  # fmt: skip
            self._task = self._bar.add_task("read", total=None, clock="")
            self._bar.start()
        return self._bar, self._task


def summarise(phase: Phase, standing: Standing, rejected_rows: list[dict[str, str | int]]) -> None:
    """The summary for people, on standard error."""
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(standing.events.items())) or "nothing"
    read = standing.total_rows or standing.rows  # a simulation reads none
    rows = f"{read:,} rows read, {standing.rejected:,} rejected; " if read or standing.rejected else ""
    line = f"{phase}: {rows}sent {kinds}"
    if standing.skipped_events:
        line += f"; {standing.skipped_events:,} events had been sent before"
    if standing.kept_aside:
        aside = ", ".join(f"{count:,} {name}" for name, count in sorted(standing.kept_aside.items()))
        line += f"; kept aside {aside}"
    print(line, file=sys.stderr)  # noqa: T201  # this is the command's answer
    for row in rejected_rows[:10]:
        print(f"  rejected {row['file']}:{row['line']}: {row['reason']}", file=sys.stderr)  # noqa: T201
    if len(rejected_rows) > 10:
        print(f"  … and {len(rejected_rows) - 10:,} more (--rejected-out FILE lists all)", file=sys.stderr)  # noqa: T201


def _write(line: dict[str, Any]) -> None:
    sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
    sys.stdout.flush()
