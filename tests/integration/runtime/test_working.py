"""What a worker does in quiet times: outputs, keys that end, data that can't be read, settings that can't work."""

import asyncio
import socket

from services.runtime.changelog import changelog_topic
from services.runtime.settings import CommonSettings
from tests.integration.runtime.conftest import StartWorker
from tests.integration.runtime.workers import Feed, read_log, stored_totals


async def test_a_key_that_ended_is_deleted_from_the_changelog(
    settings: CommonSettings, feed: Feed, start_worker: StartWorker
) -> None:
    worker = start_worker()
    await feed.send_batch([("goes", 3), ("stays", 4)])
    await feed.wait_until_applied(worker)
    await feed.send_batch([("goes", 0), ("stays", 1)])
    await feed.wait_until_applied(worker)
    assert worker.end() == 0

    changelog = await read_log(settings, changelog_topic(f"{settings.namespace}-counting", 1).name)
    assert (changelog[-1][0] or b"").endswith(b"|goes")
    assert changelog[-1][1] is None
    assert await stored_totals(settings) == {(settings.names.contacts.name, "stays"): 5}

    again = start_worker()
    await feed.send_batch([("stays", 2)])
    await feed.wait_until_applied(again)
    assert again.end() == 0
    assert await stored_totals(settings) == {(settings.names.contacts.name, "stays"): 7}


async def test_data_that_cannot_be_read_loses_nothing_else(
    settings: CommonSettings, feed: Feed, start_worker: StartWorker
) -> None:
    worker = start_worker()
    await feed.send_batch([("before", 1)])
    await feed.send_raw(b"\xc1 nonsense")
    await feed.send_raw(None)
    await feed.send_batch([("after", 2)])
    await feed.wait_until_applied(worker)
    assert worker.end() == 0

    published = dict(await read_log(settings, settings.names.intervals.name))
    topic = settings.names.contacts.name
    assert await stored_totals(settings) == {(topic, "before"): 1, (topic, "after"): 2}
    assert {key for key in published if key.startswith(b"bad|")} == {b"bad|1", b"bad|2"}


async def test_a_large_record_comes_through(settings: CommonSettings, feed: Feed, start_worker: StartWorker) -> None:
    worker = start_worker()
    await feed.send_batch([(f"{number:0>4000}", 1) for number in range(2500)])  # 10 MB
    await feed.send_batch([("small", 1)])
    await feed.wait_until_applied(worker)
    assert worker.end() == 0

    assert len(await stored_totals(settings)) == 2501


async def test_a_session_that_the_broker_refuses_ends_the_worker_with_the_reason(
    feed: Feed, start_worker: StartWorker
) -> None:
    worker = start_worker(FLOORWATCH_SESSION_TIMEOUT_S="0.5", FLOORWATCH_JOIN_WITHIN_S="5")

    assert await asyncio.to_thread(worker.process.wait, 60) == 69
    log = worker.log.read_text()
    assert "no member of the consumer group after 5 s" in log
    assert "FLOORWATCH_SESSION_TIMEOUT_S=0.5" in log


async def test_a_port_that_is_taken_is_named(feed: Feed, start_worker: StartWorker) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        worker = start_worker(FLOORWATCH_COUNTING_PORT=str(port))

        assert await asyncio.to_thread(worker.process.wait, 60) == 69
        assert f"port {port} can't be had" in worker.log.read_text()
        assert "FLOORWATCH_COUNTING_PORT" in worker.log.read_text()
