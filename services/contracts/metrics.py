"""What metrics publishes: tiles (a queue now), intervals (a queue's or flow's half-hours) and feed clocks.

Times are epoch milliseconds, UTC, by the feed's clock. Thresholds are the JSON keys of `by_threshold`, in seconds.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from services.contracts.definitions import Counts, DefinitionName
from services.contracts.topology import Contract

HALF_HOUR_MS = 30 * 60 * 1000
Status = Literal["provisional", "final"]


class Tile(Contract):
    """A queue as of `as_of`.

    `rolling[T]` are the contacts whose service-level event for T lies in (as_of − 30 min, as_of]; `waiting` and
    `oldest_offered_at` describe the queue at `as_of`. `offset` is the newest log record that is included.
    """

    kind: Literal["tile"] = "tile"
    id: str
    as_of: int
    offset: int
    target_s: int
    target_percent: float
    definition: DefinitionName
    rolling: dict[int, Counts]
    waiting: int
    oldest_offered_at: int | None


class Interval(Contract):
    """A queue's clock half-hour: the contacts that arrived in [start, end).

    `final` once no contact of it waits and the watermark has passed; a late event then makes a new `revision`,
    which is the offset of the newest log record that changed it.
    """

    kind: Literal["interval"] = "interval"
    id: str = Field(description="scope|start")
    scope: str
    start: int
    end: int
    date: str = Field(description="the site's local day, YYYY-MM-DD")
    label: str = Field(description="the site's local time of start, HH:MM")
    status: Status
    revision: int
    by_threshold: dict[int, Counts]


class IvrCounts(Contract):
    """Calls of one half-hour by entry. entered = contained + lost + to_queue + virtual + inside."""

    entered: int = 0
    contained: int = 0
    lost: int = 0
    to_queue: int = 0
    virtual: int = 0
    inside: int = 0


class IvrInterval(Contract):
    """A flow's clock half-hour: the calls that entered it in [start, end)."""

    kind: Literal["ivr_interval"] = "ivr_interval"
    id: str
    scope: str
    start: int
    end: int
    date: str
    label: str
    status: Status
    revision: int
    counts: IvrCounts


class FeedClock(Contract):
    """How far one feed's clock for one site has come on one partition of one topic."""

    kind: Literal["feed"] = "feed"
    id: str = Field(description="source|site|topic|partition, topic without its namespace")
    source: str
    site: str
    at: int
    rate: float


def interval_id(scope: str, start: int) -> str:
    """Deterministic id of an interval, and its key on the intervals topic."""
    return f"{scope}|{start}"


AnyInterval = Annotated[Interval | IvrInterval, Field(discriminator="kind")]
interval_adapter: TypeAdapter[Interval | IvrInterval] = TypeAdapter(AnyInterval)
