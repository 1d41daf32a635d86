"""Redis, as alerts writes it: alerts, the last transitions, the changes channel. All of it can be thrown away.

Whoever calls treats `UNAVAILABLE` as "Redis is away".
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import redis.asyncio
from redis.exceptions import RedisError

from services.contracts.alerts import Alert, AlertTransition
from services.contracts.names import Names

UNAVAILABLE = (RedisError, OSError, TimeoutError)
PATIENCE_S = 3.0
TRANSITIONS_KEPT = 1000


class Store:
    """One Redis. There is one writer: the worker that has the tiles' partition."""

    def __init__(self, client: "redis.asyncio.Redis", names: Names) -> None:
        """Use `client`; nothing is sent yet."""
        self._client = client
        self._names = names

    async def close(self) -> None:
        """Let the connections go."""
        await self._client.aclose()

    async def show(self, transitions: Sequence[AlertTransition]) -> None:
        """Show transitions in their order. One that is shown already (a replay) changes nothing."""
        names = self._names
        async with asyncio.timeout(PATIENCE_S):
            known: Any = await self._client.lrange(names.transitions_key, 0, -1)
        shown = set(known)
        pipe = self._pipeline()
        for transition in transitions:
            alert, value = transition.alert, transition.model_dump_json().encode()
            if alert.state == "inactive":
                pipe.hdel(names.alerts_key, alert.id)
            else:
                pipe.hset(names.alerts_key, alert.id, alert.model_dump_json().encode())
            if value not in shown:
                pipe.lpush(names.transitions_key, value)
        pipe.ltrim(names.transitions_key, 0, TRANSITIONS_KEPT - 1)
        newest = {transition.alert.id: transition.alert for transition in transitions}
        pipe.publish(names.changes_channel, _json_array(newest.values()))
        await self._run(pipe)

    async def show_progress(self, progress: Mapping[tuple[str, int], int]) -> None:
        """Tell how far all effects are published."""
        if not progress:
            return
        fields = {f"{topic}|{partition}": offset for (topic, partition), offset in progress.items()}
        pipe = self._pipeline()
        pipe.hset(self._names.progress_key, mapping=fields)
        await self._run(pipe)

    async def is_filled(self) -> bool:
        """Whether the mark is there that `fill` leaves."""
        pipe = self._pipeline()
        pipe.exists(self._mark)
        return bool((await self._run(pipe))[0])

    async def fill(self, alerts: Sequence[Alert], history: Sequence[bytes]) -> None:
        """Replace everything at once.

        Args:
            alerts: all that are not inactive.
            history: transitions as JSON, oldest first.
        """
        names = self._names
        pipe = self._pipeline()
        pipe.delete(names.alerts_key, names.transitions_key)
        if alerts:
            pipe.hset(names.alerts_key, mapping={alert.id: alert.model_dump_json().encode() for alert in alerts})
        if history:
            pipe.lpush(names.transitions_key, *history[-TRANSITIONS_KEPT:])
        pipe.set(self._mark, b"1")
        if alerts:
            pipe.publish(names.changes_channel, _json_array(alerts))
        await self._run(pipe)

    @property
    def _mark(self) -> str:
        return self._names.filled_key("alerts", 0)

    def _pipeline(self) -> Any:
        return self._client.pipeline(transaction=True)

    async def _run(self, pipe: Any) -> list[Any]:
        async with asyncio.timeout(PATIENCE_S):
            answers: list[Any] = await pipe.execute()
        return answers


def _json_array(alerts: Any) -> bytes:
    return b"[" + b",".join(alert.model_dump_json().encode() for alert in alerts) + b"]"
