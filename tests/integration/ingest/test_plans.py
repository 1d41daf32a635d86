"""Schedules, exceptions, forecasts and descriptions, by HTTP and by the command, onto a real Kafka."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import httpx
import pytest
import yaml

from services.contracts.forecasts import DayForecast, forecast_key
from services.contracts.schedules import AdherenceException, DaySchedule, schedule_adapter
from services.contracts.topology import Topology
from services.ingest.sources.files import shipped
from services.runtime import kafka
from tests import warm
from tests.integration.ingest import log
from tests.integration.ingest.test_http import KEY, serving

NINE, TEN, NOON = (f"2026-03-02T{hour}:00:00+00:00" for hour in ("09", "10", "12"))
FLOOR: dict[str, Any] = {
    "sites": [{"id": "lisbon", "name": {"en": "Lisbon", "zh": "里斯本"}, "timezone": "Europe/Lisbon"}],
    "queues": [{"id": "lisbon/sales", "name": {"en": "Sales", "zh": "销售"}}],
    "flows": [
        {
            "id": "lisbon/main", "name": {"en": "Main", "zh": "主"},
            "nodes": [{"id": "welcome", "name": {"en": "Welcome", "zh": "欢迎"}, "choices": [{"key": "1", "to": "lisbon/sales"}]}],
        }
    ],
    "teams": [{"id": "lisbon/a", "name": {"en": "A", "zh": "甲"}}],
    "agents": [{"id": "ana", "site": "lisbon", "team": "lisbon/a", "queues": ["lisbon/sales"]}],
}  # fmt: skip


def schedule(agent: str = "ana", **changes: Any) -> dict[str, Any]:
    return {
        "agent": agent, "site": "lisbon", "date": "2026-03-02",
        "activities": [{"activity": "on_queue", "start": NINE, "end": TEN}, {"activity": "meal", "start": TEN, "end": NOON}], **changes,
    }  # fmt: skip


def plans(environment: Mapping[str, str]) -> list[DaySchedule | AdherenceException]:
    """What is on the schedules topic, oldest first; each record under its key, on its agent's partition."""
    settings = log.settings_of(environment)
    found = []
    for record in log.records(settings, "schedules"):
        plan = schedule_adapter.validate_json(record.value)
        assert record.partition == kafka.partition_of(plan.agent, settings.partitions)
        name = f"{plan.agent}|{plan.date}" if isinstance(plan, DaySchedule) else f"exception|{plan.agent}|{plan.id}"
        assert record.key == name.encode()
        found.append(plan)
    return found


def forecasts(environment: Mapping[str, str]) -> list[DayForecast]:
    """What is on the forecasts topic, oldest first; each record under its key."""
    found = []
    for record in log.records(log.settings_of(environment), "forecasts"):
        forecast = DayForecast.model_validate_json(record.value)
        assert record.key == forecast_key(forecast).encode()
        found.append(forecast)
    return found


def described(environment: Mapping[str, str], folder: Path) -> None:
    (folder / "floor.yaml").write_text(yaml.safe_dump(FLOOR))
    assert ingest(environment, "topology", "import", folder / "floor.yaml").returncode == 0


def ingest(environment: Mapping[str, str], *arguments: object) -> "CompletedProcess[str]":
    return warm.run("services.ingest", *map(str, arguments), env={**os.environ, **environment})


@pytest.fixture
def client(environment) -> Iterator[httpx.Client]:
    with serving(environment) as client:
        yield client


def test_schedules_by_http_are_on_kafka_when_they_are_answered(environment, client):
    answer = client.post("/v1/schedules", headers=KEY, json={"schedules": [schedule(), schedule("ben", version=3)]})
    assert (answer.status_code, answer.json()) == (200, {"accepted": 2, "rejected": 0, "errors": []})
    by_agent = {plan.agent: plan for plan in plans(environment) if isinstance(plan, DaySchedule)}
    assert by_agent["ben"].version == 3
    assert by_agent["ana"].version > 1_700_000_000_000
    assert [part.activity for part in by_agent["ana"].activities] == ["on_queue", "meal"]


