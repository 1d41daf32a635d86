"""The changelog: opaque states, of which a recovery takes the one with the highest offset of each key.

For Faust it is a table, so that its partitions are assigned beside those of the source. It is written by the
checkpointed stream's own producer and read by a reader of its own, both in bulk: Faust's way out is a buffer that costs
five times as much wall time, and its way in skips records when one rebalance follows another.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import faust
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.contracts.keeping import StateEntry, partition_in
from services.contracts.names import MAX_RECORD_BYTES, Topic
from services.runtime import kafka
from services.runtime.ending import end_now
from services.runtime.logs import get_logger
from services.runtime.settings import CommonSettings

TYPES = {"key_type": bytes, "value_type": bytes}
RAW = {**TYPES, "key_serializer": "raw", "value_serializer": "raw", "allow_empty": True}
TABLE = "state"
ALL_THERE_IS = 2**62

log = get_logger()


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
    """What is on the changelog, as far as it has been read or written by us without a gap.

    Attributes:
        kept: newest state of each key.
        repairs: keys whose newest state is followed by an older one: compaction would keep that.
        read_to: newest offset of each of our partitions that `kept` includes.
        read: records read since the start.
    """

    logger = logging.getLogger("faust.tables")  # else it would log in our name

    def __init__(
        self,
        app: Any,
        settings: CommonSettings,
        topic: Topic,
        offset_of: Callable[[bytes], int],
        recovered: Callable[[frozenset[int], int], None],
    ) -> None:
        """Build the table.

        Args:
            app: Faust's.
            settings: where the broker is.
            topic: the changelog's.
            offset_of: reads the offset that a state includes.
            recovered: told the partitions and the generation of an assignment once its states are here.
        """
        super().__init__(app, name=TABLE, schema=faust.Schema(**RAW), partitions=topic.partitions, **TYPES)
        self.kept: dict[bytes, Kept] = {}
        self.repairs: set[bytes] = set()
        self.read_to: dict[int, int] = {}
        self.read = 0
        self._settings = settings
        self._topic = topic.name
        self._offset_of = offset_of
        self._recovered = recovered
        self._turn = asyncio.Lock()

    def persisted_offset(self, tp: Any) -> int:  # noqa: ARG002  # Faust's signature
        """Tell Faust that there is nothing for it to read."""
        return ALL_THERE_IS

    async def on_recovery_completed(self, active_tps: Iterable[Any], standby_tps: Iterable[Any]) -> None:  # noqa: ARG002  # Faust's signature
        """Read what is missing of the partitions that are ours now; Faust waits for it before it resumes the stream."""
        partitions = frozenset(tp.partition for tp in active_tps)
        generation = self.app.tables.recovery._generation_id  # noqa: SLF001  # the one that these partitions are of
        try:
            async with self._turn:
                await self._recover(partitions, generation)
        except Exception:  # noqa: BLE001  # Faust would swallow it and go on
            end_now("the changelog could not be read")

    async def _recover(self, partitions: frozenset[int], generation: int) -> None:
        self.keep_only(partitions)
        while self.app.consumer_generation_id == generation:  # else a newer assignment does it
            try:
                await self._read_to_end(partitions)
            except (KafkaError, OSError) as error:
                log.warning("the changelog can't be read now, trying again", error=repr(error))
                await asyncio.sleep(0.5)
            else:
                if self.app.consumer_generation_id == generation:
                    self._recovered(partitions, generation)
                return

    async def _read_to_end(self, partitions: frozenset[int]) -> None:
        reader = kafka.reader(self._settings)
        await reader.start()
        try:
            places = [TopicPartition(self._topic, partition) for partition in sorted(partitions)]
            reader.assign(places)
            ends = await reader.end_offsets(places) if places else {}
            starts = await reader.beginning_offsets(places) if places else {}
            for place in places:
                reader.seek(place, max(self.read_to.get(place.partition, -1) + 1, starts[place]))
            while waiting := [place for place in places if await reader.position(place) < ends[place]]:
                await self._read_some(reader, waiting)
            self.read_to = {place.partition: ends[place] - 1 for place in places}
        finally:
            await reader.stop()

    async def _read_some(self, reader: AIOKafkaConsumer, waiting: list[TopicPartition]) -> None:
        for place, records in (await reader.getmany(*waiting, timeout_ms=1000)).items():
            for record in records:
                self.take_in(record.key, record.value)
            self.read += len(records)
            self.read_to[place.partition] = records[-1].offset

    def take_in(self, key: bytes, value: bytes | None) -> None:
        """The next record: the state with the highest offset wins, whoever wrote last."""
        if value is None:
            self.kept.pop(key, None)
            self.repairs.discard(key)
            return
        offset, known = self._offset_of(value), self.kept.get(key)
        if known is not None and offset < known.offset:
            self.repairs.add(key)
            return
        self.kept[key] = Kept(offset, value)
        self.repairs.discard(key)

    def keep_only(self, partitions: frozenset[int]) -> None:
        """Forget partitions that are not ours; they are read from their beginning when they come back."""
        self.kept = {key: kept for key, kept in self.kept.items() if partition_in(key) in partitions}
        self.repairs &= self.kept.keys()
        self.read_to = {partition: offset for partition, offset in self.read_to.items() if partition in partitions}

    def entries(self) -> list[StateEntry]:
        """Every state there is."""
        return [StateEntry(partition_in(key), key, kept.value) for key, kept in self.kept.items()]

    def repaired(self) -> list[StateEntry]:
        """States that must be written again."""
        return [StateEntry(partition_in(key), key, self.kept[key].value) for key in self.repairs]

    def written(self, entry: StateEntry, offset: int) -> None:
        """Our own write, known to stand at `offset`: it need not be read unless someone wrote in between."""
        self.repairs.discard(entry.key)
        if self.read_to.get(entry.partition) == offset - 1:
            self.read_to[entry.partition] = offset
            self.take_in(entry.key, entry.value)
