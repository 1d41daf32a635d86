"""The ledger: what is known of the contacts that arrived at one queue within five minutes, on one page.

THE LAW: what a page holds is a function of the log's records up to the page's own offset. Whoever writes on a page
reads that page and the event, nothing else. After a crash pages come back at different offsets; the records after
the oldest are read again, and each page takes in only what it lacks.

A page is kept as msgpack `[offset, [open, first, until, mixed], {(id, arrived_at): entry}]`; only pages in use are held
decoded. Of a busy page little changes from one checkpoint to the next: then only its *part* is kept, of the same form
under a key of its own: all entries that changed since the page was last kept whole. A part that includes no more than
the whole says nothing; else page = whole with the part's entries over it.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

SLOT_MS = 5 * 60 * 1000

FOR_EVER = 2**53

LARGE = 32
"""A page of fewer entries is always kept whole."""
PART_OF = 4
"""A page is kept whole again when more than one in so many entries has changed."""

Entry = TypeVar("Entry", bound=tuple[Any, ...])
Key = tuple[str, int]

_encode = msgspec.msgpack.Encoder().encode
_decode_header = msgspec.msgpack.Decoder(tuple[int, int | tuple[int, int, int, bool], msgspec.Raw]).decode
_decode_any = msgspec.msgpack.Decoder(dict[tuple[str, int], list[Any]]).decode
_decode_numbers = msgspec.msgpack.Decoder(dict[tuple[str, int], tuple[int, ...]]).decode


class Page(Generic[Entry]):
    """One page.

    Attributes:
        scope: the queue or flow that it belongs to.
        slot: arrival ÷ SLOT_MS.
        offset: the newest record that changed it.
        first: the oldest record that it knows of; −1 for none.
        includes: records up to this one are on it for certain: it was kept after them.
        until: nobody of it waited after this moment, but who has no outcome. A bound; of a queue that is caught up.
        mixed: not all on it are voice contacts of which nothing else is known.
        entries: what is known of each contact or visit; None while the page is folded.
        dirty: changed since it was last kept.
        kept: the changelog has a version of it.
        parted: the changelog has a part of it, too.
        tallies: its counters, by whatever they were counted for, without the changes in `before`.
        before: what was known, when it was last counted, of each contact or visit that changed since.
    """

    decode_entries: Callable[[Any], dict[Key, Any]] = staticmethod(_decode_numbers)
    """Entries as they were kept; a kind of page whose entries are more than numbers has its own."""

    __slots__ = (
        "_folded", "_open", "_since_whole", "before", "dirty", "entries", "first", "includes", "kept", "mixed",
        "offset", "parted", "scope", "slot", "tallies", "until",
    )  # fmt: skip

    def __init__(self, scope: str, slot: int) -> None:
        """An empty page."""
        self.scope = scope
        self.slot = slot
        self.offset = self.first = self.includes = -1
        self.until = self.end
        self.mixed = False
        self.entries: dict[Key, Entry] | None = {}
        self.dirty = False
        self.kept = self.parted = False
        self.tallies: dict[Any, Any] = {}
        self.before: dict[Key, Entry | None] = {}
        self._folded = b""
        self._open = 0
        self._since_whole: set[Key] | None = None  # entries that changed since it was kept whole; None: keep it whole

    @classmethod
    def restore(cls, scope: str, slot: int, value: bytes) -> "Page[Entry]":
        """A page as it was kept, folded.

        Raises:
            msgspec.DecodeError: the value is no page.
        """
        page = cls(scope, slot)
        page.offset, header, _ = _decode_header(value)
        if isinstance(header, int):  # kept by version 0.1
            header = header, -1, FOR_EVER, False
        page._open, page.first, page.until, page.mixed = header
        page.includes = page.offset
        page._folded, page.entries, page.kept = value, None, True
        return page

    @property
    def start(self) -> int:
        """First moment of its arrivals, epoch ms."""
        return self.slot * SLOT_MS

    @property
    def end(self) -> int:
        """The moment after its last, epoch ms."""
        return (self.slot + 1) * SLOT_MS

    @property
    def open(self) -> int:
        """How many of it have no outcome yet: an entry's first number is its outcome, 0 while there is none."""
        if self.entries is None:
            return self._open
        return sum(not entry[0] for entry in self.entries.values())

    @property
    def _header(self) -> tuple[int, int, int, bool]:
        return self.open, self.first, self.until, self.mixed

    def unfolded(self) -> dict[Key, Entry]:
        """Its entries, decoded now if they were not."""
        if self.entries is None:
            self.entries = self.decode_entries(_decode_header(self._folded)[2])
            self._folded = b""
        assert self.entries is not None
        return self.entries

    def peek(self) -> dict[Key, Entry]:
        """Its entries, for once: a folded page stays folded."""
        if self.entries is not None:
            return self.entries
        entries: dict[Key, Entry] = self.decode_entries(_decode_header(self._folded)[2])
        return entries

    def fold(self) -> None:
        """Hold it as bytes only, until somebody asks."""
        if self.entries is not None:
            self._folded, self._open = self.encode(), self.open
            self.entries = self._since_whole = None

    def encode(self) -> bytes:
        """The value to keep."""
        return self._folded if self.entries is None else _encode((self.offset, self._header, self.entries))

    def change_counted(self) -> None:
        """What is in `before` has been counted."""
        if self._since_whole is not None:
            self._since_whole.update(self.before)
        self.before.clear()

    def encode_part(self) -> bytes | None:
        """The value to keep of its part; None if it should be kept whole, which is taken to be done then."""
        if self.entries is None:
            return None
        changed = self._since_whole
        if changed is not None:
            changed.update(self.before)
            if len(changed) * PART_OF <= len(self.entries):
                entries = self.entries
                header = (-1, self.first, self.until, self.mixed)  # who has no outcome is counted when it is merged
                return _encode((self.offset, header, {key: entries[key] for key in changed}))
        self._since_whole = set() if len(self.entries) >= LARGE else None
        return None


def merged(whole: bytes, part: bytes) -> bytes:
    """A page as both tell it.

    Raises:
        msgspec.DecodeError: one of them is no page.
    """
    whole_offset, _, entries = _decode_header(whole)
    offset, header, changed = _decode_header(part)
    if offset <= whole_offset:
        return whole
    assert not isinstance(header, int), "version 0.1 kept no parts"
    merged_entries = {**_decode_any(entries), **_decode_any(changed)}
    return _encode((offset, (sum(not entry[0] for entry in merged_entries.values()), *header[1:]), merged_entries))
