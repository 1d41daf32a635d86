"""The life of one alert: a rule at one scope, on event time.

    inactive ──breach──> pending ──still breached after for_s──> firing ──clear──> resolved ──15 min──> inactive
                            │                                                         │
                            └──no breach──> inactive                                  └──breach──> pending

A value holds until something else is known: a tile says what is from its `as_of` on, and the feed's clock says how
far that has lasted. So a rule fires at the very moment when `for_s` is over, whenever we hear of it. `for_s` 0 goes
to firing at once. Between `threshold` and `clear` a pending alert ends and a firing one goes on. No data (None) is
neither a breach nor a reason to go on firing; a feed that is silent moves no clock, and so changes nothing.
"""

from collections.abc import Iterator
from math import floor

from services.alerts.domain.values import Held
from services.contracts.alerts import Alert, AlertState, AlertTransition, Rule, ScopeKind

RESOLVED_FOR_MS = 15 * 60 * 1000
QUIET = Held(None)


def breached(rule: Rule, value: float | None) -> bool:
    """Whether the value is beyond the threshold."""
    if value is None:
        return False
    return value > rule.threshold if rule.direction == "above" else value < rule.threshold


def cleared(rule: Rule, value: float | None) -> bool:
    """Whether the value is at `clear` or better, or there is none."""
    if value is None:
        return True
    return value <= rule.clear if rule.direction == "above" else value >= rule.clear


class Watch:
    """One rule at one scope. Feed it values with their time, and time; ask what happened.

    Times are epoch ms of the scope's clock and never go back; transitions of one alert have different times, so that
    their ids are unique.
    """

    __slots__ = ("_held", "_instants", "_scope", "_scope_kind", "alert", "now", "rule")

    def __init__(self, rule: Rule, scope: str, now: int, alert: Alert | None = None) -> None:
        """Begin at `now`, with the alert as it was stored if it was not inactive."""
        self.rule = rule
        self.now = now
        self.alert = alert
        self._scope = scope
        self._scope_kind: ScopeKind = rule.scope.kind
        self._held = QUIET
        self._instants: tuple[int, ...] = ()

    @property
    def state(self) -> AlertState:
        """Where it stands."""
        return self.alert.state if self.alert else "inactive"

    def hold(self, at: int, held: Held) -> Iterator[AlertTransition]:
        """From `at` (or now, if that is past) on, the value is `held`."""
        yield from self.pass_time(at - 1)
        self.now = max(self.now, at)
        if held != self._held:
            self._held = held
            self._instants = self._crossings()
        yield from self._look()

    def pass_time(self, to: int) -> Iterator[AlertTransition]:
        """The value has lasted until `to`, that moment included."""
        while (instant := self._next()) is not None and instant <= to:
            self.now = instant
            yield from self._look()
        self.now = max(self.now, to)

    def end(self, at: int) -> Iterator[AlertTransition]:
        """The rule or the scope is gone: what fires is resolved, and nothing of it stays."""
        self.now = max(self.now, at)
        if self.state == "firing":
            yield self._enter("resolved")
        if self.state != "inactive":
            yield self._enter("inactive")

    def _next(self) -> int | None:
        """The next moment after now at which something may happen by itself."""
        due = [instant for instant in self._instants if instant > self.now]
        if self.alert is not None:
            if self.alert.state == "pending":
                due.append(self.alert.since + self._for_ms)
            elif self.alert.state == "resolved":
                due.append(self.alert.since + RESOLVED_FOR_MS)
        return max(min(due), self.now + 1) if due else None

    @property
    def _for_ms(self) -> int:
        return round(self.rule.for_s * 1000)

    def _crossings(self) -> tuple[int, ...]:
        """Moments at which a growing wait reaches or passes the threshold or the clearing threshold."""
        oldest = self._held.oldest
        if oldest is None:
            return ()
        limits = (floor(limit * 1000) for limit in (self.rule.threshold, self.rule.clear))
        return tuple(oldest + limit + more for limit in limits for more in (0, 1))

    def _look(self) -> Iterator[AlertTransition]:
        value, state = self._held.at(self.now), self.state
        if state == "firing":
            if cleared(self.rule, value):
                yield self._enter("resolved")
            return
        if breached(self.rule, value):
            if state != "pending":
                yield self._enter("pending" if self._for_ms else "firing")
            elif self.alert is not None and self.now >= self.alert.since + self._for_ms:
                yield self._enter("firing")
        elif state == "pending" or (
            state == "resolved" and self.alert is not None and self.now >= self.alert.since + RESOLVED_FOR_MS
        ):
            yield self._enter("inactive")

    def _enter(self, state: AlertState) -> AlertTransition:
        rule, previous = self.rule, self.state
        at = self.now if self.alert is None else max(self.now, self.alert.since + 1)
        self.alert = Alert(
            id=f"{rule.id}|{self._scope}", rule=rule.id, scope=self._scope, scope_kind=self._scope_kind, state=state,
            since=at, value=self._held.at(at), threshold=rule.threshold, metric=rule.metric, severity=rule.severity,
            name=rule.name,
        )  # fmt: skip
        return AlertTransition(id=f"{self.alert.id}|{state}|{at}", at=at, previous=previous, alert=self.alert)
