"""Roll-ups kept by difference: a changed queue's old counters go out, its new ones come in.

Adding up a thousand queues again for each one that changes would cost more than all the rest; integers add exactly, so
the difference gives the same sums.
"""

from collections import Counter
from operator import attrgetter
from typing import Any, TypeVar

from services.contracts.definitions import COUNTERS, Counts, DefinitionName
from services.contracts.metrics import Tile

Value = TypeVar("Value")
NONE_YET = Counts()
vector = attrgetter(*COUNTERS)
"""Counts → its counters, in the order of COUNTERS."""


def counts_of(counters: list[int]) -> Counts:
    """The reverse of `vector`."""
    fields: dict[str, Any] = dict(zip(COUNTERS, counters, strict=True))
    return Counts.model_construct(**fields)


def shifted(total: list[int], part: tuple[int, ...], sign: int) -> list[int]:
    """`total` with `part` added (sign 1) or taken out (−1)."""
    return [a + sign * b for a, b in zip(total, part, strict=True)]


def target_counts(tile: Tile) -> Counts:
    """A queue's rolling counts at its own target T."""
    return tile.rolling.get(tile.target_s, NONE_YET)


def _count(counter: Counter[Value], value: Value, sign: int) -> None:
    counter[value] += sign
    if not counter[value]:
        del counter[value]


class Sums:
    """The rolling counters of a set of queues."""

    def __init__(self) -> None:
        self.queues = 0
        self.waiting = 0
        self._target = [0] * len(COUNTERS)
        self._rolling: dict[int, list[int]] = {}
        self._counting: Counter[int] = Counter()
        self._targets: Counter[tuple[int, float]] = Counter()
        self._definitions: Counter[DefinitionName] = Counter()

    def add(self, tile: Tile) -> None:
        """A queue comes in."""
        self._shift(tile, 1)

    def remove(self, tile: Tile) -> None:
        """A queue goes out, exactly as it came in."""
        self._shift(tile, -1)

    def _shift(self, tile: Tile, sign: int) -> None:
        self.queues += sign
        self.waiting += sign * tile.waiting
        self._target = shifted(self._target, vector(target_counts(tile)), sign)
        for threshold, counts in tile.rolling.items():
            total = self._rolling.get(threshold, [0] * len(COUNTERS))
            self._rolling[threshold] = shifted(total, vector(counts), sign)
            _count(self._counting, threshold, sign)
        _count(self._targets, (tile.target_s, tile.target_percent), sign)
        _count(self._definitions, tile.definition, sign)

    @property
    def target(self) -> Counts:
        """Counts of each queue at its own target T, added."""
        return counts_of(self._target)

    @property
    def rolling(self) -> dict[int, Counts]:
        """Counts by each T that all the queues count."""
        return {t: counts_of(self._rolling[t]) for t in sorted(self._counting) if self._counting[t] == self.queues}

    @property
    def common_target(self) -> tuple[int | None, float | None]:
        """(T, percent) that all the queues are held to; None where they differ."""
        seconds = {s for s, _ in self._targets}
        percents = {p for _, p in self._targets}
        return (min(seconds) if len(seconds) == 1 else None, min(percents) if len(percents) == 1 else None)

    @property
    def definition(self) -> DefinitionName:
        """The definition that all the queues use, else the default."""
        return next(iter(self._definitions)) if len(self._definitions) == 1 else "offered"
