"""The floor as the desk knows it: queues, agents, menus, clocks, descriptions. Sections only read it."""

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from services.alerts.domain.clocks import AGENTS, SiteClocks
from services.alerts.domain.crowds import Crowds
from services.alerts.domain.past import History, Trails
from services.alerts.domain.values import AgentNow, FlowNow, QueueNow
from services.contracts.agents import AgentTile
from services.contracts.desk import Described
from services.contracts.metrics import FeedClock, IvrInterval, Tile
from services.contracts.topology import Activities, Description, Site, record_adapter, record_key

UTC = "UTC"

SILENT_AFTER_MS = 60_000
"""A site of which no clock was heard for so long, by the ticks on the log, has no feed."""

LONGEST_TICK_MS = 5_000


class _Snapshot(msgspec.Struct, array_like=True):
    queues: dict[str, QueueNow]
    agents: dict[str, AgentNow]
    flows: dict[str, FlowNow]
    trails: bytes
    parts: dict[str, int]
    sites: dict[str, int]
    heard: dict[str, int]
    described: dict[str, bytes]
    wall_at: int
    newest: dict[str, int]
    staff_parts: dict[str, int] = {}
    staff_sites: dict[str, int] = {}


_decode = msgspec.msgpack.Decoder(_Snapshot).decode
_encode = msgspec.msgpack.Encoder().encode


def site_of(scope: str) -> str:
    """Id of the site of a queue, flow or team."""
    return scope.partition("/")[0]


