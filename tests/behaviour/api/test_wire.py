"""The rules of the wire W1–W8 (services/contracts/socket.py), on the real server, a real Redis and a real client."""

import asyncio
import json
import uuid

import pytest
from pydantic import TypeAdapter
from websockets.exceptions import ConnectionClosed

from services.contracts.socket import ServerMessage
from tests.behaviour.api.conftest import Api, LiveClient, WrittenFloor, live
from tests.unit.api.floor import BANK, NINE, PS, alert, clock, counts, half_hour, tile

_server_message: TypeAdapter[object] = TypeAdapter(ServerMessage)


@pytest.fixture
def queue() -> str:
    """A queue of this test's own."""
    return f"bank/q{uuid.uuid4().hex[:8]}"


async def closed_with(client: LiveClient) -> int:
    with pytest.raises(ConnectionClosed) as closing:
        await client.receive()
    assert closing.value.rcvd is not None
    return closing.value.rcvd.code


async def test_w1_nothing_is_sent_before_the_subscription(api: Api, floor: WrittenFloor, queue: str):
    async with live(api) as early, live(api) as other:
        await other.subscribe()
        floor.put(tile(queue, at_20=counts(1)))
        await other.until(lambda _: other.offered(queue) == 1)
        # Something was sent to another; if anything had been sent here, it would come before the answer.
        answer = await early.subscribe()
        assert answer["type"] == "snapshot"


async def test_w1_a_ping_is_no_subscription(api: Api):
    async with live(api) as client:
        await client.send(type="ping")
        assert (await client.receive())["code"] == "not_subscribed"
        assert await closed_with(client) == 1008


async def test_w2_the_answer_is_a_snapshot_of_every_kind(api: Api, floor: WrittenFloor, queue: str):
    floor.put(
        BANK, PS, clock(), tile(queue, at_20=counts(4, 3, 2)), half_hour(queue, at_20=counts(4, 3, 2)), alert(queue)
    )
    async with live(api) as client:
        await client.subscribe()
        await client.until(lambda held: held.get(f"day|{queue}", {}).get("bars") and f"alert|low|{queue}" in held)
    async with live(api) as client:
        snapshot = await client.subscribe()
    assert snapshot["type"] == "snapshot"
    _server_message.validate_python(snapshot)
    assert {
        f"tile|{queue}",
        "tile|bank",
        "tile|all",
        f"day|{queue}",
        "day|bank",
        "day|all",
        "feed|acd|bank",
    } <= client.held.keys()
    view = client.held[f"tile|{queue}"]
    assert view["target_ratios"]["service_level"]["offered"] == 0.5
    assert [bar["answered_within"] for bar in client.held[f"day|{queue}"]["bars"]] == [2]
    assert client.held["feed|acd|bank"]["at"] == NINE


async def test_w2_filters_hold_for_snapshot_and_updates(api: Api, floor: WrittenFloor, queue: str):
    elsewhere = queue.replace("bank", "lisbon")
    floor.put(tile(queue), tile(elsewhere), alert(queue))
    async with live(api) as client, live(api) as all_seeing:
        await all_seeing.subscribe()
        await all_seeing.until(lambda held: {f"tile|{queue}", f"tile|{elsewhere}"} <= held.keys())
        await client.subscribe(filters={"sites": ["lisbon"], "kinds": ["tile"]})
        floor.put(tile(queue, offset=2, at_20=counts(7)), alert(queue, since=NINE + 1, value=60))
        await all_seeing.until(lambda _: all_seeing.offered(queue) == 7)
        floor.put(tile(elsewhere, offset=2, at_20=counts(8)))
        await client.until(lambda _: client.offered(elsewhere) == 8)
    for message in client.messages:
        assert {(item["kind"], item["site"]) for item in message["items"]} <= {("tile", "lisbon")}


async def test_w3_updates_bring_what_changed_with_the_seq_reached(api: Api, floor: WrittenFloor, queue: str):
    floor.put(tile(queue, at_20=counts(1)))
    async with live(api) as client:
        await client.subscribe(filters={"kinds": ["tile"]})
        await client.until(lambda _: client.offered(queue) == 1)
        seen = len(client.messages)
        floor.put(tile(queue, offset=2, at_20=counts(2)))
        await client.until(lambda _: client.offered(queue) == 2)
    updates = client.messages[seen:]
    assert [update["type"] for update in updates] == ["update"]
    assert {item["id"] for item in updates[0]["items"]} == {queue, "bank", "all"}
    assert updates[0]["seq"] > client.messages[seen - 1]["seq"]
    _server_message.validate_python(updates[0])


async def test_w3_what_is_gone_is_listed(api: Api, floor: WrittenFloor, queue: str):
    floor.put(alert(queue))
    async with live(api) as client:
        await client.subscribe(filters={"kinds": ["alert"]})
        await client.until(lambda held: f"alert|low|{queue}" in held)
        floor.put(alert(queue, state="inactive", since=NINE + 1))
        await client.until(lambda held: f"alert|low|{queue}" not in held)
    assert client.messages[-1]["removed"] == [f"alert|low|{queue}"]


