"""The accounts topic: read into memory and followed; changes are written with what the journal says of them.

Every API process reads the whole topic, so that an account that was locked anywhere is locked everywhere at once. While
Kafka is away what was read stays valid, and nothing can be changed.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import suppress

import redis.asyncio

from services.api.domain.accounts import step_of
from services.api.domain.registry import Registry
from services.api.pen import LogAwayError, Pen
from services.api.store import Store
from services.contracts.accounts import Account, AccountStep, AnyRecord, ApiKey, Device, SessionEnd, record_key
from services.runtime.follow import followed
from services.runtime.logs import get_logger
from services.runtime.settings import CommonSettings

READ_BACK_WITHIN_S = 5.0
REDIS_AWAY = (redis.asyncio.RedisError, OSError, TimeoutError)


class StaleError(Exception):
    """The record has changed since it was looked at."""


class Accounts:
    """One process's view of who may come in.

    `on_change` is called after each batch of news: whose session is over must go.
    """

    def __init__(self, settings: CommonSettings, store: Store) -> None:
        self.registry = Registry()
        self._known = asyncio.Event()
        self.on_change: Callable[[], None] = lambda: None
        self._settings = settings
        self._names = settings.names
        self._store = store
        self._pen = Pen(settings, [settings.names.accounts, settings.names.journal])
        self._turn = asyncio.Lock()
        self._news = asyncio.Condition()

    @property
    def known(self) -> bool:
        """Whether all that there was has been read."""
        return self._known.is_set()

    async def first_reading(self) -> None:
        """Wait until all that there was has been read."""
        await self._known.wait()

    async def run(self) -> None:
        """Read and follow, for ever."""
        await followed(
            self._settings,
            [self._names.accounts, self._names.journal],
            what="accounts",
            learn=self.registry.take,
            first=self._read,
            told=self._told,
        )

    async def write(self, record: Account | ApiKey | Device, *, by: str) -> None:
        """Change one. The journal hears of it first, so that nothing is done that it does not know of.

        Raises:
            StaleError: `record` does not follow on what stands.
            LogAwayError: Kafka does not take it, or not all of it.
        """
        key = record_key(record)
        async with self._turn:
            before = self.registry.records.get(key)
            if record.revision != (0 if before is None or isinstance(before, SessionEnd) else before.revision) + 1:
                raise StaleError
            step = step_of(record, before, by=by, at=now_ms(), mark=secrets.token_hex(4))
            await self._pen.write(self._names.journal, step.model_dump_json().encode(), key=step.id)
            await self._put(record)
            if self.registry.records.get(key) != record:  # another process was quicker
                step = step.model_copy(update={"id": f"{step.id}|not_done", "step": "not_done", "changes": {}})
                await self._pen.write(self._names.journal, step.model_dump_json().encode(), key=step.id)
                raise StaleError
        get_logger().info("an account, key or wall was changed", step=step.step, subject=step.subject, by=by)
        await self._show(step)

    async def end_session(self, session: str, until: int) -> None:
        """Nobody comes in with this session any more.

        Raises:
            LogAwayError: Kafka does not take it.
        """
        await self._put(SessionEnd(id=session, until=until))

    async def close(self) -> None:
        """Let go of Kafka."""
        await self._pen.close()

    async def _put(self, record: AnyRecord) -> None:
        """Write a record and wait until it, or one before it, has come back."""
        key = record_key(record)

        def come() -> bool:
            held = self.registry.records.get(key)
            if isinstance(record, SessionEnd) or held is None or isinstance(held, SessionEnd):
                return held is not None
            return held.revision >= record.revision

        await self._pen.write(self._names.accounts, record.model_dump_json().encode(), key=key)
        try:
            async with asyncio.timeout(READ_BACK_WITHIN_S), self._news:
                await self._news.wait_for(come)
        except TimeoutError:
            raise LogAwayError("the log does not give back what it took") from None

    async def _read(self) -> None:
        self._known.set()
        get_logger().info("accounts are known", accounts=len(self.registry.accounts))
        await self._told({})
        await self._forget()

    async def _told(self, _: dict[str, bytes | None]) -> None:
        async with self._news:
            self._news.notify_all()
        self.on_change()
        for key in list(self.registry.unsettled):
            with suppress(LogAwayError):
                await self._pen.write(
                    self._names.accounts, self.registry.records[key].model_dump_json().encode(), key=key
                )

    async def _forget(self) -> None:
        """Sessions that were ended and would be over by now."""
        for key in self.registry.ended(now_ms()):
            with suppress(LogAwayError):
                await self._pen.write(self._names.accounts, None, key=key)

    async def _show(self, step: AccountStep) -> None:
        try:
            await self._store.note(step)
        except REDIS_AWAY as error:
            get_logger().warning("the journal in Redis lacks a step until it is filled again", error=str(error))


def now_ms() -> int:
    """The wall clock."""
    return round(time.time() * 1000)
