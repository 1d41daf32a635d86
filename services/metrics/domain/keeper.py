"""The ledger as the checkpointed stream sees it (`contracts.keeping.Keeper`), and as the outlet asks it for news."""

import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from services.contracts.events import ContactEvent, IvrEvent, decode_contacts, decode_ivr
from services.contracts.keeping import Checkpoint, Output, Record, StateEntry
from services.contracts.letters import DeadLetter
from services.contracts.metrics import FeedClock
from services.contracts.names import Names
from services.metrics.domain.clocks import Horizons
from services.metrics.domain.floor import Floor
from services.metrics.domain.flow_shard import FlowShard
from services.metrics.domain.queue_shard import QueueShard
from services.metrics.domain.shard import PublishedHalfHour

_PAGES_AT_ONCE = 50
"""A slice of a checkpoint, a few milliseconds of work: tiles go out in between."""

_decode_items = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_decode_header = msgspec.msgpack.Decoder(tuple[int, msgspec.Raw, msgspec.Raw]).decode
_decode_contact = msgspec.msgpack.Decoder(ContactEvent).decode
_decode_visit = msgspec.msgpack.Decoder(IvrEvent).decode

Shards = dict[int, QueueShard] | dict[int, FlowShard]


class News(NamedTuple):
    """What has changed since the outlet last asked: (queue, Tile JSON), and the feeds' clocks."""

    tiles: list[tuple[str, bytes]]
    feeds: list[FeedClock]


