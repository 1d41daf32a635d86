"""The newest tile of every queue, and the sums of each site's and of all."""

from collections import defaultdict
from collections.abc import Callable, Iterator

from services.api.domain.sums import Sums
from services.api.domain.views import ALL, ALL_NAME, Moment, common_moment, queue_view, roll_up_view, site_moment
from services.contracts.metrics import Tile
from services.contracts.socket import TileView
from services.contracts.topology import Text


class Tiles:
    """Queues by id. What changed is remembered until `changed` is asked."""

    def __init__(self) -> None:
        self.held: dict[str, Tile] = {}
        self._by_site: defaultdict[str, dict[str, Tile]] = defaultdict(dict)
        self._sums: defaultdict[str, Sums] = defaultdict(Sums)
        self._all = Sums()
        self._moments: dict[str, Moment] = {}
        self.dirty: set[str] = set()

    def take(self, tile: Tile, *, stored: bool = False) -> bool:
        """A tile was published, or read as `stored`. True if it is news.

        A published tile older than the held one is a late word of a worker that lost the queue. What is stored is
        believed even so: an installation whose log was started anew counts its offsets from 0 again.
        """
        held = self.held.get(tile.id)
        if held is not None:
            if held == tile or (not stored and (held.offset, held.as_of) > (tile.offset, tile.as_of)):
                return False
            self._shift_out(held)
        site = _site(tile.id)
        self.held[tile.id] = self._by_site[site][tile.id] = tile
        self._sums[site].add(tile)
        self._all.add(tile)
        self.dirty |= {tile.id, site}
        return True

    def drop(self, queue: str) -> None:
        """The queue is gone."""
        tile = self.held.pop(queue)
        self._shift_out(tile)
        site = _site(queue)
        del self._by_site[site][queue]
        self.dirty |= {queue, site}

    def _shift_out(self, tile: Tile) -> None:
        self._sums[_site(tile.id)].remove(tile)
        self._all.remove(tile)

    @property
    def sites(self) -> set[str]:
        """Sites that have a queue."""
        return {site for site, tiles in self._by_site.items() if tiles}

    def as_of(self, site: str) -> int | None:
        """Newest moment of a site's tiles."""
        return max((tile.as_of for tile in self._by_site[site].values()), default=None)

    def changed(
        self, queue_name: Callable[[str], Text], site_name: Callable[[str], Text], clock: Callable[[str], int | None]
    ) -> Iterator[tuple[str, TileView | None]]:
        """(id, view) of all that changed since the last time; None: it is gone."""
        dirty, self.dirty = self.dirty, set()
        for id_ in dirty:
            if "/" in id_:
                tile = self.held.get(id_)
                yield id_, None if tile is None else queue_view(tile, queue_name(id_))
            elif tiles := self._by_site[id_].values():
                self._moments[id_] = site_moment(tiles, clock(id_))
                yield id_, roll_up_view(id_, id_, site_name(id_), self._sums[id_], self._moments[id_])
            else:
                self._moments.pop(id_, None)
                yield id_, None
        if dirty and self._moments:
            yield ALL, roll_up_view(ALL, None, ALL_NAME, self._all, common_moment(self._moments.values()))
        elif dirty:
            yield ALL, None


def _site(queue: str) -> str:
    return queue.partition("/")[0]
