"""Agents as they are now, and their sums by site, team and queue, kept by difference.

As long as an agent talks, talk time grows by a second a second, and nobody tells. So a sum is a straight line,
base + rate × t, that is read at a moment; a changed agent moves base and rate of their groups.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.alerts.domain.values import AgentNow
from services.contracts.formulas import ON_CONTACT, StaffTime
from services.contracts.topology import DEFAULT_ACTIVITIES, Activities

WIDTH = len(StaffTime())
_NONE = (0,) * WIDTH
Group = tuple[str, str]
"""(site, team or queue; its id)."""


class Day(NamedTuple):
    """A site's local day, [start, end) in epoch ms."""

    date: str
    start: int
    end: int
    timezone: str


class Line(NamedTuple):
    """Times of an agent's day at t (epoch ms of the site's clock): `base + rate × t`."""

    base: tuple[int, ...]
    rate: tuple[int, ...]

    def at(self, instant: int) -> StaffTime:
        """The times at a moment."""
        return StaffTime(*(base + rate * instant for base, rate in zip(self.base, self.rate, strict=True)))


class Crowd:
    """Agents of one group added up. `absent`: planned to serve contacts and not there; `working`: there."""

    def __init__(self) -> None:
        """Nobody."""
        self.agents = self.working = 0
        self.absent: set[str] = set()
        self.by_state: Counter[str] = Counter()
        self.adherence: Counter[str] = Counter()
        self.available: dict[str, int] = {}
        self._base, self._rate = [0] * WIDTH, [0] * WIDTH

    def shift(self, id_: str, agent: AgentNow, line: Line, work: frozenset[str], sign: int) -> None:
        """An agent comes in (sign 1), or goes out exactly as they came (−1)."""
        self.agents += sign
        self.working += sign * (agent.state != "offline" and agent.activity in work)
        self.by_state[agent.state] += sign
        self.adherence[agent.adherence] += sign
        for index in range(WIDTH):
            self._base[index] += sign * line.base[index]
            self._rate[index] += sign * line.rate[index]
        if sign < 0:
            self.available.pop(id_, None)
            self.absent.discard(id_)
            return
        if agent.state == "available":
            self.available[id_] = agent.since
        if is_missing(agent, work):
            self.absent.add(id_)

    @property
    def missing(self) -> int:
        """How many are absent."""
        return len(self.absent)

    @property
    def signed_in(self) -> int:
        """Agents who are not offline."""
        return self.agents - self.by_state["offline"]

    @property
    def line(self) -> Line:
        """Their times of the day."""
        return Line(tuple(self._base), tuple(self._rate))


