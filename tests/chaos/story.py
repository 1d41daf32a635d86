"""A made-up floor, told twice: as the oracle's calls and visits, and as the events that three ACDs would POST.

Everything follows from the seed. Times are epoch milliseconds by the floor's clock, which runs `speed` times as fast
as ours and ends now.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from services.contracts.events import IvrOutcome
from services.contracts.topology import Description, Flow, Queue, Site, Text
from tests.oracle.floor import Call, IvrVisit, Outcome

THRESHOLDS_S = (20, 45)
SHORT_S = 5
ZONES = {"lisbon": "Europe/Lisbon", "kathmandu": "Asia/Kathmandu", "denver": "America/Denver"}
QUEUES = tuple(f"{site}/q{number}" for site in ZONES for number in range(5))
FLOWS = tuple(f"{site}/main" for site in ZONES)
FATES: tuple[Outcome | None, ...] = ("answered", "abandoned", "flowed_out", None)
FATE_WEIGHTS = (80, 22, 8, 4)

REASONS = ("overflow", "callback", "timeout", "voicemail")
SIGNS = {"held": 0.2, "blind": 0.04, "consulted": 0.04, "conferenced": 0.03}
LEFT: tuple[IvrOutcome, ...] = ("to_queue", "contained", "abandoned", "virtual")
LEFT_WEIGHTS = (70, 15, 10, 5)

LATE_SHARE, VERY_LATE_SHARE, REPEATED_SHARE = 0.15, 0.04, 0.1
LATE_MS = 8 * 60_000


@dataclass(frozen=True, order=True)
class Posting:
    """An event on its way: when its source sends it, in seconds from the beginning."""

    due_s: float
    number: int
    event: dict[str, Any] = field(compare=False)

    @property
    def source(self) -> str:
        return str(self.event["source"])


@dataclass(frozen=True)
class Story:
    """The floor as it stands at the end, and every event that tells of it, in the order of sending, repeats included."""

    calls: tuple[Call, ...]
    visits: tuple[IvrVisit, ...]
    postings: tuple[Posting, ...]
    ends_at: int


def topology() -> list[Description]:
    """Sites in their zones, queues with two thresholds, flows."""
    return [
        *(Site(id=site, name=_text(site), timezone=zone) for site, zone in ZONES.items()),
        *(
            Queue(id=queue, name=_text(queue), target_s=20, thresholds_s=THRESHOLDS_S, short_abandon_s=SHORT_S)
            for queue in QUEUES
        ),
        *(Flow(id=flow, name=_text(flow)) for flow in FLOWS),
    ]


def tell(seed: int, *, ends_at: int, lasts_s: float, speed: float, contacts_per_s: float) -> Story:
    """Make up a floor of `lasts_s` real seconds."""
    chance = random.Random(f"floor {seed}")
    began_at = ends_at - round(lasts_s * speed * 1000)
    calls: list[Call] = []
    visits: list[IvrVisit] = []
    events: list[dict[str, Any]] = []
    for number in range(round(lasts_s * contacts_per_s)):
        at = chance.randrange(began_at, ends_at)
        queue = chance.choice(QUEUES)
        if chance.random() < 0.4:
            at, goes_on = _visit(chance, f"i{number}", queue, at, ends_at, visits, events)
            if not goes_on or at >= ends_at:
                continue
        call = known_at(_call(chance, f"c{number}", queue, at), ends_at)
        calls.append(call)
        events += events_of(call)
    postings = sorted(_on_their_way(chance, events, began_at, lasts_s, speed))
    return Story(tuple(calls), tuple(visits), tuple(postings), ends_at)


def events_of(call: Call) -> Iterator[dict[str, Any]]:
    """What the ACD tells of a call as it stands."""
    name = f"{call.queue}:{call.contact}:{call.offered_at}"
    about = {"contact": call.contact, "queue": call.queue}
    says = {"channel": call.channel, "segment": call.segment, "dialled": call.dialled}
    yield _event("offered", f"{name}:o", call.queue, call.offered_at, **about, **says)
    leg = about | {"offered_at": _iso(call.offered_at)}
    for what, at in call.marks:
        kind, mode = ("transferred", {"mode": what}) if what in ("blind", "consulted") else (what, {})
        yield _event(kind, f"{name}:{what}", call.queue, at, **leg, **mode)
    if call.resolved_at is None or call.outcome is None:
        return
    more = {"reason": call.reason} if call.outcome == "flowed_out" else {}
    yield _event(call.outcome, f"{name}:r", call.queue, call.resolved_at, **leg, **more)
    if call.talk_ms is None:
        return
    ended_at = call.resolved_at + call.talk_ms + call.hold_ms + call.wrap_up_ms
    times = {"talk_s": call.talk_ms / 1000, "hold_s": call.hold_ms / 1000, "wrap_up_s": call.wrap_up_ms / 1000}
    yield _event("ended", f"{name}:e", call.queue, ended_at, **leg, **times)


def known_at(call: Call, now: int) -> Call:
    """A call as it is known at `now`: later outcomes are not told yet."""
    call = replace(call, marks=tuple(mark for mark in call.marks if mark[1] <= now))
    if call.resolved_at is None or call.resolved_at > now:
        return replace(call, outcome=None, resolved_at=None, reason="overflow", talk_ms=None, hold_ms=0, wrap_up_ms=0)
    if call.ended_at is None or call.ended_at <= now:
        return call
    return replace(call, talk_ms=None, hold_ms=0, wrap_up_ms=0)


def _call(chance: random.Random, contact: str, queue: str, at: int) -> Call:
    call = Call(
        queue,
        contact,
        at,
        channel=chance.choices(("voice", "chat"), (9, 1))[0],
        segment=chance.choices(("", "vip"), (8, 2))[0],
        dialled=chance.choices(("", "800"), (8, 2))[0],
    )
    fate = chance.choices(FATES, FATE_WEIGHTS)[0]
    if fate is None:
        return call
    waited = round(chance.expovariate(1 / 25_000))
    call = replace(call, outcome=fate, resolved_at=at + waited, reason=chance.choice(REASONS))
    if chance.random() < 0.3:
        call = replace(call, marks=(("ringing", at + chance.randrange(waited + 1)),))
    if fate != "answered" or chance.random() < 0.1:  # some ends are never told
        return call
    talk_ms = chance.randrange(10_000, 400_000)
    signs = [what for what, share in SIGNS.items() if chance.random() < share]
    return replace(
        call,
        talk_ms=talk_ms,
        hold_ms=chance.choice([0, 0, chance.randrange(60_000)]),
        wrap_up_ms=chance.randrange(30_000),
        marks=(*call.marks, *((what, at + waited + chance.randrange(1, talk_ms)) for what in signs)),
    )


def _visit(  # noqa: PLR0917  # what it adds to comes last
    chance: random.Random,
    contact: str,
    queue: str,
    at: int,
    ends_at: int,
    visits: list[IvrVisit],
    events: list[dict[str, Any]],
) -> tuple[int, bool]:
    """A visit of the site's menu; when it is over, and whether the caller goes on to the queue."""
    flow = f"{queue.partition('/')[0]}/main"
    name = f"{flow}:{contact}"
    about = {"flow": flow, "contact": contact}
    events.append(_event("ivr_entered", f"{name}:in", flow, at, **about))
    over = at + chance.randrange(5_000, 120_000)
    if over >= ends_at or chance.random() < 0.02:
        visits.append(IvrVisit(flow, contact, at))
        return over, False
    outcome = chance.choices(LEFT, LEFT_WEIGHTS)[0]
    more = {"queue": queue} if outcome == "to_queue" else {}
    events.append(
        _event("ivr_exited", f"{name}:out", flow, over, **about, entered_at=_iso(at), outcome=outcome, **more)
    )
    visits.append(IvrVisit(flow, contact, at, outcome))
    return over, outcome == "to_queue"


