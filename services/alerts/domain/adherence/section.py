"""Adherence alerts as a section of the desk: each is for the lead of the agent's team and nobody else.

The section stands before that of the rules' alerts, whose commands it takes where they are about one of its own.
"""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from services.alerts.domain.adherence.acts import LEADS_ACTS, act_of, exceptions, refused
from services.alerts.domain.adherence.episode import Episode, Kept
from services.alerts.domain.adherence.episodes import Episodes
from services.alerts.domain.adherence.roster import ACTIVITIES, Roster
from services.alerts.domain.care import KIND as ALERT
from services.alerts.domain.care import ON_ALERTS, change_of
from services.alerts.domain.floor import Floor
from services.alerts.domain.section import Answer, Changed, Fact, View
from services.contracts.adherence import AdherenceLimitsView
from services.contracts.alerts import Alert, AlertTransition
from services.contracts.desk import AnyCommand, Excuse, PutAdherenceLimits
from services.contracts.names import Names
from services.contracts.schedules import schedule_key

LIMITS = "limits"
COST_EVERY_MS = 10_000


class _Snapshot(msgspec.Struct, array_like=True):
    limits: bytes
    episodes: list[Kept]
    weighed: dict[str, int]


_decode = msgspec.msgpack.Decoder(_Snapshot).decode
_encode = msgspec.msgpack.Encoder().encode