class Crowds:
    """All agents, by id, and their groups. What it says is a function of agents, activities and the sites' days."""

    def __init__(self) -> None:
        """Nobody is known."""
        self.agents: dict[str, AgentNow] = {}
        self.newest: dict[str, int] = {}
        """Site → newest word of one who was its agent then."""
        self._groups: defaultdict[Group, Crowd] = defaultdict(Crowd)
        self._of_site: defaultdict[str, set[str]] = defaultdict(set)
        self._lines: dict[str, Line] = {}
        self._days: dict[str, Day] = {}
        self._work, self._absence = _kinds(DEFAULT_ACTIVITIES)

    def take(self, id_: str, agent: AgentNow) -> AgentNow | None:
        """An agent is so now. Answers with how they were before; None: they are new."""
        before = self.agents.get(id_)
        if before is not None:
            self._shift(id_, before, -1)
        self.agents[id_] = agent
        self.newest[agent.site] = max(agent.as_of, self.newest.get(agent.site, 0))
        self._of_site[agent.site].add(id_)
        self._lines[id_] = self._line(agent)
        self._shift(id_, agent, 1)
        return before

    def drop(self, id_: str) -> None:
        """The agent is gone."""
        agent = self.agents.get(id_)
        if agent is not None:
            self._shift(id_, agent, -1)
            self._of_site[agent.site].discard(id_)
            del self.agents[id_], self._lines[id_]

    def turn(self, site: str, at: int, timezone: str) -> bool:
        """The site's clock stands at `at`. Whether a day of it has begun: of yesterday nothing counts for today."""
        day = self._days.get(site)
        if day is not None and day.timezone == timezone and day.start <= at < day.end:
            return False
        self._days[site] = _day(at, timezone)
        if day is not None and day.date == self._days[site].date:
            return False
        self._count_again(self._of_site[site])
        return True

    def day_end(self, site: str) -> int:
        """When a site's local day ends (epoch ms); 0 before its clock is known."""
        day = self._days.get(site)
        return 0 if day is None else day.end

    def relearn(self, activities: Activities | None) -> None:
        """Another table of activities may make other times work."""
        kinds = _kinds(activities or DEFAULT_ACTIVITIES)
        if kinds != (self._work, self._absence):
            self._groups.clear()
            self._work, self._absence = kinds
            for id_, agent in self.agents.items():
                self._lines[id_] = self._line(agent)
                self._shift(id_, agent, 1)

    def group(self, kind: str, id_: str) -> Crowd | None:
        """The agents of a site, team or queue; None: there are none."""
        return self._groups.get((kind, id_))

    def line(self, id_: str) -> Line:
        """An agent's times of the day."""
        return self._lines[id_]

    def misses(self, agent: AgentNow) -> bool:
        """Whether an agent is planned to serve contacts and does not."""
        return is_missing(agent, self._work)

    def _count_again(self, ids: Iterable[str]) -> None:
        for id_ in sorted(ids):
            agent = self.agents[id_]
            self._shift(id_, agent, -1)
            self._lines[id_] = self._line(agent)
            self._shift(id_, agent, 1)

    def _shift(self, id_: str, agent: AgentNow, sign: int) -> None:
        line = self._lines[id_]
        for group in groups_of(agent):
            crowd = self._groups[group]
            crowd.shift(id_, agent, line, self._work, sign)
            if not crowd.agents:
                del self._groups[group]

    def _line(self, agent: AgentNow) -> Line:
        day = self._days.get(agent.site)
        if day is not None and agent.date != day.date:
            return Line(_NONE, _NONE)
        scheduled = agent.planned is not None and agent.planned not in self._absence
        signed_in = agent.state != "offline"
        rate = tuple(
            int(grows)
            for grows in StaffTime(
                on_contact=agent.state in ON_CONTACT,
                available=agent.state == "available",
                signed_in=signed_in,
                worked=signed_in and agent.activity in self._work,
                adherent=scheduled and agent.adherence == "in",
                out=scheduled and agent.adherence == "out",
                excused=scheduled and agent.adherence == "ignored",
                planned=agent.planned is not None,
                planned_work=agent.planned in self._work,
            )
        )
        return Line(tuple(t - r * agent.as_of for t, r in zip(agent.time, rate, strict=True)), rate)


def is_missing(agent: AgentNow, work: frozenset[str]) -> bool:
    """Whether an agent is planned to serve contacts and does not."""
    return agent.adherence == "out" and agent.planned in work and agent.activity not in work


def _kinds(activities: Activities) -> tuple[frozenset[str], frozenset[str]]:
    """Activities that count as work, and those that are absences: planned, but nobody has to keep them."""
    by_kind = defaultdict(set)
    for activity in activities.activities:
        by_kind[activity.counts_as].add(activity.id)
    return frozenset(by_kind["work"]), frozenset(by_kind["absence"])


def _day(at: int, timezone: str) -> Day:
    zone = ZoneInfo(timezone)
    date = datetime.fromtimestamp(at / 1000, zone).date()
    start, end = (datetime.combine(day, time(), zone) for day in (date, date + timedelta(days=1)))
    return Day(date.isoformat(), round(start.timestamp() * 1000), round(end.timestamp() * 1000), timezone)


def groups_of(agent: AgentNow) -> Iterator[Group]:
    """The groups that an agent belongs to."""
    yield "site", agent.site
    if agent.team:
        yield "team", agent.team
    for queue in agent.queues:
        yield "queue", queue
