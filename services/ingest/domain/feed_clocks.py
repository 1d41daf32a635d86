"""The clocks of feeds that come by HTTP: the newest event's time, and real time on from there."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from services.ingest.domain.skew import Skew


@dataclass(slots=True)
class _Feed:
    newest_ms: int
    heard_s: float
    skew: Skew = field(default_factory=Skew)


class FeedClocks:
    """One clock for each (source, site).

    An ACD sends live, or what happened at some time in the past; either way its clock goes on in real time from the
    newest event, never past now. A feed that has been silent for `silent_after_s` is not kept alive: that it is
    silent must show.

    Args:
        silent_after_s: real seconds without a POST after which a feed's heartbeats end.
    """

    def __init__(self, *, silent_after_s: float) -> None:
        self._silent_after_s = silent_after_s
        self._feeds: dict[tuple[str, str], _Feed] = {}

    def heard(self, source: str, site: str, at_ms: int, now_s: float, now_ms: int | None = None) -> None:
        """An event of `at_ms` has come at `now_s` (a monotonic clock), which is `now_ms` of the wall clock."""
        feed = self._feeds.get((source, site))
        if feed is None:
            feed = self._feeds[source, site] = _Feed(at_ms, now_s)
        else:
            reached = feed.newest_ms + round((now_s - feed.heard_s) * 1000)
            feed.newest_ms, feed.heard_s = max(reached, at_ms), now_s
        if now_ms is not None:
            feed.skew.heard(at_ms, now_ms, now_s)

    def ahead_ms(self, source: str, site: str) -> int | None:
        """How far a feed's clock runs ahead of ours (behind: negative); None if that can't be said."""
        feed = self._feeds.get((source, site))
        return None if feed is None else feed.skew.ahead_ms

    def due(self, now_s: float, now_ms: int) -> Iterator[tuple[str, str, int]]:
        """(source, site, its clock in epoch ms) of every feed that is not silent.

        Args:
            now_s: the monotonic clock that `heard` was told.
            now_ms: the wall clock, which no feed's clock passes.
        """
        for key in [k for k, feed in self._feeds.items() if now_s - feed.heard_s > self._silent_after_s]:
            del self._feeds[key]
        for (source, site), feed in self._feeds.items():
            yield source, site, min(feed.newest_ms + round((now_s - feed.heard_s) * 1000), now_ms)
