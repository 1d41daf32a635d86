"""ACDs that POST what happened and a planner that POSTs what was meant to, each until ingest has answered for it."""

import asyncio
import random
import time
from collections.abc import Sequence

import httpx

from tests import web
from tests.chaos.posting import EXCEPTIONS, Posting

LOOK_EVERY_S = 0.1
MOST_AT_ONCE = 8
MOST_IN_A_POST = 150
PATIENCE_S = 4.0


class Feed:
    """Sends postings when they are due, shuffled, and remembers which events ingest has acknowledged.

    Attributes:
        acknowledged: names of what was sent, event ids mostly, for which a POST was answered 200.
        refused: answers that should not be: something of ours was called invalid.
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
        self._address = address
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
        async with web.AsyncClient(timeout=PATIENCE_S) as client:
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

    def _batches(self, due: list[Posting]) -> list[list[Posting]]:
        """Of one path and source each; of exceptions the last one stands, so each goes by itself."""
        self._chance.shuffle(due)
        together: dict[tuple[str, str, int], list[Posting]] = {}
        for posting in due:
            alone = posting.number if posting.path == EXCEPTIONS else -1
            together.setdefault((posting.path, posting.source, alone), []).append(posting)
        return [
            postings[first : first + MOST_IN_A_POST]
            for postings in together.values()
            for first in range(0, len(postings), MOST_IN_A_POST)
        ]

    async def _insist(self, client: httpx.AsyncClient, postings: list[Posting]) -> None:
        mark = id(postings)
        self._oldest[mark] = time.monotonic()
        async with self._places:
            while not await self._post(client, postings):
                self.again += 1
                await asyncio.sleep(self._chance.uniform(0.1, 0.4))
        del self._oldest[mark]

    async def _post(self, client: httpx.AsyncClient, postings: list[Posting]) -> bool:
        self.in_flight += 1
        url, items = f"{self._address}{postings[0].path}", [item for posting in postings for item in posting.items]
        sent_at = time.monotonic()
        try:
            answer = await client.post(url, headers=self._headers, json=items)
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
        if said["accepted"] == len(items):
            self.acknowledged.update(name for posting in postings for name in posting.names)
        return True
