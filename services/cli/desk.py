"""How the command speaks to the API's desk: lists, commands with one idempotency key, and one line for each answer."""

import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Never
from urllib.parse import quote

import httpx
import redis
import typer
import yaml

from services.cli import running, sign_in
from services.cli.console import fail, out
from services.cli.settings import LauncherSettings
from services.runtime.settings import load

PATIENCE_S = 30.0
PAUSE_S = 0.5
REFUSED = 1
"""Exit code when the desk did not do it."""
UNREACHED = 2
"""Exit code when it can't be said what became of it, or nothing was sent."""


class UnreachedError(Exception):
    """Why the desk can't be asked; in words for people."""


class RefusedError(Exception):
    """Why the desk did not do it; in words for people."""


class Client:
    """The API, as one person speaks to it."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def get(self, path: str, **parameters: Any) -> dict[str, Any]:
        """What stands at a path."""
        answer = self._http.get(path, params={name: value for name, value in parameters.items() if value is not None})
        return _content(answer)

    @property
    def address(self) -> str:
        """Where it is."""
        return str(self._http.base_url).rstrip("/")

    def send(self, method: str, path: str, body: Any = None, *, expected: int | None = None) -> dict[str, Any]:
        """Change something that is no command of the desk. It is sent once."""
        headers = {} if expected is None else {"If-Match": f'"{expected}"'}
        return _content(self._http.request(method, path, json=body, headers=headers))

    def give(self, method: str, path: str, body: Any = None, *, expected: int | None = None) -> dict[str, Any]:
        """Give a command and wait for its outcome; asked again with the same key while nobody answers."""
        key = f"cli-{uuid.uuid4().hex}"
        headers = {"Idempotency-Key": key} | ({} if expected is None else {"If-Match": f'"{expected}"'})
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                answer = self._http.request(method, path, json=body, headers=headers)
                if answer.status_code not in {httpx.codes.ACCEPTED, httpx.codes.SERVICE_UNAVAILABLE}:
                    return _content(answer)
                why = answer.json()["message"]
            except httpx.TransportError as error:
                why = f"the API does not answer: {error}"
            if time.monotonic() > deadline:
                raise UnreachedError(f"{why} (command {key})")
            time.sleep(PAUSE_S)


def _content(answer: httpx.Response) -> dict[str, Any]:
    try:
        content: Any = answer.json()
    except ValueError:
        raise UnreachedError(f"{answer.url} answers {answer.status_code}, not as Floorwatch does") from None
    if answer.status_code in {httpx.codes.OK, httpx.codes.CREATED}:
        found: dict[str, Any] = content
        return found
    message = str(content.get("message", answer.status_code))
    if answer.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.SERVICE_UNAVAILABLE}:
        raise UnreachedError(message)
    raise RefusedError(message)


@contextmanager
def client() -> Iterator[Client]:
    """The API that FLOORWATCH_API_URL names, with the key FLOORWATCH_API_KEY; else the one that runs here."""
    address, key = os.environ.get("FLOORWATCH_API_URL"), os.environ.get("FLOORWATCH_API_KEY")
    if address or key:
        base = address or _running().wall
        with httpx.Client(base_url=base, timeout=PATIENCE_S, headers={"X-API-Key": key or ""}) as http:
            yield Client(http)
        return
    place = _running()
    names = place.environment
    link = sign_in.link(
        redis_url=names["REDIS_URL"], namespace=names["FLOORWATCH_NAMESPACE"], wall=place.wall, role="administrator"
    )
    with httpx.Client(base_url=place.wall, timeout=PATIENCE_S) as http:
        http.get(link)
        yield Client(http)


def _running() -> running.Running:
    place = running.find(load(LauncherSettings).state_dir.absolute())
    if place is None:
        raise UnreachedError(
            "no Floorwatch runs on this state folder: start it with `floorwatch up`, or name another with "
            "FLOORWATCH_API_URL and FLOORWATCH_API_KEY"
        )
    return place


def attempt(work: Callable[[Client], None]) -> None:
    """Do it, and end with one line and a code other than 0 where it fails."""
    try:
        with client() as found:
            work(found)
    except RefusedError as error:
        _end(str(error), REFUSED)
    except (UnreachedError, httpx.HTTPError, redis.RedisError) as error:
        _end(str(error), UNREACHED)


def tell(given: dict[str, Any], what: str) -> None:
    """One line: what was done, or that it was so already."""
    outcome = given["outcome"]
    said = f": {outcome['message']}" if outcome["message"] else ""
    same = " (it was so already)" if outcome["code"] == "same" else ""
    out.print(f"[green]✓[/] {what}{same}{said}", markup=True)


def part(id_: str) -> str:
    """An id as a part of a path."""
    return quote(id_, safe="")


def read_yaml(file: Path) -> Any:
    """What a YAML or JSON file says, as JSON can: dates become their text."""
    try:
        return _plain(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RefusedError(f"{file}: {' '.join(str(error).split())}") from None


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def listed_in(file: Path, name: str) -> list[Any]:
    """The entries of a file that is a mapping with one list: `rules: […]`, `plans: […]`."""
    content = read_yaml(file)
    found = content.get(name) if isinstance(content, dict) else None
    if not isinstance(found, list):
        raise RefusedError(f"{file}: {name}: must be a list")
    for number, each in enumerate(found):
        if not isinstance(each, dict) or not isinstance(each.get("id"), str):
            raise RefusedError(f"{file}: {name}.{number}.id: is missing")
    return found


def until(minutes: float) -> int:
    """So many minutes from now, epoch ms."""
    return round((time.time() + minutes * 60) * 1000)


def _end(message: str, code: int) -> Never:
    fail(message)
    raise typer.Exit(code)
