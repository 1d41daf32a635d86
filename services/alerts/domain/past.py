"""What rules need of the past: half-hours of the week before, and figures of the last minutes.

`History` is stored apart from the desk's snapshot, queue by queue, since a queue's changes twice an hour alone.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from services.alerts.domain.values import NO_COUNTERS, Counters, HalfPart
from services.contracts.metrics import HALF_HOUR_MS

KEPT_MS = 8 * 86_400_000
_SAMPLES = 30
"""So many to a span of `over_s`."""
_IDLE_MS = 2 * 86_400_000
_SWEEP_EVERY = 4096

_pack = msgspec.msgpack.Encoder().encode
_halves = msgspec.msgpack.Decoder(dict[int, tuple[Counters, int]]).decode
_trails = msgspec.msgpack.Decoder(tuple[dict[str, list[tuple[int, float | None]]], int]).decode


class History:
    """Half-hours of each queue that are over, for a week and a day, as the queue's tile last told them.

    Who still waited then counts as waiting: what became of them later is in the `intervals` topic, not here. A
    half-hour without a record between two that have one is one in which nobody came.
    """

    def __init__(self) -> None:
        """Nothing is known."""
        self._queues: dict[str, dict[int, tuple[Counters, int]]] = {}
        self.changed: set[str] = set()
        """Queues to be stored anew: take them, `pack` each, and clear the set."""

    def hear(self, queue: str, before: HalfPart | None, now: HalfPart | None) -> None:
        """A tile came: `before` is the running half-hour of the one before it, `now` that of this one."""
        if before is None or (now is not None and now.start <= before.start):
            return
        halves = self._queues.setdefault(queue, {})
        halves[before.start] = before.counters, before.waiting_ms
        for start in [start for start in halves if start < before.start - KEPT_MS]:
            del halves[start]
        self.changed.add(queue)

    def of(self, queue: str, start: int) -> tuple[Counters, int] | None:
        """(counters, time spent waiting in ms) of the half-hour that began at `start`; None: nobody knows."""
        halves = self._queues.get(queue)
        if not halves:
            return None
        if (found := halves.get(start)) is not None:
            return found
        return (NO_COUNTERS, 0) if min(halves) < start < max(halves) else None

    def forget(self, queue: str) -> None:
        """The queue is gone."""
        if self._queues.pop(queue, None) is not None:
            self.changed.add(queue)

    def pack(self, queue: str) -> bytes | None:
        """All that is known of a queue, to be stored; None: nothing, so remove what is stored."""
        halves = self._queues.get(queue)
        return bytes(_pack(halves)) if halves else None

    def unpack(self, queue: str, stored: bytes) -> None:
        """Know what was stored of a queue."""
        self._queues[queue] = _halves(stored)

    def rewind(self, running: Callable[[str], int | None]) -> None:
        """Forget what the desk, restored to an older moment, has yet to hear.

        Args:
            running: of a queue, when its running half-hour began; None: nothing is known of it.
        """
        for queue, halves in self._queues.items():
            start = running(queue)
            self._queues[queue] = {} if start is None else {at: half for at, half in halves.items() if at < start}

    @property
    def queues(self) -> list[str]:
        """Queues of which something is known."""
        return sorted(self._queues)


def week_before(instant: int, timezone: str) -> tuple[int, int, int]:
    """The same half-hour of last week's local time, and the one before it.

    Returns:
        (start of the earlier one, start of the later one, minutes of the later one that are over, 0…29).
    """
    zone = ZoneInfo(timezone)
    local = datetime.fromtimestamp(instant / 1000, zone)
    over = local.minute % 30
    start = local.replace(minute=local.minute - over, second=0, microsecond=0)
    then = round((start - timedelta(days=7)).timestamp() * 1000)  # on the wall's clock, whatever the summer time
    return then - HALF_HOUR_MS, then, over


class Trails:
    """Figures of the last minutes, of comparisons against `change`: about 30 samples of each, on event time."""

    def __init__(self) -> None:
        """Nothing is known."""
        self._samples: dict[str, list[tuple[int, float | None]]] = {}
        self._noted = 0

    def note(self, key: str, at: int, value: float | None, over_ms: int) -> None:
        """The figure is `value` at `at`. Times of one key do not go back."""
        samples, step = self._samples.setdefault(key, []), max(1, over_ms // _SAMPLES)
        if samples and at // step <= samples[-1][0] // step:
            return
        samples.append((at, value))
        while len(samples) > 1 and samples[1][0] <= at - over_ms:
            del samples[0]  # the one before the span's beginning is the figure at its beginning
        self._noted += 1
        if self._noted % _SWEEP_EVERY == 0:
            self._sweep()

    def before(self, key: str, instant: int) -> float | None:
        """The figure at a moment; None: not known, or it had no value."""
        value = None
        for at, sample in self._samples.get(key, ()):
            if at > instant:
                break
            value = sample
        return value

    def steps(self, key: str) -> Iterator[int]:
        """Moments of the samples."""
        return (at for at, _ in self._samples.get(key, ()))

    def snapshot(self) -> bytes:
        """All that `restore` needs."""
        return bytes(_pack((self._samples, self._noted)))

    def restore(self, snapshot: bytes | None) -> None:
        """Start from a snapshot (None: from nothing)."""
        self._samples, self._noted = ({}, 0) if snapshot is None else _trails(snapshot)

    def _sweep(self) -> None:
        """Rules that are gone leave trails; who has not been asked for days, by their site's time, goes."""
        newest: dict[str, int] = {}
        for key, samples in self._samples.items():
            site = _site(key)
            newest[site] = max(newest.get(site, 0), samples[-1][0])
        for key in [key for key, samples in self._samples.items() if samples[-1][0] < newest[_site(key)] - _IDLE_MS]:
            del self._samples[key]


def _site(key: str) -> str:
    return key.split("|")[1].partition("/")[0]
