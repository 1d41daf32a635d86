"""REST: the same views as the socket, days from storage, and answers that are what OpenAPI says."""

import asyncio
import uuid

import pytest
from pydantic import TypeAdapter

from services.api.domain import answers
from services.contracts.agents import AgentTotals
from services.contracts.alerts import AlertTransition
from services.contracts.definitions import DEFINITION_NAMES
from services.contracts.desk import EndSilence, Outcome
from services.contracts.people import Actor
from services.contracts.socket import TileView
from services.contracts.topology import Flow, Queue, Site, Text, Topology
from tests.behaviour.api.conftest import Api, WrittenFloor, live, until
from tests.unit.api.floor import (
    HALF_HOUR,
    NINE,
    TODAY,
    agent,
    agent_day,
    alert,
    clock,
    counts,
    half_hour,
    ivr_half_hour,
    move_view,
    plan_view,
    rule_view,
    silence,
    tile,
)


@pytest.fixture
def site(api: Api, floor: WrittenFloor) -> str:
    """A site of this test's own with two queues and a menu; the API has taken it in."""
    name = f"s{uuid.uuid4().hex[:8]}"
    text = Text(en=name, zh=name)
    floor.put(
        Site(id=name, name=text, timezone="Asia/Jerusalem"),
        Queue(id=f"{name}/a", name=text),
        Queue(id=f"{name}/b", name=text, target_s=30),
        Flow(id=f"{name}/menu", name=text),
        clock(site=name),
        tile(f"{name}/a", at_20=counts(10, 8, 6)),
        tile(f"{name}/b", at_20=counts(4, 4, 1), at_30=counts(4, 4, 4), target_s=30, definition="cisco_positive"),
        half_hour(f"{name}/a", at_20=counts(10, 8, 6), status="final"),
        half_hour(f"{name}/b", at_20=counts(4, 4, 1), at_30=counts(4, 4, 4)),
        half_hour(f"{name}/b", start=NINE + HALF_HOUR, label="09:30", at_20=counts(1)),
        ivr_half_hour(f"{name}/menu", entered=12),
        alert(f"{name}/a"),
    )

    async def taken_in() -> None:
        async with live(api) as client:
            await client.subscribe(filters={"sites": [name]})
            await client.until(lambda held: f"alert|low|{name}/a" in held and f"tile|{name}/b" in held)

    asyncio.run(taken_in())
    return name


def test_tiles_can_be_chosen_by_site_level_and_definition(api: Api, site: str):
    whole = answers.Tiles.model_validate_json(api.get("/v1/tiles").content)
    assert {f"{site}/a", f"{site}/b", site, "all"} <= {view.id for view in whole.tiles}

    def ids(query: str) -> list[str]:
        return [view.id for view in answers.Tiles.model_validate_json(api.get(f"/v1/tiles?{query}").content).tiles]

    assert ids(f"site={site}") == [site, f"{site}/a", f"{site}/b"]
    assert ids(f"site={site}&level=queue") == [f"{site}/a", f"{site}/b"]
    assert ids("level=all") == ["all"]
    assert ids(f"site={site}&definition=cisco_positive") == [f"{site}/b"]


def test_one_tile(api: Api, site: str):
    view = TileView.model_validate_json(api.get(f"/v1/tiles/{site}").content)
    assert view.rolling[20] == counts(14, 12, 7)
    assert view.target_counts.answered_within == 10
    assert api.get("/v1/tiles/all").json()["level"] == "all"
    missing = api.get(f"/v1/tiles/{site}/x")
    assert (missing.status_code, missing.json()["code"]) == (404, "no_such_tile")


