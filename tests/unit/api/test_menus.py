"""A voice menu's day: nodes and links that add up, losses by depth, segments, warnings."""

from services.api.domain.menus import flow_day
from services.contracts.metrics import IvrCounts, IvrInterval, IvrLink, NodeCounts, interval_id
from services.contracts.topology import Flow, MenuChoice, MenuNode, Text
from tests.unit.api.floor import HALF_HOUR, NINE, TODAY

TEXT = Text(en="Main menu", zh="主菜单")
MENU = Flow(
    id="bank/main",
    name=TEXT,
    nodes=(
        MenuNode(id="main", name=TEXT, choices=(MenuChoice(key="1", to="balance"), MenuChoice(key="2", to="bank/PS"))),
        MenuNode(id="balance", name=TEXT, choices=(MenuChoice(key="1", to="end"),)),
        MenuNode(id="vip", name=TEXT, choices=(MenuChoice(key="1", to="bank/PS"),), shortcut=True),
    ),
)

# Ten call; one hangs up in the main menu, four hear their balance (one hangs up there), five go on to the queue.
CALLS = IvrCounts(entered=10, contained=3, lost=2, to_queue=5)
NODES = {
    "main": NodeCounts(entered=10, left=4, lost=1, to_queue=5, invalid=2, time_ms=100_000, depth=1),
    "balance": NodeCounts(entered=4, lost=1, contained=3, time_ms=40_000, depth=2),
}
LINKS = (
    ("start", "main", 10), ("main", "balance", 4), ("main", "queue:bank/PS", 5), ("main", "lost", 1),
    ("balance", "contained", 3), ("balance", "lost", 1),
)  # fmt: skip


def half(number: int, status="final") -> IvrInterval:
    start = NINE + number * HALF_HOUR
    return IvrInterval(
        id=interval_id("bank/main", start), scope="bank/main", start=start, end=start + HALF_HOUR, date=TODAY, label="09:00",
        status=status, revision=1, counts=CALLS, nodes=NODES,
        links=tuple(IvrLink(source=source, to=to, calls=calls) for source, to, calls in LINKS),
        segments={"": CALLS, "VIP": IvrCounts(entered=1, contained=1)},
    )  # fmt: skip


def test_half_hours_add_up_to_a_day():
    day = flow_day(MENU, TODAY, [half(0), half(1, "provisional")])
    assert (day.status, day.counts.entered, day.figures.containment) == ("provisional", 20, 0.3)
    assert day.figures.ivr_loss_rate == 0.2
    assert [(node.id, node.kind) for node in day.nodes] == [
        ("start", "start"), ("main", "node"), ("balance", "node"), ("vip", "node"), ("queue:bank/PS", "queue"),
        ("contained", "contained"), ("lost", "lost"),
    ]  # fmt: skip
    main = day.nodes[1]
    assert main.counts is not None
    assert (main.counts.entered, main.depth, main.width, main.node_loss_rate, main.node_time_s) == (20, 1, 2, 0.1, 10)
    assert main.node_fault_rate == 0.2
    assert day.lost_by_depth == {1: 2, 2: 2}
    assert [(segment.segment, segment.counts.entered) for segment in day.segments] == [("", 20), ("VIP", 2)]
    assert (day.depth, day.shortcut) == (2, 0)


def test_what_flows_into_a_node_flows_out():
    day = flow_day(MENU, TODAY, [half(0), half(1)])
    ids = {node.id for node in day.nodes}
    for link in day.links:
        assert {link.source, link.target} <= ids
    for node in day.nodes:
        if node.kind == "node" and node.counts is not None:
            into = sum(link.value for link in day.links if link.target == node.id)
            out = sum(link.value for link in day.links if link.source == node.id)
            assert into == out == node.counts.entered


def test_a_half_hour_of_the_day():
    later = half(1).model_copy(
        update={"counts": IvrCounts(entered=1, lost=1), "nodes": {}, "links": (), "segments": {}}
    )
    day = flow_day(MENU, TODAY, [half(0), later], start=later.start)
    assert (day.start, day.counts, day.figures.ivr_loss_rate, day.links) == (later.start, later.counts, 1.0, ())
    assert flow_day(MENU, TODAY, [half(0), later]).start is None


def test_who_hears_a_menu_again():
    again = (*LINKS, ("main", "main", 3))
    heard = half(0).model_copy(
        update={"links": tuple(IvrLink(source=source, to=to, calls=calls) for source, to, calls in again)}
    )
    nodes = {node.id: node for node in flow_day(MENU, TODAY, [heard, heard]).nodes}
    assert (nodes["main"].repeats, nodes["balance"].repeats) == (6, 0)


def test_a_queue_is_called_by_its_name():
    def name(queue: str) -> Text:
        return Text(en=f"Queue {queue}", zh=f"队列 {queue}")

    nodes = {node.id: node for node in flow_day(MENU, TODAY, [half(0)], queue_name=name).nodes}
    assert nodes["queue:bank/PS"].name.en == "Queue bank/PS"


def test_a_menu_says_what_it_is_held_to():
    limits = flow_day(MENU, TODAY, []).limits
    assert (limits.levels, limits.choices) == (3, 6)


def test_a_menu_without_calls_or_definition():
    empty = flow_day(MENU, TODAY, [])
    assert (empty.counts.entered, empty.figures.containment, empty.links) == (0, None, ())
    assert [node.id for node in empty.nodes] == ["main", "balance", "vip"]
    bare = flow_day(Flow(id="bank/main", name=TEXT), TODAY, [half(0)])
    assert (bare.depth, bare.warnings) == (None, ())
    assert {node.id: node.width for node in bare.nodes}["main"] is None


def test_a_menu_that_is_too_deep_says_so():
    names = [f"m{level}" for level in range(5)]
    nodes = tuple(
        MenuNode(id=name, name=TEXT, choices=(MenuChoice(key="1", to=to),))
        for name, to in zip(names, [*names[1:], "end"], strict=True)
    )
    day = flow_day(Flow(id="bank/deep", name=TEXT, nodes=nodes), TODAY, [])
    assert day.depth == 5
    assert [(warning.node, warning.fault) for warning in day.warnings] == [("m3", "too_deep"), ("m4", "too_deep")]
