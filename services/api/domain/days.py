"""The half-hours of each queue's current local day, and their sums by site and over all sites.

Half-hours of one site are added by their start. Sites have time zones and clocks of their own (one may replay a day of
1999), so over all sites they are added by local time of day: everyone's 09:00.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.api.domain.bars import encoded_bar, encoded_day
from services.api.domain.sums import NONE_YET, counts_of, shifted, vector
from services.contracts.definitions import COUNTERS, DEFAULT_SWITCHES, Counts, GenesysSwitches
from services.contracts.metrics import Interval, Status


def local_date(at: int, timezone: str) -> str:
    """Local day (YYYY-MM-DD) of a moment in epoch ms."""
    return datetime.fromtimestamp(at / 1000, ZoneInfo(timezone)).date().isoformat()


def weeks_before(start: int, timezone: str, weeks: int) -> list[tuple[str, int]]:
    """(date, start in epoch ms) of the half-hour at the same local time 1, 2, 3 … weeks earlier."""
    local = datetime.fromtimestamp(start / 1000, ZoneInfo(timezone))
    earlier = [local - timedelta(days=7 * week) for week in range(1, weeks + 1)]  # by the clock on the wall
    return [(then.date().isoformat(), round(then.timestamp() * 1000)) for then in earlier]


def at_target(interval: Interval, target_s: int) -> Counts:
    """Its counts, each contact at its own target T; no data if T is not counted."""
    return interval.by_threshold.get(target_s, NONE_YET) if interval.target is None else interval.target


@dataclass(slots=True)
class _Slot:
    """One half-hour of a roll-up."""

    label: str
    counters: list[int] = field(default_factory=lambda: [0] * len(COUNTERS))
    queues: int = 0
    provisional: int = 0

    @property
    def status(self) -> Status:
        return "provisional" if self.provisional else "final"


@dataclass(slots=True)
class _QueueDay:
    target_s: int = 0
    switches: GenesysSwitches = DEFAULT_SWITCHES
    intervals: dict[int, Interval] = field(default_factory=dict)
    bars: dict[int, bytes] = field(default_factory=dict)


class Days:
    """The current day of every queue. The current date of a site is told from outside."""

    def __init__(self) -> None:
        self.dates: dict[str, str] = {}  # site → its current local date
        self._queues: dict[str, _QueueDay] = {}
        self._sites: defaultdict[str, dict[int, _Slot]] = defaultdict(dict)
        self._ahead: defaultdict[str, dict[str, Interval]] = defaultdict(dict)  # by site: of dates still to come
        self._loaded: set[str] = set()
        # Queue ids and site ids whose day changed, those first that have waited longest.
        self.dirty: dict[str, None] = {}

    def turn(self, site: str, date: str) -> bool:
        """The site's date is `date` from now on. True if that is another than before."""
        if self.dates.get(site) == date:
            return False
        self.dates[site] = date
        self._sites.pop(site, None)
        for queue in [queue for queue in self._queues if _site(queue) == site]:
            self._queues[queue] = _QueueDay(self._queues[queue].target_s, self._queues[queue].switches)
            self._loaded.discard(queue)
            self._changed(queue)
        self._changed(site)
        for interval in self._ahead.pop(site, {}).values():
            self.take(interval)
        return True

    def intervals_of(self, queue: str) -> Iterable[Interval]:
        """The half-hours of a queue's current day, as far as they are known."""
        day = self._queues.get(queue)
        return () if day is None else day.intervals.values()

    def know(self, queue: str, target_s: int, switches: GenesysSwitches = DEFAULT_SWITCHES) -> None:
        """The queue is there, and T and Genesys switches of its bars are these."""
        day = self._queues.get(queue)
        if day is None:
            self._queues[queue] = _QueueDay(target_s, switches)
            self._changed(queue, _site(queue))
            return
        if day.switches != switches:
            day.switches = switches
            day.bars.clear()
            self._changed(queue, _site(queue))
        if day.target_s != target_s:
            for interval in day.intervals.values():
                self._roll_up(interval, day.target_s, -1)
                self._roll_up(interval, target_s, 1)
            day.target_s = target_s
            day.bars.clear()
            self._changed(queue, _site(queue))

    def forget(self, queue: str) -> None:
        """The queue is gone."""
        day = self._queues.pop(queue, None)
        if day is not None:
            for interval in day.intervals.values():
                self._roll_up(interval, day.target_s, -1)
            self._loaded.discard(queue)
            self._changed(queue, _site(queue))

    def missing(self) -> list[tuple[str, str]]:
        """(queue, date) of the days that have to be read: `load` takes them."""
        return [
            (queue, self.dates[_site(queue)])
            for queue in self._queues
            if queue not in self._loaded and _site(queue) in self.dates
        ]

    def read_again(self) -> None:
        """Changes may have been missed: every day has to be read again."""
        self._loaded.clear()

    def load(self, queue: str, date: str, intervals: Iterable[Interval]) -> None:
        """A queue's day as stored. Newer half-hours that have come meanwhile are kept."""
        if self.dates.get(_site(queue)) == date:
            self._loaded.add(queue)
        for interval in intervals:
            self.take(interval)

    def take(self, interval: Interval) -> None:
        """A half-hour was published. One of a past day is no concern of ours, one of a day to come is kept for it."""
        site = _site(interval.scope)
        date = self.dates.get(site)
        if date is None or interval.date > date:
            self._ahead[site][interval.id] = interval
            return
        day = self._queues.get(interval.scope)
        if day is None or interval.date < date:
            return
        held = day.intervals.get(interval.start)
        if held is not None:
            if held.revision > interval.revision or held == interval:
                return
            self._roll_up(held, day.target_s, -1)
        self._roll_up(interval, day.target_s, 1)
        day.intervals[interval.start] = interval
        day.bars.pop(interval.start, None)
        self._changed(interval.scope, site)

    def _changed(self, *scopes: str) -> None:
        self.dirty |= dict.fromkeys(scopes)

    def _roll_up(self, interval: Interval, target_s: int, sign: int) -> None:
        slots = self._sites[_site(interval.scope)]
        slot = slots.setdefault(interval.start, _Slot(interval.label))
        slot.counters = shifted(slot.counters, vector(at_target(interval, target_s)), sign)
        slot.queues += sign
        slot.provisional += sign * (interval.status == "provisional")
        if not slot.queues:
            del slots[interval.start]

    def queue_body(self, queue: str) -> bytes | None:
        """`DayView` of a queue, None if the queue or its date is not known."""
        day, date = self._queues.get(queue), self.dates.get(_site(queue))
        if day is None or date is None:
            return None
        for start, interval in day.intervals.items():
            if start not in day.bars:
                counts = at_target(interval, day.target_s)
                day.bars[start] = encoded_bar(start, interval.label, interval.status, counts, day.switches)
        return encoded_day(queue, date, (day.bars[start] for start in sorted(day.bars)))

    def site_body(self, site: str) -> bytes | None:
        """`DayView` of a site."""
        if site not in self.dates or not any(_site(queue) == site for queue in self._queues):
            return None
        slots = sorted(self._sites[site].items())
        switches = self._switches_of({site})
        bars = (
            encoded_bar(start, slot.label, slot.status, counts_of(slot.counters), switches) for start, slot in slots
        )
        return encoded_day(site, self.dates[site], bars)

    def all_body(self) -> bytes | None:
        """`DayView` of all sites; its date is the newest of theirs."""
        sites = {_site(queue) for queue in self._queues} & self.dates.keys()
        if not sites:
            return None
        total: dict[tuple[str, int], tuple[int, _Slot]] = {}
        for site in sorted(sites):
            seen: defaultdict[str, int] = defaultdict(int)
            for start, slot in sorted(self._sites[site].items()):
                seen[slot.label] += 1  # where the clock goes back, a label comes twice
                key = (slot.label, seen[slot.label])
                newest, whole = total.get(key, (start, _Slot(slot.label)))
                whole.counters = shifted(whole.counters, tuple(slot.counters), 1)
                whole.provisional += slot.provisional
                total[key] = (max(newest, start), whole)
        switches = self._switches_of(sites)
        bars = (
            encoded_bar(start, slot.label, slot.status, counts_of(slot.counters), switches)
            for _, (start, slot) in sorted(total.items())
        )
        return encoded_day("all", max(self.dates[site] for site in sites), bars)

    def _switches_of(self, sites: set[str]) -> GenesysSwitches:
        """The switches that all their queues agree on, else the default."""
        found = {day.switches for queue, day in self._queues.items() if _site(queue) in sites}
        return found.pop() if len(found) == 1 else DEFAULT_SWITCHES


def _site(queue: str) -> str:
    return queue.partition("/")[0]