def test_the_half_hours_of_a_day(api: Api, site: str):
    def day(scope: str, date: str = TODAY) -> answers.Day:
        return answers.Day.model_validate_json(api.get(f"/v1/days/{date}/intervals", params={"scope": scope}).content)

    queue = day(f"{site}/b")
    assert (queue.level, [half.label for half in queue.intervals]) == ("queue", ["09:00", "09:30"])
    assert queue.intervals[0].target_counts == counts(4, 4, 4)

    whole = day(site)
    assert (whole.level, [half.target_counts.offered for half in whole.intervals]) == ("site", [14, 1])
    assert whole.intervals[0].by_threshold[20] == counts(14, 12, 7)
    assert [half.counts.entered for half in whole.ivr] == [12]

    assert [half.counts.entered for half in day(f"{site}/menu").ivr] == [12]
    assert day("all").level == "all"
    assert {half.label for half in day("all").intervals} >= {"09:00", "09:30"}
    assert day(site, "1999-01-26").intervals == ()


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/days/1999-01-25/intervals?scope=nowhere", 404, "no_such_scope"),
        ("/v1/days/1999-01-25/intervals?scope=nowhere/a", 404, "no_such_scope"),
        ("/v1/days/yesterday/intervals", 422, "invalid"),
        ("/v1/tiles?level=team", 422, "invalid"),
        ("/v1/alerts/history?limit=0", 422, "invalid"),
        ("/v1/nothing", 404, "no_such_address"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(api: Api, path: str, status: int, code: str):
    answer = api.get(path)
    problem = answers.Problem.model_validate_json(answer.content)
    assert (answer.status_code, problem.code) == (status, code)
    assert problem.message


def test_alerts_and_their_history(api: Api, floor: WrittenFloor, site: str):
    listed = answers.Alerts.model_validate_json(api.get("/v1/alerts").content).alerts
    assert alert(f"{site}/a") in listed

    steps = [
        AlertTransition(id=f"{site}-{at}", at=at, previous="pending", alert=alert(f"{site}/a", since=at))
        for at in (1, 2)
    ]
    for step in steps:
        floor.put_transition(step)
    history = answers.AlertHistory.model_validate_json(api.get("/v1/alerts/history?limit=2").content)
    assert history.transitions == (steps[1], steps[0])


def test_feeds_topology_definitions_and_session(api: Api, floor: WrittenFloor, site: str):
    feeds = answers.Feeds.model_validate_json(api.get("/v1/feeds").content).feeds
    assert next(feed for feed in feeds if feed.site == site).timezone == "Asia/Jerusalem"

    topology = Topology.model_validate_json(api.get("/v1/topology").content)
    assert f"{site}/b" in {queue.id for queue in topology.queues}
    assert f"{site}/menu" in {flow.id for flow in topology.flows}

    catalogue = answers.Definitions.model_validate_json(api.get("/v1/definitions").content).definitions
    assert tuple(definition.name for definition in catalogue) == DEFINITION_NAMES
    assert all("÷" in definition.formula_zh for definition in catalogue)

    session = answers.Session.model_validate_json(api.get("/v1/session").content)
    assert (session.mode, session.role, session.sites, session.name) == ("open", "administrator", None, "local")


def test_openapi_is_true(api: Api, floor: WrittenFloor, site: str):
    """Every GET that OpenAPI lists answers as it says, and every path of ours is listed."""
    document = api.get("/openapi.json").json()
    floor.put(agent_day(f"{site}-ann", team=f"{site}/blue", totals=AgentTotals()))
    outcome = Outcome(
        id="said", at=NINE, accepted=True, code="done", subject="silence|s1",
        command=EndSilence(id="said", at=NINE, by=Actor(name="local", role="administrator"), target="s1"),
    )  # fmt: skip
    floor.redis.set(floor.names.outcome_key("said"), outcome.model_dump_json())
    floor.put(rule_view(), silence(), plan_view(), move_view())
    floor.put(agent(f"{site}-ann", site=site, team=f"{site}/blue"))
    paths = {
        "{team_id}": f"{site}/blue", "{tile_id}": f"{site}/a", "{date}": TODAY, "{flow_id}": f"{site}/menu", "{agent_id}": f"{site}-ann",
        "{alert_id}": f"low|{site}/a", "{rule_id}": "low", "{silence_id}": "s1", "{plan_id}": "surge",
        "{move_id}": "m1", "{command_id}": "said", "{name}": f"{site}-ann",
    }  # fmt: skip
    until(lambda: api.get("/v1/accounts").status_code == 200)
    assert api.post("/v1/accounts", {"name": f"{site}-ann", "role": "viewer"}).status_code == 201
    until(lambda: api.get("/v1/moves/m1").status_code == 200)
    queries = {
        "/v1/days/{date}/groups": "?by=channel", "/v1/contacts": f"?queue={site}/a&interval={NINE}",
        "/v1/what-if": f"?queue={site}/a", "/v1/forecasts": f"?queue={site}/a&date={TODAY}",
    }  # fmt: skip
    for path, operations in document["paths"].items():
        filled = path + queries.get(path, "")
        for name, value in paths.items():
            filled = filled.replace(name, value)
        if "get" not in operations:
            continue
        answer = api.get(filled)
        assert answer.status_code == 200, filled
        assert str(answer.status_code) in operations["get"]["responses"]
        content = operations["get"]["responses"]["200"]["content"]
        assert answer.headers["content-type"].partition(";")[0] in content, filled
    assert {
        "/live", "/ready", "/telemetry", "/v1/tiles", "/v1/tiles/{tile_id}", "/v1/days/{date}/intervals", "/v1/alerts",
        "/v1/alerts/history", "/v1/feeds", "/v1/topology", "/v1/definitions", "/v1/session", "/v1/sign-out",
        "/v1/metrics", "/v1/days/{date}/groups", "/v1/days/{date}/agents", "/v1/agents/{agent_id}/days/{date}",
        "/v1/flows/{flow_id}/days/{date}", "/v1/agents", "/v1/teams", "/v1/adherence", "/v1/contacts",
        "/v1/alerts/{alert_id}", *(f"/v1/alerts/{{alert_id}}/{what}" for what in (
            "acknowledge", "unacknowledge", "assign", "notes", "snooze", "coach", "excuse", "dismiss")),
        "/v1/silences", "/v1/silences/{silence_id}", "/v1/rules", "/v1/rules/import", "/v1/rules/{rule_id}",
        "/v1/rules/{rule_id}/dry-run",
        "/v1/plans", "/v1/plans/{plan_id}", "/v1/plans/{plan_id}/activate", "/v1/plans/{plan_id}/decline",
        "/v1/plans/{plan_id}/actions/{action_id}", "/v1/plans/{plan_id}/stand-down",
        "/v1/moves", "/v1/moves/{move_id}", *(f"/v1/moves/{{move_id}}/{what}" for what in (
            "accept", "decline", "cancel", "return")),
        "/v1/journal", "/v1/commands/{command_id}", "/v1/sign-in", "/v1/password", "/v1/accounts",
        "/v1/accounts/{name}", "/v1/accounts/{name}/password", "/v1/accounts/{name}/link", "/v1/keys",
        "/v1/keys/{key_id}", "/v1/devices", "/v1/devices/claim", "/v1/devices/{code}/approve",
        "/v1/devices/{device_id}", "/v1/forecasts", "/v1/floor/forecasts",
    } <= set(document["paths"])  # fmt: skip
    assert document["paths"]["/v1/tiles"]["get"]["responses"]["503"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Problem"
    }


def test_the_schemas_of_openapi_are_the_contracts(api: Api):
    schemas = api.get("/openapi.json").json()["components"]["schemas"]
    for model in (answers.Tiles, answers.Day, answers.Problem, TileView):
        expected = TypeAdapter(model).json_schema(mode="serialization")["properties"]
        assert schemas[model.__name__]["properties"].keys() == expected.keys()


def test_health_and_telemetry(api: Api):
    assert api.get("/live").json() == {"live": True}
    assert api.get("/ready").json() == {"ready": True, "reasons": {}}
    assert api.telemetry("floorwatch_ready") == 1
    assert api.telemetry("floorwatch_api_redis_connected") == 1
    assert "process_cpu_seconds_total" in api.get("/telemetry").text
