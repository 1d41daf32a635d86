"""Redis goes, comes back empty, is refilled: the wall keeps its last numbers and then has the new ones."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.cli.parts.valkey import valkey
from services.cli.ports import free_ports
from services.cli.supervisor import Supervisor
from tests.behaviour.api.conftest import SOON_S, Api, WrittenFloor, live, running_api
from tests.parts import Parts
from tests.unit.api.floor import BANK, NINE, alert, clock, counts, half_hour, tile


class OwnRedis:
    """A Redis server that a test may kill."""

    def __init__(self, folder: Path) -> None:
        (self.port,) = free_ports(1)
        self._folder = folder
        self._supervisor: Supervisor | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self._supervisor = Supervisor(self._folder / "log", say=print)
        self._supervisor.start(valkey(self._folder / "redis", port=self.port), stage=0)

    def stop(self) -> None:
        if self._supervisor is not None:
            self._supervisor.stop()


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    server = OwnRedis(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own(parts: Parts, tmp_path: Path, own_redis: OwnRedis) -> Iterator[tuple[Api, WrittenFloor]]:
    variables = {"REDIS_URL": own_redis.url, "FLOORWATCH_CHECK_EVERY_S": "0.2"}
    with running_api(parts, tmp_path, **variables) as running:
        yield running
        own_redis.start()  # so that what the test wrote can be taken away


async def until_answers(api: Api, path: str, status: int) -> None:
    async with asyncio.timeout(SOON_S):
        while (await asyncio.to_thread(api.get, path)).status_code != status:  # noqa: ASYNC110  # another process's state
            await asyncio.sleep(0.05)


async def test_redis_goes_and_comes_back_empty(own: tuple[Api, WrittenFloor], own_redis: OwnRedis):
    api, floor = own
    floor.put(BANK, clock(), tile("bank/PS", at_20=counts(5)), tile("bank/IN"), half_hour(at_20=counts(5)), alert())
    floor.mark_filled()
    async with live(api) as client:
        await client.subscribe()
        await client.until(lambda held: held.get("day|bank/PS", {}).get("bars") and "alert|low|bank/PS" in held)

        own_redis.stop()
        await until_answers(api, "/ready", 503)
        assert api.get("/live").status_code == 200
        assert api.get("/v1/tiles/bank/PS").json()["target_counts"]["offered"] == 5, "the board stands"
        gone = api.get("/v1/alerts/history")
        assert (gone.status_code, gone.json()["code"], gone.headers["retry-after"]) == (503, "redis_away", "1")

        own_redis.start()
        await until_answers(api, "/ready", 200)
        await client.until(lambda held: held["feed|acd|bank"]["freshness"] != "fresh")
        assert {"tile|bank/PS", "tile|bank/IN", "day|bank/PS", "alert|low|bank/PS"} <= client.held.keys()

        # metrics and alerts fill it again from the log; bank/IN is no more.
        floor.put(
            BANK,
            clock(NINE + 9_000),
            tile("bank/PS", offset=9, at_20=counts(6)),
            half_hour(revision=9, at_20=counts(6)),
        )
        await client.until(lambda _: client.offered("bank/PS") == 6)
        assert "tile|bank/IN" in client.held, "missing from a Redis that is not yet full means nothing"
        floor.mark_filled()
        await client.until(lambda held: "tile|bank/IN" not in held and "alert|low|bank/PS" not in held)
        await client.until(lambda held: [bar["offered"] for bar in held["day|bank"]["bars"]] == [6])

        floor.put(tile("bank/PS", offset=10, at_20=counts(7)))
        await client.until(lambda _: client.offered("bank/PS") == 7)


async def test_redis_is_emptied_under_a_standing_connection(own: tuple[Api, WrittenFloor]):
    api, floor = own
    floor.put(tile("bank/PS", at_20=counts(5)), tile("bank/IN"))
    floor.mark_filled()
    async with live(api) as client:
        await client.subscribe(filters={"kinds": ["tile"]})
        await client.until(lambda _: client.offered("bank/PS") == 5 and client.offered("bank/IN") == 0)
        floor.forget_everything()
        # Let the API notice: it looks at the marks each 0.2 s, and a new name of the site shows that it has looked.
        floor.put(BANK)
        await client.until(lambda held: held["tile|bank"]["name"]["en"] == BANK.name.en)
        assert "tile|bank/IN" in client.held
        floor.put(tile("bank/PS", offset=2, at_20=counts(6)))
        floor.mark_filled()
        await client.until(lambda held: "tile|bank/IN" not in held)
        assert client.offered("bank/PS") == 6


async def test_a_subscription_that_was_cut_misses_nothing(own: tuple[Api, WrittenFloor]):
    """The client library subscribes again by itself, and says nothing about what it has missed."""
    api, floor = own
    async with live(api) as client:
        await client.subscribe(filters={"kinds": ["tile", "day"]})
        floor.put(BANK, clock(), tile(at_20=counts(5)), half_hour(at_20=counts(5)))
        await client.until(lambda held: held.get("day|bank/PS", {}).get("bars"))
        # Written, and never heard of.
        floor.redis.hset(floor.names.tiles_key, "bank/PS", tile(offset=2, at_20=counts(6)).model_dump_json())
        unheard = half_hour(revision=2, at_20=counts(6))
        floor.redis.hset(floor.names.day_key("bank/PS", unheard.date), str(unheard.start), unheard.model_dump_json())
        floor.redis.client_kill_filter(_type="pubsub")
        await client.until(lambda held: client.offered("bank/PS") == held["day|bank"]["bars"][0]["offered"] == 6)
        floor.put(tile(offset=3, at_20=counts(7)))
        await client.until(lambda _: client.offered("bank/PS") == 7)


async def test_what_cannot_be_read_is_counted_and_loses_nothing_else(own: tuple[Api, WrittenFloor]):
    api, floor = own
    good = tile("bank/PS", at_20=counts(5)).model_dump_json()
    floor.redis.hset(floor.names.tiles_key, "bank/XX", '{"kind":"tile"}')
    channel = floor.names.changes_channel
    async with live(api) as client:
        await client.subscribe(filters={"kinds": ["tile"]})
        for message in ("nonsense", "{}", f'[{{"kind":"pigeon"}},{good},{{"kind":"tile","id":7}}]'):
            floor.redis.publish(channel, message)
        await client.until(lambda _: client.offered("bank/PS") == 5)
    assert api.telemetry("floorwatch_api_unreadable_items_total") == 4


async def test_an_api_that_starts_before_redis_waits_for_it(parts: Parts, tmp_path: Path, own_redis: OwnRedis):
    own_redis.stop()
    environment = {"REDIS_URL": own_redis.url, "FLOORWATCH_NAMESPACE": "late", "FLOORWATCH_STATE_DIR": str(tmp_path)}
    api = Api(environment, tmp_path / "api.log")
    api.start(until="/live")
    try:
        answer = api.get("/v1/tiles")
        assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
        assert api.get("/ready").json()["reasons"].keys() == {"redis", "snapshot"}
        async with live(api) as early:
            await early.send(type="subscribe")
            own_redis.start()
            assert (await early.receive())["type"] == "snapshot"
    finally:
        assert api.stop() == 0
