"""What a voice menu's own definition says of it: how deep and wide it is, where it leads nowhere, who uses a shortcut.

Callers remember about three levels and six choices; what goes beyond costs containment and patience.
Pure functions of `topology.Flow.nodes`: the API, the pages and the docs read the same.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

from services.contracts.metrics import NodeCounts
from services.contracts.topology import AUTO, Contract, Flow, MenuNode

MOST_LEVELS = 3
MOST_CHOICES = 6
END = "end"

MenuFault = Literal["too_deep", "too_wide", "leads_nowhere", "unknown_target", "key_twice", "node_twice", "unreachable"]


class MenuWarning(Contract):
    """Something about a menu that callers will stumble over. `value` and `limit` where it is a number."""

    flow: str
    node: str
    fault: MenuFault
    message: str
    value: int | None = None
    limit: int | None = None


def depths(flow: Flow) -> dict[str, int]:
    """Node → the fewest levels after which callers can be there; 1 is where they enter. Unreachable ones are missing.

    A shortcut is entered directly, so it is of level 1.
    """
    nodes = {node.id: node for node in flow.nodes}
    entrances = [*flow.nodes[:1], *(node for node in flow.nodes if node.shortcut)]
    found = {node.id: 1 for node in entrances}
    ahead = list(found)
    for name in ahead:  # grows as it goes: breadth first, so the first way to a node is the shortest
        for choice in nodes[name].choices:
            if choice.to in nodes and choice.to not in found:
                found[choice.to] = found[name] + 1
                ahead.append(choice.to)
    return found


def width(node: MenuNode) -> int:
    """How many choices a caller hears. A node that goes on by itself offers none."""
    return sum(choice.key != AUTO for choice in node.choices)


def warnings(flow: Flow, *, levels: int = MOST_LEVELS, choices: int = MOST_CHOICES) -> tuple[MenuWarning, ...]:
    """What is wrong with a menu, node by node in the order of its definition; nothing where it has none.

    Args:
        flow: the menu. A target with a slash is a queue's id.
        levels: more than so many are too deep.
        choices: more than so many are too wide.
    """
    reached = depths(flow)
    seen: set[str] = set()
    found: list[MenuWarning] = []
    for node in flow.nodes:
        found += _warnings_of(flow, node, reached.get(node.id), levels, choices)
        if node.id in seen:
            found.append(_warn(flow, node, "node_twice", "a node of this id is defined above"))
        seen.add(node.id)
    return tuple(found)


def shortcut_visits(flow: Flow, nodes: Mapping[str, NodeCounts]) -> int:
    """How often callers were led past the menu: visits of the nodes that the definition marks as shortcuts."""
    return sum(nodes[node.id].entered for node in flow.nodes if node.shortcut and node.id in nodes)


def _warnings_of(flow: Flow, node: MenuNode, depth: int | None, levels: int, choices: int) -> Iterator[MenuWarning]:
    if depth is None:
        yield _warn(flow, node, "unreachable", "no choice leads here")
    elif depth > levels:
        message = f"callers get here after {depth} levels; more than {levels} are too deep"
        yield _warn(flow, node, "too_deep", message, value=depth, limit=levels)
    if width(node) > choices:
        message = f"callers hear {width(node)} choices; more than {choices} are too wide"
        yield _warn(flow, node, "too_wide", message, value=width(node), limit=choices)
    if not node.choices:
        yield _warn(flow, node, "leads_nowhere", f"give it choices; one to {END!r} if callers are served here")
    known = {one.id for one in flow.nodes} | {END}
    keys: set[str] = set()
    for choice in node.choices:
        if choice.to not in known and "/" not in choice.to:
            message = (
                f"choice {choice.key!r} leads to {choice.to!r}, which is no node, no queue (site/queue), nor {END!r}"
            )
            yield _warn(flow, node, "unknown_target", message)
        if choice.key in keys and choice.key != AUTO:
            yield _warn(flow, node, "key_twice", f"key {choice.key!r} has two choices")
        keys.add(choice.key)


def _warn(flow: Flow, node: MenuNode, fault: MenuFault, message: str, **numbers: int) -> MenuWarning:
    return MenuWarning(flow=flow.id, node=node.id, fault=fault, message=message, **numbers)
