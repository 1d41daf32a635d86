"""Signed webhooks. How a receiver checks one stands in docs/notifications.md.

X-Floorwatch-Delivery    the same for every attempt of one message
X-Floorwatch-Timestamp   epoch seconds of this attempt
X-Floorwatch-Signature   v1= and the hex HMAC-SHA256 of `timestamp.delivery.body`
"""

import asyncio
import functools
import hashlib
import hmac
import json
import ssl
from collections.abc import Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from services.alerts.domain.notices.channels import Webhook
from services.alerts.domain.notices.posting import Answer, Refused, Taken, Unknown
from services.alerts.domain.notices.texts import Message
from services.contracts.notify import Delivery

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL)
_ASK_AGAIN = {408, 425, 429}
MOST_READ = 2000
LONGEST_PAUSE_S = 6 * 3600
GRACE_S = 5


async def post(  # noqa: PLR0917  # what one message needs
    channel: Webhook, url: str, secret: str, message: Message, deliveries: Sequence[Delivery], now: float
) -> Answer:
    """Send one message. `now`: epoch seconds."""
    id_ = message_id(deliveries[0])
    body = json.dumps(content_of(id_, channel, message, deliveries), ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Floorwatch",
        "X-Floorwatch-Delivery": id_,
        "X-Floorwatch-Timestamp": str(int(now)),
        "X-Floorwatch-Signature": signature(secret, int(now), id_, body),
    }
    # No connection is used twice: one that the receiver closes at that moment would leave it open what it has read.
    limits = httpx.Limits(max_keepalive_connections=0)
    try:
        async with (
            asyncio.timeout(channel.timeout_s + GRACE_S),
            httpx.AsyncClient(
                verify=_tls(), timeout=channel.timeout_s, limits=limits, follow_redirects=False
            ) as client,
            client.stream("POST", url, content=body, headers=headers) as answer,
        ):
            return _answer(answer, await _read(answer), now)
    except _NOT_SENT as error:
        return Refused(_why(error), again=True)
    except httpx.HTTPError as error:
        return Unknown(_why(error))
    except TimeoutError:
        return Unknown("no answer in time")


def signature(secret: str, timestamp: int, delivery: str, body: bytes) -> str:
    """What the signature header says."""
    signed = f"{timestamp}.{delivery}.".encode() + body
    return f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


def message_id(delivery: Delivery) -> str:
    """The id that receivers see: plain letters and digits, the same for every attempt."""
    return hashlib.sha256((delivery.message or delivery.id).encode()).hexdigest()[:32]


def content_of(id_: str, channel: Webhook, message: Message, deliveries: Sequence[Delivery]) -> dict[str, Any]:
    """The body."""
    return {
        "delivery": id_,
        "channel": channel.id,
        "event": deliveries[0].notice.event,
        "language": channel.language,
        "title": message.title,
        "text": message.body,
        "notices": [
            {"id": one.id.rpartition("|")[0], **one.notice.model_dump(mode="json", exclude_none=True)}
            for one in deliveries
        ],
    }


@functools.cache
def _tls() -> ssl.SSLContext:
    """One for all: to read all certificates takes 60 ms, in which nothing else is decided."""
    return httpx.create_ssl_context()


def _answer(answer: httpx.Response, said: str, now: float) -> Answer:
    status = answer.status_code
    reason = f"{status} {answer.reason_phrase}{': ' if said else ''}{said}"
    if answer.is_success:
        return Taken(reason)
    if answer.is_server_error or status in _ASK_AGAIN:
        return Refused(reason, again=True, after_s=_after_s(answer.headers.get("retry-after"), now))
    return Refused(reason, again=False)


def _after_s(header: str | None, now: float) -> float | None:
    """Retry-After: seconds or a date."""
    if header is None:
        return None
    if header.strip().isdigit():
        return min(float(header), LONGEST_PAUSE_S)
    try:
        when = parsedate_to_datetime(header)
    except ValueError:
        return None
    seconds = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - now
    return min(max(seconds, 0.0), LONGEST_PAUSE_S)


async def _read(answer: httpx.Response) -> str:
    found = b""
    try:
        async for part in answer.aiter_bytes():
            found += part
            if len(found) >= MOST_READ:
                break
    except httpx.HTTPError:
        pass  # the status says it all
    text = found[:MOST_READ].decode("utf-8", "replace")
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:200]


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__
