"""Agents, from what can't be used to what is learnt anew: refusals, plans taken back, descriptions, days that are over."""

import pytest

from services.contracts.events import AgentLoggedIn, AgentLoggedOut, AgentState, AgentStateChanged, Heartbeat
from services.contracts.schedules import AdherenceException, DaySchedule, PlannedActivity
from services.contracts.topology import Agent
from services.metrics.domain.clocks import LATEST_MS, Horizons
from tests.unit.metrics.agent_desk import NAMES, SITE, AgentDesk, activities, site

NINE = 1_795_510_800_000  # 2026-11-24, 09:00 UTC
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
TODAY = "2026-11-24"


def state(
    at: int, what: AgentState = "available", *, agent: str = "ana", of: str = SITE, reason: str = "", event: str = ""
) -> AgentStateChanged:
    return AgentStateChanged(event or f"{agent}-{at}-{what}", "acd", at, agent, of, what, reason, "")


def shift(version: int = 1, *, agent: str = "ana", until: int = NINE + 8 * HOUR) -> DaySchedule:
    parts = (PlannedActivity(activity="on_queue", start=NINE, end=until),)
    return DaySchedule(agent=agent, site=SITE, date=TODAY, version=version, activities=parts)


def desk(**more: int) -> AgentDesk:
    return AgentDesk(site("UTC"), activities(), **({"horizons": Horizons(**more)} if more else {}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (state(NINE, of="no|site"), "is no site's id"),
        (state(NINE, agent="a|b"), "an agent's id has 1 to 128 characters"),
        (state(LATEST_MS), "a time after the year 2099"),
        (Heartbeat("acd", "no|site", NINE, 1.0), "site"),
    ],
)
def test_what_can_not_be_used_becomes_a_letter_and_changes_nothing(event: AgentStateChanged, reason: str):
    floor = desk()
    floor.send(event)
    floor.checkpoint()
    (letter,) = floor.letters.values()
    assert reason in letter.reason
    assert floor.look() == {}


def test_what_comes_when_its_time_is_closed_for_ever_is_too_late():
    floor = desk(horizon_ms=HOUR, silent_ms=10 * MINUTE)
    floor.send(state(NINE))
    floor.beat(NINE + 6 * HOUR)
    floor.checkpoint()
    floor.send(state(NINE + MINUTE, "talking"))
    floor.checkpoint()
    (letter,) = floor.letters.values()
    assert "too late" in letter.reason
    assert floor.tile("ana").state == "available"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ana|2026-11-24", b"{}"),
        ("ana|2026-11-25", shift().model_dump_json().encode()),  # another day's key
        ("ana|2026-11-24", b"\xff"),
    ],
)
def test_a_record_that_is_no_schedule_becomes_a_letter(key: str, value: bytes):
    floor = desk()
    floor.put(NAMES.schedules.name, value, key)
    floor.checkpoint()
    (letter,) = floor.letters.values()
    assert letter.reason.startswith("no schedule: ")


def test_a_plan_or_an_excuse_that_is_taken_back_holds_no_more():
    floor = desk()
    floor.delete(f"ana|{TODAY}")  # of nobody
    floor.delete(f"exception|ana|x1|{TODAY}")
    floor.send(AgentLoggedIn("in", "acd", NINE, "ana", SITE, ""), state(NINE, "not_ready", reason="break"))
    floor.schedule(shift())
    floor.beat(NINE + 10 * MINUTE)
    assert floor.tile("ana").adherence == "out"
    floor.schedule(AdherenceException(id="x1", agent="ana", start=NINE, end=NINE + HOUR, reason="doctor"))
    assert floor.tile("ana").adherence != "out"
    floor.delete("exception|ana|x1")
    assert floor.tile("ana").adherence == "out"
    floor.delete(f"ana|{TODAY}")
    assert floor.tile("ana").planned is None
    assert floor.tile("ana").adherence == "unscheduled"


def test_an_older_version_of_a_plan_and_a_record_read_again_change_nothing():
    floor = desk()
    floor.send(state(NINE))
    floor.schedule(shift(2, until=NINE + HOUR))
    floor.beat(NINE + MINUTE)
    before = floor.tile("ana")
    floor.schedule(shift(1, until=NINE + 2 * HOUR))
    for record in list(floor.log):
        floor.keeper.apply(record)
    floor.look()
    assert floor.tiles["ana"].next_change_at == before.next_change_at == NINE + HOUR


