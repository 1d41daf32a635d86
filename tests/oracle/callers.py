"""Repeat calls by hand: for every call, look for the same customer's call of that queue before it. Times are epoch ms."""

from collections.abc import Iterable
from dataclasses import dataclass

from tests.oracle.floor import half_hour

DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True)
class Ring:
    """A call in a queue by a customer, "" if nobody knows by whom."""

    queue: str
    contact: str
    at: int
    customer: str


def previous(call: Ring, calls: Iterable[Ring]) -> Ring | None:
    """The same customer's last call of this queue before it; of two at one moment one is before the other."""

    def order(one: Ring) -> tuple[int, str]:
        return one.at, one.contact

    earlier = [
        one for one in calls if (one.queue, one.customer) == (call.queue, call.customer) and order(one) < order(call)
    ]
    return max(earlier, key=order, default=None)


def repeats(calls: Iterable[Ring], timezone: str, days: Iterable[int]) -> dict[tuple[str, int], dict[str, object]]:
    """(queue, start) → date, label, known and within_days of every half-hour in which a known customer called."""
    known = [call for call in set(calls) if call.customer]
    spans = list(days)
    found: dict[tuple[str, int], dict[str, object]] = {}
    for call in known:
        date, label, start = half_hour(call.at, timezone)
        fresh: dict[str, object] = {"date": date, "label": label, "known": 0, "within_days": dict.fromkeys(spans, 0)}
        here = found.setdefault((call.queue, start), fresh)
        before = previous(call, known)
        assert isinstance(here["known"], int)
        assert isinstance(here["within_days"], dict)
        here["known"] += 1
        for n in spans:
            here["within_days"][n] += before is not None and call.at - before.at <= n * DAY_MS
    return found
