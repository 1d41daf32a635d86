"""One call's visit to a voice menu: (outcome, after_ms), after_ms counting from the entry, −1 while it is inside.

Of contradicting exits the earliest stands, of two at the same moment the first in the order below.
"""

from services.contracts.events import IvrOutcome
from services.contracts.metrics import IvrCounts

Visit = tuple[int, int]

INSIDE = 0
ENTERED: Visit = (INSIDE, -1)
OUTCOMES: dict[IvrOutcome, int] = {"to_queue": 1, "contained": 2, "abandoned": 3, "virtual": 4}

_COUNTED_AS = ("inside", "to_queue", "contained", "lost", "virtual")
"""Field of IvrCounts for each outcome code."""


def leave(visit: Visit | None, outcome: int, after_ms: int) -> Visit:
    """The visit after IvrExited; the very same object if that says nothing new."""
    after_ms = max(after_ms, 0)
    if visit is None or visit[0] == INSIDE or (after_ms, outcome) < (visit[1], visit[0]):
        return (outcome, after_ms)
    return visit


def counts(tally: list[int]) -> dict[str, int]:
    """Counters of IvrCounts from the number of visits by outcome code."""
    by_name = dict(zip(_COUNTED_AS, tally, strict=True)) | {"entered": sum(tally)}
    return {name: by_name[name] for name in IvrCounts.model_fields}
