"""An agent's local days: which time belongs to which, and a walk through one of them that adds it all up.

A day is the local day of the agent's site, except that a planned shift belongs as a whole to the date of its plan: what
lies past midnight of a night shift is taken from the next day (docs/decisions/0006).
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from services.contracts.local_days import day_at, day_bounds
from services.contracts.workforce.activities import ActivityTable, Doing
from services.contracts.workforce.facts import Fact
from services.contracts.workforce.machine import Machine
from services.contracts.workforce.plan_line import (
    IGNORED,
    IN,
    UNKNOWN,
    Cell,
    PlanLine,
    Shift,
    judge,
    segments_of,
    shifts_of,
)
from services.contracts.workforce.plans import DAY_MS, Content, DayPlan, Planned, Plans
from services.contracts.workforce.pulses import Pulses

_BEFORE_MS, _AHEAD_MS = 4 * DAY_MS, 8 * DAY_MS


class Frame(NamedTuple):
    """A day as it is planned.

    Attributes:
        ranges: disjoint [start, end) that belong to the day, ascending.
        cells: these, cut up.
        line: the plan from some days before to eight days after the day's beginning.
        dated: there is a plan for this date, be it that of a day off.
        plan_offset: newest record of the schedules topic that changed anything of it.
    """

    date: str
    ranges: list[tuple[int, int]]
    cells: list[Cell]
    line: PlanLine
    dated: bool
    plan_offset: int

    @property
    def start(self) -> int:
        """First moment."""
        return self.ranges[0][0]

    @property
    def end(self) -> int:
        """The moment after the last."""
        return self.ranges[-1][1]

    def holds(self, moment: int) -> bool:
        """Whether a moment belongs to the day."""
        start, end = self.ranges[0]  # hardly ever are there more
        return start <= moment < end or (len(self.ranges) > 1 and self._holds(moment))

    def _holds(self, moment: int) -> bool:
        return any(start <= moment < end for start, end in self.ranges)


def date_at(moment: int, timezone: str, plans: Plans | None) -> str:
    """The day that a moment belongs to."""
    for shift in _shifts(plans.content if plans is not None else None, moment):
        if shift.start <= moment < shift.end:
            return shift.date
    return day_at(timezone, moment)


def dates_between(start: int, end: int, timezone: str, plans: Plans | None) -> list[str]:
    """Every day that may have a part of [start, end], in order."""
    content = plans.content if plans is not None else None
    dates = {day_at(timezone, end)}
    for moment in range(start, end, DAY_MS // 2):
        dates.add(day_at(timezone, moment))
        dates |= {shift.date for shift in _shifts(content, moment) if shift.start <= end and shift.end > start}
    dates |= {shift.date for shift in _shifts(content, end) if shift.start <= end and shift.end > start}
    return sorted(dates)


def frame_of(date: str, timezone: str, plans: Plans | None, table: ActivityTable) -> Frame:
    """A day's frame."""
    content = plans.content if plans is not None else None
    near = tuple(_near(content, day_bounds(timezone, date)[0]))
    excuses = () if content is None else tuple(span[1:] for span in content[1].values() if span[1] < span[2])
    ranges, cells, line = _laid_out(
        date, timezone, tuple((of, tuple(plan.activities)) for of, plan in near), excuses, table
    )
    if plans is None or content is None:
        return Frame(date, ranges, cells, line, dated=False, plan_offset=-1)
    touched = plans.touched(ranges[0][0], max(ranges[-1][1], ranges[0][0] + 1), content)
    return Frame(date, ranges, cells, line, date in content[0], touched)


@lru_cache(maxsize=4096)
def _laid_out(
    date: str,
    timezone: str,
    near: tuple[tuple[str, tuple[Planned, ...]], ...],
    excuses: tuple[tuple[int, int], ...],
    table: ActivityTable,
) -> tuple[list[tuple[int, int]], list[Cell], PlanLine]:
    """Ranges, cells and line of a frame: the same objects for all who are planned alike, as most of a shift are."""
    start, end = day_bounds(timezone, date)
    shifts = shifts_of((of, DayPlan(0, 0, list(activities))) for of, activities in near)
    ranges = _without([(start, end)], [shift for shift in shifts if shift.date != date])
    ranges = _joined(ranges + [(s.start, s.end) for s in shifts if s.date == date and s.end > s.start])
    ranges = ranges or [(start, start)]  # taken by other days' shifts as a whole
    line = PlanLine(segments_of(shifts), list(excuses), table)
    return ranges, [cell for since, until in ranges for cell in line.cells(since, until)], line


