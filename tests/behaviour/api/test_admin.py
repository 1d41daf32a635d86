"""What an administrator sees and changes, over real Kafka and Redis: dead letters, what came in lately, the floor, plans."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from services.contracts.events import Offered, encode_batch
from services.contracts.letters import DeadLetter
from services.contracts.schedules import DaySchedule
from services.runtime import kafka
from services.runtime.settings import CommonSettings
from tests import web
from tests.behaviour.api.conftest import Api, WrittenFloor, write_log
from tests.parts import Parts

pytestmark = pytest.mark.timeout(120)


def letters(source: str, numbers: Iterable[int], reason: str) -> list[tuple[None, bytes]]:
    made = (
        DeadLetter(id=f"http|{n}", source=source, reason=reason, field="queue", content=f'{{"n": {n}}}')
        for n in numbers
    )  # fmt: skip
    return [(None, each.model_dump_json().encode()) for each in made]


def test_an_empty_installation_has_no_letters_and_no_traffic(api: Api):
    assert api.get("/v1/dead-letters").json() == {
        "letters": [], "next": None, "held": 0, "looked_at": 0, "sources": {},
    }  # fmt: skip
    assert api.get("/v1/feeds/traffic").json()["sources"] == []


def test_dead_letters_come_newest_first_by_pages_and_by_what_is_asked_for(parts: Parts, api: Api, floor: WrittenFloor):
    """600 letters of the ACD (more than one reading's chunk) and 3 of the planner after them."""
    names = floor.names
    write_log(parts, names, names.dead_letters, letters("acd", range(600), "Field required"))
    write_log(
        parts, names, names.dead_letters, [*letters("wfm", range(600, 603), "no such site"), (None, b"not a letter")]
    )
    first = api.get("/v1/dead-letters", params={"limit": 400}).json()
    assert [letter["content"] for letter in first["letters"][:3]] == ['{"n": 602}', '{"n": 601}', '{"n": 600}']
    assert (first["held"], first["sources"]) == (604, {"acd": 397, "wfm": 3})
    rest = api.get("/v1/dead-letters", params={"limit": 400, "before": first["next"]}).json()
    offsets = [letter["offset"] for letter in (*first["letters"], *rest["letters"])]
    assert offsets == sorted(offsets, reverse=True) == list(range(602, -1, -1))
    assert rest["next"] is None

    planner = api.get("/v1/dead-letters", params={"source": "wfm", "reason": "NO SUCH", "text": "602"}).json()
    assert [(each["id"], each["advice"], each["by"]) for each in planner["letters"]] == [
        ("http|602", "fix_field", "ingest")
    ]
    assert (planner["looked_at"], planner["next"]) == (603, None)
    assert api.get("/v1/dead-letters", params={"limit": 0}).status_code == 422


def test_what_came_in_lately_is_counted_from_the_log(parts: Parts, api: Api, floor: WrittenFloor):
    call = Offered("e1", "pbx", 1_000, "amber/sales", "c1")
    batches = [[call, Offered("e2", "pbx", 2_000, "amber/cards", "c2")], [call]]
    write_log(
        parts, floor.names, floor.names.contacts, [*((None, encode_batch(each)) for each in batches), (None, b"\xc1")]
    )
    write_log(parts, floor.names, floor.names.dead_letters, letters("pbx", [900], "Field required"))
    told = api.get("/v1/feeds/traffic", params={"minutes": 5}).json()
    (pbx,) = [source for source in told["sources"] if source["source"] == "pbx"]
    assert pbx == {
        "source": "pbx", "taken": 2, "repeated": 1, "rejected": 1, "uncounted": 0, "last_at": 2_000,
        "sites": [{"site": "amber", "taken": 2, "repeated": 1, "last_at": 2_000}],
    }  # fmt: skip
    assert told["incomplete"] is None


def text(name: str) -> dict[str, str]:
    return {"en": name, "zh": name}


def test_a_queue_is_described_and_the_journal_says_who_when_and_why(api: Api):
    """A site, then its queue twice: the second time by somebody who saw the first version, then by one who did not."""
    site = {"record": {"id": "amber", "name": text("Amber")}, "why": "opened today"}
    assert api.send("PUT", "/v1/floor/sites/amber", site).status_code == 200
    queue = {"id": "amber/sales", "name": text("Sales")}
    made = api.send("PUT", "/v1/floor/queues/amber/sales", {"record": queue})
    assert made.status_code == 200, made.text
    changed = queue | {"target_s": 30, "skill": "sales"}
    again = api.send(
        "PUT", "/v1/floor/queues/amber/sales", {"record": changed, "why": "new contract"}, if_match=made.headers["etag"]
    )
    assert again.json()["record"]["target_s"] == 30
    late = api.send("PUT", "/v1/floor/queues/amber/sales", {"record": queue}, if_match=made.headers["etag"])
    assert (late.status_code, late.json()["code"]) == (409, "stale")

    (held,) = [each for each in api.get("/v1/floor").json()["queues"] if each["record"]["id"] == "amber/sales"]
    assert (held["record"]["skill"], held["version"]) == ("sales", again.json()["version"])
    told = api.get("/v1/journal?kind=floor_step&subject=queue|amber/sales").json()["entries"]
    assert [(each["by"], each["why"], each["changes"]) for each in told[:1]] == [
        ("local", "new contract", {"target_s": "30", "skill": "sales"})
    ]


def test_a_description_that_makes_no_sense_names_the_field(api: Api):
    def said(id_: str, **record: object) -> str:
        answer = api.send("PUT", f"/v1/floor/queues/{id_}", {"record": {"id": id_, "name": text("Q")} | record})
        assert answer.status_code == 422
        return str(answer.json()["message"])

    assert said("amber/sales", target_percent=101).startswith("body.record.target_percent: ")
    assert said("nowhere/sales") == "body.record.id: there is no site 'nowhere'"
    assert said("amber/sales", colour="red").startswith("body.record.colour: ")
    other = api.send("PUT", "/v1/floor/queues/amber/sales", {"record": {"id": "amber/cards", "name": text("Q")}})
    assert other.json()["message"] == "body.record.id: must be 'amber/sales', as in the address"


def post_file(api: Api, path: str, content: str) -> dict[str, Any]:
    answer = web.post(api.url + path, content=content.encode(), headers={"content-type": "text/plain"}, timeout=30)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_teams_and_agents_come_by_file_and_a_mistake_costs_its_row(api: Api):
    api.send("PUT", "/v1/floor/sites/jade", {"record": {"id": "jade", "name": text("Jade")}})
    api.send("PUT", "/v1/floor/queues/jade/q", {"record": {"id": "jade/q", "name": text("Q")}})
    teams = post_file(api, "/v1/floor/agents", "team,name_en,name_zh\njade/day,Day,白班\n")
    assert (teams["taken"], teams["things"], teams["faults"]) == (True, 1, [])
    rows = "agent;site;team;queues\nann;jade;jade/day;jade/q\nbob;jade;jade/night;\ncat;nowhere;;\nann;jade;;\n"
    checked = post_file(api, "/v1/floor/agents?check=true", rows)
    assert checked["taken"] is False
    assert api.get("/v1/floor").json()["agents"] == []
    taken = post_file(api, "/v1/floor/agents?why=new+season", rows)
    assert (taken["things"], taken["agents"], taken["items"], taken["lost"]) == (1, 1, 4, 3)
    assert taken["faults"] == checked["faults"] == [
        {"place": "line 3", "field": "team", "reason": "there is no team 'jade/night'", "lost": "bob"},
        {"place": "line 4", "field": "site", "reason": "there is no site 'nowhere'", "lost": "cat"},
        {"place": "line 5", "field": "agent", "reason": "'ann' is given twice", "lost": "ann"},
    ]  # fmt: skip
    (ann,) = api.get("/v1/floor").json()["agents"]
    assert (ann["record"]["team"], ann["record"]["queues"]) == ("jade/day", ["jade/q"])
    named = post_file(api, "/v1/floor/agents", "agent,site,name\nann,jade,Ann\n")
    assert named["things"] == 1
    (ann,) = api.get("/v1/floor").json()["agents"]
    assert (ann["record"]["name"], ann["record"]["queues"]) == ("Ann", ["jade/q"])


def test_schedules_come_by_file_onto_the_partition_of_their_agent(parts: Parts, api: Api, floor: WrittenFloor):
    api.send("PUT", "/v1/floor/sites/opal", {"record": {"id": "opal", "name": text("Opal"), "timezone": "Asia/Tokyo"}})
    rows = (
        "agent,site,date,activity,start,end\nann,opal,2026-03-02,on_queue,07:00,10:00\n"
        "ann,opal,2026-03-02,meal,10:00,10:30\nbob,opal,2026-03-02,sleeping,07:00,10:00\ncat,opal,2026-03-02,,,\n"
    )
    checked = post_file(api, "/v1/floor/schedules?check=true", rows)
    assert (checked["taken"], checked["things"], checked["agents"], checked["lost"]) == (False, 2, 2, 1)
    (fault,) = checked["faults"]
    assert (fault["place"], fault["field"], fault["lost"]) == ("line 4", "activity", "bob 2026-03-02")
    assert post_file(api, "/v1/floor/schedules", rows)["taken"] is True

    async def written() -> dict[str, tuple[int, DaySchedule]]:
        settings = CommonSettings(
            KAFKA_BOOTSTRAP_SERVERS=parts.kafka_bootstrap_servers, namespace=floor.names.namespace
        )
        reader = kafka.reader(settings, floor.names.schedules.name)
        await reader.start()
        try:
            found = await reader.getmany(timeout_ms=5000)
        finally:
            await reader.stop()
        records = [(place.partition, record) for place, records in found.items() for record in records]
        return {record.key.decode(): (at, DaySchedule.model_validate_json(record.value)) for at, record in records}

    days = asyncio.run(written())
    assert set(days) == {"ann|2026-03-02", "cat|2026-03-02"}
    for partition, day in days.values():
        assert partition == kafka.partition_of(day.agent, 4)
    assert days["ann|2026-03-02"][1].activities[0].start == 1_772_402_400_000  # 07:00 in Tokyo
    step = api.get("/v1/journal?kind=floor_step&subject=schedule|*").json()["entries"][0]
    assert step["changes"]["days"] == "2"

    calendar = "BEGIN:VCALENDAR\nEND:VCALENDAR\n"
    assert post_file(api, "/v1/floor/schedules?format=ical&check=true", calendar)["things"] == 0
    answer = api.send("POST", "/v1/floor/schedules?timezone=Mars/North", None)
    assert answer.json()["message"].startswith("query.timezone: ")
