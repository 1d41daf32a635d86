"""How long the condition of a level has held, on event time.

    idle ──breach──> held ──for long enough──> due ──cleared──> idle
                      └──no breach──> idle

An episode lasts from the breach until the condition is cleared; one that is *spent* (declined, or gone through) asks
for nothing any more. Without data nothing begins, and nothing that is due ends.
"""

import msgspec

from services.alerts.domain.conditions import Verdict


class Hold(msgspec.Struct, array_like=True):
    """One condition. `since`: epoch ms at which the episode began."""

    since: int | None = None
    due: bool = False
    spent: bool = False

    def see(self, verdict: Verdict, now: int, for_ms: int) -> None:
        """The condition is so at `now`."""
        if (self.due or self.spent) and verdict.cleared:
            self.since, self.due, self.spent = None, False, False
        if verdict.breached:
            self.since = now if self.since is None else self.since
            self.due = self.due or now >= self.since + for_ms
        elif not (self.due or self.spent):
            self.since = None

    def spend(self) -> None:
        """Somebody has answered; nothing is asked again before the condition was over."""
        self.spent = self.since is not None

    def due_at(self, for_ms: int) -> int | None:
        """When it will be due if nothing changes."""
        return None if self.since is None or self.due else self.since + for_ms
