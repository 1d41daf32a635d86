"""Alert rules as the user writes them, and what becomes of them: alerts, their transitions, and silences.

Values and `for` run on event time, so a replay fires at the same moments. What people do (snooze, silence, escalation)
runs on the wall clock that ticks on the log (contracts.desk.Tick).
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator

from services.contracts.comparing import faults
from services.contracts.definitions import DefinitionName
from services.contracts.events import Channel
from services.contracts.people import PersonName, Role
from services.contracts.topology import Contract, Id, Text, Timezone

ScopeKind = Literal["queue", "site", "region", "all", "team", "agent", "flow", "node"]
"""A flow's id is `site/flow`, a node's `site/flow#node`."""
Severity = Literal["info", "warning", "critical"]
AlertState = Literal["inactive", "pending", "firing", "resolved", "no_data", "stale"]
"""`no_data`: the metric has no value (nothing to divide by, too few contacts) for longer than the rule allows.
`stale`: the feed of the scope is silent, so nobody knows. Neither is a breach, and neither is all well."""


class Scope(Contract):
    """What a rule looks at: each one of a kind whose id matches the glob `match`, or all queues as one."""

    kind: ScopeKind
    match: str = "*"


Against = Literal["value", "target", "last_week", "change"]
"""What a threshold is measured in.

