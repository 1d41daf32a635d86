"""Workers and what they are fed, cleared away at the end."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from services.runtime.settings import CommonSettings
from tests.integration.runtime.workers import Feed, Worker

StartWorker = Callable[..., Worker]


@pytest.fixture
def start_worker(environment: dict[str, str], tmp_path: Path) -> Iterator[StartWorker]:
    workers: list[Worker] = []

    def start(**more: str) -> Worker:
        workers.append(Worker(environment | more, tmp_path / f"worker-{len(workers)}.log"))
        return workers[-1]

    yield start
    for worker in workers:
        worker.cleared_away()


@pytest.fixture
async def feed(settings: CommonSettings) -> AsyncIterator[Feed]:
    feed = Feed(settings, [settings.names.contacts, settings.names.ivr], seed=11)
    await feed.start()
    yield feed
    await feed.stop()
