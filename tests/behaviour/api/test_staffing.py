"""What-if, suggestions, the expectation of a proposal and the report of a plan: on the real API and a real Redis."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest

from services.api.domain.staffing.answers import PlanReport, Suggestions, WhatIf
from services.contracts.desk import ProposeMove
from services.contracts.metrics import Tile
from services.contracts.staffing import Load, Promise, agents_for, expected
from services.contracts.topology import Queue, Site, Text
from services.runtime.settings import CommonSettings
from tests.behaviour.api.conftest import Api, WrittenFloor, until, write_log
from tests.behaviour.api.desk import WrittenDesk, desk_of
from tests.parts import Parts
from tests.unit.api.floor import NINE, agent, clock, half_hour, move_view, plan_view, tile
from tests.unit.api.test_plan_report import Journal, at
from tests.unit.api.test_staffing import came

LOAD = Load(120, 180, 120)


def busy(queue: str, per_hour: int, abandoned: int) -> Tile:
    one = tile(queue, at_20=came(per_hour, abandoned=abandoned))
    return one.model_copy(update={"waiting_ms": abandoned * 120_000})


@pytest.fixture(scope="module")
def centres(installation: tuple[Api, WrittenFloor]) -> tuple[str, str]:
    """Two sites of these tests' own: one with ten agents and little to do, one with six and too much."""
    api, floor = installation
    ample, short = (f"{name}{uuid.uuid4().hex[:6]}" for name in ("porto", "lisbon"))
    for site, number in ((ample, 10), (short, 6)):
        text = Text(en=site, zh=site)
        floor.put(Site(id=site, name=text, timezone="UTC", region=f"r-{site}"), clock(site=site))
        floor.put(Queue(id=f"{site}/cards", name=text, skill=f"cards-{ample}", short_abandon_s=0))
        floor.put(
            *(
                agent(f"{site}-{n}", site=site, team=f"{site}/a", queues=(f"{site}/cards",))
                for n in range(number)
            )
        )  # fmt: skip
    counts = came(120, abandoned=20)
    half = half_hour(f"{short}/cards", at_20=counts).model_copy(
        update={"waiting_ms": 20 * 120_000, "date": "1999-01-25"}
    )
    floor.put(busy(f"{ample}/cards", 20, 2), busy(f"{short}/cards", 120, 20), half)
    until(lambda: api.get(f"/v1/what-if?queue={short}/cards").status_code == 200)
    until(lambda: len(suggested(api, queue=f"{short}/cards").suggestions) == 1)
    return ample, short


def suggested(api: Api, **filters: object) -> Suggestions:
    answer = api.get("/v1/moves/suggestions", params=filters)
    return Suggestions(balance=(), suggestions=(), as_of={}, passed_over={}) if answer.status_code != 200 else (
        Suggestions.model_validate_json(answer.content)
    )  # fmt: skip


def test_what_a_queue_needs_now(api: Api, centres: tuple[str, str]):
    queue = f"{centres[1]}/cards"
    found = WhatIf.model_validate_json(api.get("/v1/what-if", params={"queue": queue}).content)
    assert (found.agents, found.erlangs, found.model) == (6, 6, "erlang_a")
    assert found.needed[0].agents == agents_for(LOAD, Promise(), occupancy_cap=0.85).agents
    assert found.now is not None
    assert found.now.service_level == expected(LOAD, 6, Promise()).service_level
    assert len(found.variations) == 14


def test_numbers_that_are_given_and_a_half_hour_that_is_past(api: Api, centres: tuple[str, str]):
    queue = f"{centres[1]}/cards"
    given = {"queue": queue, "arrivals_per_hour": 500, "aht_s": 210, "occupancy_cap": 1, "agents": 30, "shrinkage": 0.3}
    found = WhatIf.model_validate_json(api.get("/v1/what-if", params=given).content)
    assert [(one.model, one.agents, one.rostered) for one in found.needed][1] == ("erlang_c", 34, 49)
    assert found.shrinkage_from == "given"
    past = WhatIf.model_validate_json(
        api.get("/v1/what-if", params={"queue": queue, "date": "1999-01-25", "start": "09:00"}).content
    )
    assert (past.date, past.start, past.agents_from) == ("1999-01-25", "09:00", "implied")
    assert past.arrivals_per_hour.contacts == 60