def test_valid_schedules_of_a_batch_are_kept_and_the_others_named(environment, client):
    juggling = schedule("ben", activities=[{"activity": "juggling", "start": NINE, "end": TEN}])
    backwards = schedule("eva", activities=[{"activity": "break", "start": TEN, "end": NINE}])
    overlap = schedule("ivo", activities=[{"activity": "break", "start": NINE, "end": NOON}] * 2)
    answer = client.post(
        "/v1/schedules", headers=KEY, json=[schedule(), juggling, backwards, overlap, schedule("", x=1)]
    )
    assert (answer.status_code, answer.json()["accepted"], answer.json()["rejected"]) == (200, 1, 4)
    assert [(e["index"], e["path"]) for e in answer.json()["errors"]] == [
        (1, "activities.0.activity"), (2, "activities.0.end"), (3, ""), (4, "agent"), (4, "x"),
    ]  # fmt: skip
    assert [plan.agent for plan in plans(environment)] == ["ana"]
    assert len(log.letters(log.settings_of(environment))) == 4


def test_the_day_is_that_of_the_sites_clock_where_the_site_is_described(environment, client, tmp_path):
    (tmp_path / "floor.yaml").write_text(yaml.safe_dump({"sites": [FLOOR["sites"][0] | {"timezone": "Asia/Tokyo"}]}))
    assert ingest(environment, "topology", "import", tmp_path / "floor.yaml").returncode == 0
    late = [{"activity": "break", "start": "2026-03-02T16:00:00Z", "end": "2026-03-02T17:00:00Z"}]
    answer = client.post("/v1/schedules", headers=KEY, json=schedule(activities=late))
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "date")
    assert (
        client.post("/v1/schedules", headers=KEY, json=schedule(activities=late, date="2026-03-03")).status_code == 200
    )


def test_exceptions_are_approved_and_withdrawn(environment, client):
    approval = {"id": "x1", "agent": "ana", "start": NINE, "end": TEN, "reason": "doctor", "approved_by": "lead"}
    assert client.post("/v1/exceptions", headers=KEY, json=approval).status_code == 200
    withdrawal = {"action": "withdraw", "id": "x1", "agent": "ana"}
    unknown = withdrawal | {"id": "x2"}
    answer = client.post("/v1/exceptions", headers=KEY, json={"exceptions": [unknown, withdrawal]})
    assert (answer.status_code, answer.json()["accepted"], answer.json()["rejected"]) == (200, 1, 1)
    assert (answer.json()["errors"][0]["index"], answer.json()["errors"][0]["path"]) == (0, "id")
    found = plans(environment)
    assert [(plan.reason, plan.withdrawn) for plan in found if isinstance(plan, AdherenceException)] == [
        ("doctor", False), ("doctor", True),
    ]  # fmt: skip


def test_forecasts_by_http_are_on_kafka_when_they_are_answered_and_the_others_named(environment, client, tmp_path):
    described(environment, tmp_path)
    day = {
        "queue": "lisbon/sales",
        "date": "2026-03-02",
        "half_hours": [{"start": NINE, "contacts": 12.5, "aht_s": 180}],
    }
    unknown = day | {"queue": "lisbon/slaes"}
    answer = client.post("/v1/forecasts", headers=KEY, json={"forecasts": [day, unknown, day | {"version": 3}]})
    assert (answer.status_code, answer.json()["accepted"], answer.json()["rejected"]) == (200, 2, 1)
    (error,) = answer.json()["errors"]
    assert (error["index"], error["path"]) == (1, "queue")
    assert "correct it, or describe the queue first" in error["message"]
    stamped, given = forecasts(environment)
    assert (given.version, stamped.version > 1_700_000_000_000) == (3, True)
    assert [(half.contacts, half.aht_s, half.required) for half in stamped.half_hours] == [(12.5, 180, None)]
    assert len(log.letters(log.settings_of(environment))) == 1


