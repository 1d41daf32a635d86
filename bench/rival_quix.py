"""The service level with Quix Streams at its defaults: at least once, state in RocksDB with a changelog topic.

Started by bench.rivals in an environment of its own. Shapes:

    state            a ring of minutes in the state of the message key (a queue; with batches: a partition)
    windows          its own hopping windows of 30 minutes by one minute, keyed by queue
    grouped-windows  the same of batches: first through a topic keyed by queue, as its windows ask for
"""

import os
from datetime import timedelta
from typing import Any

from quixstreams import Application, State

from bench import rival_level
from bench.rival_level import Outcome

shape, topic, meter = rival_level.meter_from_arguments()
app = Application(
    broker_address=os.environ["KAFKA_BOOTSTRAP_SERVERS"],
    consumer_group=f"quix-{shape}-{topic}",
    auto_offset_reset="earliest",
    state_dir=os.environ["FLOORWATCH_STATE_DIR"] + "/quix",
    loglevel="WARNING",
    on_message_processed=lambda *_: meter.end_if_done(),
)


def level(outcome: Outcome, state: State[str, Any]) -> float | None:
    queue, moment, within = outcome
    ring = state.get(queue) or rival_level.empty()
    now = rival_level.count(ring, moment, within)
    state.set(queue, ring)
    meter.rings[queue] = ring
    meter.counted()
    return now


def begin(outcome: Outcome) -> tuple[str, int, int]:
    return outcome[0], outcome[2], 1


def add(counts: tuple[str, int, int], outcome: Outcome) -> tuple[str, int, int]:
    queue, within, counted = counts
    return queue, within + outcome[2], counted + 1


def keep(window: dict[str, Any]) -> None:
    if window["end"] == meter.end:
        queue, within, counted = window["value"]
        meter.levels[queue] = within, counted


def main() -> None:
    stream = app.dataframe(app.topic(topic, key_deserializer="bytes", value_deserializer="bytes"))
    stream = stream.apply(meter.outcomes, expand=True)
    if shape == "state":
        stream.apply(level, stateful=True)
    else:
        stream = stream.set_timestamp(lambda outcome, _key, _at, _headers: outcome[1])
        if shape == "grouped-windows":
            stream = stream.group_by(lambda outcome: outcome[0], name="queue")
        stream = stream.update(lambda _: meter.counted())
        # Someone who waits for minutes counts when T had passed, so that is told minutes late.
        windows = stream.hopping_window(timedelta(minutes=30), timedelta(minutes=1), grace_ms=timedelta(minutes=5))
        windows.reduce(add, begin).current().update(keep)
    app.run()


if __name__ == "__main__":
    main()