def _on_their_way(
    chance: random.Random, events: list[dict[str, Any]], began_at: int, lasts_s: float, speed: float
) -> Iterator[Posting]:
    """Most events are sent at once, some late, a few very late, some again."""
    for number, event in enumerate(events):
        happened_s = (event.pop("at") - began_at) / 1000 / speed
        lot = chance.random()
        delay_s = chance.uniform(0, 0.3)
        if lot < VERY_LATE_SHARE:
            delay_s = chance.uniform(0, lasts_s)
        elif lot < VERY_LATE_SHARE + LATE_SHARE:
            delay_s = chance.uniform(0, LATE_MS / 1000 / speed)
        due_s = min(happened_s + delay_s, lasts_s)
        yield Posting(due_s, number, event)
        if chance.random() < REPEATED_SHARE:
            yield Posting(min(due_s + chance.uniform(0, 10), lasts_s), number, event)


def _event(kind: str, name: str, scope: str, at: int, **fields: object) -> dict[str, Any]:
    site = scope.partition("/")[0]
    return {"type": kind, "event_id": name, "source": f"acd-{site}", "occurred_at": _iso(at), "at": at, **fields}


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at // 1000, UTC).replace(microsecond=at % 1000 * 1000).isoformat()


def _text(name: str) -> Text:
    return Text(en=name, zh=name)
