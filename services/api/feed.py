"""The stream of changes that metrics and alerts announce through Redis."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

import redis.asyncio
from pydantic import Field, TypeAdapter, ValidationError

from services.api.domain.board import Announced
from services.contracts.adherence import AdherenceLimitsView
from services.contracts.agents import AgentDay, AgentTile
from services.contracts.alerts import Alert, RuleView, Silence
from services.contracts.contingency import PlanView
from services.contracts.desk import Gone, Outcome
from services.contracts.metrics import FeedClock, Interval, IvrInterval, Repeats, Tile
from services.contracts.moves import MoveView
from services.contracts.numbers import is_too_large, may_be_too_large
from services.contracts.topology import Flow, Queue, Site, Team
from services.runtime.logs import get_logger

# "agent" is an AgentTile here: descriptions of agents are read with the topology, and announced by nobody.
_Announced = Annotated[
    Tile | AgentTile | AgentDay | Interval | IvrInterval | Repeats | FeedClock | Site | Queue | Flow | Team
    | Alert | RuleView | Silence | PlanView | MoveView | AdherenceLimitsView | Gone | Outcome,
    Field(discriminator="kind"),
]  # fmt: skip
_item: TypeAdapter[Any] = TypeAdapter(_Announced)
_items: TypeAdapter[list[Any]] = TypeAdapter(list[_Announced])
_anything: TypeAdapter[list[Any]] = TypeAdapter(list[Any])

QUIET_S = 0.25
LONGEST_PAUSE_S = 2.0


@dataclass(frozen=True, slots=True)
class Connected:
    """From here on nothing is missed; what was announced before has to be read."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Redis is away; it is tried again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Announcement:
    """Items that changed. Empty: nothing for a while."""

    items: list[Announced | Outcome]


class Changes:
    """Subscription to the channel of changes; it never ends and raises nothing."""

    def __init__(self, client: "redis.asyncio.Redis", channel: str) -> None:
        self._client = client
        self._channel = channel
        self.unreadable = 0

    async def follow(self) -> AsyncIterator[Connected | Lost | Announcement]:
        """Connected, then announcements; Lost and Connected again when Redis goes and comes."""
        failures = 0
        while True:
            pubsub = self._client.pubsub()
            try:
                await pubsub.subscribe(self._channel)
                while True:
                    message = await pubsub.get_message(timeout=QUIET_S)
                    if message is None:
                        yield Announcement([])
                    elif message["type"] == "subscribe":
                        # The client library connects again by itself and then subscribes again: each time this
                        # answer comes, something may have been missed.
                        failures = 0
                        yield Connected()
                    elif message["type"] == "message":
                        yield Announcement(self._parsed(message["data"]))
            except (redis.asyncio.RedisError, OSError, TimeoutError) as error:
                failures += 1
                yield Lost(str(error))
            finally:
                with suppress(redis.asyncio.RedisError, OSError):
                    await pubsub.aclose()  # type: ignore[no-untyped-call]
            await asyncio.sleep(min(0.1 * 2**failures, LONGEST_PAUSE_S) * random.uniform(0.5, 1.0))

    def _parsed(self, data: bytes) -> list[Announced | Outcome]:
        if not may_be_too_large(data):
            with suppress(ValidationError):  # one bad item must not lose the others
                return _items.validate_json(data)
        try:
            values = _anything.validate_json(data)
        except ValidationError as error:
            self._complain(data, error)
            return []
        items = []
        for value in values:
            try:
                item = _item.validate_python(value)
                if is_too_large(item.model_dump_json().encode()):
                    raise ValueError("a number that can't be")  # noqa: TRY301  # refused as the others are
                items.append(item)
            except ValueError as error:
                self._complain(value, error)
        return items

    def _complain(self, value: object, error: ValueError) -> None:
        self.unreadable += 1
        get_logger().warning("something unreadable was announced", value=str(value)[:200], error=str(error)[:300])
