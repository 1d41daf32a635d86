"""What recovery makes of the changelog."""

import faust
import pytest

from services.contracts.keeping import StateEntry, key_prefix
from services.runtime.changelog import Changelog, changelog_topic
from services.runtime.settings import CommonSettings

ONE, TWO = key_prefix(0) + b"one", key_prefix(1) + b"two"


def state(offset: int, what: str = "") -> bytes:
    return f"{offset}:{what}".encode()


@pytest.fixture
def changelog() -> Changelog:
    app = faust.App("test", store="memory://", web_enabled=False)
    topic = changelog_topic("test", 2)
    return Changelog(app, CommonSettings(), topic, lambda value: int(value.partition(b":")[0]), lambda *_: None)


def read(changelog: Changelog, *records: tuple[bytes, bytes | None]) -> None:
    for key, value in records:
        changelog.take_in(key, value)


def values(entries: list[StateEntry]) -> list[bytes | None]:
    return [entry.value for entry in entries]


def test_the_highest_offset_of_a_key_wins_whoever_wrote_last(changelog: Changelog) -> None:
    read(changelog, (ONE, state(5)), (ONE, state(9)), (ONE, state(7, "of a worker that slept")))

    assert changelog.entries() == [StateEntry(0, ONE, state(9))]


def test_a_key_followed_by_an_older_state_is_written_again(changelog: Changelog) -> None:
    read(changelog, (ONE, state(9)), (ONE, state(7)), (TWO, state(3)))

    assert values(changelog.repaired()) == [state(9)]


def test_what_is_right_again_needs_no_repair(changelog: Changelog) -> None:
    read(changelog, (ONE, state(9)), (ONE, state(7)), (ONE, state(9)), (TWO, state(9)), (TWO, state(7)), (TWO, None))

    assert changelog.repaired() == []
    assert values(changelog.entries()) == [state(9)]


def test_only_states_of_our_partitions_stay(changelog: Changelog) -> None:
    read(changelog, (ONE, state(1)), (TWO, state(2)))
    changelog.read_to = {0: 5, 1: 6}

    changelog.keep_only(frozenset({1}))
    assert (changelog.entries(), changelog.read_to) == ([StateEntry(1, TWO, state(2))], {1: 6})
    changelog.keep_only(frozenset())
    assert (changelog.entries(), changelog.read_to) == ([], {})


def test_our_own_writes_need_not_be_read_unless_another_wrote_between(changelog: Changelog) -> None:
    changelog.read_to = {0: 10}

    changelog.written(StateEntry(0, ONE, state(1)), 11)
    assert (changelog.read_to, values(changelog.entries())) == ({0: 11}, [state(1)])

    changelog.written(StateEntry(0, ONE, state(3)), 13)  # 12 is someone else's
    assert (changelog.read_to, values(changelog.entries())) == ({0: 11}, [state(1)])


def test_the_topic_is_compacted_soon_but_not_at_once() -> None:
    topic = changelog_topic("floorwatch-metrics", 4)

    assert (topic.name, topic.partitions) == ("floorwatch-metrics-state-changelog", 4)
    assert topic.config["cleanup.policy"] == "compact"
    assert int(topic.config["min.compaction.lag.ms"]) >= 10 * 60_000
