"""W5: sockets that read nothing, really: their TCP buffers are full."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect

from services.contracts.metrics import Tile
from tests.behaviour.api.conftest import SOON_S, Api, LiveClient, WrittenFloor, live, running_api
from tests.parts import Parts
from tests.unit.api.floor import counts, tile

QUEUES = 150


def all_tiles(step: int) -> list[Tile]:
    return [tile(f"bank/slow-{number}", offset=step, at_20=counts(step)) for number in range(QUEUES)]


@asynccontextmanager
async def sleeper(api: Api) -> AsyncIterator[LiveClient]:
    """A client with a small buffer that reads no message unless told to."""
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.setblocking(False)
    await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", api.port))
    async with connect(
        api.live_url, sock=plain, max_size=None, max_queue=1, ping_interval=None, close_timeout=1
    ) as connection:
        yield LiveClient(connection)


async def fill_until(
    api: Api, floor: WrittenFloor, quick: LiveClient, metric: str, at_least: float, *, first: int
) -> int:
    """Move the whole floor, step by step, until a telemetry value is reached. The quick client sees every step."""
    step = first
    async with asyncio.timeout(SOON_S * 3):
        while api.telemetry(metric) < at_least:
            step += 1
            floor.put(*all_tiles(step))
            await quick.until(lambda _, step=step: quick.offered(f"bank/slow-{QUEUES - 1}") == step)
    return step


async def test_w5_a_slow_client_slows_nobody_and_gets_the_newest_values_at_last(api: Api, floor: WrittenFloor):
    async with sleeper(api) as slow, live(api) as quick:
        await slow.send(type="subscribe", filters={"kinds": ["tile"]})
        await quick.subscribe(filters={"kinds": ["tile"]})
        behind = await fill_until(api, floor, quick, "floorwatch_api_sockets_behind", 1, first=0)
        last = behind + 5
        for step in range(behind + 1, last + 1):
            floor.put(*all_tiles(step))
            await quick.until(lambda _, step=step: quick.offered("bank/slow-0") == step)
        assert api.telemetry("floorwatch_api_conflated_changes_total") == 0, "counted when it is caught up"

        await slow.until(lambda _: slow.offered("bank/slow-0") == last)
        assert slow.held == quick.held
        assert api.telemetry("floorwatch_api_conflated_changes_total") >= 4 * QUEUES
        assert api.telemetry("floorwatch_api_sockets_behind") == 0
        assert len(slow.messages) < len(quick.messages)

        floor.put(*all_tiles(last + 1))
        await slow.until(lambda _: slow.offered("bank/slow-0") == last + 1)


@pytest.fixture(scope="module")
def impatient(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Api, WrittenFloor]]:
    """An API that waits two seconds for a socket that reads nothing."""
    with running_api(parts, tmp_path_factory.mktemp("api"), FLOORWATCH_SLOW_SOCKET_S="2") as running:
        yield running


async def test_a_socket_that_reads_nothing_for_long_is_dropped(impatient: tuple[Api, WrittenFloor]):
    api, floor = impatient
    async with sleeper(api) as slow, live(api) as quick:
        await slow.send(type="subscribe")
        await quick.subscribe(filters={"kinds": ["tile"]})
        last = await fill_until(api, floor, quick, "floorwatch_api_sockets_dropped_total", 1, first=0)
        assert api.telemetry("floorwatch_api_sockets") == 1
        assert api.telemetry("floorwatch_api_sockets_behind") == 0

        floor.put(*all_tiles(last + 1))
        await quick.until(lambda _: quick.offered("bank/slow-0") == last + 1)


async def test_a_sleeper_does_not_hold_up_the_end(parts: Parts, tmp_path):
    with running_api(parts, tmp_path) as (api, floor):
        async with sleeper(api) as slow, live(api) as quick:
            await slow.send(type="subscribe")
            await quick.subscribe(filters={"kinds": ["tile"]})
            await fill_until(api, floor, quick, "floorwatch_api_sockets_behind", 1, first=0)
            ended = asyncio.create_task(asyncio.to_thread(api.stop))
            await quick.socket.wait_closed()
            assert quick.socket.close_code == 1012
            assert await ended == 0
