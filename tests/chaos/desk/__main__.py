"""Each step once, whatever happens: people act on alerts, plans and moves while parts are killed, stopped and restarted.

Brings up Kafka, Redis, ingest, metrics, alerts, the API and an HTTP receiver in a folder and on ports of its own; feeds a
made-up floor; people acknowledge, assign, note, snooze, silence, activate plans and lend agents over REST, each command
with a key of its own and again until it is answered. At the end a desk is built anew from the log, and must have said
the same: every transition once, one outcome a command, the same in Redis, and at most one message of each transition
and channel. Exit code 1 if anything is wrong.
"""

import argparse
import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

from tests.chaos.desk.run import Options, run, strikes
from tests.chaos.run import say


def options() -> tuple[Options, bool]:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos.desk", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1, help="of floor, people and faults (default 1)")
    parser.add_argument("--duration", type=float, default=120, metavar="S", help="seconds of feed (default 120)")
    parser.add_argument("--people", type=int, default=4, help="who act at the same time (default 4)")
    parser.add_argument(
        "--session", type=float, default=6.0, metavar="S", help="FLOORWATCH_SESSION_TIMEOUT_S (default 6)"
    )
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave logs and data in this new folder")
    parser.add_argument("--plan", action="store_true", help="print the faults of this seed, and strike nobody")
    given = parser.parse_args()
    if given.keep is not None and given.keep.exists() and any(given.keep.iterdir()):
        parser.error(f"--keep {given.keep}: the folder is not empty")
    keep = given.keep.absolute() if given.keep else None
    return Options(given.seed, given.duration, given.people, given.session, keep), given.plan


async def main(chosen: Options) -> bool:
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await run(chosen)


if __name__ == "__main__":
    for name in [name for name in os.environ if name.startswith("FLOORWATCH_")]:
        del os.environ[name]  # somebody's own installation is no affair of ours
    chosen, only_plan = options()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL + 1)  # its broker is away all the time
    if only_plan:
        for fault in strikes(chosen):
            say(f"  {fault.at_s:5.1f} s  {fault}")
        sys.exit(0)
    try:
        sys.exit(0 if asyncio.run(main(chosen)) else 1)
    except (KeyboardInterrupt, asyncio.CancelledError):
        say("stopped; everything that was started is ended")
        sys.exit(130)
