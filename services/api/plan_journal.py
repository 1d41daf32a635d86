"""The steps of one plan, from the journal itself: Redis has the last thousand entries of all that people did."""

import asyncio
from collections.abc import Iterable, Iterator

from aiokafka import ConsumerRecord
from pydantic import ValidationError

from services.api.log import AT_ONCE, extent, reading, stretch
from services.contracts.contingency import PlanStep
from services.runtime import kafka
from services.runtime.settings import CommonSettings

READ_AT_MOST = 200_000
"""So many of the newest entries: of a fuller journal the days before the oldest step are unknown."""


class PlanJournal:
    """Reads the journal. At most `AT_ONCE` readings at a time; others wait."""

    def __init__(self, settings: CommonSettings) -> None:
        self._settings = settings
        self._room = asyncio.Semaphore(AT_ONCE)

    async def steps(self, plan: str) -> tuple[list[PlanStep], bool]:
        """Oldest first, and whether those are all that there were.

        Raises:
            LogAwayError: Kafka does not answer.
        """
        found: list[PlanStep] = []
        topic = self._settings.names.journal.name
        async with self._room, reading(consumer := kafka.reader(self._settings), topic) as places:
            if not places:
                return found, True
            first, end = await extent(consumer, places[0])
            begin = max(first, end - READ_AT_MOST)
            async for records in stretch(consumer, places[0], begin, end):
                found += _steps_of(records, plan)
        return found, begin == first


def _steps_of(records: Iterable[ConsumerRecord], plan: str) -> Iterator[PlanStep]:
    mine = f"{plan}|".encode()
    for record in records:
        if record.value is None or not (record.key or b"").startswith(mine):
            continue
        try:
            step = PlanStep.model_validate_json(record.value)
        except ValidationError:
            continue  # what somebody did, whose id begins like that
        if step.plan == plan:
            yield step
