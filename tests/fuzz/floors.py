"""Floor descriptions, those of an administrator and of the simulator, and its call files: refused with what is wrong,
or they can be used.
"""

import json
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import yaml

from services.contracts.floor_files import TopologyError, gathered, parse_topology, write_topology
from services.contracts.menus import warnings
from services.contracts.topology import DEFAULT_ACTIVITIES, Topology, record_key
from services.ingest.domain.simulator import FloorError, Simulator, parse_floor, topology_of
from services.ingest.domain.simulator.profile import half_hour_weights
from services.ingest.profiles import shipped_profiles
from services.ingest.sources.files import shipped
from services.metrics.domain.floor import Floor
from tests.fuzz import mutate
from tests.fuzz.law import Tally, check_events
from tests.fuzz.rows import _bank_row

START = 1_767_960_000_000
PATIENCE_S = 10
MOST_AGENTS = 500


def floors(inputs: int, chance: random.Random) -> Tally:
    """The demo's floor, spoilt as a tree and as text."""
    text = shipped("floors/demo.yaml").read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    profiles = shipped_profiles()
    tally = Tally()
    for _ in range(inputs):
        spoilt = _spoilt(chance, content, text)
        try:
            with patience():
                floor = parse_floor(spoilt, "fuzzed.yaml")
        except FloorError as error:
            refused = 1
            if not str(error).startswith("fuzzed.yaml: "):
                tally.breach(f"a floor is refused without saying where: {error}")
        else:
            refused = 0
            topology_of(floor)
            if sum(site.agents for site in floor.sites) <= MOST_AGENTS:
                with patience():
                    simulated = Simulator(floor, 1, START, profiles=profiles)
                    check_events(tally, _some(simulated), where="simulated floor")
        tally.count(given=1, accepted=1 - refused, refused=refused, where="floor")
    return tally


def topologies(inputs: int, chance: random.Random) -> Tally:
    """The YAML of `topology import`, spoilt as a tree and as text."""
    tally, known = Tally(), Topology.model_validate({"sites": [{"id": "faro", "name": {"en": "Faro", "zh": "法鲁"}}]})
    for _ in range(inputs):
        if chance.random() < 0.25:
            text = mutate.raw(chance, _TOPOLOGY_TEXT.encode()).decode(errors="replace")
        else:
            spoilt: Any = {name: _TOPOLOGY[name] for name in chance.sample(sorted(_TOPOLOGY), chance.randrange(1, 4))}
            spoilt |= {"sites": _TOPOLOGY["sites"], "teams": _TOPOLOGY["teams"]}
            for _ in range(chance.choice((1, 1, 2))):
                spoilt = mutate.tree(chance, spoilt)
            text = json.dumps(spoilt, ensure_ascii=chance.random() < 0.5)
        try:
            with patience():
                described = parse_topology(text, "fuzzed.yaml", known)
        except TopologyError as error:
            tally.count(given=1, accepted=0, refused=1, where="topology file")
            if not str(error).startswith("fuzzed.yaml: "):
                tally.breach(f"a topology is refused without saying where: {error}")
        else:
            tally.count(given=1, accepted=1, refused=0, where="topology file")
            _use(tally, described, known)
    return tally


def _use(tally: Tally, described: Topology, known: Topology) -> None:
    """Metrics takes every record, the menus' warnings can be told, and what is shown can be imported again."""
    floor = Floor()
    for record in described.records:
        floor.learn(record_key(record), record.model_dump_json().encode())
    for flow in described.flows:
        warnings(flow)
    again = gathered(list(described.records))
    if described.records and parse_topology(write_topology(again), "shown.yaml", known) != again:
        tally.breach(f"a topology is shown as another: {described}"[:500])


_NAME = {"en": "Main", "zh": "主"}
_TOPOLOGY: dict[str, Any] = {
    "sites": [{"id": "lisbon", "name": _NAME, "timezone": "Europe/Lisbon", "region": "south"}],
    "queues": [{"id": "lisbon/sales", "name": _NAME, "target_s": 20, "target_percent": 80, "thresholds_s": [20, 30],
                "channels": {"chat": {"target_s": 60, "response_objective_s": 600}}, "skill": "sales"}],
    "flows": [{"id": "lisbon/main", "name": _NAME, "nodes": [
        {"id": "welcome", "name": _NAME, "choices": [{"key": "1", "to": "vip"}, {"key": "2", "to": "lisbon/sales"}]},
        {"id": "vip", "name": _NAME, "shortcut": True, "choices": [{"key": "auto", "to": "end"}]}]}],
    "teams": [{"id": "lisbon/red", "name": _NAME, "lead": "ana"}],
    "agents": [{"id": "ana", "name": "Ana", "site": "lisbon", "team": "lisbon/red", "queues": []}],
    "activities": DEFAULT_ACTIVITIES.model_dump(mode="json"),
}  # fmt: skip
_TOPOLOGY_TEXT = yaml.safe_dump({name: _TOPOLOGY[name] for name in ("sites", "flows", "agents")}, allow_unicode=True)


def profiles(inputs: int, chance: random.Random) -> Tally:
    """Call files from which the shape of a day is taken."""
    tally = Tally()
    for number in range(inputs):
        lines = [
            "\t".join(mutate.fields(chance, _bank_row(number + n).split("\t"))) for n in range(chance.randrange(4))
        ]
        try:
            weights = half_hour_weights(lines)
        except ValueError:
            tally.count(given=1, accepted=0, refused=1, where="profile")
        else:
            tally.count(given=1, accepted=1, refused=0, where="profile")
            if len(weights) != 48 or not 0.999 < sum(weights) < 1.001:
                tally.breach(f"a shape of a day that is none: {weights} of {lines}")
    return tally


def _some(simulator: Simulator) -> list[Any]:
    return list(simulator.run_until(START + 60_000))


def _spoilt(chance: random.Random, content: Any, text: str) -> str:
    if chance.random() < 0.15:
        return mutate.raw(chance, text[: chance.choice((300, 3000))].encode()).decode(errors="replace")
    # One site is enough to be wrong.
    spoilt: Any = {"sites": [chance.choice(content["sites"])]}
    for _ in range(chance.choice((1, 1, 2))):
        spoilt = mutate.tree(chance, spoilt)
    return json.dumps(spoilt, ensure_ascii=chance.random() < 0.5)  # which is YAML as well


@contextmanager
def patience() -> Iterator[None]:
    """A description that makes the program think for ever is as bad as one that makes it fall."""

    def over(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"not done after {PATIENCE_S} s")

    before = signal.signal(signal.SIGVTALRM, over)
    signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE_S)  # of processor time: a busy machine is no fault
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