def test_who_is_known_by_an_exception_alone_has_no_tile_until_they_are_somewhere():
    floor = desk()
    floor.schedule(AdherenceException(id="x1", agent="rui", start=NINE, end=NINE + HOUR, reason="doctor"))
    floor.beat(NINE)
    assert floor.look() == {}
    floor.checkpoint()
    floor.kill()
    floor.send(state(NINE + MINUTE, agent="rui"))
    assert floor.tile("rui").site == SITE


def test_an_agent_who_is_described_anew_has_that_name_and_queues_at_once():
    floor = desk()
    floor.send(state(NINE))
    floor.beat(NINE + MINUTE)
    assert floor.tile("ana").name == "ana"
    floor.describe(Agent(id="ana", site=SITE, name="Ana Sousa", team=f"{SITE}/blue", queues=(f"{SITE}/retail",)))
    floor.describe(Agent(id="nobody", site=SITE, name="Nobody"))
    tile = floor.tile("ana")
    assert (tile.name, tile.team, tile.queues) == ("Ana Sousa", f"{SITE}/blue", (f"{SITE}/retail",))


def test_in_another_time_zone_days_begin_at_other_times():
    floor = desk()
    floor.send(state(NINE))
    floor.beat(NINE + HOUR)
    assert set(floor.days()) == {("ana", TODAY)}
    floor.look()
    floor.describe(site("UTC"))  # as it is already
    assert floor.look() == {}
    floor.describe(site("Pacific/Kiritimati"))  # 23:00 there, and 00:00 an hour later
    assert {date for _, date in floor.days()} == {TODAY, "2026-11-25"}


def test_with_other_activities_days_are_told_again():
    floor = desk()
    floor.send(state(NINE, "not_ready", reason="smoke"))
    floor.schedule(shift())
    floor.beat(NINE + HOUR)
    assert floor.tile("ana").activity == "off_queue"
    table = activities()
    smoke = table.mappings[0].model_copy(update={"state": "not_ready", "reason": "smoke", "activity": "break"})
    floor.checkpoint()
    floor.describe(table.model_copy(update={"mappings": (*table.mappings, smoke)}))
    assert floor.tile("ana").activity == "break"
    (day,) = floor.checkpoint()
    assert (day.agent, day.date) == ("ana", TODAY)


def test_after_a_restart_with_other_activities_the_days_are_told_again():
    floor = desk()
    floor.send(state(NINE, "not_ready", reason="smoke"))
    floor.beat(NINE + HOUR)
    floor.checkpoint()
    table = activities()
    smoke = table.mappings[0].model_copy(update={"state": "not_ready", "reason": "smoke", "activity": "break"})
    floor.topology.append(table.model_copy(update={"mappings": (*table.mappings, smoke)}))
    floor.kill()
    assert floor.tile("ana").activity == "break"


def test_who_was_not_seen_for_days_is_gone_for_good():
    floor = desk(horizon_ms=HOUR, silent_ms=10 * MINUTE)
    floor.send(state(NINE), state(NINE, agent="rui"))
    floor.schedule(shift())
    floor.send(AgentLoggedOut("out", "acd", NINE + HOUR, "ana", SITE))
    floor.beat(NINE + HOUR)
    floor.checkpoint()
    assert set(floor.tiles) | set(floor.look()) == {"ana", "rui"}
    for hours in range(2, 96):
        floor.beat(NINE + hours * HOUR)
        if hours % 12 == 0:
            floor.send(state(NINE + hours * HOUR, agent="rui"))
        floor.checkpoint()
    assert set(floor.tiles) == {"rui"}
    assert not [key for key in floor.changelog if b"|ana|" in key]


def test_a_tile_is_told_at_most_ten_times_a_second():
    floor = desk()
    floor.send(state(NINE))
    floor.beat(NINE)
    assert set(floor.look(now=100.0)) == {"ana"}
    floor.send(state(NINE + 1000, "talking"))
    assert floor.look(now=100.05) == {}
    assert floor.look(now=100.11)["ana"].state == "talking"
