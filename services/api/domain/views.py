"""Tiles ready to show: of a queue, of a site, of all sites."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.api.domain.ratios import ratios_of
from services.api.domain.sums import Sums, target_counts
from services.contracts.metrics import Tile
from services.contracts.socket import TileView
from services.contracts.topology import Text

ALL = "all"
ALL_NAME = Text(en="All sites", zh="全部站点")
SAME_CLOCK_MS = 5 * 60 * 1000
"""Sites whose clocks are nearer than this run on the same time; a replay of another day does not."""


def queue_view(tile: Tile, name: Text) -> TileView:
    """A queue."""
    counts = target_counts(tile)
    return TileView.model_construct(
        id=tile.id,
        level="queue",
        site=tile.id.partition("/")[0],
        name=name,
        as_of=tile.as_of,
        target_s=tile.target_s,
        target_percent=tile.target_percent,
        definition=tile.definition,
        target_counts=counts,
        target_ratios=ratios_of(counts),
        rolling=tile.rolling,
        ratios={t: ratios_of(c) for t, c in tile.rolling.items()},
        waiting=tile.waiting,
        oldest_offered_at=tile.oldest_offered_at,
    )


@dataclass(slots=True)
class Moment:
    """When a roll-up is, by its feed's clock: newest `as_of`, and the arrival of who waits longest. Epoch ms."""

    as_of: int
    oldest_offered_at: int | None
    clock: int


def site_moment(tiles: Iterable[Tile], clock: int | None) -> Moment:
    """Moment of one site's tiles (at least one); `clock` is its feeds' clock."""
    listed = list(tiles)
    as_of = max(tile.as_of for tile in listed)
    oldest = min((tile.oldest_offered_at for tile in listed if tile.oldest_offered_at is not None), default=None)
    return Moment(as_of, oldest, max(as_of, clock or as_of))


def common_moment(sites: Iterable[Moment]) -> Moment:
    """Moment of all sites (at least one), by the newest clock.

    Of a site that runs on another clock, the arrival is moved to the newest one, so that the wait remains what it is.
    """
    listed = list(sites)
    newest = max(site.clock for site in listed)
    oldest = [
        site.oldest_offered_at + (newest - site.clock if newest - site.clock > SAME_CLOCK_MS else 0)
        for site in listed
        if site.oldest_offered_at is not None
    ]
    return Moment(max(site.as_of for site in listed), min(oldest, default=None), newest)


def roll_up_view(id_: str, site: str | None, name: Text, sums: Sums, moment: Moment) -> TileView:
    """A site, or all sites (site None)."""
    target_s, target_percent = sums.common_target
    counts, rolling = sums.target, sums.rolling
    return TileView.model_construct(
        id=id_,
        level="all" if site is None else "site",
        site=site,
        name=name,
        as_of=moment.as_of,
        target_s=target_s,
        target_percent=target_percent,
        definition=sums.definition,
        target_counts=counts,
        target_ratios=ratios_of(counts),
        rolling=rolling,
        ratios={t: ratios_of(c) for t, c in rolling.items()},
        waiting=sums.waiting,
        oldest_offered_at=moment.oldest_offered_at,
    )
