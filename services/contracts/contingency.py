"""Contingency plans: a ladder of levels that a floor climbs when it is overrun, and what each activation did.

A plan is proposed when the condition of its next level holds, activated by a person (or by itself where the level says
so), and left when the exit condition of its level holds. Plans are for emergencies: one that is proposed at the same
half-hours on most days is a fault of planning, and the report says how many agents those half-hours lack.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from services.contracts.alerts import Condition, Scope, condition_faults
from services.contracts.people import Role
from services.contracts.topology import Contract, Id, Text

ActionKind = Literal["call_in", "announcement", "call_back", "overflow", "cancel_activity", "move", "webhook", "other"]
"""call_in: second line, back office. announcement: an IVR message. cancel_activity: training and the like."""


class PlanAction(Contract):
    """One thing to do on a level. `webhook` names a channel of the notification settings, never an address.

    With `undo` the channel is called again when the level is left, so that the PBX takes back what it did.
    """

    id: Id
    kind: ActionKind
    name: Text
    owner: Role = "supervisor"
    checklist: tuple[Text, ...] = ()
    webhook: Annotated[str, StringConstraints(max_length=64)] = ""
    undo: bool = False

    @model_validator(mode="after")
    def _names_its_channel(self) -> Self:
        if self.kind == "webhook" and not self.webhook:
            raise ValueError("webhook: name a channel of the notification settings")
        if self.undo and not self.webhook:
            raise ValueError("undo: it goes with a webhook; leave it out")
        return self


class PlanLevel(Contract):
    """A step of the ladder; the first is level 1. `expected_gain`: agents that its actions should bring."""

    name: Text
    enter: Condition
    enter_for_s: Annotated[float, Field(ge=0, le=86_400)] = 60
    leave: Condition | None = Field(default=None, description="None: a person stands it down")
    leave_for_s: Annotated[float, Field(ge=0, le=86_400)] = 300
    automatic: bool = False
    actions: Annotated[tuple[PlanAction, ...], Field(max_length=32)] = ()
    expected_gain: Annotated[float, Field(ge=0, le=1000)] = 0


class PlanDefinition(Contract):
    """A plan for one scope: a queue, a site or a region whose id is `scope.match` (no glob)."""

    id: Id
    name: Text
    scope: Scope
    levels: Annotated[tuple[PlanLevel, ...], Field(min_length=1, max_length=10)]
    enabled: bool = True

    @model_validator(mode="after")
    def _one_scope_and_unique_actions(self) -> Self:
        everything = self.scope.kind == "all" and self.scope.match == "*"
        glob = set("*?[") & set(self.scope.match)
        if not everything and (self.scope.kind not in {"queue", "site", "region"} or glob):
            raise ValueError("a plan is for one queue, site or region, by its id, or for all")
        ids = [action.id for level in self.levels for action in level.actions]
        if len(ids) != len(set(ids)):
            raise ValueError("actions of a plan need different ids")
        faults = [fault for number, level in enumerate(self.levels) for fault in self._faults_of(number, level)]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _faults_of(self, number: int, level: PlanLevel) -> list[str]:
        leave = () if level.leave is None else (("leave", level.leave),)
        return [
            fault
            for name, condition in (("enter", level.enter), *leave)
            for fault in condition_faults(condition, self.scope.kind, f"levels[{number}].{name}")
        ]


class PlanFile(Contract):
    """A file of plans; services/contracts/plan_file.py reads it."""

    plans: tuple[PlanDefinition, ...]

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        ids = [plan.id for plan in self.plans]
        if twice := sorted({id_ for id_ in ids if ids.count(id_) > 1}):
            raise ValueError(f"plan id {twice[0]!r} is given twice")
        return self


class Measured(Contract):
    """The scope's rolling half-hour at one moment of event time. Shares 0…1; None: nothing to divide by."""

    at: int
    service_level: float | None
    abandonment_rate: float | None
    waiting: int
    agents: int | None = Field(default=None, description="signed in at the scope")


class ActionState(Contract):
    """How far an action is, or the call that takes it back."""

    action: str
    level: int
    state: Literal["open", "done", "skipped", "failed"] = "open"
    by: str = ""
    at: int | None = Field(default=None, description="wall clock, ms")
    note: str = ""


class Effect(Contract):
    """What an activation did: before, at each level, afterwards; against what Erlang A expected of `expected_gain`."""

    earlier: Measured | None = Field(default=None, description="up to a quarter of an hour before: the trend")
    before: Measured | None = None
    during: tuple[Measured, ...] = Field(default=(), description="when each level was entered, and the last one now")
    after: Measured | None = Field(default=None, description="half an hour after the stand-down")
    expected_service_level: float | None = Field(
        default=None,
        description="of the newest level entered: by Erlang A with the agents there were then and its expected_gain; "
        "None: too little was known, or the level names no gain",
    )


class PlanView(Contract):
    """A plan and where it stands. `level` 0 is not active; `proposed` is the level that is being proposed."""

    kind: Literal["plan"] = "plan"
    id: Id
    revision: int
    definition: PlanDefinition
    site: str | None = None
    level: int = 0
    proposed: int | None = None
    proposed_since: int | None = Field(default=None, description="event time")
    leave_proposed: bool = False
    since: int | None = Field(default=None, description="event time at which the present level was entered")
    activation: str = Field(default="", description="id of the activation that runs, or of the last one")
    cause: str = ""
    actions: tuple[ActionState, ...] = ()
    taken_back: tuple[ActionState, ...] = Field(
        default=(),
        description="actions of levels that were left whose channel is called again to take back what it did; "
        "`failed`: the telephone system may still be doing it",
    )
    effect: Effect = Effect()


PlanStepName = Literal[
    "proposed", "withdrawn", "activated", "declined", "action", "leave_proposed", "stood_down", "measured"
]  # fmt: skip


class WebhookCall(Contract):
    """A channel to be called once because of a step. Its id is the step's, `|` and the action's.

    Whoever calls answers with CompleteAction by floorwatch: done or failed, what came back as its note.
    """

    action: Id
    channel: str
    event: Literal["activated", "stood_down"]


class PlanStep(Contract):
    """A step of a plan, for the journal. The id is deterministic: plan|step|revision of the plan after it."""

    kind: Literal["plan_step"] = "plan_step"
    id: str
    plan: Id
    step: PlanStepName
    level: int
    at: int = Field(description="event time")
    wall_at: int = 0
    by: str = "floorwatch"
    reason: str = ""
    calls: tuple[WebhookCall, ...] = ()
    view: PlanView
