"""Service level by each definition; the first fixture is design §4's."""

import pytest

from services.contracts.definitions import (
    DEFINITIONS,
    Counts,
    DefinitionName,
    GenesysSwitches,
    abandonment_rate,
    asa_s,
    service_level,
)

SEVENTY_TEN_TWENTY = Counts(
    offered=100, answered=90, abandoned=10, answered_within=70, abandoned_within=10, wait_answered_ms=900_000
)


@pytest.mark.parametrize(
    ("definition", "percent"),
    [
        ("cisco_ignore", 77.8), ("cisco_negative", 70.0), ("cisco_positive", 80.0), ("offered", 70.0),
        ("genesys_cloud", 70.0), ("talkdesk", 70.0), ("answered_only", 77.8), ("xcally", 77.8), ("asterisk_perf2", 80.0),
    ],
)  # fmt: skip
def test_70_answered_in_t_10_abandoned_in_t_20_late(definition: DefinitionName, percent: float):
    found = service_level(definition, SEVENTY_TEN_TWENTY)

    assert found is not None
    assert round(100 * found, 1) == percent


@pytest.mark.parametrize(
    ("definition", "percent"),
    [
        ("cisco_ignore", 77.8), ("cisco_negative", 70.0), ("cisco_positive", 80.0), ("offered", 70.0),
        ("genesys_cloud", 70.0), ("talkdesk", 70.0), ("answered_only", 77.8), ("xcally", 77.8),
        ("asterisk_perf2", 81.0),  # it knows no short abandons: 85 of 105
    ],
)  # fmt: skip
def test_five_short_abandons_beside_them(definition: DefinitionName, percent: float):
    five_short = SEVENTY_TEN_TWENTY + Counts(
        offered=5, abandoned=5, short_abandoned=5, abandoned_within=5, short_abandoned_within=5
    )

    found = service_level(definition, five_short)

    assert found is not None
    assert round(100 * found, 1) == percent


@pytest.mark.parametrize("definition", list(DEFINITIONS))
def test_no_contact_is_no_data(definition: DefinitionName):
    assert service_level(definition, Counts()) is None


@pytest.mark.parametrize(
    ("switches", "percent"),
    [
        ({}, 70.0),
        ({"include_short_abandons": True}, 66.7),  # 70 of 105
        ({"include_flow_outs": True}, 63.6),  # 70 of 110
        ({"include_abandons": False}, 77.8),
        ({"include_abandons": False, "include_short_abandons": True}, 77.8),
        ({"include_short_abandons": True, "include_flow_outs": True}, 60.9),  # 70 of 115
    ],
)
def test_genesys_cloud_by_its_switches(switches: dict[str, bool], percent: float):
    counts = SEVENTY_TEN_TWENTY + Counts(
        offered=15, abandoned=5, short_abandoned=5, abandoned_within=5, short_abandoned_within=5, flowed_out=10
    )

    found = service_level("genesys_cloud", counts, GenesysSwitches(**switches))

    assert found is not None
    assert round(100 * found, 1) == percent


@pytest.mark.parametrize("definition", [name for name in DEFINITIONS if name != "asterisk_perf2"])
def test_only_short_abandons_are_no_data(definition: DefinitionName):
    counts = Counts(offered=2, abandoned=2, short_abandoned=2, abandoned_within=2, short_abandoned_within=2)

    assert service_level(definition, counts) is None
    assert abandonment_rate(counts) is None


def test_abandonment_and_speed_of_answer():
    assert abandonment_rate(SEVENTY_TEN_TWENTY) == 0.1
    assert asa_s(SEVENTY_TEN_TWENTY) == 10.0
    assert asa_s(Counts(offered=1, waiting=1)) is None


def test_a_roll_up_adds_counters_and_never_averages():
    small = Counts(offered=1, answered=1, answered_within=1)
    large = Counts(offered=99, answered=99, answered_within=0)

    assert service_level("offered", small + large) == 0.01
