"""Which fault strikes whom and when: a function of the seed, the duration and the workers."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["kill", "stop", "restart", "mid-write", "flush", "join", "leave"]
FIRST_AT_S = 6.0
CALM_AT_END_S = 4.0
MOST_WORKERS = 4

_SHOWN: dict[Kind, str] = {
    "kill": "SIGKILL {0}", "stop": "SIGSTOP {0} for {1:.1f} s", "restart": "restart {0}",
    "mid-write": "SIGKILL {0} in mid-write", "flush": "FLUSHALL", "join": "{0} joins", "leave": "{0} leaves",
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        at_s: seconds from the beginning of the feed.
        kind: SIGKILL, SIGSTOP and SIGCONT, SIGTERM and start, SIGKILL while POSTs are under way, FLUSHALL, a worker more,
            a worker less.
        target: name of the process; of workers that join and leave, too.
        for_s: how long it stays stopped.
    """

    at_s: float
    kind: Kind
    target: str
    for_s: float = 0.0

    def __str__(self) -> str:
        """As it is printed."""
        return _SHOWN[self.kind].format(self.target, self.for_s)


def plan(seed: int, *, duration_s: float, workers: int, session_s: float) -> list[Fault]:
    """The faults in the order of their time; every kind comes before any comes twice."""
    chance = random.Random(f"faults {seed}")
    faults: list[Fault] = []
    menu: list[tuple[Kind, str]] = []
    extra: list[str] = []
    at_s = FIRST_AT_S
    while True:
        menu = menu or _menu(chance, workers)
        kind, target = menu.pop()
        if kind == "join":
            if workers + len(extra) >= MOST_WORKERS:
                kind, target = "leave", extra.pop()
            else:
                target = f"metrics-{workers + len(extra) + 1}"
                extra.append(target)
        elif kind == "leave":
            if not extra:
                continue
            target = extra.pop()
        for_s = _how_long(chance, target, session_s) if kind == "stop" else 0.0
        if at_s + for_s > duration_s - CALM_AT_END_S:
            return faults
        faults.append(Fault(round(at_s, 1), kind, target, round(for_s, 1)))
        at_s += for_s + _pause(chance, session_s)


def _pause(chance: random.Random, session_s: float) -> float:
    """Mostly long enough to come right in between; sometimes the next one strikes in the middle of it."""
    return chance.uniform(0.5, 2.5) if chance.random() < 0.3 else session_s + chance.uniform(2.0, 6.0)


def _menu(chance: random.Random, workers: int) -> list[tuple[Kind, str]]:
    """Every fault once, the workers' and the broker's twice."""

    def worker() -> str:
        return f"metrics-{chance.randrange(workers) + 1}"

    menu: list[tuple[Kind, str]] = [
        ("kill", worker()), ("kill", worker()), ("stop", worker()), ("restart", worker()),
        ("kill", "kafka"), ("mid-write", "kafka"), ("restart", "kafka"), ("stop", "kafka"),
        ("kill", "redis"), ("restart", "redis"), ("flush", "redis"), ("stop", "redis"),
        *_others(chance), ("join", ""), ("leave", ""),
    ]  # fmt: skip
    chance.shuffle(menu)
    return menu


def _others(chance: random.Random) -> Iterator[tuple[Kind, str]]:
    kinds: list[Kind] = ["kill", "restart", "stop"]
    for service in ("ingest", "alerts", "api"):
        yield chance.choice(kinds), service


def _how_long(chance: random.Random, target: str, session_s: float) -> float:
    """A stopped member of a group is missed: longer than its session. The others would only be slow."""
    if target.startswith(("metrics", "alerts", "kafka")):
        return session_s + chance.uniform(1.5, 4.0)
    return chance.uniform(2.0, 6.0)
