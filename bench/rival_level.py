"""What the rivals compute, and nothing else: a queue's service level over 30 minutes of event time.

Contacts answered within T ÷ contacts with an outcome, short abandons left out: the definition "offered" when nobody
waits any more. Minutes are counted, not milliseconds, and nothing is expected of repeated or corrected events: all
this makes it cheaper than what metrics does. On a full minute both are the same number.

Runs in the rivals' own environment, so it imports nothing but the events.
"""

import json
import os
import sys
import time
from pathlib import Path

from services.contracts.events import Abandoned, Answered, decode_contacts

MINUTES = 30
MINUTE_MS = 60_000
THRESHOLD_MS = 20_000
SHORT_MS = 5_000

Outcome = tuple[str, int, int]
"""(queue, a millisecond before the service-level event, 1 if it counts as answered within T, else 0).

The half-hour is (end − 30 min, end]; windows of frameworks are [start, end). A millisecond makes them the same.
"""
Ring = list[int]
"""[newest minute, answered within T, counted, then both of each of 30 minutes]: a list, for it may be kept as JSON."""


class Meter:
    """Decodes records, notes what is counted, and ends the process with the result.

    The CPU time is that of the whole process, all threads, from the first record that it was given on.
    """

    def __init__(self, expected: int, end: int, result: Path) -> None:
        """Wait for so many events, then write the levels of the half-hour that ends at `end` (ms) to a file."""
        self.end = end
        self.rings: dict[str, Ring] = {}
        self.levels: dict[str, tuple[int, int]] = {}
        self._expected, self._result = expected, result
        self._seen = self._open = 0
        self._began = 0.0

    def outcomes(self, value: bytes) -> list[Outcome]:
        """The outcomes in a record of one event or of many; other events are decoded and left out."""
        if not self._seen:
            self._began = time.process_time()
        events = decode_contacts(value)
        self._seen += len(events)
        found: list[Outcome] = []
        for event in events:
            if isinstance(event, Answered):
                waited = event.at - event.offered_at
                within = 1 if waited <= THRESHOLD_MS else 0
            elif isinstance(event, Abandoned):
                waited = event.at - event.offered_at
                if waited < SHORT_MS:
                    continue
                within = 0
            else:
                continue
            found.append((event.queue, event.offered_at + min(waited, THRESHOLD_MS) - 1, within))
        self._open += len(found)
        return found

    def counted(self) -> None:
        """An outcome is counted."""
        self._open -= 1

    def end_if_done(self) -> None:
        """End the process if all is seen and counted."""
        if self._seen >= self._expected and not self._open:
            self.finish()

    def finish(self) -> None:
        """Write the result and end the process."""
        spent = time.process_time() - self._began
        for queue, ring in self.rings.items():
            advance(ring, self.end // MINUTE_MS - 1)
            self.levels[queue] = (ring[1], ring[2])
        self._result.write_text(json.dumps({"events": self._seen, "cpu_s": spent, "levels": self.levels}))
        os._exit(0)


def empty() -> Ring:
    """A queue that nobody has called yet."""
    return [0] * (3 + 2 * MINUTES)


def count(ring: Ring, moment: int, within: int) -> float | None:
    """Take an outcome in; the service level then."""
    minute = moment // MINUTE_MS
    if minute > ring[0]:
        advance(ring, minute)
    if minute > ring[0] - MINUTES:
        place = 3 + 2 * (minute % MINUTES)
        ring[1] += within
        ring[2] += 1
        ring[place] += within
        ring[place + 1] += 1
    return ring[1] / ring[2] if ring[2] else None


def advance(ring: Ring, minute: int) -> None:
    """Go on to a newer minute, and forget what is half an hour old then."""
    for passed in range(max(ring[0] + 1, minute - MINUTES + 1), minute + 1):
        place = 3 + 2 * (passed % MINUTES)
        ring[1] -= ring[place]
        ring[2] -= ring[place + 1]
        ring[place] = ring[place + 1] = 0
    ring[0] = max(ring[0], minute)


def meter_from_arguments() -> tuple[str, str, Meter]:
    """`PROGRAM SHAPE TOPIC EVENTS END RESULT-FILE`: shape, topic, meter."""
    shape, topic, events, end, result = sys.argv[1:6]
    return shape, topic, Meter(int(events), int(end), Path(result))
