"""What a worker with several partitions tells its outlet, and whom it tells it again."""

import json
from itertools import groupby

from services.contracts.events import Heartbeat, IvrEntered, Offered, encode_batch
from services.contracts.keeping import Record, StateEntry
from services.metrics.domain.floor import Floor
from services.metrics.domain.keeper import MetricsKeeper, count_records
from tests.unit.metrics.desk import MENU, NAMES, SALES, SERVICE, Desk

NOON = 1_767_960_000_000
QUEUE_OF = {0: SALES, 3: SERVICE}
CONTACTS, IVR = NAMES.contacts.name, NAMES.ivr.name


def record(topic: str, partition: int, offset: int, *events: object) -> Record:
    return Record(topic, partition, offset, encode_batch(events))


def called(queue: str, contact: str = "ana") -> Offered:
    return Offered(f"{contact}:o", "acd", NOON, queue, contact)


def worker() -> MetricsKeeper:
    """Partition 0 has sales, partition 3 service and the menu."""
    keeper = MetricsKeeper(NAMES, Floor())
    keeper.restore([], frozenset({0, 3}))
    keeper.apply(record(CONTACTS, 0, 4, called(SALES), Heartbeat("acd", "lisbon", NOON)))
    keeper.apply(record(CONTACTS, 3, 8, called(SERVICE)))
    keeper.apply(record(IVR, 3, 2, IvrEntered("x:in", "ivr", NOON, MENU, "x"), Heartbeat("ivr", "lisbon", NOON)))
    return keeper


def test_it_tells_each_change_once():
    keeper = worker()
    tiles, feeds = keeper.news()

    assert sorted(name for name, _ in tiles) == [SALES, SERVICE]
    assert [feed.id for feed in feeds] == ["acd|lisbon|contacts|0", "ivr|lisbon|ivr|3"]
    assert keeper.news() == ([], [])


#   0 ms: told at once     40 ms: held back     100 ms: told
#   ●──────────────────────○────────────────────●──────────>


def test_a_busy_queue_is_told_at_once_and_then_every_100_ms():
    keeper = worker()
    keeper.news(50.0)
    keeper.apply(record(CONTACTS, 0, 5, called(SALES, "second")))

    assert keeper.news(50.04).tiles == []
    assert keeper.holds_tiles_back
    assert [name for name, _ in keeper.news(50.11).tiles] == [SALES]
    assert not keeper.holds_tiles_back


def test_what_is_held_back_is_told_with_the_checkpoint_that_covers_it():
    keeper = worker()
    keeper.news(50.0)
    keeper.apply(record(CONTACTS, 0, 5, called(SALES, "second")))

    assert [name for name, _ in keeper.news().tiles] == [SALES]


def test_it_tells_a_partition_again_for_a_redis_that_was_emptied():
    keeper = worker()
    keeper.news()

    keeper.tell_again(3)

    tiles, feeds = keeper.news()
    assert [name for name, _ in tiles] == [SERVICE]
    assert [feed.id for feed in feeds] == ["ivr|lisbon|ivr|3"]
    keeper.tell_again(7)  # not ours
    assert keeper.news() == ([], [])


def test_progress_and_counts():
    keeper = worker()

    assert keeper.progress == {(CONTACTS, 0): 4, (CONTACTS, 3): 8, (IVR, 3): 2}
    assert keeper.partitions == {0, 3}
    assert keeper.events == 5
    assert keeper.urgent() is False


def test_half_hours_go_to_the_partition_of_their_queue_and_to_redis():
    keeper = worker()
    outputs = []
    while any(part := keeper.checkpoint()):
        outputs += part.outputs

    desk = [output for output in outputs if output.topic == NAMES.tiles.name]
    outputs = [output for output in outputs if output not in desk]
    assert [(output.key, output.partition) for output in desk] == [(f"{MENU}|{NOON}".encode(), 0)]
    assert sorted((output.key or b"", output.partition) for output in outputs) == [
        (f"{MENU}|{NOON}".encode(), 3),
        (f"{SALES}|{NOON}".encode(), 0),
        (f"{SERVICE}|{NOON}".encode(), 3),
    ]
    taken = keeper.take_half_hours()
    assert {half_hour.value for half_hour in taken} == {output.value for output in outputs}
    assert {(half_hour.id.encode()) for half_hour in taken} == {output.key for output in outputs}
    assert keeper.take_half_hours() == []


