"""The life of one adherence alert, on event time.

    inactive ──due──> firing ──over──> resolved ──15 min──> inactive
                        │                 └──the same goes on──> firing
                        └──nobody knows──> stale ──known again──> firing, or resolved if it is over

Before it fires nothing is kept of it: the agent's tile says since when it lasts. What a lead did about it stays as long
as it goes on, so that what was dismissed does not come back.
"""

from typing import Any

import msgspec

from services.contracts.alerts import Alert, AlertState, AlertTransition

RESOLVED_FOR_MS = 15 * 60 * 1000


class Kept(msgspec.Struct, array_like=True):
    """All that is kept of an episode. `agents`: whom it is about; `fired_at`: event time, ms; `told`: the lead was."""

    alert: bytes
    agents: list[str]
    fired_at: int
    told: bool


class Episode:
    """One alert from its firing on."""

    __slots__ = ("agents", "alert", "fired_at", "told", "wall_at")

    def __init__(self, alert: Alert, agents: list[str], fired_at: int = 0, *, told: bool = False) -> None:
        """`alert` is inactive at first; `enter` begins it."""
        self.alert, self.agents, self.fired_at, self.told = alert, agents, fired_at, told
        self.wall_at = 0

    @classmethod
    def restore(cls, kept: Kept) -> "Episode":
        """As it was kept."""
        return cls(Alert.model_validate_json(kept.alert), kept.agents, kept.fired_at, told=kept.told)

    def store(self) -> Kept:
        """What to keep."""
        return Kept(self.alert.model_dump_json().encode(), self.agents, self.fired_at, self.told)

    @property
    def is_open(self) -> bool:
        """Whether it goes on, as far as anybody knows."""
        return self.alert.state in {"firing", "stale"}

    def enter(self, state: AlertState, at: int, **fields: Any) -> AlertTransition:
        """The next step. Steps of one alert have different times, so that their ids are unique."""
        before = self.alert
        at = at if before.state == "inactive" else max(at, before.since + 1)
        if state == "firing":
            self.fired_at = at
        self.alert = before.model_copy(update={**fields, "state": state, "since": at, "revision": before.revision + 1})
        tell = _is_news(before, self.alert)
        self.told = tell or self.told
        return AlertTransition(
            id=f"{before.id}|{state}|{at}", at=at, wall_at=self.wall_at, previous=before.state, alert=self.alert,
            tell=tell,
        )  # fmt: skip

    def change(self, why: str, at: int, **fields: Any) -> AlertTransition:
        """Something else than the state changed. One that is shown again is told if it was not, or a person hid it."""
        before = self.alert
        self.alert = before.model_copy(update={**fields, "revision": before.revision + 1})
        at = max(at, before.since)
        by_a_person = before.hidden_by.partition(":")[0] in {"snoozed", "silence"}
        tell = why == "shown" and before.state == "firing" and not before.handled and (by_a_person or not self.told)
        self.told = tell or self.told
        return AlertTransition(
            id=f"{before.id}|{before.state}|{at}|{self.alert.revision}", at=at, wall_at=self.wall_at,
            previous=before.state, alert=self.alert, why=why, tell=tell,
        )  # fmt: skip


def _is_news(before: Alert, now: Alert) -> bool:
    """It begins, or what concerned a whole team is over. A lead sees by the page that a single agent is back."""
    if now.hidden_by or now.handled:
        return False
    if now.state == "firing":
        return before.state in {"inactive", "resolved"}
    return now.state == "resolved" and now.scope_kind == "team"
