"""Chat rooms through Apprise, which says only whether it worked: why not is read from what it logs meanwhile."""

import logging
import re
import threading

import apprise

from services.alerts.domain.notices.channels import Chat
from services.alerts.domain.notices.posting import Answer, Refused, Taken, Unknown
from services.alerts.domain.notices.texts import Message

_STATUS = re.compile(r"error=(\d{3})\b")
_NOT_SENT = re.compile(
    r"Connection refused|Failed to establish a new connection|NameResolution|Name or service not known|ConnectTimeout"
    r"|No route to host|Network is unreachable|Temporary failure in name resolution"
)
_CUT_OFF = re.compile(r"Socket Exception|[Cc]onnection [Ee]rror occurred")
_LOGGER = logging.getLogger("apprise")
_TYPES = {
    "critical": apprise.NotifyType.FAILURE,
    "warning": apprise.NotifyType.WARNING,
    "info": apprise.NotifyType.INFO,
}


class _Overheard(logging.Handler):
    """What Apprise logs in this thread."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._thread = threading.get_ident()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.lines.append(record.getMessage())


def silence_apprise() -> None:
    """Its log lines may show what is secret: they are read here and go nowhere else."""
    _LOGGER.propagate = False
    _LOGGER.setLevel(logging.DEBUG)
    _LOGGER.addHandler(logging.NullHandler())


def chat(channel: Chat, url: str, message: Message, severity: str) -> Answer:
    """Send one message; blocks."""
    asset = apprise.AppriseAsset(app_id="Floorwatch", app_desc="Floorwatch", app_url="", async_mode=False)
    room = apprise.Apprise.instantiate(f"{url}{'&' if '?' in url else '?'}{_timeouts(channel)}", asset=asset)
    if not isinstance(room, apprise.NotifyBase):
        return Refused("Apprise knows no service of this address", again=False)
    heard = _Overheard()
    _LOGGER.addHandler(heard)
    try:
        taken = room.notify(
            body=message.body, title=message.title, notify_type=_TYPES.get(severity, apprise.NotifyType.INFO),
            body_format=apprise.NotifyFormat.TEXT,
        )  # fmt: skip
    finally:
        _LOGGER.removeHandler(heard)
    return Taken(str(room.service_name)) if taken else judge(heard.lines)


def judge(lines: list[str]) -> Answer:
    """Why Apprise has failed, by what it logged."""
    said = next((line for line in lines if line.startswith("Failed to send")), lines[-1] if lines else "no reason")
    if status := _STATUS.search(said):
        code = int(status[1])
        return Refused(said, again=code >= 500 or code in {408, 425, 429})
    cut_off = [line for line in lines if _CUT_OFF.search(line)]
    if cut_off:
        why = cut_off[-1]
        return Refused(why, again=True) if any(map(_NOT_SENT.search, cut_off)) else Unknown(why)
    return Refused(said, again=False)


def _timeouts(channel: Chat) -> str:
    return f"cto={min(channel.timeout_s, 5):g}&rto={channel.timeout_s:g}"
