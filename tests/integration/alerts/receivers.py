"""Real receivers on loopback: an HTTP server that may refuse, and an SMTP server."""

import json
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

Answers = Callable[[int], tuple[int, dict[str, str]]]


class Hook:
    """What was posted; `answers` says how the nth request (from 1) is answered."""

    def __init__(self, answers: Answers = lambda _: (200, {})) -> None:
        self.answers = answers
        self.requests: list[tuple[dict[str, str], bytes, str]] = []
        self.taken: list[dict[str, Any]] = []
        self.port = 0
        self._turn = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/floorwatch"

    def told(self) -> Counter[tuple[str, str]]:
        """How often each (transition, channel) was taken."""
        return Counter((notice["id"], body["channel"]) for body in self.taken for notice in body["notices"])

    def take(self, headers: dict[str, str], body: bytes, path: str) -> tuple[int, dict[str, str]]:
        with self._turn:
            self.requests.append((headers, body, path))
            answer = self.answers(len(self.requests))
            if answer[0] < 300 and "x-floorwatch-delivery" in headers:
                self.taken.append(json.loads(body))
            return answer


class _Receiver(ThreadingHTTPServer):
    def handle_error(self, *about: Any) -> None:
        """A sender that was killed takes no answer."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(*about)


@contextmanager
def receiving(hook: Hook, port: int = 0) -> Iterator[Hook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status, more = hook.take({name.lower(): value for name, value in self.headers.items()}, body, self.path)
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = _Receiver(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    hook.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Mailbox:
    """What was taken in; the first `busy` messages are answered 451."""

    def __init__(self, busy: int = 0) -> None:
        self.busy = busy
        self.asked = 0
        self.mails: list[EmailMessage] = []
        self.port = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's
        self.asked += 1
        if self.asked <= self.busy:
            return "451 4.3.0 come again"
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"


@contextmanager
def mailing(mailbox: Mailbox, port: int) -> Iterator[Mailbox]:
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    mailbox.port = port
    try:
        yield mailbox
    finally:
        controller.stop()