def test_forecasts_from_a_file_where_a_bad_line_costs_its_half_hour(environment, tmp_path):
    described(environment, tmp_path)
    rows = [
        "queue,date,start,contacts",
        "lisbon/sales,2026-03-02,09:00,10",
        "lisbon/sales,2026-03-02,09:30,ten",
        "lisbon/sales,2026-03-03,09:00,12",
    ]
    (tmp_path / "forecast.csv").write_text("\n".join(rows))
    run = ingest(environment, "forecasts", "import", tmp_path / "forecast.csv")
    assert run.returncode == 1
    assert run.stderr == "✗ forecast.csv, line 3: contacts: 'ten' is no number of 0 or more such as 12.5\n"
    assert run.stdout == "2 days of 1 queues taken from 3 half-hours; 1 mistakes\n"
    assert [(day.date, [half.contacts for half in day.half_hours]) for day in forecasts(environment)] == [
        ("2026-03-02", [10]), ("2026-03-03", [12]),
    ]  # fmt: skip
    (tmp_path / "forecast.csv").write_text("queue,date\n")
    refused = ingest(environment, "forecasts", "import", tmp_path / "forecast.csv")
    assert (refused.returncode, "start, contacts is missing" in refused.stderr) == (2, True)


@pytest.mark.parametrize("path", ["/v1/schedules", "/v1/exceptions", "/v1/forecasts"])
def test_plans_need_a_key_and_json(client, path):
    assert client.post(path, json=schedule()).status_code == 401
    for body in ("", "{", "[1]", '{"schedules": 3, "exceptions": 3, "forecasts": 3}', "[[]]"):
        assert client.post(path, headers=KEY, content=body).status_code == 422


def test_the_routes_are_described(client):
    described = client.get("/openapi.json").json()
    assert {"/v1/events", "/v1/schedules", "/v1/exceptions", "/v1/forecasts"} <= described["paths"].keys()
    assert {"ScheduleBody", "ExceptionBody", "ForecastBody", "Schedule", "Approval", "Forecast"} <= described[
        "components"
    ]["schemas"].keys()


def test_schedules_from_a_file(environment, tmp_path):
    run = ingest(environment, "schedules", "import", shipped("schedules-sample.csv"), "--timezone", "Europe/Lisbon")
    assert (run.returncode, run.stderr) == (0, "")
    assert "3 days of 3 agents taken" in run.stdout
    assert {(plan.agent, len(plan.activities)) for plan in plans(environment) if isinstance(plan, DaySchedule)} == {
        ("ana.silva", 6), ("ben.costa", 3), ("eva.reis", 0),
    }  # fmt: skip


def test_a_bad_line_is_told_and_the_rest_taken(environment, tmp_path):
    rows = shipped("schedules-sample.csv").read_text(encoding="utf-8").replace("training", "juggling")
    (tmp_path / "plan.csv").write_text(rows)
    run = ingest(environment, "schedules", "import", tmp_path / "plan.csv", "--timezone", "Europe/Lisbon")
    assert run.returncode == 1
    assert "plan.csv, line 6: activity: 'juggling' is none of on_queue, break" in run.stderr
    assert "ana.silva's 2026-03-02 is not taken" in run.stderr
    assert {plan.agent for plan in plans(environment)} == {"ben.costa", "eva.reis"}


def test_a_site_that_nobody_described_needs_a_time_zone(environment):
    run = ingest(environment, "schedules", "import", shipped("schedules-sample.csv"))
    assert run.returncode == 1
    assert "nobody has described site 'lisbon'" in run.stderr
    assert plans(environment) == []


def test_schedules_from_a_calendar(environment, tmp_path):
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", "BEGIN:VEVENT", "UID:1", "DTSTART:20260302T090000", "DTEND:20260302T100000",
        "RRULE:FREQ=DAILY;COUNT=2", "SUMMARY:Training", "ATTENDEE:mailto:ana", "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    (tmp_path / "plan.ics").write_text("\r\n".join(lines))
    where = ("--site", "lisbon", "--timezone", "Europe/Lisbon")
    run = ingest(environment, "schedules", "import", tmp_path / "plan.ics", *where)
    assert (run.returncode, run.stderr) == (0, "")
    assert {plan.date for plan in plans(environment) if isinstance(plan, DaySchedule)} == {"2026-03-02", "2026-03-03"}
    run = ingest(environment, "schedules", "import", tmp_path / "plan.ics", "--format", "csv", *where)
    assert (run.returncode, "is missing" in run.stderr) == (2, True)


