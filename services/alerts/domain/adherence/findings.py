"""What there is to say of one agent now, by their tile.

metrics has applied tolerances, exceptions, silent feeds and contacts that began before the planned change already:
whoever is not `out` by it is not looked at again here. Of several causes there is one, that which asks most for an act.
"""

from collections import defaultdict
from typing import NamedTuple

from services.alerts.domain.values import AgentNow
from services.contracts.adherence import AdherenceKind, AdherenceLimits
from services.contracts.topology import Activities

NOT_SAID = frozenset({"ignored", "unknown"})
BY_PLAN: frozenset[AdherenceKind] = frozenset({"not-signed-in", "late-from-break", "out-of-adherence"})


class Finding(NamedTuple):
    """Something that a lead is told of once it has lasted for `limit_s` after `since` (epoch ms).

    `begun`: since when the cause is this one; who is out already may go from one to another.
    """

    kind: AdherenceKind
    since: int
    limit_s: int
    begun: int

    @property
    def due(self) -> int:
        """When it has lasted long enough."""
        return max(self.since + self.limit_s * 1000, self.begun)


class ActivityKinds:
    """What the activities of an installation count as."""

    def __init__(self, activities: Activities) -> None:
        """Read the administrator's table."""
        by_kind: defaultdict[str, set[str]] = defaultdict(set)
        for activity in activities.activities:
            by_kind[activity.counts_as].add(activity.id)
        self.work, self.breaks, self.absences = (
            frozenset(by_kind[kind]) for kind in ("work", "break", "absence")
        )  # fmt: skip

    def scheduled(self, agent: AgentNow) -> bool:
        """Whether something is planned that has to be kept."""
        return agent.planned is not None and agent.planned not in self.absences


def find(agent: AgentNow, limits: AdherenceLimits, kinds: ActivityKinds) -> Finding | None:
    """What is to be said of an agent, be it not for long enough yet; None: nothing."""
    if agent.adherence in NOT_SAID:
        return None
    if agent.adherence == "out" and kinds.scheduled(agent):
        kind, limit_s = _absence(agent, limits, kinds)
        if limit_s is not None:
            return Finding(kind, agent.adherence_since, limit_s, agent.since)
    state, _, reason = agent.state.partition(":")
    too_long_s = limits.of_state(state, reason)
    return None if too_long_s is None else Finding("long-in-state", agent.since, too_long_s, agent.since)


def _absence(agent: AgentNow, limits: AdherenceLimits, kinds: ActivityKinds) -> tuple[AdherenceKind, int | None]:
    if agent.planned in kinds.work:
        if agent.state == "offline":
            return "not-signed-in", limits.not_signed_in_s
        if agent.activity in kinds.breaks:
            return "late-from-break", limits.late_from_break_s
    return "out-of-adherence", limits.out_s


def ended_at(agent: AgentNow, kind: AdherenceKind) -> int:
    """When what was said of an agent came to its end, by the tile that does not say it any more."""
    if agent.adherence == "ignored":  # an exception also covers time that has passed
        return agent.as_of
    if kind == "long-in-state" or agent.adherence == "out":
        return agent.since
    return agent.adherence_since
