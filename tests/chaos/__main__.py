"""Right whatever happens: a floor is fed to a whole installation while its parts are killed, stopped and restarted.

Brings up Kafka, Redis, ingest, N metrics workers, alerts and the API in a folder and on ports of its own; feeds a
made-up floor through ingest's HTTP, with late, shuffled and repeated events; strikes by a plan that follows from the
seed. After each fault it measures how long it takes until what Redis and the API show is right and current again.
At the end every published number is compared with the oracle in tests/oracle. Exit code 1 if any is wrong.
"""

import argparse
import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

from tests.chaos.plan import MOST_WORKERS, plan
from tests.chaos.run import Options, run, say


def options() -> tuple[Options, bool]:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1, help="of the floor and of the faults (default 1)")
    parser.add_argument("--duration", type=float, default=120, metavar="S", help="seconds of feed (default 120)")
    parser.add_argument(
        "--workers", type=int, default=2, choices=range(1, MOST_WORKERS), help="metrics workers at first (default 2)"
    )
    parser.add_argument(
        "--session", type=float, default=6.0, metavar="S",
        help="FLOORWATCH_SESSION_TIMEOUT_S of the workers, which is most of the time after a kill (default 6, as shipped)",
    )  # fmt: skip
    parser.add_argument("--speed", type=float, default=30, help="floor seconds per real second (default 30)")
    parser.add_argument("--contacts", type=float, default=20, metavar="N", help="contacts a real second (default 20)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave logs and data in this new folder")
    parser.add_argument("--plan", action="store_true", help="print the faults of this seed, and strike nobody")
    given = parser.parse_args()
    if given.keep is not None and given.keep.exists() and any(given.keep.iterdir()):
        parser.error(f"--keep {given.keep}: the folder is not empty")
    if given.duration < 15:
        parser.error("--duration: at least 15")
    keep = given.keep.absolute() if given.keep else None
    return Options(
        given.seed, given.duration, given.workers, given.session, given.speed, given.contacts, keep
    ), given.plan


async def main(chosen: Options) -> bool:
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM):  # SIGINT too: who starts us in the background may have it ignored
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await run(chosen)


if __name__ == "__main__":
    for name in [name for name in os.environ if name.startswith("FLOORWATCH_")]:
        del os.environ[name]  # somebody's own installation is no affair of ours
    chosen, only_plan = options()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL + 1)  # its broker is away all the time
    faults = plan(chosen.seed, duration_s=chosen.duration_s, workers=chosen.workers, session_s=chosen.session_s)
    say(f"seed {chosen.seed}: {len(faults)} faults in {chosen.duration_s:g} s, {chosen.workers} metrics workers")
    if only_plan:
        for fault in faults:
            say(f"  {fault.at_s:5.1f} s  {fault}")
        sys.exit(0)
    try:
        sys.exit(0 if asyncio.run(main(chosen)) else 1)
    except (KeyboardInterrupt, asyncio.CancelledError):
        say("stopped; everything that was started is ended")
        sys.exit(130)
