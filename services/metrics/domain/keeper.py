"""The ledger as the checkpointed stream sees it (`contracts.keeping.Keeper`), and as the outlet asks it for news."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from services.contracts.events import AgentEvent, ContactEvent, IvrEvent, decode_agents, decode_contacts, decode_ivr
from services.contracts.keeping import Checkpoint, Output, Record, StateEntry
from services.contracts.letters import DeadLetter
from services.contracts.metrics import FeedClock
from services.contracts.names import Names
from services.metrics.domain import callers
from services.metrics.domain.agent_shard import AGENTS, PLANS, AgentShard, PublishedDay
from services.metrics.domain.callers import Callers, PublishedRepeats
from services.metrics.domain.clocks import Horizons
from services.metrics.domain.floor import Floor
from services.metrics.domain.flow_shard import FlowShard
from services.metrics.domain.queue_shard import QueueShard
from services.metrics.domain.shard import PublishedHalfHour, State, parts_of

_PAGES_AT_ONCE = 10
"""A slice of a checkpoint, a few milliseconds of work: tiles go out and other shards count on in between."""

_ASIDE_AT_MOST = 4
"""So many records wait for the slices of their shard; then the rest of it is taken at once, tens of milliseconds."""

_decode_items = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_decode_header = msgspec.msgpack.Decoder(tuple[int, msgspec.Raw, msgspec.Raw]).decode
_decode_contact = msgspec.msgpack.Decoder(ContactEvent).decode
_decode_visit = msgspec.msgpack.Decoder(IvrEvent).decode
_decode_agent = msgspec.msgpack.Decoder(AgentEvent).decode

Shard = QueueShard | FlowShard | AgentShard
Published = PublishedHalfHour | PublishedDay | PublishedRepeats


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
        self._callers: dict[int, Callers] = {}
        self._flows: dict[int, FlowShard] = {}
        self._agents: dict[int, AgentShard] = {}
        self._letters: list[DeadLetter] = []
        self._half_hours: list[Published] = []
        self._slices: Iterator[Checkpoint] | None = None
        self._taken: Shard | None = None  # the shard of which a checkpoint is being taken just now
        self._left: Iterator[Checkpoint] = iter(())  # what has not been taken of it yet
        self._ready: list[Checkpoint] = []  # what was taken of it and not asked for yet
        self._aside: list[Record] = []  # records that came for it meanwhile
        self._lessons: list[tuple[str, bytes | None]] = []
        self.events = 0
        self.letters = 0

    # -- contracts.keeping.Keeper

    def apply(self, record: Record) -> None:
        """Count a record's events. What can't be read becomes a dead letter; the rest of its batch counts.

        A checkpoint is of one moment of each shard: records for the shard that it is at wait until it is at the next,
        or until there are several.
        """
        shard = self._shard_of(record)
        if shard is self._taken:
            self._aside.append(record)
            if len(self._aside) >= _ASIDE_AT_MOST:
                self._finish_taken()
        elif isinstance(shard, QueueShard):
            contacts = self._decode(record, decode_contacts, _decode_contact)
            news = record.offset > shard.clocks.offset
            shard.apply(record.offset, contacts)
            if news:
                self._callers[record.partition].apply(record.offset, contacts)
        elif isinstance(shard, FlowShard):
            shard.apply(record.offset, self._decode(record, decode_ivr, _decode_visit))
        elif record.topic == self._names.schedules.name:
            shard.plan(record)
        else:
            shard.apply(record.offset, self._decode(record, decode_agents, _decode_agent))

    def _shard_of(self, record: Record) -> Shard:
        if record.topic == self._names.contacts.name:
            return self._queue_shard(record.partition)
        if record.topic == self._names.ivr.name:
            return self._flow_shard(record.partition)
        return self._agent_shard(record.partition)

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
        self._callers.clear()
        self._flows.clear()
        self._agents.clear()
        self._letters.clear()
        self._half_hours.clear()
        self._slices = self._taken = None
        self._left = iter(())
        self._ready.clear()
        self._aside.clear()
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
                shard.restore(
                    clocks.get((partition, topic)),
                    pages.get((partition, topic), ()),
                    pages.get((partition, parts_of(topic)), ()),
                )
            self._callers[partition].restore(
                pages.get((partition, callers.PAGES), ()), pages.get((partition, callers.DAYS), ())
            )
            self._agent_shard(partition).restore(
                {topic: value for (of, topic), value in clocks.items() if of == partition},
                pages.get((partition, AGENTS), ()),
                pages.get((partition, PLANS), ()),
            )

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

    def agent_tiles(self, now: float = math.inf) -> list[tuple[str, bytes]]:
        """(agent, AgentTile JSON) of some agents whose tile changed, by the rule of `news`."""
        return [tile for agents in self._agents.values() for tile in agents.tiles(now)]

    def take_gone_agents(self) -> list[str]:
        """Agents that were forgotten since the last time, and have not come back."""
        gone = []
        for agents in self._agents.values():
            gone += [agent for agent in agents.gone if agent not in agents.agents]
            agents.gone.clear()
        return gone

    @property
    def agent_rounds(self) -> int:
        """How often `agent_tiles` must be asked until it has given all that has changed so far."""
        return max((agents.rounds for agents in self._agents.values()), default=0)

    @property
    def holds_tiles_back(self) -> bool:
        """Whether `news` has to be asked again soon, even if no record comes."""
        queues = any(queues.holds_tiles_back for queues in self._queues.values())
        return queues or any(agents.holds_tiles_back for agents in self._agents.values())

    def take_half_hours(self) -> list[Published]:
        """The half-hours and agents' days that were published since the last time."""
        taken, self._half_hours = self._half_hours, []
        return taken

    def tell_again(self, partition: int) -> None:
        """Let `news` give everything of a partition, as for someone who has just come in."""
        if partition in self._queues:
            self._queues[partition].show_again()
        if partition in self._agents:
            self._agents[partition].show_again()
        for shard in self._shards():
            if shard.partition == partition:
                shard.clocks.tell_all()

    @property
    def partitions(self) -> frozenset[int]:
        """Those that are ours."""
        return frozenset(self._queues) | frozenset(self._flows) | frozenset(self._agents)

    @property
    def progress(self) -> dict[tuple[str, int], int]:
        """(topic, partition) → offset of the newest record counted, where there is one."""
        names = self._names
        topics = {"contacts": names.contacts.name, "ivr": names.ivr.name, AGENTS: names.agents.name}
        shards = [shard for shard in self._shards() if shard.clocks.offset >= 0]
        plans = {(names.schedules.name, of): agents.planned_to for of, agents in self._agents.items()}
        counted = {(topics[shard.topic], shard.partition): shard.clocks.offset for shard in shards}
        return counted | {place: offset for place, offset in plans.items() if offset >= 0}

    @property
    def unresolved(self) -> int:
        """Contacts and visits whose page was closed before anyone told their outcome."""
        return sum(shard.unresolved for shard in self._shards())

    @property
    def wrong_agent_totals(self) -> int:
        """How often the totals of an agent did not add up when they were published."""
        return sum(agents.wrong for agents in self._agents.values())

    @property
    def violations(self) -> int:
        """Tiles and half-hours that did not add up since the start."""
        return sum(shard.violations for shard in self._queues.values())

    @property
    def violation(self) -> str:
        """The first of them, in words."""
        return next((shard.violation for shard in self._queues.values() if shard.violation), "")

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
        shards: list[QueueShard | FlowShard] = [*self._queues.values(), *self._flows.values()]
        for shard in shards:
            shard.relearn(name if kind == "site" else None, name if kind == "queue" else None)
        if kind == "site":
            for known in self._callers.values():
                known.relearn(name)
        for agents in self._agents.values():
            if kind == "agent":
                agents.relearn_agent(name)
            elif kind == "site":
                agents.relearn_site(name)
            elif kind == "activities":
                agents.relearn_activities()

    @property
    def topology(self) -> dict[str, str]:
        """All descriptions as JSON by their topology key."""
        return self._floor.records

    # -- inside

    def _shards(self) -> Iterator[Shard]:
        yield from self._queues.values()
        yield from self._flows.values()
        yield from self._agents.values()

    def _queue_shard(self, partition: int) -> QueueShard:
        shard = self._queues.get(partition)
        if shard is None:
            shard = self._queues[partition] = QueueShard("contacts", partition, self._floor, self._horizons)
            self._callers[partition] = Callers(shard, self._floor, self._horizons)
        return shard

    def _flow_shard(self, partition: int) -> FlowShard:
        shard = self._flows.get(partition)
        if shard is None:
            shard = self._flows[partition] = FlowShard("ivr", partition, self._floor, self._horizons)
        return shard

    def _agent_shard(self, partition: int) -> AgentShard:
        shard = self._agents.get(partition)
        if shard is None:
            shard = self._agents[partition] = AgentShard(AGENTS, partition, self._floor, self._horizons)
        return shard

    def _decode(self, record: Record, batch: Any, one: Any) -> list[Any]:
        try:
            events: list[Any] = batch(record.value)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            events = self._decode_each(record, one)
        self.events += len(events)
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
            self._taken, self._left = shard, self._encoded(shard)
            yield from self._left
            ready, self._ready = self._ready, []
            yield from ready
            self._let_go()

    def _encoded(self, shard: Shard) -> Iterator[Checkpoint]:
        for half_hours, states in self._parts(shard):
            self._half_hours += half_hours
            outputs = [self._output(shard.partition, half_hour) for half_hour in half_hours]
            if isinstance(shard, FlowShard):
                outputs += [self._news_of_menu(half_hour) for half_hour in half_hours]
            if outputs or states:
                yield Checkpoint(outputs, [StateEntry(shard.partition, *state) for state in states])

    def _finish_taken(self) -> None:
        """Take what is left of the shard at once: records have waited for it long enough."""
        self._ready += self._left
        self._let_go()

    def _let_go(self) -> None:
        self._taken = None
        aside, self._aside = self._aside, []
        for record in aside:
            self.apply(record)

    def _parts(self, shard: Shard) -> Iterator[tuple[Sequence[Published], list[State]]]:
        """A shard's checkpoint; what goes by its clocks comes before them."""
        if isinstance(shard, QueueShard):
            yield from self._callers[shard.partition].checkpoint(_PAGES_AT_ONCE)
        yield from shard.checkpoint(_PAGES_AT_ONCE)

    def _output(self, partition: int, half_hour: Published) -> Output:
        return Output(self._names.intervals.name, half_hour.value, half_hour.id.encode(), partition)

    def _news_of_menu(self, half_hour: Published) -> Output:
        """Rules read menus' half-hours where they read tiles; with the checkpoint, so that none is missed."""
        return Output(self._names.tiles.name, b"[" + half_hour.value + b"]", half_hour.id.encode(), 0)

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
