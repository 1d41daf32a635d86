"""A keeper on a desk, fed with agents and schedules: look at tiles and days, kill it and start it again."""

from collections.abc import Sequence

from services.contracts.agents import AgentDay, AgentTile
from services.contracts.events import AgentEvent, Heartbeat, encode_batch
from services.contracts.keeping import Record, StateEntry
from services.contracts.letters import DeadLetter
from services.contracts.names import Names
from services.contracts.schedules import AdherenceException, DaySchedule, schedule_key
from services.contracts.topology import Activities, Activity, Description, Site, StateMapping, Text, record_key
from services.metrics.domain.clocks import Horizons
from services.metrics.domain.floor import Floor
from services.metrics.domain.keeper import MetricsKeeper

NAMES = Names("desk")
SITE = "lisbon"
HORIZONS = Horizons(horizon_ms=48 * 3600 * 1000, silent_ms=10 * 60_000)

KINDS = {
    "on_queue": ("work", 120), "mail": ("work", 300), "break": ("break", 60), "meal": ("break", 0),
    "training": ("training", 180), "off_queue": ("other", 180), "absent": ("absence", 180), "vacation": ("absence", 180),
}  # fmt: skip
MAPPING = {
    ("available", ""): "on_queue", ("ringing", ""): "on_queue", ("talking", ""): "on_queue", ("hold", ""): "on_queue",
    ("wrap_up", ""): "on_queue", ("not_ready", ""): "off_queue", ("not_ready", "break"): "break",
    ("not_ready", "meal"): "meal", ("not_ready", "training"): "training", ("not_ready", "mail"): "mail",
    ("not_ready", "sick"): "absent", ("offline", ""): "absent",
}  # fmt: skip


def activities() -> Activities:
    return Activities(
        activities=tuple(
            Activity(id=name, name=Text(en=name, zh=name), counts_as=kind, tolerance_s=tolerance_s)
            for name, (kind, tolerance_s) in KINDS.items()
        ),
        mappings=tuple(StateMapping(state=s, reason=reason, activity=a) for (s, reason), a in MAPPING.items()),
    )


def site(timezone: str) -> Site:
    return Site(id=SITE, name=Text(en=SITE, zh=SITE), timezone=timezone)


class AgentDesk:
    """One partition of the agents and the schedules topic, in the hands of one worker after another."""

    def __init__(self, *topology: Description, horizons: Horizons = HORIZONS) -> None:
        self.topology, self.horizons = list(topology), horizons
        self.log: list[Record] = []
        self.offsets = {NAMES.agents.name: 0, NAMES.schedules.name: 0}
        self.changelog: dict[bytes, bytes] = {}
        self.acknowledged = 0
        self.published: dict[bytes, bytes] = {}
        self.letters: dict[str, DeadLetter] = {}
        self.tiles: dict[str, AgentTile] = {}
        self.keeper = self._new_keeper()

    def _new_keeper(self) -> MetricsKeeper:
        keeper = MetricsKeeper(NAMES, Floor(), self.horizons)
        for record in self.topology:
            keeper.learn(record_key(record), record.model_dump_json().encode())
        return keeper

    def describe(self, *topology: Description) -> None:
        for record in topology:
            self.topology.append(record)
            self.keeper.learn(record_key(record), record.model_dump_json().encode())

    # -- in

    def send(self, *events: AgentEvent) -> None:
        self.put(NAMES.agents.name, encode_batch(events))

    def beat(self, at: int, source: str = "acd", rate: float = 1.0) -> None:
        self.send(Heartbeat(source, SITE, at, rate))

    def schedule(self, record: DaySchedule | AdherenceException) -> None:
        self.put(NAMES.schedules.name, record.model_dump_json().encode(), schedule_key(record))

    def delete(self, key: str) -> None:
        self.put(NAMES.schedules.name, b"", key)

    def put(self, topic: str, value: bytes, key: str = "") -> None:
        record = Record(topic, 0, self.offsets[topic], value, key.encode())
        self.offsets[topic] += 1
        self.log.append(record)
        self.keeper.apply(record)

    # -- out

    def look(self, now: float | None = None) -> dict[str, AgentTile]:
        """The tiles that have changed since the last look."""
        news: dict[str, AgentTile] = {}
        for _ in range(self.keeper.agent_rounds + 1):
            tiles = self.keeper.agent_tiles() if now is None else self.keeper.agent_tiles(now)
            news |= {name: AgentTile.model_validate_json(value) for name, value in tiles}
        self.tiles |= news
        return news

    def tile(self, name: str) -> AgentTile:
        self.look()
        return self.tiles[name]

    def checkpoint(self, *, states_kept: int | None = None) -> list[AgentDay]:
        """A whole checkpoint, or one that dies after so many states are on the changelog. The days that were told."""
        outputs, states = [], []
        while any(part := self.keeper.checkpoint()):
            outputs += part.outputs
            states += part.state
        told = []
        for output in outputs:
            assert output.value is not None
            if output.topic == NAMES.intervals.name:
                assert output.key is not None
                self.published[output.key] = output.value
                told.append(AgentDay.model_validate_json(output.value))
            else:
                letter = DeadLetter.model_validate_json(output.value)
                self.letters[letter.id] = letter
        for gone in self.keeper.take_gone_agents():
            self.tiles.pop(gone, None)
        states = [s for s in states if s.value is not None] + [s for s in states if s.value is None]
        self._keep(states if states_kept is None else states[:states_kept])
        if states_kept is None:
            self.acknowledged = len(self.log)
        return told

    def _keep(self, states: Sequence[StateEntry]) -> None:
        for state in states:
            if state.value is None:
                self.changelog.pop(state.key, None)
            else:
                self.changelog[state.key] = state.value

    def days(self) -> dict[tuple[str, str], AgentDay]:
        """The newest version of every agent's day, after a checkpoint."""
        self.checkpoint()
        found = [AgentDay.model_validate_json(value) for value in self.published.values()]
        return {(day.agent, day.date): day for day in found}

    # -- faults

    def kill(self, *, replay_from: int | None = None) -> None:
        """SIGKILL, and another worker takes over: what was kept comes back, what was not acknowledged is replayed."""
        self.keeper = self._new_keeper()
        for value in self.changelog.values():
            assert self.keeper.offset_of(value) >= -1
        self.keeper.restore([StateEntry(0, key, value) for key, value in self.changelog.items()], frozenset({0}))
        for record in self.log[self.acknowledged if replay_from is None else replay_from :]:
            self.keeper.apply(record)
        self.keeper.tell_again(0)  # as the outlet does, whatever Redis has
