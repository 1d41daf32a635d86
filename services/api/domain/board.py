"""The board: the newest of everything that Redis holds and announces, and the views that clients are sent.

Verbs: `read` what is stored, `take` what is announced, `settle` the views at a moment. What clients see is the
`ledger`. Time (`now`: real seconds of any steady clock) is passed in.

An emptied Redis empties nothing here: what is missing from storage is dropped only when the services mark their part
as complete (`names.filled_key`), so the wall keeps its last numbers, marked stale by their feeds, until it is refilled.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from services.api.domain.days import Days, local_date
from services.api.domain.feeds import Feeds, FreshnessLimits, site_clocks
from services.api.domain.ledger import KEPT_REMOVALS, Ledger
from services.api.domain.tiles import Tiles
from services.api.domain.views import ALL
from services.contracts.alerts import Alert
from services.contracts.metrics import FeedClock, Interval, IvrInterval, Tile
from services.contracts.socket import FeedView
from services.contracts.topology import (
    Description,
    Flow,
    Queue,
    Site,
    Text,
    Topology,
    record_key,
    unknown_queue,
    unknown_site,
)

DAYS_EVERY_S = 1.0
"""Day lines are long and their newest bar changes with every call: once a second is enough for the eye."""
TELL_AGE_EVERY_S = 5.0
"""How far the age of a silent feed may be behind for a page that opens now; pages that are open count by themselves."""

Announced = Tile | Interval | IvrInterval | FeedClock | Alert | Description


@dataclass(frozen=True, slots=True)
class Stored:
    """All that one reading of Redis found. `*_complete`: what is missing there is gone, not just not yet refilled."""

    tiles: tuple[Tile, ...] = ()
    feeds: tuple[FeedClock, ...] = ()
    alerts: tuple[Alert, ...] = ()
    topology: tuple[Description, ...] = ()
    metrics_complete: bool = False
    alerts_complete: bool = False


@dataclass(slots=True)
class _Names:
    """What the topology says of sites and queues, and what is assumed of those that it does not know."""

    records: dict[str, Description] = field(default_factory=dict)

    def site(self, id_: str) -> Site:
        record = self.records.get(f"site|{id_}")
        return record if isinstance(record, Site) else unknown_site(id_)

    def site_name(self, id_: str) -> Text:
        return self.site(id_).name

    def queue_name(self, id_: str) -> Text:
        record = self.records.get(f"queue|{id_}")
        return record.name if isinstance(record, Queue) else unknown_queue(id_).name


class Board:
    """One floor, as one API process knows it."""

    def __init__(self, limits: FreshnessLimits | None = None, *, kept_removals: int = KEPT_REMOVALS) -> None:
        self.ledger = Ledger(kept_removals)
        self._tiles = Tiles()
        self._days = Days()
        self._feeds = Feeds(limits or FreshnessLimits())
        self._alerts: dict[str, Alert] = {}
        self._shown_feeds: set[str] = set()
        self._names = _Names()
        self._days_at: float | None = None
        self._met: set[str] = set()
        self.met_strangers = False
        """Somebody was announced for the first time whom the topology does not describe: it may have grown."""

    def take(self, item: Announced, now: float) -> None:
        """Something was announced."""
        match item:
            case Tile():
                self._meet(f"queue|{item.id}")
                if self._tiles.take(item):
                    self._days.know(item.id, item.target_s)
            case Interval():
                self._days.take(item)
            case FeedClock():
                self._meet(f"site|{item.site}")
                self._feeds.hear(item, now)
            case Alert():
                self._take_alert(item)
            case Site() | Queue() | Flow():
                self._describe({record_key(item): item}, complete=False)
            case IvrInterval():
                pass  # read from storage when somebody asks: no tile shows it

    def _meet(self, key: str) -> None:
        if key not in self._met:
            self._met.add(key)
            self.met_strangers |= key not in self._names.records

    def read(self, stored: Stored, now: float) -> None:
        """Take in a reading of all that is stored; announcements may have been missed before it."""
        self.read_slow(stored)
        for tile in stored.tiles:
            if self._tiles.take(tile, stored=True):
                self._days.know(tile.id, tile.target_s)
        if stored.metrics_complete:
            for queue in self._tiles.held.keys() - {tile.id for tile in stored.tiles}:
                self._tiles.drop(queue)
                self._days.forget(queue)
        self._feeds.read(stored.feeds, now, complete=stored.metrics_complete)
        self._days.read_again()

    def read_slow(self, stored: Stored) -> None:
        """Take in what is announced late or not at all: topology, and alerts that were trimmed."""
        self.met_strangers = False
        self._describe({record_key(record): record for record in stored.topology}, complete=stored.metrics_complete)
        for alert in stored.alerts:
            self._take_alert(alert)
        if stored.alerts_complete:
            for id_ in self._alerts.keys() - {alert.id for alert in stored.alerts}:
                self._drop_alert(id_)

    def _describe(self, records: dict[str, Description], *, complete: bool) -> None:
        before = self._names.records
        after = records if complete else before | records
        changed = [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
        self._names.records = after
        for key in changed:
            kind, _, id_ = key.partition("|")
            if (kind == "queue" and id_ in self._tiles.held) or (kind == "site" and id_ in self._tiles.sites):
                self._tiles.dirty.add(id_)

    def _take_alert(self, alert: Alert) -> None:
        held = self._alerts.get(alert.id)
        if held is not None and held.since > alert.since:
            return
        if alert.state == "inactive":
            self._drop_alert(alert.id)
            return
        self._alerts[alert.id] = alert
        site = None if alert.scope_kind == "all" else alert.scope.partition("/")[0]
        self.ledger.put("alert", alert.id, site, alert.model_dump_json().encode())

    def _drop_alert(self, id_: str) -> None:
        self._alerts.pop(id_, None)
        self.ledger.remove("alert", id_)

    def missing_days(self) -> list[tuple[str, str]]:
        """(queue, date) of the days that have to be read before their lines are whole."""
        return self._days.missing()

    def read_day(self, queue: str, date: str, intervals: Iterable[Interval]) -> None:
        """Take in a queue's day as stored."""
        self._days.load(queue, date, intervals)

    def settle(self, now: float) -> None:
        """Bring the ledger up to date: what differs in content gets a new seq."""
        clocks = self._settle_feeds(now)
        views = self._tiles.changed(self._names.queue_name, self._names.site_name, clocks.get)
        for id_, view in views:
            if view is None:
                self.ledger.remove("tile", id_)
            else:
                self.ledger.put("tile", id_, view.site, view.model_dump_json().encode())
        for site in self._tiles.sites:
            at = clocks.get(site) or self._tiles.as_of(site)
            if at is not None:
                self._days.turn(site, local_date(at, self._names.site(site).timezone))
        if self._days.dirty and (self._days_at is None or now - self._days_at >= DAYS_EVERY_S):
            self._days_at = now
            self._settle_days()

    def feeds(self, now: float) -> tuple[FeedView, ...]:
        """Every feed as it stands at `now`."""
        timezones = {site: self._names.site(site).timezone for site in self._feeds.sites}
        return tuple(self._feeds.views(now, timezones))

    def _settle_feeds(self, now: float) -> dict[str, int]:
        views = self.feeds(now)
        for view in views:
            # Age alone is no news: pages count on by themselves. But who comes later must not be told of an old age.
            told_age = 0 if view.freshness == "fresh" else view.age_s // TELL_AGE_EVERY_S
            content = (view.at, view.rate, view.timezone, view.freshness, told_age)
            if not self.ledger.holds("feed", view.id, content):
                self.ledger.put("feed", view.id, view.site, view.model_dump_json().encode(), content)
        shown = {view.id for view in views}
        for id_ in self._shown_feeds - shown:
            self.ledger.remove("feed", id_)
        self._shown_feeds = shown
        return site_clocks(views)

    def _settle_days(self) -> None:
        dirty, self._days.dirty = self._days.dirty, set()
        bodies = [
            (id_, id_.partition("/")[0], self._days.queue_body(id_) if "/" in id_ else self._days.site_body(id_))
            for id_ in sorted(dirty)
        ]
        for id_, site, body in [*bodies, (ALL, None, self._days.all_body())]:
            if body is None:
                self.ledger.remove("day", id_)
            else:
                self.ledger.put("day", id_, site, body)

    @property
    def topology(self) -> Topology:
        """Every site, queue and flow that is described."""
        records = self._names.records.values()
        return Topology(
            sites=tuple(r for r in records if isinstance(r, Site)),
            queues=tuple(r for r in records if isinstance(r, Queue)),
            flows=tuple(r for r in records if isinstance(r, Flow)),
        )

    def queues_of(self, site: str | None) -> list[str]:
        """Ids of the queues of a site (None: of all) that are described or have a tile."""
        described = {record.id for record in self._names.records.values() if isinstance(record, Queue)}
        return sorted(id_ for id_ in described | self._tiles.held.keys() if site is None or id_.startswith(f"{site}/"))

    def flows_of(self, site: str | None) -> list[str]:
        """Ids of the flows of a site (None: of all) that are described."""
        flows = (record for record in self._names.records.values() if isinstance(record, Flow))
        return sorted(flow.id for flow in flows if site is None or flow.site == site)

    def target_of(self, queue: str) -> int:
        """T (seconds) that a queue is held to."""
        tile, record = self._tiles.held.get(queue), self._names.records.get(f"queue|{queue}")
        if tile is not None:
            return tile.target_s
        return record.target_s if isinstance(record, Queue) else unknown_queue(queue).target_s
