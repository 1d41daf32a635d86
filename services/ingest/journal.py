"""Following what the desk decides: the steps of moves, as they come on the journal."""

import asyncio

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from services.contracts.moves import MoveStep
from services.runtime import kafka
from services.runtime.logs import get_logger
from services.runtime.settings import CommonSettings

AGAIN_AFTER_S = 1.0
MOST = 1_000
"""Steps that may wait to be taken."""


class Journal:
    """Reads on from an offset for ever, in a task of its own; a broker that is away is waited for."""

    def __init__(self, settings: CommonSettings, offset: int = 0) -> None:
        """Nothing is contacted yet."""
        self._settings = settings
        self._place = TopicPartition(settings.names.journal.name, 0)
        self._next = offset
        self._steps: list[MoveStep] = []
        self._room = asyncio.Event()
        self._room.set()

    def take(self) -> tuple[list[MoveStep], int]:
        """Steps since the last call, and the offset up to which everything has been taken with them."""
        steps, self._steps = self._steps, []
        self._room.set()
        return steps, self._next

    async def run(self) -> None:
        """Read."""
        while True:
            try:
                await kafka.ensure_topics(self._settings)
                await self._read()
            except (KafkaError, OSError, TimeoutError) as error:
                get_logger().debug("the journal can't be read", error=repr(error))
                await asyncio.sleep(AGAIN_AFTER_S)

    async def _read(self) -> None:
        reader: AIOKafkaConsumer = kafka.reader(self._settings)
        reader.assign([self._place])
        await reader.start()
        try:
            reader.seek(self._place, self._next)
            while True:
                await self._room.wait()
                for records in (await reader.getmany(self._place, timeout_ms=1000)).values():
                    for record in records:
                        self._hear(record.value or b"")
                        self._next = record.offset + 1
        finally:
            await reader.stop()

    def _hear(self, value: bytes) -> None:
        if b'"move_step"' not in value:
            return
        try:
            self._steps.append(MoveStep.model_validate_json(value))
        except ValidationError:
            return  # an answer to a command that mentions one, or of a later version
        if len(self._steps) >= MOST:
            self._room.clear()
