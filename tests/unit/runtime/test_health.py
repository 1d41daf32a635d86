"""What /live, /ready and /telemetry answer."""

import httpx
from starlette.applications import Starlette

from services.runtime.health import Health


def client(**reasons: str | None) -> httpx.AsyncClient:
    health = Health({name: lambda reason=reason: reason for name, reason in reasons.items()})  # type: ignore[misc]
    transport = httpx.ASGITransport(app=Starlette(routes=health.routes))
    return httpx.AsyncClient(transport=transport, base_url="http://service")


async def test_ready_when_nothing_is_against_it() -> None:
    answer = await client(assignment=None, broker=None).get("/ready")

    assert (answer.status_code, answer.json()) == (200, {"ready": True, "reasons": {}})


async def test_not_ready_says_why() -> None:
    answer = await client(assignment="rebalancing", broker=None).get("/ready")

    assert (answer.status_code, answer.json()) == (503, {"ready": False, "reasons": {"assignment": "rebalancing"}})


async def test_alive_without_being_ready() -> None:
    assert (await client(assignment="rebalancing").get("/live")).status_code == 200


async def test_telemetry_is_for_prometheus() -> None:
    not_ready, ready = client(broker="away"), client()

    assert "floorwatch_ready 0.0" in (await not_ready.get("/telemetry")).text
    assert "floorwatch_ready 1.0" in (await ready.get("/telemetry")).text
