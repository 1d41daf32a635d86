"""What can't be used: the letter that says so, and when a heartbeat is one."""

from hashlib import blake2b

import msgspec

from services.contracts.events import AnyEvent, Heartbeat
from services.contracts.letters import DeadLetter
from services.metrics.domain.clocks import LATEST_MS
from services.metrics.domain.floor import is_site_id

_to_json = msgspec.json.Encoder().encode
_LONGEST_NAME = 200


def refusal(topic: str, event: AnyEvent, reason: str, field: str | None = None) -> DeadLetter:
    """The letter of an event of a topic (its name without the namespace). A repeat of the event is the same letter."""
    name = f"heartbeat|{event.source}|{event.at}" if isinstance(event, Heartbeat) else event.event_id
    content = _to_json(event).decode()[:2000]
    if len(name) > _LONGEST_NAME:  # a letter is not to be as large as what it names
        name = f"{name[:_LONGEST_NAME]}…{blake2b(name.encode(), digest_size=12).hexdigest()}"
    source = event.source[:_LONGEST_NAME]
    return DeadLetter(id=f"metrics|{topic}|{name}", source=source, reason=reason, field=field, content=content)


def unheard(topic: str, heartbeat: Heartbeat) -> DeadLetter | None:
    """The letter of a heartbeat that no clock can be set by; None if it is one to go by."""
    if not is_site_id(heartbeat.site):
        return refusal(topic, heartbeat, f"{heartbeat.site[:200]!r} is no site's id", "site")
    if heartbeat.at >= LATEST_MS:
        return refusal(topic, heartbeat, "a time after the year 2099", "at")
    return None