def _shifts(content: Content | None, around: int) -> list[Shift]:
    return shifts_of(_near(content, around))


def _near(content: Content | None, around: int) -> Iterator[tuple[str, DayPlan]]:
    if content is not None:
        for date, plan in content[0].items():
            if plan.activities and plan.end > around - _BEFORE_MS and plan.start < around + _AHEAD_MS:
                yield date, plan


def _without(ranges: list[tuple[int, int]], shifts: Sequence[Shift]) -> list[tuple[int, int]]:
    for shift in shifts:
        ranges = (
            [
                part
                for start, end in ranges
                for part in ((start, min(end, shift.start)), (max(start, shift.end), end))
                if part[0] < part[1]
            ]
            if shift.start < shift.end
            else ranges
        )
    return ranges


def _joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


class Totals:
    """Counters of contracts.agents.AgentTotals, by the same names without `_ms`."""

    __slots__ = (
        "adherent", "by_activity", "by_state", "contacts", "ignored", "out", "planned",
        "scheduled", "scheduled_work", "signed_in", "unknown", "worked",
    )  # fmt: skip

    def __init__(self) -> None:
        """Nothing yet."""
        self.signed_in = self.contacts = self.scheduled = self.scheduled_work = 0
        self.adherent = self.out = self.ignored = self.unknown = self.worked = 0
        self.by_state: dict[str, int] = {}
        self.by_activity: dict[str, int] = {}
        self.planned: dict[str, int] = {}

    def copy(self) -> "Totals":
        """The same, on its own from now on."""
        other = Totals.__new__(Totals)
        other.signed_in, other.contacts, other.scheduled = self.signed_in, self.contacts, self.scheduled
        other.scheduled_work, other.worked = self.scheduled_work, self.worked
        other.adherent, other.out, other.ignored, other.unknown = self.adherent, self.out, self.ignored, self.unknown
        other.by_state, other.by_activity = self.by_state.copy(), self.by_activity.copy()
        other.planned = self.planned.copy()
        return other

    @property
    def add_up(self) -> bool:
        """Whether every activity of the agent's time is accounted for, and every scheduled moment has one answer."""
        accounted = self.adherent + self.out + self.ignored + self.unknown
        return (
            sum(self.by_state.values()) == sum(self.by_activity.values()) == self.signed_in
            and accounted == self.scheduled
        )

    def view(self) -> dict[str, Any]:
        """As AgentTotals."""
        return {
            "signed_in_ms": self.signed_in,
            "by_state_ms": self.by_state,
            "by_activity_ms": self.by_activity,
            "contacts": self.contacts,
            "scheduled_ms": self.scheduled,
            "planned_ms": self.planned,
            "adherent_ms": self.adherent,
            "out_ms": self.out,
            "ignored_ms": self.ignored,
            "unknown_ms": self.unknown,
            "worked_ms": self.worked,
            "scheduled_work_ms": self.scheduled_work,
        }

    def add(self, cell: Cell, doing: Doing, status: str, span_ms: int) -> None:
        """Time within a cell in which an agent did something."""
        if doing.signed_in:
            self.signed_in += span_ms
            self.by_state[doing.state_key] = self.by_state.get(doing.state_key, 0) + span_ms
            self.by_activity[doing.activity] = self.by_activity.get(doing.activity, 0) + span_ms
            if doing.work:
                self.worked += span_ms
        if cell.planned is not None:
            self.planned[cell.planned] = self.planned.get(cell.planned, 0) + span_ms
        if cell.scheduled:
            self.scheduled += span_ms
            if cell.work:
                self.scheduled_work += span_ms
            if status == IN:
                self.adherent += span_ms
            elif status == IGNORED:
                self.ignored += span_ms
            elif status == UNKNOWN:
                self.unknown += span_ms
            else:
                self.out += span_ms


class Stretch(NamedTuple):
    """[start, end) of a day in which an agent did one thing, and how that goes with the plan, if there is one."""

    start: int
    end: int
    planned: str | None
    doing: Doing
    status: str


