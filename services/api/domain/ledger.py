"""Encoded items in the order of their last change: a snapshot is all of it, an update is its newest end.

Because an item is held once, whoever asks "what changed since 17" gets the newest value of each: that is the
newest-wins conflation of slow sockets and the answer to a resume at the same time.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple

KEPT_REMOVALS = 1_000


class OfTeam(NamedTuple):
    """For those who lead this team (`site/team`) and nobody else of the site."""

    site: str
    team: str


class InTeam(NamedTuple):
    """For those of the site who see this team (`site/team`); team empty: for those who see all teams."""

    site: str
    team: str


@dataclass(frozen=True, slots=True)
class Either:
    """For those who see one of these sites at least: a loan belongs to both sides."""

    sites: frozenset[str]


Place = str | frozenset[str] | OfTeam | InTeam | Either | None
"""Where an item belongs: to a site or a team, to several that must all be seen to see it, or (None) to all."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An item as it was last encoded. `body` is its JSON, None once it is gone."""

    kind: str
    id: str
    site: Place
    seq: int
    body: bytes | None
    content: object

    @property
    def key(self) -> str:
        """As `removed` lists it."""
        return f"{self.kind}|{self.id}"


class Ledger:
    """Items by `kind|id`. `seq` counts changes; `floor` is the oldest seq from which an update can still be told."""

    def __init__(self, kept_removals: int = KEPT_REMOVALS) -> None:
        self.seq = 0
        self.floor = 0
        self._entries: dict[str, Entry] = {}  # ascending by seq: what changes moves to the end
        self._present: defaultdict[str, dict[str, Entry]] = defaultdict(dict)  # by kind, then id
        self._removals: dict[str, int] = {}
        self._kept_removals = kept_removals

    def put(self, kind: str, id_: str, site: Place, body: bytes, content: object = None) -> bool:
        """Take in an item; `content` is what has to differ to make it a change (default: the body). True if it did."""
        content = body if content is None else content
        held = self.get(kind, id_)
        if held is not None and held.content == content and held.site == site:
            return False
        last = self._entries.get(f"{kind}|{id_}")
        self._removals.pop(f"{kind}|{id_}", None)
        self._write(Entry(kind, id_, site, self.seq + 1, body, content))
        if last is not None and last.site != site:
            # Some who saw it see it no more, and nothing of theirs would tell them: everyone starts anew but who has
            # heard already that it was gone from there.
            self.floor = self.seq if held is not None else max(self.floor, last.seq)
        return True

    def holds(self, kind: str, id_: str, content: object) -> bool:
        """Whether the item is there with this content."""
        held = self.get(kind, id_)
        return held is not None and held.content == content

    def remove(self, kind: str, id_: str) -> bool:
        """The item is gone. True if it was there."""
        held = self._entries.get(f"{kind}|{id_}")
        if held is None or held.body is None:
            return False
        self._write(Entry(kind, id_, held.site, self.seq + 1, None, None))
        self._removals[held.key] = self.seq
        if len(self._removals) > self._kept_removals:
            oldest = next(iter(self._removals))
            self.floor = max(self.floor, self._removals.pop(oldest))
            del self._entries[oldest]
        return True

    def _write(self, entry: Entry) -> None:
        self.seq = entry.seq
        self._entries.pop(entry.key, None)
        self._entries[entry.key] = entry
        if entry.body is None:
            self._present[entry.kind].pop(entry.id, None)
        else:
            self._present[entry.kind][entry.id] = entry

    def can_tell_since(self, seq: int) -> bool:
        """Whether `since(seq)` is the whole truth for one who was right at `seq`."""
        return self.floor <= seq <= self.seq

    def since(self, seq: int) -> list[Entry]:
        """What changed after `seq`, removals included, oldest change first."""
        newest: list[Entry] = []
        for entry in reversed(self._entries.values()):
            if entry.seq <= seq:
                break
            newest.append(entry)
        newest.reverse()
        return newest

    def present(self, kinds: Collection[str] | None = None) -> Iterator[Entry]:
        """Every item that is there, or those of some kinds."""
        for kind, entries in self._present.items():
            if kinds is None or kind in kinds:
                yield from entries.values()

    def get(self, kind: str, id_: str) -> Entry | None:
        """One item, None if it is not there."""
        return self._present.get(kind, {}).get(id_)
