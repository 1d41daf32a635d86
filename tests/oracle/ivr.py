"""A voice menu by hand: every number of a half-hour straight from a list of calls and what they did in the menu.

Slow and simple, and without a line of the services': each counter is a question put to every call. Times are epoch ms.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from tests.oracle.floor import half_hour

MenuOutcome = Literal["contained", "abandoned", "to_queue", "virtual"]


@dataclass(frozen=True)
class Walk:
    """A call in a voice menu: the nodes it reached, (when, depth, node), and inputs that failed, (when, node, how).

    It left at `left_at`, None while it is inside. A node is left when the next one is reached.
    """

    flow: str
    contact: str
    entered_at: int
    segment: str = ""
    nodes: tuple[tuple[int, int, str], ...] = ()
    failed: tuple[tuple[int, str, Literal["invalid", "timeout"]], ...] = ()
    outcome: MenuOutcome | None = None
    left_at: int | None = None
    queue: str = ""


@dataclass
class Stay:
    """A call at a node: from when, at which depth, until when and whither; `went` None: it is still there."""

    node: str
    depth: int
    since: int
    until: int | None = None
    went: str | None = None


@dataclass
class Menu:
    """What one half-hour of a flow has to show."""

    calls: list[Walk] = field(default_factory=list)

    def counts(self, segment: str | None = None) -> dict[str, int]:
        outcomes = [call.outcome for call in self.calls if segment is None or call.segment == segment]
        return {
            "entered": len(outcomes),
            "contained": outcomes.count("contained"),
            "lost": outcomes.count("abandoned"),
            "to_queue": outcomes.count("to_queue"),
            "virtual": outcomes.count("virtual"),
            "inside": outcomes.count(None),
        }

    def segments(self) -> dict[str, dict[str, int]]:
        return {segment: self.counts(segment) for segment in {call.segment for call in self.calls}}

    def nodes(self) -> dict[str, dict[str, int]]:
        stays = [stay for call in self.calls for stay in stays_of(call)]
        failed = [(node, how) for call in self.calls for at, node, how in call.failed if _in_time(call, at)]
        names = {stay.node for stay in stays} | {node for node, _ in failed}
        return {name: self._node([stay for stay in stays if stay.node == name], name, failed) for name in names}

    def _node(
        self, stays: list[Stay], name: str, failed: list[tuple[str, Literal["invalid", "timeout"]]]
    ) -> dict[str, int]:
        went = [stay.went for stay in stays]
        return {
            "entered": len(stays),
            "left": sum(where is not None and where.startswith("node:") for where in went),
            "lost": went.count("lost"),
            "contained": went.count("contained"),
            "to_queue": sum(where is not None and where.startswith("queue:") for where in went),
            "inside": went.count(None),
            "invalid": failed.count((name, "invalid")),
            "timeouts": failed.count((name, "timeout")),
            "time_ms": sum(stay.until - stay.since for stay in stays if stay.until is not None),
            "depth": max((stay.depth for stay in stays), default=0),
        }

    def links(self) -> dict[tuple[str, str], int]:
        found: Counter[tuple[str, str]] = Counter()
        for call in self.calls:
            stays = stays_of(call)
            if stays:
                found["start", stays[0].node] += 1
            elif call.outcome is not None and call.outcome != "virtual":
                found["start", _end(call)] += 1
            for stay in stays:
                if stay.went is not None:
                    found[stay.node, stay.went.removeprefix("node:")] += 1
        return dict(found)


def stays_of(call: Walk) -> list[Stay]:
    """The nodes of a call one after another; what comes after it has left is no visit."""
    reached = sorted({node for node in call.nodes if _in_time(call, node[0])})
    stays = [Stay(node, depth, at) for at, depth, node in reached]
    for stay, following in pairwise(stays):
        stay.until, stay.went = following.since, f"node:{following.node}"
    if stays and call.outcome is not None and call.outcome != "virtual":
        stays[-1].until, stays[-1].went = call.left_at, _end(call)
    return stays


def _in_time(call: Walk, at: int) -> bool:
    return call.left_at is None or at <= call.left_at


def _end(call: Walk) -> str:
    match call.outcome:
        case "to_queue":
            return f"queue:{call.queue}"
        case "abandoned":
            return "lost"
        case _:
            return "contained"


def menus(calls: Iterable[Walk], timezone: str) -> dict[tuple[str, int], Menu]:
    """(flow, start) → the menu in each half-hour in which somebody entered it."""
    found: dict[tuple[str, int], Menu] = {}
    for call in calls:
        found.setdefault((call.flow, half_hour(call.entered_at, timezone)[2]), Menu()).calls.append(call)
    return found
