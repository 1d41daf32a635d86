"""Accounts, sessions, keys and walls: who comes in, and who goes at once."""

import asyncio
import json
import os
import re
import uuid
from collections.abc import Iterator

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from websockets.exceptions import ConnectionClosed

from services.contracts.accounts import Account, record_adapter
from services.runtime import kafka
from services.runtime.settings import CommonSettings
from tests import warm, web
from tests.behaviour.api.conftest import Api, LiveClient, WrittenFloor, live, running_api, until
from tests.behaviour.api.people import GOOD, SECRET, Browser, by_link, by_password, new_name
from tests.parts import Parts

NEWER = "staple battery horse"


@pytest.fixture(scope="module")
def guarded(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Api, WrittenFloor]]:
    folder = tmp_path_factory.mktemp("api")
    (folder / "dist").mkdir()
    (folder / "dist/index.html").write_text("<!doctype html><title>the wall</title>")
    with running_api(parts, folder, FLOORWATCH_SECRET=SECRET) as running:
        yield running


@pytest.fixture
def api(guarded: tuple[Api, WrittenFloor]) -> Api:
    return guarded[0]


@pytest.fixture
def floor(guarded: tuple[Api, WrittenFloor]) -> WrittenFloor:
    return guarded[1]


@pytest.fixture(scope="module")
def admin(guarded: tuple[Api, WrittenFloor]) -> Browser:
    return by_link(*guarded)


def added(admin: Browser, name: str, password: str | None = GOOD, **terms: object) -> str:
    admin.do("POST", "/v1/accounts", {"name": name, "role": "supervisor", "password": password} | terms, status=201)
    return name


async def closing(client: LiveClient) -> tuple[str, int]:
    """What the socket is told at its end, and the code."""
    while (message := await client.receive())["type"] != "error":
        pass
    with pytest.raises(ConnectionClosed) as end:
        await client.receive()
    assert end.value.rcvd is not None
    return message["code"], end.value.rcvd.code


def test_the_first_administrator_comes_by_the_installations_link_and_makes_accounts(api: Api, floor: WrittenFloor):
    first = by_link(api, floor)
    name = new_name("Ann")
    made = first.do("POST", "/v1/accounts", {"name": name, "role": "team_lead", "teams": ["bank/blue"]}, status=201)
    assert (made["has_password"], made["revision"], made["changed_by"]) == (False, 1, "administrator")
    nobody = Browser(api)
    nobody.do("POST", "/v1/sign-in", {"name": name, "password": GOOD}, status=401)

    link = first.do("POST", f"/v1/accounts/{name}/link", status=201)
    answer = nobody.get(link["path"])
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    session = nobody.do("GET", "/v1/session")
    assert (session["name"], session["role"], session["teams"], session["fresh"]) == (
        name,
        "team_lead",
        ["bank/blue"],
        True,
    )
    nobody.do("PUT", "/v1/password", {"password": GOOD})
    assert nobody.do("GET", "/v1/session")["by"] == "password"
    assert by_password(api, name.upper()).do("GET", "/v1/session")["name"] == name
    assert Browser(api).get(link["path"]).status_code == 403, "it works once"


def test_the_same_name_in_capitals_is_taken(admin: Browser):
    name = added(admin, new_name("ben"))
    refused = admin.do("POST", "/v1/accounts", {"name": name.upper(), "role": "viewer"}, status=409)
    assert refused["code"] == "taken"


def test_a_password_that_is_short_or_holds_the_name_is_refused(api: Api, admin: Browser):
    name = added(admin, new_name("cleo"))
    browser = by_password(api, name)
    browser.do("PUT", "/v1/password", {"password": "short", "old": GOOD}, status=422)
    browser.do("PUT", "/v1/password", {"password": f"my {name.upper()}!", "old": GOOD}, status=422)
    browser.do("PUT", "/v1/password", {"password": NEWER, "old": "wrong"}, status=403)
    browser.do("PUT", "/v1/password", {"password": NEWER}, status=403)
    browser.do("GET", "/v1/session")


