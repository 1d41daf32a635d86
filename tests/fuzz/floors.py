"""Floor descriptions and call files for the simulator: refused with what is wrong, or they can be simulated."""

import json
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import yaml

from services.ingest.domain.simulator import FloorError, Simulator, parse_floor, topology_of
from services.ingest.domain.simulator.profile import half_hour_weights
from services.ingest.profiles import shipped_profiles
from services.ingest.sources.files import shipped
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
            with _patience():
                floor = parse_floor(spoilt, "fuzzed.yaml")
        except FloorError as error:
            refused = 1
            if not str(error).startswith("fuzzed.yaml: "):
                tally.breach(f"a floor is refused without saying where: {error}")
        else:
            refused = 0
            topology_of(floor)
            if sum(site.agents for site in floor.sites) <= MOST_AGENTS:
                with _patience():
                    simulated = Simulator(floor, 1, START, profiles=profiles)
                    check_events(tally, _some(simulated), where="simulated floor")
        tally.count(given=1, accepted=1 - refused, refused=refused, where="floor")
    return tally


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
def _patience() -> Iterator[None]:
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
