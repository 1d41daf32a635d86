"""Three ACDs that POST what happened, each event until ingest has answered for it."""

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Any

import httpx

from tests.chaos.story import Posting

LOOK_EVERY_S = 0.1
MOST_AT_ONCE = 8
MOST_IN_A_POST = 150
PATIENCE_S = 4.0


class Feed:
    """Sends postings when they are due, shuffled, and remembers which events ingest has acknowledged.

    Attributes:
        acknowledged: event ids for which a POST was answered 200.
        refused: answers that should not be: an event of ours was called invalid.
        in_flight: POSTs that wait for their answer.
        again: POSTs that had to be sent again.
        answered_since: when (monotonic seconds) the newest POST was sent that was answered 200.
        over: all is acknowledged.
    """

    def __init__(self, address: str, key: str, postings: Sequence[Posting], *, seed: int) -> None:
        self.acknowledged: set[str] = set()
        self.refused: list[str] = []
        self.in_flight = 0
        self.again = 0
        self.answered_since = 0.0
        self.over = False
        self._url = f"{address}/v1/events"
        self._headers = {"X-API-Key": key}
        self._postings = list(postings)
        self._next = 0
        self._ahead_s = 0.0
        self._chance = random.Random(f"feed {seed}")
        self._places = asyncio.Semaphore(MOST_AT_ONCE)
        self._oldest: dict[int, float] = {}  # POST → when it was due
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def behind_s(self) -> float:
        """For how long the oldest POST has been under way."""
        return time.monotonic() - min(self._oldest.values(), default=time.monotonic())

    def hurry(self, seconds: float) -> None:
        """Send at once what is due within the next seconds."""
        self._ahead_s = max(self._ahead_s, seconds)

    async def run(self) -> None:
        """Send all; returns when all is acknowledged."""
        began = time.monotonic()
        async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
            try:
                while self._next < len(self._postings):
                    due = self._due(time.monotonic() - began + self._ahead_s)
                    self._ahead_s = 0.0
                    for batch in self._batches(due):
                        task = asyncio.create_task(self._insist(client, batch))
                        self._tasks.add(task)
                        task.add_done_callback(self._tasks.discard)
                    await asyncio.sleep(LOOK_EVERY_S)
                while self._tasks:
                    await asyncio.gather(*self._tasks)
                self.over = True
            finally:
                for task in self._tasks:
                    task.cancel()

    def _due(self, now_s: float) -> list[Posting]:
        first = self._next
        while self._next < len(self._postings) and self._postings[self._next].due_s <= now_s:
            self._next += 1
        return self._postings[first : self._next]

    def _batches(self, due: list[Posting]) -> list[list[dict[str, Any]]]:
        self._chance.shuffle(due)
        by_source: dict[str, list[dict[str, Any]]] = {}
        for posting in due:
            by_source.setdefault(posting.source, []).append(posting.event)
        return [
            events[first : first + MOST_IN_A_POST]
            for events in by_source.values()
            for first in range(0, len(events), MOST_IN_A_POST)
        ]

    async def _insist(self, client: httpx.AsyncClient, events: list[dict[str, Any]]) -> None:
        mark = id(events)
        self._oldest[mark] = time.monotonic()
        async with self._places:
            while not await self._post(client, events):
                self.again += 1
                await asyncio.sleep(self._chance.uniform(0.1, 0.4))
        del self._oldest[mark]

    async def _post(self, client: httpx.AsyncClient, events: list[dict[str, Any]]) -> bool:
        self.in_flight += 1
        sent_at = time.monotonic()
        try:
            answer = await client.post(self._url, headers=self._headers, json=events)
        except httpx.TransportError:
            return False
        finally:
            self.in_flight -= 1
        if answer.status_code != 200:
            if answer.status_code in (429, 503):
                return False
            self.refused.append(f"{answer.status_code}: {answer.text[:300]}")
            return True
        self.answered_since = max(self.answered_since, sent_at)
        said = answer.json()
        if said["rejected"]:
            self.refused.append(answer.text[:300])
        if said["accepted"] == len(events):
            self.acknowledged.update(event["event_id"] for event in events)
        return True
