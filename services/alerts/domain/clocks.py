"""How far a site's time has come, of all that is known about it.

A feed's clock comes once per partition. What a queue does is known as far as its partition has come, so a site's clock
is that of its slowest contacts partition: while one lags behind (its worker restarts), waits must not seem to grow.
Of several feeds of a site the furthest counts, so that one which ends does not hold the site back.
"""

from collections import defaultdict

from services.contracts.metrics import FeedClock

CONTACTS, AGENTS = "contacts", "agents"


class SiteClocks:
    """Clocks of all sites, by the partitions of one topic. They never go back."""

    def __init__(
        self, parts: dict[str, int] | None = None, sites: dict[str, int] | None = None, *, topic: str = CONTACTS
    ) -> None:
        """Begin with what `parts` and `sites` were."""
        self._topic = topic
        self.parts: dict[str, int] = parts or {}
        self.sites: dict[str, int] = sites or {}
        self._by_feed: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        for id_, at in self.parts.items():
            source, site, _, _ = id_.rsplit("|", 3)  # only such are kept
            self._by_feed[site, source][id_] = at

    def hear(self, clock: FeedClock) -> bool:
        """Take in a clock. Whether the site's own has moved, or is known for the first time."""
        if f"|{clock.site}|{self._topic}|" not in clock.id or clock.at <= self.parts.get(clock.id, -1):
            return False
        self.parts[clock.id] = self._by_feed[clock.site, clock.source][clock.id] = clock.at
        slowest = (min(parts.values()) for (site, _), parts in self._by_feed.items() if site == clock.site)
        furthest, known = max(slowest), self.sites.get(clock.site, -1)
        self.sites[clock.site] = max(furthest, known)
        return furthest > known

    def at(self, site: str) -> int:
        """A site's clock (epoch ms), 0 before its first heartbeat."""
        return self.sites.get(site, 0)
