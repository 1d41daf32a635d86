"""The Faust app, and what the checkpointed stream needs of Faust's and aiokafka's insides: they have no call for it.

faust-streaming and aiokafka are pinned exactly, so what is private stays where it is until somebody changes the pins.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import faust
from aiokafka.errors import IllegalStateError
from faust.types import TP

from services.runtime.settings import StreamSettings

TopicPartition = tuple[str, int]
LONGEST_FETCH_MS = 50
"""A fetch asks only for partitions of which nothing is left to be handed on, and the next one waits for its end. While
the process is busy those may be the quiet ones: Faust's 1500 ms would hold up the others for so long."""


class _App(faust.App):  # type: ignore[misc]  # Faust is untyped
    logger = logging.getLogger("faust.app")  # else it would log in our name

    def _create_directories(self) -> None:
        """Nothing is kept on disk: the changelog is the store."""


def new_app(settings: StreamSettings, app_id: str, partitions: int) -> Any:
    """A Faust app without web views; nothing is contacted."""
    return _App(
        app_id,
        broker=";".join(f"kafka://{server.strip()}" for server in settings.kafka_bootstrap_servers.split(",")),
        store="memory://",
        web_enabled=False,
        topic_partitions=partitions,
        topic_replication_factor=settings.replication,
        topic_disable_leader=True,
        table_standby_replicas=0,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=settings.group_instance_id,
        broker_session_timeout=settings.session_timeout_s,
        broker_heartbeat_interval=settings.heartbeat_s,
        broker_rebalance_timeout=settings.rebalance_timeout_s,
        broker_request_timeout=max(40.0, settings.session_timeout_s + 1),
        consumer_max_fetch_size=4 * 1024 * 1024,  # a larger record still comes, alone
        stream_buffer_maxsize=512,
        recovery_consistency_check=False,  # our table reads its changelog by itself
        stream_wait_empty=False,  # what was not acknowledged comes again; waiting for it could block a rebalance
    )


class _NoMemory(dict[Any, None]):
    def __getitem__(self, _: object) -> None:
        return None

    def __setitem__(self, key: object, value: object) -> None:
        """Keep nothing."""

    def update(self, *args: object, **kwargs: object) -> None:
        """Keep nothing."""


class BrokerSide:
    """The group's consumer, which lives in a thread of Faust's."""

    def __init__(self, app: Any, *, without: str) -> None:
        """Look at the consumer of `app`, leaving the topic `without` (the changelog) aside."""
        self._app = app
        self._without = without

    @property
    def _thread(self) -> Any:
        return self._app.consumer._thread  # noqa: SLF001

    def prepare(self) -> None:
        """Settle what must be settled before Faust starts its consumer."""
        self._app.consumer._read_offset = _NoMemory()  # noqa: SLF001  # it would drop records asked for once more
        thread = self._thread
        create = thread._create_consumer  # noqa: SLF001

        def create_impatient(*args: Any, **kwargs: Any) -> Any:
            consumer = create(*args, **kwargs)
            consumer._fetch_max_wait_ms = LONGEST_FETCH_MS  # noqa: SLF001
            return consumer

        thread._create_consumer = create_impatient  # noqa: SLF001

    def leave_aside(self) -> None:
        """Do not fetch the changelog, which is assigned with the source: its megabytes would only be in the way."""
        thread = self._thread
        thread.thread_loop.call_soon_threadsafe(self._pause_changelog, thread._consumer)  # noqa: SLF001

    def _pause_changelog(self, consumer: Any) -> None:
        consumer.pause(*[tp for tp in consumer.assignment() if tp.topic == self._without])

    def join_again(self) -> None:
        """Make the group assign its partitions anew."""
        thread = self._thread
        thread.thread_loop.call_soon_threadsafe(thread._consumer._coordinator.request_rejoin)  # noqa: SLF001

    async def committed(self, place: TopicPartition) -> int:
        """The committed offset, that of the next record; 0 before the first commit. Asks the broker."""
        thread = self._thread
        return int(await thread.call_thread(thread._consumer.committed, TP(*place)) or 0)  # noqa: SLF001

    def last_known_commit(self, place: TopicPartition) -> int:
        """The same as Faust saw it last."""
        return int(self._app.consumer._committed_offset.get(place) or 0)  # noqa: SLF001

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
        """Commit; False if the group has assigned anew meanwhile."""
        return not offsets or bool(await self._thread.commit({TP(*place): at for place, at in offsets.items()}))

    async def seek(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Go on from these offsets. In vain if the partitions have just gone to another, or the broker is away."""
        with suppress(IllegalStateError, TimeoutError):
            await self._app.consumer.seek_wait({TP(*place): at for place, at in offsets.items()})

    def fetching(self) -> Iterator[tuple[TopicPartition, Any]]:
        """Each source partition that is ours, and aiokafka's state of it."""
        consumer = self._thread._consumer  # noqa: SLF001
        subscription = consumer._subscription.subscription if consumer else None  # noqa: SLF001
        if subscription is None or subscription.assignment is None:
            return
        for tp in subscription.assignment.tps:
            if tp.topic != self._without and (state := subscription.assignment.state_value(tp)):
                yield (tp.topic, tp.partition), state
