"""A queue: its pages, and what is derived from them: who waits, and the rolling half-hour for every threshold.

Only pages are kept. The rest is brought up to date when a tile is asked for: events just note which contacts changed.
"""

import math
from typing import NamedTuple

import msgspec

from services.contracts import topology
from services.contracts.definitions import COUNTERS
from services.metrics.domain.clocks import SiteClock
from services.metrics.domain.contacts import WAITING, Contact, Key
from services.metrics.domain.rolling import WINDOW_MS, Rolling
from services.metrics.domain.shard import Scope

_to_json = msgspec.json.Encoder().encode


class Terms(NamedTuple):
    """What a queue's topology says that matters for counting and for its tile."""

    target_s: int
    target_percent: float
    definition: str
    thresholds_s: tuple[int, ...]
    short_ms: float

    @classmethod
    def of(cls, queue: topology.Queue) -> "Terms":
        """The terms of a described queue."""
        thresholds = queue.counted_thresholds_s
        return cls(queue.target_s, queue.target_percent, queue.definition, thresholds, queue.short_abandon_s * 1000)


class Queue(Scope[Contact]):
    """A queue.

    Attributes:
        touched: contacts that changed since the derived parts were brought up to date.
        scheduled: when its site's clock will ask for its tile again, or None.
        told_at: when its tile was last told, real seconds of the caller's clock.
    """

    __slots__ = ("_rolling", "_shown", "_waiting", "scheduled", "terms", "told_at", "touched")

    def __init__(self, scope_id: str, clock: SiteClock, terms: Terms) -> None:
        """A queue that nobody has called yet."""
        super().__init__(scope_id, clock)
        self.terms = terms
        self.touched: dict[Key, Contact] = {}
        self.scheduled: int | None = None
        self.told_at = -math.inf
        self._waiting: dict[Key, int] = {}
        self._rolling = Rolling(terms.thresholds_s, terms.short_ms)
        self._shown: object = None

    @property
    def due(self) -> int | None:
        """When its tile may change without any event, or None. May be too early, never too late."""
        return self._rolling.due

    def tile(self, offset: int) -> bytes | None:
        """The tile's JSON as of the site's clock, or None if nothing that it shows has changed since the last one."""
        self.catch_up()
        oldest = min(self._waiting.values(), default=None)
        totals = self._rolling.totals
        shown = (totals, len(self._waiting), oldest, self.terms)
        if shown == self._shown:
            return None
        self._shown = shown
        return _to_json(
            {
                "kind": "tile",
                "id": self.id,
                "as_of": self.clock.at,
                "offset": offset,
                "target_s": self.terms.target_s,
                "target_percent": self.terms.target_percent,
                "definition": self.terms.definition,
                "rolling": {t: dict(zip(COUNTERS, counters, strict=True)) for t, counters in totals.items()},
                "waiting": len(self._waiting),
                "oldest_offered_at": oldest,
            }
        )

    def show_again(self) -> None:
        """Let the next tile be told though nothing has changed."""
        self._shown = None

    def catch_up(self) -> None:
        """Bring the derived parts up to the site's clock and the touched contacts."""
        self._rolling.move(self.clock.at, self.touched.items())
        for key, contact in self.touched.items():
            if contact[0] == WAITING:
                self._waiting[key] = key[1]
            else:
                self._waiting.pop(key, None)
        self.touched.clear()

    def forget(self, slot: int) -> None:
        """Drop a page that is closed for ever, and whoever still waits on it."""
        page = self.pages.pop(slot)
        if page.open:
            for key in page.unfolded():
                self._waiting.pop(key, None)

    def adopt(self, terms: Terms) -> None:
        """Count by other terms from now on, the last half-hour included."""
        self.catch_up()
        self.terms = terms
        self._rolling = Rolling(terms.thresholds_s, terms.short_ms)
        self._fill_rolling()

    def rebuild(self) -> None:
        """Derive everything from the pages, after they were restored."""
        self._fill_rolling()
        for page in self.pages.values():
            if page.open:
                self._waiting.update({key: key[1] for key, entry in page.unfolded().items() if entry[0] == WAITING})

    def _fill_rolling(self) -> None:
        earliest = self.clock.at - WINDOW_MS - max(self.terms.thresholds_s) * 1000
        pages = sorted((page for page in self.pages.values() if page.end >= earliest), key=lambda page: page.slot)
        for page in pages:
            self._rolling.move(self.clock.at, page.unfolded().items())
