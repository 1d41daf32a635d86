"""A made-up floor, told twice: as the oracle's calls, visits and agents, and as what its ACDs and planner would POST.

Everything follows from the seed. Times are epoch milliseconds by the floor's clock, which runs `speed` times as fast
as ours and ends now.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from services.contracts.topology import Description, Flow, Queue, Site, Text
from tests.chaos import walks
from tests.chaos.posting import Posting, event, iso, on_their_way
from tests.chaos.staff import Staff, staff
from tests.oracle.callers import Ring
from tests.oracle.floor import Call, Outcome
from tests.oracle.ivr import Walk

THRESHOLDS_S = (20, 45)
SHORT_S = 5
ZONES = {"lisbon": "Europe/Lisbon", "kathmandu": "Asia/Kathmandu", "denver": "America/Denver"}
QUEUES = tuple(f"{site}/q{number}" for site in ZONES for number in range(5))
FLOWS = tuple(f"{site}/main" for site in ZONES)
FATES: tuple[Outcome | None, ...] = ("answered", "abandoned", "flowed_out", None)
FATE_WEIGHTS = (80, 22, 8, 4)

REASONS = ("overflow", "callback", "timeout", "voicemail")
SIGNS = {"held": 0.2, "blind": 0.04, "consulted": 0.04, "conferenced": 0.03}
CUSTOMERS = 60
"""Of each site: few enough that many call again."""
KNOWN_SHARE = 0.7


@dataclass(frozen=True)
class Story:
    """The floor as it stands at the end, and all that tells of it, in the order of sending, repeats included.

    Attributes:
        rings: the same calls, with who called.
        postings: events.
    """

    calls: tuple[Call, ...]
    rings: tuple[Ring, ...]
    visits: tuple[Walk, ...]
    staff: Staff
    postings: tuple[Posting, ...]
    ends_at: int

    @property
    def all_postings(self) -> list[Posting]:
        """Plans and exceptions, too."""
        return sorted((*self.postings, *self.staff.plans))


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
    rings: list[Ring] = []
    visits: list[Walk] = []
    events: list[dict[str, Any]] = []
    for number in range(round(lasts_s * contacts_per_s)):
        at = chance.randrange(began_at, ends_at)
        queue = chance.choice(QUEUES)
        if chance.random() < 0.4:
            visit = walks.walk(chance, f"i{number}", queue, at, ends_at)
            visits.append(visit)
            events += walks.events_of(visit)
            if visit.left_at is None or visit.outcome != "to_queue":
                continue
            at = visit.left_at
        call = known_at(_call(chance, f"c{number}", queue, at), ends_at)
        calls.append(call)
        customer = f"{queue.partition('/')[0]}-{chance.randrange(CUSTOMERS)}" if chance.random() < KNOWN_SHARE else ""
        rings.append(Ring(call.queue, call.contact, call.offered_at, customer))
        events += events_of(call, customer)
    agents = staff(chance, ZONES, began_at, ends_at, lasts_s)
    postings = sorted(on_their_way(chance, [*events, *agents.events], began_at, lasts_s, speed))
    return Story(tuple(calls), tuple(rings), tuple(visits), agents, tuple(postings), ends_at)


def events_of(call: Call, customer: str = "") -> Iterator[dict[str, Any]]:
    """What the ACD tells of a call as it stands."""
    name = f"{call.queue}:{call.contact}:{call.offered_at}"
    about = {"contact": call.contact, "queue": call.queue}
    says = {"channel": call.channel, "segment": call.segment, "dialled": call.dialled, "customer": customer}
    yield event("offered", f"{name}:o", call.queue, call.offered_at, **about, **says)
    leg = about | {"offered_at": iso(call.offered_at)}
    for what, at in call.marks:
        kind, mode = ("transferred", {"mode": what}) if what in ("blind", "consulted") else (what, {})
        yield event(kind, f"{name}:{what}", call.queue, at, **leg, **mode)
    if call.resolved_at is None or call.outcome is None:
        return
    more = {"reason": call.reason} if call.outcome == "flowed_out" else {}
    yield event(call.outcome, f"{name}:r", call.queue, call.resolved_at, **leg, **more)
    if call.talk_ms is None:
        return
    ended_at = call.resolved_at + call.talk_ms + call.hold_ms + call.wrap_up_ms
    times: dict[str, Any] = {
        "talk_s": call.talk_ms / 1000,
        "hold_s": call.hold_ms / 1000,
        "wrap_up_s": call.wrap_up_ms / 1000,
    }
    yield event("ended", f"{name}:e", call.queue, ended_at, **leg, **times)


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


def _text(name: str) -> Text:
    return Text(en=name, zh=name)