def test_a_new_password_ends_the_other_sessions_and_not_this_one(api: Api, admin: Browser):
    name = added(admin, new_name("dora"))
    here, there = by_password(api, name), by_password(api, name)
    here.do("PUT", "/v1/password", {"password": NEWER, "old": GOOD})
    here.do("GET", "/v1/session")
    there.do("GET", "/v1/session", status=401)
    Browser(api).do("POST", "/v1/sign-in", {"name": name, "password": GOOD}, status=401)
    by_password(api, name, NEWER)


def test_signing_out_ends_the_session_wherever_its_cookie_is(api: Api, admin: Browser):
    browser = by_password(api, added(admin, new_name("eve")))
    copied = browser.cookie
    browser.do("POST", "/v1/sign-out", status=204)
    assert "floorwatch_session" not in browser.cookies
    assert api.get("/v1/session", headers=copied).status_code == 401


async def test_an_account_that_is_locked_is_out_at_once(api: Api, admin: Browser):
    name = added(admin, new_name("finn"))
    browser = by_password(api, name)
    async with live(api, additional_headers=browser.cookie) as client:
        assert (await client.subscribe())["type"] == "snapshot"
        locked = admin.do("PUT", f"/v1/accounts/{name}", {"role": "supervisor", "disabled": True})
        assert await closing(client) == ("unauthorised", 4401)
    browser.do("GET", "/v1/session", status=401)
    Browser(api).do("POST", "/v1/sign-in", {"name": name, "password": GOOD}, status=401)
    admin.do("POST", f"/v1/accounts/{name}/link", status=409)
    admin.do("PUT", f"/v1/accounts/{name}", {"role": "supervisor"}, if_match=f'"{locked["revision"]}"')
    browser.do("GET", "/v1/session", status=401)  # unlocked is not signed in again
    by_password(api, name)


async def test_other_rights_hold_at_once_and_the_socket_starts_anew(api: Api, admin: Browser):
    name = added(admin, new_name("gus"))
    browser = by_password(api, name)
    async with live(api, additional_headers=browser.cookie) as client:
        await client.subscribe()
        admin.do("PUT", f"/v1/accounts/{name}", {"role": "viewer", "sites": ["bank"], "language": "zh"})
        assert await closing(client) == ("rights_changed", 1012)
    session = browser.do("GET", "/v1/session")
    assert (session["role"], session["sites"], session["language"]) == ("viewer", ["bank"], "zh")


def test_a_change_of_what_is_no_more_so_is_refused(admin: Browser):
    name = added(admin, new_name("hal"))
    path, terms = f"/v1/accounts/{name}", {"role": "dispatcher"}
    assert admin.do("PUT", path, terms, if_match='"1"')["revision"] == 2
    assert admin.do("PUT", path, {"role": "viewer"}, status=409, if_match='"1"')["code"] == "stale"
    answer = admin.get(path)
    assert (answer.json()["role"], answer.headers["etag"]) == ("dispatcher", '"2"')
    admin.do("PUT", "/v1/accounts/nobody", terms, status=404)
    admin.do("PUT", path, {"role": "viewer", "sites": ["a"], "teams": ["b/c"]}, status=422)


def test_the_journal_says_who_did_what_and_no_secret(api: Api, floor: WrittenFloor, admin: Browser):
    name = added(admin, new_name("ida"))
    admin.do("PUT", f"/v1/accounts/{name}", {"role": "viewer", "sites": ["bank"]})
    admin.do("PUT", f"/v1/accounts/{name}/password", {"password": NEWER})
    entries = admin.do("GET", f"/v1/journal?subject=account|{name}")["entries"]
    assert [entry["step"] for entry in entries] == ["password_set", "changed", "added"]
    assert entries[1]["changes"] == {"role": "viewer", "sites": "bank"}
    assert {entry["by"] for entry in entries} == {"administrator"}
    told = str(entries) + str(admin.do("GET", "/v1/accounts")) + str(admin.do("GET", "/v1/keys"))
    assert "argon2" not in told
    assert NEWER not in told
    assert by_password(api, name, NEWER).do("GET", "/v1/journal?kind=account_step")["entries"] == []


