"""When contacts arrive: a Poisson process whose rate is constant between the edges of half-hours and peaks."""

from collections.abc import Sequence
from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

from services.ingest.domain.simulator.description import HALF_HOURS, WEEKDAYS, Arrivals, Peak

MINUTE_MS = 60_000
HALF_HOUR_MS = 30 * MINUTE_MS
FLAT: tuple[float, ...] = (1.0,) * HALF_HOURS


class Rate:
    """Contacts per millisecond over time, in pieces."""

    def __init__(
        self, arrivals: Arrivals, weights: Sequence[float], zone: ZoneInfo, peaks: Sequence[Peak], start: int
    ) -> None:
        """Prepare the rate.

        Args:
            arrivals: how many, on which days.
            weights: the 48 half-hours of its profile.
            zone: the site's time zone: whose half-hours and weekdays they are.
            peaks: those that concern it.
            start: where repeating peaks count from, epoch ms.
        """
        total = sum(weights)
        self._per_half_hour = [arrivals.per_day * weight / total for weight in weights]
        self._by_weekday = [arrivals.weekdays.get(day, 1.0) for day in WEEKDAYS]
        self._zone, self._peaks, self._start = zone, peaks, start
        self._from, self._until, self._rate = 0, 0, 0.0

    def piece(self, at: int) -> tuple[float, int]:
        """The rate at `at`, and when it may change next. Pieces do not depend on where in them one asks."""
        if not self._from <= at < self._until:
            self._rate, self._until = self._compute(at)
            self._from = at
        return self._rate, self._until

    def _compute(self, at: int) -> tuple[float, int]:
        local = datetime.fromtimestamp(at // 1000, self._zone)
        minute = local.hour * 60 + local.minute
        into_minute = local.second * 1000 + at % 1000
        until = at + (30 - minute % 30) * MINUTE_MS - into_minute
        rate = self._by_weekday[local.weekday()] * self._per_half_hour[minute // 30] / HALF_HOUR_MS
        for peak in self._peaks:
            if peak.daily:
                inside, left = _daily(peak.daily.start, peak.daily.end, minute * MINUTE_MS + into_minute)
            else:
                assert peak.repeating
                every, length = round(peak.repeating.every_min * MINUTE_MS), round(peak.repeating.for_min * MINUTE_MS)
                inside, left = _repeating(at - self._start - round(peak.repeating.after_min * MINUTE_MS), every, length)
            until = min(until, at + left)
            rate *= peak.multiplier if inside else 1.0
        return rate, until

    def next_arrival(self, after: int, chance: Random) -> int:
        """The next arrival: unit-exponential work is used up at the rate of each piece, so no draw is thrown away."""
        work = chance.expovariate(1.0)
        while True:
            rate, until = self.piece(after)
            share = rate * (until - after)
            if share >= work:
                return after + round(work / rate)
            work -= share
            after = until


def _daily(start_min: int, end_min: int, now_ms: int) -> tuple[bool, int]:
    """Whether a daily span holds `now_ms` (ms of the local day), and how long that stays so."""
    start, end = start_min * MINUTE_MS, end_min * MINUTE_MS
    if now_ms < start:
        return False, start - now_ms
    if now_ms < end:
        return True, end - now_ms
    return False, HALF_HOUR_MS  # the half-hour's edge comes first; there it is asked again


def _repeating(since_first: int, every: int, length: int) -> tuple[bool, int]:
    """The same for a span of `length` that begins every `every` ms, `since_first` ms after its first beginning."""
    if since_first < 0:
        return False, -since_first
    phase = since_first % every
    return (True, length - phase) if phase < length else (False, every - phase)
