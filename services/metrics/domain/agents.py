"""An agent: pages and plans, and what is derived from them: the day that runs, walked through up to now.

Only pages and plans are kept. The walk is taken on by new facts; what comes late, or a changed plan, begins it anew.
"""

import math
from typing import NamedTuple

import msgspec

from services.contracts.local_days import day_at, day_bounds
from services.contracts.workforce.activities import ActivityTable
from services.contracts.workforce.days import Frame, Walk, date_at, dates_between, frame_of
from services.contracts.workforce.facts import LOG_IN, OFFLINE, STATES, Fact
from services.contracts.workforce.machine import Machine, moments
from services.contracts.workforce.plans import FAR, Plans
from services.contracts.workforce.pulses import Pulses
from services.metrics.domain.agent_pages import NOWHERE, SLOT_MS, AgentPage
from services.metrics.domain.clocks import SiteClock
from services.metrics.domain.half_hours import half_hour_at

SETTLE_MS = 10_000
"""Facts so young may still be followed by earlier ones; they are taken in anew for each tile."""

_to_json = msgspec.json.Encoder().encode


class Description(NamedTuple):
    """Who an agent is: as the topology says, else by the agent's own events and plans."""

    name: str
    site: str
    team: str
    queues: tuple[str, ...]
    timezone: str


class Surroundings(NamedTuple):
    """What all agents of a partition share."""

    table: ActivityTable
    pulses: Pulses
    lateness_ms: int


