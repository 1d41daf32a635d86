"""Agents' days from the log, with the walk that metrics counts with (contracts.workforce).

Feed it the records of some agents in the order of the log, then ask for an agent's day. Facts and plans are sets, so a
record that comes twice changes nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pydantic import ValidationError

from services.api.domain.rosters import shares_of
from services.api.domain.timelines import ActualSpan, AgentTimeline, ExcusedSpan, PlannedSpan
from services.contracts import formulas
from services.contracts.agents import AgentTotals
from services.contracts.events import AgentEvent, Heartbeat
from services.contracts.schedules import AdherenceException, DaySchedule, schedule_adapter
from services.contracts.workforce.activities import ActivityTable
from services.contracts.workforce.days import Frame, Stretch, Walk, frame_of
from services.contracts.workforce.facts import Fact, fact_of
from services.contracts.workforce.machine import moments
from services.contracts.workforce.plans import Plans
from services.contracts.workforce.pulses import Pulses

_EXCEPTION = "exception|"


class Member(NamedTuple):
    """An agent of the team, by its name, and the partition that tells of it."""

    agent: str
    name: str
    partition: int


class _Partition:
    """What a partition of the agents topic tells of a site: how far its clock has come, which feeds lived when."""

    def __init__(self, silent_ms: int) -> None:
        self.clock = 0
        self.pulses = Pulses(silent_ms)


class AgentLog:
    """What the log tells of some agents of a site.

    Args:
        site: of the agents.
        agents: ids; other agents are passed over.
        silent_ms: a feed without a heartbeat for so long is silent (real milliseconds), as metrics takes it.
    """

    def __init__(self, site: str, agents: Iterable[str], *, silent_ms: int) -> None:
        self._site, self._silent_ms = site, silent_ms
        self.agents = frozenset(agents)
        self._facts: dict[str, dict[Fact, int]] = {agent: {} for agent in self.agents}
        self._plans: dict[str, Plans] = {agent: Plans() for agent in self.agents}
        self._excuses: defaultdict[str, dict[str, AdherenceException]] = defaultdict(dict)
        self._partitions: dict[int, _Partition] = {}

    # -- feeding

    def hear(self, partition: int, offset: int, events: Sequence[AgentEvent]) -> None:
        """Take in a record of the agents topic."""
        part = self._partitions.get(partition)
        if part is None:
            part = self._partitions[partition] = _Partition(self._silent_ms)
        for event in events:
            if event.site != self._site:
                continue
            if isinstance(event, Heartbeat):
                part.pulses.hear(event, offset, part.clock)
            else:
                part.pulses.tell((event.site, event.source), offset)
                if event.agent in self.agents:
                    self._facts[event.agent].setdefault(fact_of(event), offset)
            part.clock = max(part.clock, event.at)

    def plan(self, offset: int, key: str, value: bytes) -> None:
        """Take in a record of the schedules topic; one that can't be read is passed over (metrics reports it)."""
        agent, _, rest = key.removeprefix(_EXCEPTION).partition("|")
        plans = self._plans.get(agent)
        if plans is None:
            return
        if not value:
            if key.startswith(_EXCEPTION):
                plans.excuse_no_more(rest, offset)
                self._excuses[agent].pop(rest, None)
            else:
                plans.take_back(rest, offset)
            return
        try:
            record = schedule_adapter.validate_json(value)
        except ValidationError:
            return
        if isinstance(record, DaySchedule):
            plans.plan(record, offset)
        else:
            plans.excuse(record, offset)
            self._excuses[agent][record.id] = record

    # -- asking

    def planned_to(self, date: str) -> int:
        """When the last shift of a date ends (epoch ms); 0: none is planned."""
        plans = (plans.content[0].get(date) for plans in self._plans.values())
        return max((plan.end for plan in plans if plan is not None and plan.activities), default=0)

    def day(self, member: Member, date: str, timezone: str, table: ActivityTable) -> AgentTimeline:
        """An agent's day, up to the clock of the partition that the agent's events come on."""
        agent = member.agent
        part = self._partitions.get(member.partition) or _Partition(self._silent_ms)
        frame = frame_of(date, timezone, self._plans[agent], table)
        as_of = min(max(part.clock, frame.start), frame.end)
        walk = Walk(frame, table, part.pulses, self._site)
        drawn = walk.drawn = []
        for at, moment in moments(self._facts[agent]):
            if at < frame.start:
                walk.machine.take(moment)
            elif at <= as_of and at < frame.end:
                walk.take(at, [(fact, self._facts[agent][fact]) for fact in moment])
        walk.advance(as_of)
        totals = AgentTotals.model_construct(**walk.totals.view())
        return AgentTimeline(
            agent=agent,
            name=member.name,
            start=frame.start,
            end=frame.end,
            as_of=as_of,
            planned=tuple(_planned(frame)),
            actual=tuple(_actual(drawn)),
            excused=tuple(self._excused(agent, frame)),
            totals=totals,
            shares=shares_of(formulas.staff_time(totals), totals.contacts),
        )

    def _excused(self, agent: str, frame: Frame) -> list[ExcusedSpan]:
        spans = [
            ExcusedSpan(
                start=max(each.start, frame.start),
                end=min(each.end, frame.end),
                reason=each.reason,
                approved_by=each.approved_by,
            )
            for each in self._excuses[agent].values()
            if not each.withdrawn and each.start < frame.end and each.end > frame.start
        ]
        return sorted(spans, key=lambda span: (span.start, span.end))


def _planned(frame: Frame) -> list[PlannedSpan]:
    """The planned activities of a day; a cell begins where a tolerance does, too."""
    spans: list[PlannedSpan] = []
    for cell in frame.cells:
        if cell.planned is None:
            continue
        last = spans[-1] if spans else None
        if last is not None and last.end == cell.start and last.activity == cell.planned:
            spans[-1] = last.model_copy(update={"end": cell.end})
        else:
            spans.append(PlannedSpan(start=cell.start, end=cell.end, activity=cell.planned))
    return spans


def _actual(drawn: Iterable[Stretch]) -> list[ActualSpan]:
    """What was done; neighbours of one activity are one. Who is not there, and need not be, leaves a gap."""
    spans: list[ActualSpan] = []
    for start, end, planned, doing, status in drawn:
        if not doing.signed_in and (planned is None or status == "in"):
            continue
        last = spans[-1] if spans else None
        if last is None or (last.end, last.activity, last.adherence) != (start, doing.activity, status):
            last = ActualSpan.model_validate(
                {"start": start, "end": start, "activity": doing.activity, "adherence": status, "by_state_ms": {}}
            )
            spans.append(last)
        times = last.by_state_ms
        times[doing.state_key] = times.get(doing.state_key, 0) + end - start
        spans[-1] = last.model_copy(update={"end": end})
    return spans
