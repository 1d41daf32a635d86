"""The life of one alert: a rule at one scope, on event time.

    inactive ──breach──> pending ──still breached after for_s──> firing ──clear──> resolved ──15 min──> inactive
                            │                                       │                 │
                            └──no breach──> inactive                │                 └──breach──> pending
                                                                    └──the feed falls silent──> stale ──> as it is then

A reading holds until something else is known, and the feed's clock says how far that has lasted. So a rule fires at the
very moment when `for_s` is over, whenever we hear of it. `for_s` 0 goes to firing at once. Between `threshold` and
`clear` a pending alert ends and a firing one goes on; it also goes on for `keep_firing_for_s` after it was cleared. A
value that is missing is no breach: what was pending ends, what fires is resolved, and after `no_data_after_s` that is a
state of its own. A silent feed moves no clock and decides nothing: what is pending or firing is stale until it speaks.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from services.alerts.domain.conditions import Reading, Verdict
from services.contracts.alerts import Alert, AlertState, AlertTransition, Rule

RESOLVED_FOR_MS = 15 * 60 * 1000
LEAP_MS = 8 * 86_400_000
FLAP_SPAN_MS = 60 * 60 * 1000
FLAPS = 3
"""Who fires so many times again within an hour flaps: it is told once more, and then when it has been quiet."""


class Stored(msgspec.Struct, array_like=True):
    """What of a watch can't be read from the floor again."""

    alert: bytes
    cleared_since: int | None
    unknown_since: int | None
    fired: list[int]
    fired_wall: int
    was: AlertState


