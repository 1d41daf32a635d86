"""E-mail over SMTP, step by step: so that it is known whether the server can have taken the message."""

import smtplib
import ssl
from collections.abc import Iterable
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate

from services.alerts.domain.notices.channels import Email
from services.alerts.domain.notices.posting import Answer, Refused, Taken, Unknown
from services.alerts.domain.notices.texts import Message
from services.alerts.notify.webhook import message_id
from services.contracts.notify import Delivery

_DONE = 250
_FOR_NOW = range(400, 500)


def mail(channel: Email, password: str, message: Message, delivery: Delivery, now: float) -> Answer:
    """Send one message; blocks."""
    written = written_as(channel, message, delivery, now)
    try:
        client = _connect(channel)
    except smtplib.SMTPConnectError as error:
        return _refused(error.smtp_code, error.smtp_error)
    except (OSError, smtplib.SMTPException) as error:
        return Refused(f"{channel.server}:{channel.port}: {error}", again=True)
    try:
        return _hand_over(client, channel, password, written)
    finally:
        client.close()


def written_as(channel: Email, message: Message, delivery: Delivery, now: float) -> EmailMessage:
    """The message with its headers. The Message-ID is the same for every attempt."""
    id_ = message_id(delivery)
    written = EmailMessage()
    written["From"], written["To"] = channel.sender, ", ".join(channel.to)
    written["Subject"] = message.title
    written["Date"] = formatdate(now)
    written["Message-ID"] = f"<{id_}@{channel.sender.rpartition('@')[2]}>"
    written["Auto-Submitted"] = "auto-generated"
    written["X-Floorwatch-Delivery"] = id_
    written.set_content(message.body + "\n")
    return written


def _connect(channel: Email) -> smtplib.SMTP:
    if channel.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(channel.server, channel.port, timeout=channel.timeout_s, context=context)
    return smtplib.SMTP(channel.server, channel.port, timeout=channel.timeout_s)


def _hand_over(client: smtplib.SMTP, channel: Email, password: str, written: EmailMessage) -> Answer:
    try:
        refused = _announce(client, channel, password)
    except smtplib.SMTPNotSupportedError as error:
        return Refused(str(error), again=False)
    except smtplib.SMTPResponseException as error:
        return _refused(error.smtp_code, error.smtp_error)
    except (OSError, smtplib.SMTPException) as error:
        return Refused(str(error) or type(error).__name__, again=True)
    try:
        code, said = client.data(written.as_bytes(policy=SMTP))
    except smtplib.SMTPDataError as error:  # it did not even want to hear it
        return _refused(error.smtp_code, error.smtp_error)
    except (OSError, smtplib.SMTPException) as error:
        return Unknown(str(error) or type(error).__name__)
    left_out = "".join(f"; not {one}: {why_code} {_text(why)}" for one, (why_code, why) in refused.items())
    return Taken(f"{code} {_text(said)}{left_out}") if code == _DONE else _refused(code, said)


def _announce(client: smtplib.SMTP, channel: Email, password: str) -> dict[str, tuple[int, bytes]]:
    """Say who writes to whom. The recipients that are refused, if not all of them are.

    Raises:
        SMTPResponseException: the server does not want it.
        SMTPNotSupportedError: it can't what the settings ask of it.
    """
    client.ehlo_or_helo_if_needed()
    if channel.security == "starttls":
        client.starttls(context=ssl.create_default_context())
        client.ehlo()
    if channel.username:
        client.login(channel.username, password)
    code, said = client.mail(channel.sender)
    if code != _DONE:
        raise smtplib.SMTPResponseException(code, said)
    refused = _recipients(client, channel.to)
    if len(refused) == len(channel.to):
        raise smtplib.SMTPResponseException(*next(iter(refused.values())))
    return refused


def _recipients(client: smtplib.SMTP, to: Iterable[str]) -> dict[str, tuple[int, bytes]]:
    """Those who are refused, and why."""
    answers = {one: client.rcpt(one) for one in to}
    return {one: (code, said) for one, (code, said) in answers.items() if code not in {_DONE, 251}}


def _refused(code: int, said: bytes | str) -> Refused:
    return Refused(f"{code} {_text(said)}", again=code in _FOR_NOW or code < 0)


def _text(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return " ".join(text.split())
