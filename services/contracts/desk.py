"""The desk: what the alerts service reads, in one order, and what people do there.

Everything that decides an alert, a plan or a move comes over one partition (`names.tiles`): tiles, agents, clocks,
ticks of the wall clock, descriptions, and people's commands. So there is one order, and after a crash the same records
lead to the same decisions with the same ids. A command is answered by exactly one Outcome on the journal.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, TypeAdapter

from services.contracts.adherence import AdherenceLimits
from services.contracts.agents import AgentTile
from services.contracts.alerts import Matcher, Rule, RuleFile
from services.contracts.contingency import PlanDefinition
from services.contracts.metrics import FeedClock, IvrInterval, Tile
from services.contracts.moves import MoveTerms
from services.contracts.people import Actor, PersonName
from services.contracts.topology import Contract, Moment, TopologyRecord

CommandId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:\-]{0,63}$")]
"""Chosen by the client (the idempotency key), or made by the API. The same id again is the same command."""
Target = Annotated[str, StringConstraints(min_length=1, max_length=400)]
Words = Annotated[str, StringConstraints(max_length=2000)]


class Command(Contract):
    """What somebody does. `expected` is the revision of the target that they saw; an other one now is refused."""

    kind: Literal["command"] = "command"
    id: CommandId
    at: Moment
    by: Actor
    target: Target
    expected: int | None = None


class Acknowledge(Command):
    """I have seen it and look after it. The target is an alert."""

    do: Literal["acknowledge"] = "acknowledge"
    note: Words = ""


class Unacknowledge(Command):
    """Take that back."""

    do: Literal["unacknowledge"] = "unacknowledge"


class Assign(Command):
    """Somebody else looks after it; empty: nobody."""

    do: Literal["assign"] = "assign"
    to: PersonName | Literal[""]


class AddNote(Command):
    """Write on an alert."""

    do: Literal["note"] = "note"
    text: Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class Snooze(Command):
    """Do not tell of it until `until`, or until it is over. `until` before now ends a snooze."""

    do: Literal["snooze"] = "snooze"
    until: Moment


class PutSilence(Command):
    """The target is the new silence's id."""

    do: Literal["silence"] = "silence"
    matchers: Annotated[tuple[Matcher, ...], Field(min_length=1, max_length=16)]
    until: Moment
    reason: Words = ""


class EndSilence(Command):
    """The target is a silence."""

    do: Literal["end_silence"] = "end_silence"


class PutRule(Command):
    """Make or change a rule: the target is its id."""

    do: Literal["put_rule"] = "put_rule"
    rule: Rule


class RemoveRule(Command):
    """Its alerts end."""

    do: Literal["remove_rule"] = "remove_rule"


class TryRule(Command):
    """Say which alerts a rule would begin now (Outcome.would); nothing is switched on, nothing changes."""

    do: Literal["try_rule"] = "try_rule"
    rule: Rule


class ImportRules(Command):
    """The rules of a file, all of them at once.

    Of the installation's own file (by `via` service): rules of origin `file` that it has no longer go, and edited ones
    stay. A person's file makes or changes the rules in it, as PutRule does, and leaves the others.
    """

    do: Literal["import_rules"] = "import_rules"
    file: RuleFile
    digest: str = Field(description="of the file's content: the same digest again changes nothing")


class PutPlan(Command):
    """Make or change a contingency plan: the target is its id."""

    do: Literal["put_plan"] = "put_plan"
    plan: PlanDefinition


class RemovePlan(Command):
    """A plan that is active must be stood down first."""

    do: Literal["remove_plan"] = "remove_plan"


class ActivatePlan(Command):
    """Go to a level of a plan (the target is a plan), proposed or not."""

    do: Literal["activate_plan"] = "activate_plan"
    level: Annotated[int, Field(ge=1, le=20)]
    cause: Words = ""


class DeclinePlan(Command):
    """Not now: the proposal is not made again in this episode."""

    do: Literal["decline_plan"] = "decline_plan"
    reason: Words = ""


class CompleteAction(Command):
    """An action of an active level is done, was left out, or (a webhook's) failed.

    With `undo` it is about what was taken back when the level was left.
    """

    do: Literal["complete_action"] = "complete_action"
    action: str
    result: Literal["done", "skipped", "failed"] = "done"
    note: Words = ""
    undo: bool = False


