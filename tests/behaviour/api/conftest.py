"""The API as a process of its own on a real Redis, a floor that is written as metrics and alerts write it, and clients."""

import asyncio
import json
import os
import signal
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from websockets.asyncio.client import ClientConnection, connect

from services.cli.ports import free_ports
from services.contracts.adherence import AdherenceLimitsView
from services.contracts.agents import AgentDay, AgentTile
from services.contracts.alerts import Alert, AlertTransition, RuleView, Silence
from services.contracts.contingency import PlanView
from services.contracts.metrics import FeedClock, Interval, IvrInterval, Repeats, Tile
from services.contracts.moves import MoveView
from services.contracts.names import Names, Topic
from services.contracts.topology import Description, record_key
from services.runtime import kafka
from services.runtime.settings import CommonSettings
from tests import warm, web
from tests.parts import Parts

PROJECT = Path(__file__).parents[3]
SOON_S = 20.0
"""How long a test waits for something before it gives up. Nothing is asserted about how long it took."""


class WrittenFloor:
    """Redis as metrics and alerts fill it: into the hashes first, then onto the channel of changes."""

    def __init__(self, url: str, namespace: str) -> None:
        self.redis = redis.Redis.from_url(url)
        self.names = Names(namespace)

    def put(
        self,
        *items: Tile | AgentTile | AgentDay | Interval | IvrInterval | Repeats | FeedClock | Description
        | Alert | RuleView | Silence | PlanView | MoveView | AdherenceLimitsView,
    ) -> None:  # fmt: skip
        names = self.names
        announced = []
        with self.redis.pipeline() as pipeline:
            for item in items:
                body = item.model_dump_json()
                match item:
                    case Tile():
                        pipeline.hset(names.tiles_key, item.id, body)
                    case AgentTile():
                        pipeline.hset(names.agents_key, item.id, body)
                    case AgentDay():
                        pipeline.hset(names.agent_days_key(item.date), item.agent, body)
                    case Repeats():
                        pipeline.hset(names.repeats_key(item.scope, item.date), str(item.start), body)
                    case FeedClock():
                        pipeline.hset(names.feeds_key, item.id, body)
                    case Interval() | IvrInterval():
                        pipeline.hset(names.day_key(item.scope, item.date), str(item.start), body)
                    case Alert():
                        pipeline.hset(names.alerts_key, item.id, body)
                    case RuleView() | Silence() | PlanView() | MoveView() | AdherenceLimitsView():
                        pipeline.hset(names.desk_key(item.kind), item.id, body)
                    case _:
                        pipeline.hset(names.topology_key, record_key(item), body)
                        continue
                announced.append(body)
            pipeline.publish(names.changes_channel, f"[{','.join(announced)}]")
            pipeline.execute()

    def put_transition(self, step: AlertTransition) -> None:
        self.redis.lpush(self.names.transitions_key, step.model_dump_json())

    def mark_filled(self, partitions: int = 4) -> None:
        for partition in range(partitions):
            self.redis.set(self.names.filled_key("metrics", partition), "1")
        self.redis.set(self.names.filled_key("alerts", 0), "1")

    def forget_everything(self) -> None:
        """What FLUSHALL does, for this installation alone: at one moment."""
        if keys := list(self.redis.scan_iter(f"{self.names.namespace}:*")):
            self.redis.delete(*keys)

    def offer_link(self, token: str, role: str) -> None:
        self.redis.set(self.names.sign_in_key(token), role)


def write_log(parts: Parts, names: Names, topic: Topic, records: Iterable[tuple[str | None, bytes]]) -> None:
    """Write keys and values onto a topic's first partition, as the other services do."""

    async def write() -> None:
        settings = CommonSettings(KAFKA_BOOTSTRAP_SERVERS=parts.kafka_bootstrap_servers, namespace=names.namespace)
        await kafka.ensure_topics(settings, [topic])
        async with kafka.producer(settings) as producer:
            for key, value in records:
                await producer.send(topic.name, value, None if key is None else key.encode(), partition=0)

    asyncio.run(write())


