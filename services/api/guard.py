"""Who comes in: host names, session cookies, keys, and the headers that keep a browser from doing harm."""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from itsdangerous import BadSignature, URLSafeTimedSerializer
from pydantic import ValidationError
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from services.api.domain.access import OPEN_SESSION
from services.api.domain.answers import Problem, Session
from services.api.domain.registry import Registry, Ticket
from services.api.settings import ApiSettings
from services.contracts.accounts import hash_of

COOKIE = "floorwatch_session"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
WALL_LIFETIME_S = 400 * 86_400
"""As long as browsers keep a cookie at most; it is given anew each time that the wall is loaded."""
LOOK_EVERY_S = 30.0
UNKNOWN_HOST = Problem(
    code="unknown_host", message="This host name is not served. Add it to FLOORWATCH_ALLOWED_HOSTS if it is yours."
)
FOREIGN = Problem(
    code="foreign_page", message="A page of another site can't do that in your name. Programs use a key instead."
)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    # Styles may be set on elements by scripts of ours (bars, sizes); nothing comes from elsewhere.
    (
        b"content-security-policy",
        (
            b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
            b"font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
            b"frame-ancestors 'none'"
        ),
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Guard:
    """Sessions: a signed cookie says who it is, and only this service can have written it; or a key, in a header.

    What a session may is looked up anew each time, so that an account that is changed or locked is so at once.
    """

    def __init__(self, settings: ApiSettings, registry: Registry) -> None:
        self._serializer = URLSafeTimedSerializer(settings.secret, salt="session") if settings.secret else None
        self._registry = registry
        self._lifetime_s = round(settings.session_hours * 3600)
        self._attending: dict[asyncio.Future[Session | None], tuple[HTTPConnection, Session]] = {}

    @property
    def is_open(self) -> bool:
        """Whether nobody has to sign in."""
        return self._serializer is None

    def lifetime_s(self, ticket: Ticket) -> int:
        """How long a cookie is good. A wall's does not end by itself: the wall can be sent away."""
        return self._lifetime_s if ticket.device is None else WALL_LIFETIME_S

    def give(self, response: Response, request: Request, ticket: Ticket) -> None:
        """Make this browser's session that of a ticket."""
        if self._serializer is None:
            raise ValueError("there are no sessions without FLOORWATCH_SECRET")
        response.set_cookie(
            COOKIE,
            str(self._serializer.dumps(ticket.model_dump(exclude_defaults=True))),
            max_age=self.lifetime_s(ticket),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        response.headers["cache-control"] = "no-store"

    def take(self, response: Response) -> None:
        """Take the cookie away."""
        response.delete_cookie(COOKIE, httponly=True, samesite="strict")

    def ticket_of(self, connection: HTTPConnection) -> Ticket | None:
        """What the cookie says, if it is ours and not too old."""
        cookie = connection.cookies.get(COOKIE, "")
        if self._serializer is None or not cookie:
            return None
        try:
            content, signed = self._serializer.loads(cookie, max_age=WALL_LIFETIME_S, return_timestamp=True)
            ticket = Ticket.model_validate(content)
        except (BadSignature, ValidationError):
            return None
        age_s = time.time() - signed.timestamp()
        return None if age_s > self.lifetime_s(ticket) else ticket

    def session_of(self, connection: HTTPConnection) -> Session | None:
        """The session of a request or socket, None if it has to sign in first."""
        if self._serializer is None:
            return OPEN_SESSION
        key = key_of(connection.headers)
        if key:
            return self._registry.admit_key(key, round(time.time() * 1000))
        ticket = self.ticket_of(connection)
        return None if ticket is None else self._registry.admit(ticket)

    def whom(self, connection: HTTPConnection) -> str:
        """Whose requests are counted together: those of a session or key."""
        ticket = self.ticket_of(connection)
        return hash_of(key_of(connection.headers)) if ticket is None else ticket.session

    def attend(self, connection: HTTPConnection, session: Session) -> "asyncio.Future[Session | None]":
        """Is done when the session of a socket is another than this: None, it is over."""
        future: asyncio.Future[Session | None] = asyncio.get_running_loop().create_future()
        self._attending[future] = connection, session
        future.add_done_callback(lambda done: self._attending.pop(done, None))
        return future

    def look_again(self) -> None:
        """Accounts, keys or walls have changed, or time has passed: whose session is over, or another, has to go."""
        for future, (connection, session) in list(self._attending.items()):
            now = self.session_of(connection)
            if now != session and not future.done():
                future.set_result(now)

    async def keep_looking(self) -> None:
        """Sessions and keys end by time as well. Runs for ever."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            self.look_again()


def key_of(headers: Headers) -> str:
    """The key that a program sends, empty if there is none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return headers.get("x-api-key", "").strip() or (token.strip() if scheme.lower() == "bearer" else "")


def from_own_page(connection: HTTPConnection) -> bool:
    """Whether a socket was opened by a page of this server, or by no page at all (browsers always say which)."""
    origin = connection.headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == connection.headers.get("host", "").lower()


def from_elsewhere(method: str, headers: Headers) -> bool:
    """Whether a page of another site would have something done with the cookie of whoever looks at it.

    Browsers say where a request comes from; what says nothing is no browser, and carries a cookie of its own will.
    """
    if method in SAFE or key_of(headers):
        return False
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
        return True
    return site not in {None, "same-origin", "none"}


def host_name(headers: Headers) -> str:
    """The name in the Host header, without port, lower case."""
    return (urlsplit(f"//{headers.get('host', '')}").hostname or "").lower()


class Doorkeeper:
    """ASGI middleware: refuses foreign host names (DNS rebinding) and what pages of other sites would do.

    It adds the security headers to every answer.
    """

    def __init__(self, app: App, *, host_names: frozenset[str] | None) -> None:
        self._app = app
        self._host_names = host_names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or socket."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message.get("headers", ())}
                added = [header for header in SECURITY_HEADERS if header[0] not in present]
                if scope["path"].startswith("/v1/") and b"cache-control" not in present:
                    added.append((b"cache-control", b"no-store"))  # the floor as it is now, and for this session alone
                message = {**message, "headers": [*message.get("headers", ()), *added]}
            await send(message)

        if self._knows(scope):
            if scope["type"] == "http" and from_elsewhere(scope["method"], Headers(scope=scope)):
                await _refuse(with_headers, 403, FOREIGN)
                return
            await self._app(scope, receive, with_headers)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _refuse(with_headers, 421, UNKNOWN_HOST)

    def _knows(self, scope: Scope) -> bool:
        if self._host_names is None:
            return True
        try:
            headers = Headers(scope=scope)
            return len(headers.getlist("host")) == 1 and host_name(headers) in self._host_names
        except ValueError:
            return False


async def _refuse(send: Send, status: int, problem: Problem) -> None:
    body = problem.model_dump_json().encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
