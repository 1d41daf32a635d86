"""The WebSocket /v1/live. Its rules W1–W8 stand in services/contracts/socket.py."""

import asyncio
from typing import Any

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import TypeAdapter, ValidationError

from services.api.domain import messages
from services.api.domain.access import sight_of
from services.api.domain.answers import Session
from services.api.domain.audience import Seat
from services.api.guard import from_own_page
from services.api.routes.parts import Parts, parts_of
from services.api.wire import EXTENSION, TRY_AGAIN_LATER, LiveProtocol
from services.contracts.socket import ClientMessage, Ping, SocketError, Subscribe

POLICY_VIOLATION = 1008
UNAUTHORISED = 4401
RESTART = 1012
UNKNOWN = SocketError(code="unauthorised", message="Sign in first.")
RIGHTS_CHANGED = SocketError(code="rights_changed", message="You may see other things than before. Connect again.")
TOO_OFTEN = SocketError(code="too_often", message="That was too often. Wait a minute.")
router = APIRouter()
_message: TypeAdapter[Subscribe | Ping] = TypeAdapter(ClientMessage)


class _Goodbye(Exception):  # noqa: N818  # the way to the end of a conversation
    def __init__(self, code: int, problem: SocketError) -> None:
        super().__init__(problem.message)
        self.code, self.problem = code, problem


@router.websocket("/v1/live")
async def live(websocket: WebSocket) -> None:
    """One client, from its connection to its end."""
    parts = parts_of(websocket)
    if not from_own_page(websocket):
        await websocket.close(POLICY_VIOLATION)  # before it is accepted: the browser sees 403
        return
    await websocket.accept()
    try:
        session = await _admit(websocket, parts)
        over = parts.guard.attend(websocket, session)
        try:
            await _converse(_Ear(websocket, over), parts, session)
        finally:
            over.cancel()
    except _Goodbye as end:
        await _say_goodbye(websocket, end)
    except WebSocketDisconnect:
        pass


async def _admit(websocket: WebSocket, parts: Parts) -> Session:
    if not parts.guard.is_open:
        await parts.accounts.first_reading()
    session = parts.guard.session_of(websocket)
    if session is None or (session.scopes is not None and "read" not in session.scopes):
        raise _Goodbye(UNAUTHORISED, UNKNOWN)
    if not parts.guard.is_open and parts.throttle.too_often("requests", parts.guard.whom(websocket)) is not None:
        raise _Goodbye(TRY_AGAIN_LATER, TOO_OFTEN)
    return session


class _Ear:
    """Hears the client, until its session is over or another."""

    def __init__(self, websocket: WebSocket, over: "asyncio.Future[Session | None]") -> None:
        self.websocket, self._over = websocket, over

    async def hear(self, within_s: float | None) -> Any:
        """The next event of the socket.

        Raises:
            TimeoutError: there was none.
            _Goodbye: the session is over.
        """
        event: asyncio.Future[Any] = asyncio.ensure_future(self.websocket.receive())
        try:
            heard: set[asyncio.Future[Any]] = {event, self._over}
            await asyncio.wait(heard, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
            if self._over.done():
                gone = self._over.result() is None
                raise _Goodbye(UNAUTHORISED, UNKNOWN) if gone else _Goodbye(RESTART, RIGHTS_CHANGED)
            if not event.done():
                raise TimeoutError
            return event.result()
        finally:
            event.cancel()


async def _converse(ear: _Ear, parts: Parts, session: Session) -> None:
    websocket = ear.websocket
    wire: LiveProtocol = websocket.scope["extensions"][EXTENSION]
    seat: Seat | None = None
    try:
        while True:
            message = await _receive(ear, None if seat else parts.settings.subscribe_within_s)
            if isinstance(message, Subscribe):
                if seat is not None:
                    parts.hub.leave(seat)
                seat = await _subscribe(parts, session, wire, message)
            elif seat is None:
                raise _not_subscribed()
            else:
                await websocket.send_text(messages.PONG.decode())
    finally:
        wire.on_room = None
        if seat is not None:
            parts.hub.leave(seat)


async def _subscribe(parts: Parts, session: Session, wire: LiveProtocol, message: Subscribe) -> Seat:
    await parts.hub.first_filling()
    seat = parts.hub.watch(wire, sight_of(session, message.filters), message.resume)
    wire.on_room = lambda: parts.hub.has_room(seat)
    return seat


async def _receive(ear: _Ear, within_s: float | None) -> Subscribe | Ping:
    try:
        event = await ear.hear(within_s)
    except TimeoutError:
        raise _not_subscribed() from None
    if event["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(event.get("code", 1005))
    text = event.get("text")
    if text is None:
        raise _Goodbye(POLICY_VIOLATION, SocketError(code="bad_message", message="Messages are JSON text, not binary."))
    try:
        return _message.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise _Goodbye(
            POLICY_VIOLATION,
            SocketError(code="bad_message", message=f"{place}: {first['msg']}" if place else first["msg"]),
        ) from None


def _not_subscribed() -> _Goodbye:
    return _Goodbye(
        POLICY_VIOLATION, SocketError(code="not_subscribed", message="The first message must be a subscribe.")
    )


async def _say_goodbye(websocket: WebSocket, end: _Goodbye) -> None:
    try:
        await websocket.send_text(end.problem.model_dump_json())
        await websocket.close(end.code, end.problem.code)
    except (WebSocketDisconnect, RuntimeError):
        pass  # the peer was quicker
