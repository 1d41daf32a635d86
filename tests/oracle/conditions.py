"""A condition of a rule, stepped through second by second: slow, clear, and without a line of the services.

A condition is ("compare", series, direction, threshold, clear) or ("all" | "any", [conditions]); a series gives the
value of each second, None without data.
"""

from typing import Any, NamedTuple

Series = list[float | None]


class Said(NamedTuple):
    """What a condition is in one second."""

    breached: bool
    cleared: bool
    known: bool


def say(condition: Any, second: int) -> Said:
    if condition[0] == "compare":
        _, series, direction, threshold, clear = condition
        value = series[second]
        if value is None:
            return Said(False, False, False)
        if direction == "above":
            return Said(value > threshold, not value > clear, True)
        return Said(value < threshold, not value < clear, True)
    parts = [say(part, second) for part in condition[1]]
    return every(parts) if condition[0] == "all" else some(parts)


def every(parts: list[Said]) -> Said:
    if any(part.known and part.cleared for part in parts):
        return Said(False, True, True)
    if any(not part.known for part in parts):
        return Said(False, False, False)
    return Said(all(part.breached for part in parts), False, True)


def some(parts: list[Said]) -> Said:
    known = [part for part in parts if part.known]
    if not known:
        return Said(False, False, False)
    return Said(any(part.breached for part in known), all(part.cleared for part in known), True)