class MetricsKeeper:
    """All shards of one worker."""

    def __init__(self, names: Names, floor: Floor, horizons: Horizons | None = None) -> None:
        """Without any partition yet."""
        self._names = names
        self._floor = floor
        self._horizons = horizons or Horizons()
        self._queues: dict[int, QueueShard] = {}
        self._flows: dict[int, FlowShard] = {}
        self._letters: list[DeadLetter] = []
        self._half_hours: list[PublishedHalfHour] = []
        self._slices: Iterator[Checkpoint] | None = None
        self._lessons: list[tuple[str, bytes | None]] = []
        self.events = 0
        self.letters = 0

    # -- contracts.keeping.Keeper

    def apply(self, record: Record) -> None:
        """Count a record's events. What can't be read becomes a dead letter; the rest of its batch counts."""
        if record.topic == self._names.contacts.name:
            queues = self._queue_shard(record.partition)
            contacts = self._decode(record, decode_contacts, _decode_contact)
            self.events += len(contacts)
            queues.apply(record.offset, contacts)
        else:
            flows = self._flow_shard(record.partition)
            visits = self._decode(record, decode_ivr, _decode_visit)
            self.events += len(visits)
            flows.apply(record.offset, visits)

    def checkpoint(self) -> Checkpoint:
        """The next slice of what became dirty; empty when nothing is left."""
        if self._slices is None:
            self._slices = self._checkpoint()
        part = next(self._slices, None)
        if part is None:
            self._slices = None
            while self._lessons:
                self._learn(*self._lessons.pop(0))
            return Checkpoint([], [])
        return part

    def restore(self, entries: Iterable[StateEntry], partitions: frozenset[int]) -> None:
        """Start again from what was kept. Bytes that are no state of ours are an error of the program: it ends."""
        self._queues.clear()
        self._flows.clear()
        self._letters.clear()
        self._half_hours.clear()
        self._slices = None
        clocks: dict[tuple[int, str], bytes] = {}
        pages: dict[tuple[int, str], list[tuple[str, int, bytes]]] = {}
        for partition, key, value in entries:
            assert value is not None
            topic, *page = key[2:].decode().split("|")
            if page:
                pages.setdefault((partition, topic), []).append((page[0], int(page[1]), value))
            else:
                clocks[partition, topic] = value
        for partition in partitions:
            for topic, shard in (
                ("contacts", self._queue_shard(partition)),
                ("ivr", self._flow_shard(partition)),
            ):
                shard.restore(clocks.get((partition, topic)), pages.get((partition, topic), ()))

    def offset_of(self, value: bytes) -> int:
        """The offset that a page or a partition's clocks include."""
        return _decode_header(value)[0]

    def urgent(self) -> bool:
        """Nothing of ours waits for the next checkpoint: tiles go out by themselves."""
        return False

    # -- the outlet's questions

    def news(self, now: float = math.inf) -> News:
        """Tiles and feed clocks that changed since the last time, but tiles told just before `now` (real seconds)."""
        tiles = [tile for queues in self._queues.values() for tile in queues.tiles(now)]
        return News(tiles, [feed for shard in self._shards() for feed in shard.clocks.moved()])

    @property
    def holds_tiles_back(self) -> bool:
        """Whether `news` has to be asked again soon, even if no record comes."""
        return any(queues.holds_tiles_back for queues in self._queues.values())

    def take_half_hours(self) -> list[PublishedHalfHour]:
        """The half-hours that were published since the last time."""
        taken, self._half_hours = self._half_hours, []
        return taken

    def tell_again(self, partition: int) -> None:
        """Let `news` give everything of a partition, as for someone who has just come in."""
        if partition in self._queues:
            self._queues[partition].show_again()
        for shard in self._shards():
            if shard.partition == partition:
                shard.clocks.tell_all()

    @property
    def partitions(self) -> frozenset[int]:
        """Those that are ours."""
        return frozenset(self._queues) | frozenset(self._flows)

    @property
    def progress(self) -> dict[tuple[str, int], int]:
        """(topic, partition) → offset of the newest record counted, where there is one."""
        topics = {"contacts": self._names.contacts.name, "ivr": self._names.ivr.name}
        shards = [shard for shard in self._shards() if shard.clocks.offset >= 0]
        return {(topics[shard.topic], shard.partition): shard.clocks.offset for shard in shards}

    @property
    def unresolved(self) -> int:
        """Contacts and visits whose page was closed before anyone told their outcome."""
        return sum(shard.unresolved for shard in self._shards())

    # -- the topology

    def learn(self, key: str, value: bytes | None) -> None:
        """Take in a record of the topology topic; what it changes is counted and published again.

        Raises:
            ValueError: it can't be used; nothing has changed.
        """
        self._floor.check(key, value)
        if self._slices is None:
            self._learn(key, value)
        else:
            self._lessons.append((key, value))  # a checkpoint is of one moment

    def _learn(self, key: str, value: bytes | None) -> None:
        if not self._floor.learn(key, value):
            return
        kind, _, name = key.partition("|")
        for shard in self._shards():
            shard.relearn(name if kind == "site" else None, name if kind == "queue" else None)

    @property
    def topology(self) -> dict[str, str]:
        """All descriptions as JSON by their topology key."""
        return self._floor.records

    # -- inside

    def _shards(self) -> Iterator[QueueShard | FlowShard]:
        yield from self._queues.values()
        yield from self._flows.values()

    def _queue_shard(self, partition: int) -> QueueShard:
        shard = self._queues.get(partition)
        if shard is None:
            shard = self._queues[partition] = QueueShard("contacts", partition, self._floor, self._horizons)
        return shard

    def _flow_shard(self, partition: int) -> FlowShard:
        shard = self._flows.get(partition)
        if shard is None:
            shard = self._flows[partition] = FlowShard("ivr", partition, self._floor, self._horizons)
        return shard

    def _decode(self, record: Record, batch: Any, one: Any) -> list[Any]:
        try:
            events: list[Any] = batch(record.value)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return self._decode_each(record, one)
        return events

    def _decode_each(self, record: Record, one: Any) -> list[Any]:
        """The readable events of a record that is not readable as a whole."""
        try:
            items = _decode_items(record.value)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            self._refuse(record, None, error, record.value)
            return []
        events = []
        for index, item in enumerate(items):
            try:
                events.append(one(item))
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                self._refuse(record, index, error, bytes(item))
        return events

    def _refuse(self, record: Record, index: int | None, error: Exception, content: bytes) -> None:
        place = f"{record.topic}|{record.partition}|{record.offset}" + ("" if index is None else f"|{index}")
        self._letters.append(
            DeadLetter(
                id=f"metrics|{place}",
                source=f"metrics|{record.topic}",
                reason=f"no event of this topic: {error}"[:500],
                content=content[:500].decode("latin-1"),
            )
        )

    def _checkpoint(self) -> Iterator[Checkpoint]:
        letters = self._take_letters()
        if letters:
            yield Checkpoint(letters, [])
        for shard in list(self._shards()):
            for half_hours, states in shard.checkpoint(_PAGES_AT_ONCE):
                self._half_hours += half_hours
                outputs = [self._output(shard.partition, half_hour) for half_hour in half_hours]
                if outputs or states:
                    yield Checkpoint(outputs, [StateEntry(shard.partition, *state) for state in states])

    def _output(self, partition: int, half_hour: PublishedHalfHour) -> Output:
        return Output(self._names.intervals.name, half_hour.value, half_hour.id.encode(), partition)

    def _take_letters(self) -> list[Output]:
        letters, self._letters = self._letters, []
        for shard in self._shards():
            letters += shard.letters
            shard.letters.clear()
        self.letters += len(letters)
        topic = self._names.dead_letters.name
        return [Output(topic, letter.model_dump_json().encode(), letter.id.encode(), 0) for letter in letters]


def count_records(records: Iterable[Record], names: Names, floor: Floor | None = None) -> MetricsKeeper:
    """Decode and count records and nothing else: no tile, no checkpoint, no Kafka. What speed is measured against."""
    keeper = MetricsKeeper(names, floor or Floor())
    for record in records:
        keeper.apply(record)
    return keeper
