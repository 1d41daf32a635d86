"""The board: the newest of everything that Redis holds and announces, and the views that clients are sent.

Verbs: `read` what is stored, `take` what is announced, `settle` the views at a moment. What clients see is the
`ledger`. Time (`now`: real seconds of any steady clock) is passed in.

An emptied Redis empties nothing here: what is missing from storage is dropped only when the services mark their part
as complete (`names.filled_key`), so the wall keeps its last numbers, marked stale by their feeds, until it is refilled.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from services.api.domain.days import Days, local_date
from services.api.domain.desk import AnyView, Desk, DeskView
from services.api.domain.directory import Directory
from services.api.domain.feeds import Feeds, FreshnessLimits, site_clocks, site_freshness
from services.api.domain.half_hours import Terms
from services.api.domain.ledger import KEPT_REMOVALS, InTeam, Ledger
from services.api.domain.staff import SHOWN_EVERY_S, Group, Staff
from services.api.domain.sums import Weeks
from services.api.domain.tiles import Tiles
from services.api.domain.views import ALL, REGION, View, encoded
from services.contracts.adherence import AdherenceLimitsView
from services.contracts.agents import AgentDay, AgentTile
from services.contracts.alerts import Alert, RuleView, Silence
from services.contracts.contingency import PlanView
from services.contracts.definitions import DEFAULT_SWITCHES, DefinitionName
from services.contracts.desk import Gone
from services.contracts.metrics import FeedClock, Interval, IvrInterval, Repeats, Tile
from services.contracts.moves import MoveView
from services.contracts.socket import FeedView, Freshness
from services.contracts.topology import Activities, Agent, Description, Flow, Queue, Site, Team, Topology

DAYS_EVERY_S = 1.0
"""Day lines are long and their newest bar changes with every call: once a second is enough for the eye."""
DAYS_AT_ONCE = 100
"""So many, those first that have waited longest: all day lines of a thousand queues are 8 MB, more than a page can take
each second. One that is not shown yet does not wait."""
TELL_AGE_EVERY_S = 5.0
"""How far the age of a silent feed may be behind for a page that opens now; pages that are open count by themselves."""

Announced = (
    Tile | AgentTile | AgentDay | Interval | IvrInterval | Repeats | FeedClock | AnyView | Gone | Description
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stored:
    """All that one reading of Redis found. `*_complete`: what is missing there is gone, not just not yet refilled."""

    tiles: tuple[Tile, ...] = ()
    agents: tuple[AgentTile, ...] = ()
    feeds: tuple[FeedClock, ...] = ()
    alerts: tuple[Alert, ...] = ()
    desk: tuple[DeskView, ...] = ()
    topology: tuple[Description, ...] = ()
    metrics_complete: bool = False
    alerts_complete: bool = False


class Board:
    """One floor, as one API process knows it."""

    def __init__(self, limits: FreshnessLimits | None = None, *, kept_removals: int = KEPT_REMOVALS) -> None:
        self.ledger = Ledger(kept_removals)
        self.directory = Directory()
        self.staff = Staff(self.directory)
        self.tiles = Tiles(self.directory)
        self._days = Days()
        self._feeds = Feeds(limits or FreshnessLimits())
        self.desk = Desk(self.ledger, self.sites_of_region)
        self._shown_feeds: set[str] = set()
        self._days_at = self._staff_at = float("-inf")
        self._wide: dict[str, View | None] = {}
        self._met: set[str] = set()
        self._described: tuple[tuple[Description, ...], bool] | None = None
        self._new_halves: set[str] = set()
        self.met_strangers = False
        """Somebody was announced for the first time whom the topology does not describe: it may have grown."""

    def take(self, item: Announced, now: float) -> None:
        """Something was announced."""
        match item:
            case Tile():
                self._meet(f"queue|{item.id}")
                self._take_tile(item)
            case AgentTile():
                self.staff.take(item)
            case Interval():
                self._days.take(item)
            case FeedClock():
                self._meet(f"site|{item.site}")
                self._feeds.hear(item, now)
            case Alert() | RuleView() | Silence() | PlanView() | MoveView() | AdherenceLimitsView() | Gone():
                self.desk.take(item)
            case Site() | Queue() | Flow() | Team() | Agent() | Activities():
                self._describe([item], complete=False)
            case IvrInterval() | Repeats() | AgentDay():
                pass  # read from storage when somebody asks: no tile shows it

    def _take_tile(self, tile: Tile, *, stored: bool = False) -> None:
        if self.tiles.take(tile, stored=stored):
            self._days.know(tile.id, tile.target_s, self.directory.switches(tile.id))
            if tile.running is not None and self.tiles.earlier.start_of(tile.id) != tile.running.start:
                self._new_halves.add(tile.id)

    def _meet(self, key: str) -> None:
        if key not in self._met:
            self._met.add(key)
            self.met_strangers |= key not in self.directory

    def read(self, stored: Stored, now: float) -> None:
        """Take in a reading of all that is stored; announcements may have been missed before it."""
        self.read_slow(stored)
        for tile in stored.tiles:
            self._take_tile(tile, stored=True)
        for agent in stored.agents:
            self.staff.take(agent, stored=True)
        if stored.metrics_complete:
            for queue in self.tiles.held.keys() - {tile.id for tile in stored.tiles}:
                self.tiles.drop(queue)
                self._days.forget(queue)
            for id_ in self.staff.held.keys() - {agent.id for agent in stored.agents}:
                self.staff.drop(id_)
        self._feeds.read(stored.feeds, now, complete=stored.metrics_complete)
        self._days.read_again()

    def read_slow(self, stored: Stored) -> None:
        """Take in what is announced late or not at all: topology, and what the desk holds no longer."""
        self.met_strangers = False
        described = (stored.topology, stored.metrics_complete)
        if described != self._described:  # it is read every few seconds, and hardly ever another
            self._describe(stored.topology, complete=stored.metrics_complete)
            self._described = described
        self.desk.read((*stored.alerts, *stored.desk), complete=stored.alerts_complete)

    def _describe(self, records: Iterable[Description], *, complete: bool) -> None:
        self._described = None
        changed = self.directory.describe(records, complete=complete)
        if not changed:
            return
        self.tiles.described_anew(changed)
        self.staff.described_anew()
        self.desk.described_anew()
        for tile in self.tiles.held.values():
            self._days.know(tile.id, tile.target_s, self.directory.switches(tile.id))

    def missing_days(self) -> list[tuple[str, str]]:
        """(queue, date) of the days that have to be read before their lines are whole."""
        return self._days.missing()

    def read_day(self, queue: str, date: str, intervals: Iterable[Interval]) -> None:
        """Take in a queue's day as stored."""
        self._days.load(queue, date, intervals)

    def missing_earlier(self) -> list[tuple[str, int, str]]:
        """(queue, start, time zone) of the running half-hours that are to be compared with earlier weeks."""
        missing = []
        for queue in self._new_halves:
            tile = self.tiles.held.get(queue)
            if tile is not None and tile.running is not None:
                missing.append((queue, tile.running.start, self.directory.site(queue.partition("/")[0]).timezone))
        return missing

    def read_earlier(self, queue: str, start: int, weeks: Weeks) -> None:
        """Take in what was offered in the same half-hour of earlier weeks."""
        self._new_halves.discard(queue)
        if queue in self.tiles.held:
            self.tiles.earlier.learn(queue, start, weeks)
            self.tiles.dirty |= {queue, queue.partition("/")[0]}

    def settle(self, now: float) -> None:
        """Bring the ledger up to date: what differs in content gets a new seq."""
        views = self._settle_feeds(now)
        clocks, freshness = site_clocks(views), site_freshness(views)
        sites = self.tiles.sites
        for site in sites | {view.site for view in views}:
            at = clocks.get(site) or (self.tiles.as_of(site) if site in sites else None)
            if at is not None:
                date = local_date(at, self.directory.site(site).timezone)
                self._days.turn(site, date)
                self.staff.turn(site, date)
        self._settle_staff(now, clocks, freshness)
        for id_, place, view in self.tiles.changed(clocks, freshness, self._agents_of):
            if view is None:
                self.ledger.remove("tile", id_)
            else:
                self.ledger.put("tile", id_, place, encoded(view))
        if self._days.dirty and now - self._days_at >= DAYS_EVERY_S:
            self._days_at = now
            self._settle_days()

    def feeds(self, now: float) -> tuple[FeedView, ...]:
        """Every feed as it stands at `now`."""
        timezones = {site: self.directory.site(site).timezone for site in self._feeds.sites}
        return tuple(self._feeds.views(now, timezones))

    def partitions(self, now: float) -> list[tuple[FeedClock, Freshness, float]]:
        """Every feed's clock on every partition, how fresh it is, and the real seconds since it was heard."""
        return self._feeds.partitions(now)

    def _settle_feeds(self, now: float) -> tuple[FeedView, ...]:
        views = self.feeds(now)
        for view in views:
            # Age alone is no news: pages count on by themselves. But who comes later must not be told of an old age.
            told_age = 0 if view.freshness == "fresh" else view.age_s // TELL_AGE_EVERY_S
            content = (view.at, view.rate, view.timezone, view.freshness, view.ahead_ms, told_age)
            if not self.ledger.holds("feed", view.id, content):
                self.ledger.put("feed", view.id, view.site, view.model_dump_json().encode(), content)
        shown = {view.id for view in views}
        for id_ in self._shown_feeds - shown:
            self.ledger.remove("feed", id_)
        self._shown_feeds = shown
        return views

    def _settle_staff(self, now: float, clocks: dict[str, int], freshness: dict[str, Freshness]) -> None:
        self.staff.hear(clocks, frozenset(site for site, fresh in freshness.items() if fresh == "no_feed"))
        dirty, self.staff.dirty_agents = self.staff.dirty_agents, set()
        for id_ in dirty:
            agent = self.staff.shown(id_)
            if agent is None:
                self.ledger.remove("agent", id_)
            else:
                self.ledger.put("agent", id_, InTeam(agent.site, agent.team), agent.model_dump_json().encode())
        if self.staff.unsettled and now - self._staff_at >= SHOWN_EVERY_S:
            self._staff_at = now
            for group in self.staff.settle():
                self._show(group)

    def _show(self, group: Group) -> None:
        """A group of agents is other than before: its team's item, or the tile that shows it, is too."""
        self._wide.clear()
        if group.kind != "team":
            self.tiles.dirty |= {group.id} & (self.tiles.held.keys() | self.tiles.sites)
            return
        view = self.staff.now(group)
        if view is None:
            self.ledger.remove("team", group.id)
            return
        site, name = group.id.partition("/")[0], self.directory.team_name(group.id)
        team = {"kind": "team", "id": group.id, "site": site, "name": name, "as_of": self.staff.as_of(group)}
        self.ledger.put("team", group.id, InTeam(site, group.id), encoded(team | {"agents": view}), (name, view))

    def _agents_of(self, scope: str) -> View | None:
        """Agents of a queue, site, region or the whole floor, as they were last put together."""
        if "/" in scope:
            return self.staff.now(Group("queue", scope))
        if scope != ALL and not scope.startswith(REGION):
            return self.staff.now(Group("site", scope))
        if scope not in self._wide:
            sites = self.tiles.sites if scope == ALL else self.tiles.regions.get(scope[len(REGION) :], frozenset())
            self._wide[scope] = self.staff.together(sites)
        return self._wide[scope]

    def _settle_days(self) -> None:
        waiting = self._days.dirty
        unseen = [id_ for id_ in waiting if self.ledger.get("day", id_) is None]
        told = sorted({*unseen, *islice(waiting, DAYS_AT_ONCE)})
        for id_ in told:
            del waiting[id_]
        bodies = [
            (id_, id_.partition("/")[0], self._days.queue_body(id_) if "/" in id_ else self._days.site_body(id_))
            for id_ in told
        ]
        for id_, site, body in [*bodies, (ALL, None, self._days.all_body())]:
            if body is None:
                self.ledger.remove("day", id_)
            else:
                self.ledger.put("day", id_, site, body)

    @property
    def topology(self) -> Topology:
        """All that is described."""
        return self.directory.topology

    def today(self, queue: str) -> Iterable[Interval]:
        """A queue's half-hours of its site's current day."""
        return self._days.intervals_of(queue)

    def queues_of(self, sites: Iterable[str] | None) -> list[str]:
        """Ids of the queues of some sites (None: of all) that are described or have a tile."""
        known = self.directory.ids(Queue) | self.tiles.held.keys()
        return sorted(id_ for id_ in known if sites is None or id_.partition("/")[0] in sites)

    def flows_of(self, sites: Iterable[str] | None) -> list[str]:
        """Ids of the flows of some sites (None: of all) that are described."""
        return sorted(id_ for id_ in self.directory.ids(Flow) if sites is None or id_.partition("/")[0] in sites)

    def terms_of(self, queues: Iterable[str]) -> Terms:
        """What some queues are held to."""
        switches = {self.directory.switches(queue) for queue in queues}
        return Terms(self.target_of, switches.pop() if len(switches) == 1 else DEFAULT_SWITCHES)

    def definition_of(self, queues: Iterable[str]) -> DefinitionName:
        """The definition that some queues agree on, else the default."""
        held = self.tiles.held
        found = {
            held[queue].definition if queue in held else self.directory.queue(queue).definition for queue in queues
        }
        return found.pop() if len(found) == 1 else "offered"

    def sites_of_region(self, region: str) -> frozenset[str]:
        """Sites of a region, with queues or without."""
        sites = (self.directory.site(id_) for id_ in self.directory.ids(Site))
        return frozenset(site.id for site in sites if site.region == region)

    def target_of(self, queue: str) -> int:
        """T (seconds) that a queue is held to."""
        tile = self.tiles.held.get(queue)
        return self.directory.queue(queue).target_s if tile is None else tile.target_s
