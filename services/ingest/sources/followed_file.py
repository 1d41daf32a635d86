"""A log file that grows: read line by line, through rotation, truncation and restarts.

Where it stands is (device, inode, offset) and the last bytes before the offset. The inode finds the file again after it
was renamed; the bytes show whether it was written anew in place.
"""

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from services.runtime.logs import get_logger

TAIL_BYTES = 64
READ_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a file stands. `tail` are the bytes before `offset`, in hexadecimal; `line` the lines read so far."""

    device: int
    inode: int
    offset: int
    tail: str
    line: int

    def as_json(self) -> dict[str, Any]:
        """For the feed's position."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Line:
    """A line, and its number in its file (1 is the first)."""

    text: str
    number: int


class FollowedFile:
    """Follows a path. `read` never blocks for long and returns what is there now."""

    def __init__(self, path: Path, mark: Mark | None = None) -> None:
        self.path = path
        self._file: IO[bytes] | None = None
        self._offset = 0
        self._line = 0
        self._tail = b""
        self._identity: tuple[int, int] | None = None
        self._finished: set[tuple[int, int] | None] = set()
        if mark is not None:
            self._resume(mark)

    @property
    def there(self) -> bool:
        """Whether a file is open."""
        return self._file is not None

    def mark(self) -> Mark | None:
        """Where it stands, behind the last line that was returned; None before there was a file."""
        if self._identity is None:
            return None
        return Mark(*self._identity, self._offset, self._tail.hex(), self._line)

    def read(self) -> list[Line]:
        """The complete lines that have come since the last call, about 1 MiB at most; none when caught up."""
        if self._file is None and not self._open(self.path):
            return []
        if self._was_truncated():
            get_logger().info("the file was truncated, reading it from its beginning", file=str(self.path))
            self._begin()
        lines = list(self._lines(whole=False))
        if lines or not self._was_replaced():
            return lines
        # Renamed away: its last line is complete even without an end, for nobody writes to it any more. But the writer
        # may have added something between our read and its rename, so read once more first.
        lines = [*self._lines(whole=False), *self._lines(whole=True)]
        self._next_file()
        return lines

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _lines(self, *, whole: bool) -> Iterator[Line]:
        assert self._file is not None
        self._file.seek(self._offset)
        data = self._file.read(READ_BYTES)
        end = len(data) if whole else data.rfind(b"\n") + 1
        if not whole and not end and len(data) == READ_BYTES:
            end = len(data)  # a line of a megabyte is no line; let it be rejected
        taken = data[:end]
        self._offset += end
        self._tail = (self._tail + taken)[-TAIL_BYTES:]
        for text in taken.removesuffix(b"\n").split(b"\n") if taken else ():
            self._line += 1
            yield Line(text.decode("utf-8", "replace"), self._line)

    def _open(self, path: Path) -> bool:
        try:
            self._file = path.open("rb")
        except FileNotFoundError:
            return False
        status = os.fstat(self._file.fileno())
        self._identity = (status.st_dev, status.st_ino)
        self._begin()
        return True

    def _begin(self) -> None:
        self._offset, self._line, self._tail = 0, 0, b""

    def _was_truncated(self) -> bool:
        """Shorter than what was read, or other bytes where we stand: written anew."""
        assert self._file is not None
        if os.fstat(self._file.fileno()).st_size < self._offset:
            return True
        self._file.seek(self._offset - len(self._tail))
        return self._file.read(len(self._tail)) != self._tail

    def _was_replaced(self) -> bool:
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return False  # renamed, and the new one is not there yet; the writer may still hold the old one
        return (status.st_dev, status.st_ino) != self._identity

    def _next_file(self) -> None:
        """Go on to the file that came after this one: the path, or one that was rotated in between."""
        assert self._file is not None
        age = os.fstat(self._file.fileno()).st_mtime_ns
        self.close()
        self._finished.add(self._identity)
        for path in self._rotated():
            # As old as this one may be a neighbour within a tick of the clock: better read twice than not at all.
            if path.stat().st_mtime_ns >= age and _identity(path) not in self._finished and self._open(path):
                return
        self._finished.clear()
        self._open(self.path)

    def _resume(self, mark: Mark) -> None:
        """Find the file of a mark again, wherever it was renamed to, and stand where the mark stands."""
        for path in (self.path, *self._rotated()):
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            if (status.st_dev, status.st_ino) == (mark.device, mark.inode) and self._open(path):
                self._offset, self._line, self._tail = mark.offset, mark.line, bytes.fromhex(mark.tail)
                if not self._was_truncated():
                    return
                self.close()
        get_logger().warning(
            "the file that was followed is gone; what it got after the last stop may be lost", file=str(self.path)
        )
        self._identity = None

    def _rotated(self) -> list[Path]:
        """The files that logrotate made of this one, oldest first; compressed ones can't be gone on with."""
        found = [
            path for path in self.path.parent.glob(f"{self.path.name}?*")
            if path.is_file() and path.suffix not in {".gz", ".xz", ".bz2", ".zst"}
        ]  # fmt: skip
        return sorted(found, key=lambda path: path.stat().st_mtime_ns)


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino
