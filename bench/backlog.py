"""A backlog in one checkpoint, as after a long absence: twice the days must cost twice the time.

    python -m bench.backlog [--days 10]

Calls of four queues, one each ten seconds, are counted in one go by a keeper that has just been restored, and stored in
one checkpoint. No Kafka: processor time of the domain alone.
"""

import argparse
import time

from services.contracts.events import Answered, Offered, encode_batch
from services.contracts.keeping import Record
from services.contracts.names import Names
from services.metrics.domain.floor import Floor
from services.metrics.domain.keeper import MetricsKeeper

START = 916_012_800_000  # 1999-01-11 00:00 UTC
DAY_MS = 24 * 3600 * 1000
EVERY_MS = 10_000
A_RECORD = 200
QUEUES = ("a", "b", "c", "d")
NAMES = Names("bench")


def records(days: int) -> list[Record]:
    """Of one partition, in the order of time."""
    found: list[Record] = []
    batch: list[Offered | Answered] = []
    for at in range(START, START + days * DAY_MS, EVERY_MS):
        for queue in QUEUES:
            contact = f"{queue}{at}"
            batch += [
                Offered(f"{contact}-1", "bench", at, f"s/{queue}", contact),
                Answered(f"{contact}-2", "bench", at + 15_000, f"s/{queue}", contact, at),
            ]
        if len(batch) >= A_RECORD:
            found.append(Record(NAMES.contacts.name, 0, len(found), encode_batch(batch), b"s"))
            batch = []
    return found


def measure(days: int) -> float:
    """Seconds of processor time of the checkpoint."""
    keeper = MetricsKeeper(NAMES, Floor())
    keeper.restore((), frozenset({0}))
    for record in records(days):
        keeper.apply(record)
    began, states = time.process_time(), 0
    while (part := keeper.checkpoint()).outputs or part.state:
        states += len(part.state)
    took = time.process_time() - began
    print(f"{days:4} days: {len(QUEUES) * days * DAY_MS // EVERY_MS:9,} contacts, {states:8,} states, {took:7.2f} s")
    return took


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.backlog", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--days", type=int, default=10)
    days: int = parser.parse_args().days
    first, twice = measure(days), measure(2 * days)
    print(f"twice the days cost ×{twice / first:.2f} (goal: at most 2.5)")


if __name__ == "__main__":
    main()