class Api:
    """A running API process."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        (self.port,) = free_ports(1)
        self.log = log
        self.environment = os.environ | environment | {"FLOORWATCH_API_PORT": str(self.port)}
        self.process: warm.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def live_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/v1/live"

    def start(self, *, until: str = "/ready") -> None:
        with self.log.open("ab") as log:
            self.process = warm.Process("services.api", env=self.environment, errors=log)
        deadline = time.monotonic() + 60
        while not self._answers(until):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def _answers(self, path: str) -> bool:
        try:
            return web.get(self.url + path, timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        try:
            return self.process.wait(20)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()

    def get(self, path: str, **options: Any) -> httpx.Response:
        return web.get(self.url + path, timeout=10, **options)

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Give a command; `idempotency_key` is the header Idempotency-Key."""
        return self.send("POST", path, body, **headers)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.request(method, self.url + path, json=body, headers=named, timeout=30)

    def telemetry(self, name: str) -> float:
        for line in self.get("/telemetry").text.splitlines():
            if line.startswith(f"{name} "):
                return float(line.split()[1])
        raise AssertionError(f"no {name} in the telemetry")


def until(true: Callable[[], bool]) -> None:
    """Wait for something that will be so."""
    deadline = time.monotonic() + SOON_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class LiveClient:
    """A client of /v1/live that holds what it was sent, as the pages do."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.held: dict[str, dict[str, Any]] = {}
        self.epoch = ""
        self.seq = -1
        self.messages: list[dict[str, Any]] = []

    async def send(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def subscribe(self, **content: Any) -> dict[str, Any]:
        await self.send(type="subscribe", **content)
        return await self.receive()

    async def resume(self, before: "LiveClient", **content: Any) -> dict[str, Any]:
        """Go on where an earlier client was."""
        self.held, self.epoch = dict(before.held), before.epoch
        return await self.subscribe(resume={"epoch": before.epoch, "seq": before.seq}, **content)

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(SOON_S):
            message: dict[str, Any] = json.loads(await self.socket.recv())
        self.messages.append(message)
        if message["type"] == "snapshot":
            self.held, self.epoch = {}, message["epoch"]
        if message["type"] in {"snapshot", "update"}:
            self.seq = message["seq"]
            self.held |= {f"{item['kind']}|{item['id']}": item for item in message["items"]}
            for key in message.get("removed", ()):
                self.held.pop(key, None)  # it may have come and gone since our seq
        return message

    async def until(self, told: Any) -> None:
        """Receive until `told(self.held)` is true."""
        async with asyncio.timeout(SOON_S):
            while not told(self.held):
                await self.receive()

    def offered(self, queue: str) -> int | None:
        tile = self.held.get(f"tile|{queue}")
        return None if tile is None else tile["target_counts"]["offered"]


@asynccontextmanager
async def live(api: Api, **options: Any) -> AsyncIterator[LiveClient]:
    async with connect(api.live_url, max_size=None, **options) as socket:
        yield LiveClient(socket)


@contextmanager
def running_api(parts: Parts, folder: Path, **variables: str) -> Iterator[tuple[Api, WrittenFloor]]:
    namespace = f"api-{uuid.uuid4().hex[:12]}"
    environment = {
        "REDIS_URL": parts.redis_url,
        "KAFKA_BOOTSTRAP_SERVERS": parts.kafka_bootstrap_servers,
        "FLOORWATCH_NAMESPACE": namespace,
        "FLOORWATCH_STATE_DIR": str(folder),
        "FLOORWATCH_PAGES_DIR": str(folder / "dist"),
    } | variables
    api = Api(environment, folder / "api.log")
    floor = WrittenFloor(variables.get("REDIS_URL", parts.redis_url), namespace)
    api.start()
    try:
        yield api, floor
        assert "Traceback" not in api.log.read_text(), api.log.read_text()
    finally:
        if api.process is not None and api.process.poll() is None:
            api.stop()
        floor.forget_everything()
        floor.redis.close()


@pytest.fixture(scope="module")
def installation(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Api, WrittenFloor]]:
    """One API for all tests of a module; its Redis is emptied of nothing between them."""
    with running_api(parts, tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture
def api(installation: tuple[Api, WrittenFloor]) -> Api:
    return installation[0]


@pytest.fixture
def floor(installation: tuple[Api, WrittenFloor]) -> WrittenFloor:
    return installation[1]
