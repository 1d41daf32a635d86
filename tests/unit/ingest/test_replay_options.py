"""What the command line understands."""

import pytest

from services.ingest.bank_replay import bank_topology, bank_zone
from services.ingest.replay import parse_local, parse_speed


@pytest.mark.parametrize(("text", "speed"), [("max", 0), ("1", 1), ("60x", 60), ("2.5", 2.5), ("60×", 60)])
def test_speed(text, speed):
    assert parse_speed(text) == speed


@pytest.mark.parametrize("text", ["0", "-1", "fast", "", "nan", "inf"])
def test_a_speed_that_can_not_be(text):
    with pytest.raises(ValueError):
        parse_speed(text)


@pytest.mark.parametrize("text", ["1999-01-03", "1999-01-03 08:30", "1999-01-03T08:30:15"])
def test_local_times(text):
    assert parse_local(text).year == 1999


@pytest.mark.parametrize("text", ["1999-01-03T08:30+02:00", "tomorrow"])
def test_a_local_time_that_can_not_be(text):
    with pytest.raises(ValueError):
        parse_local(text)


def test_the_banks_floor_may_have_another_id():
    records = bank_topology("haifa")
    assert {record.id.partition("/")[0] for record in records} == {"haifa"}
    assert "haifa/PS" in {record.id for record in records}
    assert bank_zone(records).key == "Asia/Jerusalem"


def test_every_queue_of_the_bank_counts_20_and_30_seconds_and_has_a_name_in_both_languages():
    queues = [record for record in bank_topology("bank") if record.kind == "queue"]
    assert {queue.id for queue in queues} == {f"bank/{type_}" for type_ in ("PS", "NW", "NE", "IN", "TT", "PE", "AA")}
    for queue in queues:
        assert {20, 30} <= set(queue.counted_thresholds_s)
        assert queue.name.en
        assert queue.name.zh != queue.name.en
