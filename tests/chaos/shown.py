"""What is published, read as anyone would: Redis, the intervals topic, the API."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import httpx
import redis
import redis.asyncio

from services.contracts.agents import AgentDay, AgentTile
from services.contracts.metrics import Interval, IvrInterval, Repeats, Tile, interval_adapter
from services.runtime import kafka
from services.runtime.settings import CommonSettings
from tests import web

IMPATIENT_S = 1.5
AWAY = (redis.RedisError, OSError, TimeoutError, httpx.HTTPError)
HalfHours = dict[tuple[str, int], Interval | IvrInterval]


class Published(NamedTuple):
    """What metrics publishes for good: by (queue or flow, start), by (queue, start), by (agent, date)."""

    half_hours: HalfHours
    repeats: dict[tuple[str, int], Repeats]
    days: dict[tuple[str, str], AgentDay]


class Shown:
    """Of one installation. Raises redis.RedisError, OSError, httpx.HTTPError while something is away."""

    def __init__(self, settings: CommonSettings, api: str) -> None:
        self.names = settings.names
        self._settings = settings
        self._api = api
        self._client = redis.asyncio.Redis.from_url(
            settings.redis_url, socket_timeout=IMPATIENT_S, socket_connect_timeout=IMPATIENT_S
        )

    async def close(self) -> None:
        """Let Redis go."""
        await self._client.aclose()

    async def flush(self) -> None:
        """Empty Redis."""
        await self._client.flushall()

    async def progress(self) -> dict[tuple[str, int], int]:
        """(topic, partition) → newest offset whose effects are all published."""
        found = await self._hash(self.names.progress_key)
        progress = {}
        for name, offset in found.items():
            topic, _, partition = name.decode().rpartition("|")
            progress[topic, int(partition)] = int(offset)
        return progress

    async def is_filled(self) -> bool:
        """Whether metrics says that Redis holds all it knows, alerts too."""
        marks = [self.names.filled_key("metrics", partition) for partition in range(self._settings.partitions)]
        marks.append(self.names.filled_key("alerts", 0))
        return int(await self._client.exists(*marks)) == len(marks)

    async def tiles(self) -> dict[str, Tile]:
        """By queue."""
        found = await self._hash(self.names.tiles_key)
        return {name.decode(): Tile.model_validate_json(value) for name, value in found.items()}

    async def _hash(self, key: str) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = await self._client.hgetall(key)  # type: ignore[assignment]  # it answers bytes
        return found

    async def agents(self) -> dict[str, AgentTile]:
        """By agent."""
        found = await self._hash(self.names.agents_key)
        return {name.decode(): AgentTile.model_validate_json(value) for name, value in found.items()}

    async def half_hours(self) -> HalfHours:
        """By (queue or flow, start)."""
        return _sorted(await self._values("day")).half_hours

    async def in_redis(self) -> Published:
        """All of it."""
        return _sorted([value for kind in ("day", "repeats", "agent-days") for value in await self._values(kind)])

    async def _values(self, kind: str) -> list[bytes]:
        keys = [key async for key in self._client.scan_iter(f"{self.names.namespace}:{kind}:*", count=500)]
        pipe = self._client.pipeline(transaction=False)
        for key in keys:
            pipe.hvals(key)
        return [value for day in await pipe.execute() for value in day]

    async def on_log(self) -> Published:
        """The newest of each key on the intervals topic."""
        newest: dict[bytes, bytes] = {}
        reader = kafka.reader(self._settings, self.names.intervals.name)
        await reader.start()
        try:
            ends = await reader.end_offsets(list(reader.assignment()))
            while any([await reader.position(tp) < end for tp, end in ends.items()]):
                for records in (await reader.getmany(timeout_ms=500)).values():
                    newest.update((record.key, record.value) for record in records)
        finally:
            await reader.stop()
        return _sorted(value for value in newest.values() if value is not None)

    async def views(self) -> dict[str, dict[str, Any]]:
        """Every tile of the API by its id."""
        async with web.AsyncClient(timeout=IMPATIENT_S) as client:
            answer = await client.get(f"{self._api}/v1/tiles")
        answer.raise_for_status()
        return {view["id"]: view for view in answer.json()["tiles"]}

    async def day(self, scope: str, date: str) -> dict[str, Any]:
        """A local day of the API."""
        async with web.AsyncClient(timeout=10) as client:
            answer = await client.get(f"{self._api}/v1/days/{date}/intervals", params={"scope": scope})
        answer.raise_for_status()
        day: dict[str, Any] = answer.json()
        return day


def _sorted(values: Iterable[bytes]) -> Published:
    found = Published({}, {}, {})
    for value in values:
        if b'"kind":"repeats"' in value:
            again = Repeats.model_validate_json(value)
            found.repeats[again.scope, again.start] = again
        elif b'"kind":"agent_day"' in value:
            day = AgentDay.model_validate_json(value)
            found.days[day.agent, day.date] = day
        else:
            one = interval_adapter.validate_json(value)
            found.half_hours[one.scope, one.start] = one
    return found
