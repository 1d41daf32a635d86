"""The changelog: a Faust table of opaque states that recovers the highest offset of each key.

Faust assigns its partitions beside those of the source and reads it back after each rebalance. It is written by the
checkpointed stream's own producer, in bulk: Faust's own way out is a buffer that costs five times as much wall time.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import faust

from services.contracts.keeping import StateEntry, partition_in
from services.contracts.names import MAX_RECORD_BYTES, Topic

TYPES = {"key_type": bytes, "value_type": bytes}
RAW = {**TYPES, "key_serializer": "raw", "value_serializer": "raw", "allow_empty": True}
TABLE = "state"


def changelog_topic(app_id: str, partitions: int) -> Topic:
    """The topic's name by Faust's rule, and its settings."""
    return ChangelogTopic(f"{app_id}-{TABLE}-changelog", partitions=partitions, compacted=True)


class ChangelogTopic(Topic):
    """Compacted soon, because a restart reads what is not compacted yet."""

    __slots__ = ()

    @property
    def config(self) -> dict[str, str]:
        """Broker settings of the topic.

        A worker that slept may write an old state after the new owner's newer one, and compaction would drop the newer.
        It then joins again, which makes the owner recover, see both and write the newer one anew (`repairs`): the lag
        must outlast that. Only closed segments are compacted: hence small ones.
        """
        return {
            "max.message.bytes": str(MAX_RECORD_BYTES),
            "cleanup.policy": "compact",
            "min.compaction.lag.ms": str(15 * 60 * 1000),
            "segment.bytes": str(2 * MAX_RECORD_BYTES),
            "segment.ms": str(10 * 60 * 1000),
            "min.cleanable.dirty.ratio": "0.2",
        }


class Kept(NamedTuple):
    """The newest known state of a key."""

    offset: int
    value: bytes


class Changelog(faust.Table):  # type: ignore[misc]  # Faust is untyped
    """What is on the changelog, as far as it has been read or written by us without a gap."""

    logger = logging.getLogger("faust.tables")  # else it would log in our name

    def __init__(self, app: Any, *, offset_of: Callable[[bytes], int], **options: Any) -> None:
        """Build the table; `offset_of` reads the offset that a state includes."""
        super().__init__(app, name=TABLE, schema=faust.Schema(**RAW), **TYPES, **options)
        self.kept: dict[bytes, Kept] = {}
        self.repairs: set[bytes] = set()
        self.read = 0
        self.recovered: Callable[[frozenset[int]], None] = lambda _: None
        self._offset_of = offset_of

    def apply_changelog_batch(self, batch: Iterable[Any]) -> None:
        """Recovery: the state with the highest offset wins, whoever wrote last."""
        for event in batch:
            self.read += 1
            self._apply(event.message.key, event.message.value)

    def _apply(self, key: bytes, value: bytes | None) -> None:
        if value is None:
            self.kept.pop(key, None)
            self.repairs.discard(key)
            return
        offset, known = self._offset_of(value), self.kept.get(key)
        if known is not None and offset < known.offset:
            self.repairs.add(key)  # compaction would keep this older one
            return
        self.kept[key] = Kept(offset, value)
        self.repairs.discard(key)

    async def on_recovery_completed(self, active_tps: Iterable[Any], standby_tps: Iterable[Any]) -> None:  # noqa: ARG002  # Faust's signature
        """Keep only the partitions that are ours (Faust reads others again from their beginning), and tell."""
        partitions = frozenset(tp.partition for tp in active_tps)
        self.kept = {key: kept for key, kept in self.kept.items() if partition_in(key) in partitions}
        self.repairs &= self.kept.keys()
        self.recovered(partitions)

    def entries(self) -> list[StateEntry]:
        """Every state there is."""
        return [StateEntry(partition_in(key), key, kept.value) for key, kept in self.kept.items()]

    def repaired(self) -> list[StateEntry]:
        """States that must be written again because an older one follows them on the changelog."""
        return [StateEntry(partition_in(key), key, self.kept[key].value) for key in self.repairs]

    def written(self, entry: StateEntry, tp: Any, offset: int) -> None:
        """Our own write, known to stand at `offset`: recovery need not read it unless someone wrote in between."""
        self.repairs.discard(entry.key)
        read_to = self.app.tables.recovery.active_offsets
        if read_to.get(tp) == offset - 1:
            read_to[tp] = offset
            self._apply(entry.key, entry.value)
