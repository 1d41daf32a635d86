"""The forecasts topic: read into memory and followed. What can never stand again is taken off the log.

Every API process reads the whole topic, so that a restart needs nothing but the log. While Kafka is away what was read
stays as it is.
"""

import asyncio
from contextlib import suppress

from services.api.domain.forecasts import ForecastBook
from services.api.pen import Entry, LogAwayError, Pen
from services.runtime.follow import followed
from services.runtime.logs import get_logger
from services.runtime.settings import CommonSettings


class Forecasts:
    """One process's view of what is expected."""

    def __init__(self, settings: CommonSettings) -> None:
        self.book = ForecastBook()
        self._settings = settings
        self._topic = settings.names.forecasts
        self._pen = Pen(settings, [self._topic])
        self._known = asyncio.Event()

    @property
    def known(self) -> bool:
        """Whether all that there was has been read."""
        return self._known.is_set()

    async def run(self) -> None:
        """Read and follow, for ever."""
        await followed(
            self._settings,
            [self._topic],
            what="forecasts",
            learn=self.book.take,
            first=self._read,
            told=self._told,
        )

    async def close(self) -> None:
        """Let go of Kafka."""
        await self._pen.close()

    async def _read(self) -> None:
        self._known.set()
        get_logger().info("forecasts are known")
        await self._told({})

    async def _told(self, _: dict[str, bytes | None]) -> None:
        """Versions that a newer one has replaced are taken off the log; where that fails, with the next news."""
        if outdated := sorted(self.book.outdated):
            with suppress(LogAwayError):
                await self._pen.write_all(self._topic, [Entry(key, None) for key in outdated])
