"""One call's visit to a voice menu: how events in any order, repeated or contradicting each other, become one record.

A visit holds what was told of it, times counting from the entry. It is the least upper bound of the events seen, so
their order and repetition change nothing:

- of contradicting exits the earliest stands, of two at the same moment the first in the order of OUTCOMES;
- `steps`, the nodes reached, and `faults`, the failed inputs, are sets, sorted, of the first MOST at most.

The *path* of a visit is its steps up to its exit. The exit's node is the last of them.
"""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

import msgspec

from services.contracts.events import IvrFault, IvrOutcome
from services.metrics.domain.pages import Page

INSIDE, TO_QUEUE, CONTAINED, LOST, VIRTUAL = range(5)
OUTCOMES: dict[IvrOutcome, int] = {"to_queue": TO_QUEUE, "contained": CONTAINED, "abandoned": LOST, "virtual": VIRTUAL}
FAULTS: dict[IvrFault, int] = {"invalid": 0, "timeout": 1}
MOST = 200
"""Steps and faults of a visit that are kept: a feed that tells of one call without end must not fill the page."""

Step = tuple[int, int, str]
"""(after_ms, depth, node)"""
Fault = tuple[int, str, int]
"""(after_ms, node, code of FAULTS)"""


class Visit(NamedTuple):
    """What is known of a visit; its first number is its outcome, 0 while it is inside (see Page.open).

    Attributes:
        outcome: see above.
        after_ms: when it left, −1 while it is inside.
        queue: where it went, "" if that is no queue or was not told.
        segment: of the customer, "" if that is unknown.
        steps: nodes reached, in order of time.
        faults: failed inputs, in order of time.
    """

    outcome: int = INSIDE
    after_ms: int = -1
    queue: str = ""
    segment: str = ""
    steps: tuple[Step, ...] = ()
    faults: tuple[Fault, ...] = ()


NEW = Visit()


class VisitPage(Page[Visit]):
    """A page of visits."""

    __slots__ = ()
    decode_entries = staticmethod(msgspec.msgpack.Decoder(dict[tuple[str, int], Visit]).decode)


# Each of these gives the very same object if the event says nothing new.


def enter(visit: Visit, segment: str) -> Visit:
    """The visit after IvrEntered. Of two segments the greater stands, whichever came first."""
    return visit if segment <= visit.segment else visit._replace(segment=segment)


def reach(visit: Visit, after_ms: int, depth: int, node: str) -> Visit:
    """The visit after IvrNodeVisited."""
    steps = _with(visit.steps, (max(after_ms, 0), depth, node))
    return visit if steps is visit.steps else visit._replace(steps=steps)


def fail(visit: Visit, after_ms: int, node: str, fault: int) -> Visit:
    """The visit after IvrInputFailed."""
    faults = _with(visit.faults, (max(after_ms, 0), node, fault))
    return visit if faults is visit.faults else visit._replace(faults=faults)


def leave(visit: Visit, outcome: int, after_ms: int, queue: str) -> Visit:
    """The visit after IvrExited."""
    after_ms = max(after_ms, 0)
    if outcome != TO_QUEUE:
        queue = ""
    if visit.outcome != INSIDE and (after_ms, outcome, queue) >= (visit.after_ms, visit.outcome, visit.queue):
        return visit
    return visit._replace(outcome=outcome, after_ms=after_ms, queue=queue)


_Told = TypeVar("_Told", bound=tuple[Any, ...])


def _with(told: tuple[_Told, ...], one: _Told) -> tuple[_Told, ...]:
    place = bisect_left(told, one)
    if place == MOST or (place < len(told) and told[place] == one):
        return told
    return (*told[:place], one, *told[place:])[:MOST]


# -- what is counted of a visit

CALL, NODE, DEPTH, LINK = range(4)
"""Kinds of facts; see `facts`."""
Fact = tuple[int, str, str | int]
START = "start"

_COUNTED_AS = {TO_QUEUE: "to_queue", CONTAINED: "contained", LOST: "lost", INSIDE: "inside", VIRTUAL: "inside"}
_FAULTS_AS = ("invalid", "timeouts")
_ENDS = {CONTAINED: "contained", LOST: "lost"}


def facts(visit: Visit) -> Iterator[tuple[Fact, int]]:
    """Everything that is counted of one visit, each with how much of it.

    Yields:
        (CALL, segment, outcome): the call itself.
        (NODE, node, field of NodeCounts): visits of a node and what became of them.
        (DEPTH, node, depth): visits of a node at this depth.
        (LINK, from, to): going on; see IvrLink.
    """
    yield (CALL, visit.segment, visit.outcome), 1
    path = visit.steps
    if visit.outcome != INSIDE:
        path = tuple(step for step in path if step[0] <= visit.after_ms)
    for _, depth, node in path:
        yield (NODE, node, "entered"), 1
        yield (DEPTH, node, depth), 1
    for (after_ms, _, node), (next_ms, _, on) in pairwise(path):
        yield (NODE, node, "left"), 1
        yield (NODE, node, "time_ms"), next_ms - after_ms
        yield (LINK, node, on), 1
    if path:
        yield (LINK, START, path[0][2]), 1
    yield from _end(visit, path)
    for after_ms, node, fault in visit.faults:
        if visit.outcome == INSIDE or after_ms <= visit.after_ms:
            yield (NODE, node, _FAULTS_AS[fault]), 1


def _end(visit: Visit, path: tuple[Step, ...]) -> Iterator[tuple[Fact, int]]:
    gone = visit.outcome not in (INSIDE, VIRTUAL)
    if path:
        after_ms, _, node = path[-1]
        yield (NODE, node, _COUNTED_AS[visit.outcome]), 1
        if gone:
            yield (NODE, node, "time_ms"), visit.after_ms - after_ms
    if gone:
        to = f"queue:{visit.queue}" if visit.outcome == TO_QUEUE else _ENDS[visit.outcome]
        yield (LINK, path[-1][2] if path else START, to), 1
