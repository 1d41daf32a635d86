"""Redis, as alerts writes it: what the desk holds, the last transitions, the journal, outcomes, the changes channel."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.alerts.domain.section import Fact, View
from services.contracts.alerts import AlertTransition
from services.contracts.desk import Gone, Outcome
from services.runtime.store import PATIENCE_S, RedisStore, json_array

TRANSITIONS_KEPT = 1000
OUTCOME_KEPT_S = 24 * 3600
ALERT = "alert"


class Store(RedisStore):
    """One Redis. There is one writer: the worker that has the inbox's partition."""

    async def show(self, facts: Sequence[Fact]) -> None:
        """Show facts in their order. One that is shown already (a replay) changes nothing."""
        names = self._names
        transitions = [fact.value for fact in facts if isinstance(fact.value, AlertTransition)]
        journal = [fact.value for fact in facts if fact.topic is not None and fact.topic == names.journal]
        known = await self._known()
        pipe = self._pipeline(transaction=True)
        for key, entries in ((names.transitions_key, transitions), (names.journal_key, journal)):
            for entry in entries:
                value = b"" if entry is None else entry.model_dump_json().encode()
                if value and value not in known:
                    pipe.lpush(key, value)
            pipe.ltrim(key, 0, TRANSITIONS_KEPT - 1)
        newest = {(view.kind, view.id): view for fact in facts for view in fact.views}
        for view in newest.values():
            if view.value is None:
                pipe.hdel(self._key_of(view.kind), view.id)
            else:
                pipe.hset(self._key_of(view.kind), view.id, view.value.model_dump_json().encode())
        outcomes = [entry for entry in journal if isinstance(entry, Outcome)]
        for outcome in outcomes:
            pipe.set(names.outcome_key(outcome.id), outcome.model_dump_json().encode(), ex=OUTCOME_KEPT_S, nx=True)
        gone = {view.id: view for view in newest.values() if view.kind == ALERT and view.value is None}
        told = [transition.alert for transition in transitions if transition.alert.id in gone]  # inactive, in full
        pipe.publish(names.changes_channel, _array([*told, *newest.values(), *outcomes]))
        await self._run(pipe)

    async def _known(self) -> set[bytes]:
        async with asyncio.timeout(PATIENCE_S):
            transitions: Any = await self._client.lrange(self._names.transitions_key, 0, -1)
            journal: Any = await self._client.lrange(self._names.journal_key, 0, -1)
        return {*transitions, *journal}

    async def is_filled(self) -> bool:
        """Whether the mark is there that `fill` leaves."""
        pipe = self._pipeline()
        pipe.exists(self._mark)
        return bool((await self._run(pipe))[0])

    async def fill(self, kinds: Iterable[str], views: Sequence[View], history: Mapping[str, Sequence[bytes]]) -> None:
        """Replace everything at once.

        Args:
            kinds: every kind of view that the desk may hold.
            views: all that stands.
            history: by list key, what it shows as JSON, oldest first.
        """
        pipe = self._pipeline(transaction=True)
        pipe.delete(*map(self._key_of, kinds), *history)
        for view in views:
            if view.value is not None:
                pipe.hset(self._key_of(view.kind), view.id, view.value.model_dump_json().encode())
        for key, entries in history.items():
            if entries:
                pipe.lpush(key, *entries[-TRANSITIONS_KEPT:])
        pipe.set(self._mark, b"1")
        if views:
            pipe.publish(self._names.changes_channel, _array(views))
        await self._run(pipe)

    def _key_of(self, kind: str) -> str:
        return self._names.alerts_key if kind == ALERT else self._names.desk_key(kind)

    @property
    def _mark(self) -> str:
        return self._names.filled_key("alerts", 0)


def _array(items: Iterable[Any]) -> bytes:
    """Views, alerts and outcomes as they are announced: a view that is gone by its kind and id."""
    values = (
        item if not isinstance(item, View) else item.value if item.value is not None else Gone(of=item.kind, id=item.id)
        for item in items
    )
    return json_array(value.model_dump_json().encode() for value in values)
