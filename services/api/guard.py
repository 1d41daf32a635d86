"""Who comes in: host names, session cookies, and the headers that keep a browser from doing harm."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from services.api.domain.access import OPEN_SESSION, role_of
from services.api.domain.answers import Problem, Session
from services.api.settings import ApiSettings
from services.contracts.people import Role

COOKIE = "floorwatch_session"

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
    """Sessions, signed: the cookie says who it is, and only this service can have written it."""

    def __init__(self, settings: ApiSettings) -> None:
        self._serializer = URLSafeTimedSerializer(settings.secret, salt="session") if settings.secret else None
        self.lifetime_s = round(settings.session_hours * 3600)

    @property
    def is_open(self) -> bool:
        """Whether nobody has to sign in."""
        return self._serializer is None

    def cookie_for(self, role: Role) -> str:
        """Value of a new session's cookie."""
        if self._serializer is None:
            raise ValueError("there are no sessions without FLOORWATCH_SECRET")
        return str(self._serializer.dumps({"role": role}))

    def session_of(self, connection: HTTPConnection) -> Session | None:
        """The session of a request or socket, None if it has to sign in first."""
        if self._serializer is None:
            return OPEN_SESSION
        try:
            content = self._serializer.loads(connection.cookies.get(COOKIE, ""), max_age=self.lifetime_s)
        except BadSignature:
            return None
        role = role_of(str(content.get("role"))) if isinstance(content, dict) else None
        return None if role is None else Session(mode="signed_in", role=role, sites=None)


def from_own_page(connection: HTTPConnection) -> bool:
    """Whether a socket was opened by a page of this server, or by no page at all (browsers always say which)."""
    origin = connection.headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == connection.headers.get("host", "").lower()


def host_name(headers: Headers) -> str:
    """The name in the Host header, without port, lower case."""
    return (urlsplit(f"//{headers.get('host', '')}").hostname or "").lower()


class Doorkeeper:
    """ASGI middleware: refuses foreign host names (DNS rebinding) and adds the security headers to every answer."""

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
            await self._app(scope, receive, with_headers)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _refuse(with_headers)

    def _knows(self, scope: Scope) -> bool:
        if self._host_names is None:
            return True
        try:
            headers = Headers(scope=scope)
            return len(headers.getlist("host")) == 1 and host_name(headers) in self._host_names
        except ValueError:
            return False


async def _refuse(send: Send) -> None:
    problem = Problem(
        code="unknown_host", message="This host name is not served. Add it to FLOORWATCH_ALLOWED_HOSTS if it is yours."
    )
    body = problem.model_dump_json().encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 421, "headers": headers})
    await send({"type": "http.response.body", "body": body})
