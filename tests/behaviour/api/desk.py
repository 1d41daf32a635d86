"""A desk that answers as the test says: commands from the log, outcomes and views through Redis as alerts writes them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from pydantic import TypeAdapter

from services.contracts.contingency import PlanStep
from services.contracts.desk import AnyCommand, Outcome, OutcomeCode
from services.contracts.moves import MoveStep
from services.runtime import kafka
from services.runtime.settings import CommonSettings
from tests.behaviour.api.conftest import SOON_S, WrittenFloor

_commands: TypeAdapter[list[AnyCommand]] = TypeAdapter(list[AnyCommand])


class WrittenDesk:
    """Reads the commands that the API sends, and says what became of them."""

    def __init__(self, floor: WrittenFloor, consumer: AIOKafkaConsumer, place: TopicPartition) -> None:
        self.floor, self.consumer, self.place = floor, consumer, place
        self.taken: list[AnyCommand] = []

    async def next(self) -> AnyCommand:
        """The next command on the log."""
        async with asyncio.timeout(SOON_S):
            record = await self.consumer.getone(self.place)
        (command,) = _commands.validate_json(record.value)
        self.taken.append(command)
        return command

    async def no_more(self) -> bool:
        """Whether everything on the log has been taken."""
        end: int = (await self.consumer.end_offsets([self.place]))[self.place]
        return end == int(await self.consumer.position(self.place))

    def answer(
        self, command: AnyCommand, code: OutcomeCode = "done", *views: Any, announced: bool = True, message: str = ""
    ) -> Outcome:
        """Show the views, then the outcome; without `announced` the announcement is lost on its way."""
        view = views[0] if views else None
        outcome = Outcome(
            id=command.id,
            at=command.at + 1,
            accepted=code in {"done", "same"},
            code=code,
            message=message,
            subject="" if view is None else f"{view.kind}|{view.id}",
            revision=None if view is None else view.revision,
            command=command,
        )
        self.floor.put(*views)
        body, names = outcome.model_dump_json(), self.floor.names
        self.floor.redis.set(names.outcome_key(command.id), body, ex=86_400)
        self.note(outcome)
        if announced:
            self.floor.redis.publish(names.changes_channel, f"[{body}]")
        return outcome

    def note(self, *entries: Outcome | PlanStep | MoveStep) -> None:
        """Into the journal."""
        for entry in entries:
            self.floor.redis.lpush(self.floor.names.journal_key, entry.model_dump_json())


@asynccontextmanager
async def desk_of(settings: CommonSettings, floor: WrittenFloor) -> AsyncIterator[WrittenDesk]:
    """A desk that has read all that was on the log before."""
    await kafka.ensure_topics(settings, [settings.names.tiles])
    place = TopicPartition(settings.names.tiles.name, 0)
    consumer = kafka.reader(settings)
    consumer.assign([place])
    await consumer.start()
    try:
        await consumer.seek_to_end(place)
        yield WrittenDesk(floor, consumer, place)
    finally:
        await consumer.stop()
