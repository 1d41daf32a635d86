"""One, two and three workers count the same, and what lives on different workers adds up in the API."""

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from services.cli.installation import not_ready
from services.cli.ports import free_ports
from services.contracts.events import Heartbeat, LegEvent, VisitEvent
from services.contracts.metrics import Interval, IvrInterval
from services.ingest.domain.edge import to_wire
from services.ingest.domain.posts import read
from services.runtime.kafka import partition_of
from tests import warm, web
from tests.chaos import story, verdict
from tests.chaos.story import QUEUES, ZONES
from tests.chaos.verdict import Verdict
from tests.integration.metrics.service import Log, Shown, applied, published_half_hours, running, wait_for

pytestmark = pytest.mark.timeout(240)

NOW = 1_767_960_000_000
LATER = NOW + 7 * 60_000
TOLD = story.tell(5, ends_at=NOW, lasts_s=120, speed=30, contacts_per_s=6)


@pytest.mark.parametrize("workers", [1, 2, 3])
async def test_the_numbers_are_the_same_and_add_up(workers, settings, environment, tmp_path):
    names, shown = settings.names, Shown(settings)
    with ExitStack() as stack:
        async with Log(settings) as log:
            await log.describe(*story.topology())
            logs = [tmp_path / f"worker-{number}" for number in range(workers)]
            for path in logs:
                stack.enter_context(running(environment, path))
            wait_for(lambda: all(partitions_of(path) for path in logs), "a worker without a partition")
            for batch in batches():
                legs = [event for event in batch if isinstance(event, LegEvent)]
                await log.events(names.contacts.name, legs)
                await log.events(names.ivr.name, [event for event in batch if isinstance(event, VisitEvent)])
            for site in ZONES:
                for topic in (names.contacts, names.ivr):
                    await log.heartbeat(topic.name, Heartbeat("acd", site, LATER))
            await applied(shown, log.ends)
            wait_for(shown.is_filled, "Redis is not filled")

        held = [partitions_of(path) for path in logs]
        assert sorted(partition for one in held for partition in one) == list(range(settings.partitions))
        assert_on_different_workers(held, settings.partitions)
        assert published(shown).wrong == ()
        assert await published_half_hours(settings) == on_redis(shown)
        with serving_api(environment, tmp_path / "api.log") as api:
            assert_rolled_up(api)


def batches() -> Iterator[list[Any]]:
    body = json.dumps([item for posting in TOLD.postings for item in posting.items]).encode()
    events = [to_wire(event, str) for event in read(body, newest_ms=NOW).events]
    yield from (events[first : first + 40] for first in range(0, len(events), 40))


def partitions_of(log: Path) -> list[int]:
    """Those that a worker counts, as its log told last."""
    told = re.findall(r"counting\s+partitions=\[([\d, ]*)\]", log.read_text())
    return [int(partition) for partition in told[-1].split(",") if partition.strip()] if told else []


def assert_on_different_workers(held: list[list[int]], partitions: int) -> None:
    """Some site has queues on every worker; else the sums below would prove little."""
    at = {partition: worker for worker, one in enumerate(held) for partition in one}
    spread = [{at[partition_of(q, partitions)] for q in QUEUES if q.startswith(f"{site}/")} for site in ZONES]
    assert max(map(len, spread)) == len(held)


def on_redis(shown: Shown) -> dict[tuple[str, int], Interval | IvrInterval]:
    prefix = f"{shown.names.namespace}:day:"
    keys: Any = shown.client.keys(f"{prefix}*")
    found: dict[tuple[str, int], Interval | IvrInterval] = {}
    for key in keys:
        date, _, scope = key.decode().removeprefix(prefix).partition(":")
        found.update({(scope, start): one for start, one in shown.day(scope, date).items()})
    return found


def published(shown: Shown) -> Verdict:
    calls, visits = list(TOLD.calls), list(TOLD.visits)
    found = verdict.compare("queues", set(shown.tiles()), {call.queue for call in calls})
    for tile in shown.tiles().values():
        found += verdict.whole_tile(tile, calls, LATER)
    for site in ZONES:
        here = {name: one for name, one in on_redis(shown).items() if name[0].startswith(f"{site}/")}
        queues = {name: one for name, one in here.items() if isinstance(one, Interval)}
        menus = {name: one for name, one in here.items() if isinstance(one, IvrInterval)}
        here_told = [call for call in calls if call.queue.startswith(f"{site}/")]
        found += verdict.ledger(site, queues, here_told, dict.fromkeys(QUEUES, LATER))
        found += verdict.ivr_half_hours(site, menus, [visit for visit in visits if visit.flow.startswith(f"{site}/")])
    assert found.compared > 1000
    return found


@contextmanager
def serving_api(environment: dict[str, str], log: Path) -> Iterator[str]:
    (port,) = free_ports(1)
    variables = os.environ | environment | {"FLOORWATCH_API_PORT": str(port)}
    with log.open("wb") as out:
        process = warm.Process("services.api", env=variables, output=out, errors=out)
    try:
        wait_for(lambda: not_ready(f"127.0.0.1:{port}") is None, "the API is not ready")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def assert_rolled_up(api: str) -> None:
    deadline = time.monotonic() + 30
    clock_of = dict.fromkeys(QUEUES, LATER)
    while True:
        views = {view["id"]: view for view in web.get(f"{api}/v1/tiles").json()["tiles"]}
        found = verdict.rolled_up(views, list(TOLD.calls), clock_of)
        if not found.wrong or time.monotonic() > deadline:
            assert found.wrong == ()
            return
        time.sleep(0.2)
