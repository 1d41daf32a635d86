"""A queue's tile and its half-hours as JSON, lean: what is empty and has a default in the contract is left out."""

from typing import Any

import msgspec

from services.contracts.contacts import counts_of, details_of, parts_of
from services.contracts.definitions import COUNTERS
from services.metrics.domain.half_hours import HalfHour
from services.metrics.domain.queues import LaneNow, Queue
from services.metrics.domain.tallies import Tally

_to_json = msgspec.json.Encoder().encode
_WAITING = COUNTERS.index("waiting")
_OUTCOMES = slice(COUNTERS.index("answered"), _WAITING + 1)


def tile(queue: Queue, offset: int) -> tuple[bytes | None, list[str]]:
    """The tile's JSON as of the site's clock, None if nothing that it shows has changed; and what is wrong with it.

    A tile is not told again only because those who wait have waited longer.
    """
    totals = queue.rolling.totals
    target = queue.at_target(totals)
    oldest = min(queue.waiting.values(), default=None)
    running = _running(queue)
    within = queue.within_target()
    lanes = {channel: (tuple(lane.window.totals), len(lane.waiting)) for channel, lane in queue.lanes.items()}
    shown = (
        totals, target, oldest, len(queue.waiting), within, running, lanes, len(queue.ghosts), queue.terms,
        queue.meter.total > 0, queue.meter.told, queue.here,
    )  # fmt: skip
    if shown == queue.shown:
        return None, []
    queue.shown = shown
    terms = queue.terms
    view: dict[str, Any] = {
        "kind": "tile",
        "id": queue.id,
        "as_of": queue.clock.at,
        "offset": offset,
        "target_s": terms.target_s,
        "target_percent": terms.target_percent,
        "definition": terms.definition,
        "rolling": {t: dict(zip(COUNTERS, counters, strict=False)) for t, counters in totals.items()},
        "waiting": len(queue.waiting),
        "oldest_offered_at": oldest,
    }
    _put(view, "status", "" if target[_WAITING] else "final")
    if terms.split:
        view["target"] = counts_of(target)
    _put(view, "details", details_of(target))
    _put(view, "waiting_ms", queue.meter.total)
    _put(view, "waiting_within", within)
    _put(view, "ghosts", len(queue.ghosts))
    _put(view, "skill", terms.skill)
    _put(view, "channels", {channel: _channel(queue, lane, channel) for channel, lane in queue.lanes.items()})
    if running is not None:
        counts, waiting_within = running
        view["running"] = {
            **queue.here._asdict(),
            "counts": counts_of(counts),
            "waiting_within": waiting_within,
            "waiting_ms": queue.running_waited(),
        }
    wrong = [f"rolling {t} s" for t, counters in totals.items() if not sound(counters)]
    if not sound(target) or (running is not None and not sound(running[0])):
        wrong.append("target or running half-hour")
    if queue.meter.waiting != len(queue.waiting):
        wrong.append(f"{len(queue.waiting)} wait, by waiting time {queue.meter.waiting}")
    return _to_json(view), [f"tile {queue.id} as of {queue.clock.at}: {what}" for what in wrong]


def interval(queue: Queue, half_hour: HalfHour, counted: Tally, first_offset: int) -> dict[str, Any]:
    """A half-hour's own part of Interval."""
    target = counted.at_target(queue.terms)
    view: dict[str, Any] = {
        "kind": "interval",
        "by_threshold": {t: counts_of(totals) for t, totals in counted.by_threshold.items()},
        "first_offset": first_offset,
    }
    if queue.terms.split:
        view["target"] = counts_of(target)
    _put(view, "details", details_of(target))
    _put(view, "waiting_ms", queue.waited(half_hour))
    if any(counted.groups):
        view["groups"] = [
            {**dict(zip(("channel", "segment", "dialled"), parts_of(about), strict=True)), "counts": counts_of(totals)}
            for about, totals in sorted(counted.groups.items())
            if any(totals)
        ]
    return view


def sound(counters: list[int] | tuple[int, ...]) -> bool:
    """Whether offered = answered + abandoned + flowed out + waiting, and nothing is below 0."""
    return counters[0] == sum(counters[_OUTCOMES]) and min(counters) >= 0


def _running(queue: Queue) -> tuple[list[int], int] | None:
    if not queue.pages:
        return None
    return queue.running(), queue.within_target(came_after=queue.here.start - 1)


def _channel(queue: Queue, lane: LaneNow, channel: Any) -> dict[str, Any]:
    held_to = queue.terms.lanes[channel]
    return {
        "target_s": held_to.target_s,
        "target_percent": held_to.target_percent,
        "counts": counts_of(lane.window.totals),
        "waiting": len(lane.waiting),
        "oldest_offered_at": min(lane.waiting.values(), default=None),
    }


def _put(view: dict[str, Any], name: str, value: Any) -> None:
    if value:
        view[name] = value
