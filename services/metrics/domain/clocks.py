"""Clocks of one partition: how far each site's time has come there, and each feed's of a site.

A site's clock is the latest moment that any event or heartbeat told; it never runs backwards. Like a page, the
partition's clocks are a function of the log up to their offset. They are kept after the pages of the same
checkpoint, so after a crash no page lacks a record that the clocks include.
"""

from typing import Any, NamedTuple

import msgspec

from services.contracts.events import Heartbeat
from services.contracts.metrics import HALF_HOUR_MS, FeedClock
from services.metrics.domain.pages import SLOT_MS

LATEST_MS = 4_102_444_800_000
"""2100-01-01: a later time is a mistake of its source, and would close every page."""

_encode = msgspec.msgpack.Encoder().encode
_Feeds = list[tuple[Any, ...]]
_decode = msgspec.msgpack.Decoder(tuple[int, dict[str, int], tuple[_Feeds, dict[str, int]]]).decode


class Horizons(NamedTuple):
    """How long the ledger stays open, in ms of feed time.

    Attributes:
        lateness_ms: a half-hour is final so long after its end.
        horizon_ms: pages are closed for ever so long after their end.
        folded_ms: pages are held folded from so long after their end.
        repeat_days: within so many days (each of them) a customer's next contact of a queue is a repeat.
        silent_ms: a feed without a heartbeat for so long (real milliseconds) is silent, and its agents unknown.
    """

    lateness_ms: int = 10 * 60 * 1000
    horizon_ms: int = 26 * 3600 * 1000
    folded_ms: int = 2 * 3600 * 1000
    repeat_days: tuple[int, ...] = (1, 7)
    silent_ms: int = 30 * 1000


class SiteClock:
    """A site's time on one partition.

    Attributes:
        at: epoch ms, −1 before the first event.
        closed: pages of earlier slots take no more events.
        closes_next: when the clock gets there, `closed` moves.
        kept_from: no page from this slot on has been put away yet.
    """

    __slots__ = ("_horizon_ms", "at", "closed", "closes_next", "due", "ending", "kept_from", "swept")

    def __init__(self, horizon_ms: int, at: int = -1) -> None:
        """A clock at `at`."""
        self._horizon_ms = horizon_ms
        self.closes_next = -1
        self.at = at
        self.closed = 0
        self.due: list[tuple[int, str]] = []  # heap: when a queue's rolling counts may change, queue
        self.ending: list[tuple[int, str, int]] = []  # heap: when a half-hour may be final, scope, start
        self.swept = 0  # `closed` when pages were last put away
        self.reach(at)
        self.kept_from = self.forgotten

    @property
    def forgotten(self) -> int:
        """Pages of earlier slots can be dropped: every page of their half-hour is closed."""
        return self.closed - HALF_HOUR_MS // SLOT_MS - 1

    def reach(self, at: int) -> None:
        """Go on to `at`, never back."""
        self.at = max(at, self.at)
        if self.at >= self.closes_next:
            self.closed = max((self.at - self._horizon_ms) // SLOT_MS, 0)
            self.closes_next = min((self.closed + 1) * SLOT_MS + self._horizon_ms, LATEST_MS)


class Clocks:
    """The clocks of one partition of one topic.

    Attributes:
        offset: the newest record that they include.
        terms: mark of the terms that each scope's half-hours were last published by.
    """

    def __init__(self, topic: str, partition: int, horizon_ms: int) -> None:
        """No clock yet; `topic` is its name without the namespace."""
        self._topic, self._partition, self._horizon_ms = topic, partition, horizon_ms
        self._feeds: dict[tuple[str, str], tuple[int, float, int | None]] = {}
        self._moved: set[tuple[str, str]] = set()
        self.sites: dict[str, SiteClock] = {}
        self.terms: dict[str, int] = {}
        self.offset = -1

    def site(self, site: str) -> SiteClock:
        """The clock of a site."""
        clock = self.sites.get(site)
        if clock is None:
            clock = self.sites[site] = SiteClock(self._horizon_ms)
        return clock

    def hear(self, heartbeat: Heartbeat) -> None:
        """Take in a heartbeat; an older one than the feed's last says nothing."""
        self.site(heartbeat.site).reach(heartbeat.at)
        feed, known = (heartbeat.source, heartbeat.site), self._feeds.get((heartbeat.source, heartbeat.site))
        if known is None or (heartbeat.at, heartbeat.rate) > known[:2]:
            self._feeds[feed] = heartbeat.at, heartbeat.rate, heartbeat.ahead_ms
            self._moved.add(feed)

    def moved(self) -> list[FeedClock]:
        """The feeds' clocks that moved since they were last asked for."""
        moved, self._moved = self._moved, set()
        return [self._feed_clock(*feed) for feed in sorted(moved)]

    def _feed_clock(self, source: str, site: str) -> FeedClock:
        at, rate, ahead_ms = self._feeds[source, site]
        name = f"{source}|{site}|{self._topic}|{self._partition}"
        return FeedClock(id=name, source=source, site=site, at=at, rate=rate, ahead_ms=ahead_ms)

    def encode(self) -> bytes:
        """The value to keep: `[offset, {site: at}, [[[source, site, at, rate, ahead_ms]], {scope: mark}]]`."""
        sites = {site: clock.at for site, clock in self.sites.items()}
        feeds = [(*feed, *news) for feed, news in self._feeds.items()]
        return _encode((self.offset, sites, (feeds, self.terms)))

    def restore(self, value: bytes) -> None:
        """Take up clocks as they were kept.

        Raises:
            msgspec.DecodeError: the value is no clocks.
        """
        self.offset, sites, (feeds, self.terms) = _decode(value)
        self.sites = {site: SiteClock(self._horizon_ms, at) for site, at in sites.items()}
        # Version 0.1 did not know how far a source's clock runs ahead.
        self._feeds = {
            (source, site): (at, rate, ahead[0] if ahead else None) for source, site, at, rate, *ahead in feeds
        }
        self._moved = set(self._feeds)

    def tell_all(self) -> None:
        """Let `moved` give every feed's clock again."""
        self._moved = set(self._feeds)
