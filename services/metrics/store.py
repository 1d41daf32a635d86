"""Redis, as metrics writes it: tiles, feeds, half-hours and agents by day, topology, and the changes channel."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from redis.exceptions import WatchError

from services.contracts.metrics import FeedClock
from services.metrics.domain.agent_shard import PublishedDay
from services.metrics.domain.callers import PublishedRepeats
from services.metrics.domain.keeper import Published
from services.runtime.store import PATIENCE_S, RedisStore, json_array

DAYS_KEPT_S = 40 * 24 * 3600
_SERVICE = "metrics"


class Store(RedisStore):
    """One Redis."""

    async def show(self, tiles: Sequence[tuple[str, bytes]], feeds: Sequence[FeedClock]) -> None:
        """Put tiles and feed clocks where the API reads them, and tell the changes."""
        heard = {feed.id: feed.model_dump_json().encode() for feed in feeds}
        if not tiles and not heard:
            return
        pipe = self._pipeline()
        if tiles:
            pipe.hset(self._names.tiles_key, mapping=dict(tiles))
        if heard:
            pipe.hset(self._names.feeds_key, mapping=heard)
        pipe.publish(self._names.changes_channel, json_array([*(tile for _, tile in tiles), *heard.values()]))
        await self._run(pipe)

    async def show_agents(self, tiles: Sequence[tuple[str, bytes]]) -> None:
        """Put agents' tiles where the API reads them, and tell the changes."""
        pipe = self._pipeline()
        pipe.hset(self._names.agents_key, mapping=dict(tiles))
        pipe.publish(self._names.changes_channel, json_array(tile for _, tile in tiles))
        await self._run(pipe)

    async def hide_agents(self, agents: Sequence[str]) -> None:
        """Take away the tiles of agents of whom nothing is known any more."""
        if agents:
            pipe = self._pipeline()
            pipe.hdel(self._names.agents_key, *agents)
            await self._run(pipe)

    async def show_half_hours(self, half_hours: Sequence[Published], *, tell: bool = True) -> None:
        """Put half-hours and agents in their days, later ones over earlier ones of the same id, and tell of it."""
        if not half_hours:
            return
        pipe = self._pipeline()
        days: dict[str, dict[str, bytes]] = {}
        for half_hour in half_hours:
            key, name = self._place(half_hour)
            days.setdefault(key, {})[name] = half_hour.value
        for key, day in days.items():
            pipe.hset(key, mapping=day)
            pipe.expire(key, DAYS_KEPT_S)
        if tell:
            pipe.publish(self._names.changes_channel, json_array(half_hour.value for half_hour in half_hours))
        await self._run(pipe)

    def _place(self, published: Published) -> tuple[str, str]:
        """(hash, field) of a half-hour, of its repeat calls, or of an agent's day."""
        if isinstance(published, PublishedDay):
            return self._names.agent_days_key(published.date), published.agent
        if isinstance(published, PublishedRepeats):
            return self._names.repeats_key(published.scope, published.date), str(published.start)
        return self._names.day_key(published.scope, published.date), str(published.start)

    async def show_topology(self, records: Mapping[str, str], gone: Iterable[str] = ()) -> None:
        """Put descriptions where the API reads them, and take those away that are taken back."""
        pipe = self._pipeline()
        for key in gone:
            pipe.hdel(self._names.topology_key, key)
        if records:
            pipe.hset(self._names.topology_key, mapping=dict(records))
        await self._run(pipe)

    async def filled_to(self, partitions: Sequence[int]) -> dict[int, int]:
        """Partition → offset of the intervals topic up to which this Redis has everything; none after FLUSHALL."""
        if not partitions:
            return {}
        pipe = self._pipeline()
        for partition in partitions:
            pipe.get(self._names.filled_key(_SERVICE, partition))
        found = await self._run(pipe)
        return {p: int(value) for p, value in zip(partitions, found, strict=True) if value is not None}

    async def begin_filling(self, partition: int, token: str) -> None:
        """Leave a mark that FLUSHALL would take away."""
        pipe = self._pipeline()
        pipe.set(self._filling_key(partition), token, ex=24 * 3600)
        await self._run(pipe)

    async def end_filling(self, partition: int, token: str, offset: int) -> bool:
        """Mark the partition as filled, unless Redis was emptied again since `begin_filling`."""
        key = self._filling_key(partition)
        async with asyncio.timeout(PATIENCE_S), self._client.pipeline(transaction=True) as pipe:
            await pipe.watch(key)
            if await pipe.get(key) != token.encode():
                return False
            pipe.multi()  # type: ignore[no-untyped-call]  # of redis-py
            pipe.delete(key)
            pipe.set(self._names.filled_key(_SERVICE, partition), offset)
            try:
                await pipe.execute()
            except WatchError:
                return False
        return True

    async def mark_filled(self, offsets: Mapping[int, int]) -> None:
        """Move the marks of partitions; one that FLUSHALL has taken away does not come back by this."""
        pipe = self._pipeline()
        for partition, offset in offsets.items():
            pipe.set(self._names.filled_key(_SERVICE, partition), offset, xx=True)
        await self._run(pipe)

    def _filling_key(self, partition: int) -> str:
        return f"{self._names.filled_key(_SERVICE, partition)}:filling"
