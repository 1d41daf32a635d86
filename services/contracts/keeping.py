"""The port between pure domain code and the checkpointed stream (services/runtime/checkpoints.py).

A domain class that is a `Keeper` needs no broker, no clock and no asyncio: it is fed records, asked what is dirty,
and given back what it once said.
"""

from collections.abc import Iterable
from typing import NamedTuple, Protocol


class Record(NamedTuple):
    """A record of a source topic. Neither value nor key is ever None; a tombstone comes as b"", and so does no key."""

    topic: str
    partition: int
    offset: int
    value: bytes
    key: bytes = b""


class Output(NamedTuple):
    """Something to publish before the state that made it is stored. value None deletes the key of a compacted topic."""

    topic: str
    value: bytes | None
    key: bytes | None = None
    partition: int | None = None


class StateEntry(NamedTuple):
    """The state of one key; value None forgets the key.

    `partition` is that of the source records which made it. `key` is unique over all partitions: it begins with
    `key_prefix(partition)`. `value` holds the offset of the newest record of `partition` that it includes (per source
    topic, if there are several: then a key belongs to one topic, or `offset_of` is a number that never falls).
    """

    partition: int
    key: bytes
    value: bytes | None


class Checkpoint(NamedTuple):
    """Outputs and state that belong together."""

    outputs: list[Output]
    state: list[StateEntry]


class Keeper(Protocol):
    """What keeps state per key of the records of its partitions.

    A key's state is a pure function of the key's own records up to the offset that the state includes. Records come in
    the order of their partition, but again after a restart: one at or below the offset in a key's state changes
    nothing of that key.
    """

    def apply(self, record: Record) -> None:
        """Take one record in. Never raises for bad data: that becomes a dead letter among the next outputs.

        An exception ends the process, and the record comes again.
        """
        ...

    def checkpoint(self) -> Checkpoint:
        """What became dirty since the last call, encoded now. Empty lists when nothing is left.

        Called again and again until it answers empty, with a breath for other tasks in between: a keeper with much to
        encode answers in slices of some milliseconds. No `apply` comes in between, unless the stream was told that the
        keeper counts on: then it sees to it by itself that what is in one piece stays of one moment. An output that
        derives from a state is in the same answer. All outputs of a checkpoint are published before its first state is
        stored, and all states are stored before the first key is forgotten.
        """
        ...

    def restore(self, entries: Iterable[StateEntry], partitions: frozenset[int]) -> None:
        """Forget everything, dirty things included, and start from these entries (never with value None).

        Called after each assignment, before any record of it. `partitions` are those that are ours now; the entries
        are only of these. A key that was forgotten long ago may rarely come back, from a worker that slept: a keeper
        that forgets keys knows by its other state (a clock, say) that they are over, and forgets them again.
        """
        ...

    def offset_of(self, value: bytes) -> int:
        """The offset that a stored state includes. Recovery keeps the highest of a key. Cheap: called per record."""
        ...

    def urgent(self) -> bool:
        """Whether something should go out now (an alert) instead of at the next interval. Asked after each apply."""
        ...


def key_prefix(partition: int) -> bytes:
    """First two bytes of the state keys of a partition."""
    return partition.to_bytes(2, "big")


def partition_in(key: bytes) -> int:
    """The partition in a state key that begins with `key_prefix`."""
    return int.from_bytes(key[:2], "big")