class Watch:
    """One rule at one scope. Feed it readings with their time, and time; ask what happened.

    Times are epoch ms of the scope's clock and never go back; transitions of one alert have different times, so that
    their ids are unique.

    Attributes:
        site: of the next episode: an agent may be at another one by then. An alert stays where it began.
    """

    __slots__ = (
        "_cleared_since", "_fired", "_metric", "_reading", "_turn", "_unknown_since", "_was", "alert", "fired_wall",
        "now", "rule", "scope", "site", "wall_at",
    )  # fmt: skip

    def __init__(
        self, rule: Rule, scope: str, now: int, *, site: str | None, stored: Stored | None = None, metric: str = ""
    ) -> None:
        """Begin at `now`, with the alert as it was stored. `metric` is shown instead of the rule's."""
        self.rule, self.scope, self.now = rule, scope, now
        self.alert: Alert | None = None
        self.fired_wall = self.wall_at = 0
        self.site, self._metric = site, metric or rule.compares[0].metric
        self._reading: Reading | None = None
        self._turn: int | None = None  # the next of the reading
        self._cleared_since: int | None = None
        self._unknown_since: int | None = None
        self._fired: list[int] = []
        self._was: AlertState = "inactive"
        if stored is not None:
            self.alert = Alert.model_validate_json(stored.alert) if stored.alert else None
            self._cleared_since, self._unknown_since = stored.cleared_since, stored.unknown_since
            self._fired, self.fired_wall, self._was = stored.fired, stored.fired_wall, stored.was

    @property
    def state(self) -> AlertState:
        """Where it stands."""
        return self.alert.state if self.alert else "inactive"

    def store(self) -> Stored | None:
        """What to keep; None: nothing. One that has just become inactive still decides when it may begin anew."""
        fired = self._fired_within(self.now)
        gone = self.alert is None or (self.alert.state == "inactive" and self.alert.since < self.now)
        if gone and not fired and self._unknown_since is None:
            return None
        alert = b"" if gone or self.alert is None else self.alert.model_dump_json().encode()
        return Stored(alert, self._cleared_since, self._unknown_since, fired, self.fired_wall, self._was)

    def hold(self, at: int, reading: Reading) -> Iterator[AlertTransition]:
        """From `at` (or now, if that is past) on, this is what is known."""
        yield from self.pass_time(at - 1)
        self.now = max(self.now, at)
        self.go_on(reading)
        yield from self._look()

    def go_on(self, reading: Reading) -> None:
        """After a restart: this is what was known."""
        self._reading, self._turn = reading, reading.turn(self.now)

    def pass_time(self, to: int) -> Iterator[AlertTransition]:
        """What is known has lasted until `to`, that moment included.

        A clock that leaps over more than a week, which no floor's does, is not followed through all the days between.
        """
        last = min(to, self.now + LEAP_MS)
        while (instant := self._next()) is not None and instant <= last:
            self._move(instant)
            yield from self._look()
        self._move(last)
        if last < to:
            self._move(to)
            yield from self._look()

    def _move(self, to: int) -> None:
        self.now = max(self.now, to)
        if self._reading is not None and self._turn is not None and self._turn <= self.now:
            self._turn = self._reading.turn(self.now)

    def fall_silent(self) -> Iterator[AlertTransition]:
        """The feed is silent: nobody knows whether it is still so."""
        if self.state in {"pending", "firing"}:
            self._was = self.state
            yield self._enter("stale")

    def speak(self) -> Iterator[AlertTransition]:
        """The feed speaks again: it goes on where it was."""
        if self.state == "stale":
            yield self._enter(self._was)
            yield from self._look()

    def end(self, at: int) -> Iterator[AlertTransition]:
        """The rule or the scope is gone: what fires is resolved, and nothing of it stays."""
        self.now = max(self.now, at)
        if self.state in {"firing", "stale"}:
            yield self._enter("resolved")
        if self.state != "inactive":
            yield self._enter("inactive")
        if self.alert is not None:
            self.now = max(self.now, self.alert.since)

    def change(self, why: str, **fields: object) -> AlertTransition:
        """Something else than the state changed: by a person, by silence, as time passed."""
        assert self.alert is not None, "only what is there can be changed"
        self.alert = self.alert.model_copy(update={**fields, "revision": self.alert.revision + 1})
        at = max(self.now, self.alert.since)
        id_ = f"{self.alert.id}|{self.alert.state}|{at}|{self.alert.revision}"
        return AlertTransition(
            id=id_, at=at, wall_at=self.wall_at, previous=self.alert.state, alert=self.alert, why=why
        )

    def _next(self) -> int | None:
        """The next moment after now at which something may happen by itself."""
        due = [] if self._turn is None else [self._turn]
        if self.alert is not None:
            if self.alert.state == "pending":
                due.append(self.alert.since + _ms(self.rule.for_s))
            elif self.alert.state == "resolved":
                due.append(self.alert.since + RESOLVED_FOR_MS)
            elif self.alert.state == "firing" and self._cleared_since is not None:
                due.append(self._cleared_since + _ms(self.rule.keep_firing_for_s))
        if self._unknown_since is not None and self.rule.no_data_after_s is not None and self.state != "no_data":
            due.append(self._unknown_since + _ms(self.rule.no_data_after_s))
        return min((at for at in due if at > self.now), default=None)

    def _look(self) -> Iterator[AlertTransition]:
        if self._reading is None or self.state == "stale":
            return
        verdict = self._reading.at(self.now)
        if verdict.has_data:
            self._unknown_since = None
        elif self._unknown_since is None:
            self._unknown_since = self.now
        if self.state == "firing":
            yield from self._look_at_firing(verdict)
        elif verdict.breached:
            if self.state != "pending":
                yield self._enter("pending" if self.rule.for_s else "firing", verdict)
            elif self.alert is not None and self.now >= self.alert.since + _ms(self.rule.for_s):
                yield self._enter("firing", verdict)
        elif (
            self.state == "pending"
            or (self.state == "resolved" and self.alert is not None and self.now >= self.alert.since + RESOLVED_FOR_MS)
            or (self.state == "no_data" and verdict.has_data)
        ):
            yield self._enter("inactive", verdict)
        if self._lacks_data() and self.state in {"inactive", "resolved"}:
            yield self._enter("no_data", verdict)

    def _look_at_firing(self, verdict: Verdict) -> Iterator[AlertTransition]:
        if verdict.has_data and not verdict.cleared:
            self._cleared_since = None
            return
        self._cleared_since = self.now if self._cleared_since is None else self._cleared_since
        if self.now >= self._cleared_since + _ms(self.rule.keep_firing_for_s):
            yield self._enter("resolved", verdict)

    def _lacks_data(self) -> bool:
        limit = self.rule.no_data_after_s
        return limit is not None and self._unknown_since is not None and self.now >= self._unknown_since + _ms(limit)

    def _enter(self, state: AlertState, verdict: Verdict | None = None) -> AlertTransition:
        rule, before, previous = self.rule, self.alert, self.state
        at = self.now if before is None else max(self.now, before.since + 1)
        value = verdict.value if verdict else before.value if before else None
        kept = before if before is not None and previous != "inactive" else None
        first = rule.compares[0]
        fields: dict[str, Any] = {
            "state": state, "since": at, "value": value, "threshold": first.threshold, "metric": self._metric,
            "severity": rule.severity, "name": rule.name, "labels": rule.labels, "runbook": rule.runbook,
            "link": rule.link, "revision": kept.revision + 1 if kept else 1,
        }  # fmt: skip
        if state == "firing" and previous != "stale":
            fields |= self._fire(at, again=kept is not None and bool(self._fired) and self._fired[-1] >= kept.episode)
        if kept is not None:
            self.alert = kept.model_copy(update=fields)
        else:
            fields = {"owner": rule.owner} | fields
            self.alert = Alert(
                id=f"{rule.id}|{self.scope}", rule=rule.id, scope=self.scope, scope_kind=rule.scope.kind,
                site=self.site, episode=at, group=group_of(rule, self.site), **fields,
            )  # fmt: skip
        self._cleared_since = None
        id_ = f"{self.alert.id}|{state}|{at}"
        return AlertTransition(id=id_, at=at, wall_at=self.wall_at, previous=previous, alert=self.alert)

    def _fire(self, at: int, *, again: bool) -> dict[str, Any]:
        """It fires: for the first time, or again; whoever looked after it before is asked anew."""
        flaps = sum(when > at - FLAP_SPAN_MS for when in self._fired)
        self._fired = [*self._fired_within(at), at]
        self.fired_wall = self.wall_at
        anew: dict[str, Any] = {"acknowledged_by": "", "acknowledged_at": None} if again else {}
        owner = {"owner": self.rule.owner, "escalated_at": None}
        return {"flaps": flaps, "flapping": flaps >= FLAPS, **owner, **anew}

    def _fired_within(self, now: int) -> list[int]:
        """Moments of the last hour at which it fired; or else the last one, which an episode remembers."""
        recent = [at for at in self._fired if at > now - FLAP_SPAN_MS]
        return recent or (self._fired[-1:] if self.state != "inactive" else [])


def group_of(rule: Rule, site: str | None) -> str:
    """What alerts are told together by."""
    match rule.group_by:
        case "none":
            return ""
        case "rule":
            return rule.id
        case "site":
            return f"{rule.id}|{site or ''}"
    return f"{rule.id}|{rule.labels.get(rule.group_by, '')}"


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