class Adherence:
    """See services/alerts/domain/section.py for what each method must do."""

    name = "adherence"

    def __init__(self, names: Names, partition_of: Callable[[str], int], silenced: Callable[[Alert], str]) -> None:
        """The limits that are shipped, and no alerts.

        Args:
            names: of the installation.
            partition_of: an agent's partition of the schedules topic.
            silenced: id of the silence that covers an alert; empty: none.
        """
        self._names, self._partition_of, self._silenced = names, partition_of, silenced
        self._begin(Floor(), AdherenceLimitsView())

    def _begin(self, floor: Floor, view: AdherenceLimitsView, kept: Iterable[Kept] = ()) -> None:
        self._view = view
        self._episodes = Episodes(floor, Roster(floor, view.limits), kept)
        self._weighed: dict[str, int] = {}  # site → when costs were last told, by its agents' clock

    # -- the floor changes

    def look(self, floor: Floor, changed: Changed) -> list[Fact]:
        """See Section."""
        concerned = set(changed.agents & floor.agents.keys())
        if ACTIVITIES in changed.described:
            concerned |= self._learn(floor)
        roster = self._episodes.roster
        if changed.wall or changed.staffed or changed.moved:
            silent = {site for site in floor.heard if floor.is_silent(site)}
            if turned := silent ^ roster.silent:
                roster.silent = silent
                concerned |= {id_ for id_, agent in floor.agents.items() if agent.site in turned}
        happened = [*self._episodes.see(concerned), *self._episodes.pass_time(changed.staffed, concerned)]
        if happened or changed.wall:
            happened += self._hide(floor)
        return [*self._facts(happened), *self._weigh(changed.staffed)]

    def _learn(self, floor: Floor) -> set[str]:
        """Other activities or limits than before; answers with everybody."""
        self._episodes.roster = Roster(floor, self._view.limits)
        return set(floor.agents)

    def _hide(self, floor: Floor) -> Iterator[AlertTransition]:
        """Whatever hides an alert now, or does no more, is told as a change of it."""
        over: dict[str, str] = {}  # team or agent → the alert that tells of all of them
        for id_, one in sorted(self._episodes.held.items()):
            if one.is_open and one.alert.scope_kind == "team":
                over |= dict.fromkeys(one.agents if one.alert.rule == "team-out" else [one.alert.team], id_)
        for _, one in sorted(self._episodes.held.items()):
            alert, now = one.alert, self._episodes.now(one.alert.site or "")
            one.wall_at = floor.wall_at
            if alert.snoozed_until is not None and alert.snoozed_until <= floor.wall_at:
                yield one.change("woken", now, snoozed_until=None)
                alert = one.alert
            by = self._hidden_by(alert, over)
            if by != alert.hidden_by:
                yield one.change(by.partition(":")[0] or "shown", now, hidden_by=by)

    def _hidden_by(self, alert: Alert, over: dict[str, str]) -> str:
        if alert.handled == "dismissed":
            return "dismissed"
        for scope in (alert.team, alert.scope):
            if over.get(scope, alert.id) != alert.id and alert.state != "resolved":
                return f"inhibited:{over[scope]}"
        if (silence := self._silenced(alert)) != "":
            return f"silence:{silence}"
        return "snoozed" if alert.snoozed_until is not None else ""

    def _weigh(self, sites: set[str]) -> list[Fact]:
        """What the alerts of sites cost now, if that was not told a moment ago. It is no step of their lives."""
        facts = []
        for site in sorted(sites):
            now = self._episodes.now(site)
            if now < self._weighed.get(site, 0) + COST_EVERY_MS:
                continue
            self._weighed[site] = now
            for id_, one in sorted(self._episodes.held.items()):
                if one.alert.site == site and one.alert.state == "firing" and self._weigh_one(one):
                    facts.append(Fact(None, id_, None, (View(ALERT, id_, one.alert),)))
        return facts

    def _weigh_one(self, one: Episode) -> bool:
        alert, cost = one.alert, self._episodes.cost(one)
        value = cost
        if alert.rule == "team-out":
            value = float(self._episodes.still_out(one))
        elif alert.rule == "team-unknown":
            value = float(len(self._episodes.roster.unknown(alert.team)))
        one.alert = alert.model_copy(update={"cost": cost, "value": value})
        return one.alert != alert

    # -- people

    def obey(self, command: AnyCommand, floor: Floor) -> Answer | None:
        """See Section."""
        if isinstance(command, PutAdherenceLimits):
            return self._put(command, floor)
        if not isinstance(command, (*ON_ALERTS, *LEADS_ACTS)):
            return None
        one = self._episodes.held.get(command.target)
        if one is None:
            unknown = Answer("unknown_target", f"there is no adherence alert {command.target!r}")
            return unknown if isinstance(command, LEADS_ACTS) else None
        if (no := refused(command, one.alert)) is not None:
            return no
        act = act_of(command, one.alert) if isinstance(command, LEADS_ACTS) else None
        change = act or change_of(command, one.alert, floor.wall_at)
        if isinstance(change, Answer):
            return change
        one.wall_at = floor.wall_at
        happened = [one.change(change.why, self._episodes.now(one.alert.site or ""), **change.fields)]
        happened += self._hide(floor)
        facts = [*self._excuses(command, one), *self._facts(happened)]
        return Answer("done", "", f"{ALERT}|{one.alert.id}", one.alert.revision, tuple(facts))

    def _excuses(self, command: AnyCommand, one: Episode) -> list[Fact]:
        if not isinstance(command, Excuse):
            return []
        return [
            Fact(self._names.schedules, schedule_key(made), made, partition=self._partition_of(made.agent))
            for made in exceptions(command, one.alert, one.agents)
        ]

    def _put(self, command: PutAdherenceLimits, floor: Floor) -> Answer:
        view, subject = self._view, f"{LIMITS}|{self._view.id}"
        if command.target != view.id:
            return Answer("unknown_target", f"there are no limits {command.target!r}, only {view.id!r}")
        if command.expected is not None and command.expected != view.revision:
            message = f"they are at revision {view.revision}, not {command.expected}"
            return Answer("stale", message, subject, view.revision)
        if command.limits == view.limits and view.revision:
            return Answer("same", "the limits are so already", subject, view.revision)
        self._view = AdherenceLimitsView(
            revision=view.revision + 1, limits=command.limits, changed_by=command.by.name, changed_at=command.at
        )
        everybody = self._learn(floor)
        happened = [*self._episodes.see(everybody), *self._episodes.pass_time(set(), everybody), *self._hide(floor)]
        shown = Fact(None, f"{subject}|{self._view.revision}", None, (View(LIMITS, view.id, self._view),))
        return Answer("done", "", subject, self._view.revision, (shown, *self._facts(happened)))

    # -- asking and keeping

    def alerts(self) -> list[Alert]:
        """Every alert that is not inactive."""
        return [one.alert for _, one in sorted(self._episodes.held.items())]

    def views(self) -> list[View]:
        """See Section."""
        return [View(LIMITS, self._view.id, self._view), *(View(ALERT, one.id, one) for one in self.alerts())]

    def _facts(self, happened: Iterable[AlertTransition]) -> list[Fact]:
        facts = []
        for step in happened:
            view = View(ALERT, step.alert.id, None if step.alert.state == "inactive" else step.alert)
            facts.append(Fact(self._names.alerts, step.id, step, (view,)))
        return facts

    def snapshot(self) -> bytes:
        """See Section."""
        kept = [one.store() for _, one in sorted(self._episodes.held.items())]
        return bytes(_encode(_Snapshot(self._view.model_dump_json().encode(), kept, self._weighed)))

    def restore(self, snapshot: bytes | None, floor: Floor) -> list[Fact]:
        """See Section. Nothing happens by it."""
        if snapshot is None:
            self._begin(floor, AdherenceLimitsView())
            return []
        stored = _decode(snapshot)
        self._begin(floor, AdherenceLimitsView.model_validate_json(stored.limits), stored.episodes)
        self._weighed = stored.weighed
        return []
