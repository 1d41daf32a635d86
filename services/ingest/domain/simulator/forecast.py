"""What a planner who knows the floor's description expects of its queues: forecast contacts and AHT.

Daily peaks are expected; those that repeat from the simulation's start on, overflows and calls made again are what a
forecast does not know of.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

from services.contracts.forecasts import DayForecast, HalfHourForecast
from services.contracts.local_days import LocalHalfHour, half_hours_of
from services.ingest.domain.simulator.arrivals import Rate
from services.ingest.domain.simulator.description import Arrivals, MenuNode
from services.ingest.domain.simulator.floor import SimulatedFlow, SimulatedQueue, SimulatedSite
from services.ingest.domain.simulator.layout import Profiles, weights_of

VERSION = 0
"""Of the simulator's forecasts: whatever a person imports stands above them."""


def forecasts_of(site: SimulatedSite, day: date, profiles: Profiles) -> Iterator[DayForecast]:
    """The forecast of each of a site's queues for a local day."""
    halves = half_hours_of(site.timezone, day.isoformat())
    offered = defaultdict[str, list[float]](lambda: [0.0] * len(halves))
    places: list[SimulatedQueue | SimulatedFlow] = [*site.queues, *site.flows]
    for place in places:
        if place.arrivals is None:
            continue
        expected = _arriving(site, place.id, place.arrivals, profiles, halves)
        shares = _reaching(site, place) if isinstance(place, SimulatedFlow) else {place.id: 1.0}
        for id_, share in shares.items():
            offered[id_] = [so_far + share * more for so_far, more in zip(offered[id_], expected, strict=True)]
    for queue in site.queues:
        yield DayForecast(
            queue=f"{site.id}/{queue.id}",
            date=day.isoformat(),
            version=VERSION,
            half_hours=tuple(
                _half_hour(queue, half.start, contacts)
                for half, contacts in zip(halves, offered[queue.id], strict=True)
            ),
        )


def _arriving(
    site: SimulatedSite, id_: str, arrivals: Arrivals, profiles: Profiles, halves: tuple[LocalHalfHour, ...]
) -> list[float]:
    """Expected arrivals of each half-hour: the rate, piece by piece."""
    peaks = [peak for peak in site.peaks if peak.daily and (not peak.only or id_ in peak.only)]
    rate = Rate(arrivals, weights_of(arrivals, profiles), ZoneInfo(site.timezone), peaks, halves[0].start)
    found = []
    for half in halves:
        at, expected = half.start, 0.0
        while at < half.end:
            per_ms, until = rate.piece(at)
            until = min(until, half.end)
            expected += per_ms * (until - at)
            at = until
        found.append(expected)
    return found


def _reaching(site: SimulatedSite, flow: SimulatedFlow) -> dict[str, float]:
    """Share of a menu's callers that comes to each queue."""
    found = defaultdict[str, float](float)
    favoured = 0.0
    if flow.shortcut is not None:
        favoured = sum(segment.share for segment in site.segments if segment.id in flow.shortcut.segments)
        _walk(flow.shortcut.menu, favoured, found)
    _walk(flow.menu, 1.0 - favoured, found)
    return found


def _walk(node: MenuNode, share: float, found: dict[str, float]) -> None:
    """A share of callers enters a node; who neither hangs up nor is served there goes on."""
    goes_on = share * (1 - node.hang_up) * (1 - node.self_service)
    if node.queue is not None:
        found[node.queue] += goes_on
    for choice in node.choices:
        _walk(choice, goes_on * choice.share, found)


def _half_hour(queue: SimulatedQueue, start: int, contacts: float) -> HalfHourForecast:
    held_s = queue.hold.probability * queue.hold.time.mean_s if queue.hold else 0.0
    aht_s = queue.service.mean_s + held_s + queue.wrap_up.mean_s
    return HalfHourForecast(start=start, contacts=round(contacts, 2), aht_s=round(aht_s, 1))
