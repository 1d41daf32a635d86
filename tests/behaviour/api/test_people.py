"""Agents, teams, adherence, menus, repeat calls, groups, regions, catalogue: on the real API and a real Redis."""

import asyncio
import uuid

import pytest

from services.api.domain import answers, reports
from services.contracts.adherence import AdherenceLimitsView
from services.contracts.agents import AgentTotals
from services.contracts.catalogue import CATALOGUE
from services.contracts.metrics import Group, IvrCounts, IvrLink, NodeCounts, Repeats, Running, repeats_id
from services.contracts.socket import TileView
from services.contracts.topology import Flow, MenuChoice, MenuNode, Queue, Site, Team, Text
from tests.behaviour.api.conftest import Api, WrittenFloor, live, until
from tests.unit.api.floor import (
    HALF_HOUR,
    MINUTE,
    NINE,
    TODAY,
    agent,
    agent_day,
    alert,
    clock,
    counts,
    half_hour,
    ivr_half_hour,
    tile,
)

TOTALS = AgentTotals(
    signed_in_ms=60 * MINUTE,
    by_state_ms={"talking": 30 * MINUTE, "available": 30 * MINUTE},
    by_activity_ms={"on_queue": 60 * MINUTE},
    contacts=6,
    worked_ms=60 * MINUTE,
    scheduled_work_ms=60 * MINUTE,
    planned_ms={"on_queue": 60 * MINUTE},
)
WEEK = 7 * 86_400_000


@pytest.fixture(scope="module")
def site(installation: tuple[Api, WrittenFloor]) -> str:
    """A site of these tests' own, in a region with another, with agents; the API has taken it in."""
    api, floor = installation
    name = f"s{uuid.uuid4().hex[:8]}"
    text = Text(en=name, zh=name)
    other = f"{name}-2"
    groups = tuple(
        Group(channel="voice", segment=segment, dialled="", counts=counts(offered, offered, offered))
        for segment, offered in (("VIP", 3), ("", 7))
    )
    running = Running(
        start=NINE, end=NINE + HALF_HOUR, date=TODAY, label="09:00", counts=counts(10), waiting_within=0, waiting_ms=0
    )
    short = tile(f"{name}/a", at_20=counts(100, 100, 50), waiting=5).model_copy(update={"running": running})
    menu = ivr_half_hour(f"{name}/menu").model_copy(
        update={
            "counts": IvrCounts(entered=10, contained=4, lost=6),
            "nodes": {"main": NodeCounts(entered=10, contained=4, lost=6, depth=1)},
            "links": (
                IvrLink(source="start", to="main", calls=10),
                IvrLink(source="main", to="contained", calls=4),
                IvrLink(source="main", to="lost", calls=6),
            ),
        }
    )
    out = agent(
        f"{name}-dan", site=name, team=f"{name}/red", queues=(f"{name}/a",), state="not_ready", reason="break",
        activity="break", adherence="out",
    )  # fmt: skip
    floor.put(
        Site(id=name, name=text, timezone="Asia/Jerusalem", region=f"r-{name}"),
        Site(id=other, name=text, timezone="Asia/Jerusalem", region=f"r-{name}"),
        Queue(id=f"{name}/a", name=text),
        Flow(
            id=f"{name}/menu",
            name=text,
            nodes=(MenuNode(id="main", name=text, choices=(MenuChoice(key="1", to="end"),)),),
        ),
        Team(id=f"{name}/blue", name=Text(en="Blue", zh="蓝组")),
        clock(site=name),
        clock(site=other),
        short,
        tile(f"{other}/a", at_20=counts(1)),
        half_hour(f"{name}/a", at_20=counts(10, 10, 10)).model_copy(update={"groups": groups}),
        half_hour(f"{name}/a", start=NINE - WEEK, date="1999-01-18", at_20=counts(30)),
        half_hour(f"{name}/a", start=NINE - 2 * WEEK + HALF_HOUR, date="1999-01-11", at_20=counts(5)),
        Repeats(
            id=repeats_id(f"{name}/a", NINE), scope=f"{name}/a", start=NINE, end=NINE + HALF_HOUR, date=TODAY, label="09:00",
            revision=1, known=8, within_days={7: 2},
        ),
        menu,
        agent(f"{name}-ann", site=name, team=f"{name}/blue", queues=(f"{name}/a",), totals=TOTALS),
        out,
        agent_day(f"{name}-ann", team=f"{name}/blue", totals=TOTALS),
        agent_day(f"{name}-dan", team=f"{name}/red", totals=AgentTotals(signed_in_ms=60 * MINUTE)),
    )  # fmt: skip

    async def taken_in() -> None:
        async with live(api) as client:
            await client.subscribe(filters={"sites": [name]})
            await client.until(
                lambda held: (
                    (held.get(f"tile|{name}/a", {}).get("running") or {}).get("earlier_weeks")
                    and held[f"tile|{name}/a"]["agents"]
                    and held.get(f"team|{name}/blue", {}).get("name", {}).get("zh") == "蓝组"
                )
            )

    asyncio.run(taken_in())
    return name


