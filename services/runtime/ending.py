"""How a process ends when it must not go on."""

import os
import sys
from typing import NoReturn

from services.runtime.logs import get_logger

UNAVAILABLE = 69  # EX_UNAVAILABLE: something this service needs is not there
BROKEN = 70  # EX_SOFTWARE: a fault of ours


def end_now(why: str, *, code: int = BROKEN, **details: object) -> NoReturn:
    """End this process at once, before anything else of it (Faust) acknowledges work that was not kept.

    Inside an `except` block the exception is logged as well. The launcher starts the service again.
    """
    say = get_logger().critical if code else get_logger().warning
    say(why, exc_info=sys.exc_info()[0] is not None, **details)
    sys.stderr.flush()
    os._exit(code)
