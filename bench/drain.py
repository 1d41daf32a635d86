"""Sockets that take all they are sent and do nothing with it, as a process: `bench.drain PORT COUNT COOKIE`.

They speak just enough of the protocol to subscribe, so that reading costs next to nothing and the api is not slowed by
its own measurement.
"""

import asyncio
import base64
import json
import os
import sys

SUBSCRIBE = json.dumps({"type": "subscribe", "filters": {"kinds": ["tile"]}}).encode()


class Drain(asyncio.Protocol):
    """One socket."""

    def __init__(self, port: int, cookie: str) -> None:
        self.subscribed = asyncio.get_running_loop().create_future()
        self._transport: asyncio.WriteTransport | None = None
        self._request = (
            f"GET /v1/live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
            f"Cookie: {cookie}\r\n\r\n"
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        transport.write(self._request.encode())

    def data_received(self, data: bytes) -> None:
        """Subscribe when the server has agreed, not before: it would throw that away. Nothing is done with the rest."""
        if self._transport is not None:
            if not data.startswith(b"HTTP/1.1 101"):
                raise SystemExit(f"no socket: {data[:200]!r}")
            mask = os.urandom(4)
            masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(SUBSCRIBE))
            self._transport.write(bytes([0x81, 0x80 | len(SUBSCRIBE)]) + mask + masked)
            self._transport = None
        elif not self.subscribed.done():
            self.subscribed.set_result(True)


async def main(port: int, count: int, cookie: str) -> None:
    loop = asyncio.get_running_loop()
    for _ in range(count):
        _, drain = await loop.create_connection(lambda: Drain(port, cookie), "127.0.0.1", port)
        await drain.subscribed
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
