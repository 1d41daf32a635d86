"""Lines of a queue_log or rows of its database export → events; what is unknown or broken is kept aside."""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from services.contracts.events import AnyEvent
from services.contracts.letters import DeadLetter
from services.ingest.domain.queue_log import (
    Entry,
    Tracker,
    UnknownEventError,
    check_export_header,
    is_export_header,
    read_export,
    read_line,
)
from services.ingest.domain.rows import RowError
from services.ingest.sources.files import opened
from services.ingest.sources.rejects import Rejects, masked

_TIME_OR_CALL = re.compile(r"1\d{9}(\.\d{1,9})?", re.ASCII)


@dataclass(slots=True)
class Reader:
    """Reads the lines of one feed.

    Attributes:
        tracker: makes events of entries.
        rejects: lines that can't be read.
        aside: lines with an unknown event; `names` counts them.
        newest_ms: the latest time, epoch ms, that a line can have now. A later one would run the site's clock ahead,
            and all true calls until then would come too late.
    """

    tracker: Tracker
    rejects: Rejects
    aside: Rejects
    newest_ms: Callable[[], float]
    names: Counter[str] = field(default_factory=Counter)
    rows: int = 0

    def line(self, text: str, *, file: str, number: int) -> list[AnyEvent]:
        """The events of a plain line; none if it was kept aside."""
        if not text.strip():
            return []
        return self._take(lambda: read_line(text), file, number, _hide(text.rstrip("\r\n").split("|"), calls=(1,)))

    def row(self, values: list[str], columns: tuple[str, ...], *, file: str, number: int) -> list[AnyEvent]:
        """The events of a row of the export; none if it was kept aside."""
        return self._take(lambda: read_export(values, columns), file, number, _hide(values, calls=(1, 2)))

    def taken_aside(self) -> list[DeadLetter]:
        """The letters since the last call."""
        letters = [*self.rejects.letters, *self.aside.letters]
        self.rejects.letters.clear()
        self.aside.letters.clear()
        return letters

    def _take(self, read: Callable[[], Entry], file: str, number: int, content: str) -> list[AnyEvent]:
        self.rows += 1
        try:
            return self.tracker.feed(self._of_the_past(read()))
        except UnknownEventError as error:
            self.names[masked(error.event[:40])] += 1
            self.aside.add(file=file, line=number, reason="unknown event", field_name="event", content=content)
        except RowError as error:
            self.rejects.add(file=file, line=number, reason=error.reason, field_name=error.field, content=content)
        return []

    def _of_the_past(self, entry: Entry) -> Entry:
        if entry.at > self.newest_ms():
            raise RowError("time", "lies ahead of this machine's clock")
        return entry


def read_file(path: Path, reader: Reader, *, export: bool | None) -> Iterator[list[AnyEvent]]:
    """The events of a whole file, entry by entry.

    Args:
        path: plain or compressed.
        reader: takes the lines.
        export: whether it is a database export; None: told by its first line.
    """
    with opened(path) as lines:
        found = iter(enumerate(lines, 1))
        first = next(found, None)
        if first is None:
            return
        if export or (export is None and is_export_header(_cells(first[1]))):
            yield from _read_export(path, reader, first[1], (text for _, text in found))
            return
        yield reader.line(first[1], file=str(path), number=first[0])
        for number, text in found:
            yield reader.line(text, file=str(path), number=number)


def _read_export(path: Path, reader: Reader, header: str, rest: Iterable[str]) -> Iterator[list[AnyEvent]]:
    names = _cells(header)
    try:
        columns = check_export_header(names)
    except RowError as error:
        reader.rejects.add(
            file=str(path),
            line=1,
            reason=f"{error.reason}; file skipped",
            field_name=error.field,
            content=_hide(names, calls=()),
        )
        return
    for number, text in enumerate(rest, 2):
        values = _cells(text)
        if values and not is_export_header(values):  # files that were put together have their headers in the middle
            yield reader.row(values, columns, file=str(path), number=number)


def _cells(text: str) -> list[str]:
    """A line's cells; none if it is blank. No export has a line's end inside quotes: a stray quote costs its own line.

    What the csv module does not take (a cell of 128 KB, a NUL) is one cell, and so a row that is refused.
    """
    if not text.strip():
        return []
    line = text.rstrip("\r\n")
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return [line]


def _hide(fields: list[str], *, calls: Sequence[int]) -> str:
    """A line's fields, masked wherever a caller's number may be: anywhere, if fields were lost or shifted.

    Only what begins like a time and can be nothing else stays: the time of the line and Asterisk's id of the call, at
    their places.
    """
    kept = {0, *calls}
    return "|".join(
        field if place in kept and _TIME_OR_CALL.fullmatch(field) else masked(field.replace("|", " "))
        for place, field in enumerate(fields)
    )[:2000]