def test_guessing_is_slowed_down_by_name_and_the_right_password_waits_too(api: Api, admin: Browser):
    name = added(admin, new_name("jo"))
    browser = Browser(api)
    answers = [browser.post("/v1/sign-in", json={"name": name, "password": f"guess {n}"}) for n in range(7)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert browser.post("/v1/sign-in", json={"name": name.upper(), "password": GOOD}).status_code == 429


def test_pages_of_other_sites_do_nothing_in_anybodys_name(api: Api, admin: Browser):
    browser = by_password(api, added(admin, new_name("kim")))
    own = f"http://127.0.0.1:{api.port}"
    for headers in (
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": own, "sec-fetch-site": "cross-site"},
    ):
        answer = browser.post("/v1/sign-out", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "foreign_page")
    assert browser.post("/v1/sign-out", headers={"origin": own, "sec-fetch-site": "same-origin"}).status_code == 204


def test_a_key_may_what_its_scopes_and_role_say(api: Api, admin: Browser):
    made = admin.do("POST", "/v1/keys", {"name": "roster", "role": "viewer", "sites": ["bank"]}, status=201)
    program = Browser(api, headers={"authorization": f"Bearer {made['secret']}"})
    session = program.do("GET", "/v1/session")
    assert (session["by"], session["name"], session["sites"], session["scopes"]) == (
        "key",
        "roster",
        ["bank"],
        ["read"],
    )
    program.do("GET", "/v1/accounts", status=403)
    assert web.get(f"{api.url}/v1/session", headers={"x-api-key": made["secret"]}).status_code == 200
    assert web.get(f"{api.url}/v1/session", headers={"x-api-key": made["secret"][:-1]}).status_code == 401

    narrow = admin.do("POST", "/v1/keys", {"name": "ops", "role": "administrator", "scopes": ["read"]}, status=201)
    Browser(api, headers={"x-api-key": narrow["secret"]}).do("GET", "/v1/accounts", status=403)
    wide = {"name": "ops", "role": "administrator", "scopes": ["read", "admin"]}
    whole = admin.do("POST", "/v1/keys", wide, status=201)
    ops = Browser(api, headers={"x-api-key": whole["secret"]})
    assert any(key["id"] == made["key"]["id"] for key in ops.do("GET", "/v1/keys")["keys"])
    blind = admin.do("POST", "/v1/keys", {"name": "pen", "role": "supervisor", "scopes": ["act"]}, status=201)
    Browser(api, headers={"x-api-key": blind["secret"]}).do("GET", "/v1/tiles", status=403)
    ended = admin.do("POST", "/v1/keys", {"name": "old", "role": "viewer", "expires_at": 1}, status=201)
    Browser(api, headers={"x-api-key": ended["secret"]}).do("GET", "/v1/tiles", status=401)
    assert made["secret"].rpartition("_")[2] not in str(admin.do("GET", "/v1/keys"))


async def test_a_key_opens_the_socket_until_it_is_revoked(api: Api, admin: Browser):
    made = admin.do("POST", "/v1/keys", {"name": "board", "role": "viewer"}, status=201)
    async with live(api, additional_headers={"authorization": f"Bearer {made['secret']}"}) as client:
        assert (await client.subscribe())["type"] == "snapshot"
        assert admin.do("DELETE", f"/v1/keys/{made['key']['id']}")["revoked_at"]
        assert await closing(client) == ("unauthorised", 4401)
    admin.do("DELETE", "/v1/keys/none", status=404)


async def test_a_wall_is_let_in_by_its_code_and_sent_away(api: Api, admin: Browser):
    name = added(admin, new_name("lou"), sites=["bank"])
    lou, tv, thief = by_password(api, name), Browser(api), Browser(api)
    offer = tv.do("POST", "/v1/devices", status=201)
    claim = {"code": offer["code"], "secret": offer["secret"]}
    assert offer["path"] == f"/devices?code={offer['code']}"
    assert tv.do("POST", "/v1/devices/claim", claim) == {"state": "waiting"}
    thief.do("POST", "/v1/devices/claim", claim | {"secret": "guessed"}, status=404)
    thief.do("POST", f"/v1/devices/{offer['code']}/approve", {"name": "mine"}, status=401)
    lou.do("POST", f"/v1/devices/{offer['code']}/approve", {"name": "hall", "sites": ["porto"]}, status=403)

    wall = lou.do("POST", f"/v1/devices/{offer['code']}/approve", {"name": "hall"}, status=201)
    assert (wall["sites"], wall["approved_by"]) == (["bank"], name)
    lou.do("POST", f"/v1/devices/{offer['code']}/approve", {"name": "again"}, status=404)
    assert tv.do("POST", "/v1/devices/claim", claim) == {"state": "approved"}
    thief.do("POST", "/v1/devices/claim", claim, status=404)
    session = tv.do("GET", "/v1/session")
    assert (session["role"], session["by"], session["name"], session["sites"]) == ("viewer", "device", "hall", ["bank"])
    assert "Max-Age=34560000" in tv.get("/v1/session").headers["set-cookie"], "it does not end by itself"
    tv.do("POST", "/v1/devices/none/approve", {"name": "x"}, status=422)
    tv.do("GET", "/v1/devices", status=403)

    assert wall["id"] in {each["id"] for each in lou.do("GET", "/v1/devices")["devices"]}
    other = by_password(api, added(admin, new_name("max"), sites=["porto"]))
    assert wall["id"] not in {each["id"] for each in other.do("GET", "/v1/devices")["devices"]}
    other.do("DELETE", f"/v1/devices/{wall['id']}", status=404)
    async with live(api, additional_headers=tv.cookie) as client:
        await client.subscribe()
        lou.do("DELETE", f"/v1/devices/{wall['id']}")
        assert await closing(client) == ("unauthorised", 4401)


def test_the_log_is_the_truth_and_every_process_follows_it(
    api: Api, floor: WrittenFloor, admin: Browser, parts: Parts, tmp_path
):
    name = added(admin, new_name("nia"))
    browser = by_password(api, name)
    with running_api(parts, tmp_path, FLOORWATCH_SECRET=SECRET, FLOORWATCH_NAMESPACE=floor.names.namespace) as (
        second,
        _,
    ):
        assert second.get("/v1/session", headers=browser.cookie).json()["name"] == name
        admin.do("PUT", f"/v1/accounts/{name}", {"role": "supervisor", "disabled": True})
        until(lambda: second.get("/v1/session", headers=browser.cookie).status_code == 401)


async def test_of_two_changes_at_once_one_is_refused_and_the_log_keeps_the_other(
    api: Api, floor: WrittenFloor, admin: Browser, parts: Parts
):
    """Another process writes the same revision first, and its record comes before ours."""
    name = added(admin, new_name("oz"))
    settings = CommonSettings(
        KAFKA_BOOTSTRAP_SERVERS=parts.kafka_bootstrap_servers, namespace=floor.names.namespace
    )  # fmt: skip
    key = f"account|{name.casefold()}"
    first = await newest(settings, key)
    winner, loser = (first.model_copy(update={"revision": 2, "role": role}) for role in ("viewer", "dispatcher"))
    producer = kafka.producer(settings)
    await producer.start()
    try:
        for record in (winner, loser):
            body = record.model_dump_json().encode()
            await producer.send_and_wait(floor.names.accounts.name, body, key=key.encode())
    finally:
        await producer.stop()
    await asyncio.to_thread(until, lambda: admin.do("GET", f"/v1/accounts/{name}")["role"] == "viewer")
    async with asyncio.timeout(20):
        while (await newest(settings, key)) != winner:  # noqa: ASYNC110  # compaction would keep the loser
            await asyncio.sleep(0.05)
    assert admin.do("PUT", f"/v1/accounts/{name}", {"role": "viewer"}, status=409, if_match='"1"')["code"] == "stale"


async def newest(settings: CommonSettings, key: str) -> Account:
    """The last record of a key on the log."""
    place = TopicPartition(settings.names.accounts.name, 0)
    consumer: AIOKafkaConsumer = kafka.reader(settings)
    consumer.assign([place])
    await consumer.start()
    try:
        end, found = (await consumer.end_offsets([place]))[place], None
        while await consumer.position(place) < end:
            for record in (await consumer.getmany(place, timeout_ms=1000)).get(place, ()):
                found = record.value if record.key == key.encode() else found
    finally:
        await consumer.stop()
    account = record_adapter.validate_json(found or b"")
    assert isinstance(account, Account)
    return account


def test_a_session_that_asks_too_often_is_told_to_wait(parts: Parts, tmp_path):
    with running_api(parts, tmp_path, FLOORWATCH_SECRET=SECRET, FLOORWATCH_REQUESTS_PER_MINUTE="10") as (slow, floor):
        one, two = by_link(slow, floor), by_link(slow, floor)
        codes = [one.get("/v1/definitions").status_code for _ in range(12)]
        assert codes == [200] * 10 + [429] * 2
        assert one.get("/v1/definitions").headers["retry-after"]
        two.do("GET", "/v1/definitions")
        assert one.get("/ready").status_code == 200


def test_where_nobody_signs_in_accounts_may_be_prepared_and_there_is_no_door(parts: Parts, tmp_path):
    with running_api(parts, tmp_path) as (open_api, _):
        someone = Browser(open_api)
        until(lambda: someone.get("/v1/accounts").status_code == 200)
        added(someone, uuid.uuid4().hex[:8])
        someone.do("POST", "/v1/sign-in", {"name": "x", "password": "y"}, status=409)
        someone.do("POST", "/v1/devices", status=409)
        someone.do("PUT", "/v1/password", {"password": GOOD}, status=403)
        answer = someone.post("/v1/sign-out", headers={"origin": "https://evil.example"})
        assert answer.status_code == 403


def test_the_command_line_makes_accounts_and_keys(api: Api, admin: Browser):
    """With a key, as from another machine."""
    wide = {"name": "cli", "role": "administrator", "scopes": ["read", "act", "admin"]}
    secret = admin.do("POST", "/v1/keys", wide, status=201)["secret"]

    def floorwatch(*arguments: str) -> str:
        given = {"FLOORWATCH_API_URL": api.url, "FLOORWATCH_API_KEY": secret, "COLUMNS": "200"}
        ended = warm.run("services.cli", *arguments, env=os.environ | given)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    name = new_name("Pia")
    link = re.search(
        r"http\S+/sign-in\?token=\S+", floorwatch("accounts", "add", name, "--role", "viewer", "--site", "bank")
    )
    assert link
    person = Browser(api)
    assert person.get(link[0]).status_code == 303
    floorwatch("accounts", "change", name, "--role", "team_lead", "--team", "bank/blue")
    session = person.do("GET", "/v1/session")
    assert (session["role"], session["sites"], session["teams"]) == ("team_lead", ["bank"], ["bank/blue"])
    floorwatch("accounts", "disable", name)
    person.do("GET", "/v1/session", status=401)
    floorwatch("accounts", "enable", name)
    assert floorwatch("accounts", "password", name, "--link").startswith(api.url)
    assert any(each["name"] == name for each in json.loads(floorwatch("accounts", "list", "--json")))
    assert name in floorwatch("accounts", "list")

    made = floorwatch("keys", "make", "roster", "--scope", "read", "--scope", "act", "--role", "dispatcher")
    key = Browser(api, headers={"x-api-key": made.split()[-1]})
    assert key.do("GET", "/v1/session")["scopes"] == ["read", "act"]
    floorwatch("keys", "revoke", re.search(r"key (\w+) for", made)[1])  # type: ignore[index]  # it is there
    key.do("GET", "/v1/session", status=401)
    assert "revoked" in floorwatch("keys", "list")

    code = Browser(api).do("POST", "/v1/devices", status=201)["code"]
    floorwatch("devices", "approve", code.lower(), "hall", "--site", "bank")
    (device,) = [each for each in json.loads(floorwatch("devices", "list", "--json")) if each["approved_by"] == "cli"]
    floorwatch("devices", "revoke", device["id"])
    assert f"account|{name.casefold()}" in floorwatch("journal", "--by", "cli")
