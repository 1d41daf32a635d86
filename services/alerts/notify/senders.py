"""Sends a message over the channel that it is for, and answers with what became of it."""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from services.alerts.domain.notices.channels import Chat, Email, Webhook
from services.alerts.domain.notices.posting import Answer, Refused, Taken, Unknown
from services.alerts.domain.notices.texts import message_of
from services.alerts.notify.chat import chat, silence_apprise
from services.alerts.notify.mail import mail
from services.alerts.notify.secrets import Channels
from services.alerts.notify.webhook import post
from services.contracts.notify import Delivery

AT_ONCE = 8
LONGEST_SEND_S = 420.0
"""Whatever a mail server does: each of its steps has the channel's own limit."""


class Senders:
    """All channels of a file. Libraries that block run in threads of their own."""

    def __init__(self, channels: Channels) -> None:
        """Nothing is contacted yet."""
        self._channels = channels
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="notify")
        silence_apprise()

    async def send(self, deliveries: Sequence[Delivery]) -> Answer:
        """Tell what makes one message. Never raises but CancelledError; what it answers holds no secret."""
        try:
            async with asyncio.timeout(LONGEST_SEND_S):
                answer = await self._send(deliveries)
        except TimeoutError:
            return Unknown("no answer in time")
        except Exception as error:  # noqa: BLE001  # a library that fails must not end the service, and may have sent
            return Unknown(self._channels.scrub(f"{type(error).__name__}: {error}"))
        match answer:
            case Taken(note=note):
                return Taken(self._channels.scrub(note))
            case Unknown(reason=reason):
                return Unknown(self._channels.scrub(reason))
            case Refused(reason=reason):
                return answer._replace(reason=self._channels.scrub(reason))

    async def _send(self, deliveries: Sequence[Delivery]) -> Answer:
        file, first = self._channels.file, deliveries[0]
        channel = file.channel(first.channel)
        if channel is None:
            return Refused("there is no such channel", again=False)
        message = message_of([one.notice for one in deliveries], channel.language, file.public_url)
        now, secret = time.time(), self._channels.secret
        loop = asyncio.get_running_loop()
        match channel:
            case Webhook():
                url = channel.url or secret(channel.id, "url")
                return await post(channel, url, secret(channel.id, "secret"), message, deliveries, now)
            case Email():
                return await loop.run_in_executor(
                    self._threads, mail, channel, secret(channel.id, "password"), message, first, now
                )
            case Chat():
                severity = "info" if first.notice.event == "resolved" else first.notice.severity
                return await loop.run_in_executor(
                    self._threads, chat, channel, secret(channel.id, "url"), message, severity
                )