class Walk:
    """A walk through a day, from its beginning on.

    Attributes:
        drawn: where to note each stretch that is added, in their order; None: nowhere.
        at: how far it has come.
        seen: the moment of the newest fact of the day that was taken in; before its beginning: none.
        revision: newest record of the agents topic that told any of these facts, −1: none.
        grew_to: the last moment that added to the totals.
        version: of the pulses that it was judged by.
    """

    __slots__ = (
        "_next", "_status", "_status_since", "at", "drawn", "frame", "grew_to", "machine", "pulses", "revision", "seen",
        "site", "table", "totals", "version",
    )  # fmt: skip

    def __init__(self, frame: Frame, table: ActivityTable, pulses: Pulses, site: str) -> None:
        """At the beginning of the day, nothing told."""
        self.drawn: list[Stretch] | None = None
        self.frame, self.table, self.pulses, self.site = frame, table, pulses, site
        self.version = pulses.version.get(site, 0)
        self.at = frame.start
        self.seen, self.revision = frame.start - 1, -1
        self.grew_to = frame.start
        self.machine = Machine()
        self.totals = Totals()
        self._next = 0  # index of the cell that goes on after `at`
        self._status, self._status_since = "", frame.start

    def copy(self) -> "Walk":
        """The same, on its own from now on."""
        other = Walk.__new__(Walk)
        other.drawn = None if self.drawn is None else self.drawn.copy()
        other.frame, other.table, other.pulses, other.site = self.frame, self.table, self.pulses, self.site
        other.version, other.at, other.seen, other.revision = self.version, self.at, self.seen, self.revision
        other.grew_to, other._next = self.grew_to, self._next  # noqa: SLF001  # one of us
        other._status, other._status_since = self._status, self._status_since  # noqa: SLF001
        other.machine, other.totals = self.machine.copy(), self.totals.copy()
        return other

    def take(self, at: int, moment: list[tuple[Fact, int]]) -> None:
        """Go on to a moment and take in its facts, each with its offset."""
        self.advance(at)
        talks = self.machine.take([fact for fact, _ in moment])
        self.seen = at
        self.revision = max(self.revision, *(offset for _, offset in moment))
        if self.frame.holds(at):
            self.totals.contacts += talks

    def advance(self, to: int) -> None:
        """Go on to a moment, and add up what lies between."""
        if to <= self.at:
            return
        doing = self.table.doing(self.machine.code, self.machine.reason)
        silent = self.pulses.silence(self.site, self.machine.told_by, self.at, to)
        cells, index = self.frame.cells, self._next
        while index < len(cells) and cells[index].start < to:
            cell = cells[index]
            self._pass(cell, doing, max(self.at, cell.start), min(to, cell.end), silent)
            if cell.end > to:
                break
            index += 1
        self._next, self.at = index, to

    def _pass(self, cell: Cell, doing: Doing, start: int, end: int, silent: list[tuple[int, int]]) -> None:
        for since, until in silent:
            if since < end and until > start:
                self._add(cell, doing, start, since, known=True)
                self._add(cell, doing, max(start, since), min(end, until), known=False)
                start = max(start, until)
        self._add(cell, doing, start, end, known=True)

    def _add(self, cell: Cell, doing: Doing, start: int, end: int, *, known: bool) -> None:
        if start < end:
            status = self._judge(cell, doing, known=known)
            self.totals.add(cell, doing, status, end - start)
            if self.drawn is not None:
                self.drawn.append(Stretch(start, end, cell.planned, doing, status))
            if doing.signed_in or cell.planned is not None:
                self.grew_to = end
            if status != self._status:
                self._status, self._status_since = status, start

    def _judge(self, cell: Cell, doing: Doing, *, known: bool) -> str:
        return judge(cell, doing, self.machine.began) if known or cell.excused else UNKNOWN

    def status(self) -> tuple[str, int]:
        """(adherence, since when, within the day) at the moment that the walk has come to."""
        at, cells = self.at, self.frame.cells
        if self._next >= len(cells) or cells[self._next].start > at:
            return self._status or IN, self._status_since
        doing = self.table.doing(self.machine.code, self.machine.reason)
        known = not self.pulses.silence(self.site, self.machine.told_by, at, at + 1)
        status = self._judge(cells[self._next], doing, known=known)
        return status, self._status_since if status == self._status else at

    @property
    def due(self) -> int:
        """When the plan or the judgement may change without any event."""
        cells = self.frame.cells
        return cells[self._next].end if self._next < len(cells) else self.frame.end
