"""The load of a queue, estimated from what was counted: arrivals, handle time, patience; null without data.

Handle time. Of the contacts answered lately the long ones are still going on, so the mean of those that have ended is
too short (by a quarter where handling takes six minutes of a half-hour). Unfinished contacts are counted as censored:
with E ended of total handling S and U still going on, each of which has lasted a mean handle time so far (renewal
theory; exponential), AHT = (S + U·AHT) ÷ E, hence AHT = S ÷ (E − U).

Patience. Who is answered would have waited longer, so the mean wait of the abandoned is too short. With exponential
patience the estimate is total waiting time, of everybody, ÷ abandonments (maximum likelihood with censoring; N. Gans,
G. Koole and A. Mandelbaum, "Telephone call centers", M&SOM 5 (2003), section 6.3).
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from services.contracts.definitions import Counts
from services.contracts.metrics import HALF_HOUR_MS

ENOUGH = 30
"""Contacts from which a mean is trusted: its standard error is under a fifth of it."""
LEAST = 5
"""Fewer contacts, or fewer abandonments, say nothing."""

Source = Literal["rolling", "today", "site", "half_hour", "given", "none"]
"""From the last half-hour, the local day so far, all queues of the site, a past half-hour, the one who asks."""


class Sample(NamedTuple):
    """Counted contacts, and the time that contacts spent waiting meanwhile."""

    counts: Counts
    waiting_ms: int
    source: Source = "rolling"


class Estimate(NamedTuple):
    """A number, how many contacts it is based on, where from; without a value `why` says what is missing."""

    value: float | None
    contacts: int = 0
    source: Source = "none"
    why: str = ""


def together(samples: Iterable[Sample], source: Source) -> Sample:
    """Several samples as one."""
    counts, waiting_ms = Counts(), 0
    for sample in samples:
        counts, waiting_ms = counts + sample.counts, waiting_ms + sample.waiting_ms
    return Sample(counts, waiting_ms, source)


def arrivals(sample: Sample, span_ms: int = HALF_HOUR_MS) -> Estimate:
    """Contacts per hour."""
    offered = sample.counts.offered
    return Estimate(offered * 3_600_000 / span_ms, offered, sample.source)


def handle_time(samples: tuple[Sample, ...], on_contact: int | None = None) -> Estimate:
    """Mean handle time in seconds, from the first sample with enough contacts, else from the one with most.

    Args:
        samples: in the order of preference.
        on_contact: agents who are on a contact now: no more than these can be unfinished (some feeds never tell of the
            end). None: nobody knows.
    """
    best = Estimate(None, why=f"fewer than {LEAST} contacts have ended")
    for sample in samples:
        counts = sample.counts
        total = counts.talk_ms + counts.hold_ms + counts.wrap_up_ms
        unfinished = max(0, counts.answered - counts.handled) if sample.source == "rolling" else 0
        if on_contact is not None:
            unfinished = min(unfinished, on_contact)
        finished = counts.handled - unfinished
        if finished < LEAST or total <= 0 or finished <= best.contacts:
            continue
        best = Estimate(total / finished / 1000, counts.handled, sample.source)
        if counts.handled >= ENOUGH:
            break
    return best


def patience(samples: tuple[Sample, ...]) -> Estimate:
    """Mean patience in seconds, from the first sample with enough abandonments, else from the one with most."""
    best = Estimate(None, why=f"fewer than {LEAST} contacts were abandoned")
    for sample in samples:
        abandoned = sample.counts.abandoned
        if abandoned < LEAST or sample.waiting_ms <= 0 or abandoned <= best.contacts:
            continue
        best = Estimate(sample.waiting_ms / abandoned / 1000, abandoned, sample.source)
        if abandoned >= ENOUGH:
            break
    return best
