"""A forecast's whole way on real Kafka and Redis: POST to ingest or a file to the API, the log, the day's figures; and a restart.

09:00   09:30   10:00          the bank's Monday, in Jerusalem
  10      12       –           what came
 v1 20     –       –           v1, then v5 beside it, then v3: too old
 v5 12.5  8       30
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from services.api.domain.answers import Forecast
from services.contracts.topology import Queue, Site, Text
from services.runtime import kafka
from services.runtime.settings import CommonSettings
from tests import web
from tests.behaviour.api.conftest import Api, WrittenFloor, running_api, until, write_log
from tests.integration.ingest.test_http import KEY, serving
from tests.parts import Parts
from tests.unit.api.floor import HALF_HOUR, NINE, TODAY, clock, counts, half_hour, tile

pytestmark = pytest.mark.timeout(180)
ZONE = "Asia/Jerusalem"
DAY = f"/v1/days/{TODAY}/intervals"


@pytest.fixture(scope="module")
def installation(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Api, WrittenFloor]]:
    """A site with two queues, described on the log and counted in Redis as metrics counts it."""
    with running_api(parts, tmp_path_factory.mktemp("api")) as (api, floor):
        until(lambda: api.get("/v1/floor").status_code == 200)
        site = Site(id="bank", name=Text(en="Bank", zh="银行"), timezone=ZONE)
        queues = [Queue(id=f"bank/{name}", name=Text(en=name, zh=name)) for name in ("PS", "NE")]
        describe(api, f"sites/{site.id}", site)
        for queue in queues:
            describe(api, f"queues/{queue.id}", queue)
            floor.put(tile(queue.id))
        floor.put(site, *queues, clock(site="bank"))
        floor.put(half_hour("bank/PS", at_20=counts(10, 10, 10)))
        floor.put(half_hour("bank/PS", start=NINE + HALF_HOUR, label="09:30", at_20=counts(12, 12, 12)))
        floor.mark_filled()
        until(lambda: api.get("/v1/tiles/bank/NE").status_code == 200)
        yield api, floor


def describe(api: Api, path: str, record: Site | Queue) -> None:
    answer = api.send("PUT", f"/v1/floor/{path}", {"record": record.model_dump(mode="json")})
    assert answer.status_code == 200, answer.text


@pytest.fixture(scope="module")
def ingest(installation: tuple[Api, WrittenFloor]) -> Iterator[httpx.Client]:
    with serving(installation[0].environment) as client:
        yield client


def half_hours(*contacts: float, **more: Any) -> list[dict[str, Any]]:
    return [
        {"start": f"1999-01-25T0{7 + n // 2}:{30 * (n % 2):02}:00Z", "contacts": c} | more
        for n, c in enumerate(contacts)
    ]


def post(ingest: httpx.Client, *contacts: float, version: int, queue: str = "bank/PS", **more: Any) -> None:
    body = {"queue": queue, "date": TODAY, "version": version, "half_hours": half_hours(*contacts, **more)}
    answer = ingest.post("/v1/forecasts", headers=KEY, json=body)
    assert (answer.status_code, answer.json()["rejected"]) == (200, 0), answer.text


def told(api: Api, queue: str = "bank/PS", date: str = TODAY) -> Forecast:
    answer = api.get("/v1/forecasts", params={"queue": queue, "date": date})
    assert answer.status_code == 200, answer.text
    return Forecast.model_validate_json(answer.content)


def shown(forecast: Forecast) -> list[tuple[str, float]]:
    return [(half.label, half.contacts) for half in forecast.half_hours]


async def on_the_log(settings: CommonSettings) -> dict[str, bytes | None]:
    """What compaction leaves of the topic: the newest record of each key."""
    reader = kafka.reader(settings, settings.names.forecasts.name)
    await reader.start()
    try:
        (place,) = reader.assignment()
        end = (await reader.end_offsets([place]))[place]
        found: dict[str, bytes | None] = {}
        while await reader.position(place) < end:
            for record in (await reader.getmany(place, timeout_ms=500)).get(place, ()):
                found[record.key.decode()] = record.value
        return found
    finally:
        await reader.stop()


def test_a_post_stands_beside_the_days_figures_an_older_version_does_not_come_back_nor_after_a_restart(
    parts: Parts, api: Api, floor: WrittenFloor, ingest: httpx.Client
):
    assert (shown(told(api)), told(api).missing) == ([], ("bank/PS",))
    post(ingest, 20, version=1)
    until(lambda: told(api).version == 1)
    post(ingest, 12.5, 8, 30, version=5, aht_s=180, required=4)
    until(lambda: told(api).version == 5)
    post(ingest, 99, version=3)
    post(ingest, 7, version=2, queue="bank/NE")
    until(lambda: told(api, "bank/NE").version == 2)  # one partition: what was before it has been heard
    stands = told(api)
    assert shown(stands) == [("09:00", 12.5), ("09:30", 8), ("10:00", 30)]
    assert {(half.aht_s, half.required) for half in stands.half_hours} == {(180, 4)}
    day = api.get(DAY, params={"scope": "bank/PS"}).json()
    assert [(half["label"], half["target_counts"]["offered"]) for half in day["intervals"]] == [
        ("09:00", 10),
        ("09:30", 12),
    ]
    assert Forecast.model_validate(day["forecast"]) == stands

    settings = CommonSettings(KAFKA_BOOTSTRAP_SERVERS=parts.kafka_bootstrap_servers, namespace=floor.names.namespace)
    until(lambda: {key for key, value in asyncio.run(on_the_log(settings)).items() if value} == {
        f"bank/PS|{TODAY}|5", f"bank/NE|{TODAY}|2",
    })  # fmt: skip
    assert api.stop() == 0
    api.start()
    until(lambda: api.get("/v1/forecasts", params={"queue": "bank/PS", "date": TODAY}).status_code == 200)
    assert told(api) == stands


def test_a_site_is_the_sum_of_its_queues_and_names_those_without(api: Api, ingest: httpx.Client):
    post(ingest, 1, 2, version=10)
    post(ingest, 10, version=10, queue="bank/NE")
    until(lambda: (told(api).version, told(api, "bank/NE").version) == (10, 10))
    whole = Forecast.model_validate(api.get(DAY, params={"scope": "bank"}).json()["forecast"])
    assert (shown(whole), whole.missing, whole.version) == ([("09:00", 11), ("09:30", 2)], (), None)
    ingest.post("/v1/forecasts", headers=KEY, json={"queue": "bank/NE", "date": TODAY, "half_hours": []})
    until(lambda: told(api, "bank/NE").missing == ("bank/NE",))
    partial = Forecast.model_validate(api.get(DAY, params={"scope": "bank"}).json()["forecast"])
    assert (shown(partial), partial.missing) == ([("09:00", 1), ("09:30", 2)], ("bank/NE",))


def test_a_file_is_checked_then_taken_line_by_line_and_the_journal_says_so(api: Api):
    rows = "queue,date,start,contacts,aht_s\nbank/PS,1999-01-26,09:00,4,200\nbank/PS,1999-01-26,09:30,many,\nbank/QQ,1999-01-26,09:00,1,\n"

    def sent(query: str) -> dict[str, Any]:
        answer = web.post(f"{api.url}/v1/floor/forecasts{query}", content=rows.encode(), timeout=30)
        assert answer.status_code == 200, answer.text
        report: dict[str, Any] = answer.json()
        return report

    checked = sent("?check=true")
    assert (checked["taken"], checked["things"], checked["agents"], checked["items"], checked["lost"]) == (
        False,
        1,
        1,
        3,
        2,
    )
    assert [(fault["place"], fault["field"]) for fault in checked["faults"]] == [
        ("line 3", "contacts"),
        ("line 4", "queue"),
    ]
    assert shown(told(api, date="1999-01-26")) == []
    assert sent("?why=new+week") | {"taken": False} == checked
    until(lambda: shown(told(api, date="1999-01-26")) == [("09:00", 4)])
    step = api.get("/v1/journal?kind=floor_step&subject=forecast|*").json()["entries"][0]
    assert (step["step"], step["why"], step["changes"]["days"]) == ("forecasts_imported", "new week", "1")


def test_what_is_no_queue_or_no_day_is_said(api: Api):
    for query, status, code in (
        ("queue=bank/none&date=1999-01-25", 404, "no_such_scope"),
        ("queue=bank&date=1999-01-25", 422, "invalid"),
        ("queue=bank/PS&date=soon", 422, "invalid"),
        ("queue=bank/PS", 422, "invalid"),
    ):
        answer = api.get(f"/v1/forecasts?{query}")
        assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_record_that_is_no_forecast_is_passed_over(parts: Parts, api: Api, floor: WrittenFloor):
    before = told(api)
    spoilt = (("bank/PS|x", b"{}"), (f"bank/PS|{TODAY}|99", b"\xff"), ("", b"null"))
    write_log(parts, floor.names, floor.names.forecasts, spoilt)
    until(lambda: api.log.read_text().count("the old one stays") >= 3)
    assert told(api) == before
