"""A feed as it really comes: late, unordered, repeated. Made on purpose, to prove that it does not matter."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from services.contracts.events import AnyEvent, Heartbeat


@dataclass(frozen=True, slots=True)
class Disorder:
    """How a feed is disturbed.

    Attributes:
        within_s: an event comes up to so many seconds late.
        repeat_share: so many of the events come a second time, within the same span.
        seed: the same seed, the same disorder.
    """

    within_s: float = 0.0
    repeat_share: float = 0.0
    seed: int = 0

    def arrange(self, events: Sequence[AnyEvent]) -> list[tuple[int, AnyEvent]]:
        """(when it comes, event) in the order of coming; epoch ms of the feed's clock. `events` in any order."""
        chance = random.Random(self.seed)
        coming: list[tuple[int, AnyEvent]] = []
        for event in events:
            coming.append((self._late(event, chance), event))
            if self.repeat_share and chance.random() < self.repeat_share:
                coming.append((self._late(event, chance), event))
        coming.sort(key=lambda item: item[0])  # stable: what comes at the same time keeps its order
        return coming

    def _late(self, event: AnyEvent, chance: random.Random) -> int:
        assert not isinstance(event, Heartbeat)
        return event.at + (round(chance.uniform(0, self.within_s) * 1000) if self.within_s else 0)
