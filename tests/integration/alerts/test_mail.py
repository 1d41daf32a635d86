"""E-mail over STARTTLS and TLS, with a log-in, on a real SMTP server: what it takes, and what is not even offered to it."""

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from services.alerts.domain.notices.channels import Email
from services.alerts.domain.notices.posting import Answer, Refused, Taken
from services.alerts.domain.notices.texts import Message
from services.alerts.notify.mail import mail
from services.contracts.notify import Delivery
from tests.integration.alerts.receivers import Mailbox
from tests.integration.runtime.workers import free_port
from tests.unit.alerts.post import NOW, notice

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # TLS is around it
PASSWORD = "pa55word-of-mail"
SAID = Message("Many wait: bank/PS", ("Queue length: 12",))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Of a server on loopback, signed by itself."""
    folder = tmp_path_factory.mktemp("tls")
    paths = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", paths[1], "-out", paths[0]],
        check=True, capture_output=True,
    )  # fmt: skip
    return paths


class Box(Mailbox):
    """Who may write, and over what each mail came."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[bytes] = []
        self.encrypted: list[bool] = []

    def let_in(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, who: Any) -> AuthResult:
        assert isinstance(who, LoginPassword)
        self.names.append(who.login)
        return AuthResult(success=who.password == PASSWORD.encode(), handled=False)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's
        assert server.transport is not None
        self.encrypted.append(session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None)
        return await super().handle_DATA(server, session, envelope)


@contextmanager
def serving(certificate: tuple[Path, Path], security: str) -> Iterator[Box]:
    box, context = Box(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    if security == "starttls":
        options: dict[str, Any] = {"tls_context": context, "require_starttls": True}
    elif security == "tls":
        options = {"ssl_context": context, "auth_require_tls": False}
    else:
        options = {"auth_require_tls": False}
    box.port = free_port()
    controller = Controller(
        box, hostname="127.0.0.1", port=box.port, authenticator=box.let_in, auth_required=True, **options
    )
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


def send(box: Box, security: str, password: str = PASSWORD) -> Answer:
    channel = Email.model_validate(
        {"id": "mail", "kind": "email", "server": "127.0.0.1", "port": box.port, "security": security, "timeout_s": 10,
         "username": "floor", "password_env": "X", "sender": "floor@example.org", "to": ["lead@example.org"]}
    )  # fmt: skip
    delivery = Delivery(id="t1|mail", channel="mail", notice=notice(), created_at=NOW, at=NOW, message="t1|mail")
    return mail(channel, password, SAID, delivery, NOW / 1000)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_goes_out_encrypted_and_with_a_log_in(
    certificate: tuple[Path, Path], security: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with serving(certificate, security) as box:
        assert isinstance(send(box, security), Taken)
    assert (box.names, box.encrypted) == ([b"floor"], [True])
    assert [one["subject"] for one in box.mails] == ["Many wait: bank/PS"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_wrong_password_is_refused_for_good(
    certificate: tuple[Path, Path], security: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with serving(certificate, security) as box:
        answer = send(box, security, "guessed")
    assert isinstance(answer, Refused)
    assert (answer.again, answer.reason[:3], box.mails) == (False, "535", [])
    assert "guessed" not in answer.reason


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_that_nobody_vouches_for_hears_no_password(certificate: tuple[Path, Path], security: str):
    with serving(certificate, security) as box:
        answer = send(box, security)
    assert isinstance(answer, Refused)
    assert "CERTIFICATE_VERIFY_FAILED" in answer.reason
    assert (box.names, box.mails) == ([], [])


def test_a_server_without_starttls_hears_no_password(certificate: tuple[Path, Path]):
    with serving(certificate, "none") as box:
        answer = send(box, "starttls")
    assert isinstance(answer, Refused)
    assert (answer.again, box.names, box.mails) == (False, [], [])