def test_agents_are_sent_to_those_who_ask_for_them(api: Api, site: str):
    async def kinds(**filters) -> set[str]:
        async with live(api) as client:
            await client.subscribe(filters={"sites": [site]} | filters)
            return {key.partition("|")[0] for key in client.held}

    assert asyncio.run(kinds()) == {"tile", "day", "feed", "team"}
    assert asyncio.run(kinds(kinds=["agent"])) == {"agent"}


def test_agents_with_their_shares(api: Api, site: str):
    def ids(**parameters) -> list[str]:
        answer = api.get("/v1/agents", params={"site": site} | parameters)
        return [row.agent.id for row in reports.Agents.model_validate_json(answer.content).agents]

    assert ids() == [f"{site}-ann", f"{site}-dan"]
    assert ids(team=f"{site}/blue") == ids(adherence="in") == [f"{site}-ann"]
    assert ids(queue=f"{site}/b") == ids(site="nowhere") == []
    (row, _) = reports.Agents.model_validate_json(api.get(f"/v1/agents?site={site}").content).agents
    assert (row.shares.occupancy, row.shares.aht_s) == (0.5, 300)


def test_teams(api: Api, site: str):
    teams = reports.Teams.model_validate_json(api.get(f"/v1/teams?site={site}").content).teams
    assert [(team.id, team.name.zh) for team in teams] == [(f"{site}/blue", "蓝组"), (f"{site}/red", "red")]
    assert teams[0].agents.occupancy == 0.5
    tile_view = TileView.model_validate_json(api.get(f"/v1/tiles/{site}/a").content)
    assert tile_view.agents is not None
    assert tile_view.agents.by_state == {"not_ready:break": 1, "talking": 1}


def test_days_of_agents(api: Api, site: str):
    one = reports.AgentDayRow.model_validate_json(api.get(f"/v1/agents/{site}-ann/days/{TODAY}").content)
    assert (one.day.totals, one.shares.conformance) == (TOTALS, 1)
    missing = api.get(f"/v1/agents/{site}-ann/days/1999-01-26")
    assert (missing.status_code, missing.json()["code"]) == (404, "no_such_day")

    whole = reports.AgentDays.model_validate_json(api.get(f"/v1/days/{TODAY}/agents?site={site}").content)
    assert [row.day.agent for row in whole.agents] == [f"{site}-ann", f"{site}-dan"]
    assert whole.shares.utilisation == 0.25
    team = reports.AgentDays.model_validate_json(api.get(f"/v1/days/{TODAY}/agents?team={site}/red").content)
    assert [row.day.agent for row in team.agents] == [f"{site}-dan"]


def test_who_is_missing_and_what_that_costs(api: Api, site: str):
    (absence,) = reports.Adherence.model_validate_json(api.get(f"/v1/adherence?site={site}").content).absences
    assert (absence.agent, absence.planned, absence.activity) == (f"{site}-dan", "on_queue", "break")
    (cost,) = absence.queues
    assert (cost.missing, cost.working, cost.waiting) == (1, 1, 5)
    assert absence.cost == cost.cost == pytest.approx((30 + 5) / 2)


def test_a_menus_day(api: Api, site: str):
    day = reports.FlowDay.model_validate_json(api.get(f"/v1/flows/{site}/menu/days/{TODAY}").content)
    assert (day.counts.entered, day.figures.containment, day.lost_by_depth) == (10, 0.4, {1: 6})
    assert {(link.source, link.target): link.value for link in day.links}["start", "main"] == 10

    def half(start: int) -> reports.FlowDay:
        answer = api.get(f"/v1/flows/{site}/menu/days/{TODAY}?start={start}")
        return reports.FlowDay.model_validate_json(answer.content)

    nine, next_ = half(NINE), half(NINE + HALF_HOUR)
    assert (nine.start, nine.counts, nine.links) == (NINE, day.counts, day.links)
    assert (next_.start, next_.counts.entered, next_.figures.containment, next_.links) == (
        NINE + HALF_HOUR,
        0,
        None,
        (),
    )
    missing = api.get(f"/v1/flows/{site}/none/days/{TODAY}")
    assert (missing.status_code, missing.json()["code"]) == (404, "no_such_flow")


