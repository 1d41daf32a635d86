"""HTTP bodies: as the route reads them, without the server (see server.py for it)."""

import json
import math
import random
from datetime import UTC, datetime, timedelta
from typing import Any

from services.contracts.events import AnyEvent
from services.ingest.domain.edge import clock_key, to_wire
from services.ingest.domain.posts import read
from services.ingest.domain.pseudonym import pseudonyms
from services.ingest.sources.http import letter
from tests.fuzz import mutate
from tests.fuzz.law import Tally, check_events, check_letters

AT_ONCE = 100
VALID_SHARE = 0.3
NOW = datetime(2026, 1, 9, 12, tzinfo=UTC)
CUSTOMER = "27182818"
NEWEST_MS = round(NOW.timestamp() * 1000) + 300_000

hide = pseudonyms("a key that is long enough")


def valid(number: int, chance: random.Random, now: datetime = NOW) -> dict[str, Any]:
    """An event of any kind, as an ACD would POST it."""
    at = now - timedelta(seconds=chance.randrange(7200))
    base: dict[str, Any] = {"event_id": f"e{number}", "source": "acd", "occurred_at": at.isoformat()}
    begun = (at - timedelta(seconds=chance.randrange(600))).isoformat()
    leg = {"queue": f"lisbon/q{number % 7}", "contact": f"c{number}"}
    later = leg | {"offered_at": begun}
    visit = {"flow": "lisbon/main", "contact": f"i{number}", "entered_at": begun}
    agent = {"agent": f"a{number % 50}", "site": "lisbon"}
    more = chance.choice((
        {"type": "offered", **leg, "channel": "chat", "segment": "vip", "customer": "27182818", "dialled": "800"},
        {"type": "answered", **later, "agent": "a1"},
        {"type": "abandoned", **later},
        {"type": "flowed_out", **later, "reason": "overflow", "target": "lisbon/q1"},
        {"type": "ended", **later, "talk_s": 61.5, "hold_s": 3, "wrap_up_s": 4, "agent": "a1"},
        {"type": "ringing", **later}, {"type": "held", **later},
        {"type": "transferred", **later, "mode": "blind", "target": "x"}, {"type": "conferenced", **later},
        {"type": "ivr_entered", "flow": "lisbon/main", "contact": f"i{number}", "customer": "27182818"},
        {"type": "ivr_node_visited", **visit, "node": "first", "depth": 1},
        {"type": "ivr_input_failed", **visit, "node": "first", "fault": "timeout"},
        {"type": "ivr_exited", **visit, "outcome": "to_queue", "queue": "lisbon/q1"},
        {"type": "agent_logged_in", **agent, "team": "lisbon/t"},
        {"type": "agent_state_changed", **agent, "state": "not_ready", "reason": "lunch"},
        {"type": "agent_logged_out", **agent},
    ))  # fmt: skip
    return base | more


def batch(chance: random.Random, first: int, now: datetime = NOW) -> tuple[list[Any], set[str]]:
    """A hundred items, most of them spoilt, and the ids of those that are not."""
    items: list[Any] = []
    ids: set[str] = set()
    for number in range(first, first + AT_ONCE):
        item = valid(number, chance, now)
        if chance.random() < VALID_SHARE:
            ids.add(item["event_id"])
            items.append(item)
        else:
            spoilt = mutate.tree(chance, item)
            if isinstance(spoilt, dict) and spoilt.get("event_id") == item["event_id"]:
                spoilt["event_id"] = f"spoilt-{number}"
            items.append(spoilt)
    return items, ids


def as_json(chance: random.Random, items: list[Any]) -> bytes:
    """JSON in one of the forms that are taken; NaN and Infinity as Python writes them."""
    content = items if chance.random() < 0.5 else {"events": items}
    return json.dumps(content, ensure_ascii=chance.random() < 0.5).encode()


def bodies(inputs: int, chance: random.Random) -> Tally:
    """Bodies with spoilt items, and spoilt bodies."""
    tally = Tally()
    while tally.given < inputs:
        items, ids = batch(chance, tally.given)
        body = as_json(chance, items)
        if chance.random() < 0.9 and not too_deep(items):
            accepted = _read(tally, body, len(items))
            if lost := ids - {event.event_id for event in accepted if hasattr(event, "event_id")}:
                tally.breach(f"a body of {len(items)} items: {len(lost)} valid ones were lost, such as {min(lost)}")
        for _ in range(3):  # as a whole
            _read(
                tally, chance.choice((mutate.raw(chance, body[:3000]), chance.randbytes(chance.randrange(300)))), None
            )
    return tally


def _read(tally: Tally, body: bytes, items: int | None) -> list[AnyEvent]:
    reading = read(body, newest_ms=NEWEST_MS)
    events = [to_wire(event, hide) for event in reading.events]
    letters = [letter(index, item, reading.problems) for index, item in reading.refused]
    for event in reading.events:
        clock_key(event)
        if not math.isfinite(event.occurred_at.timestamp()):
            tally.breach(f"no time: {event}")
    if not events and not letters and not reading.problems and items is not None:
        tally.breach(f"nothing was said of {body[:200]!r}")
    given = items if items is not None else max(len(events) + len(letters), 1)
    whole = items is None and not events and not letters
    tally.count(given=given, accepted=len(events), refused=len(letters) + whole, where=f"body {body[:200]!r}")
    check_events(tally, events, where="body")
    check_letters(tally, letters, where="body")
    for one in letters:
        if CUSTOMER in one.model_dump_json():
            tally.breach(f"a letter that names a customer: {one}")
    return events


def too_deep(value: Any, depth: int = 0) -> bool:
    """Whether no JSON reader would take it: then the body is refused as a whole."""
    if depth > 150:
        return True
    if isinstance(value, dict):
        return any(too_deep(one, depth + 1) for one in value.values())
    return isinstance(value, list) and any(too_deep(one, depth + 1) for one in value)
