"""Tiles ready to show: of a queue, of a site, a region, all sites; in the shape of `TileView`, not yet encoded."""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import msgspec

from services.api.domain.ratios import figures_of, outlook_of
from services.api.domain.sums import Half, Sums, Weeks, counts_of, mean_of_weeks, target_counts
from services.contracts import formulas
from services.contracts.definitions import DEFAULT_SWITCHES, Counts, GenesysSwitches
from services.contracts.metrics import ChannelNow, Running, Tile
from services.contracts.socket import Freshness, ScopeLevel
from services.contracts.topology import Text

ALL = "all"
ALL_NAME = Text(en="All sites", zh="全部站点")
REGION = "region:"
SAME_CLOCK_MS = 5 * 60 * 1000
"""Sites whose clocks are nearer than this run on the same time; a replay of another day does not."""

View = dict[str, Any]
encoded = msgspec.json.Encoder(enc_hook=attrgetter("__dict__")).encode
"""A view as JSON. A contract in it is written field by field, as it would write itself, at a tenth of the time."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a tile is shown with beside its own numbers."""

    name: Text
    switches: GenesysSwitches = DEFAULT_SWITCHES
    freshness: Freshness = "no_feed"
    earlier: Weeks = ()
    agents: View | None = None

    @property
    def present(self) -> bool:
        """Whether anything is known of the present."""
        return self.freshness != "no_feed"


def queue_view(tile: Tile, setting: Setting) -> View:
    """A queue."""
    counts, switches = target_counts(tile), setting.switches
    ratios = {t: figures_of(c, switches) for t, c in tile.rolling.items()}
    view = _head(tile.id, "queue", tile.id.partition("/")[0], setting.name, tile.as_of)
    view |= {
        "target_s": tile.target_s,
        "target_percent": tile.target_percent,
        "definition": tile.definition,
        "target_counts": counts,
        "target_ratios": ratios[tile.target_s]
        if tile.target is None and tile.target_s in ratios
        else figures_of(counts, switches),
        "rolling": tile.rolling,
        "ratios": ratios,
        "waiting": tile.waiting,
        "oldest_offered_at": tile.oldest_offered_at,
        "status": tile.status,
        "revision": tile.offset,
        "ghosts": tile.ghosts,
        "details": tile.details,
    }
    # A tile without a running half-hour tells of the rolling one alone.
    return (
        view
        | _present(tile if tile.running is not None else None, counts, setting, view["target_ratios"])
        | {
            "running": None if tile.running is None else _running(tile.running, tile.as_of, setting),
            "agents": setting.agents,
            "channels": {channel: _channel(now, switches) for channel, now in tile.channels.items()},
            "freshness": setting.freshness,
        }
    )


def _head(id_: str, level: ScopeLevel, site: str | None, name: Text, as_of: int) -> View:
    return {"kind": "tile", "id": id_, "level": level, "site": site, "name": name, "as_of": as_of}


def _present(now: Tile | Sums | None, counts: Counts, setting: Setting, figures: View) -> View:
    """What is told of the present; all null where nothing is known of it."""
    if now is None or not setting.present:
        return {"outlook": None, "mean_length": None, "estimated_wait_s": None}
    to_win = min(now.waiting_within, now.waiting)
    return {
        "outlook": outlook_of(
            counts,
            setting.switches,
            lost=now.waiting - to_win,
            to_win=to_win,
            counted=False,
            now=figures["service_level"],
        ),
        "mean_length": formulas.mean_length(now.waiting_ms),
        "estimated_wait_s": formulas.estimated_wait_s(now.waiting, counts),
    }


def _running(half: Running | Half, as_of: int, setting: Setting) -> View:
    """The clock half-hour so far: of a queue, or of several added up."""
    counts = half.counts if isinstance(half, Running) else counts_of(half.counters)
    to_win = min(half.waiting_within, counts.waiting)
    mean, weeks = mean_of_weeks(setting.earlier)
    figures = figures_of(counts, setting.switches)
    lost = counts.waiting - to_win
    return {
        "start": half.start,
        "end": half.end,
        "label": half.label,
        "counts": counts,
        "ratios": figures,
        "outlook": outlook_of(
            counts, setting.switches, lost=lost, to_win=to_win, counted=True, now=figures["service_level"]
        ),
        "mean_length": formulas.mean_length(half.waiting_ms, min(as_of, half.end) - half.start),
        "earlier_offered": mean,
        "earlier_weeks": weeks,
    }  # fmt: skip


def _channel(now: ChannelNow, switches: GenesysSwitches) -> View:
    return {
        "target_s": now.target_s,
        "target_percent": now.target_percent,
        "counts": now.counts,
        "ratios": figures_of(now.counts, switches),
        "waiting": now.waiting,
        "oldest_offered_at": now.oldest_offered_at,
    }


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
    """Moment of several sites (at least one), by the newest clock.

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


def roll_up_view(id_: str, site: str | None, sums: Sums, half: Half | None, moment: Moment, setting: Setting) -> View:  # noqa: PLR0917  # all of it is shown
    """A site, or (site None) a region or all sites; `half` is its running half-hour."""
    target_s, target_percent = sums.common_target
    counts, rolling, switches = sums.target, sums.rolling, setting.switches
    level: ScopeLevel = "site" if site is not None else "region" if id_.startswith(REGION) else "all"
    view = _head(id_, level, site, setting.name, moment.as_of)
    view |= {
        "target_s": target_s,
        "target_percent": target_percent,
        "definition": sums.definition,
        "target_counts": counts,
        "target_ratios": figures_of(counts, switches),
        "rolling": rolling,
        "ratios": {t: figures_of(c, switches) for t, c in rolling.items()},
        "waiting": sums.waiting,
        "oldest_offered_at": moment.oldest_offered_at,
        "status": sums.status,
        "revision": None,
        "ghosts": sums.ghosts,
        "details": sums.details,
    }
    return (
        view
        | _present(sums if sums.described else None, counts, setting, view["target_ratios"])
        | {
            "running": None if half is None else _running(half, moment.as_of, setting),
            "agents": setting.agents,
            "channels": {},
            "freshness": setting.freshness,
        }
    )


def freshness_of(sites: Iterable[Freshness]) -> Freshness:
    """Of several sites: fresh, or without feed, only if they all are."""
    found = set(sites)
    return found.pop() if len(found) == 1 else "stale" if found else "no_feed"
