"""The socket side of uvicorn, with the two things that ASGI does not offer: room in the send buffer, and a real end.

ASGI's `send` waits while a peer does not read, which would take a task per socket and message, and its `close` waits
for ever on such a peer. Here the hub asks before it writes, frames a message once for all sockets, and aborts at last.

Measured per message of 30 kB to 300 sockets, CPU of the server: shared frames 15–17 µs, ASGI's `send` one after the
other 20–22, a task per send 35–47, and 30 with uvicorn's older implementation.
"""

from collections.abc import Callable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Request

EXTENSION = "floorwatch.wire"
TRY_AGAIN_LATER = 1013
LAST_WORDS_S = 1.0
"""How long a peer may take to read why it is being dropped."""


def text_frame(message: bytes) -> bytes:
    """A text message, framed for any socket without extensions."""
    return Frame(Opcode.TEXT, message).serialize(mask=False)


class LiveProtocol(WebSocketsSansIOProtocol):
    """A WebSocket connection; routes find it in the scope's extensions."""

    on_room: Callable[[], None] | None = None

    def handle_connect(self, event: Request) -> None:
        """Hand this object to the route."""
        super().handle_connect(event)
        scope: Any = getattr(self, "scope", None)
        if scope is not None:
            scope["extensions"][EXTENSION] = self

    @property
    def is_open(self) -> bool:
        """Whether messages may still be sent."""
        return self.handshake_complete and not (self.close_sent or self.disconnected or self.transport.is_closing())

    @property
    def has_room(self) -> bool:
        """Whether the send buffer takes another message."""
        return self.writable.is_set()

    @property
    def buffered(self) -> int:
        """Bytes that the peer has not taken yet."""
        return self.transport.get_write_buffer_size()

    def write(self, frame: bytes) -> None:
        """Send a framed message, without waiting."""
        if self.is_open:
            self.transport.write(frame)

    def drop(self, farewell: bytes, reason: str) -> None:
        """Close with code 1013; abort soon after, for a peer that does not read does not take the farewell either."""
        if self.is_open:
            close = Frame(Opcode.CLOSE, Close(TRY_AGAIN_LATER, reason).serialize()).serialize(mask=False)
            self.transport.write(farewell + close)
            self.close_sent = True
            self.stop_keepalive()
            if self.read_paused:
                self.read_paused = False
                self.transport.resume_reading()
        self._abort_later()

    def resume_writing(self) -> None:
        """There is room again."""
        super().resume_writing()
        if self.on_room is not None:
            self.on_room()

    def keepalive_timeout(self) -> None:
        """A peer that answers no ping is gone, or will not take the close frame either."""
        super().keepalive_timeout()
        self._abort_later()

    def shutdown(self) -> None:
        """The server stops: say so (1012), and do not wait for those who do not read."""
        super().shutdown()
        self._abort_later()

    def _abort_later(self) -> None:
        self.loop.call_later(LAST_WORDS_S, self.transport.abort)
