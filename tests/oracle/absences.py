"""Adherence alerts by hand: a floor of agents, stepped through second by second, without a line of the services.

What an agent is in each second is a Second. An alert is told when its cause was there in every second from the moment
when it was due until two seconds later; the answer is a list of Told.
"""

from collections.abc import Sequence
from dataclasses import dataclass

SETTLE_S = 2
BREAKS = ("break", "meal")
WORK = ("on_queue",)


@dataclass(frozen=True)
class Second:
    """An agent in one second."""

    adherence: str
    planned: str | None
    state: str
    reason: str
    activity: str


@dataclass(frozen=True)
class Limits:
    """In seconds; `states` by state and reason."""

    not_signed_in: int
    late_from_break: int
    out: int
    states: dict[tuple[str, str], int]


@dataclass
class Told:
    """An alert: which, since when the cause was there, when it fired and when it was over (None: it goes on)."""

    kind: str
    since: int
    fired: int
    resolved: int | None = None


def cause(now: Second, limits: Limits) -> tuple[str, int] | None:
    """(kind, limit) of what there is to say in a second."""
    if now.adherence in ("ignored", "unknown"):
        return None
    if now.adherence == "out" and now.planned is not None:
        if now.planned in WORK and now.state == "offline":
            return "not-signed-in", limits.not_signed_in
        if now.planned in WORK and now.activity in BREAKS:
            return "late-from-break", limits.late_from_break
        return "out-of-adherence", limits.out
    limit = limits.states.get((now.state, now.reason))
    return None if limit is None else ("long-in-state", limit)


def began(seconds: Sequence[Second], at: int, *, adherence: bool) -> int:
    """Since when the adherence, or the state with its reason, has been what it is at `at`."""

    def what(second: Second) -> object:
        return second.adherence if adherence else (second.state, second.reason)

    first = at
    while first > 0 and what(seconds[first - 1]) == what(seconds[at]):
        first -= 1
    return first


def due(seconds: Sequence[Second], at: int, limits: Limits) -> tuple[str, int, int] | None:
    """(kind, since, when it has lasted for its limit) of the cause in a second."""
    found = cause(seconds[at], limits)
    if found is None:
        return None
    kind, limit = found
    since = began(seconds, at, adherence=kind != "long-in-state")
    return kind, since, max(since + limit, began(seconds, at, adherence=False))


def alerts(seconds: Sequence[Second], limits: Limits) -> list[Told]:
    """All alerts of one agent."""
    told: list[Told] = []
    going: Told | None = None
    held = 0  # no step lies before this second
    for at, now in enumerate(seconds):
        if going is not None:
            if now.adherence == "unknown":
                held = held if seconds[at - 1].adherence == "unknown" and held > going.fired else at
                continue
            found = cause(now, limits)
            goes_on = found is not None and found[0] == going.kind
            if going.kind == "long-in-state" and goes_on:
                goes_on = began(seconds, at, adherence=False) <= going.fired
            if goes_on:
                held = at if seconds[at - 1].adherence == "unknown" else held
            else:
                going.resolved = max(over(seconds, at, going.kind), held)
                held, going = going.resolved, None
        if going is None:
            there = due(seconds, at, limits)
            if there is not None and there[2] + SETTLE_S <= at:
                going = Told(there[0], there[1], max(there[2], held))
                held = going.fired
                told.append(going)
    return told


def over(seconds: Sequence[Second], at: int, kind: str) -> int:
    """When what was said of an agent had ended, seen from the first second in which somebody knows."""
    if seconds[at].adherence == "ignored":
        return at
    return began(seconds, at, adherence=kind != "long-in-state" and seconds[at].adherence != "out")
