"""Which feeds were alive when: by their heartbeats, so that a silent feed makes its agents unknown, not out.

A heartbeat covers the time from its own moment until a feed counts as silent (`silent_ms` real milliseconds, so N times
as much in a replay at N×). One of a replay at full speed, which leaps by hours, covers all before it and a day
after it. What lies between two covered spans is silence, and so is what comes after the last. It is a union, so the
order and repetition of heartbeats change nothing.

Of an agent of whom something was told, the feed that told last must be alive (one that never sends heartbeats is taken
to be). Of an agent of whom nothing was told, every feed that tells of agents of the site must be, and have begun.
"""

from collections.abc import Iterable

import msgspec

from services.contracts.events import Heartbeat

Told = tuple[str, str]
"""(site, source) of a feed."""
FOR_EVER = 1 << 62
_LEAP_MS = 24 * 3600 * 1000

_Span = tuple[int, int]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[int, int, list[tuple[str, str, bool, list[_Span]]]]).decode


class Pulse:
    """One feed of one site.

    Attributes:
        covered: disjoint [start, end), ascending; empty: it never sent a heartbeat.
        tells: it has told of agents.
        shown_silent: what the agents' tiles say of it.
    """

    __slots__ = ("covered", "shown_silent", "tells")

    def __init__(self) -> None:
        """A feed that was not heard yet."""
        self.covered: list[_Span] = []
        self.tells = False
        self.shown_silent = False

    @property
    def end(self) -> int:
        """Until when it is alive for all we know."""
        return self.covered[-1][1] if self.covered else FOR_EVER

    def cover(self, start: int, end: int) -> bool:
        """Add a span. True if that says something new about a time before the last one."""
        covered = self.covered
        if not covered:
            covered.append((start, end))
            return True
        last = covered[-1]
        if start >= last[0]:
            if start <= last[1]:
                covered[-1] = (last[0], max(last[1], end))
            else:
                covered.append((start, end))
            return False
        merged = _union([*covered, (start, end)])
        self.covered = merged
        return merged[:-1] != covered[:-1] or merged[-1][0] != covered[-1][0]

    def silence(self, start: int, end: int, *, from_the_first: bool) -> list[_Span]:
        """The parts of [start, end) that are not covered; the time before the first heartbeat only if asked for."""
        covered = self.covered
        if not covered or (end <= covered[-1][1] and start >= covered[-1][0]):
            return []
        parts, at = [], start if from_the_first else max(start, covered[0][0])
        for since, until in covered:
            if since >= end:
                break
            if since > at:
                parts.append((at, since))
            at = max(at, until)
        if at < end:
            parts.append((at, end))
        return parts


class Pulses:
    """All feeds of one partition of the agents topic.

    Attributes:
        offset: the newest record that changed them.
        news: sites of which something about former times has become known since it was last emptied.
        version: changes with each of those.
    """

    def __init__(self, silent_ms: int) -> None:
        """Nobody has been heard."""
        self._silent_ms = silent_ms
        self._pulses: dict[Told, Pulse] = {}
        self.offset = -1
        self.news: set[str] = set()
        self.version: dict[str, int] = {}

    def hear(self, beat: Heartbeat, offset: int, now: int) -> None:
        """Take in a heartbeat; `now` is what the site's clock says without it.

        A feed that lags behind the others for longer than `silent_ms` tells with each heartbeat of time that was
        taken for silence, and all agents are looked at again.
        """
        self.offset = max(offset, self.offset)
        if beat.rate > 0:
            span = beat.at, beat.at + round(self._silent_ms * max(beat.rate, 1.0))
        else:
            span = 0, beat.at + _LEAP_MS
        pulse = self._pulse((beat.site, beat.source))
        taken_for_silence = pulse.end < now and span[0] < now
        if pulse.cover(*span) or taken_for_silence:
            self._changed(beat.site)

    def tell(self, told: Told, offset: int) -> None:
        """The feed has told of an agent."""
        pulse = self._pulses.get(told)
        if pulse is not None and pulse.tells:
            return
        self.offset = max(offset, self.offset)
        self._pulse(told).tells = True
        self._changed(told[0])

    def silence(self, site: str, told_by: Told | None, start: int, end: int) -> list[_Span]:
        """The parts of [start, end) of which nobody knows what an agent did, of whom `told_by` told last."""
        if told_by is not None:
            pulse = self._pulses.get(told_by)
            return [] if pulse is None else pulse.silence(start, end, from_the_first=False)
        pulses = self._responsible(site)
        if not pulses:
            return [(start, end)]
        parts = [part for pulse in pulses for part in pulse.silence(start, end, from_the_first=True)]
        return _union(parts) if len(pulses) > 1 else parts

    def known_to(self, site: str, told_by: Told | None) -> int:
        """Until when `silence` is settled, heartbeats that come late apart."""
        if told_by is not None:
            pulse = self._pulses.get(told_by)
            return FOR_EVER if pulse is None else pulse.end
        return min((pulse.end for pulse in self._responsible(site)), default=-1)

    def turned(self, site: str, now: int) -> bool:
        """Whether a feed of the site has fallen silent, or spoken again, since this was last asked."""
        turned = False
        for (of, _), pulse in self._pulses.items():
            silent = pulse.end <= now
            if of == site and silent != pulse.shown_silent:
                pulse.shown_silent, turned = silent, True
        return turned

    def _responsible(self, site: str) -> list[Pulse]:
        pulses = [pulse for (of, _), pulse in self._pulses.items() if of == site]
        return [pulse for pulse in pulses if pulse.tells] or [pulse for pulse in pulses if pulse.covered]

    def _pulse(self, told: Told) -> Pulse:
        pulse = self._pulses.get(told)
        if pulse is None:
            pulse = self._pulses[told] = Pulse()
        return pulse

    def _changed(self, site: str) -> None:
        self.news.add(site)
        self.version[site] = self.version.get(site, 0) + 1

    def forget(self, before: int) -> None:
        """Drop spans that ended before a moment, but the first and the last of each feed."""
        for pulse in self._pulses.values():
            if len(pulse.covered) > 2 and pulse.covered[1][1] < before:
                first, *middle, last = pulse.covered
                pulse.covered = [first, *(span for span in middle if span[1] >= before), last]

    def encode(self) -> bytes:
        """The value to keep: `[offset, 0, [[site, source, tells, [[start, end]]]]]`."""
        pulses = [(*told, pulse.tells, pulse.covered) for told, pulse in sorted(self._pulses.items())]
        return _encode((self.offset, 0, pulses))

    def restore(self, value: bytes) -> None:
        """Take up what was kept.

        Raises:
            msgspec.DecodeError: the value is no pulses.
        """
        self.offset, _, pulses = _decode(value)
        for site, source, tells, covered in pulses:
            pulse = self._pulse((site, source))
            pulse.tells, pulse.covered = tells, covered
            self.version[site] = 1


def _union(spans: Iterable[_Span]) -> list[_Span]:
    merged: list[_Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