class StandDown(Command):
    """Leave the plan, or go back to a lower level."""

    do: Literal["stand_down"] = "stand_down"
    to_level: Annotated[int, Field(ge=0, le=20)] = 0
    reason: Words = ""


class ProposeMove(Command):
    """Ask a site for agents: the target is the new move's id."""

    do: Literal["propose_move"] = "propose_move"
    terms: MoveTerms


class AcceptMove(Command):
    """The giving site agrees."""

    do: Literal["accept_move"] = "accept_move"


class DeclineMove(Command):
    """The giving site does not."""

    do: Literal["decline_move"] = "decline_move"
    reason: Words = ""


class CancelMove(Command):
    """The dispatcher takes a proposal, or an accepted move that is not yet effective, back."""

    do: Literal["cancel_move"] = "cancel_move"
    reason: Words = ""


class ReturnMove(Command):
    """The agents go back (or one of them: `agent`)."""

    do: Literal["return_move"] = "return_move"
    agent: str = ""


class Coach(Command):
    """The lead has spoken with the agent. The target is an adherence alert."""

    do: Literal["coach"] = "coach"
    note: Words = ""


class Excuse(Command):
    """An exception to the plan: [start, end) of event time does not count."""

    do: Literal["excuse"] = "excuse"
    start: Moment
    end: Moment
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500)]


class Dismiss(Command):
    """Nothing needs to be done about this one."""

    do: Literal["dismiss"] = "dismiss"
    reason: Words = ""


class PutAdherenceLimits(Command):
    """When leads are told: the whole of it. The target is "adherence"."""

    do: Literal["put_adherence_limits"] = "put_adherence_limits"
    limits: AdherenceLimits


class TryChannel(Command):
    """Send a test over a notification channel: the target is its id. What becomes of it stands among the deliveries."""

    do: Literal["try_channel"] = "try_channel"


AnyCommand = Annotated[
    Acknowledge | Unacknowledge | Assign | AddNote | Snooze | PutSilence | EndSilence
    | PutRule | RemoveRule | TryRule | ImportRules
    | PutPlan | RemovePlan | ActivatePlan | DeclinePlan | CompleteAction | StandDown
    | ProposeMove | AcceptMove | DeclineMove | CancelMove | ReturnMove
    | Coach | Excuse | Dismiss | PutAdherenceLimits | TryChannel,
    Field(discriminator="do"),
]  # fmt: skip


class Tick(Contract):
    """The wall clock, told about once a second by the worker that reads this log."""

    kind: Literal["tick"] = "tick"
    at: Moment


class Described(Contract):
    """What the floor is made of, as far as it is new or other than before; `gone`: record keys that are no longer."""

    kind: Literal["described"] = "described"
    records: tuple[TopologyRecord, ...] = ()
    gone: tuple[str, ...] = ()


News = Annotated[Tile | AgentTile | FeedClock | IvrInterval | Tick | Described, Field(discriminator="kind")]
"""What happens to the floor. Beside these the inbox has commands (kind `command`), told apart by `do`."""

OutcomeCode = Literal["done", "same", "stale", "unknown_target", "not_now", "not_allowed", "taken", "invalid"]
"""done; same: it was so already. Refused: the target has another revision (stale), does not exist, is in a state that
does not allow it, belongs to somebody else, is held by another (taken), or the command makes no sense (invalid)."""


class Outcome(Contract):
    """The answer to a command, and its place in the audit trail: who, when, what, on which grounds.

    `subject` is the id `kind|id` of the view that it is about, `revision` that one's after it.
    """

    kind: Literal["outcome"] = "outcome"
    id: CommandId
    at: Moment
    accepted: bool
    code: OutcomeCode
    message: str = ""
    subject: str = ""
    revision: int | None = None
    would: tuple[str, ...] = Field(default=(), description="ids of the alerts that a tried rule would begin now")
    command: AnyCommand


class Gone(Contract):
    """A view is no more: `of` is its kind. It is announced where its hash in Redis no longer has it."""

    kind: Literal["gone"] = "gone"
    of: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    id: Target


command_adapter: TypeAdapter[AnyCommand] = TypeAdapter(AnyCommand)
news_adapter: TypeAdapter[News] = TypeAdapter(News)