class Floor:
    """Everything as of the last record. `wall_at` is the newest tick (epoch ms), 0 before the first one.

    Attributes:
        clocks: how far it is known what queues do.
        staff_clocks: how far it is known what agents do.
        heard: site → the newest tick when a clock of it was last heard.
        raw: descriptions as JSON, by their record key.
    """

    def __init__(self) -> None:
        """Nothing is known."""
        self.queues: dict[str, QueueNow] = {}
        self.of_site: defaultdict[str, list[str]] = defaultdict(list)
        self.staff = Crowds()
        self.flows: dict[str, FlowNow] = {}
        self.history = History()
        self.trails = Trails()
        self.clocks = SiteClocks()
        self.staff_clocks = SiteClocks(topic=AGENTS)
        self.described: dict[str, Description] = {}
        self.raw: dict[str, bytes] = {}
        self.heard: dict[str, int] = {}
        self.wall_at = 0

    # -- taking in

    def take_tile(self, tile: Tile) -> bool:
        """A queue is so now; False if it is older than what is known, as from a worker that slept."""
        known = self.queues.get(tile.id)
        if known is None:
            self.of_site[site_of(tile.id)].append(tile.id)
        elif tile.as_of < known.as_of:
            return False
        now = self.queues[tile.id] = QueueNow.of(tile)
        if known is not None:
            self.history.hear(tile.id, known.running, now.running)
        return True

    def take_agent(self, tile: AgentTile) -> AgentNow | None:
        """An agent is so now. Answers with how they were; an older tile changes nothing."""
        before = self.agents.get(tile.id)
        if before is None or tile.as_of >= before.as_of:
            self.staff.take(tile.id, AgentNow.of(tile))
        return before

    def take_flow(self, interval: IvrInterval) -> None:
        """A menu's half-hour."""
        self.flows[interval.scope] = FlowNow.of(interval, self.flows.get(interval.scope))

    def hear(self, clock: FeedClock) -> bool:
        """A feed's clock. Whether its site's own has moved."""
        self.heard[clock.site] = self.wall_at
        return self.clocks.hear(clock)

    def hear_of_staff(self, clock: FeedClock) -> bool:
        """A feed's clock. Whether it is further known what its site's agents do."""
        return self.staff_clocks.hear(clock)

    def tick(self, at: int) -> None:
        """The wall clock. While nobody ticked nobody listened either: that time makes no feed silent."""
        gap = at - self.wall_at
        if self.wall_at and gap > LONGEST_TICK_MS:
            self.heard = {site: heard + gap for site, heard in self.heard.items()}
        self.wall_at = max(at, self.wall_at)

    def learn(self, described: Described) -> set[str]:
        """Descriptions; answers with the keys that are other than before."""
        changed = set()
        for record in described.records:
            key = record_key(record)
            raw = record.model_dump_json().encode()
            if self.raw.get(key) != raw:
                self.described[key], self.raw[key] = record, raw
                changed.add(key)
        for key in described.gone:
            if self.raw.pop(key, None) is not None:
                del self.described[key]
                changed.add(key)
        if changed:
            self.describe(self.described)
        return changed

    def describe(self, described: dict[str, Description]) -> None:
        """The floor is made of these, by their record key."""
        self.described = described
        found = described.get("activities|activities")
        self.staff.relearn(found if isinstance(found, Activities) else None)

    def turn_days(self, sites: Iterable[str], *, everywhere: bool = False) -> set[str]:
        """The clocks of some sites may have moved, or any time zone be another: at which of them a day has begun."""
        known = self.of_site.keys() | self.clocks.sites.keys() | self.staff.newest.keys()
        asked = known if everywhere else set(sites)
        clocks = ((site, self.clock(site)) for site in sorted(asked))
        return {site for site, at in clocks if at and self.staff.turn(site, at, self.timezone(site))}

    # -- asking

    @property
    def agents(self) -> dict[str, AgentNow]:
        """Agents by id; `staff.take` and `staff.drop` change them and their sums."""
        return self.staff.agents

    def site(self, id_: str) -> Site | None:
        """A site's description."""
        found = self.described.get(f"site|{id_}")
        return found if isinstance(found, Site) else None

    def timezone(self, site: str) -> str:
        """A site's time zone."""
        found = self.site(site)
        return UTC if found is None else found.timezone

    def clock(self, site: str) -> int:
        """A site's clock; before its first heartbeat, the newest word of its queues or agents; 0 before that."""
        if (at := self.clocks.at(site)) > 0:
            return at
        queues = (self.queues[queue].as_of for queue in self.of_site.get(site, ()))
        return max(self.staff.newest.get(site, 0), *queues, 0)

    def region_of(self, site: str) -> str:
        """Region of a site; empty: none."""
        found = self.site(site)
        return "" if found is None else found.region

    def sites_of_region(self, region: str) -> frozenset[str]:
        """Sites of a region."""
        sites = (one for one in self.described.values() if isinstance(one, Site))
        return frozenset(site.id for site in sites if site.region == region)

    def queues_of(self, sites: Iterable[str]) -> list[str]:
        """Queues with a tile of some sites."""
        return [queue for site in sorted(sites) for queue in self.of_site.get(site, ())]

    def is_silent(self, site: str) -> bool:
        """Whether the site had a feed and has none any more, as far as the ticks tell."""
        heard = self.heard.get(site, 0)
        return heard > 0 and self.wall_at - heard >= SILENT_AFTER_MS

    # -- keeping

    def snapshot(self) -> bytes:
        """All that `restore` needs, but for the history, which is kept queue by queue."""
        clocks, staff_clocks = self.clocks, self.staff_clocks
        return bytes(
            _encode(
                _Snapshot(
                    self.queues, self.agents, self.flows, self.trails.snapshot(), clocks.parts, clocks.sites,
                    self.heard, self.raw, self.wall_at, self.staff.newest, staff_clocks.parts, staff_clocks.sites,
                )
            )
        )  # fmt: skip

    def restore(self, snapshot: bytes) -> None:
        """Start from a snapshot; the floor is empty before."""
        stored = _decode(snapshot)
        self.queues, self.flows = stored.queues, stored.flows
        for queue in stored.queues:
            self.of_site[site_of(queue)].append(queue)
        self.trails.restore(stored.trails)
        self.clocks = SiteClocks(stored.parts, stored.sites)
        self.staff_clocks = SiteClocks(stored.staff_parts, stored.staff_sites, topic=AGENTS)
        self.heard, self.raw, self.wall_at = stored.heard, stored.described, stored.wall_at
        self.describe({key: record_adapter.validate_json(raw) for key, raw in stored.described.items()})
        for id_, agent in stored.agents.items():
            self.staff.take(id_, agent)
        self.staff.newest = stored.newest
        self.turn_days((), everywhere=True)
        self.history.rewind(self._running_since)

    def _running_since(self, queue: str) -> int | None:
        now = self.queues.get(queue)
        return None if now is None else now.as_of if now.running is None else now.running.start
