"""What a plan accepts when: a day cut into cells within which nothing planned changes.

    on_queue            │ break       │ on_queue
    ───────────[ −tol   │  tol ]──────┤            inside the brackets the neighbour's activity is accepted, too;
                                                   the tolerance is that of the activity whose time it is

Where nothing is planned, whoever comes or stays within the neighbour's tolerance is in. A planned absence is like no
plan: its time is not scheduled. Plans that overlap: the shift that began earlier holds until its end.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from services.contracts.workforce.activities import ActivityTable, Doing
from services.contracts.workforce.plans import DayPlan, Planned

LONG_AGO = -(1 << 62)

IN, OUT, UNSCHEDULED, IGNORED, UNKNOWN = "in", "out", "unscheduled", "ignored", "unknown"


class Cell(NamedTuple):
    """[start, end) with one answer.

    Attributes:
        planned: the activity that is planned, absences included.
        scheduled: it is planned and no absence.
        work: it is scheduled and counts as work.
        excused: an exception covers it.
        accepted: activities that are in.
        absence_accepted: whoever is not there is in.
        changed_at: when the plan came to this; who has been on a contact since before is in.
    """

    start: int
    end: int
    planned: str | None
    scheduled: bool
    work: bool
    excused: bool
    accepted: frozenset[str]
    absence_accepted: bool
    changed_at: int


class Shift(NamedTuple):
    """A date's plan, and when it holds: not before earlier shifts have ended. Empty if it never does."""

    date: str
    start: int
    end: int
    activities: list[Planned]


def shifts_of(plans: Iterable[tuple[str, DayPlan]]) -> list[Shift]:
    """Shifts in the order of their beginning, each holding from the end of those before it."""
    shifts: list[Shift] = []
    begun = sorted((plan.start, date, plan) for date, plan in plans if plan.activities)
    free = LONG_AGO
    for start, date, plan in begun:
        shifts.append(Shift(date, max(start, free), max(plan.end, free), plan.activities))
        free = max(free, plan.end)
    return shifts


def segments_of(shifts: Sequence[Shift]) -> list[Planned]:
    """Planned activities in their order, without overlaps, the same activity in one piece."""
    segments: list[Planned] = []
    for shift in shifts:
        for activity, start, end in shift.activities:
            begin = max(start, shift.start)
            if begin >= end:
                continue
            if segments and segments[-1][0] == activity and segments[-1][2] == begin:
                segments[-1] = (activity, segments[-1][1], end)
            else:
                segments.append((activity, begin, end))
    return segments


class PlanLine:
    """An agent's planned time line."""

    def __init__(self, segments: list[Planned], excuses: list[tuple[int, int]], table: ActivityTable) -> None:
        """From ordered segments and exceptions."""
        self.segments = segments
        self._excuses = excuses
        self._table = table
        self._starts = [start for _, start, _ in segments]

    def cells(self, start: int, end: int) -> list[Cell]:
        """[start, end) in cells."""
        cuts = {start, end}
        for activity, begin, over in self.segments:
            if begin - self._table.tolerance_ms(activity) < end and over + self._table.tolerance_ms(activity) > start:
                tolerance = self._table.tolerance_ms(activity)
                cuts |= {begin - tolerance, begin, begin + tolerance, over - tolerance, over, over + tolerance}
        for excuse in self._excuses:
            cuts |= {*excuse}
        places = sorted(cut for cut in cuts if start <= cut <= end)
        return [self._cell(a, b) for a, b in pairwise(places)]

    def _cell(self, at: int, end: int) -> Cell:
        index = bisect_right(self._starts, at) - 1
        within = index >= 0 and at < self.segments[index][2]
        accepted: list[str | None]
        if within:
            planned, begin, _ = self.segments[index]
            accepted, changed_at = [planned, *self._neighbours(index, at)], begin
        else:
            planned, changed_at = None, self.segments[index][2] if index >= 0 else LONG_AGO
            accepted = [None, *self._comers_and_goers(index, at)]
        scheduled = planned is not None and not self._table.is_absence(planned)
        return Cell(
            at,
            end,
            planned,
            scheduled,
            scheduled and self._table.is_work(planned or ""),
            any(since <= at < until for since, until in self._excuses),
            _one_set(tuple(activity for activity in accepted if activity is not None)),
            any(activity is None or self._table.is_absence(activity) for activity in accepted),
            changed_at,
        )

    def _neighbours(self, index: int, at: int) -> list[str | None]:
        """Of a planned activity: the one before it while it is late, the one after it when it is early enough."""
        activity, begin, over = self.segments[index]
        tolerance, found = self._table.tolerance_ms(activity), list[str | None]()
        if at < begin + tolerance:
            joined = index > 0 and self.segments[index - 1][2] == begin
            found.append(self.segments[index - 1][0] if joined else None)
        if at >= over - tolerance:
            joined = index + 1 < len(self.segments) and self.segments[index + 1][1] == over
            found.append(self.segments[index + 1][0] if joined else None)
        return found

    def _comers_and_goers(self, index: int, at: int) -> list[str | None]:
        """Where nothing is planned: what has just ended, and what is about to begin."""
        found = list[str | None]()
        if index >= 0:
            activity, _, over = self.segments[index]
            if at < over + self._table.tolerance_ms(activity):
                found.append(activity)
        if index + 1 < len(self.segments):
            activity, begin, _ = self.segments[index + 1]
            if at >= begin - self._table.tolerance_ms(activity):
                found.append(activity)
        return found

    def at(self, moment: int) -> tuple[str | None, str | None, int | None]:
        """(what is planned then, what is planned next, when the plan changes next)."""
        index = bisect_right(self._starts, moment) - 1
        following = self.segments[index + 1] if index + 1 < len(self.segments) else None
        if index >= 0 and moment < self.segments[index][2]:
            activity, _, over = self.segments[index]
            return activity, following[0] if following and following[1] == over else None, over
        return (None, following[0], following[1]) if following else (None, None, None)


@lru_cache(maxsize=4096)
def _one_set(activities: tuple[str, ...]) -> frozenset[str]:
    """The same object for the same activities: a worker holds cells of thousands of agents."""
    return frozenset(activities)


def judge(cell: Cell, doing: Doing, began: int | None) -> str:
    """Whether an agent is in, out or unscheduled, the contact in hand since `began`; exceptions and silence apart."""
    if cell.excused:
        return IGNORED
    if (cell.absence_accepted if doing.absence else doing.activity in cell.accepted) or (
        began is not None and began < cell.changed_at
    ):
        return IN
    if cell.scheduled:
        return OUT
    return UNSCHEDULED if doing.signed_in else IN
