"""What the API reads from Redis, and nothing else: the newest state, days, history, sign-in links."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import redis.asyncio
from pydantic import TypeAdapter, ValidationError

from services.api.domain.board import Stored
from services.contracts.alerts import Alert, AlertTransition
from services.contracts.metrics import FeedClock, Interval, IvrInterval, Tile, interval_adapter
from services.contracts.names import Names
from services.contracts.topology import Description, TopologyRecord
from services.runtime.logs import get_logger

Item = TypeVar("Item")

_tile: TypeAdapter[Tile] = TypeAdapter(Tile)
_feed: TypeAdapter[FeedClock] = TypeAdapter(FeedClock)
_alert: TypeAdapter[Alert] = TypeAdapter(Alert)
_transition: TypeAdapter[AlertTransition] = TypeAdapter(AlertTransition)
_record: TypeAdapter[Description] = TypeAdapter(TopologyRecord)


class Store:
    """Reads of one installation's Redis. Every method raises redis.RedisError while Redis is away.

    What cannot be read as its contract says is counted in `unreadable`, logged, and left out; the rest counts.
    """

    def __init__(self, client: "redis.asyncio.Redis", names: Names, *, partitions: int) -> None:
        self._client = client
        self._names = names
        self._marks = [
            *(names.filled_key("metrics", partition) for partition in range(partitions)),
            names.filled_key("alerts", 0),
        ]
        self._topology: tuple[dict[bytes, bytes], tuple[Description, ...]] = ({}, ())
        self.unreadable = 0

    async def ping(self) -> None:
        """Is it there?"""
        await self._client.ping()

    async def read(self) -> Stored:
        """All that the board shows, days excepted."""
        names = self._names
        pipeline = self._client.pipeline(transaction=False)
        pipeline.mget(self._marks)
        for key in (names.tiles_key, names.feeds_key, names.alerts_key, names.topology_key):
            pipeline.hgetall(key)
        marks, tiles, feeds, alerts, topology = await pipeline.execute()
        return Stored(
            tiles=self._parsed(_tile, tiles.values()),
            feeds=self._parsed(_feed, feeds.values()),
            alerts=self._parsed(_alert, alerts.values()),
            topology=self._records(topology),
            metrics_complete=all(mark is not None for mark in marks[:-1]),
            alerts_complete=marks[-1] is not None,
        )

    async def read_slow(self) -> Stored:
        """What is announced late or not at all: topology, alerts and the marks."""
        pipeline = self._client.pipeline(transaction=False)
        pipeline.mget(self._marks)
        pipeline.hgetall(self._names.alerts_key)
        pipeline.hgetall(self._names.topology_key)
        marks, alerts, topology = await pipeline.execute()
        return Stored(
            alerts=self._parsed(_alert, alerts.values()),
            topology=self._records(topology),
            metrics_complete=all(mark is not None for mark in marks[:-1]),
            alerts_complete=marks[-1] is not None,
        )

    async def days(self, wanted: Sequence[tuple[str, str]]) -> list[tuple[Interval | IvrInterval, ...]]:
        """Half-hours of each (queue or flow, date), by start."""
        pipeline = self._client.pipeline(transaction=False)
        for scope, date in wanted:
            pipeline.hgetall(self._names.day_key(scope, date))
        found = await pipeline.execute() if wanted else []
        days = [self._parsed(interval_adapter, day.values()) for day in found]
        return [tuple(sorted(day, key=lambda interval: interval.start)) for day in days]

    async def history(self, limit: int) -> tuple[AlertTransition, ...]:
        """The last alert transitions, newest first."""
        found: Any = await self._client.lrange(self._names.transitions_key, 0, limit - 1)
        return self._parsed(_transition, found)

    async def redeem(self, token: str) -> str | None:
        """Use up a sign-in link. The role that it gives, or None if there is no such link (any more)."""
        role: Any = await self._client.getdel(self._names.sign_in_key(token))
        return None if role is None else bytes(role).decode(errors="replace")

    def _records(self, found: dict[bytes, bytes]) -> tuple[Description, ...]:
        if self._topology[0] != found:  # it is read every few seconds and hardly ever changes
            self._topology = (found, self._parsed(_record, found.values()))
        return self._topology[1]

    def _parsed(self, adapter: TypeAdapter[Item], values: Iterable[bytes]) -> tuple[Item, ...]:
        parsed: list[Item] = []
        for value in values:
            try:
                parsed.append(adapter.validate_json(value))
            except ValidationError as error:
                self.unreadable += 1
                get_logger().warning("Redis holds something unreadable", value=value[:200], error=str(error)[:300])
        return tuple(parsed)
