"""Redis, as notify writes it: the last deliveries, and the channels without their secrets."""

from collections.abc import Iterable, Sequence

from services.contracts.notify import ChannelView, Delivery
from services.runtime.store import RedisStore

KEPT = 1000


class Shelf(RedisStore):
    """One writer: the worker that sends."""

    async def is_filled(self) -> bool:
        """Whether the mark is there that `fill` leaves."""
        pipe = self._pipeline()
        pipe.exists(self._mark)
        return bool((await self._run(pipe))[0])

    async def fill(self, deliveries: Iterable[Delivery], channels: Sequence[ChannelView]) -> None:
        """Replace everything at once."""
        names = self._names
        pipe = self._pipeline(transaction=True)
        pipe.delete(names.deliveries_key, names.channels_key)
        for one in newest(deliveries):
            pipe.hset(names.deliveries_key, one.id, one.model_dump_json().encode())
        for channel in channels:
            pipe.hset(names.channels_key, channel.id, channel.model_dump_json().encode())
        pipe.set(self._mark, b"1")
        await self._run(pipe)

    async def show(self, changed: Iterable[Delivery], gone: Sequence[str]) -> None:
        """Show how deliveries stand now."""
        pipe = self._pipeline(transaction=True)
        for one in changed:
            pipe.hset(self._names.deliveries_key, one.id, one.model_dump_json().encode())
        if gone:
            pipe.hdel(self._names.deliveries_key, *gone)
        await self._run(pipe)

    @property
    def _mark(self) -> str:
        return self._names.filled_key("notify", 0)


def newest(deliveries: Iterable[Delivery]) -> list[Delivery]:
    """Those that are shown: the last ones."""
    return sorted(deliveries, key=lambda one: (one.created_at, one.id))[-KEPT:]
