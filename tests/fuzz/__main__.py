"""Malformed inputs at every edge, made from valid ones: none may crash a service, lose a valid neighbour, or go uncounted.

The sources are the bank's call files, Asterisk's queue_log (files, the database export, a log that is followed), HTTP
bodies and simulated floors; schedules as CSV, iCalendar and HTTP bodies, and descriptions of the floor; then what comes
over Kafka and Redis. The law: accepted + refused = given, each refused
item has a letter that names it, and every valid item among them counts. Exit code 1 where it is broken.
"""

import argparse
import random
import sys
import time
import traceback
from collections.abc import Callable

from tests.fuzz import bodies, floors, plans, rows, topics
from tests.fuzz.law import Tally

Edge = Callable[[int, random.Random], Tally]
ROUND = 20_000
EDGES: dict[str, tuple[float, Edge]] = {
    "bank": (0.185, rows.bank),
    "queue_log": (0.16, rows.queue_log),
    "export": (0.13, rows.export),
    "followed": (0.05, rows.followed),
    "http": (0.17, bodies.bodies),
    "floor": (0.003, floors.floors),
    "profile": (0.037, floors.profiles),
    "table": (0.05, plans.tables),
    "calendar": (0.02, plans.calendars),
    "plans": (0.05, plans.posted),
    "described": (0.005, floors.topologies),
    "events": (0.08, topics.event_topics),
    "tiles": (0.02, topics.tiles_topic),
    "topology": (0.02, topics.topology_topic),
    "announced": (0.02, topics.announcements),
}
"""Name → (share of the inputs, what is done with so many)."""


def fuzz(name: str, inputs: int, seed: int) -> Tally:
    """One edge, in rounds with a seed each, so that a broken one can be had again alone."""
    _, edge = EDGES[name]
    tally = Tally()
    for first in range(0, inputs, ROUND):
        try:
            tally += edge(min(ROUND, inputs - first), random.Random(f"{seed} {name} {first}"))
        except Exception:  # noqa: BLE001  # whatever gets out would have ended the service
            tally.breach(f"round {first} fell: {traceback.format_exc()[-1500:]}")
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=1_000_000, help="in all (default 1,000,000)")
    parser.add_argument("--seed", type=int, default=1, help="of all chance (default 1)")
    parser.add_argument("--edge", choices=EDGES, action="append", help="only this one; may be repeated")
    options = parser.parse_args()
    total = Tally()
    for name in options.edge or EDGES:
        share = EDGES[name][0] if not options.edge else 1 / len(options.edge)
        began = time.monotonic()
        tally = fuzz(name, max(1, round(options.inputs * share)), options.seed)
        total += tally
        print(  # noqa: T201  # this is the program's answer
            f"{name:<10} {tally.given:>9,} given = {tally.accepted:>8,} accepted + {tally.refused:>8,} refused   "
            f"{len(tally.breaches)} breaches   {time.monotonic() - began:5.1f} s",
            flush=True,
        )
        for breach in tally.breaches[:5]:
            print(f"    broken: {breach}", flush=True)  # noqa: T201
    print(f"seed {options.seed}: {total.given:,} inputs, {len(total.breaches)} breaches of the law")  # noqa: T201
    return 1 if total.breaches else 0


if __name__ == "__main__":
    sys.exit(main())
