"""When the next checkpoint is due."""

import pytest

from services.runtime.pace import Pace

pace = Pace(least_s=0.3, most_s=5, share=5, keys_per_s=200)


@pytest.mark.parametrize(
    ("took_s", "keys", "pause_s"),
    [
        (0.01, 5, 0.3),  # small and quick: the usual interval
        (0.2, 5, 1.0),  # Kafka is slow: a sixth of the time at most
        (0.01, 400, 2.0),  # many keys: what recovery must read stays bounded
        (60, 100_000, 5.0),  # never rarer than that
    ],
)
def test_the_pause_follows_time_and_keys(took_s: float, keys: int, pause_s: float) -> None:
    assert pace.pause_s(took_s=took_s, keys=keys) == pause_s
