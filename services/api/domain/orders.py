"""What people ask for and what they are told: bodies of the command routes, their answers, and when two are the same.

A body says what; who, when and under which id are added by the route. `expected` is the revision that the person saw
(or the If-Match header); the desk refuses a command about anything else with `stale`.
"""

import hashlib
from typing import Annotated, Any, Literal

from pydantic import Field

from services.api.domain.answers import Problem
from services.contracts.adherence import AdherenceLimitsView
from services.contracts.alerts import Alert, Matcher, RuleView, Silence
from services.contracts.contingency import PlanView
from services.contracts.desk import AnyCommand, CommandId, Outcome, OutcomeCode, Words
from services.contracts.moves import MoveView
from services.contracts.people import PersonName
from services.contracts.schedules import AgentId
from services.contracts.topology import Contract, Id, Moment, ScopedId

Shown = Annotated[Alert | RuleView | Silence | PlanView | MoveView | AdherenceLimitsView, Field(discriminator="kind")]
Revision = Annotated[int, Field(ge=0, le=2**53)]


class Order(Contract):
    """Nothing more to say than what and to what."""

    expected: Revision | None = Field(default=None, description="revision that you saw; the same as If-Match")


class NoteOrder(Order):
    """With some words, if there are any."""

    note: Words = ""


class ReasonOrder(Order):
    """With a reason, if there is one."""

    reason: Words = ""


class AssignOrder(Order):
    """To whom; empty: to nobody."""

    to: PersonName | Literal[""]


class TextOrder(Order):
    """What to write down."""

    text: Annotated[str, Field(min_length=1, max_length=2000)]


class SnoozeOrder(Order):
    """Until when (epoch ms); a moment that has passed ends it."""

    until: Moment


class ExcuseOrder(Order):
    """[start, end) of the floor's time does not count against the agent."""

    start: Moment
    end: Moment
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class SilenceOrder(Contract):
    """Which alerts are not told, until when (epoch ms), and why."""

    matchers: Annotated[tuple[Matcher, ...], Field(min_length=1, max_length=16)]
    until: Moment
    reason: Words = ""


class ActivateOrder(Order):
    """To which level of the plan, and why."""

    level: Annotated[int, Field(ge=1, le=20)]
    cause: Words = ""


class ActionOrder(Order):
    """What became of an action, or with `undo` of taking it back."""

    result: Literal["done", "skipped"] = "done"
    note: Words = ""
    undo: bool = False


class StandDownOrder(Order):
    """To a lower level, or (0) out of the plan."""

    to_level: Annotated[int, Field(ge=0, le=20)] = 0
    reason: Words = ""


class MoveOrder(Contract):
    """Who is asked of whom, for which queue, until when (epoch ms). What is expected of it is computed here."""

    giver: Id = Field(description="site that lends")
    queue: ScopedId = Field(description="the queue that they are to serve")
    agents: Annotated[tuple[AgentId, ...], Field(min_length=1, max_length=100)]
    until: Moment
    reason: Annotated[str, Field(max_length=500)] = ""


class ReturnOrder(Order):
    """All of them, or one."""

    agent: AgentId | Literal[""] = ""


class Done(Contract):
    """The command was carried out (`done`), or it was so already (`same`); `view` is how the thing stands now."""

    outcome: Outcome
    view: Shown | None = Field(description="None: it is no more, or you may not see it")


class Refused(Problem):
    """The desk did not do it; `view` is how the thing stands now, for whoever wants to try again."""

    outcome: Outcome
    view: Shown | None


class Waiting(Contract):
    """The command is on the log and will be carried out; the desk has not answered yet."""

    id: CommandId
    message: str


STATUS: dict[OutcomeCode, int] = {
    "done": 200,
    "same": 200,
    "stale": 409,
    "not_now": 409,
    "taken": 409,
    "unknown_target": 404,
    "not_allowed": 403,
    "invalid": 422,
}
_SAID: dict[OutcomeCode, str] = {
    "stale": "It has changed since you saw it. Look at its present state, and ask again if you still want it.",
    "not_now": "Its present state does not allow that.",
    "taken": "Somebody else holds it.",
    "unknown_target": "There is nothing of that name any more.",
    "not_allowed": "It is not yours to do that.",
    "invalid": "That makes no sense here.",
}


def answer_to(outcome: Outcome, view: Shown | None) -> Done | Refused:
    """What the client is told."""
    if STATUS[outcome.code] == 200:
        return Done(outcome=outcome, view=view)
    message = outcome.message or _SAID[outcome.code]
    return Refused(code=outcome.code, message=message, outcome=outcome, view=view)


def new_id(kind: str, command: str) -> str:
    """Id of what a command makes: the same command makes the same thing."""
    return f"{kind}-{hashlib.sha256(command.encode()).hexdigest()[:12]}"


def same_order(one: AnyCommand, other: AnyCommand) -> bool:
    """Whether two commands of one id are the same: when they were sent, and what was computed then, does not count."""
    return _content(one) == _content(other)


def _content(command: AnyCommand) -> dict[str, Any]:
    content = command.model_dump(exclude={"at": True, "by": True, "terms": {"expected"}})
    return content | {"by": command.by.name}


def target_of(outcome: Outcome) -> str:
    """`kind|id` of what an outcome is about, also where the desk knew of none."""
    if outcome.subject:
        return outcome.subject
    return f"{SUBJECT_OF.get(outcome.command.do, 'rule')}|{outcome.command.target}"


SUBJECT_OF: dict[str, str] = {
    **dict.fromkeys(
        ("acknowledge", "unacknowledge", "assign", "note", "snooze", "coach", "excuse", "dismiss"), "alert"
    ),
    **dict.fromkeys(("silence", "end_silence"), "silence"),
    **dict.fromkeys(("put_rule", "remove_rule", "try_rule", "import_rules"), "rule"),
    **dict.fromkeys(
        ("put_plan", "remove_plan", "activate_plan", "decline_plan", "complete_action", "stand_down"), "plan"
    ),
    "put_adherence_limits": "limits",
    **dict.fromkeys(("propose_move", "accept_move", "decline_move", "cancel_move", "return_move"), "move"),
    "try_channel": "channel",
}
"""Kind of view that each command is about."""
