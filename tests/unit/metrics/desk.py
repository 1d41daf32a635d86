"""A keeper on a desk: send it events record by record, look at its tiles and half-hours, kill it and start it again."""

import json
from collections.abc import Iterable, Sequence
from itertools import islice

from services.contracts.definitions import Counts
from services.contracts.events import AnyEvent, Heartbeat, IvrEvent, encode_batch
from services.contracts.keeping import Record, StateEntry
from services.contracts.letters import DeadLetter
from services.contracts.metrics import FeedClock, Interval, IvrInterval, Repeats, Tile, interval_adapter
from services.contracts.names import Names
from services.contracts.topology import Description, Queue, Site, Text, record_key
from services.metrics.domain.clocks import Horizons
from services.metrics.domain.floor import Floor
from services.metrics.domain.keeper import MetricsKeeper

NAMES = Names("desk")
SALES = "lisbon/sales"
SERVICE = "lisbon/service"
MENU = "lisbon/main"


def text(name: str) -> Text:
    return Text(en=name, zh=name)


def site(timezone: str = "UTC", name: str = "lisbon") -> Site:
    return Site(id=name, name=text(name), timezone=timezone)


def queue(name: str = SALES, thresholds_s: Iterable[int] = (20, 30), short_abandon_s: float = 5, **more) -> Queue:
    return Queue(id=name, name=text(name), thresholds_s=tuple(thresholds_s), short_abandon_s=short_abandon_s, **more)


class Desk:
    """One partition of both topics, in the hands of one worker after another."""

    def __init__(self, *topology: Description, horizons: Horizons | None = None) -> None:
        self.topology = topology
        self.horizons = horizons
        self.log: list[Record] = []
        self.offsets = {NAMES.contacts.name: 0, NAMES.ivr.name: 0}
        self.changelog: dict[bytes, bytes] = {}
        self.acknowledged = 0  # how much of the log need not be replayed
        self.published: dict[bytes, bytes] = {}  # intervals topic, newest by key
        self.repeats: dict[bytes, Repeats] = {}  # intervals topic as well
        self.told_rules: dict[bytes, bytes] = {}
        self.letters: dict[str, DeadLetter] = {}
        self.tiles: dict[str, Tile] = {}
        self.feeds: dict[str, FeedClock] = {}
        self.keeper = self.new_keeper()

    def new_keeper(self) -> MetricsKeeper:
        keeper = MetricsKeeper(NAMES, Floor(), self.horizons)
        for record in self.topology:
            keeper.learn(record_key(record), record.model_dump_json().encode())
        return keeper

    # -- in

    def send(self, *events: AnyEvent) -> None:
        """One record of the contacts topic."""
        self.send_raw(encode_batch(events))

    def send_ivr(self, *events: IvrEvent) -> None:
        self.send_raw(encode_batch(events), NAMES.ivr.name)

    def send_raw(self, value: bytes, topic: str = NAMES.contacts.name) -> None:
        record = Record(topic, 0, self.offsets[topic], value)
        self.offsets[topic] += 1
        self.log.append(record)
        self.keeper.apply(record)

    def clock(self, at: int, site: str = "lisbon", source: str = "acd", rate: float = 1.0) -> None:
        self.send(Heartbeat(source, site, at, rate))

    # -- out

    def look(self) -> dict[str, Tile]:
        """The tiles that have changed since the last look."""
        news = self.keeper.news()
        changed = {name: Tile.model_validate_json(value) for name, value in news.tiles}
        self.tiles.update(changed)
        self.feeds.update({feed.id: feed for feed in news.feeds})
        return changed

    def tile(self, name: str = SALES) -> Tile:
        self.look()
        return self.tiles[name]

    def rolling(self, threshold_s: int, name: str = SALES) -> Counts:
        return self.tile(name).rolling[threshold_s]

    def checkpoint(
        self, *, states_kept: int | None = None, meanwhile: Iterable[Sequence[AnyEvent]] = ()
    ) -> list[Interval | IvrInterval]:
        """A whole checkpoint, or one that dies after so many states are on the changelog.

        Of the records that come meanwhile, two are sent after each slice; after the last slice the rest.
        """
        outputs, states, coming, taken_in = [], [], iter(meanwhile), len(self.log)
        while any(part := self.keeper.checkpoint()):
            outputs += part.outputs
            states += part.state
            for record in islice(coming, 2):
                self.send(*record)
        intervals = []
        for output in outputs:
            assert output.value is not None
            if output.topic == NAMES.intervals.name:
                assert output.key is not None
                if output.key.startswith(b"repeats|"):
                    self.repeats[output.key] = Repeats.model_validate_json(output.value)
                    assert self.repeats[output.key].id.encode() == output.key
                    continue
                self.published[output.key] = output.value
                intervals.append(interval_adapter.validate_json(output.value))
            elif output.topic == NAMES.tiles.name:
                assert output.key is not None
                assert output.value == b"[" + self.published[output.key] + b"]", "rules read what was published"
                assert b'"kind":"ivr_interval"' in output.value
                self.told_rules[output.key] = output.value
            else:
                letter = DeadLetter.model_validate_json(output.value)
                self.letters[letter.id] = letter
        kept = [s for s in states if s.value is not None] + [s for s in states if s.value is None]
        self.keep(kept if states_kept is None else kept[:states_kept])
        if states_kept is None:
            self.acknowledged = taken_in
        for record in coming:
            self.send(*record)
        return intervals

    def keep(self, states: Sequence[StateEntry]) -> None:
        for state in states:
            if state.value is None:
                self.changelog.pop(state.key, None)
            else:
                self.changelog[state.key] = state.value

    def half_hours(self) -> dict[tuple[str, int], Interval | IvrInterval]:
        """The newest version of every half-hour, after a checkpoint."""
        self.checkpoint()
        found = [interval_adapter.validate_json(value) for value in self.published.values()]
        return {(interval.scope, interval.start): interval for interval in found}

    def repeat_calls(self) -> dict[tuple[str, int], Repeats]:
        """The newest version of every half-hour's repeat calls, after a checkpoint."""
        self.checkpoint()
        return {(one.scope, one.start): one for one in self.repeats.values()}

    # -- faults

    def kill(self, *, replay_from: int | None = None) -> None:
        """SIGKILL, and another worker takes over: what was kept comes back, what was not acknowledged is replayed."""
        self.keeper = self.new_keeper()
        self.keeper.restore([StateEntry(0, key, value) for key, value in self.changelog.items()], frozenset({0}))
        for record in self.log[self.acknowledged if replay_from is None else replay_from :]:
            self.keeper.apply(record)

    def state(self) -> dict[str, object]:
        """All that a person sees, for comparisons between two desks; offsets depend on the batches and are left out."""
        tiles = {name: json.loads(tile.model_dump_json(exclude={"offset"})) for name, tile in self.tiles.items()}
        intervals = {name: i.model_dump(exclude={"revision"}) for name, i in self.half_hours().items()}
        return {"tiles": tiles, "half_hours": intervals}
