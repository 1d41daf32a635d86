"""A log that grows, is rotated, truncated, and gone on with after a restart: no line lost, none twice."""

import gzip
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.sources.followed_file import FollowedFile, Mark


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "queue_log"


@pytest.fixture
def follow(log: Path) -> Iterator[Callable[..., FollowedFile]]:
    """Follows the log; closes it at the end."""
    opened: list[FollowedFile] = []

    def follow(mark: Mark | None = None) -> FollowedFile:
        opened.append(FollowedFile(log, mark))
        return opened[-1]

    yield follow
    for file in opened:
        file.close()


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def read_all(file: FollowedFile) -> list[str]:
    """Everything that is there now; across a rotation that takes some calls."""
    found: list[str] = []
    quiet = 0
    while quiet < 30:
        lines = [line.text for line in file.read()]
        found += lines
        quiet = 0 if lines else quiet + 1
    return found


def test_a_file_that_is_not_there_yet(log, follow):
    file = follow()
    assert (read_all(file), file.there, file.mark()) == ([], False, None)
    append(log, "a\n")
    assert (read_all(file), file.there) == (["a"], True)


def test_a_line_is_read_when_it_is_complete(log, follow):
    append(log, "a\nb")
    file = follow()
    assert read_all(file) == ["a"]
    append(log, "c\n")
    assert read_all(file) == ["bc"]


def test_lines_are_numbered(log, follow):
    append(log, "a\n\nb\n")
    assert [(line.number, line.text) for line in follow().read()] == [(1, "a"), (2, ""), (3, "b")]


def test_rotated_by_renaming(log, follow):
    append(log, "a\n")
    file = follow()
    assert read_all(file) == ["a"]
    append(log, "b\n")
    log.rename(log.with_name("queue_log.1"))
    assert read_all(file) == ["b"]  # the new one is not there yet; the old one is still followed
    append(log.with_name("queue_log.1"), "c\nd")
    append(log, "e\n")
    assert read_all(file) == ["c", "d", "e"]  # d is complete: nobody writes to that file any more


def test_rotated_twice_between_two_looks(log, follow):
    append(log, "a\n")
    file = follow()
    assert read_all(file) == ["a"]
    log.rename(log.with_name("queue_log.2"))
    append(log, "b\n")
    log.rename(log.with_name("queue_log.1"))
    append(log, "c\n")
    assert read_all(file) == ["b", "c"]


def test_truncated_and_written_anew(log, follow):
    append(log, "a\nb\n")
    file = follow()
    assert read_all(file) == ["a", "b"]
    log.write_text("c\n")
    assert read_all(file) == ["c"]


def test_truncated_and_grown_longer_than_it_was_between_two_looks(log, follow):
    append(log, "a\nb\n")
    file = follow()
    assert read_all(file) == ["a", "b"]
    log.write_text("c\nd\ne\nf\n")
    assert read_all(file) == ["c", "d", "e", "f"]


def test_a_restart_goes_on_where_it_stood(log, follow):
    append(log, "a\nb")
    file = follow()
    assert read_all(file) == ["a"]
    mark = file.mark()
    file.close()
    append(log, "\nc\n")
    assert mark is not None
    again = follow(Mark(**mark.as_json()))
    assert [(line.number, line.text) for line in again.read()] == [(2, "b"), (3, "c")]


def test_a_restart_after_rotation_reads_the_old_file_to_its_end_first(log, follow):
    append(log, "a\n")
    file = follow()
    assert read_all(file) == ["a"]
    mark = file.mark()
    file.close()
    append(log, "b\n")
    log.rename(log.with_name("queue_log.1"))
    append(log, "c\n")
    assert read_all(follow(mark)) == ["b", "c"]


def test_a_restart_after_the_old_file_was_compressed_goes_on_with_the_new_one(log, follow):
    append(log, "a\n")
    file = follow()
    assert read_all(file) == ["a"]
    mark = file.mark()
    file.close()
    with gzip.open(log.with_name("queue_log.1.gz"), "wt") as packed:
        packed.write(log.read_text())
    keep = os.open(log, os.O_RDONLY)  # or the file system may give its inode to the new one
    log.unlink()
    append(log, "b\n")
    assert read_all(follow(mark)) == ["b"]
    os.close(keep)


def test_a_restart_after_truncation_begins_anew(log, follow):
    append(log, "a\nb\n")
    file = follow()
    assert read_all(file) == ["a", "b"]
    mark = file.mark()
    file.close()
    log.write_text("c\n")
    assert read_all(follow(mark)) == ["c"]


def test_bytes_that_are_no_text(log, follow):
    log.write_bytes(b"\xff\xfe\n")
    assert read_all(follow()) == ["\ufffd\ufffd"]


def test_a_line_longer_than_what_is_read_at_once_ends_nothing(log, follow, monkeypatch):
    monkeypatch.setattr("services.ingest.sources.followed_file.READ_BYTES", 8)
    append(log, "0123456789\nab\n")
    assert "".join(read_all(follow())) == "0123456789ab"


step: Any = st.one_of(
    st.lists(st.text("ab|", max_size=4), max_size=3).map(lambda lines: ("write", lines)),
    st.sampled_from([("rotate", []), ("look", []), ("restart", [])]),
)


@given(st.lists(step, max_size=25))
def test_whatever_happens_every_line_is_read_once(tmp_path_factory, steps):
    log = tmp_path_factory.mktemp("log") / "queue_log"
    log.touch()
    os.utime(log, ns=(0, 0))
    file, rotations = FollowedFile(log), 0
    written: list[str] = []
    found: list[str] = []
    file.read()
    for tick, (action, lines) in enumerate(steps):
        if action == "write":
            numbered = [f"{len(written) + n}:{line}" for n, line in enumerate(lines)]
            written += numbered
            append(log, "".join(f"{line}\n" for line in numbered))
        elif action == "rotate":
            rotations += 1
            log.rename(log.with_name(f"queue_log.{rotations}"))
            log.touch()
        elif action == "look":
            found += [line.text for line in file.read()]
        else:
            mark = file.mark()
            file.close()
            file = FollowedFile(log, mark)
        os.utime(log, ns=(0, (tick + 1) * 10**9))  # floors are slower than the clock of a file system ticks
    found += read_all(file)
    file.close()
    assert found == written
