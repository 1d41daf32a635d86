"""Feed clocks: how far each (source, site) has come, and how fresh that is.

A feed's clock is the least of its partitions' clocks, and it was heard when its quietest partition was heard: what
shows as fresh is fresh on every partition. What is read from Redis at the start was not heard by us, so such a feed
is stale until it is heard.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.contracts.metrics import FeedClock
from services.contracts.socket import FeedView, Freshness

_ORDER: tuple[Freshness, ...] = ("fresh", "stale", "no_feed")


@dataclass(frozen=True, slots=True)
class FreshnessLimits:
    """Real seconds of silence after which a feed is stale, and after which there is none."""

    stale_s: float = 3.0
    no_feed_s: float = 30.0

    def judge(self, age_s: float) -> Freshness:
        """Freshness at that age."""
        return "no_feed" if age_s > self.no_feed_s else "stale" if age_s > self.stale_s else "fresh"


@dataclass(frozen=True, slots=True)
class _Heard:
    clock: FeedClock
    at: float  # real seconds, of the clock that the caller passes as `now`


class Feeds:
    """The clocks of all feeds, partition by partition."""

    def __init__(self, limits: FreshnessLimits) -> None:
        self._limits = limits
        self._partitions: defaultdict[tuple[str, str], dict[str, _Heard]] = defaultdict(dict)

    def hear(self, clock: FeedClock, now: float) -> None:
        """A partition's clock was published: the feed is alive, even if its clock stands still."""
        self._partitions[clock.source, clock.site][clock.id] = _Heard(clock, now)

    def read(self, clocks: Iterable[FeedClock], now: float, *, complete: bool) -> None:
        """Clocks as stored. One that moved while we could not listen was heard; if `complete`, the others are gone."""
        unknown_since = now - self._limits.stale_s - 0.001
        read: defaultdict[tuple[str, str], dict[str, _Heard]] = defaultdict(dict)
        for clock in clocks:
            held = self._partitions.get((clock.source, clock.site), {}).get(clock.id)
            if held is None:
                heard = _Heard(clock, unknown_since)
            else:
                heard = held if held.clock.at == clock.at else _Heard(clock, now)
            read[clock.source, clock.site][clock.id] = heard
        if complete:
            self._partitions = read
        else:
            for feed, partitions in read.items():
                self._partitions[feed].update(partitions)

    @property
    def sites(self) -> set[str]:
        """Sites that have a feed."""
        return {site for _, site in self._partitions}

    def views(self, now: float, timezones: dict[str, str]) -> Iterator[FeedView]:
        """Every feed as it stands at `now`."""
        for (source, site), partitions in self._partitions.items():
            newest = max(partitions.values(), key=lambda heard: heard.at)
            age_s = max(now - min(heard.at for heard in partitions.values()), 0.0)
            yield FeedView.model_construct(
                id=f"{source}|{site}",
                source=source,
                site=site,
                at=min(heard.clock.at for heard in partitions.values()),
                rate=newest.clock.rate,
                timezone=timezones.get(site, "UTC"),
                freshness=self._limits.judge(age_s),
                age_s=round(age_s, 3),
                ahead_ms=max(
                    (h.clock.ahead_ms for h in partitions.values() if h.clock.ahead_ms is not None), default=None
                ),
            )

    def partitions(self, now: float) -> list[tuple[FeedClock, Freshness, float]]:
        """Every feed's clock on every partition, how fresh it is, and the real seconds since it was heard."""
        heard = [heard for partitions in self._partitions.values() for heard in partitions.values()]
        ages = [(each.clock, max(now - each.at, 0.0)) for each in heard]
        return [(clock, self._limits.judge(age_s), round(age_s, 3)) for clock, age_s in ages]


def site_clocks(views: Iterable[FeedView]) -> dict[str, int]:
    """Each site's clock (epoch ms): of its feeds that are there, else of those that were."""
    clocks: dict[str, tuple[bool, int]] = {}
    for view in views:
        clock = (view.freshness != "no_feed", view.at)
        clocks[view.site] = max(clocks.get(view.site, clock), clock)
    return {site: at for site, (_, at) in clocks.items()}


def site_freshness(views: Iterable[FeedView]) -> dict[str, Freshness]:
    """How fresh each site is: as the freshest of its feeds."""
    best: dict[str, Freshness] = {}
    for view in views:
        best[view.site] = min(best.get(view.site, "no_feed"), view.freshness, key=_ORDER.index)
    return best
