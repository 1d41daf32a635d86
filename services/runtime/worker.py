"""Runs a checkpointed stream as a process: start, readiness, supervision, an end within seconds."""

import asyncio
import gc
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from aiokafka.errors import KafkaError

from services.runtime import kafka, parent, telemetry
from services.runtime.checkpoints import CheckpointedStream
from services.runtime.ending import BROKEN, UNAVAILABLE, end_now
from services.runtime.health import Check, Health, HealthServer
from services.runtime.logs import get_logger
from services.runtime.settings import StreamSettings

FINAL_CHECKPOINT_S = 1.2
LEAVE_S = 1.5
SILENT_BROKER_S = 5.0

Background = Callable[[], Coroutine[Any, Any, None]]

log = get_logger()


def run(
    settings: StreamSettings,
    stream: CheckpointedStream,
    *,
    port: int,
    port_variable: str,
    background: Sequence[Background] = (),
    checks: Mapping[str, Check] | None = None,
) -> None:
    """Run until SIGTERM or Ctrl-C, then end with a last checkpoint. Logging must have been configured.

    Args:
        settings: of the service.
        stream: not yet started.
        port: for /live, /ready and /telemetry.
        port_variable: the setting that chooses another port.
        background: run beside the stream from its first assignment on, cancelled at the end; an exception in one of
            them ends the process.
        checks: further conditions of readiness.
    """
    worker = _Worker(settings, stream, background)
    health = Health({**worker.checks, **(checks or {})})
    tune_garbage_collection()

    async def main() -> None:
        server = HealthServer(health, settings.host, port, variable=port_variable)
        await server.start()
        await worker.run()
        await server.stop()

    if sys.platform == "win32":
        asyncio.run(main())
        return
    import uvloop  # noqa: PLC0415  # not to be had on Windows

    uvloop.run(main())


def tune_garbage_collection() -> None:
    """Look for cycles seldom: batches of short-lived events, and a large state that is no garbage."""
    gc.set_threshold(50_000, 20, 100)


