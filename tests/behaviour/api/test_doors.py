"""Who comes in: sign-in links, cookies, origins, host names, and the page behind the door."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests import warm, web
from tests.behaviour.api.conftest import Api, WrittenFloor, live, running_api
from tests.parts import Parts

SECRET = "a secret of this test, long enough"


@pytest.fixture(scope="module")
def guarded(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Api, WrittenFloor]]:
    """An API where one has to sign in, with pages that were built."""
    folder = tmp_path_factory.mktemp("api")
    (folder / "dist/assets").mkdir(parents=True)
    (folder / "dist/index.html").write_text(
        '<!doctype html><meta name="floorwatch-build" content="0a1b2c"><title>the wall</title>'
    )
    (folder / "dist/assets/wall-1a2b3c.js").write_text("'wall'")
    (folder / "dist/icon.svg").write_text("<svg/>")
    (folder / "secret.txt").write_text("not a page")
    with running_api(parts, folder, FLOORWATCH_SECRET=SECRET) as running:
        yield running


@pytest.fixture
def door(guarded: tuple[Api, WrittenFloor]) -> Api:
    return guarded[0]


def signed_in(door: Api, floor: WrittenFloor, role: str = "supervisor") -> httpx.Response:
    floor.offer_link("a-token", role)
    return door.get("/sign-in?token=a-token")


def cookie(answer: httpx.Response) -> dict[str, str]:
    return {"cookie": f"floorwatch_session={answer.cookies['floorwatch_session']}"}


def test_a_link_signs_in_once(guarded: tuple[Api, WrittenFloor]):
    door, floor = guarded
    assert (door.get("/v1/tiles").status_code, door.get("/v1/tiles").json()["code"]) == (401, "not_signed_in")

    answer = signed_in(door, floor)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    said = answer.headers["set-cookie"].lower()
    assert "httponly" in said
    assert "samesite=strict" in said
    session = door.get("/v1/session", headers=cookie(answer)).json()
    assert (session["mode"], session["role"], session["sites"]) == ("signed_in", "supervisor", None)
    assert door.get("/v1/tiles", headers=cookie(answer)).status_code == 200

    again = door.get("/sign-in?token=a-token")
    assert again.status_code == 403
    assert "Each link works once" in again.text
    assert "登录链接无效" in again.text
    assert "set-cookie" not in again.headers


def test_no_link_no_entry(door: Api):
    assert door.get("/sign-in?token=guessed").status_code == 403
    for path in ("/sign-in", "/sign-in?token="):
        answer = door.get(path)
        assert (answer.status_code, "set-cookie" in answer.headers) == (200, False)
        assert "the wall" in answer.text, "the page says how to sign in"


def test_a_link_to_an_unknown_role_is_refused(guarded: tuple[Api, WrittenFloor]):
    assert signed_in(*guarded, role="owner").status_code == 403


@pytest.mark.parametrize("value", ["", "supervisor", "eyJyb2xlIjoiYWRtaW5pc3RyYXRvciJ9.aaaaaa.bbbbbbbbbbb"])
def test_a_forged_cookie_is_none(door: Api, value: str):
    assert door.get("/v1/session", headers={"cookie": f"floorwatch_session={value}"}).status_code == 401


def test_signing_out_takes_the_cookie_away(guarded: tuple[Api, WrittenFloor]):
    door, floor = guarded
    headers = cookie(signed_in(door, floor))
    answer = web.post(f"{door.url}/v1/sign-out", headers=headers)
    assert answer.status_code == 204
    assert 'floorwatch_session=""' in answer.headers["set-cookie"]
    assert web.post(f"{door.url}/v1/sign-out").status_code == 401


async def test_the_socket_asks_for_the_cookie_too(guarded: tuple[Api, WrittenFloor]):
    door, floor = guarded
    async with live(door) as stranger:
        assert (await stranger.receive())["code"] == "unauthorised"
        with pytest.raises(ConnectionClosed) as closing:
            await stranger.receive()
        assert closing.value.rcvd is not None
        assert closing.value.rcvd.code == 4401

    async with live(door, additional_headers=cookie(signed_in(door, floor))) as client:
        assert (await client.subscribe())["type"] == "snapshot"


async def test_a_socket_from_a_foreign_page_is_refused(guarded: tuple[Api, WrittenFloor]):
    door, floor = guarded
    headers = cookie(signed_in(door, floor))
    with pytest.raises(InvalidStatus) as refusal:
        async with live(door, origin="https://evil.example", additional_headers=headers):
            pass
    assert refusal.value.response.status_code == 403
    async with live(door, origin=f"http://127.0.0.1:{door.port}", additional_headers=headers) as client:
        assert (await client.subscribe())["type"] == "snapshot"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8100", "127.0.0.1.evil.example", "["])
def test_a_foreign_host_name_is_not_served(door: Api, host: str):
    answer = door.get("/", headers={"host": host})
    assert (answer.status_code, answer.json()["code"]) == (421, "unknown_host")


async def test_a_socket_under_a_foreign_host_name_is_refused(door: Api):
    with pytest.raises(InvalidStatus):
        async with connect("ws://evil.example/v1/live", host="127.0.0.1", port=door.port):
            pass
    with pytest.raises(InvalidStatus):
        async with live(door, additional_headers={"Host": "evil.example"}):  # a second one
            pass


def test_health_needs_no_sign_in(door: Api):
    assert {door.get(path).status_code for path in ("/live", "/ready", "/telemetry")} == {200}


def test_every_answer_carries_the_security_headers(door: Api):
    for path in ("/", "/v1/tiles", "/sign-in?token=x", "/live"):
        headers = door.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "server" not in headers
    assert door.get("/v1/definitions").headers["cache-control"] == "no-store"


def test_the_page_answers_at_its_own_addresses(door: Api):
    for path in ("/", "/index.html", "/sites/bank", "/queues/bank/PS?x=1"):
        answer = door.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
        assert "the wall" in answer.text


def test_which_build_is_served_is_told_to_everybody_anew_each_time(door: Api):
    answer = door.get("/v1/build")
    assert (answer.json(), answer.headers["cache-control"]) == ({"build": "0a1b2c"}, "no-store")


def test_hashed_files_are_kept_for_ever_and_others_asked_for_again(door: Api):
    script = door.get("/assets/wall-1a2b3c.js")
    assert (script.status_code, script.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
    assert "javascript" in script.headers["content-type"]
    assert door.get("/icon.svg").headers["cache-control"] == "no-cache"
    assert door.get("/assets/wall-0ld.js").status_code == 404


@pytest.mark.parametrize("path", ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "/%00"])
def test_nothing_outside_the_pages_is_served(door: Api, path: str):
    assert "not a page" not in door.get(path).text


def test_pages_that_were_not_built_are_missed_in_plain_words(api: Api):
    answer = api.get("/")
    assert answer.status_code == 503
    assert "have not been built" in answer.text
    assert "页面尚未构建" in answer.text


def test_without_a_secret_a_link_leads_straight_home(api: Api, floor: WrittenFloor):
    floor.offer_link("unused", "viewer")
    assert api.get("/sign-in?token=unused").headers["location"] == "/"


def test_a_port_that_is_taken_is_named_with_the_variable(api: Api):
    ended = warm.run("services.api", env=api.environment)
    assert ended.returncode == 69
    assert f"port {api.port} can't be had" in ended.stderr
    assert "FLOORWATCH_API_PORT" in ended.stderr


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"FLOORWATCH_HOST": "0.0.0.0"}, "set FLOORWATCH_SECRET"),
        ({"FLOORWATCH_SECRET": "short"}, "FLOORWATCH_SECRET"),
        ({"FLOORWATCH_API_PORT": "99999"}, "FLOORWATCH_API_PORT='99999'"),
        ({"FLOORWATCH_STALE_AFTER_S": "60"}, "FLOORWATCH_NO_FEED_AFTER_S"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line_and_nothing_starts(tmp_path: Path, variables: dict[str, str], said: str):
    ended = warm.run("services.api", env=os.environ | variables)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
