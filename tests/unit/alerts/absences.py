"""A desk that looks after adherence, and agents whose tiles are written second by second."""

from collections.abc import Iterable
from typing import Any

from services.alerts.domain.adherence import Adherence
from services.alerts.domain.alerts import Alerts
from services.alerts.domain.desk import Desk
from services.alerts.domain.section import Fact
from services.contracts.adherence import AdherenceLimits
from services.contracts.agents import AgentTile, AgentTotals
from services.contracts.alerts import Alert, AlertTransition
from services.contracts.desk import AnyCommand, News, Outcome
from services.contracts.metrics import FeedClock
from services.contracts.schedules import AdherenceException
from tests.unit.alerts.floor import NAMES, clock, command, transitions

TEAM = "bank/blue"
LIMITS = AdherenceLimits(not_signed_in_s=60, late_from_break_s=60, out_s=120, unknown_s=60)
SETTLE = 2
"""So many seconds after it was due an alert is told."""


def agent(
    id_: str, at: float, *, since: float | None = None, planned: str | None = "on_queue", **how: Any
) -> AgentTile:
    """At work unless it says otherwise; `since`: both the state's and the adherence's."""
    began = round((at if since is None else since) * 1000)
    told: dict[str, Any] = {
        "state": "available", "reason": "", "activity": "on_queue", "adherence": "in", "team": TEAM, "site": "bank",
        "queues": ("bank/PS",), "name": id_.title(), "contact": "", "next_planned": None, "next_change_at": None,
        "date": "1970-01-01", "totals": AgentTotals(), "since": began, "adherence_since": began,
    }  # fmt: skip
    times: dict[str, int] = {name: round(how.pop(name) * 1000) for name in (*how,) if name.endswith("_since")}
    if "state_since" in times:
        times["since"] = times.pop("state_since")
    return AgentTile.model_validate(
        told | {"id": id_, "as_of": round(at * 1000), "offset": 0, "planned": planned} | how | times
    )


def on_break(id_: str, at: float, *, since: float, out: float | None = None) -> AgentTile:
    """On a break since then; out of adherence since `out`."""
    late = {} if out is None else {"adherence": "out", "adherence_since": out}
    how = {"state": "not_ready", "reason": "break", "activity": "break", "state_since": since, **late}
    return agent(id_, at, planned="break" if out is None else "on_queue", since=since, **how)


def gone(id_: str, at: float, *, out: float, **more: Any) -> AgentTile:
    """Offline in planned work."""
    return agent(id_, at, state="offline", activity="absent", adherence="out", adherence_since=out, since=out, **more)


def staff_clock(at: float, site: str = "bank", partition: int = 0) -> FeedClock:
    """The agents' feed of a site has come so far."""
    return clock(site, at, partition=partition, topic="agents")


def said(steps: Iterable[AlertTransition]) -> list[str]:
    """`kind scope: what it is now (or what was done) at seconds`, with ! where the lead is told."""
    return [
        f"{step.alert.rule} {step.alert.scope}: {step.why or step.alert.state} at {step.at / 1000:g}"
        + ("!" if step.tell else "")
        for step in steps
    ]


class LeadsDesk:
    """The two sections that have alerts; no rules."""

    def __init__(self, limits: AdherenceLimits = LIMITS) -> None:
        self.limits = limits
        self._build()
        self.desk.restore(None)
        self.facts: list[Fact] = []
        self.take([command("put_adherence_limits", "adherence", 0, role="administrator", limits=limits)])
        self.facts.clear()

    def _build(self) -> None:
        rules = Alerts(NAMES)
        self.section = Adherence(NAMES, len, rules.silenced)
        self.desk = Desk(NAMES, [self.section, rules])

    def take(self, items: Iterable[News | AnyCommand]) -> list[str]:
        facts = self.desk.take(items)
        self.facts += facts
        return said(transitions(facts))

    def do(self, what: str, target: str, at: float, *, by: Any = None, **more: Any) -> Outcome:
        given = command(what, target, at, by="lea", role="team_lead", **more)
        if by is not None:
            given = given.model_copy(update={"by": by, "id": f"{given.id}-{by.name}"})
        self.take([given])
        return next(fact.value for fact in reversed(self.facts) if isinstance(fact.value, Outcome))

    def restart(self) -> None:
        kept = self.desk.snapshot()
        self._build()
        assert self.desk.restore(kept) == []

    @property
    def steps(self) -> list[AlertTransition]:
        return transitions(self.facts)

    @property
    def exceptions(self) -> list[tuple[Fact, AdherenceException]]:
        return [(fact, fact.value) for fact in self.facts if isinstance(fact.value, AdherenceException)]

    def alert(self, id_: str) -> Alert:
        return next(one for one in self.section.alerts() if one.id == id_)

    def told(self) -> list[str]:
        """What the leads have been told so far."""
        return said(step for step in self.steps if step.tell)