def test_exceptions_by_the_command(environment):
    added = ingest(
        environment,
        "exceptions",
        "add",
        "ana",
        NINE,
        "2026-03-02T11:00",
        "--timezone",
        "Europe/Lisbon",
        "--reason",
        "doctor",
    )
    assert (added.returncode, added.stderr) == (0, "")
    withdrawn = ingest(environment, "exceptions", "withdraw", "ana", added.stdout.strip())
    assert (withdrawn.returncode, withdrawn.stderr) == (0, "")
    assert [plan.withdrawn for plan in plans(environment) if isinstance(plan, AdherenceException)] == [False, True]
    assert ingest(environment, "exceptions", "withdraw", "ben", added.stdout.strip()).returncode == 2
    assert ingest(environment, "exceptions", "add", "ana", NOON, NINE).returncode == 2
    assert ingest(environment, "exceptions", "add", "ana", "soon", NINE).returncode == 2


def test_a_floor_from_a_file_and_back(environment, tmp_path):
    (tmp_path / "floor.yaml").write_text(yaml.safe_dump(FLOOR))
    run = ingest(environment, "topology", "import", tmp_path / "floor.yaml")
    assert (run.returncode, run.stderr) == (0, "")
    shown = ingest(environment, "topology", "show")
    assert Topology.model_validate(yaml.safe_load(shown.stdout)) == Topology.model_validate(FLOOR)
    (tmp_path / "again.yaml").write_text(shown.stdout)
    assert ingest(environment, "topology", "import", tmp_path / "again.yaml").returncode == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"queues": [{"id": "porto/sales", "name": {"en": "x", "zh": "x"}}]}, "queues.0.id: there is no site 'porto'"),
        ({"queues": [{"id": "lisbon/sales", "name": {"en": "x", "zh": "x"}, "target": 3}]}, "queues.0.target: "),
        ({"sites": FLOOR["sites"] * 2}, "sites.1.id: 'lisbon' is given twice"),
        ({"agents": [{"id": "ana", "site": "lisbon", "queues": ["lisbon/x"]}]}, "agents.0.queues: there is no queue 'lisbon/x'"),
        ({"agents": [{"id": "ana", "site": "lisbon", "team": "lisbon/x"}]}, "agents.0.team: there is no team 'lisbon/x'"),
    ],
)  # fmt: skip
def test_a_floor_with_a_mistake_is_refused_as_a_whole(environment, tmp_path, change, message):
    (tmp_path / "floor.yaml").write_text(json.dumps(FLOOR | change))
    run = ingest(environment, "topology", "import", tmp_path / "floor.yaml")
    assert (run.returncode, run.stdout) == (2, "")
    assert f"floor.yaml: {message}" in run.stderr
    assert log.records(log.settings_of(environment), "topology") == []


def test_a_menu_that_is_too_wide_is_taken_with_a_warning(environment, tmp_path):
    choices = [{"key": str(key), "to": "end"} for key in range(7)]
    nodes = [{"id": "welcome", "name": {"en": "Welcome", "zh": "欢迎"}, "choices": choices}]
    (tmp_path / "floor.yaml").write_text(json.dumps(FLOOR | {"flows": [FLOOR["flows"][0] | {"nodes": nodes}]}))
    run = ingest(environment, "topology", "import", tmp_path / "floor.yaml")
    assert run.returncode == 0
    assert "lisbon/main, node welcome: callers hear 7 choices" in run.stderr


@pytest.mark.parametrize("content", ["", "3", "{", "mood: good"])
def test_no_floor(environment, tmp_path: Path, content):
    (tmp_path / "floor.yaml").write_text(content)
    run = ingest(environment, "topology", "import", tmp_path / "floor.yaml")
    assert run.returncode == 2
    assert "floor.yaml: " in run.stderr


def test_the_simulators_agents_have_schedules_and_its_queues_forecasts(environment):
    start, until = "2026-03-02T08:00:00+00:00", "2026-03-02T08:01:00+00:00"
    log.run(environment, "simulate", "--start", start, "--until", until, "--speed", "max")
    found = [plan for plan in plans(environment) if isinstance(plan, DaySchedule)]
    assert {plan.date for plan in found} == {"2026-03-01", "2026-03-02", "2026-03-03"}
    known = Topology.model_validate(yaml.safe_load(ingest(environment, "topology", "show").stdout))
    assert {plan.agent for plan in found} == {agent.id for agent in known.agents}
    assert {(day.queue, day.date) for day in forecasts(environment)} == {
        (queue.id, f"2026-03-0{day}") for queue in known.queues for day in (1, 2, 3)
    }
    assert {part.activity for plan in found for part in plan.activities} == {"on_queue", "break", "meal"}
