"""The door of the desk: commands go onto the log, and their outcomes come back.

A command is produced to the inbox of the desk (`names.tiles`) and answered by one Outcome, which is announced through
Redis and stands there for a day. The id of a command is its idempotency key: the same id again gives the same answer,
whether the first one still waits, has been answered, or was sent by an API that has died since.
"""

import asyncio
from contextlib import suppress

import redis.asyncio
from pydantic import TypeAdapter

from services.api.domain.orders import same_order
from services.api.pen import LogAwayError, Pen
from services.api.store import Store
from services.contracts.desk import AnyCommand, Outcome
from services.runtime.logs import get_logger
from services.runtime.settings import CommonSettings

LOOK_EVERY_S = 0.5
"""An announcement may be lost with a connection: the outcome's key in Redis is looked at as well."""
LOOK_AT_LEAST_EVERY_S = 10.0
LOOKS_AT_ONCE = 4
"""While the desk is away commands gather here: their looks must not take all connections to Redis."""
FORGET_AFTER_S = 600.0
CANCEL_AGAIN_S = 0.5
_record: TypeAdapter[list[AnyCommand]] = TypeAdapter(list[AnyCommand])


class OtherOrderError(Exception):
    """This id was used for another command."""


class _Order:
    """A command that is on its way."""

    def __init__(self, command: AnyCommand) -> None:
        self.command = command
        self.heard: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.carried: asyncio.Task[Outcome]


class Door:
    """One producer of this process, and the commands that wait for their outcome.

    Args:
        settings: where Kafka is.
        store: where outcomes stand.
        answer_within_s: how long `submit` waits for the desk.
    """

    def __init__(self, settings: CommonSettings, store: Store, *, answer_within_s: float) -> None:
        self._store = store
        self._answer_within_s = answer_within_s
        self._orders: dict[str, _Order] = {}
        self._looking = asyncio.Semaphore(LOOKS_AT_ONCE)
        self._inbox = settings.names.tiles
        self._pen = Pen(settings, [self._inbox])

    def hear(self, outcome: Outcome) -> None:
        """An outcome was announced."""
        order = self._orders.get(outcome.id)
        if order is not None and not order.heard.done():
            order.heard.set_result(outcome)

    async def submit(self, command: AnyCommand) -> Outcome | None:
        """Send a command, unless it was sent before, and wait for its outcome. None: the desk takes its time.

        Raises:
            LogAwayError: Kafka does not take it.
            OtherOrderError: the id was used for another command.
            redis.RedisError: outcomes can't be read; nothing was sent.
        """
        order = self._orders.get(command.id)
        if order is None:
            order = self._orders[command.id] = _Order(command)
            order.carried = asyncio.create_task(self._carry(order), name=f"command {command.id}")
            order.carried.add_done_callback(_look_at)
        elif not same_order(order.command, command):
            raise OtherOrderError
        try:
            outcome = await asyncio.wait_for(asyncio.shield(order.carried), self._answer_within_s)
        except TimeoutError:
            return None
        if not same_order(outcome.command, command):
            raise OtherOrderError
        return outcome

    async def known(self, command_id: str) -> Outcome | AnyCommand | None:
        """The outcome of a command; the command itself while it has none; None where nobody knows of it."""
        outcome = await self._store.outcome(command_id)
        if outcome is not None:
            return outcome
        order = self._orders.get(command_id)
        return None if order is None else order.command

    async def close(self) -> None:
        """Let go of Kafka, and of everyone who waits."""
        waiting = {order.carried for order in self._orders.values()}
        while waiting:  # a cancellation that comes as a wait's time runs out is taken for that
            for task in waiting:
                task.cancel()
            _, waiting = await asyncio.wait(waiting, timeout=CANCEL_AGAIN_S)
        await self._pen.close()

    async def _carry(self, order: _Order) -> Outcome:
        command = order.command
        try:
            outcome = await self._store.outcome(command.id)
            if outcome is not None:
                return outcome
            await self._deliver(command)
            return await asyncio.wait_for(self._answered(order), FORGET_AFTER_S)
        finally:
            self._orders.pop(command.id, None)

    async def _answered(self, order: _Order) -> Outcome:
        pause_s = LOOK_EVERY_S
        while True:
            with suppress(TimeoutError):
                return await asyncio.wait_for(asyncio.shield(order.heard), pause_s)
            pause_s = min(pause_s * 1.5, LOOK_AT_LEAST_EVERY_S)
            with suppress(redis.asyncio.RedisError, OSError):
                async with self._looking:
                    outcome = await self._store.outcome(order.command.id)
                if outcome is not None:
                    return outcome

    async def _deliver(self, command: AnyCommand) -> None:
        try:
            await self._pen.write(self._inbox, _record.dump_json([command]))
        except LogAwayError as error:
            get_logger().warning("a command could not be put on the log", command=command.id, error=str(error))
            raise


def _look_at(task: "asyncio.Task[Outcome]") -> None:
    """Whoever asked may have been told to ask later: then nobody takes the failure."""
    if not task.cancelled():
        task.exception()
