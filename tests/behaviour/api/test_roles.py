"""Every route and every socket message, as every role: nobody is shown a row of another site or team, and who may not is told.

A new route needs tries in `walk.py`; a new kind of item needs a row in its floor.
"""

import asyncio
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from types import SimpleNamespace
from typing import Any, cast, get_args

import pytest

from services.api.app import application
from services.api.settings import ApiSettings
from services.contracts.events import Answered, Offered, encode_batch
from services.contracts.socket import ItemKind
from services.runtime import kafka
from services.runtime.settings import CommonSettings
from tests.behaviour.api import walk
from tests.behaviour.api.conftest import Api, LiveClient, WrittenFloor, live, running_api, until
from tests.behaviour.api.people import SECRET, Browser, by_link
from tests.parts import Parts
from tests.unit.api.floor import NINE

pytestmark = pytest.mark.timeout(600)
KINDS = list(get_args(ItemKind))


class Walk:
    """An API with rows of everything, and everybody signed in."""

    def __init__(self, api: Api, floor: WrittenFloor) -> None:
        self.api, self.floor = api, floor
        self.admin = by_link(api, floor)
        for person in walk.PERSONS:
            terms = {"name": person.name, "role": person.role, "sites": person.sites, "teams": person.teams}
            self.admin.do("POST", "/v1/accounts", terms, status=201)
        self.admin.do("POST", "/v1/accounts", {"name": "probe", "role": "viewer"}, status=201)
        key = self.admin.do("POST", "/v1/keys", {"name": "walk", "role": "viewer"}, status=201)
        self.made = {"key": key["key"]["id"]}
        for site in walk.OWN:
            path = f"/v1/devices/{self.code()}/approve"
            self.made[site] = self.admin.do("POST", path, {"name": "hall", "sites": [site]}, status=201)["id"]
            self._used()

    def browser(self, person: walk.Person) -> Browser:
        return by_link(self.api, self.floor, f"account|{person.name}")

    _code = ""

    def code(self) -> str:
        """Of a wall that waits."""
        if not self._code:
            self._code = Browser(self.api).do("POST", "/v1/devices", status=201)["code"]
        return self._code

    def _used(self) -> None:
        self._code = ""

    def ask(self, browser: Browser, each: walk.Try) -> tuple[int, str]:
        path = each.path if isinstance(each.path, str) else each.path()
        answer = browser.request(each.method, path, json=each.body)
        if each.template == "/v1/devices/{code}/approve" and answer.status_code == 201:
            self._used()
        return answer.status_code, answer.text

    def tries(self) -> list[walk.Try]:
        return [*walk.on_rows(), *walk.on_alerts(), *walk.on_desk(), *walk.on_doors(self.code, self.made)]


async def log_contacts(parts: Parts, floor: WrittenFloor) -> None:
    """Two calls of each site's queue, answered by an agent of each team."""
    settings = CommonSettings(KAFKA_BOOTSTRAP_SERVERS=parts.kafka_bootstrap_servers, namespace=floor.names.namespace)
    await kafka.ensure_topics(settings, [floor.names.contacts])
    producer = kafka.producer(settings)
    await producer.start()
    try:
        for site, agents in (("amber", ("teal-1", "rust-1")), ("cobalt", ("cobalt-1", "cobalt-1"))):
            queue, events = f"{site}/sales", []
            for n, agent in enumerate(agents):
                events += [
                    Offered(f"o{n}", "acd", NINE, queue, f"call-{n}"),
                    Answered(f"a{n}", "acd", NINE + 5000, queue, f"call-{n}", NINE, agent),
                ]
            partition = kafka.partition_of(queue, settings.partitions)
            await producer.send_and_wait(floor.names.contacts.name, encode_batch(events), partition=partition)
    finally:
        await producer.stop()


