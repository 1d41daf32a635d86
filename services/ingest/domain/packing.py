"""Events → Kafka records: what goes to the same partition travels together, in the order in which it came.

A record carries a batch of one partition's events, of however many queues (design, section 2): a consumer pays per
record, whatever is in it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal

from services.contracts import events as wire
from services.contracts.events import AnyEvent, Heartbeat

Lane = Literal["contacts", "ivr", "agents"]
"""The three event topics."""

LANES: tuple[Lane, ...] = ("contacts", "ivr", "agents")

_ROUTES: dict[type, tuple[Lane, Callable[[Any], str]]] = {
    **dict.fromkeys(
        (
            wire.Offered,
            wire.Answered,
            wire.Abandoned,
            wire.FlowedOut,
            wire.Ended,
            wire.Ringing,
            wire.Held,
            wire.Transferred,
            wire.Conferenced,
        ),
        ("contacts", attrgetter("queue")),
    ),
    **dict.fromkeys(
        (wire.IvrEntered, wire.IvrNodeVisited, wire.IvrInputFailed, wire.IvrExited), ("ivr", attrgetter("flow"))
    ),
    **dict.fromkeys((wire.AgentLoggedIn, wire.AgentStateChanged, wire.AgentLoggedOut), ("agents", attrgetter("agent"))),
}
"""The same as `key_of`, without its chain of isinstance: this runs for every event."""

MAX_KNOWN_KEYS = 100_000


@dataclass(frozen=True, slots=True)
class Batch:
    """One record to be: the events of one partition of one event topic, in order."""

    lane: Lane
    partition: int
    events: list[AnyEvent]


class Packer:
    """Packs events by partition.

    Args:
        partitions: how many partitions each event topic has.
        partition_of: (key, partitions) → partition, the hash that all agree on.
        max_events: a record carries at most so many.
    """

    def __init__(
        self, partitions: Mapping[Lane, int], partition_of: Callable[[str, int], int], *, max_events: int = 500
    ) -> None:
        self._partitions = dict(partitions)
        self._partition_of = partition_of
        self._max_events = max_events
        self._known: dict[tuple[Lane, str], int] = {}

    def pack(self, events: Iterable[AnyEvent]) -> list[Batch]:
        """Every event exactly once, a heartbeat once to every partition; within a partition in the order given."""
        open_: dict[tuple[Lane, int], Batch] = {}
        packed: list[Batch] = []
        for event in events:
            for lane, partition in self._destinations(event):
                batch = open_.get((lane, partition))
                if batch is None or len(batch.events) >= self._max_events:
                    batch = open_[lane, partition] = Batch(lane, partition, [])
                    packed.append(batch)
                batch.events.append(event)
        return packed

    def _destinations(self, event: AnyEvent) -> Iterable[tuple[Lane, int]]:
        if type(event) is Heartbeat:
            return [(lane, partition) for lane in LANES for partition in range(self._partitions[lane])]
        lane, key_of = _ROUTES[type(event)]
        return ((lane, self._partition(lane, key_of(event))),)

    def _partition(self, lane: Lane, key: str) -> int:
        partition = self._known.get((lane, key))
        if partition is None:
            if len(self._known) >= MAX_KNOWN_KEYS:
                self._known.clear()
            partition = self._known[lane, key] = self._partition_of(key, self._partitions[lane])
        return partition


def lane_of(event: AnyEvent) -> Lane | None:
    """The topic of an event; None for a heartbeat, which goes to all."""
    return None if type(event) is Heartbeat else _ROUTES[type(event)][0]


def count_kinds(events: Iterable[AnyEvent]) -> Counter[str]:
    """How many events of each kind, by the names of `contracts.edge` ("offered", "ivr_entered" …)."""
    return Counter(KIND_NAMES[type(event)] for event in events)


KIND_NAMES: dict[type, str] = {
    wire.Offered: "offered",
    wire.Answered: "answered",
    wire.Abandoned: "abandoned",
    wire.FlowedOut: "flowed_out",
    wire.Ended: "ended",
    wire.Heartbeat: "heartbeat",
    wire.IvrEntered: "ivr_entered",
    wire.IvrNodeVisited: "ivr_node_visited",
    wire.IvrExited: "ivr_exited",
    wire.Ringing: "ringing",
    wire.Held: "held",
    wire.Transferred: "transferred",
    wire.Conferenced: "conferenced",
    wire.IvrInputFailed: "ivr_input_failed",
    wire.AgentLoggedIn: "agent_logged_in",
    wire.AgentStateChanged: "agent_state_changed",
    wire.AgentLoggedOut: "agent_logged_out",
}
