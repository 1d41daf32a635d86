"""People at an API where one has to sign in: browsers with cookies of their own, programs with keys."""

import uuid
from typing import Any

import httpx

from tests.behaviour.api.conftest import Api, WrittenFloor
from tests.web import TLS

SECRET = "a secret of this test, long enough"
GOOD = "correct horse battery"


class Browser(httpx.Client):
    """One person's browser, or a wall's."""

    def __init__(self, api: Api, **options: Any) -> None:
        no_connections_left = httpx.Limits(max_keepalive_connections=0)
        super().__init__(base_url=api.url, timeout=30, limits=no_connections_left, verify=TLS, **options)

    @property
    def cookie(self) -> dict[str, str]:
        """For the socket."""
        return {"cookie": f"floorwatch_session={self.cookies['floorwatch_session']}"}

    def do(self, method: str, path: str, body: Any = None, *, status: int = 200, **headers: str) -> dict[str, Any]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.request(method, path, json=body, headers=named)
        assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        return dict(answer.json()) if answer.content else {}


def by_link(api: Api, floor: WrittenFloor, given: str = "administrator") -> Browser:
    """Somebody who came by a one-time link."""
    token = uuid.uuid4().hex
    floor.offer_link(token, given)
    browser = Browser(api)
    assert browser.get(f"/sign-in?token={token}").status_code == 303
    return browser


def by_password(api: Api, name: str, password: str = GOOD) -> Browser:
    browser = Browser(api)
    browser.do("POST", "/v1/sign-in", {"name": name, "password": password})
    return browser


def new_name(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:6]}"