async def test_w4_who_resumes_gets_only_what_changed(api: Api, floor: WrittenFloor, queue: str):
    other = f"{queue}-other"
    floor.put(tile(queue, at_20=counts(1)), tile(other))
    filters = {"kinds": ["tile"]}
    async with live(api) as client:
        await client.subscribe(filters=filters)
        await client.until(lambda _: client.offered(queue) == 1 and client.offered(other) == 0)
    async with live(api) as watcher:
        await watcher.subscribe()
        floor.put(tile(queue, offset=2, at_20=counts(2)))
        await watcher.until(lambda _: watcher.offered(queue) == 2)

    async with live(api) as again:
        answer = await again.resume(client, filters=filters)
        assert answer["type"] == "update"
        assert {item["id"] for item in answer["items"]} == {queue, "bank", "all"}
        assert again.offered(queue) == 2
        floor.put(tile(queue, offset=3, at_20=counts(3)))
        await again.until(lambda _: again.offered(queue) == 3)


@pytest.mark.parametrize("filters", [{}, {"kinds": ["tile"]}])
async def test_w4_another_epoch_or_other_filters_mean_a_snapshot(api: Api, filters: dict[str, list[str]]):
    async with live(api) as client:
        await client.subscribe()
    epoch = client.epoch if filters else "0badc0de-00000000"
    async with live(api) as again:
        answer = await again.subscribe(filters=filters, resume={"epoch": epoch, "seq": client.seq})
        assert answer["type"] == "snapshot"


async def test_w6_a_ping_is_answered(api: Api):
    async with live(api) as client:
        await client.subscribe(filters={"kinds": []})
        await client.send(type="ping")
        assert await client.receive() == {"type": "pong"}


@pytest.mark.parametrize(
    "message",
    [
        "",
        "nonsense",
        "[]",
        '{"type":"buy"}',
        '{"type":"subscribe","colour":"red"}',
        '{"type":"subscribe","resume":{"epoch":1}}',
        b"\x00\x01",
    ],
)
@pytest.mark.parametrize("subscribed", [False, True])
async def test_w7_what_cannot_be_read_is_answered_by_an_error(api: Api, message: str | bytes, subscribed: bool):
    async with live(api) as client:
        if subscribed:
            await client.subscribe(filters={"kinds": []})
        await client.socket.send(message)
        answer = await client.receive()
        assert (answer["type"], answer["code"]) == ("error", "bad_message")
        assert answer["message"]
        assert await closed_with(client) == 1008


async def test_w8_whoever_came_when_holds_the_same(api: Api, floor: WrittenFloor):
    """Clients join, leave and resume while the floor moves; at the end each holds what a new one is given."""
    queues = [f"bank/w8-{number}" for number in range(5)]

    async def come_and_go(client: LiveClient | None, seed: int) -> LiveClient:
        for visit in range(4):
            async with live(api) as socket:
                await (socket.subscribe() if client is None else socket.resume(client))
                for _ in range(seed + visit):
                    await socket.receive()
                client = socket
        assert client is not None
        return client

    async def move_the_floor() -> None:
        for step in range(150):
            number = step % len(queues)
            floor.put(
                tile(queues[number], offset=step + 1, at_20=counts(step)),
                half_hour(queues[number], revision=step + 1, at_20=counts(step)),
                clock(NINE + step),
                alert(queues[number], since=NINE + step, state="inactive" if step % 3 == 0 else "firing"),
            )
            await asyncio.sleep(0.02)

    moving = asyncio.create_task(move_the_floor())
    clients = await asyncio.gather(*(come_and_go(None, seed) for seed in range(4)))
    await moving
    finals = []
    for client in clients:
        async with live(api) as end:
            await end.resume(client)
            # Fresh, day lines settled, and the feed's silence noticed: from here on nothing moves for a while.
            await end.until(
                lambda held: (
                    all(
                        held[f"tile|{queue}"]["target_counts"]["offered"] == 145 + number
                        and held[f"day|{queue}"]["bars"][-1]["offered"] == 145 + number
                        for number, queue in enumerate(queues)
                    )
                    and held["feed|acd|bank"]["freshness"] != "fresh"
                )
            )
            finals.append(end.held)
    async with live(api) as fresh:
        await fresh.subscribe()
    for held in finals:
        assert {key: item for key, item in held.items() if "w8" in key} == {
            key: item for key, item in fresh.held.items() if "w8" in key
        }
        assert held.keys() == fresh.held.keys()


async def test_other_subscriptions_on_the_same_socket_replace_the_first(api: Api, floor: WrittenFloor, queue: str):
    floor.put(tile(queue), alert(queue))
    async with live(api) as client:
        await client.subscribe(filters={"kinds": ["tile"]})
        await client.subscribe(filters={"kinds": ["alert"]})
        await client.until(lambda held: f"alert|low|{queue}" in held)
        assert {json.dumps(item["kind"]) for item in client.held.values()} == {'"alert"'}
        assert api.telemetry("floorwatch_api_sockets") >= 1
