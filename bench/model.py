"""The staffing model beside the simulator: predicted (Erlang A) and simulated service level at several staffing levels.

    python -m bench.model [--contacts 40000] [--seed 1]

Method: one long run a level at constant rates, its first tenth left out; contacts in the order of arrival are cut into
30 batches, whose means give a Student interval at 99.9 % (29 degrees of freedom). Two shapes of handling: exponential,
as the model assumes, and lognormal with coefficient of variation 0.9, as the demonstration's floor has it.
tests/unit/simulator/test_model.py runs the first one and asserts that the prediction lies within the interval.
"""

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any, Literal

from services.contracts.events import Abandoned, Answered, Offered
from services.contracts.staffing import Load, Promise, expected
from services.ingest.domain.simulator import Floor, Simulator

BATCHES = 30
STUDENT_29_999 = 3.659
HOUR_MS = 3_600_000
START = 916_012_800_000  # 1999-01-11 00:00 UTC
LOAD = Load(arrivals_per_hour=300, aht_s=180, patience_s=120)
LEVELS = (10, 12, 14, 15, 16, 18, 20)
Shape = Literal["exponential", "lognormal"]


@dataclass(frozen=True)
class Run:
    """A simulated staffing level. `half`: half the width of its 99.9 % interval."""

    agents: int
    simulated: float
    half: float
    predicted: float

    @property
    def agrees(self) -> bool:
        return abs(self.predicted - self.simulated) <= self.half


def floor_of(load: Load, agents: int, shape: Shape) -> Floor:
    service: dict[str, Any] = {"mean_s": load.aht_s, "shape": shape, "cv": 0.9}
    text = {"en": "Model", "zh": "模型"}
    queue = {
        "id": "q", "name": text, "service": service, "patience_s": load.patience_s,
        "arrivals": {"per_day": load.arrivals_per_hour * 24, "profile": "flat"},
    }  # fmt: skip
    team = {"id": "t", "name": text, "groups": [{"agents": agents, "skills": ["q"], "shift": "always"}]}
    always = {"start": "00:00", "end": "00:00"}
    site = {
        "id": "s",
        "name": text,
        "timezone": "UTC",
        "queues": [queue],
        "teams": [team],
        "shifts": {"always": always},
    }
    return Floor.model_validate({"sites": [site]})


def simulate(
    load: Load, agents: int, promise: Promise, *, contacts: int, seed: int, shape: Shape = "exponential"
) -> Run:
    """Run one staffing level."""
    running = Simulator(floor_of(load, agents, shape), seed, START, profiles={"flat": [1.0] * 48})
    until = START + math.ceil(contacts * 1.15 / load.arrivals_per_hour * HOUR_MS)
    order: dict[str, int] = {}
    in_time: list[float | None] = []
    while running.clock < until:
        for event in running.run_until(until, limit=20_000):
            if isinstance(event, Offered):
                order[event.contact] = len(in_time)
                in_time.append(None)
            elif isinstance(event, Answered | Abandoned):
                waited = event.at - event.offered_at
                good = isinstance(event, Answered) and waited <= promise.target_s * 1000
                in_time[order.pop(event.contact)] = float(good)
    whole = [one for one in in_time[: min(order.values(), default=len(in_time))] if one is not None][-contacts:]
    size = len(whole) // BATCHES
    means = [fmean(whole[batch * size : (batch + 1) * size]) for batch in range(BATCHES)]
    half = STUDENT_29_999 * stdev(means) / math.sqrt(BATCHES)
    return Run(agents, fmean(means), half, expected(load, agents, promise).service_level or 0.0)


def table(contacts: int, seed: int) -> Iterator[str]:
    """The table of docs/what-if.md, line by line."""
    yield "| agents | Erlang A | simulated | of lognormal handling |"
    yield "|---:|---:|---:|---:|"
    for agents in LEVELS:
        one, other = (
            simulate(LOAD, agents, Promise(), contacts=contacts, seed=seed + agents, shape=shape)
            for shape in ("exponential", "lognormal")
        )
        yield (
            f"| {agents} | {one.predicted:.1%} | {one.simulated:.1%} ± {one.half * 100:.1f} "
            f"| {other.simulated:.1%} ± {other.half * 100:.1f} |"
        )


def main() -> None:
    options = argparse.ArgumentParser(description="Predicted and simulated service level, side by side.")
    options.add_argument("--contacts", type=int, default=40_000, help="of each run")
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    print(
        f"{LOAD.arrivals_per_hour:g} contacts an hour of {LOAD.aht_s:g} s, patience {LOAD.patience_s:g} s, "
        f"{Promise().target_s} s; {chosen.contacts:,} contacts a run, seed {chosen.seed}, ± at 99.9 %\n"
    )
    for line in table(chosen.contacts, chosen.seed):
        print(line, flush=True)


if __name__ == "__main__":
    main()
