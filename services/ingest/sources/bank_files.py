"""Anonymous Bank files → calls, and the rows that could not be read."""

import lzma
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.ingest.domain.bank import STANDARD, Call, Layout, entered_ms, is_header, read_header, read_row
from services.ingest.domain.rows import RowError
from services.ingest.sources.files import opened
from services.ingest.sources.rejects import Rejects, masked

REPORT_EVERY_ROWS = 5_000


class Span(NamedTuple):
    """Which calls: those that entered in [start, until), site-local; None leaves a side open."""

    start: datetime | None = None
    until: datetime | None = None


def read_calls(
    paths: Sequence[Path],
    *,
    zone: ZoneInfo,
    span: Span,
    rejects: Rejects,
    on_progress: Callable[[int], None],
) -> Iterator[Call]:
    """The calls of some files in the span, in the order of the rows.

    Args:
        paths: the files.
        zone: the site's.
        span: which calls.
        rejects: takes the rows that can't be read.
        on_progress: called with the number of rows read, now and then and at the end.
    """
    start_ms, until_ms = _ms(span.start, zone), _ms(span.until, zone)
    rows = 0
    for path in paths:
        for call in _calls_of(path, rejects):
            rows += 1
            if rows % REPORT_EVERY_ROWS == 0:
                on_progress(rows)
            if call is None:
                continue
            at = entered_ms(call, zone)
            if (start_ms is None or at >= start_ms) and (until_ms is None or at < until_ms):
                yield call
    on_progress(rows)


def _calls_of(path: Path, rejects: Rejects) -> Iterator[Call | None]:
    """A call for each row, or None for one that is rejected."""
    line = 0
    layout: Layout | None = None
    try:
        with opened(path) as lines:
            for line, text in enumerate(lines, 1):  # named in the message below
                content = text.rstrip("\r\n")
                if not content.strip():
                    continue
                values = content.split("\t")
                try:
                    if is_header(values):
                        layout = read_header(values)
                        continue
                    if layout is None:
                        layout = _layout_without_header(values)
                    call: Call | None = read_row(values, layout)
                except RowError as error:
                    rejects.add(
                        file=str(path), line=line, reason=error.reason, field_name=error.field, content=masked(content)
                    )
                    if layout is None:
                        return  # without knowing the columns the file can't be read
                    call = None
                yield call
    except (EOFError, lzma.LZMAError, OSError) as error:
        rejects.add(
            file=str(path), line=line + 1, reason=f"the file breaks off here: {error}", field_name=None, content=""
        )


def _layout_without_header(values: Sequence[str]) -> Layout:
    """A file may come without its header if its first row reads well in the standard order.

    Raises:
        RowError: it does not.
    """
    try:
        read_row(values, STANDARD)
    except RowError as error:
        raise RowError(None, f"neither a header nor a row in the standard order ({error}); file skipped") from None
    return STANDARD


def _ms(local: datetime | None, zone: ZoneInfo) -> int | None:
    return None if local is None else round(local.replace(tzinfo=zone).timestamp() * 1000)
