"""Adherence alerts that go on: which of them begin, go on and end, as agents and time say.

What has lasted for its limit fires at the moment when the limit was over, by the clock of the agents' feed, as soon as
that clock has come a little further: tiles that are on their way may still say that it was over before. Where many of a
team went out at one moment, or nobody knows of them, the lead is told once.
"""

from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator
from typing import cast

from services.alerts.domain.adherence.episode import RESOLVED_FOR_MS, Episode, Kept
from services.alerts.domain.adherence.findings import BY_PLAN, Finding, ended_at
from services.alerts.domain.adherence.roster import Roster
from services.alerts.domain.adherence.texts import RUNBOOKS, name_of_agents, name_of_teams
from services.alerts.domain.floor import Floor, site_of
from services.contracts.adherence import AdherenceKind
from services.contracts.alerts import Alert, AlertTransition
from services.contracts.topology import Text

SETTLE_MS = 2_000
"""A clock may overtake the tiles of its own moment by so much."""
LINK = "/team?team="
Steps = Generator[AlertTransition, None, Episode | None]


class Episodes:
    """By id, from their firing until a while after they are over. Everything is read off the floor but they."""

    def __init__(self, floor: Floor, roster: Roster, kept: Iterable[Kept] = ()) -> None:
        """Go on with those that were kept."""
        self._floor, self.roster = floor, roster
        self.held: dict[str, Episode] = {}
        self._by_scope: defaultdict[str, set[str]] = defaultdict(set)  # agent or team
        for episode in map(Episode.restore, kept):
            self._hold(episode)
        self._unknown = {agent.team for agent in floor.agents.values() if agent.team and roster.is_unknown(agent)}

    def now(self, site: str) -> int:
        """How far it is known what a site's agents do (epoch ms)."""
        return self._floor.staff_clocks.at(site)

    def of(self, scope: str) -> list[Episode]:
        """Episodes about an agent or a team, those that are over included."""
        return [self.held[id_] for id_ in sorted(self._by_scope.get(scope, ()))]

    # -- agents change

    def see(self, agents: Iterable[str]) -> Iterator[AlertTransition]:
        """These agents are other than before: what goes on, ends, or is not known any more, of them and their teams."""
        teams: set[str] = set()
        for id_ in sorted(agents):
            teams |= self.roster.see(id_)
            for episode in self.of(id_):
                if episode.is_open:
                    yield from self._go_on(episode, id_)
        for team in sorted(teams):
            for episode in self.of(team):
                if episode.is_open and not self._goes_on(episode, team):
                    at = max((agent.as_of for agent in self.roster.members(team)), default=0)
                    yield self._step(episode).enter("resolved", at)
            (self._unknown.add if self.roster.unknown(team) else self._unknown.discard)(team)

    def _go_on(self, episode: Episode, id_: str) -> Iterator[AlertTransition]:
        agent, found, alert = self._floor.agents[id_], self.roster.found.get(id_), episode.alert
        self._step(episode)
        if self.roster.is_unknown(agent) and agent.team:
            if alert.state == "firing":
                at = agent.as_of if agent.adherence == "unknown" else max(agent.as_of, self.now(agent.site))
                yield episode.enter("stale", at)
            return
        same = found is not None and found.kind == alert.rule
        if found is not None and found.kind == "long-in-state":
            same = same and found.since <= episode.fired_at  # else it is another time in this state
        if not same:
            yield episode.enter("resolved", ended_at(agent, kind_of(alert)))
            return
        if alert.state == "stale":
            yield episode.enter("firing", agent.as_of)
        if agent.team != alert.team:
            yield episode.change("moved", agent.as_of, team=agent.team, site=agent.site, link=LINK + agent.team)

    def _goes_on(self, episode: Episode, team: str) -> bool:
        if episode.alert.rule == "team-unknown":
            return bool(self.roster.unknown(team))
        return self.still_out(episode) >= self.roster.limits.together_least

    def still_out(self, episode: Episode) -> int:
        """How many of those who went out at one moment still are, or nobody knows."""
        found = self.roster.found
        return sum(
            (id_ in found and found[id_].kind in BY_PLAN) or self.roster.is_unknown(self._floor.agents[id_])
            for id_ in episode.agents
        )

    # -- time passes

    def pass_time(self, sites: set[str], seen: set[str]) -> Iterator[AlertTransition]:
        """Alerts whose limit is over, in the order in which it was; and those that were resolved long ago go.

        Args:
            sites: of which more is known by the clock of their agents' feed.
            seen: agents who are other than before.
        """
        if not (sites or seen):
            return
        due: list[tuple[int, str, Finding]] = []
        for id_ in self.roster.found if sites else seen & self.roster.found.keys():
            agent, found = self._floor.agents[id_], self.roster.found[id_]
            ripe = found.due + SETTLE_MS <= self.now(agent.site) and (agent.site in sites or id_ in seen)
            if ripe and not self.roster.is_unknown(agent):
                due.append((found.due, id_, found))
        for _, id_, found in sorted(due, key=lambda one: one[:2]):
            yield from self._fire(id_, found)
        for team in sorted(self._unknown):
            yield from self._fire_unknown(team)
        for id_, episode in sorted(self.held.items()):
            over = episode.alert.since + RESOLVED_FOR_MS
            if episode.alert.state == "resolved" and over <= self.now(episode.alert.site or ""):
                yield self._forget(id_, over)

    def _fire(self, id_: str, found: Finding) -> Iterator[AlertTransition]:
        mine = self.of(id_)
        if any(episode.is_open and episode.alert.rule == found.kind for episode in mine):
            return
        agent = self._floor.agents[id_]
        at = max([found.due, *(episode.alert.since for episode in mine)])
        group = None
        if found.kind in BY_PLAN:
            group = yield from self._group(agent.team, found, at)
        known = self.held.get(id_of(found.kind, id_, found.since))
        for old in mine:
            if old is not known and old.alert.rule == found.kind:
                yield self._forget(old.alert.id, at)
        episode = known or self._begin(found.kind, id_, found.since, agent.team, [id_])
        cost = self.roster.cost([id_], found.kind)
        state, _, reason = agent.state.partition(":")
        labels = {
            "agent": id_, "name": agent.name or id_, "state": state, "reason": reason[:128],
            "activity": agent.activity, "planned": agent.planned or "",
        }  # fmt: skip
        hidden_by = episode.alert.hidden_by if group is None else f"inhibited:{group.alert.id}"
        name = name_of_agents(found.kind, (agent.name or id_)[:80], agent)
        yield self._step(episode).enter(
            "firing", at, name=name, value=cost, cost=cost, labels=labels, hidden_by=hidden_by
        )  # fmt: skip

    def _group(self, team: str, found: Finding, at: int) -> Steps:
        """The alert of those who went out together with one whose limit is over, if they are so many."""
        ids = self.roster.together(team, found.since)
        within_ms = self.roster.limits.together_s * 1000
        for episode in self.of(team):
            near = abs(episode.alert.episode - found.since) <= within_ms
            if episode.is_open and episode.alert.rule == "team-out" and near:
                episode.agents = sorted({*episode.agents, *ids})
                return episode
        if not ids:
            return None
        since = min(self.roster.found[id_].since for id_ in ids)
        group = self.held.get(id_of("team-out", team, since)) or self._begin("team-out", team, since, team, ids)
        yield self._tell_of_team(group, at, ids)
        return group

    def _fire_unknown(self, team: str) -> Iterator[AlertTransition]:
        if any(one.is_open and one.alert.rule == "team-unknown" for one in self.of(team)):
            return
        unknown = self.roster.unknown(team)
        now = self.now(site_of(team))
        if any(self._floor.agents[id_].site in self.roster.silent for id_ in unknown):
            since = due = now
        else:
            since = min(self._floor.agents[id_].adherence_since for id_ in unknown)
            due = since + self.roster.limits.unknown_s * 1000
        if unknown and due <= now:
            known = self.held.get(id_of("team-unknown", team, since))
            group = known or self._begin("team-unknown", team, since, team, unknown)
            yield self._tell_of_team(group, due, unknown)

    def _tell_of_team(self, group: Episode, at: int, ids: list[str]) -> AlertTransition:
        kind = kind_of(group.alert)
        group.agents = ids
        name = name_of_teams(kind, self.roster.name_of(group.alert.team), len(ids))
        return self._step(group).enter("firing", at, name=name, value=float(len(ids)), cost=self.cost(group))

    # -- episodes

    def cost(self, episode: Episode) -> float:
        """What it costs the service level now."""
        return self.roster.cost(episode.agents, kind_of(episode.alert))

    def _begin(self, kind: AdherenceKind, scope: str, since: int, team: str, agents: list[str]) -> Episode:
        """An episode that is about to fire."""
        of_team = scope == team
        least = {"team-out": self.roster.limits.together_least}.get(kind, 1 if of_team else 0)
        alert = Alert(
            id=id_of(kind, scope, since), rule=kind, scope=scope, scope_kind="team" if of_team else "agent",
            site=site_of(team) if of_team else self._floor.agents[scope].site, team=team, cost=0.0, state="inactive",
            since=since, episode=since, value=0.0, threshold=float(least),
            metric="adherence" if of_team else "absence_cost", severity="warning", name=Text(en=kind, zh=kind),
            owner="team_lead", runbook=RUNBOOKS[kind], link=LINK + team, group=f"{kind}|{team}",
        )  # fmt: skip
        episode = Episode(alert, agents)
        self._hold(episode)
        return episode

    def _forget(self, id_: str, at: int) -> AlertTransition:
        episode = self.held.pop(id_)
        self._by_scope[episode.alert.scope].discard(id_)
        return self._step(episode).enter("inactive", at)

    def _hold(self, episode: Episode) -> None:
        self.held[episode.alert.id] = episode
        self._by_scope[episode.alert.scope].add(episode.alert.id)

    def _step(self, episode: Episode) -> Episode:
        episode.wall_at = self._floor.wall_at
        return episode


def id_of(kind: AdherenceKind, scope: str, since: int) -> str:
    """Id of an alert: the same episode has the same, whenever it is heard of."""
    return f"{kind}|{scope}|{since}"


def kind_of(alert: Alert) -> AdherenceKind:
    """Which kind of adherence alert it is."""
    return cast(AdherenceKind, alert.rule)
