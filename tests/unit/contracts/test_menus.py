"""What is said of a menu's definition: levels, choices, and where callers get stuck."""

from typing import Any

from services.contracts.menus import depths, shortcut_visits, warnings
from services.contracts.metrics import NodeCounts
from services.contracts.topology import Flow, MenuChoice, MenuNode, Text


def node(name: str, /, *, shortcut: bool = False, **choices: Any) -> MenuNode:
    made = tuple(MenuChoice(key=key.removeprefix("k"), to=to) for key, to in choices.items())
    return MenuNode(id=name, name=Text(en=name, zh=name), choices=made, shortcut=shortcut)


def flow(*nodes: MenuNode) -> Flow:
    return Flow(id="lisbon/main", name=Text(en="Main", zh="主"), nodes=nodes)


def faults(of: Flow, **limits: Any) -> list[tuple[str, str]]:
    return [(warning.node, warning.fault) for warning in warnings(of, **limits)]


def test_three_levels_and_six_choices_are_fine():
    wide: dict[str, Any] = {f"k{key}": "end" for key in range(1, 6)}
    assert faults(flow(node("a", k6="b", **wide), node("b", k1="c"), node("c", k1="lisbon/sales"))) == []


def test_the_fourth_level_and_the_seventh_choice_are_too_much():
    wide: dict[str, Any] = {f"k{key}": "end" for key in range(7)}
    deep = flow(node("a", k1="b", auto="b"), node("b", k1="c"), node("c", k1="d"), node("d", **wide))
    assert faults(deep) == [("d", "too_deep"), ("d", "too_wide")]
    assert [(w.value, w.limit) for w in warnings(deep)] == [(4, 3), (7, 6)]
    assert faults(deep, levels=4, choices=7) == []


def test_depth_is_that_of_the_shortest_way_and_a_circle_ends():
    circle = flow(node("a", k1="b", k2="c"), node("b", k1="c"), node("c", k0="a"), node("vip", shortcut=True, k1="b"))
    assert depths(circle) == {"a": 1, "vip": 1, "b": 2, "c": 2}


def test_where_callers_get_stuck():
    broken = flow(node("a", k1="nowhere", k2="end"), node("b"), node("a", k1="end"))
    assert faults(broken) == [
        ("a", "unknown_target"), ("b", "unreachable"), ("b", "leads_nowhere"), ("a", "node_twice"),
    ]  # fmt: skip


def test_a_key_with_two_choices():
    twice = MenuNode(id="a", name=Text(en="a", zh="a"), choices=(MenuChoice(key="1", to="end"),) * 2)
    assert faults(flow(twice)) == [("a", "key_twice")]


def test_a_flow_without_a_definition_has_nothing_wrong():
    assert warnings(flow()) == ()
    assert depths(flow()) == {}


def test_shortcuts_are_counted_by_the_visits_of_their_nodes():
    with_shortcut = flow(node("a", k1="end"), node("vip", shortcut=True, auto="lisbon/sales"))
    assert shortcut_visits(with_shortcut, {"a": NodeCounts(entered=9), "vip": NodeCounts(entered=3)}) == 3
    assert shortcut_visits(with_shortcut, {"a": NodeCounts(entered=9)}) == 0