def test_repeat_calls_and_groups_of_a_day(api: Api, site: str):
    def day(scope: str) -> answers.Day:
        return answers.Day.model_validate_json(api.get(f"/v1/days/{TODAY}/intervals", params={"scope": scope}).content)

    for scope in (f"{site}/a", site, f"region:r-{site}"):
        repeats = day(scope).repeats
        assert repeats is not None
        assert repeats.first_contact_resolution == {7: 0.75}
    assert day(f"region:r-{site}").level == "region"

    answer = api.get(f"/v1/days/{TODAY}/groups", params={"scope": site, "by": "segment"})
    groups = reports.Groups.model_validate_json(answer.content).groups
    assert [(group.key, group.counts.offered) for group in groups] == [("", 7), ("VIP", 3)]
    assert api.get(f"/v1/days/{TODAY}/groups", params={"scope": site, "by": "colour"}).status_code == 422


def test_the_running_half_hour_is_compared_with_earlier_weeks(api: Api, site: str):
    running = TileView.model_validate_json(api.get(f"/v1/tiles/{site}/a").content).running
    assert running is not None
    # 30 a week ago; the day two weeks ago has data, but nobody came at nine; of the weeks before nothing is known.
    assert (running.earlier_offered, running.earlier_weeks) == (15, 2)


def test_a_region_is_a_tile_for_those_who_see_its_sites(api: Api, site: str):
    view = TileView.model_validate_json(api.get(f"/v1/tiles/region:r-{site}").content)
    assert (view.level, view.rolling[20].offered) == ("region", 101)

    async def sees(*sites: str) -> bool:
        async with live(api) as client:
            await client.subscribe(filters={"sites": list(sites)})
            return f"tile|region:r-{site}" in client.held

    assert asyncio.run(sees(site, f"{site}-2"))
    assert not asyncio.run(sees(site))
    missing = api.get(f"/v1/days/{TODAY}/intervals?scope=region:none")
    assert (missing.status_code, missing.json()["code"]) == (404, "no_such_scope")


def test_the_catalogue_and_watermarks(api: Api, site: str):
    listed = reports.Metrics.model_validate_json(api.get("/v1/metrics").content).metrics
    assert [metric.id for metric in listed] == [metric.id for metric in CATALOGUE]
    feeds = answers.Feeds.model_validate_json(api.get("/v1/feeds").content)
    (partition,) = [part for part in feeds.partitions if part.site == site]
    assert (partition.topic, partition.partition, partition.at) == ("contacts", 0, NINE)


def test_a_teams_alerts_come_costliest_first_and_limits_are_told(api: Api, floor: WrittenFloor):
    name = f"s{uuid.uuid4().hex[:8]}"
    team, other = f"{name}/blue", f"{name}/red"
    late = [
        alert(f"{name}-{who}", rule="late-from-break", site=name, team=of).model_copy(update={"cost": cost})
        for who, of, cost in (("ann", team, 2.0), ("ben", team, 7.5), ("cem", other, 9.0))
    ]
    floor.put(*late, AdherenceLimitsView(revision=4, changed_by="dana"))
    until(lambda: len(api.get(f"/v1/alerts?team={team}").json()["alerts"]) == 2)

    found = answers.Alerts.model_validate_json(api.get(f"/v1/alerts?team={team}").content).alerts

    assert [one.scope for one in found] == [f"{name}-ben", f"{name}-ann"]
    until(lambda: api.get("/v1/adherence/limits").json()["revision"] == 4)
    answer = api.get("/v1/adherence/limits")
    assert (answer.headers["etag"], answer.json()["limits"]["out_s"]) == ('"4"', 120)
    wrong = api.send("PUT", "/v1/adherence/limits", {"states": [{"state": "hold", "after_s": 1}]})
    assert wrong.status_code == 422
    assert "states.0.after_s" in wrong.json()["message"]