class Agent:
    """One agent.

    Attributes:
        clock: of the site that last told of the agent.
        changed_from: the earliest moment that changed since the days were last published, or None.
        due: when the tile may change without any event, as of the last one.
        ending: when days will be final that were told as provisional, by their date.
        scheduled: when the clock will ask for the tile again, or None.
        waits: it is to be asked for its tile.
        told_at: when the tile was last told, real seconds of the caller's clock.
        wrong: how often totals did not add up.
    """

    __slots__ = (
        "_around", "_loose", "_replanned_from", "_shown", "_walk", "changed_from", "clock", "dirty", "due", "ending",
        "id", "kept_plans", "pages", "plans", "scheduled", "told_at", "waits", "who", "wrong",
    )  # fmt: skip

    def __init__(self, agent_id: str, clock: SiteClock, around: Surroundings) -> None:
        """An agent of whom nothing is known."""
        self.id, self.clock, self._around = agent_id, clock, around
        self.pages: dict[int, AgentPage] = {}
        self.plans: Plans | None = None
        self.kept_plans = False
        self.who = Description(agent_id, "", "", (), "UTC")
        self.dirty = self.waits = False
        self.due = 0
        self.ending: dict[str, int] = {}
        self.changed_from: int | None = None
        self.scheduled: int | None = None
        self.told_at = -math.inf
        self.wrong = 0
        self._replanned_from = FAR
        self._walk: Walk | None = None
        self._loose: list[tuple[Fact, int]] = []  # of the running day, later than what the walk has taken in
        self._shown: object = None

    # -- what is known

    def home(self) -> tuple[str, str]:
        """(site, team) by the agent's own events; plans fill in the site."""
        site, team = NOWHERE
        for page in self.pages.values():
            site, team = max(site, page.home[0]), max(team, page.home[1])
        return site[1] or (self.plans.site if self.plans is not None else ""), team[1]

    def touch(self, fact: Fact, offset: int) -> None:
        """A page has taken a fact in."""
        if self._walk is not None:
            if fact.at > self._walk.seen:
                self._loose.append((fact, offset))
            else:
                self.begin_anew()
        if self.changed_from is None or fact.at < self.changed_from:
            self.changed_from = fact.at

    def begin_anew(self) -> None:
        """What was derived does not hold any more."""
        self._walk = None
        self._loose.clear()

    def change_all(self, since: int) -> None:
        """Everything from a moment on may have changed, by silence or by the topology."""
        self.begin_anew()
        if self.changed_from is None or since < self.changed_from:
            self.changed_from = since

    def change_plan(self, since: int) -> None:
        """What is planned from a moment on has changed."""
        self.begin_anew()
        self._replanned_from = min(since, self._replanned_from)

    def take_change(self, forgotten: int) -> int:
        """The moment from which days may have changed since this was last asked; plans before `forgotten` apart."""
        since = FAR if self.changed_from is None else self.changed_from
        if self._replanned_from < FAR:
            since = min(since, max(self._replanned_from, forgotten))
        self.changed_from, self._replanned_from = None, FAR
        return since

    # -- the day that runs

    def _walked(self, as_of: int) -> Walk:
        walk = self._settled(as_of)
        if self._loose or walk.at < as_of:
            walk = walk.copy()
            _take(walk, self._loose, as_of)
            walk.advance(as_of)
        return walk

    def _settled(self, as_of: int) -> Walk:
        walk, around = self._walk, self._around
        if (
            walk is None
            or not walk.frame.holds(as_of)
            or walk.version != around.pulses.version.get(self.who.site, 0)
            or walk.at > as_of
        ):
            walk, self._loose = self._begin(date_at(as_of, self.who.timezone, self.plans))
            self._walk = walk
        settled = as_of - SETTLE_MS
        if self._loose:
            self._loose.sort()
            count = _take(walk, self._loose, settled, known_only=True)
            del self._loose[:count]
        return walk

    def _begin(self, date: str) -> tuple[Walk, list[tuple[Fact, int]]]:
        """A walk that has come to the beginning of a day, and the day's facts."""
        around = self._around
        frame = frame_of(date, self.who.timezone, self.plans, around.table)
        walk = Walk(frame, around.table, around.pulses, self.who.site)
        lead, own = self._facts_of(frame)
        for _, moment in moments(fact for fact, _ in lead):
            walk.machine.take(moment)
        walk.revision = max((offset for _, offset in lead), default=-1)
        return walk, own

    def _facts_of(self, frame: Frame) -> tuple[list[tuple[Fact, int]], list[tuple[Fact, int]]]:
        """The facts that lead to a day, from where they say all that matters, and those of it; each in order."""
        lead: list[tuple[Fact, int]] = []
        own: list[tuple[Fact, int]] = []
        for slot in sorted((slot for slot in self.pages if slot * SLOT_MS < frame.end), reverse=True):
            facts = self.pages[slot].facts.items()
            own += [item for item in facts if frame.start <= item[0].at < frame.end]
            lead += [item for item in facts if item[0].at < frame.start]
            if slot * SLOT_MS < frame.start and _say_all(lead):
                break
        return sorted(lead), sorted(own)

    # -- what is shown

    def tile(self, offset: int) -> bytes | None:
        """The tile's JSON as of the clock, or None if nothing that it shows has changed but totals."""
        walk = self._walked(self.clock.at)
        self.due = walk.due
        machine, who = walk.machine, self.who
        adherence, adherence_since = walk.status()
        planned, next_planned, next_change_at = walk.frame.line.at(walk.at)
        activity = walk.table.doing(machine.code, machine.reason).activity
        self._check(walk)
        view = {
            "kind": "agent",
            "id": self.id,
            "site": who.site,
            "team": who.team,
            "name": who.name,
            "queues": who.queues,
            "state": STATES[machine.code],
            "reason": machine.reason,
            "since": max(machine.since, 0),
            "contact": machine.contact,
            "activity": activity,
            "planned": planned,
            "next_planned": next_planned,
            "next_change_at": next_change_at,
            "adherence": adherence,
            "adherence_since": adherence_since,
            "date": walk.frame.date,
        }
        shown = (tuple(view.values()), walk.revision, walk.frame.plan_offset, walk.version)
        if shown == self._shown:
            return None
        self._shown = shown
        return _to_json(view | {"as_of": walk.at, "offset": offset, "totals": walk.totals.view()})

    def show_again(self) -> None:
        """Let the next tile be told though nothing has changed."""
        self._shown = None

    def days_since(self, moment: int) -> list[str]:
        """The days that may have a part of what lies between a moment and the clock."""
        walk = self._walk
        if walk is not None:
            for start, end in walk.frame.ranges:
                if start <= moment < end and start <= self.clock.at < end:
                    return [walk.frame.date]
        return dates_between(moment, self.clock.at, self.who.timezone, self.plans)

    def day(self, date: str, dropped: int) -> tuple[bytes, int | None] | None:
        """(AgentDay JSON as far as the day has come, when it will be final or None if it is); None: nothing to tell.

        A day that runs is told up to the newest fact, one that is over to its end, and `as_of` is the last moment that
        added anything: that is the same whenever it is asked. Days that began before `dropped` can't be told any more.
        """
        clock, who = self.clock.at, self.who
        running = self._settled(clock)
        if running.frame.date == date:
            walk, facts = running, self._loose
        else:
            walk, facts = self._begin(date)
        frame = walk.frame
        begins, ends = day_bounds(who.timezone, date)  # a former shift may go on, and the day have nothing yet
        if min(frame.start, begins) > clock or frame.start < dropped:
            return None
        midnight = begins if begins <= clock < ends else day_bounds(who.timezone, day_at(who.timezone, clock))[0]
        over = half_hour_at(who.timezone, frame.end - 1).end + self._around.lateness_ms
        newest = max((fact.at for fact, _ in facts if fact.at <= clock), default=walk.seen)
        to = frame.end if over <= clock else max(frame.start, min(frame.end, max(midnight, newest)))
        if walk is running:
            walk = walk.copy()
        _take(walk, facts, to)
        walk.advance(to)
        self._check(walk)
        totals = walk.totals
        if walk.revision < 0 and not frame.dated and not totals.planned:
            return None
        view = {
            "kind": "agent_day",
            "id": f"{self.id}|{date}",
            "agent": self.id,
            "site": who.site,
            "team": who.team,
            "date": date,
            "status": "final" if over <= clock else "provisional",
            "revision": walk.revision + 1 + frame.plan_offset,
            "as_of": max(walk.grew_to, walk.seen, frame.start) if frame.start <= clock else begins,
            "totals": totals.view(),
        }
        return _to_json(view), None if over <= clock else over

    def drop_before(self, moment: int) -> list[AgentPage]:
        """Let go of pages that ended before a moment, but the last of them if the agent was signed in at its end."""
        old = sorted(slot for slot, page in self.pages.items() if page.end <= moment)
        if old:
            machine = Machine()
            for _, facts in moments(self.pages[old[-1]].facts):
                machine.take(facts)
            if machine.code != OFFLINE:
                old.pop()
        return [self.pages.pop(slot) for slot in old]

    def adopt(self, around: Surroundings) -> None:
        """Go by another table of activities from now on."""
        self._around = around
        self.begin_anew()

    def _check(self, walk: Walk) -> None:
        if not walk.totals.add_up:
            self.wrong += 1


def _take(walk: Walk, facts: list[tuple[Fact, int]], to: int, *, known_only: bool = False) -> int:
    """Take in facts up to a moment; with `known_only` only as far as silence before them is settled. How many."""
    taken = 0
    while taken < len(facts) and facts[taken][0].at <= to:
        at = facts[taken][0].at
        if known_only and walk.pulses.known_to(walk.site, walk.machine.told_by) < at:
            break
        count = 1
        while taken + count < len(facts) and facts[taken + count][0].at == at:
            count += 1
        walk.take(at, facts[taken : taken + count])
        taken += count
    return taken


def _say_all(lead: list[tuple[Fact, int]]) -> bool:
    """Whether what came before these facts does not matter any more: state, its beginning and the contact are known."""
    if not lead:
        return False
    machine, facts = Machine(), sorted(fact for fact, _ in lead)
    first = facts[0].at
    for _, moment in moments(facts):
        machine.take(moment)
    if all(fact.code == LOG_IN for fact in facts if fact.at == first):
        return False
    return machine.since > first and (machine.began is None or machine.began > first)
