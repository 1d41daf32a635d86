"""The real server on a real Kafka, and without one."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.cli.ports import free_ports
from services.contracts.accounts import ApiKey, hash_of, record_key
from services.contracts.events import Heartbeat, Offered
from services.ingest.settings import IngestSettings
from tests import web
from tests.integration.ingest import log

KEY = {"X-API-Key": "first-key"}


def offered(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "type": "offered", "event_id": f"e{number}", "source": "acd", "occurred_at": datetime.now(UTC).isoformat(), "queue": "lisbon/sales",
        "contact": f"c{number}", "customer": "00351555123456", **changes,
    }  # fmt: skip


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@contextmanager
def serving(environment: dict[str, str], *, ready: bool = True, **settings: object) -> Iterator[httpx.Client]:
    """A server of its own with these settings, and a client for it."""
    (port,) = free_ports(1)
    variables = {f"FLOORWATCH_{name.upper()}": str(value) for name, value in settings.items()}
    with (
        log.ingest(
            {
                **environment,
                "FLOORWATCH_INGEST_KEYS": "first-key, second-key",
                "FLOORWATCH_INGEST_PORT": str(port),
                **variables,
            }
        ) as process,
        web.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        for _ in range(300):
            try:
                if client.get("/ready" if ready else "/live").status_code == 200:
                    break
            except httpx.TransportError:
                assert process.poll() is None, "the server has ended"
            time.sleep(0.1)
        else:
            pytest.fail("the server was not ready within 30 s")
        yield client


@pytest.fixture
def client(environment) -> Iterator[httpx.Client]:
    with serving(environment) as client:
        yield client


def test_what_is_answered_200_is_on_kafka(environment, client):
    answer = client.post("/v1/events", headers=KEY, json=[offered(n) for n in range(300)])
    on_kafka = [event for _, _, event in log.events(log.settings_of(environment)) if isinstance(event, Offered)]
    assert (answer.status_code, answer.json()) == (200, {"accepted": 300, "rejected": 0, "errors": []})
    assert {event.event_id for event in on_kafka} == {f"e{n}" for n in range(300)}
    assert log.in_the_right_partition(log.settings_of(environment))
    assert {event.customer for event in on_kafka} != {""}
    assert all(b"555123456" not in record.value for record in log.records(log.settings_of(environment), *log.DECODE))
    assert {b"queue|lisbon/sales", b"site|lisbon"} == {
        record.key for record in log.records(log.settings_of(environment), "topology")
    }


def test_valid_items_are_kept_and_the_others_named_and_put_on_dead_letters(environment, client):
    ahead = (datetime.now(UTC) + timedelta(minutes=6)).isoformat()
    bad = [offered(2, queue="nowhere"), offered(3, occurred_at=ahead), {"customer": "00351555123456"}]
    answer = client.post("/v1/events", headers=KEY, json={"events": [offered(1), *bad]})
    assert answer.status_code == 200
    assert (answer.json()["accepted"], answer.json()["rejected"]) == (1, 3)
    assert [(e["index"], e["path"]) for e in answer.json()["errors"]] == [(1, "queue"), (2, "occurred_at"), (3, "")]
    letters = log.letters(log.settings_of(environment))
    assert {letter.field for letter in letters} == {"queue", "occurred_at", None}
    assert "555123456" not in repr(letters)
    assert log.contact_ids(log.settings_of(environment)) == ["e1"]


def test_a_repeat_is_taken_and_says_the_same(environment, client):
    for _ in range(2):
        assert client.post("/v1/events", headers=KEY, json=offered()).status_code == 200
    assert set(log.contact_ids(log.settings_of(environment))) == {"e1"}


def test_heartbeats_of_a_live_feed_and_of_one_from_the_past(environment, client):
    past = datetime(2020, 1, 1, tzinfo=UTC)
    client.post("/v1/events", headers=KEY, json=[offered(1), offered(2, source="old", occurred_at=past.isoformat())])
    settings = log.settings_of(environment)
    for _ in range(100):
        found = [(lane, partition, e) for lane, partition, e in log.events(settings) if isinstance(e, Heartbeat)]
        if len(found) >= 2 * 2 * 3 * settings.partitions:
            break
    clocks = {(e.source, e.site): e for _, _, e in found}
    assert set(clocks) == {("acd", "lisbon"), ("old", "lisbon")}
    assert {(lane, partition) for lane, partition, _ in found} == {
        (lane, partition) for lane in log.DECODE for partition in range(settings.partitions)
    }
    assert 0 < clocks["old", "lisbon"].at - past.timestamp() * 1000 < 120_000
    assert abs(clocks["acd", "lisbon"].at - time.time() * 1000) < 120_000


def test_who_may_post(environment, client):
    assert client.post("/v1/events", json=offered()).status_code == 401
    assert client.post("/v1/events", json=offered(), headers={"X-API-Key": "other"}).status_code == 401
    assert client.post("/v1/events", json=offered(), headers={"Authorization": "Bearer other"}).status_code == 401
    assert client.post("/v1/events", json=offered(), headers={"Authorization": "Bearer second-key"}).status_code == 200
    assert log.contact_ids(log.settings_of(environment)) == ["e1"]


def test_a_key_that_an_administrator_made_for_sending_is_let_in_until_it_is_revoked(environment, client):
    settings = log.settings_of(environment)
    made = ApiKey(
        id="k1", name="acd", role="viewer", scopes=("send",), hash=hash_of("s3cret"), made_by="ann", made_at=1, revision=1
    )  # fmt: skip

    def answers(status: int, key: str = "fw_k1_s3cret") -> bool:
        given = {"Authorization": f"Bearer {key}"}
        return bool(client.post("/v1/events", json=offered(), headers=given).status_code == status)

    assert answers(401)
    looking = made.model_copy(update={"id": "k2", "scopes": ("read",)})
    for key in (looking, made):
        log.put(settings, settings.names.accounts.name, record_key(key), key.model_dump_json())
    wait_until(lambda: answers(200))
    assert answers(401, "fw_k1_guessed")
    assert answers(401, "fw_k2_s3cret")
    revoked = made.model_copy(update={"revoked_at": 2, "revision": 2})
    log.put(settings, settings.names.accounts.name, record_key(made), revoked.model_dump_json())
    wait_until(lambda: answers(401))


@pytest.mark.parametrize("body", ["", "{", "[1]", '{"events": 3}', json.dumps({"events": [], "x": 1})])
def test_nothing_valid_is_422(client, body):
    answer = client.post("/v1/events", headers=KEY, content=body)
    assert answer.status_code == 422
    assert answer.json()["errors"]


def test_its_description_is_true(client):
    schema = client.get("/openapi.json").json()
    post = schema["paths"]["/v1/events"]["post"]
    assert set(post["responses"]) == {"200", "401", "408", "413", "422", "429", "503"}
    assert post["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/PostBody"}
    refs = {part.split('"')[0] for part in json.dumps(schema).split("#/components/schemas/")[1:]}
    assert refs <= set(schema["components"]["schemas"])
    assert {"Offered", "Ended", "AgentLoggedOut", "Accepted", "Refusal"} <= refs
    assert client.get("/live").status_code == 200
    assert "floorwatch_ingest_posts" in client.get("/telemetry").text


def test_limits(environment):
    with serving(environment, ingest_max_body_bytes=2048, ingest_rate_per_s=1) as client:
        big = b" " * 3000
        assert client.post("/v1/events", headers=KEY, content=big).status_code == 413
        assert client.post("/v1/events", headers=KEY, content=iter([big[:1500], big[1500:]])).status_code == 413
        assert client.post("/v1/events", headers=KEY, json=[offered(n) for n in range(7)]).status_code == 200
        slow_down = client.post("/v1/events", headers=KEY, json=offered(9))
        assert slow_down.status_code == 429
        assert 1 <= int(slow_down.headers["Retry-After"]) <= 3
        assert client.post("/v1/events", headers={"X-API-Key": "second-key"}, json=offered(8)).status_code == 200
    assert set(log.contact_ids(log.settings_of(environment))) == {"e0", "e1", "e2", "e3", "e4", "e5", "e6", "e8"}


def test_a_body_that_does_not_arrive(environment):
    def trickle() -> Iterator[bytes]:
        yield b"["
        time.sleep(3)
        yield b"]"

    with serving(environment, ingest_body_wait_s=0.5) as client:
        assert client.post("/v1/events", headers=KEY, content=trickle()).status_code == 408


def test_without_kafka_it_is_not_ready_and_says_when_to_come_back(environment):
    (nowhere,) = free_ports(1)
    alone = {**environment, "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{nowhere}"}
    with serving(alone, ready=False, ingest_kafka_wait_s=1) as client:
        ready = client.get("/ready")
        assert (ready.status_code, list(ready.json()["reasons"])) == (503, ["kafka"])
        answer = client.post("/v1/events", headers=KEY, json=offered())
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0


def test_without_a_key_nobody_may_post_and_the_answer_says_what_to_do(environment):
    with serving(environment, ingest_keys="") as client:
        answer = client.post("/v1/events", headers=KEY, json=offered())
        assert answer.status_code == 401
        assert "FLOORWATCH_INGEST_KEYS" in answer.json()["message"]


def test_a_port_that_is_taken_is_named(environment, client):
    port = str(client.base_url.port)
    with log.ingest({**environment, "FLOORWATCH_INGEST_PORT": port}) as second:
        assert second.wait(timeout=30) == 69


def test_the_keys_do_not_show_in_what_is_printed_of_the_settings(environment, monkeypatch):
    monkeypatch.setenv("FLOORWATCH_INGEST_KEYS", "first-key")
    assert "first-key" not in repr(IngestSettings())