class _Worker:
    def __init__(self, settings: StreamSettings, stream: CheckpointedStream, background: Sequence[Background]) -> None:
        self._settings = settings
        self._stream = stream
        self._background = background
        self._stopping = asyncio.Event()
        self._phase: str | None = "starting"
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def checks(self) -> Mapping[str, Check]:
        """Conditions of readiness."""
        return {"start": lambda: self._phase, "assignment": self._assignment, "broker": self._broker}

    async def run(self) -> None:
        """Start, run, stop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        self._tasks.append(asyncio.create_task(parent.end_with(self._settings.parent_pid)))
        main = asyncio.create_task(self._guarded(self._main))
        await self._stopping.wait()
        self._phase = "stopping"
        main.cancel()
        await self._stop()

    async def _main(self) -> None:
        await self._wait_for_broker()
        if self._stopping.is_set():
            return
        self._phase = "joining the group"
        self._tasks += [asyncio.create_task(self._guarded(work)) for work in (self._watch, self._notice_crash)]
        await self._stream.start()
        self._phase = None
        log.info("ready")
        self._tasks += [asyncio.create_task(self._guarded(work)) for work in self._background]

    async def _guarded(self, work: Background) -> None:
        try:
            await work()
        except Exception:  # noqa: BLE001  # a part of the service has ended, so the service has
            if not self._stopping.is_set():
                end_now("a part of the service failed")

    async def _wait_for_broker(self) -> None:
        """Create the topics as soon as the broker can be reached. Says once that it can't, then every half minute."""
        said_at = 0.0
        while not self._stopping.is_set():
            try:
                await kafka.ensure_topics(self._settings)
            except (KafkaError, OSError) as error:
                self._phase = f"Kafka at {self._settings.kafka_bootstrap_servers} can't be reached"
                if time.monotonic() - said_at > 30:
                    said_at = time.monotonic()
                    log.warning(self._phase, error=str(error))
                await asyncio.sleep(0.5)
            else:
                return

    async def _stop(self) -> None:
        """Last checkpoint, leave the group, let go: each with a limit, because the broker may be away."""
        for task in self._tasks:
            task.cancel()
        began = time.monotonic()
        # Faust swallows cancellation here and there, and its threads wait for the broker: a thread ends what is left.
        limit = threading.Timer(FINAL_CHECKPOINT_S + LEAVE_S + 0.5, _end_unfinished)
        limit.daemon = True
        limit.start()
        ended = await _within(FINAL_CHECKPOINT_S, self._stream.final_checkpoint())
        ended &= await _within(LEAVE_S, self._stream.stop())
        log.info("stopped", seconds=round(time.monotonic() - began, 1), in_order=ended)
        if not ended:
            _end_unfinished()

    # Supervision -------------------------------------------------------------------------------------------------

    async def _notice_crash(self) -> None:
        app = self._stream.app
        while not app.crash_reason:  # noqa: ASYNC110  # Faust's own event is of another kind
            await asyncio.sleep(0.2)
        end_now("Faust crashed", code=BROKEN, reason=repr(app.crash_reason))

    async def _watch(self) -> None:
        """End a worker that never joins, or that gets on no more though Kafka answers: it would sit there for ever.

        Faust does not always come out of a rebalance, and a fetcher of aiokafka's that has ended says so to nobody.
        """
        began = moved_at = time.monotonic()
        last: tuple[int, ...] = ()
        while True:
            await asyncio.sleep(1)
            now = time.monotonic()
            stream = self._stream
            wants = stream.wants() or ("no fetch is answered" if self._silent_broker() else None)
            if stream.movement != last or wants is None:
                last, moved_at = stream.movement, now
            if not stream.app.consumer_generation_id and now - began > self._settings.join_within_s:
                end_now(
                    f"no member of the consumer group after {self._settings.join_within_s:.0f} s: is "
                    f"FLOORWATCH_SESSION_TIMEOUT_S={self._settings.session_timeout_s:g} within the broker's "
                    "group.min.session.timeout.ms and group.max.session.timeout.ms, and is the broker well?",
                    code=UNAVAILABLE,
                )
            if now - moved_at > self._settings.stuck_s:
                if await self._broker_answers() and stream.movement == last:
                    end_now(f"{wants} for {self._settings.stuck_s:g} s; beginning anew", code=UNAVAILABLE)
                moved_at = time.monotonic()
            self._measure_lag()

    async def _broker_answers(self) -> bool:
        """Ask by another connection: a worker that hangs in a rebalance hears nothing, however well the broker is."""
        try:
            async with asyncio.timeout(SILENT_BROKER_S):
                await kafka.ensure_topics(self._settings)
        except (KafkaError, OSError):
            return False
        return True

    def _measure_lag(self) -> None:
        for (topic, partition), lag in self._stream.lag().items():
            telemetry.LAG.labels(topic, partition).set(lag)

    def _assignment(self) -> str | None:
        stream = self._stream
        if not stream.assignment:
            return "no partitions assigned yet"
        if not stream.serving:
            return "rebalancing" if stream.app.rebalancing else "recovering the state"
        return None if stream.partitions else "no partition is left for this worker; it stands by"

    def _silent_broker(self) -> str | None:
        heard_s = self._stream.silent_s()
        return None if heard_s < SILENT_BROKER_S else f"no answer from Kafka for {heard_s:.0f} s"

    def _broker(self) -> str | None:
        return self._silent_broker() if self._stream.assignment else None


def _end_unfinished() -> None:
    end_now("stopped without the broker; what was not stored is replayed", code=0)


async def _within(seconds: float, work: Coroutine[Any, Any, None]) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await work
    except TimeoutError:
        return False
    except Exception:
        log.exception("while stopping")
        return False
    return True
