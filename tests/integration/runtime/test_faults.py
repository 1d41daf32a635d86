"""Workers killed and stopped at any moment end in the same totals as an undisturbed run."""

import asyncio
import signal

import pytest

from services.runtime.ending import UNAVAILABLE
from services.runtime.settings import CommonSettings
from tests.integration.runtime.conftest import StartWorker
from tests.integration.runtime.workers import Feed, published_totals, stored_totals

pytestmark = pytest.mark.timeout(240)


async def test_totals_are_exact_through_kills_and_a_long_stop(
    settings: CommonSettings, feed: Feed, start_worker: StartWorker
) -> None:
    one, two = start_worker(), start_worker()
    await one.wait_until_ready()
    feeding = asyncio.create_task(feed.send(2500, pause_s=0.008))
    await asyncio.sleep(1)

    for worker in (one, two, one):
        worker.kill_and_start()
        await asyncio.sleep(3)
    two.signal(signal.SIGSTOP)
    await asyncio.sleep(9)  # past the session of 6 s: its partitions go to the other
    two.signal(signal.SIGCONT)
    await asyncio.sleep(2)
    one.kill_and_start()
    await feeding
    await feed.wait_until_applied(one, two)
    assert (one.end(), two.end()) == (0, 0)

    assert await stored_totals(settings) == feed.expected
    assert await published_totals(settings) == feed.expected


async def test_a_restart_goes_on_where_it_was(settings: CommonSettings, feed: Feed, start_worker: StartWorker) -> None:
    worker = start_worker()
    await worker.wait_until_ready()
    await feed.send(100)
    await feed.wait_until_applied(worker)
    assert worker.end() == 0

    await feed.send(100)
    again = start_worker()
    await feed.wait_until_applied(again)
    assert again.end() == 0

    assert await stored_totals(settings) == feed.expected


@pytest.mark.parametrize("part", ["fetches", "handing on", "publishing"])
async def test_a_worker_of_which_a_part_fell_silent_ends_and_the_next_one_counts_on(
    settings: CommonSettings, feed: Feed, start_worker: StartWorker, part: str
) -> None:
    worker = start_worker(FLOORWATCH_COUNTING_FAULT=part, FLOORWATCH_STUCK_S="5")
    await feed.send(20)
    await feed.wait_until_applied(worker)

    await feed.send_batch([("fault", 0)])
    feeding = asyncio.create_task(feed.send(400, pause_s=0.02))
    assert await asyncio.to_thread(worker.process.wait, 60) == UNAVAILABLE, worker.log.read_text()
    assert "beginning anew" in worker.log.read_text()
    await feeding

    again = start_worker()
    await feed.wait_until_applied(again)
    assert again.end() == 0
    assert await stored_totals(settings) == feed.expected
