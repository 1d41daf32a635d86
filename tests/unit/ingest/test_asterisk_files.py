"""Queue logs as files: plain or exported, whole or broken."""

from pathlib import Path
from typing import Any

import pytest

from services.ingest.asterisk_replay import asterisk_site, record_asterisk
from services.ingest.domain.pseudonym import pseudonyms
from services.ingest.domain.queue_log import EXPORT_COLUMNS, Tracker
from services.ingest.sources.asterisk import Reader
from services.ingest.sources.rejects import Rejects

NOW_MS = 1_000_000
HEADER = ",".join(EXPORT_COLUMNS)
PLAIN = "100|c1|q|NONE|ENTERQUEUE||5551234|1\n125|c1|q|a|CONNECT|25|c2|4\n"
EXPORT = (
    f"{HEADER}\n"
    "1,100,c1,q,NONE,ENTERQUEUE,5551234,,,1,0,0,0,1970-01-01 00:01:40\n"
    "2,125,c1,q,a,CONNECT,,c2,4,0,0,25,0,1970-01-01 00:02:05\n"
)


@pytest.fixture
def reader() -> Reader:
    tracker = Tracker(feed="f", site="s", pseudonym=pseudonyms("0" * 16))
    return Reader(tracker, Rejects("f"), Rejects("f"), newest_ms=lambda: NOW_MS)


@pytest.fixture
def events(tmp_path: Path, reader: Reader) -> Any:
    def read(text: str, *, export: bool | None = None) -> list[Any]:
        path = tmp_path / "log"
        path.write_text(text)
        recording = record_asterisk(
            [path], reader=reader, feed="f", site=asterisk_site("s", "UTC"), export=export, on_progress=lambda _: None
        )
        return [event for _, event in recording.coming]

    return read


@pytest.mark.parametrize("export", [None, True])
def test_an_export_says_what_the_log_says(events, reader, export):
    exported = events(EXPORT, export=export)
    reader.tracker = Tracker(feed="f", site="s", pseudonym=pseudonyms("0" * 16))
    assert exported == events(PLAIN)
    assert len(exported) == 3


def test_a_line_from_the_future_is_rejected_and_the_calls_after_it_count(events, reader):
    assert len(events(f"9999999999|c0|q|NONE|ENTERQUEUE||1|1\n{PLAIN}")) == 3
    assert [(letter.field, letter.line) for letter in reader.rejects.letters] == [("time", 1)]


def test_an_empty_file(events):
    assert events("") == []


def test_exports_put_together_have_their_headers_in_the_middle(events, reader):
    assert len(events(EXPORT + EXPORT.replace("c1", "c7"))) == 6
    assert reader.rejects.letters == []


def test_an_export_that_lacks_a_column_is_skipped_with_a_reason(events, reader):
    assert events(EXPORT.replace("htime", "h")) == []
    assert [(letter.field, letter.line) for letter in reader.rejects.letters] == [("htime", 1)]


def test_a_broken_row_is_named_and_the_rest_is_read(events, reader):
    made = events(EXPORT.replace("\n2,", "\n9,noon,c1,q,a,CONNECT,5551234567,,,0,0,1,0,x\n2,"))
    assert len(made) == 3
    (letter,) = reader.rejects.letters
    assert (letter.field, letter.line) == ("time", 3)
    assert "5551234567" not in letter.content
    assert "CONNECT" in letter.content


def test_unknown_events_are_counted_and_kept_aside(events, reader):
    events(PLAIN + "130|c9|NONE|a|OUTDIAL|5551234567\n131|c9|NONE|a|OUTDIAL|1\n")
    assert reader.names == {"OUTDIAL": 2}
    taken = reader.taken_aside()
    assert {letter.reason for letter in taken} == {"unknown event"}
    assert "5551234567" not in repr(taken)
    assert reader.taken_aside() == []
