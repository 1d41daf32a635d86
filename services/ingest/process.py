"""What every process of ingest does around its work: log, watch its parent, end cleanly on SIGTERM and Ctrl-C."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress

from services.ingest.settings import IngestSettings
from services.runtime import logs, parent
from services.runtime.settings import load

STOPPED = 143
"""Exit code of a process that was asked to stop before it was through (128 + SIGTERM)."""


def prepared(name: str) -> IngestSettings:
    """The settings, with logs sent to standard error from here on: standard output is the command's answer."""
    settings = load(IngestSettings)
    logs.configure(settings, name)
    # The link says itself, once and then at intervals, that the broker is away; aiokafka says it every 100 ms.
    for chatty in ("aiokafka", "kafka"):
        logging.getLogger(chatty).setLevel(logging.CRITICAL)
    return settings


def run(settings: IngestSettings, work: Callable[[], Awaitable[None]]) -> int:
    """Run `work` to its end or until the process is asked to stop; the exit code.

    `work` is cancelled when the process is asked to stop, and cleans up as it leaves.
    """
    return asyncio.run(_guarded(settings, work))


async def _guarded(settings: IngestSettings, work: Callable[[], Awaitable[None]]) -> int:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work())
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, task.cancel)
    watch = asyncio.create_task(parent.end_with(settings.parent_pid))
    try:
        await task
    except asyncio.CancelledError:
        return STOPPED
    finally:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch
    return 0
