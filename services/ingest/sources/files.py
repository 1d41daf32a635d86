"""Opening what people give: plain, .xz or .gz, told by content and not by name."""

import gzip
import hashlib
import lzma
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import IO, cast

import yaml

from services.contracts.topology import Topology

SHIPPED_JANUARY = "anonymous_bank_1999-01.txt.xz"

_XZ, _GZIP = b"\xfd7zXZ\x00", b"\x1f\x8b"


def shipped(name: str) -> Path:
    """A file that comes with Floorwatch."""
    return Path(str(files("services.ingest") / "data" / name))


def shipped_topology(name: str) -> Topology:
    """A floor that comes with Floorwatch."""
    return Topology.model_validate(yaml.safe_load(shipped(name).read_text(encoding="utf-8")))


@contextmanager
def opened(path: Path) -> Iterator[Iterable[str]]:
    """The lines of a text file, compressed or not; bytes that are no UTF-8 show as replacement characters.

    Raises:
        OSError: it can't be opened.
    """
    with path.open("rb") as raw:
        magic = raw.read(6)
    opener = lzma.open if magic.startswith(_XZ) else gzip.open if magic.startswith(_GZIP) else open
    with opener(path, "rt", encoding="utf-8-sig", errors="replace", newline="\n") as text:
        yield cast("IO[str]", text)


def digest(path: Path) -> str:
    """What the content of a file is known by."""
    with path.open("rb") as raw:
        return hashlib.file_digest(raw, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def fingerprint(paths: Sequence[Path], *settings: object) -> str:
    """Known by the files' content and all that decides what is made of it."""
    text = "\0".join([*map(str, settings), *map(digest, paths)])
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
