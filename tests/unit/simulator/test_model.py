"""The staffing model against the simulator, staffing level by staffing level; bench/model.py tells the method."""

import pytest

from bench.model import LOAD, simulate
from services.contracts.staffing import Promise, expected

LEVELS = (10, 12, 14, 16, 18, 20)


@pytest.mark.parametrize("agents", LEVELS)
def test_the_predicted_service_level_lies_within_the_interval_of_the_run(agents: int) -> None:
    """300 contacts an hour of 3 minutes on 10 to 20 agents: from a quarter in time to nearly all."""
    run = simulate(LOAD, agents, Promise(), contacts=24_000, seed=agents)
    assert run.agrees, run
    assert run.half < 0.06, "an interval that holds everything shows nothing"
    one_fewer = expected(LOAD, agents - 1, Promise()).service_level or 0.0
    assert abs(one_fewer - run.simulated) > run.half, "one agent fewer would not be told apart"


def test_the_levels_are_far_apart() -> None:
    levels = [expected(LOAD, agents, Promise()).service_level or 0.0 for agents in LEVELS]
    assert levels[0] < 0.3
    assert levels[-1] > 0.94
