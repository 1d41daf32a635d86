"""The way in and out of the desk: a checkpointed Faust stream of its inbox, and Redis."""

import asyncio
from collections.abc import Callable

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from services.alerts import telemetry
from services.alerts.domain.keeper import DeskKeeper
from services.alerts.domain.section import Fact
from services.alerts.settings import AlertsSettings
from services.alerts.store import TRANSITIONS_KEPT, Store
from services.contracts.alerts import AlertTransition
from services.contracts.desk import Outcome
from services.contracts.names import Topic
from services.runtime import kafka
from services.runtime.checkpoints import CheckpointedStream, Outlet, Progress
from services.runtime.logs import get_logger
from services.runtime.pace import Pace
from services.runtime.store import UNAVAILABLE

LOOK_EVERY_S = 1.0
KINDS = ("alert", "rule", "silence", "plan", "move", "limits")
READ_BACK = 3 * TRANSITIONS_KEPT  # records; after crashes some transitions stand on the log twice

log = get_logger()


def inbox_stream(settings: AlertsSettings, keeper: DeskKeeper, outlet: "AlertsOutlet") -> CheckpointedStream:
    """The inbox in. The whole state goes into each checkpoint, so without news there is one a second at most."""
    return CheckpointedStream(
        settings,
        service="alerts",
        sources=[settings.names.tiles],
        keeper=keeper,
        outlet=outlet,
        pace=Pace(least_s=max(1.0, settings.checkpoint_s)),
    )


class AlertsOutlet(Outlet):
    """Logs what happened and shows it in Redis. While Redis is away only Kafka and the log get it."""

    def __init__(self, settings: AlertsSettings, keeper: DeskKeeper, store: Store) -> None:
        """Nothing is contacted yet."""
        self._settings = settings
        self._keeper = keeper
        self._store = store
        self._filled = False  # whether Redis has everything
        self._away = False
        self._progress: dict[tuple[str, int], int] = {}
        self._turn = asyncio.Lock()
        self.still_ours: Callable[[], bool] = lambda: False

    async def restored(self, partitions: frozenset[int]) -> None:  # noqa: ARG002  # there is one
        """Another worker may have shown other things since we last did."""
        self._filled = False

    async def published(self, progress: Progress) -> None:
        """Log and show what Kafka has by now, then tell how far it has come."""
        async with self._turn:
            happened = self._keeper.take_told()
            for fact in happened:
                _log(fact)
            self._progress.update(progress)
            if self._away:
                return  # `keep_filled` makes up for it
            try:
                if happened:
                    await (self._store.show(happened) if self._filled else self._fill())
                if progress:
                    await self._store.show_progress(progress)
            except UNAVAILABLE as error:
                self._lose_redis(error)

    async def keep_filled(self) -> None:
        """Look every second whether Redis has everything, and fill it where it has not. Runs beside the stream."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if not self.still_ours():
                continue
            try:
                async with self._turn:
                    if not (await self._store.is_filled() and self._filled):
                        await self._fill()
                self._find_redis()
            except UNAVAILABLE as error:
                self._lose_redis(error)
            except KafkaError as error:
                log.debug("Redis can't be filled while Kafka is away", error=repr(error))

    async def close(self) -> None:
        """Let Redis go."""
        await self._store.close()

    def redis_check(self) -> str | None:
        """For readiness: why Redis does not show what is known, or None."""
        return f"Redis at {self._settings.redis_url.rpartition('@')[2]} can't be written" if self._away else None

    async def _fill(self) -> None:
        names = self._settings.names
        history = {
            names.transitions_key: await last_entries(self._settings, names.alerts),
            names.journal_key: await last_entries(self._settings, names.journal),
        }
        views = self._keeper.desk.views()
        await self._store.fill(KINDS, views, history)
        await self._store.show_progress(self._progress)
        self._filled = True
        telemetry.REFILLS.inc()
        log.info("Redis filled", views=len(views), transitions=len(history[names.transitions_key]))

    def _lose_redis(self, error: BaseException) -> None:
        self._filled = False
        if not self._away:
            self._away = True
            telemetry.REDIS_AWAY.set(1)
            log.warning("Redis is away; it is filled when it is back", error=repr(error))

    def _find_redis(self) -> None:
        if self._away:
            self._away = False
            telemetry.REDIS_AWAY.set(0)
            log.info("Redis is back")


def _log(fact: Fact) -> None:
    match fact.value:
        case AlertTransition(alert=alert) as transition:
            telemetry.TRANSITIONS.labels(alert.state).inc()
            say = log.warning if alert.state == "firing" and not transition.why else log.info
            say(
                f"alert {transition.why or alert.state}",
                alert=alert.id, previous=transition.previous, at=transition.at, value=alert.value,
                threshold=alert.threshold, metric=alert.metric, severity=alert.severity,
            )  # fmt: skip
        case Outcome(command=command) as outcome:
            telemetry.COMMANDS.labels(command.do, outcome.code).inc()
            log.info(
                "command answered",
                do=command.do, code=outcome.code, target=command.target, by=command.by.name, message=outcome.message,
            )  # fmt: skip


async def last_entries(settings: AlertsSettings, topic: Topic) -> list[bytes]:
    """The last records of a topic of one partition as JSON, oldest first, each once by its key."""
    place = TopicPartition(topic.name, 0)
    reader = kafka.reader(settings)
    reader.assign([place])
    await reader.start()
    try:
        end = (await reader.end_offsets([place]))[place]
        reader.seek(place, max(end - READ_BACK, (await reader.beginning_offsets([place]))[place]))
        found: dict[bytes, bytes] = {}
        while await reader.position(place) < end:
            for records in (await reader.getmany(place, timeout_ms=1000)).values():
                for record in records:
                    found.setdefault(record.key, record.value)
        return list(found.values())[-TRANSITIONS_KEPT:]
    finally:
        await reader.stop()
