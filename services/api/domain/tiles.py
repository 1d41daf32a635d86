"""The newest tile of every queue, and the sums of each site's, each region's and of all."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from services.api.domain.directory import Directory
from services.api.domain.ledger import Place
from services.api.domain.sums import Earlier, Half, Part, Sums, part_of
from services.api.domain.views import (
    ALL,
    ALL_NAME,
    REGION,
    Moment,
    Setting,
    View,
    common_moment,
    freshness_of,
    queue_view,
    roll_up_view,
    site_moment,
)
from services.contracts.definitions import DEFAULT_SWITCHES, GenesysSwitches
from services.contracts.metrics import Tile
from services.contracts.socket import Freshness
from services.contracts.topology import Text

Shown = tuple[str, Place, View | None]
"""Id of a tile, who may see it, and the view; None: it is gone."""


class Tiles:
    """Queues by id. What changed is remembered until `changed` is asked."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self.held: dict[str, Tile] = {}
        self.earlier = Earlier()
        self.dirty: set[str] = set()  # queue ids and site ids
        self._parts: dict[str, Part] = {}
        self._by_site: defaultdict[str, dict[str, Tile]] = defaultdict(dict)
        self._sums: defaultdict[str, Sums] = defaultdict(Sums)  # by site, by region, and of all
        self._moments: dict[str, Moment] = {}
        self._regions: dict[str, str] = {}  # of each site that has queues
        self._gone: set[str] = set()  # regions that lost their last site
        self._agreed: dict[str, GenesysSwitches] = {}
        self._freshness: dict[str, Freshness] = {}

    def take(self, tile: Tile, *, stored: bool = False) -> bool:
        """A tile was published, or read as `stored`. True if it is news.

        A published tile older than the held one is a late word of a worker that lost the queue. What is stored is
        believed even so: an installation whose log was started anew counts its offsets from 0 again.
        """
        held, site = self.held.get(tile.id), _site(tile.id)
        if held is not None:
            if held == tile or (not stored and (held.offset, held.as_of) > (tile.offset, tile.as_of)):
                return False
            if held.__dict__ | {"offset": tile.offset} == tile.__dict__:
                self.held[tile.id] = self._by_site[site][tile.id] = tile
                return False  # a later log position alone is no news
            self._shift(tile.id, -1)
        else:
            self._agreed.clear()
            self._regions.setdefault(site, self._directory.site(site).region)
        self.held[tile.id] = self._by_site[site][tile.id] = tile
        self._parts[tile.id] = part_of(tile)
        self._shift(tile.id, 1)
        self.dirty |= {tile.id, site}
        return True

    def drop(self, queue: str) -> None:
        """The queue is gone."""
        self._shift(queue, -1)
        del self.held[queue], self._parts[queue]
        self._agreed.clear()
        self.earlier.forget(queue)
        site = _site(queue)
        del self._by_site[site][queue]
        if not self._by_site[site]:
            self._gone.add(self._regions.pop(site))
        self.dirty |= {queue, site}

    def _scopes(self, site: str) -> Iterator[str]:
        yield site
        yield ALL
        if region := self._regions[site]:
            yield REGION + region

    def _shift(self, queue: str, sign: int) -> None:
        for scope in self._scopes(_site(queue)):
            self._sums[scope].shift(self._parts[queue], sign)

    def described_anew(self, changed: Iterable[str]) -> None:
        """Descriptions changed: names, switches, regions."""
        self._agreed.clear()
        for key in changed:
            kind, _, id_ = key.partition("|")
            if kind == "queue" and id_ in self.held:
                self.dirty |= {id_, _site(id_)}
            elif kind == "site" and id_ in self._regions:
                self._move(id_, self._directory.site(id_).region)
                self.dirty.add(id_)

    def _move(self, site: str, region: str) -> None:
        before = self._regions[site]
        if before == region:
            return
        for queue in self._by_site[site]:
            if before:
                self._sums[REGION + before].shift(self._parts[queue], -1)
            if region:
                self._sums[REGION + region].shift(self._parts[queue], 1)
        self._regions[site] = region
        self._gone.add(before)

    @property
    def sites(self) -> set[str]:
        """Sites that have a queue."""
        return set(self._regions)

    @property
    def regions(self) -> dict[str, frozenset[str]]:
        """Regions that have a queue, and the sites of each that do."""
        regions: defaultdict[str, set[str]] = defaultdict(set)
        for site, region in self._regions.items():
            if region:
                regions[region].add(site)
        return {region: frozenset(sites) for region, sites in regions.items()}

    def queues_of(self, site: str) -> Iterable[str]:
        """Queues of a site that have a tile."""
        return self._by_site[site].keys() if site in self._by_site else ()

    def freshness(self, site: str) -> Freshness:
        """How fresh a site's numbers were when they were last shown."""
        return self._freshness.get(site, "no_feed")

    def as_of(self, site: str) -> int | None:
        """Newest moment of a site's tiles."""
        return max((tile.as_of for tile in self._by_site[site].values()), default=None)

    def changed(
        self,
        clocks: Mapping[str, int],
        freshness: Mapping[str, Freshness],
        agents: Callable[[str], View | None] = lambda _: None,
    ) -> Iterator[Shown]:
        """All that changed since the last time.

        Args:
            clocks: each site's clock.
            freshness: how fresh that is.
            agents: id of a queue, site or region, or `all` → its agents now.
        """
        self._grow_stale(freshness)
        dirty, self.dirty = self.dirty, set()
        for id_ in dirty:
            if "/" in id_:
                yield id_, _site(id_), self._queue(id_, agents)
            else:
                yield id_, id_, self._site_view(id_, clocks.get(id_), agents)
        if dirty:
            yield from self._wide_views({id_.partition("/")[0] for id_ in dirty}, agents)

    def _grow_stale(self, freshness: Mapping[str, Freshness]) -> None:
        for site, tiles in self._by_site.items():
            now = freshness.get(site, "no_feed")
            if tiles and self._freshness.get(site) != now:
                self._freshness[site] = now
                self.dirty |= {site, *tiles}

    def _queue(self, id_: str, agents: Callable[[str], View | None]) -> View | None:
        tile = self.held.get(id_)
        if tile is None:
            return None
        described = self._directory.queue(id_)
        start = None if tile.running is None else tile.running.start
        earlier = () if start is None else self.earlier.of_queue(id_, start)
        fresh = self._freshness.get(_site(id_), "no_feed")
        return queue_view(tile, Setting(described.name, described.genesys, fresh, earlier, agents(id_)))

    def _site_view(self, site: str, clock: int | None, agents: Callable[[str], View | None]) -> View | None:
        tiles = self._by_site[site].values()
        if not tiles:
            self._moments.pop(site, None)
            return None
        self._moments[site] = site_moment(tiles, clock)
        return self._roll_up(site, site, [site], self._directory.site(site).name, agents)

    def _wide_views(self, touched: set[str], agents: Callable[[str], View | None]) -> Iterator[Shown]:
        """Regions of the touched sites, and the whole floor."""
        regions = self.regions
        gone, self._gone = self._gone - {""}, set()
        for region in gone | {self._regions[site] for site in touched if self._regions.get(site)}:
            id_, sites = REGION + region, regions.get(region, frozenset())
            view = None
            if sites:
                view = self._roll_up(id_, None, sorted(sites), Text(en=region, zh=region), agents)
            yield id_, sites, view
        view = None if not self._moments else self._roll_up(ALL, None, sorted(self._moments), ALL_NAME, agents)
        yield ALL, None, view

    def _roll_up(
        self, id_: str, site: str | None, sites: list[str], name: Text, agents: Callable[[str], View | None]
    ) -> View:
        halves = [(member, half) for member in sites if (half := self._sums[member].running) is not None]
        setting = Setting(
            name,
            self._switches_of(id_, sites),
            freshness_of(self._freshness.get(member, "no_feed") for member in sites),
            self.earlier.of_sites((member, half.start) for member, half in halves),
            agents(id_),
        )
        moment = common_moment(self._moments[member] for member in sites if member in self._moments)
        return roll_up_view(id_, site, self._sums[id_], Half.together(half for _, half in halves), moment, setting)

    def _switches_of(self, id_: str, sites: list[str]) -> GenesysSwitches:
        """The switches that all queues agree on, else the default."""
        agreed = self._agreed.get(id_)
        if agreed is None:
            found = {self._directory.switches(queue) for site in sites for queue in self._by_site[site]}
            agreed = self._agreed[id_] = found.pop() if len(found) == 1 else DEFAULT_SWITCHES
        return agreed


def _site(queue: str) -> str:
    return queue.partition("/")[0]
