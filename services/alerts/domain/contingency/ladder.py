"""One plan at work: it is proposed, climbed, left, and measured, on event time.

    level n ──enter of n+1 due──> proposed ──activated (a person; by itself where automatic)──> level n+1
                                     ├──condition over──> withdrawn
                                     └──declined──> not again before the condition was over
    level n ──leave of n due──> leave_proposed (automatic: stood down to n−1) ──stood down──> lower level

A ladder is climbed a level a step, whoever climbs. Time passes only by what the floor tells.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from services.alerts.domain.conditions import Reading, read
from services.alerts.domain.conditions.place import Place
from services.alerts.domain.contingency.expect import expected_level
from services.alerts.domain.contingency.hold import Hold
from services.alerts.domain.contingency.measure import measure
from services.alerts.domain.floor import Floor, site_of
from services.contracts.contingency import (
    ActionState,
    Effect,
    Measured,
    PlanDefinition,
    PlanLevel,
    PlanStep,
    PlanStepName,
    PlanView,
    WebhookCall,
)

AFTER_MS = 30 * 60_000
TREND_MS = 15 * 60_000
SAMPLE_MS = 60_000
SELF = "floorwatch"


class LadderState(msgspec.Struct, array_like=True):
    """All of a ladder that its view does not tell. `samples`: JSON of one Measured a minute, for the trend."""

    now: int = 0
    enter: list[Hold] = []
    leave: Hold = msgspec.field(default_factory=Hold)
    samples: list[bytes] = []
    after_due: int | None = None


class Ladder:
    """Feed it the floor; it answers with steps."""

    def __init__(self, view: PlanView, state: LadderState | None = None) -> None:
        """Stand where `view` says."""
        self.view = view
        self.state = state or LadderState(enter=[Hold() for _ in view.definition.levels])
        self.measured: Measured | None = None
        self._enter: list[Reading] = []
        self._leave: Reading | None = None
        self._floor = Floor()

    @property
    def definition(self) -> PlanDefinition:
        """The plan as it is written now."""
        return self.view.definition

    # -- the floor

    def place(self, floor: Floor, *, noted: bool = True) -> Place:
        """Where it is for."""
        scope = self.definition.scope
        id_ = "all" if scope.kind == "all" else scope.match.strip()
        return Place(floor, scope.kind, id_, reader=f"plan {self.view.id}", noted=noted)

    def look(self, floor: Floor) -> Iterator[PlanStep]:
        """The floor is other than before. What was known lasted until just before now."""
        now = max(self.state.now, self.place(floor).now)
        if not now:
            return
        yield from self._pass_time(now - 1)
        self.state.now = now
        self.learn(floor)
        yield from self._decide()

    def learn(self, floor: Floor, *, noted: bool = True) -> None:
        """Read conditions and numbers off the floor. Nothing is decided by this; after a restart nothing is noted."""
        place, now = self.place(floor, noted=noted), self.state.now
        self._enter = [read(level.enter, place) for level in self.definition.levels]
        leave = self._level.leave if self._level else None
        self._leave = read(leave, place) if leave is not None else None
        self._floor = floor
        self.measured = measure(place, now)
        samples = self.state.samples
        if not samples or now // SAMPLE_MS > Measured.model_validate_json(samples[-1]).at // SAMPLE_MS:
            samples.append(self.measured.model_dump_json().encode())
            del samples[: -(TREND_MS // SAMPLE_MS) - 1]

    @property
    def _level(self) -> PlanLevel | None:
        return self.definition.levels[self.view.level - 1] if self.view.level else None

    def _pass_time(self, to: int) -> Iterator[PlanStep]:
        while (instant := self._next()) is not None and instant <= to:
            self.state.now = instant
            yield from self._decide()
        self.state.now = max(self.state.now, to) if self.state.now else self.state.now

    def _next(self) -> int | None:
        due: list[int | None] = [self.state.after_due]
        for reading, hold, level in zip(self._enter, self.state.enter, self.definition.levels, strict=False):
            due += [reading.turn(self.state.now), hold.due_at(round(level.enter_for_s * 1000))]
        if self._leave is not None and self._level is not None:
            due += [self._leave.turn(self.state.now), self.state.leave.due_at(round(self._level.leave_for_s * 1000))]
        return min((at for at in due if at is not None and at > self.state.now), default=None)

    # -- what follows

    def _decide(self) -> Iterator[PlanStep]:
        state = self.state
        if state.after_due is not None and state.now >= state.after_due:
            yield self._measure_after()
        for reading, hold, level in zip(self._enter, state.enter, self.definition.levels, strict=True):
            hold.see(reading.at(state.now), state.now, round(level.enter_for_s * 1000))
        yield from self._leave_by_itself()
        if self.view.proposed is not None and not self._asked(self.view.proposed):
            yield self._step("withdrawn", self.view.proposed, proposed=None, proposed_since=None)
        while (above := self.view.level + 1) <= len(self.definition.levels) and self._asked(above):
            if not self.definition.levels[above - 1].automatic:
                if self.view.proposed != above:
                    yield self._step("proposed", above, proposed=above, proposed_since=state.now)
                return
            yield self.enter(above, SELF, "")

    def _asked(self, level: int) -> bool:
        hold = self.state.enter[level - 1]
        return self.definition.enabled and hold.due and not hold.spent

    def _leave_by_itself(self) -> Iterator[PlanStep]:
        level, state = self._level, self.state
        if level is None or self._leave is None:
            return
        state.leave.see(self._leave.at(state.now), state.now, round(level.leave_for_s * 1000))
        if not state.leave.due:
            if self.view.leave_proposed:
                yield self._step("withdrawn", self.view.level, leave_proposed=False)
        elif level.automatic:
            yield self.stand_down(self.view.level - 1, SELF, "")
        elif not self.view.leave_proposed:
            yield self._step("leave_proposed", self.view.level, leave_proposed=True)

    # -- acts

    def climb(self, level: int, by: str, cause: str) -> Iterator[PlanStep]:
        """Go up to a level, one step each."""
        while self.view.level < level:
            yield self.enter(self.view.level + 1, by, cause)

    def enter(self, level: int, by: str, cause: str) -> PlanStep:
        """Be on the next level from now on."""
        view, now = self.view, self.state.now
        changes: dict[str, Any] = {"effect": view.effect, "actions": view.actions}
        if view.level == 0:
            self.state.after_due = None
            changes = {"activation": f"{view.id}|{view.revision + 1}", "cause": cause, "actions": ()}
            changes["effect"] = Effect(before=self._measured(), earlier=self._earlier())
        effect: Effect = changes["effect"]
        gain = self.definition.levels[level - 1].expected_gain
        changes["effect"] = effect.model_copy(
            update={
                "during": (*effect.during, self._measured()),
                "expected_service_level": expected_level(self.place(self._floor), gain),
            }
        )
        opened = self.definition.levels[level - 1].actions
        changes["actions"] = (*changes["actions"], *(ActionState(action=one.id, level=level) for one in opened))
        again = {one.id for one in opened}
        changes["taken_back"] = tuple(one for one in view.taken_back if one.action not in again)
        self.state.enter[level - 1].spend()
        calls = tuple(
            WebhookCall(action=one.id, channel=one.webhook, event="activated") for one in opened if one.webhook
        )
        step = self._step(
            "activated", level, by=by, reason=cause, calls=calls, level_now=level, since=now, proposed=None,
            proposed_since=None, leave_proposed=False, **changes,
        )  # fmt: skip
        self._read_leave()
        return step

    def stand_down(self, to: int, by: str, reason: str) -> PlanStep:
        """Be on a lower level from now on; what is left is not proposed again before its condition was over."""
        view, now = self.view, self.state.now
        undone = [
            (level, one)
            for level in range(view.level, to, -1)
            for one in self.definition.levels[level - 1].actions
            if one.undo
        ]
        for hold in self.state.enter[to:]:
            hold.spend()
        calls = tuple(WebhookCall(action=one.id, channel=one.webhook, event="stood_down") for _, one in undone)
        effect = view.effect.model_copy(update={"during": (*view.effect.during, self._measured())})
        if to == 0:
            self.state.after_due = now + AFTER_MS
        step = self._step(
            "stood_down", to, by=by, reason=reason, calls=calls, level_now=to, since=now if to else None,
            proposed=None, proposed_since=None, leave_proposed=False, effect=effect,
            actions=tuple(one for one in view.actions if one.level <= to) if to else view.actions,
            taken_back=(*view.taken_back, *(ActionState(action=one.id, level=level) for level, one in undone)),
        )  # fmt: skip
        self._read_leave()
        return step

    def decline(self, by: str, reason: str) -> PlanStep:
        """Not now."""
        level = self.view.proposed
        assert level is not None, "the section asks only where something is proposed"
        self.state.enter[level - 1].spend()
        return self._step("declined", level, by=by, reason=reason, proposed=None, proposed_since=None)

    def complete(self, done: ActionState, *, undo: bool) -> PlanStep:
        """An action of an active level, or what takes it back, has come so far."""
        before = self.view.taken_back if undo else self.view.actions
        changes: dict[str, Any] = {
            "taken_back" if undo else "actions": tuple(done if one.action == done.action else one for one in before)
        }
        return self._step("action", done.level, by=done.by, reason=done.note, **changes)

    def rewrite(self, definition: PlanDefinition, floor: Floor) -> Iterator[PlanStep]:
        """The plan is written otherwise: conditions that are new begin anew, and so does what was proposed."""
        before = self.definition.levels
        if self.view.proposed is not None:
            yield self._step("withdrawn", self.view.proposed, proposed=None, proposed_since=None)
        holds = self.state.enter
        self.state.enter = [
            holds[at] if at < len(before) and before[at].enter == level.enter else Hold()
            for at, level in enumerate(definition.levels)
        ]
        known = {action.id for level in definition.levels for action in level.actions}
        self.view = self.view.model_copy(
            update={
                "definition": definition, "revision": self.view.revision + 1, "site": site_of_plan(definition),
                "actions": tuple(one for one in self.view.actions if one.action in known),
                "taken_back": tuple(one for one in self.view.taken_back if one.action in known),
            }
        )  # fmt: skip
        self.state.leave = Hold()
        yield from self.look(floor)

    def _read_leave(self) -> None:
        self.state.leave = Hold()
        level, place = self._level, self.place(self._floor)
        leave = level.leave if level else None
        self._leave = read(leave, place) if leave is not None else None
        if self._leave is not None and level is not None:
            self.state.leave.see(self._leave.at(self.state.now), self.state.now, round(level.leave_for_s * 1000))

    def _measure_after(self) -> PlanStep:
        self.state.after_due = None
        effect = self.view.effect.model_copy(update={"after": self._measured()})
        return self._step("measured", self.view.level, effect=effect)

    def _measured(self) -> Measured | None:
        return None if self.measured is None else self.measured.model_copy(update={"at": self.state.now})

    def _earlier(self) -> Measured | None:
        return Measured.model_validate_json(self.state.samples[0]) if self.state.samples else None

    def _step(
        self, name: PlanStepName, level: int, *, by: str = SELF, reason: str = "",
        calls: tuple[WebhookCall, ...] = (), level_now: int | None = None, **changes: Any,
    ) -> PlanStep:  # fmt: skip
        if level_now is not None:
            changes["level"] = level_now
        self.view = self.view.model_copy(update=changes | {"revision": self.view.revision + 1})
        return PlanStep(
            id=f"{self.view.id}|{name}|{self.view.revision}", plan=self.view.id, step=name, level=level,
            at=self.state.now, wall_at=self._floor.wall_at, by=by, reason=reason, calls=calls, view=self.view,
        )  # fmt: skip


def site_of_plan(definition: PlanDefinition) -> str | None:
    """The one site that a plan is for; None: it is for several."""
    return site_of(definition.scope.match.strip()) if definition.scope.kind in {"queue", "site"} else None
