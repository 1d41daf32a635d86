"""A short run of the fuzzer at every edge (`make fuzz` is the long one)."""

import pytest

from tests.fuzz.__main__ import EDGES, fuzz

FEW = {"floor": 60, "described": 300, "calendar": 1_000}


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_falls_and_everything_is_counted(edge, seed):
    tally = fuzz(edge, FEW.get(edge, 2_000), seed)

    assert tally.breaches == []
    assert tally.given >= FEW.get(edge, 2_000)
    assert tally.accepted > 0
    assert tally.refused > 0
