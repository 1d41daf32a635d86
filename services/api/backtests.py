"""Rules over what was recorded: the alerts service's own engine, as a process of its own (decisions/0014)."""

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from services.contracts.backtest import BacktestOrder
from services.runtime.logs import get_logger
from services.runtime.settings import CommonSettings

ROOT = Path(__file__).parents[2]  # where `python -m services.…` finds the services
COMMAND = ("-m", "services.alerts", "backtest", "--order")
MOST_LISTED = 20_000
"""Firings in one answer, of all rules together."""


class BusyError(Exception):
    """Another backtest runs."""


class TooLongError(Exception):
    """It took too long, and was ended."""


class BacktestFailedError(Exception):
    """The process answered nothing; in words, why."""


class Backtests:
    """One at a time: each takes a processor, and reads as much of the log as it is asked for.

    Args:
        settings: where Kafka is.
        within_s: how long one may take.
    """

    def __init__(self, settings: CommonSettings, *, within_s: float) -> None:
        self._environment = {
            "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
            "FLOORWATCH_NAMESPACE": settings.namespace,
        }
        self._within_s = within_s
        self._busy = False
        self._process: Process | None = None

    async def run(self, order: BacktestOrder) -> bytes:
        """A Backtest, as JSON. Cancelled, it is ended.

        Raises:
            BusyError: another one runs.
            TooLongError: it took too long, and was ended.
            BacktestFailedError: it could not be done.
        """
        if self._busy:
            raise BusyError
        self._busy = True
        try:
            async with asyncio.timeout(self._within_s):
                return await self._ask(order)
        except TimeoutError:
            raise TooLongError from None
        finally:
            await self.close()
            self._busy = False

    async def close(self) -> None:
        """End the one that runs."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _ask(self, order: BacktestOrder) -> bytes:
        process = self._process = await asyncio.create_subprocess_exec(
            sys.executable, *COMMAND, env=os.environ | self._environment, cwd=ROOT, stdin=PIPE, stdout=PIPE, stderr=PIPE
        )
        assert process.stdin is not None  # they are pipes
        assert process.stdout is not None
        assert process.stderr is not None
        most = max(1, min(order.most_firings, MOST_LISTED // max(1, len(order.rules))))
        asked = order.model_copy(update={"most_firings": most}).model_dump_json()
        with contextlib.suppress(ConnectionError):  # it has ended, and says why
            process.stdin.write(
                asked.encode() + b"\n"
            )  # stdin stays open: were this process killed, that one would end
            await process.stdin.drain()
        found, said = await asyncio.gather(process.stdout.read(), process.stderr.read())
        if await process.wait() != 0:
            why = said.decode(errors="replace").strip()
            get_logger().warning("a backtest failed", code=process.returncode, said=why[-2000:])
            raise BacktestFailedError(why.rpartition("\n")[2] or f"exit code {process.returncode}")
        return found