def test_it_starts_again_with_what_was_kept_of_its_partitions():
    keeper, states = worker(), {}
    while any(part := keeper.checkpoint()):
        states.update({state.key: state for state in part.state})
    offsets = {key: keeper.offset_of(state.value) for key, state in states.items() if state.value}
    assert sorted(offsets.values()) == [2, 2, 4, 4, 8, 8]  # a page and the clocks of each partition and topic

    mine = [state for state in states.values() if state.partition == 3]
    keeper.restore(mine, frozenset({3}))

    assert keeper.progress == {(CONTACTS, 3): 8, (IVR, 3): 2}
    assert [name for name, _ in keeper.news().tiles] == [SERVICE]
    assert not any(keeper.checkpoint())


def test_a_checkpoint_comes_in_slices_pages_first_clocks_next_keys_to_forget_last():
    desk = Desk()
    for minute in range(0, 600, 5):
        desk.send(Offered(f"e{minute}", "acd", NOON + minute * 60_000, SALES, f"c{minute}"))
    desk.checkpoint()
    for minute in range(0, 600, 5):
        desk.send(Offered(f"f{minute}", "acd", NOON + minute * 60_000, SALES, f"d{minute}"))
    desk.clock(NOON + 36 * 3_600_000)

    slices: list[list[StateEntry]] = []
    while any(part := desk.keeper.checkpoint()):
        slices.append(part.state)

    kinds = [{("over" if s.value is None else s.key.count(b"|")) for s in states} for states in slices if states]
    assert [kind for kind, _ in groupby(kinds)] == [{2}, {0}, {"over"}]
    assert len(kinds) > 3  # the pages come in several slices
    assert json.loads(desk.keeper.take_half_hours()[-1].value)["status"] == "provisional"


def test_records_alone_can_be_counted():
    keeper = count_records([record(CONTACTS, 0, 0, called(SALES)), record(CONTACTS, 1, 0, called(SERVICE))], NAMES)

    assert [name for name, _ in keeper.news().tiles] == [SALES, SERVICE]


def test_records_that_come_while_a_checkpoint_is_taken_count_once_wherever_it_is():
    """One comes between every two slices, for partitions that are done, at work or still to come; then it dies."""

    def sent(partition: int, number: int) -> Record:
        at = NOON + number % 24 * 300_000
        return record(CONTACTS, partition, number, Offered(f"{number}", "acd", at, QUEUE_OF[partition], f"c{number}"))

    def numbers(keeper: MetricsKeeper) -> dict[str, dict[str, object]]:
        tiles = {name: json.loads(tile) for name, tile in keeper.news().tiles}
        return {name: {**tile, "offset": None} for name, tile in tiles.items()}

    keeper = MetricsKeeper(NAMES, Floor())
    keeper.restore([], frozenset(QUEUE_OF))
    log = [sent(partition, number) for number in range(60) for partition in QUEUE_OF]
    for each in log:
        keeper.apply(each)
    covered = len(log)

    states: list[StateEntry] = []
    while any(part := keeper.checkpoint()):
        states += part.state
        log += [sent(partition, log[-1].offset + 1) for partition in QUEUE_OF]
        for each in log[-len(QUEUE_OF) :]:
            keeper.apply(each)
    assert len(log) - covered > 2 * len(QUEUE_OF)
    alive = numbers(keeper)

    successor = MetricsKeeper(NAMES, Floor())
    successor.restore(states, frozenset(QUEUE_OF))
    for each in log[covered:]:
        successor.apply(each)
    undisturbed = MetricsKeeper(NAMES, Floor())
    undisturbed.restore([], frozenset(QUEUE_OF))
    for each in log:
        undisturbed.apply(each)

    assert alive == numbers(successor) == numbers(undisturbed)
