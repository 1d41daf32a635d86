"""What the installation knows already, as far as ingest must: activities, sites' time zones, exceptions."""

import time

from pydantic import TypeAdapter, ValidationError

from services.contracts.forecast_files import ForecastTerms, terms_of
from services.contracts.plans_edge import Withdrawal
from services.contracts.schedule_files.reading import Terms
from services.contracts.schedules import AdherenceException, schedule_adapter
from services.contracts.topology import DEFAULT_ACTIVITIES, Activities, Description, Site, TopologyRecord
from services.ingest import log
from services.runtime import kafka
from services.runtime.logs import get_logger
from services.runtime.settings import CommonSettings

FRESH_S = 5.0

_adapter: TypeAdapter[Description] = TypeAdapter(TopologyRecord)


class Known:
    """The topology, read again when it is older than some seconds and somebody asks."""

    def __init__(self, settings: CommonSettings) -> None:
        self._settings = settings
        self._records: list[Description] = []
        self._read_at = -FRESH_S

    async def records(self) -> list[Description]:
        """Every description there is."""
        if time.monotonic() - self._read_at >= FRESH_S:
            await kafka.ensure_topics(self._settings)
            found = await log.newest_of_all(self._settings, self._settings.names.topology.name)
            self._records = [record for value in found.values() if (record := _read(value)) is not None]
            self._read_at = time.monotonic()
        return self._records

    async def terms(self, version: int, *, site: str = "", timezone: str = "") -> Terms:
        """What plans are checked against now."""
        records = await self.records()
        activities = next((one for one in records if isinstance(one, Activities)), DEFAULT_ACTIVITIES)
        zones = {one.id: one.timezone for one in records if isinstance(one, Site)}
        return Terms(activities=activities, timezones=zones, version=version, site=site, timezone=timezone)

    async def forecast_terms(self, version: int) -> ForecastTerms:
        """What forecasts are checked against now."""
        return terms_of(await self.records(), version)


def _read(value: bytes) -> Description | None:
    try:
        return _adapter.validate_json(value)
    except ValidationError as error:
        get_logger().warning("a topology record can't be used", error=str(error))
        return None


async def find_exception(settings: CommonSettings, wanted: Withdrawal) -> AdherenceException | None:
    """The newest version of an exception that is on Kafka."""
    key = f"exception|{wanted.agent}|{wanted.id}"
    value = await log.newest(settings, settings.names.schedules.name, key.encode())
    found = None if value is None else schedule_adapter.validate_json(value)
    return found if isinstance(found, AdherenceException) else None
