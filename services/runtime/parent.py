"""A child notices when the process that started it is gone, however it went, and ends too."""

import asyncio
import os
import signal

import psutil

from services.runtime.logs import get_logger


async def end_with(parent_pid: int | None, *, every_s: float = 0.5) -> None:
    """Wait for the parent's end, then ask this process to stop as Ctrl-C would. Returns at once without a parent."""
    if parent_pid is None:
        return
    try:
        parent = psutil.Process(parent_pid)
        while parent.is_running() and parent.status() != psutil.STATUS_ZOMBIE:  # noqa: ASYNC110  # no event tells
            await asyncio.sleep(every_s)
    except psutil.NoSuchProcess:
        pass
    get_logger().warning("the launcher is gone, stopping", parent_pid=parent_pid)
    os.kill(os.getpid(), signal.SIGTERM)