@pytest.fixture(scope="module")
def walked(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    folder = tmp_path_factory.mktemp("api")
    (folder / "dist").mkdir()
    (folder / "dist/index.html").write_text("<!doctype html><title>the wall</title>")
    variables = {"FLOORWATCH_SECRET": SECRET, "FLOORWATCH_ANSWER_WITHIN_S": "0.02"}
    with running_api(parts, folder, FLOORWATCH_REQUESTS_PER_MINUTE="100000", **variables) as (api, floor):
        asyncio.run(log_contacts(parts, floor))
        walk.write(floor)
        walk.write_past(floor)
        found = Walk(api, floor)
        until(lambda: found.admin.get("/v1/tiles/region:isles").status_code == 200)
        until(lambda: found.admin.get("/v1/moves/m-near").status_code == 200)
        until(lambda: len(found.admin.do("GET", "/v1/agents")["agents"]) == 4)
        yield found


def every_route() -> set[tuple[str, str]]:
    """(method, template) of the application as it is wired; sockets by the method SOCKET."""
    app = application(cast("Any", SimpleNamespace(settings=ApiSettings())))
    found, routes = set(), list(app.routes)
    while routes:
        route: Any = routes.pop()
        nested = getattr(getattr(route, "original_router", None), "routes", None)
        if nested:
            routes += nested
            continue
        methods = getattr(route, "methods", None) or {"SOCKET"}
        found |= {(method, route.path.replace(":path}", "}")) for method in methods if method != "HEAD"}
    return found


def test_every_route_is_walked(walked: Walk):
    assert {(each.method, each.template) for each in walked.tries()} | {("SOCKET", "/v1/live")} == every_route()


@pytest.mark.parametrize("person", walk.PERSONS, ids=lambda person: person.name)
def test_every_route_as_everybody(walked: Walk, person: walk.Person):
    browser = walked.browser(person)
    wrong: list[tuple[object, ...]] = []
    shown = 0
    for each in walked.tries():
        status, text = walked.ask(browser, each)
        if status != each.expected(person):
            wrong.append((each.method, each.path, status, each.expected(person), text[:200]))
        if status == 200 and each.template != "/openapi.json":  # it tells of every kind and shows no row
            shown += 1
            wrong += [
                (each.method, each.path, "shows", stranger) for stranger in person.strangers if stranger in text
            ]  # fmt: skip
    assert wrong == []
    assert shown > 30


def test_every_route_as_nobody(walked: Walk):
    stranger = Browser(walked.api)
    wrong = []
    for each in walked.tries():
        status, text = walked.ask(stranger, each)
        if status != each.nobody:
            wrong.append((each.method, each.path, status, text[:200]))
    assert wrong == []


def test_agents_of_other_teams_are_not_named_in_the_contacts_behind_a_number(walked: Walk):
    def agents(person: walk.Person) -> set[str]:
        found = walked.browser(person).do("GET", f"/v1/contacts?queue=amber/sales&interval={NINE}")
        told = {event["fields"].get("agent") for contact in found["contacts"] for event in contact["events"]}
        assert {contact["agent"] for contact in found["contacts"]} == told - {None}
        return told - {None}

    assert agents(walk.Person("supervisor", sites=("amber",))) == {"teal-1", "rust-1"}
    assert agents(walk.Person("team_lead", teams=("amber/teal",))) == {"teal-1", ""}


async def test_every_item_of_the_socket_as_everybody(walked: Walk):
    """The snapshot, and the updates after everything has changed."""
    async with AsyncExitStack() as sockets:
        clients: dict[walk.Person, LiveClient] = {}
        for person in walk.PERSONS:
            headers = walked.browser(person).cookie
            clients[person] = await sockets.enter_async_context(live(walked.api, additional_headers=headers))
            await clients[person].subscribe(filters={"kinds": KINDS})
        await asyncio.to_thread(walk.write, walked.floor, offered=20)
        for person, client in clients.items():
            await client.until(lambda held: held["tile|amber/sales"]["target_counts"]["offered"] == 20)
            seen = f"agent|{'cobalt-1' if person.is_everywhere else 'teal-1'}"
            await client.until(lambda held, seen=seen: held[seen]["offset"] == 20)
            told = json.dumps(client.messages, separators=(",", ":"), ensure_ascii=False)
            assert [stranger for stranger in person.strangers if stranger in told] == [], person.name
    everything = clients[walk.Person("administrator")].held
    assert {key.partition("|")[0] for key in everything} == set(KINDS), "a new kind needs a row in walk.py"
    assert {key for key in everything if key.startswith("alert|")} == {f"alert|{id_}" for id_ in walk.ALERTS}
    lead = clients[walk.Person("team_lead", teams=("amber/teal",))].held
    assert {key for key in lead if key.startswith(("agent|", "team|", "alert|"))} == {
        "agent|teal-1", "team|amber/teal", "alert|low|amber/sales", "alert|late|teal-1",
    }  # fmt: skip


async def test_asking_for_other_sites_shows_none(walked: Walk):
    browser = walked.browser(walk.Person("supervisor", sites=("amber",)))
    async with live(walked.api, additional_headers=browser.cookie) as client:
        snapshot = await client.subscribe(filters={"sites": ["cobalt"], "kinds": KINDS})
        assert snapshot["items"] == []
    async with live(walked.api) as stranger:
        assert (await stranger.receive())["code"] == "unauthorised"
