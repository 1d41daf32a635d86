"""A half-hour of a voice menu: facts of its visits, added up, and the JSON of an IvrInterval made of them."""

from collections.abc import Iterable
from typing import Any

from services.contracts.metrics import IvrCounts, NodeCounts
from services.metrics.domain.visits import (
    CALL,
    CONTAINED,
    DEPTH,
    INSIDE,
    LINK,
    LOST,
    NODE,
    TO_QUEUE,
    VIRTUAL,
    Fact,
    Visit,
    facts,
)

Tally = dict[Fact, int]

_CALLS = {TO_QUEUE: "to_queue", CONTAINED: "contained", LOST: "lost", VIRTUAL: "virtual", INSIDE: "inside"}


def add(tally: Tally, visits: Iterable[Visit], sign: int = 1) -> None:
    """Add visits to a tally, or take them out again with a sign of −1."""
    for visit in visits:
        for fact, amount in facts(visit):
            total = tally.get(fact, 0) + sign * amount
            if total:
                tally[fact] = total
            else:
                tally.pop(fact, None)


def merge(tallies: Iterable[Tally]) -> Tally:
    """The sum of tallies."""
    total: Tally = {}
    for tally in tallies:
        for fact, amount in tally.items():
            total[fact] = total.get(fact, 0) + amount
    return total


def view(tally: Tally) -> dict[str, Any]:
    """Fields `counts`, `nodes`, `links` and `segments` of an IvrInterval, in an order that is always the same."""
    segments: dict[str, dict[str, int]] = {}
    nodes: dict[str, dict[str, int]] = {}
    links = []
    for (kind, name, detail), amount in sorted(tally.items(), key=_by_name):
        if kind == CALL:
            segment = segments.setdefault(name, dict.fromkeys(IvrCounts.model_fields, 0))
            segment["entered"] += amount
            segment[_CALLS[int(detail)]] += amount
        elif kind == LINK:
            links.append({"source": name, "to": detail, "calls": amount})
        else:
            node = nodes.setdefault(name, dict.fromkeys(NodeCounts.model_fields, 0))
            if kind == DEPTH:
                node["depth"] = max(node["depth"], int(detail))
            else:
                assert kind == NODE
                node[str(detail)] = amount
    counts = {name: sum(segment[name] for segment in segments.values()) for name in IvrCounts.model_fields}
    return {"counts": counts, "nodes": nodes, "links": links, "segments": segments}


def _by_name(item: tuple[Fact, int]) -> tuple[int, str, str]:
    kind, name, detail = item[0]
    return kind, name, str(detail)
