"""What sources send, and when: most at once, some late, some very late, some again."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

EVENTS, SCHEDULES, EXCEPTIONS = "/v1/events", "/v1/schedules", "/v1/exceptions"
LATE_SHARE, VERY_LATE_SHARE, REPEATED_SHARE = 0.15, 0.04, 0.1
LATE_MS = 8 * 60_000


@dataclass(frozen=True, order=True)
class Posting:
    """Something on its way: when its source sends it, in seconds from the beginning.

    Attributes:
        items: what the body has of it, as JSON; they travel together.
        names: by which the records are known again on the log.
        path: where it is posted.
    """

    due_s: float
    number: int
    items: tuple[dict[str, Any], ...] = field(compare=False)
    names: frozenset[str] = field(compare=False)
    source: str = field(compare=False)
    path: str = field(default=EVENTS, compare=False)


def event(kind: str, name: str, scope: str, at: int, *, source: str = "acd", **fields: object) -> dict[str, Any]:
    """An event as it is posted, and `at`, when it happened."""
    site = scope.partition("/")[0]
    return {"type": kind, "event_id": name, "source": f"{source}-{site}", "occurred_at": iso(at), "at": at, **fields}


def iso(at: int) -> str:
    """Of epoch ms."""
    return datetime.fromtimestamp(at // 1000, UTC).replace(microsecond=at % 1000 * 1000).isoformat()


def on_their_way(
    chance: random.Random, events: Iterable[dict[str, Any]], began_at: int, lasts_s: float, speed: float
) -> Iterator[Posting]:
    """Most events are sent at once, some late, a few very late, some again."""
    for number, one in enumerate(events):
        happened_s = (one.pop("at") - began_at) / 1000 / speed
        lot = chance.random()
        delay_s = chance.uniform(0, 0.3)
        if lot < VERY_LATE_SHARE:
            delay_s = chance.uniform(0, lasts_s)
        elif lot < VERY_LATE_SHARE + LATE_SHARE:
            delay_s = chance.uniform(0, LATE_MS / 1000 / speed)
        due_s = min(happened_s + delay_s, lasts_s)
        items, names = (one,), frozenset({one["event_id"]})
        yield Posting(due_s, number, items, names, one["source"])
        if chance.random() < REPEATED_SHARE:
            yield Posting(min(due_s + chance.uniform(0, 10), lasts_s), number, items, names, one["source"])
