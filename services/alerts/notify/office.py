"""The post office: follows what happens from a kept position, and tells it, as long as this worker holds the inbox.

Nothing is decided in memory alone. Deliveries, claims and results are records of the outbox topic; each is acted on
only when it was read back from there (services/alerts/domain/notices/outbox.py). docs/decisions/0012 has the reasons.
"""

import asyncio
from collections.abc import Callable

from aiokafka.errors import KafkaError

from services.alerts.domain.notices.routing import Surroundings, Told
from services.alerts.notify.secrets import Channels
from services.alerts.notify.senders import Senders
from services.alerts.notify.shelf import Shelf
from services.alerts.notify.shift import Shift
from services.alerts.settings import AlertsSettings
from services.runtime.logs import get_logger

LOOK_EVERY_S = 0.5
AGAIN_AFTER_S = 1.0

log = get_logger()


class PostOffice:
    """One worker's. `serving`: whether this worker holds the inbox."""

    def __init__(
        self,
        settings: AlertsSettings,
        channels: Channels,
        shelf: Shelf,
        around: Callable[[Told], Surroundings],
        serving: Callable[[], bool],
    ) -> None:
        """Nothing is contacted yet."""
        self._settings = settings
        self._channels = channels
        self._shelf = shelf
        self._around = around
        self._serving = serving
        self._senders = Senders(channels)

    async def run(self) -> None:
        """Work in shifts, for ever: each reads the outbox anew, so what another worker did meanwhile counts."""
        try:
            while True:
                await asyncio.sleep(LOOK_EVERY_S)
                if not self._serving():
                    continue
                shift = Shift(self._settings, self._channels, self._senders, self._shelf, self._around)
                try:
                    await shift.run(self._serving)
                except (KafkaError, OSError) as error:
                    log.warning("nothing can be told while Kafka is away", error=repr(error))
                    await asyncio.sleep(AGAIN_AFTER_S)
        finally:
            await self._shelf.close()
