"""Figures of voice menus: of the calls that entered in the running half-hour and the one before it.

A menu is counted by clock half-hours. With the running one alone every share would begin anew at :00 and :30, so the
one before it counts as well: 30 to 60 minutes of calls.
"""

from collections.abc import Callable
from typing import Any

from services.alerts.domain.conditions.contacts import percent
from services.alerts.domain.conditions.figures import NOTHING, Figure, Steady, Stepped
from services.alerts.domain.conditions.place import Place
from services.alerts.domain.floor import site_of
from services.alerts.domain.values import CALLS, VISITS, Counters, FlowHalf, added
from services.contracts.alerts import Compare
from services.contracts.catalogue import Metric
from services.contracts.menus import depths, shortcut_visits, width
from services.contracts.metrics import HALF_HOUR_MS, IvrCounts, NodeCounts

Halves = list[tuple[FlowHalf, int]]
"""Half-hours, and how far their site's clock is behind the scope's."""


def menu_figure(compare: Compare, metric: Metric, place: Place) -> Figure:
    """A figure of theme ivr."""
    flow, _, node = place.id.partition("#") if place.kind in {"flow", "node"} else ("", "", "")
    if metric.id in {"depth", "width"}:
        return Steady(_of_definition(metric, place, flow, node))
    flows = [flow] if flow else [id_ for id_ in sorted(place.floor.flows) if site_of(id_) in place.sites]
    halves: Halves = [
        (half, place.lag(site_of(id_)))
        for id_ in flows
        if (known := place.floor.flows.get(id_)) is not None
        for half in known.halves
    ]
    if not halves:
        return NOTHING
    steps = tuple(half.end + HALF_HOUR_MS + lag for half, lag in halves)
    return Stepped(_figure(compare, metric, place, (flow, node), halves), steps)


def _figure(
    compare: Compare, metric: Metric, place: Place, menu: tuple[str, str], halves: Halves
) -> Callable[[int], float | None]:
    flow, node = menu

    def at(instant: int) -> float | None:
        fresh = [half for half, lag in halves if half.end + HALF_HOUR_MS > instant - lag]
        if not fresh:
            return None
        if metric.id == "shortcut":
            described = place.flow(flow)
            return 0.0 if described is None else float(shortcut_visits(described, _nodes(fresh)))
        counts = _visits(fresh, node) if node else _calls([half.calls for half in fresh])
        if metric.id == "entered":
            return float(counts.entered)
        if counts.entered < compare.min_offered:
            return None
        assert metric.compute is not None, "all others have formulas"
        value = metric.compute(counts)
        return percent(value) if metric.unit == "share" else value

    return at


def _of_definition(metric: Metric, place: Place, flow: str, node: str) -> float | None:
    described = place.flow(flow)
    if described is None:
        return None
    if metric.id == "depth":
        deepest = max(depths(described).values(), default=None)
        return None if deepest is None else float(deepest)
    return next((float(width(one)) for one in described.nodes if one.id == node), None)


def _calls(rows: list[Counters]) -> IvrCounts:
    fields: dict[str, Any] = dict(zip(CALLS, added(rows, len(CALLS)), strict=True))
    return IvrCounts.model_construct(**fields)


def _visits(halves: list[FlowHalf], node: str) -> NodeCounts:
    """Counters of a node; its depth, which is no sum, is read by no rule."""
    rows = [half.nodes[node] for half in halves if node in half.nodes]
    fields: dict[str, Any] = dict(zip(VISITS, added(rows, len(VISITS)), strict=True))
    return NodeCounts.model_construct(**fields)


def _nodes(halves: list[FlowHalf]) -> dict[str, NodeCounts]:
    return {node: _visits(halves, node) for half in halves for node in half.nodes}
