"""Every published number against the oracle's. Each function answers (numbers compared, what is wrong)."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from services.contracts.metrics import HALF_HOUR_MS, Interval, IvrInterval, Repeats, Tile
from tests.chaos.story import SHORT_S, THRESHOLDS_S, ZONES
from tests.oracle import floor as oracle
from tests.oracle.callers import Ring, repeats
from tests.oracle.floor import Call
from tests.oracle.ivr import Walk, menus

LATENESS_MS = 10 * 60_000
"""FLOORWATCH_METRICS_LATENESS_MIN as it is shipped."""

REPEAT_DAYS = (1, 7)
"""FLOORWATCH_METRICS_REPEAT_DAYS as it is shipped."""
RULES = oracle.Rules(target_s=20, short_s=SHORT_S)


class Verdict(NamedTuple):
    """What a comparison found."""

    compared: int = 0
    wrong: tuple[str, ...] = ()

    def __add__(self, other: "Verdict") -> "Verdict":  # type: ignore[override]  # not a tuple's
        """Both."""
        return Verdict(self.compared + other.compared, (*self.wrong, *other.wrong))


def compare(what: str, found: Any, expected: Any) -> Verdict:
    """Numbers and texts, one by one, through dictionaries."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        verdict = Verdict()
        for key in sorted({*expected, *found}, key=str):
            verdict += compare(f"{what}.{key}", found.get(key), expected.get(key))
        return verdict
    if found == expected and type(found) is type(expected):
        return Verdict(1)
    return Verdict(1, (f"{what}: {found}, by hand {expected}",))


def whole_tile(shown: Tile, calls: list[Call], now: int) -> Verdict:
    """Everything of a queue's tile against all its calls, at the site's clock."""
    zone, mine = ZONES[shown.id.partition("/")[0]], [call for call in calls if call.queue == shown.id]
    expected = oracle.tile(mine, RULES, THRESHOLDS_S, zone, now)
    if shown.as_of < now:  # nothing but waiting time has changed since
        then = oracle.tile(mine, RULES, THRESHOLDS_S, zone, shown.as_of)
        expected["waiting_ms"] = then["waiting_ms"]
        expected["running"]["waiting_ms"] = then["running"]["waiting_ms"]
    return compare(f"tile {shown.id}", shown.model_dump(include=set(expected)), expected)


def ledger(
    site: str, shown: Mapping[tuple[str, int], Interval], calls: Iterable[Call], clock_of: Mapping[str, int]
) -> Verdict:
    """Everything of all half-hours of a site's queues, by (queue, start), at each queue's clock."""
    by_hand: dict[tuple[str, int], dict[str, Any]] = {}
    told = list(calls)
    for queue in {call.queue for call in told}:
        mine = [call for call in told if call.queue == queue]
        by_hand |= oracle.ledger(mine, ZONES[site], THRESHOLDS_S, RULES, clock_of[queue])
    found = {}
    for name, one in shown.items():
        counted = one.model_dump(include={"date", "label", "end", "by_threshold", "target", "details", "waiting_ms"})
        groups = {(group.channel, group.segment, group.dialled): group.counts.model_dump() for group in one.groups}
        if one.waiting_ms or any(counts.offered for counts in one.by_threshold.values()):  # else corrected to nothing
            found[name] = counted | {"groups": groups}
    return compare("half-hour", found, by_hand)


def tile(shown: Tile, told: list[Call], now: int) -> Verdict:
    """The calls in a queue's tile against all its calls, at the site's clock."""
    calls = oracle.settled([call for call in told if call.queue == shown.id], RULES, now)
    waiting = oracle.waiting(calls, shown.id)
    return compare(
        f"tile {shown.id}",
        {
            "waiting": shown.waiting,
            "oldest_offered_at": shown.oldest_offered_at,
            "rolling": {t: counts.model_dump() for t, counts in shown.rolling.items()},
        },
        {
            "waiting": len(waiting),
            "oldest_offered_at": waiting[0] if waiting else None,
            "rolling": {t: oracle.rolling(calls, shown.id, t, SHORT_S, now) for t in THRESHOLDS_S},
        },
    )


def half_hours(site: str, shown: Mapping[tuple[str, int], Interval], calls: Iterable[Call]) -> Verdict:
    """The calls in all half-hours of some queues of a site, by (queue, start), against all calls of these queues.

    Where nobody came, only time that others waited is told; that is for `ledger`.
    """
    expected = oracle.half_hours(calls, ZONES[site], THRESHOLDS_S, SHORT_S)
    found = {
        name: {**one.model_dump(include={"date", "label", "by_threshold"}), "length": one.end - one.start}
        for name, one in shown.items()
        if name in expected or any(counts.offered for counts in one.by_threshold.values())
    }
    by_hand = {name: {**one, "length": HALF_HOUR_MS} for name, one in expected.items()}
    return compare("half-hour", found, by_hand)


def endings(shown: Mapping[tuple[str, int], Interval], clock_of: Mapping[str, int]) -> Verdict:
    """Provisional or final, by each queue's clock."""
    verdict = Verdict()
    for name, one in shown.items():
        waits = any(counts.waiting for counts in one.by_threshold.values())
        over = clock_of[one.scope] >= one.end + LATENESS_MS and not waits
        verdict += compare(f"half-hour {name}.status", one.status, "final" if over else "provisional")
    return verdict


def ivr_half_hours(site: str, shown: Mapping[tuple[str, int], IvrInterval], visits: Iterable[Walk]) -> Verdict:
    """All half-hours of some flows of a site, by (flow, start), against all visits of these flows."""
    expected = {
        name: {"counts": menu.counts(), "nodes": menu.nodes(), "links": menu.links(), "segments": menu.segments()}
        for name, menu in menus(visits, ZONES[site]).items()
    }
    found = {
        name: one.model_dump(include={"counts", "nodes", "segments"})
        | {"links": {(link.source, link.to): link.calls for link in one.links}}
        for name, one in shown.items()
    }
    return compare("menu half-hour", found, expected)


def repeat_calls(site: str, shown: Mapping[tuple[str, int], Repeats], rings: Iterable[Ring]) -> Verdict:
    """Repeat calls of all half-hours of a site's queues, by (queue, start), against all its calls."""
    found = {name: one.model_dump(include={"date", "label", "known", "within_days"}) for name, one in shown.items()}
    return compare("repeat calls", found, repeats(rings, ZONES[site], REPEAT_DAYS))


def rolled_up(tiles: Mapping[str, Mapping[str, Any]], calls: list[Call], clock_of: Mapping[str, int]) -> Verdict:
    """The API's roll-ups (id → its JSON) against the sums of what the oracle counts for their queues."""
    verdict = Verdict()
    for scope in (*ZONES, "all"):
        queues = [queue for queue in clock_of if scope == "all" or queue.partition("/")[0] == scope]
        rolling: dict[str, dict[str, int]] = {}
        for t in THRESHOLDS_S:
            parts = [oracle.rolling(calls, queue, t, SHORT_S, clock_of[queue]) for queue in queues]
            rolling[str(t)] = {name: sum(part[name] for part in parts) for name in parts[0]}
        view = tiles.get(scope, {})
        found = {
            "waiting": view.get("waiting"),
            "rolling": view.get("rolling"),
        }
        waiting = sum(len(oracle.waiting(calls, queue)) for queue in queues)
        verdict += compare(f"roll-up {scope}", found, {"waiting": waiting, "rolling": rolling})
    return verdict
