"""Agents by team, and what there is to say of each now: all of it is read off the floor, and nothing is kept."""

from collections import defaultdict
from collections.abc import Iterable

from services.alerts.domain.adherence.findings import BY_PLAN, ActivityKinds, Finding, find
from services.alerts.domain.conditions.place import Place
from services.alerts.domain.conditions.staff import queue_cost
from services.alerts.domain.floor import Floor
from services.alerts.domain.values import AgentNow
from services.contracts.adherence import AdherenceKind, AdherenceLimits
from services.contracts.topology import DEFAULT_ACTIVITIES, Activities, Team, Text

ACTIVITIES = "activities|activities"


class Roster:
    """Kept up to date by `see`; agents without a team have no lead, and nothing is said of them."""

    def __init__(self, floor: Floor, limits: AdherenceLimits) -> None:
        """Everybody on the floor."""
        self._floor, self.limits = floor, limits
        described = floor.described.get(ACTIVITIES)
        self.kinds = ActivityKinds(described if isinstance(described, Activities) else DEFAULT_ACTIVITIES)
        self.found: dict[str, Finding] = {}
        self.silent = {site for site in floor.heard if floor.is_silent(site)}
        self._teams: defaultdict[str, set[str]] = defaultdict(set)
        self._team_of: dict[str, str] = {}
        for agent in floor.agents:
            self.see(agent)

    def see(self, id_: str) -> set[str]:
        """An agent is other than before. Answers with the teams that this concerns."""
        agent = self._floor.agents[id_]
        before, team = self._team_of.get(id_, ""), agent.team
        self._teams[before].discard(id_)
        self._teams[team].add(id_)
        self._team_of[id_] = team
        found = find(agent, self.limits, self.kinds) if team else None
        if found is None:
            self.found.pop(id_, None)
        else:
            self.found[id_] = found
        return {before, team} - {""}

    def members(self, team: str) -> list[AgentNow]:
        """Agents of a team."""
        return [self._floor.agents[id_] for id_ in sorted(self._teams.get(team, ()))]

    def is_unknown(self, agent: AgentNow) -> bool:
        """Whether somebody who should be known of is not, by the feed or by its silence."""
        nobody_tells = agent.site in self.silent or agent.adherence == "unknown"
        return nobody_tells and (self.kinds.scheduled(agent) or agent.state != "offline")

    def unknown(self, team: str) -> list[str]:
        """Agents of a team of whom nobody knows."""
        ids = sorted(self._teams.get(team, ()))
        return [id_ for id_ in ids if self.is_unknown(self._floor.agents[id_])]

    def together(self, team: str, since: int) -> list[str]:
        """Agents of a team who went out at about that moment, if they are so many that it is no matter of each."""
        ids, planned = [], 0
        for id_ in sorted(self._teams.get(team, ())):
            planned += self.kinds.scheduled(self._floor.agents[id_])
            found = self.found.get(id_)
            if (
                found is not None
                and found.kind in BY_PLAN
                and abs(found.since - since) <= self.limits.together_s * 1000
            ):
                ids.append(id_)
        return ids if len(ids) >= self.limits.together_least and 2 * len(ids) >= planned else []

    def cost(self, ids: Iterable[str], kind: AdherenceKind) -> float:
        """What these absences cost the service level now: see absence_cost in the catalogue."""
        return round(sum(self._cost(id_, kind) for id_ in ids), 3)

    def _cost(self, id_: str, kind: AdherenceKind) -> float:
        agent, place = self._floor.agents[id_], Place(self._floor, "agent", id_)
        misses = self._floor.staff.misses(agent)
        if kind != "long-in-state" and not misses:
            return 0.0
        beside = 0 if misses else 1
        return sum((queue_cost(queue, place, beside=beside) for queue in agent.queues), 0.0)

    def name_of(self, team: str) -> Text:
        """A team's name."""
        found = self._floor.described.get(f"team|{team}")
        return found.name if isinstance(found, Team) else Text(en=team, zh=team)
