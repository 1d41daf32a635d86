"""Which activity an agent's state and reason mean, and what that activity counts as."""

from typing import NamedTuple

from services.contracts.topology import Activities, ActivityKind
from services.contracts.workforce.facts import NOT_READY, OFFLINE, STATES
from services.contracts.workforce.machine import BUSY

UNMAPPED = "unmapped"
"""Activity of a state that the table says nothing of."""
ABSENT = "absent"
"""The same of offline."""


class Doing(NamedTuple):
    """What a state and reason mean. `state_key` is that of AgentTotals.by_state_ms."""

    state_key: str
    activity: str
    signed_in: bool
    work: bool
    absence: bool
    busy: bool


class ActivityTable:
    """The activities of an installation, looked up by state code and reason."""

    def __init__(self, activities: Activities) -> None:
        """Read the administrator's table."""
        self._kinds: dict[str, ActivityKind] = {activity.id: activity.counts_as for activity in activities.activities}
        self._tolerances_ms = {activity.id: activity.tolerance_s * 1000 for activity in activities.activities}
        self._mapped = {(mapping.state, mapping.reason): mapping.activity for mapping in activities.mappings}
        self._doings: dict[tuple[int, str], Doing] = {}

    def doing(self, code: int, reason: str) -> Doing:
        """What an agent in this state, for this reason, does."""
        found = self._doings.get((code, reason))
        if found is None:
            found = self._doing(code, reason)
            if len(self._doings) < 10_000:  # reasons are free text
                self._doings[code, reason] = found
        return found

    def _doing(self, code: int, reason: str) -> Doing:
        state = STATES[code]
        default = ABSENT if code == OFFLINE else UNMAPPED
        activity = self._mapped.get((state, reason), self._mapped.get((state, ""), default))
        return Doing(
            f"{state}:{reason}" if code == NOT_READY and reason else state,
            activity,
            code != OFFLINE,
            self.is_work(activity),
            self.is_absence(activity),
            code in BUSY,
        )

    def is_work(self, activity: str) -> bool:
        """Whether it counts as time for contacts."""
        return self._kinds.get(activity) == "work"

    def is_absence(self, activity: str) -> bool:
        """Whether it means that the agent is not there."""
        return self._kinds.get(activity, "absence" if activity == ABSENT else "other") == "absence"

    def tolerance_ms(self, activity: str) -> int:
        """So late or early is still in."""
        return self._tolerances_ms.get(activity, 0)
