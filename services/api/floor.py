"""The topology topic as an administrator edits it, and plans and forecasts that come by file; the journal hears of all.

Every API process follows the topic, so that what was described anywhere (a file, an event's new queue, another
administrator) is what is edited here. Metrics and alerts follow it as well: a change takes effect without a restart.
"""

import asyncio
from collections.abc import Sequence

from pydantic import ValidationError

from services.api.accounts import REDIS_AWAY, StaleError
from services.api.domain.floor import version_of
from services.api.pen import Entry, LogAwayError, Pen
from services.api.store import Store
from services.contracts.floor_steps import FloorStep
from services.contracts.forecasts import DayForecast, forecast_key
from services.contracts.schedules import DaySchedule, schedule_key
from services.contracts.topology import Activities, Description, record_adapter, record_key
from services.runtime.follow import followed
from services.runtime.logs import get_logger
from services.runtime.settings import CommonSettings

READ_BACK_WITHIN_S = 5.0


class Descriptions:
    """One process's view of what is described."""

    def __init__(self, settings: CommonSettings, store: Store) -> None:
        self.records: dict[str, Description] = {}
        self._settings = settings
        self._names = settings.names
        self._store = store
        names = settings.names
        self._pen = Pen(settings, [names.topology, names.journal, names.schedules, names.forecasts])
        self._known = asyncio.Event()
        self._turn = asyncio.Lock()
        self._news = asyncio.Condition()

    @property
    def known(self) -> bool:
        """Whether all that there was has been read."""
        return self._known.is_set()

    @property
    def activities(self) -> Activities | None:
        """The installation's activities, if it has its own."""
        return next((each for each in self.records.values() if isinstance(each, Activities)), None)

    async def run(self) -> None:
        """Read and follow, for ever."""
        await followed(
            self._settings,
            [self._names.topology, self._names.journal],
            what="the topology",
            learn=self._learn,
            first=self._read,
            told=self._told,
        )

    async def describe(self, records: Sequence[Description], step: FloorStep, *, seen: int | None = None) -> None:
        """Write descriptions. The journal hears of it first, so that nothing is done that it does not know of.

        Args:
            records: as they are to be.
            step: what the journal says.
            seen: of a single record, the version that was seen; None: any.

        Raises:
            StaleError: it has another version by now.
            LogAwayError: Kafka does not take it, or not all of it.
        """
        async with self._turn:
            if seen is not None and [version_of(self.records.get(record_key(each))) for each in records] != [seen]:
                raise StaleError
            await self._note(step)
            entries = [Entry(record_key(each), each.model_dump_json().encode()) for each in records]
            await self._pen.write_all(self._names.topology, entries)
            await self._read_back(records)

    async def plan(self, schedules: Sequence[DaySchedule], step: FloorStep) -> None:
        """Write agents' days, each on the partition of its agent.

        Raises:
            LogAwayError: Kafka does not take them, or not all of them: the same file again is safe.
        """
        await self._note(step)
        entries = [Entry(schedule_key(each), each.model_dump_json().encode(), each.agent) for each in schedules]
        await self._pen.write_all(self._names.schedules, entries)

    async def forecast(self, forecasts: Sequence[DayForecast], step: FloorStep) -> None:
        """Write days of queues.

        Raises:
            LogAwayError: Kafka does not take them, or not all of them: the same file again is safe.
        """
        await self._note(step)
        entries = [Entry(forecast_key(each), each.model_dump_json(exclude_none=True).encode()) for each in forecasts]
        await self._pen.write_all(self._names.forecasts, entries)

    async def close(self) -> None:
        """Let go of Kafka."""
        await self._pen.close()

    def _learn(self, key: str, value: bytes | None) -> None:
        if not value:
            self.records.pop(key, None)
            return
        try:
            self.records[key] = record_adapter.validate_json(value)
        except ValidationError as error:
            raise ValueError(f"no description: {error.errors()[0]['msg']}") from None

    async def _read(self) -> None:
        self._known.set()
        await self._told({})

    async def _told(self, _: dict[str, bytes | None]) -> None:
        async with self._news:
            self._news.notify_all()

    async def _read_back(self, records: Sequence[Description]) -> None:
        wanted = {record_key(each): each for each in records}
        try:
            async with asyncio.timeout(READ_BACK_WITHIN_S), self._news:
                await self._news.wait_for(lambda: all(self.records.get(key) == each for key, each in wanted.items()))
        except TimeoutError:
            raise LogAwayError("the log does not give back what it took") from None

    async def _note(self, step: FloorStep) -> None:
        await self._pen.write(self._names.journal, step.model_dump_json().encode(), key=step.id)
        get_logger().info("the floor was described", step=step.step, subject=step.subject, by=step.by)
        try:
            await self._store.note(step)
        except REDIS_AWAY as error:
            get_logger().warning("the journal in Redis lacks a step until it is filled again", error=str(error))