@pytest.mark.parametrize(
    ("parameters", "status", "code"),
    [
        ({"queue": "nowhere/none"}, 404, "no_such_queue"),
        ({"date": "1999-01-25"}, 422, "invalid"),
        ({"date": "1999-01-25", "start": "09:10"}, 422, "invalid"),
        ({"date": "1998-01-25", "start": "09:00"}, 404, "no_such_half_hour"),
        ({"agents": -1}, 422, "invalid"),
        ({"occupancy_cap": 0}, 422, "invalid"),
        ({"aht_s": "long"}, 422, "invalid"),
    ],
)
def test_what_can_not_be_asked(
    api: Api, centres: tuple[str, str], parameters: dict[str, object], status: int, code: str
):
    answer = api.get("/v1/what-if", params={"queue": f"{centres[1]}/cards"} | parameters)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_who_can_help_whom(api: Api, centres: tuple[str, str]):
    ample, short = centres
    found = suggested(api, taker=short, giver=ample)
    (one,) = found.suggestions
    assert (one.giver, one.queue, one.reaches_target) == (ample, f"{short}/cards", True)
    assert {who.name for who in one.proposed} <= {f"{ample}-{n}".title() for n in range(10)}
    assert {each.queue: (each.surplus or 0) > 0 for each in found.balance} == {
        f"{ample}/cards": True, f"{short}/cards": False,
    }  # fmt: skip
    assert suggested(api, region=f"region:r-{ample}", skill=f"cards-{ample}").suggestions == ()
    answer = api.get("/v1/moves/suggestions", params={"queue": "nowhere/none"})
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_queue")
    assert api.get("/v1/moves/suggestions", params={"minimum": -1}).status_code == 422


@pytest.fixture
async def desk(api: Api, floor: WrittenFloor, parts: Parts) -> AsyncIterator[WrittenDesk]:
    settings = CommonSettings(
        KAFKA_BOOTSTRAP_SERVERS=parts.kafka_bootstrap_servers, REDIS_URL=parts.redis_url,
        namespace=floor.names.namespace,
    )  # fmt: skip
    async with desk_of(settings, floor) as desk:
        yield desk


async def test_a_proposal_says_what_is_expected_of_both_sides(api: Api, desk: WrittenDesk, centres: tuple[str, str]):
    ample, short = centres
    body = {"giver": ample, "queue": f"{short}/cards", "agents": [f"{ample}-0", f"{ample}-1"], "until": NINE}
    asking = asyncio.create_task(asyncio.to_thread(api.post, "/v1/moves", body))
    command = await desk.next()
    assert isinstance(command, ProposeMove)
    taker, giver = command.terms.expected
    assert (taker.queue, taker.agents, taker.agents_after) == (f"{short}/cards", 6, 8)
    assert taker.service_level_after == expected(LOAD, 8, Promise()).service_level
    assert (giver.queue, giver.agents, giver.agents_after) == (f"{ample}/cards", 10, 8)
    desk.answer(command, "done", move_view(command.target, giver=ample, taker=short))
    assert (await asking).status_code == 200


def test_a_plan_that_fires_every_morning_is_reported(
    parts: Parts, api: Api, floor: WrittenFloor, centres: tuple[str, str]
):
    queue, name = f"{centres[1]}/cards", f"surge-{uuid.uuid4().hex[:6]}"
    floor.put(plan_view(name, match=queue))
    journal = Journal()
    journal.view = plan_view(name, match=queue, revision=0)
    for day in (-2, -1, 0):
        journal.fires(day, "09:05", "09:20")
        date = f"1999-01-{25 + day}"
        counts = came(120, abandoned=20)
        half = half_hour(queue, start=at(day, "09:00"), date=date, at_20=counts)
        floor.put(half.model_copy(update={"waiting_ms": 20 * 120_000}))
    own = [step.model_copy(update={"plan": name, "id": step.id.replace("surge", name)}) for step in journal.steps]
    others = ((f"{name}|no step", b"{}"), *((step.id, step.model_dump_json().encode()) for step in journal.steps))
    write_log(
        parts,
        floor.names,
        floor.names.journal,
        (*others, *((step.id, step.model_dump_json().encode()) for step in own)),
    )
    until(lambda: api.get(f"/v1/plans/{name}/report").status_code == 200)
    found = PlanReport.model_validate_json(api.get(f"/v1/plans/{name}/report", params={"days": 5}).content)
    assert (found.planning_fault, found.days, found.fired) == (True, 3, 3)
    (row,) = found.half_hours
    assert (row.label, row.fired_days) == ("09:00", 3)
    assert row.missing_agents is not None
    assert row.missing_agents > 0
    missing = api.get("/v1/plans/none/report")
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown_target")
