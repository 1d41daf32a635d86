"""One move, from its proposal to its place in the ledger.

    proposed ──accept──> accepted ──an agent is seen there──> effective ──all are back, or returned──> returned
        ├──decline──> declined      ├──cancel──> cancelled        └──`until` has passed──> expired
        ├──cancel──> cancelled      ├──returned, or all signed off──> returned
        └──`until` has passed──> expired

    an agent:  waiting ──seen there──> effective ──seen elsewhere, or returned──> returned
                  └──────signs off─────────┴──> signed_off

A move is over by the wall clock (`until`, and what people do); what its agents do is event time.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from services.alerts.domain.conditions.place import Place
from services.alerts.domain.contingency.measure import service_level
from services.alerts.domain.floor import Floor
from services.alerts.domain.moves.seen import has_gone, is_there, now_of
from services.contracts.moves import (
    OPEN_STATES,
    LoanedAgent,
    MoveState,
    MoveStep,
    MoveStepName,
    MoveTerms,
    MoveView,
    SideMeasured,
)

SELF = "floorwatch"
MEASURE_MS = 60_000
LENT = ("waiting", "effective")


class Loan:
    """A move at work. `measured_at`: event time of the last measurement, ms."""

    def __init__(self, view: MoveView, measured_at: int = 0) -> None:
        """Stand where `view` says."""
        self.view = view
        self.measured_at = measured_at

    @property
    def open(self) -> bool:
        """Whether it still holds its agents."""
        return self.view.state in OPEN_STATES

    @property
    def lent(self) -> tuple[LoanedAgent, ...]:
        """Agents who are lent, or are about to be."""
        return tuple(one for one in self.view.agents if one.state in LENT)

    # -- what people do

    def accept(self, by: str, at: int, floor: Floor) -> Iterator[MoveStep]:
        """The giver agrees; whoever is there already is effective at once, whoever has gone is lent no more."""
        yield self._step("accepted", at, by, state="accepted", decided_by=by, decided_at=at)
        yield from self.look(floor, at)

    def refuse(self, into: MoveState, by: str, at: int, why: str) -> MoveStep:
        """It is declined or cancelled: nobody was lent."""
        return self._close(into, at, by, why, decided_by=by, decided_at=at, ended_at=at)

    def give_back(self, agents: Iterable[LoanedAgent], by: str, at: int, floor: Floor) -> Iterator[MoveStep]:
        """Some of the agents go back; with the last of them the move is over."""
        for one in agents:
            yield self._agent(one, "returned", at, by, floor)
        yield from self._settle(at, by, f"returned by {by}", floor)

    # -- what happens

    def look(self, floor: Floor, at: int) -> Iterator[MoveStep]:
        """What the floor tells of its agents, and whether its time is over. `at`: wall clock, ms."""
        if floor.wall_at >= self.view.terms.until:
            yield from self._expire(at, floor)
            return
        if self.view.state == "proposed":
            return
        for one in self.lent:
            seen = floor.agents.get(one.agent)
            there = is_there(seen, self.view.terms)
            if has_gone(seen):
                yield self._agent(one, "signed_off", at, SELF, floor)
            elif one.state == "waiting" and there:
                yield self._agent(one, "effective", at, SELF, floor)
            elif one.state == "effective" and not there:
                yield self._agent(one, "returned", at, SELF, floor)
            if self.view.state == "accepted" and any(each.state == "effective" for each in self.view.agents):
                yield self._begin(at, floor)
        yield from self._settle(at, SELF, "nobody of them is lent any more", floor)

    def measure(self, floor: Floor) -> bool:
        """Once a minute of event time while it is effective: what it has done so far. Whether that was due."""
        now = self._now(floor)
        if self.view.state != "effective" or now // MEASURE_MS <= self.measured_at // MEASURE_MS:
            return False
        self._measure(floor, now)
        return True

    def _begin(self, at: int, floor: Floor) -> MoveStep:
        first = min(one.effective_at for one in self.view.agents if one.effective_at is not None)
        self.measured_at = now = self._now(floor)
        measured = tuple(
            SideMeasured(queue=queue, service_level_before=level, service_level_after=level, at=now)
            for queue in self._queues(floor)
            for level in [service_level(Place(floor, "queue", queue))]
        )
        return self._step("effective", at, SELF, state="effective", effective_at=first, measured=measured)

    def _settle(self, at: int, by: str, why: str, floor: Floor) -> Iterator[MoveStep]:
        if self.open and not self.lent:
            yield self._end("returned", at, by, why, floor)

    def _expire(self, at: int, floor: Floor) -> Iterator[MoveStep]:
        if self.view.state != "proposed":
            for one in self.lent:
                if one.state == "effective":
                    yield self._agent(one, "returned", at, SELF, floor)
        yield self._end("expired", at, SELF, "its time is over", floor)

    def _end(self, into: MoveState, at: int, by: str, why: str, floor: Floor) -> MoveStep:
        if self.view.effective_at is None:
            return self._close(into, at, by, why, ended_at=at)
        self._measure(floor, self._now(floor))
        ended = max(one.ended_at for one in self.view.agents if one.ended_at is not None)
        return self._close(into, at, by, why, ended_at=ended)

    # -- how it is written down

    def _measure(self, floor: Floor, now: int) -> None:
        self.measured_at = now
        measured = tuple(
            side.model_copy(update={"service_level_after": service_level(Place(floor, "queue", side.queue)), "at": now})
            for side in self.view.measured
        )
        self.view = self.view.model_copy(update={"measured": measured})

    def _queues(self, floor: Floor) -> list[str]:
        """Those that win and those that lose by it, as far as they are known."""
        given = {queue for one in self.view.agents for queue in one.queues} - {self.view.terms.queue}
        return [queue for queue in (self.view.terms.queue, *sorted(given)) if queue in floor.queues]

    def _now(self, floor: Floor) -> int:
        terms = self.view.terms
        known = floor.queues.get(terms.queue)
        return max(floor.clocks.at(terms.taker), 0 if known is None else known.as_of)

    def _agent(self, one: LoanedAgent, into: str, at: int, by: str, floor: Floor) -> MoveStep:
        now = max(now_of(floor, one.agent), one.effective_at or 0)
        times = {"effective_at": now} if into == "effective" else {"ended_at": now}
        agents = tuple(
            each.model_copy(update={"state": into, **times}) if each.agent == one.agent else each
            for each in self.view.agents
        )
        name: MoveStepName = f"agent_{into}"  # type: ignore[assignment]  # one of the three
        return self._step(name, at, by, agent=one.agent, agents=agents)

    def _close(self, into: MoveState, at: int, by: str, why: str, **changes: Any) -> MoveStep:
        return self._step(into, at, by, reason=why, state=into, why=why, closed_at=at, **changes)

    def _step(
        self, name: MoveStepName, at: int, by: str, *, agent: str = "", reason: str = "", **changes: Any
    ) -> MoveStep:
        self.view = view = self.view.model_copy(update=changes | {"revision": self.view.revision + 1})
        return step_of(view, name, at, by, agent=agent, reason=reason)


def proposed(id_: str, terms: MoveTerms, by: str, at: int, floor: Floor) -> Loan:
    """A new move. Whom it asks for must be known."""
    agents = tuple(LoanedAgent(agent=agent, queues=floor.agents[agent].queues) for agent in terms.agents)
    view = MoveView(id=id_, revision=1, state="proposed", terms=terms, proposed_by=by, proposed_at=at, agents=agents)
    return Loan(view)


def step_of(view: MoveView, name: MoveStepName, at: int, by: str, *, agent: str = "", reason: str = "") -> MoveStep:
    """The journal's record of a step that led to `view`."""
    id_ = f"move|{view.id}|{view.revision}"
    return MoveStep(id=id_, step=name, at=at, by=by, agent=agent, reason=reason, view=view)
