"""Alert rules as the user writes them, and the transitions that they cause."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from services.contracts.definitions import DefinitionName
from services.contracts.topology import Contract, Id, Text

MetricName = Literal["service_level", "abandonment_rate", "queue_length", "longest_wait_s", "asa_s", "offered"]
"""service_level and abandonment_rate are percent of the rolling half-hour; longest_wait_s and asa_s are seconds."""

ScopeKind = Literal["queue", "site", "all"]
Severity = Literal["info", "warning", "critical"]
AlertState = Literal["inactive", "pending", "firing", "resolved"]


class Scope(Contract):
    """What a rule looks at: each queue or site whose id matches the glob `match`, or all of them as one."""

    kind: ScopeKind
    match: str = "*"


class Rule(Contract):
    """A breach: `metric` is `direction` `threshold` for `for_s` seconds of event time.

    It ends when the value is back at `clear` or better. Under `min_offered` contacts in the rolling half-hour
    a ratio says nothing, and the rule does not start.
    """

    id: Id
    name: Text
    metric: MetricName
    scope: Scope
    direction: Literal["above", "below"]
    threshold: float
    clear: float
    for_s: Annotated[float, Field(ge=0, le=86_400)] = 0
    severity: Severity = "warning"
    definition: DefinitionName | None = Field(default=None, description="None: the queue's own")
    threshold_s: int | None = Field(default=None, description="T of the service level; None: the queue's target")
    min_offered: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _clear_is_on_the_good_side(self) -> Self:
        good = self.clear <= self.threshold if self.direction == "above" else self.clear >= self.threshold
        if not good:
            side = "at or under" if self.direction == "above" else "at or over"
            raise ValueError(f"clear ({self.clear}) must lie {side} threshold ({self.threshold})")
        return self


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


class Alert(Contract):
    """A rule at one scope, as it stands since `since` (event time, ms)."""

    kind: Literal["alert"] = "alert"
    id: str = Field(description="rule|scope")
    rule: str
    scope: str
    scope_kind: ScopeKind
    state: AlertState
    since: int
    value: float | None
    threshold: float
    metric: MetricName
    severity: Severity
    name: Text


class AlertTransition(Contract):
    """One step of one alert. The id is deterministic, so a replay says the same again: rule|scope|to|at."""

    kind: Literal["transition"] = "transition"
    id: str
    at: int
    previous: AlertState
    alert: Alert
