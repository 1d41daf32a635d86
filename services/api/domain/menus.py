"""A voice menu's day, put together from its half-hours."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

from services.api.domain.reports import FlowDay, FlowFigures, FlowLimits, FlowLink, FlowNode, FlowSegment
from services.contracts import formulas
from services.contracts.menus import MOST_CHOICES, MOST_LEVELS, depths, shortcut_visits, warnings, width
from services.contracts.metrics import IvrCounts, IvrInterval, NodeCounts, Status
from services.contracts.topology import Flow, Text

_ENDS = {
    "start": Text(en="Calls", zh="来电"),
    "contained": Text(en="Self-served", zh="自助完成"),
    "lost": Text(en="Lost in the IVR", zh="语音导航内呼损"),
}
QUEUE = "queue:"


def flow_day(
    flow: Flow,
    date: str,
    halves: Sequence[IvrInterval],
    *,
    start: int | None = None,
    queue_name: Callable[[str], Text] = lambda queue: Text(en=queue, zh=queue),
) -> FlowDay:
    """The day of a flow, or the half-hour of it that begins at `start`.

    `halves` are its half-hours of that date. Without calls everything is 0, and no share is known.
    """
    halves = [half for half in halves if start in {None, half.start}]
    counts = added(half.counts for half in halves)
    nodes = _nodes(halves)
    links: Counter[tuple[str, str]] = Counter()
    segments: defaultdict[str, list[IvrCounts]] = defaultdict(list)
    for half in halves:
        links.update({(link.source, link.to): link.calls for link in half.links})
        for segment, calls in half.segments.items():
            segments[segment].append(calls)
    status: Status = "provisional" if any(half.status == "provisional" for half in halves) else "final"
    reached = depths(flow)
    return FlowDay(
        flow=flow.id,
        name=flow.name,
        date=date,
        start=start,
        status=status,
        counts=counts,
        figures=figures(counts),
        nodes=tuple(_ends(flow, nodes, links, queue_name)),
        links=tuple(FlowLink(source=source, target=to, value=calls) for (source, to), calls in sorted(links.items())),
        segments=tuple(
            FlowSegment(segment=segment, counts=total, figures=figures(total))
            for segment, total in sorted((name, added(parts)) for name, parts in segments.items())
        ),
        lost_by_depth=_lost_by_depth(nodes),
        depth=max(reached.values(), default=None),
        shortcut=shortcut_visits(flow, nodes),
        limits=FlowLimits(levels=MOST_LEVELS, choices=MOST_CHOICES),
        warnings=warnings(flow),
    )


def figures(counts: IvrCounts) -> FlowFigures:
    """Shares of a set of calls."""
    return FlowFigures(
        containment=formulas.containment(counts),
        ivr_loss_rate=formulas.ivr_loss_rate(counts),
        to_queue_rate=formulas.to_queue_rate(counts),
    )


def added(parts: Iterable[IvrCounts]) -> IvrCounts:
    """Counters add."""
    listed = list(parts)
    return IvrCounts(**{name: sum(getattr(part, name) for part in listed) for name in IvrCounts.model_fields})


def _nodes(halves: Iterable[IvrInterval]) -> dict[str, NodeCounts]:
    """Counters of each node add; its depth is the deepest."""
    parts: defaultdict[str, list[NodeCounts]] = defaultdict(list)
    for half in halves:
        for node, counts in half.nodes.items():
            parts[node].append(counts)
    return {
        node: NodeCounts(**{
            name: (max if name == "depth" else sum)(getattr(counts, name) for counts in listed)
            for name in NodeCounts.model_fields
        })
        for node, listed in parts.items()
    }  # fmt: skip


def _lost_by_depth(nodes: dict[str, NodeCounts]) -> dict[int, int]:
    lost: Counter[int] = Counter()
    for counts in nodes.values():
        lost[counts.depth] += counts.lost
    return dict(sorted(lost.items()))


def _ends(
    flow: Flow, nodes: dict[str, NodeCounts], links: Counter[tuple[str, str]], queue_name: Callable[[str], Text]
) -> Iterable[FlowNode]:
    """Everything that links lead from or to, and nodes that are described but were not visited."""
    described = {node.id: node for node in flow.nodes}
    linked = {end for link in links for end in link}
    if "start" in linked:
        yield FlowNode(id="start", kind="start", name=_ENDS["start"])
    for id_ in [*described, *sorted((nodes.keys() | linked) - described.keys() - _ENDS.keys())]:
        if id_.startswith(QUEUE) and id_ not in nodes:
            yield FlowNode(id=id_, kind="queue", name=queue_name(id_.removeprefix(QUEUE)))
            continue
        counts, node = nodes.get(id_, NodeCounts()), described.get(id_)
        yield FlowNode(
            id=id_,
            kind="node",
            name=Text(en=id_, zh=id_) if node is None else node.name,
            depth=counts.depth or None,
            width=None if node is None else width(node),
            counts=counts,
            repeats=links[id_, id_],
            node_loss_rate=formulas.node_loss_rate(counts),
            node_fault_rate=formulas.node_fault_rate(counts),
            node_time_s=formulas.node_time_s(counts),
        )
    for id_ in ("contained", "lost"):
        if id_ in linked:
            yield FlowNode(id=id_, kind="contained" if id_ == "contained" else "lost", name=_ENDS[id_])
