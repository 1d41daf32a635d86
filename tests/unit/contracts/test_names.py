"""Topics and keys: nothing of two installations may meet."""

from services.contracts.names import Names


def test_every_topic_and_key_carries_the_namespace():
    names = Names("north")

    keys = [
        names.tiles_key, names.feeds_key, names.topology_key, names.progress_key, names.alerts_key, names.transitions_key,
        names.day_key("bank/PS", "1999-01-05"), names.repeats_key("bank/PS", "1999-01-05"), names.agents_key,
        names.agent_days_key("1999-01-05"), names.filled_key("metrics", 3), names.sign_in_key("t"), names.wall_code_key("t"), names.changes_channel,
    ]  # fmt: skip
    assert all(key.startswith("north:") for key in keys)
    assert len(set(keys)) == len(keys)
    assert all(topic.name.startswith("north.") for topic in names.topics)
    assert len({topic.name for topic in names.topics}) == len(names.topics) == 14


def test_state_topics_are_compacted_and_never_trimmed_by_time():
    names = Names()

    for topic in (names.topology, names.positions, names.schedules, names.forecasts, names.intervals):
        assert topic.config["cleanup.policy"] == "compact"
        assert "retention.ms" not in topic.config
    assert names.contacts.config["retention.ms"] == str(35 * 24 * 3_600_000)
