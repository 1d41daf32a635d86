"""`python -m services.api`: REST, the live socket and the pages, on port 8100."""

import asyncio
import sys

from services.api.app import run
from services.api.settings import ApiSettings
from services.runtime import logs
from services.runtime.settings import load


def main() -> None:
    """Run until told to stop."""
    settings = load(ApiSettings)
    logs.configure(settings, "api")
    if sys.platform == "win32":
        asyncio.run(run(settings))
        return
    import uvloop  # noqa: PLC0415  # not to be had on Windows

    uvloop.run(run(settings))


if __name__ == "__main__":
    main()