value: the metric's own unit, shares in percent. target: percentage points from the scope's service-level target.
last_week: percent of the same local half-hour of the week before (100 is the same). change: the value now minus the
value `over_s` seconds of event time before.
"""


class Compare(Contract):
    """One comparison: `metric` is `direction` `threshold`; it is over when the value is at `clear` or better.

    `metric` is an id of the catalogue (GET /v1/metrics); "service_level" alone is the queue's own definition,
    "longest_wait_s" the wait of the oldest, "queue_length" is waiting. Shares are in percent here, times in seconds.
    Under `min_offered` contacts in the rolling half-hour a ratio has no value. `part` picks one of a figure that has
    several, such as `not_ready:break` of by_state or `out` of adherence.
    """

    metric: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    direction: Literal["above", "below"]
    threshold: float
    clear: float | None = Field(default=None, description="None: the threshold itself")
    against: Against = "value"
    over_s: Annotated[int, Field(gt=0, le=86_400)] = 600
    definition: DefinitionName | None = Field(default=None, description="None: the queue's own")
    threshold_s: Annotated[int, Field(gt=0)] | None = Field(
        default=None, description="T of the service level; None: the queue's target"
    )
    channel: Channel | None = None
    part: Annotated[str, StringConstraints(max_length=160)] = ""
    min_offered: Annotated[int, Field(ge=0)] = 0

    @property
    def cleared_at(self) -> float:
        """The value at which a breach is over."""
        return self.threshold if self.clear is None else self.clear

    @model_validator(mode="after")
    def _clear_is_on_the_good_side(self) -> Self:
        clear = self.cleared_at
        good = clear <= self.threshold if self.direction == "above" else clear >= self.threshold
        if not good:
            side = "at or under" if self.direction == "above" else "at or over"
            raise ValueError(f"clear ({clear}) must lie {side} threshold ({self.threshold})")
        return self


class AllOf(Contract):
    """Breached while all are; over as soon as one is."""

    all: Annotated[tuple["Condition", ...], Field(min_length=1, max_length=16)]


class AnyOf(Contract):
    """Breached while one is; over when all are."""

    any: Annotated[tuple["Condition", ...], Field(min_length=1, max_length=16)]


def _which(content: Any) -> str:
    """So that what is wrong with a condition is said of the kind that was meant, and not of all three."""
    if isinstance(content, Compare | AllOf | AnyOf):
        return {Compare: "compare", AllOf: "all_of", AnyOf: "any_of"}[type(content)]
    if isinstance(content, dict):
        return "all_of" if "all" in content else "any_of" if "any" in content else "compare"
    return "compare"


Condition = Annotated[
    Annotated[Compare, Tag("compare")] | Annotated[AllOf, Tag("all_of")] | Annotated[AnyOf, Tag("any_of")],
    Discriminator(_which),
]
CONDITION_TAGS = ("compare", "all_of", "any_of")
"""Steps in the places of faults that nobody writes."""
AllOf.model_rebuild()
AnyOf.model_rebuild()

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Clock = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]


class Window(Contract):
    """When a rule is on, in local time of its scope's site (or `timezone`): business hours without holidays.

    `end` before `start` runs over midnight and belongs to the day on which it begins; `end` equal to `start` is the
    whole day from there on. It is the clock on the wall that counts: an hour that comes twice is in it twice.
    """

    days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    start: Clock = "00:00"
    end: Clock = "24:00"
    except_dates: tuple[Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")], ...] = ()
    timezone: Timezone | None = None


_FLAT = ("metric", "direction", "threshold", "clear", "against", "over_s", "definition", "threshold_s", "channel",
         "part", "min_offered")  # fmt: skip


MOST_COMPARES = 64


class Rule(Contract):
    """A breach of `when` for `for_s` seconds of event time, inside a window if there are any.

    A rule with one comparison may be written flat, without `when`: its metric, direction, threshold … beside id and
    name. It goes on firing for `keep_firing_for_s` after `when` is over. `no_data_after_s`: so long without a value is
    a state of its own; None: never. `escalate_after_s`: nobody acknowledged for so long.
    """

    id: Id
    name: Text
    scope: Scope
    when: Condition
    for_s: Annotated[float, Field(ge=0, le=86_400)] = 0
    keep_firing_for_s: Annotated[float, Field(ge=0, le=86_400)] = 0
    no_data_after_s: Annotated[float, Field(ge=0, le=86_400)] | None = None
    windows: tuple[Window, ...] = Field(default=(), max_length=16)
    severity: Severity = "warning"
    labels: dict[Id, Annotated[str, StringConstraints(max_length=128)]] = Field(default_factory=dict, max_length=16)
    owner: Role = "supervisor"
    runbook: Text | None = Field(default=None, description="what to do, as Markdown")
    link: Annotated[str, StringConstraints(max_length=500)] = Field(default="", description="path of the view to open")
    group_by: Annotated[str, StringConstraints(max_length=64)] = Field(
        default="site", description="alerts of one rule that share this are told as one: site, rule, none or a label"
    )
    escalate_after_s: Annotated[float, Field(gt=0, le=86_400)] | None = None
    escalate_to: Role = "administrator"
    inhibits: tuple[Id, ...] = Field(default=(), description="rules that are hidden at the queues of this one's scope")
    enabled: bool = True

    @model_validator(mode="before")
    @classmethod
    def _flat_is_short_for_when(cls, content: Any) -> Any:
        if isinstance(content, dict) and "when" not in content:
            flat = {name: content[name] for name in _FLAT if name in content}
            if flat:
                return {name: value for name, value in content.items() if name not in _FLAT} | {"when": flat}
        return content

    @model_validator(mode="after")
    def _names_what_there_is(self) -> Self:
        if len(self.compares) > MOST_COMPARES:
            raise ValueError(f"when: {len(self.compares)} comparisons are too many, {MOST_COMPARES} is the most")
        found = condition_faults(self.when, self.scope.kind)
        if self.scope.kind in {"region", "all"}:
            found += [
                f"windows[{index}].timezone: needed at scope {self.scope.kind}, which has no local time of its own"
                for index, window in enumerate(self.windows)
                if window.timezone is None
            ]
        if found:
            raise ValueError("; ".join(found))
        return self

    @property
    def compares(self) -> tuple[Compare, ...]:
        """Every comparison in it, from left to right; the first one is what an alert shows."""
        return _compares(self.when)


def _compares(condition: Condition) -> tuple[Compare, ...]:
    if isinstance(condition, Compare):
        return (condition,)
    parts = condition.all if isinstance(condition, AllOf) else condition.any
    return tuple(compare for part in parts for compare in _compares(part))


def condition_faults(condition: Condition, kind: ScopeKind, place: str = "when") -> list[str]:
    """What a condition names that is not there at a kind of scope: `when.all[1].metric: …`, a line per fault."""
    if isinstance(condition, Compare):
        return [f"{place}.{fault}" for fault in faults(condition, kind)]
    name, parts = ("all", condition.all) if isinstance(condition, AllOf) else ("any", condition.any)
    return [
        fault for index, part in enumerate(parts) for fault in condition_faults(part, kind, f"{place}.{name}[{index}]")
    ]


class RuleFile(Contract):
    """A rules file."""

    rules: tuple[Rule, ...]

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        seen: set[str] = set()
        for rule in self.rules:
            if rule.id in seen:
                raise ValueError(f"rule id {rule.id!r} is given twice")
            seen.add(rule.id)
        return self


class RuleView(Contract):
    """A rule as it is in force. `origin`: "file", or "person" once somebody has edited it."""

    kind: Literal["rule"] = "rule"
    id: Id
    revision: int
    rule: Rule
    origin: Literal["file", "person"]
    changed_by: str
    changed_at: int


class Note(Contract):
    """What somebody wrote on an alert."""

    at: int
    by: PersonName
    text: Annotated[str, StringConstraints(max_length=2000)]


class Alert(Contract):
    """A rule at one scope, as it stands since `since` (event time, ms).

    `revision` grows by one with every change, a person's or its own. An *episode* begins with pending and ends with
    inactive; acknowledgement, assignee and notes belong to it. Acknowledged is not silenced: others still see it.
    `hidden_by`: what keeps it from being told: "snoozed", "dismissed", "silence:ID" or
    "inhibited:ALERT". Wall times are epoch ms.
    """

    kind: Literal["alert"] = "alert"
    id: str = Field(description="rule|scope; of an adherence alert rule|scope|event time at which it began")
    rule: str = Field(description="of an adherence alert its contracts.adherence.AdherenceKind")
    scope: str
    scope_kind: ScopeKind
    site: str | None = Field(default=None, description="None where it belongs to no single one")
    team: str = Field(default="", description="of an adherence alert: it is for this team's lead and nobody else")
    cost: float | None = Field(default=None, description="of an adherence alert: see absence_cost in the catalogue")
    state: AlertState
    since: int
    episode: int = Field(default=0, description="event time at which the episode began")
    value: float | None
    threshold: float
    metric: str
    severity: Severity
    name: Text
    revision: int = 0
    owner: Role = "supervisor"
    labels: dict[str, str] = Field(default_factory=dict)
    runbook: Text | None = None
    link: str = ""
    group: str = ""
    acknowledged_by: str = ""
    acknowledged_at: int | None = None
    assignee: str = ""
    notes: tuple[Note, ...] = ()
    snoozed_until: int | None = None
    hidden_by: str = ""
    escalated_at: int | None = None
    flaps: int = Field(default=0, description="times it fired again within the last hour of event time")
    flapping: bool = Field(default=False, description="it is told once, until it has been quiet for a while")
    handled: Literal["", "coached", "excused", "dismissed"] = Field(
        default="", description="what the lead made of an adherence alert"
    )
    handled_by: str = ""
    handled_at: int | None = None


class AlertTransition(Contract):
    """One step of one alert. The id is deterministic, so a replay says the same again: rule|scope|to|at.

    `previous` = the present state where something else changed: what a person did, an escalation, a snooze that ended.
    Then the id ends in `|revision`.
    """

    kind: Literal["transition"] = "transition"
    id: str
    at: int = Field(description="event time of the scope")
    wall_at: int = Field(default=0, description="wall clock of the newest tick, ms; 0: none yet")
    previous: AlertState
    alert: Alert
    tell: bool = Field(default=False, description="whether people are to be notified: not hidden, not damped")
    why: str = Field(
        default="", description="acknowledged, assigned, noted, snoozed, escalated … where no state changed"
    )


class Matcher(Contract):
    """Globs that must all match; a name may be rule, scope, site, severity, owner, or a label's."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    match: Annotated[str, StringConstraints(min_length=1, max_length=160)]


class Silence(Contract):
    """Alerts that match are not told until `until` (wall clock, ms); they stay visible."""

    kind: Literal["silence"] = "silence"
    id: str
    revision: int
    matchers: Annotated[tuple[Matcher, ...], Field(min_length=1, max_length=16)]
    since: int
    until: int
    reason: str
    by: PersonName
    ended_by: str = Field(default="", description="who ended it early, or floorwatch when its time was over")
