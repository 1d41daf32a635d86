"""Redis, as alerts writes it: alerts, the last transitions, the changes channel."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from services.contracts.alerts import Alert, AlertTransition
from services.runtime.store import PATIENCE_S, RedisStore, json_array

TRANSITIONS_KEPT = 1000


class Store(RedisStore):
    """One Redis. There is one writer: the worker that has the tiles' partition."""

    async def show(self, transitions: Sequence[AlertTransition]) -> None:
        """Show transitions in their order. One that is shown already (a replay) changes nothing."""
        names = self._names
        async with asyncio.timeout(PATIENCE_S):
            known: Any = await self._client.lrange(names.transitions_key, 0, -1)
        shown = set(known)
        pipe = self._pipeline(transaction=True)
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
        pipe = self._pipeline(transaction=True)
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


def _json_array(alerts: Iterable[Alert]) -> bytes:
    return json_array(alert.model_dump_json().encode() for alert in alerts)
