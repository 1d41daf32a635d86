"""The service level with Bytewax, one worker. Started by bench.rivals in an environment of its own. Shapes:

state     a ring of minutes in the state of the queue; no recovery, which is its default
recovery  the same with its recovery: snapshots of the state in SQLite every ten seconds, its default
windows   its own sliding windows of 30 minutes by one minute; no recovery
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSourceMessage
from bytewax.connectors.kafka import operators as kop
from bytewax.dataflow import Dataflow
from bytewax.operators.windowing import EventClock, SlidingWindower, fold_window
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import run_main

from bench import rival_level
from bench.rival_level import Outcome, Ring

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Counts = tuple[int, int]
shape, topic, meter = rival_level.meter_from_arguments()


def outcomes(message: KafkaSourceMessage[bytes | None, bytes | None]) -> list[tuple[str, Outcome]]:
    assert message.value is not None
    found = [(outcome[0], outcome) for outcome in meter.outcomes(message.value)]
    if shape != "windows":
        meter.end_if_done()  # the last events have no outcomes
    return found


def level(ring: Ring | None, outcome: Outcome) -> tuple[Ring, float | None]:
    ring = ring or rival_level.empty()
    queue, moment, within = outcome
    now = rival_level.count(ring, moment, within)
    meter.rings[queue] = ring
    meter.counted()
    meter.end_if_done()
    return ring, now


def moment(outcome: Outcome) -> datetime:
    return EPOCH + timedelta(milliseconds=outcome[1])


def add(counts: Counts, outcome: Outcome) -> Counts:
    return counts[0] + outcome[2], counts[1] + 1


def keep(window: tuple[str, tuple[int, Counts]]) -> bool:
    queue, (number, counts) = window
    if number * rival_level.MINUTE_MS + 30 * rival_level.MINUTE_MS == meter.end:
        meter.levels[queue] = counts
    return False


def flow() -> Dataflow:
    made = Dataflow("level")
    source = kop.input(
        "contacts", made, brokers=[os.environ["KAFKA_BOOTSTRAP_SERVERS"]], topics=[topic], tail=shape != "windows"
    )
    keyed = op.flat_map("outcomes", source.oks, outcomes)
    if shape == "windows":
        # Someone who waits for minutes counts when T had passed, so that is told minutes late.
        clock = EventClock(moment, wait_for_system_duration=timedelta(minutes=5))
        windower = SlidingWindower(timedelta(minutes=30), timedelta(minutes=1), EPOCH)
        levels = fold_window(
            "level", keyed, clock, windower, lambda: (0, 0), add, lambda a, b: (a[0] + b[0], a[1] + b[1])
        )
        op.inspect("end", op.filter("keep", levels.down, keep))
    else:
        op.inspect("end", op.filter("keep", op.stateful_map("level", keyed, level), lambda _: False))
    return made


def main() -> None:
    recovery = None
    if shape == "recovery":
        folder = Path(os.environ["FLOORWATCH_STATE_DIR"]) / "bytewax"
        folder.mkdir()
        init_db_dir(folder, 1)
        recovery = RecoveryConfig(folder)
    run_main(flow(), recovery_config=recovery)
    meter.finish()


if __name__ == "__main__":
    main()
