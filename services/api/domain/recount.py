"""A queue's contacts counted again from the log, with the machine that metrics counts with (contracts.contacts).

Feed it the records from the oldest on, then ask for the contacts and counters of a window at a moment.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, get_args

from services.api.domain.proofs import ContactEvent, ContactOutcome, ContactRecord, Difference
from services.contracts import contacts as machine
from services.contracts.contacts import Contact, Key, Lane, Terms
from services.contracts.definitions import Counts
from services.contracts.events import Channel, Heartbeat, LegEvent, Offered
from services.contracts.events import ContactEvent as LogEvent
from services.contracts.metrics import HALF_HOUR_MS, Details, Interval, Tile
from services.contracts.topology import Queue

_OUTCOMES: dict[int, ContactOutcome] = {
    machine.WAITING: "waiting",
    machine.ANSWERED: "answered",
    machine.SERVED: "answered",
    machine.ABANDONED: "abandoned",
    machine.GHOST: "ghost",
}


class Told(NamedTuple):
    """An event of a leg, and whether it said anything new."""

    offset: int
    event: LegEvent
    new: bool


@dataclass(slots=True)
class Leg:
    """A contact in the queue."""

    key: Key
    contact: Contact
    told: list[Told] = field(default_factory=list)


class Window(NamedTuple):
    """What is counted: `rolling`: service-level events in (start, end]; else arrivals in [start, end)."""

    start: int
    end: int
    rolling: bool

    def holds(self, leg: Leg, terms: Terms) -> bool:
        """Whether a leg is counted in it by these terms."""
        if self.rolling:
            return self.start < counted_at(leg, terms) <= self.end
        return self.start <= leg.key[1] < self.end


def counted_at(leg: Leg, terms: Terms) -> int:
    """A leg's service-level event: its outcome, or T passing while it waits, whatever comes first."""
    outcome, wait_ms = leg.contact[:2]
    waited = wait_ms if outcome != machine.WAITING and wait_ms < terms.threshold_ms else terms.threshold_ms
    return leg.key[1] + waited


class Recount:
    """The legs of one queue whose arrival lies in [since, until)."""

    def __init__(self, queue: Queue, since: int, until: int) -> None:
        self._queue = queue
        self._since, self._until = since, until
        self._legs: dict[Key, Leg] = {}
        self._lanes: dict[str, Lane] = {channel: machine.lane_of(queue, channel) for channel in get_args(Channel)}

    def feed(self, offset: int, events: Iterable[LogEvent]) -> None:
        """Take in a record. Those of other queues and other times are passed over."""
        for event in events:
            if isinstance(event, Heartbeat) or event.queue != self._queue.id:
                continue
            arrived_at = event.at if isinstance(event, Offered) else event.offered_at
            if self._since <= arrived_at < self._until:
                self._take(offset, (event.contact, arrived_at), event)

    def _take(self, offset: int, key: Key, event: LegEvent) -> None:
        leg = self._legs.get(key)
        contact = machine.take(None if leg is None else leg.contact, event)
        if leg is None:
            leg = self._legs[key] = Leg(key, contact, [Told(offset, event, new=True)])
        else:
            leg.told.append(Told(offset, event, contact is not leg.contact))
            leg.contact = contact

    def legs_at(self, clock: int) -> list[Leg]:
        """Every leg as it counts when the site's clock stands there: ghosts have flowed out. By arrival."""
        settled = []
        for leg in self._legs.values():
            ghost_after_ms = self.lane(leg).ghost_after_ms
            contact = leg.contact
            if contact[0] == machine.WAITING and machine.ghost_at(leg.key, contact, ghost_after_ms) <= clock:
                contact = machine.as_ghost(contact, ghost_after_ms)
            settled.append(Leg(leg.key, contact, leg.told))
        return sorted(settled, key=lambda leg: (leg.key[1], leg.key[0]))

    def lane(self, leg: Leg) -> Lane:
        """What a leg's channel is held to."""
        return self._lanes[machine.channel_of(leg.contact[7])]

    def terms(self, leg: Leg, threshold_s: int | None) -> Terms:
        """Terms of a leg at a T; None: at its own target."""
        if threshold_s is None:
            return self.lane(leg).terms
        objective_s = self._queue.response_objective_s
        objective_ms = -1 if objective_s is None else objective_s * 1000
        return Terms(threshold_s * 1000, self._queue.short_abandon_s * 1000, objective_ms)

    def chosen(self, legs: Iterable[Leg], window: Window, threshold_s: int | None) -> list[Leg]:
        """The legs that a window counts."""
        return [leg for leg in legs if window.holds(leg, self.terms(leg, threshold_s))]

    def count(self, legs: Iterable[Leg], window: Window, threshold_s: int | None) -> tuple[Counts, Details]:
        """The window's counters."""
        totals = [0] * machine.WIDTH
        for leg in self.chosen(legs, window, threshold_s):
            machine.count(totals, [leg.contact], self.terms(leg, threshold_s), 1)
        return Counts(**machine.counts_of(totals)), Details.model_validate(machine.details_of(totals))


Published = Mapping[str, Mapping[str, int]]
"""Name of a set of counters ("by_threshold.20") → counter → number."""


def published_of(item: Interval | Tile, *, details: bool) -> dict[str, Mapping[str, int]]:
    """Every counter that an interval or a tile publishes of its contacts."""
    name, counts = (
        ("by_threshold", item.by_threshold) if isinstance(item, Interval) else ("rolling", item.rolling)
    )  # fmt: skip
    found: dict[str, Mapping[str, int]] = {f"{name}.{t}": each.__dict__ for t, each in counts.items()}
    if item.target is not None:
        found["target"] = item.target.__dict__
    if details:
        found["details"] = _flat(item.details)
    return found


def _flat(details: Details) -> dict[str, int]:
    numbers = {name: getattr(details, name) for name in Details.model_fields if name != "flow_outs"}
    return numbers | {f"flow_outs.{reason}": number for reason, number in details.flow_outs.items()}


def recounted(recount: Recount, legs: Sequence[Leg], window: Window, published: Published) -> Published:
    """The same counters, from the legs."""
    found: dict[str, Mapping[str, int]] = {}
    for name in published:
        kind, _, threshold = name.partition(".")
        counts, details = recount.count(legs, window, int(threshold) if threshold else None)
        found[name] = _flat(details) if kind == "details" else counts.__dict__
    return found


def differences(published: Published, counted: Published) -> tuple[Difference, ...]:
    """Counters that came out otherwise."""
    found = []
    for name in published:
        one, other = published[name], counted[name]
        for counter in sorted(one.keys() | other.keys()):
            numbers = one.get(counter, 0), other.get(counter, 0)
            if numbers[0] != numbers[1]:
                found.append(
                    Difference(counter=f"{name}.{counter}", published=numbers[0], recounted=numbers[1])
                )  # fmt: skip
    return tuple(found)


def record_of(leg: Leg, terms: Terms) -> ContactRecord:
    """A leg as people read it."""
    outcome, wait_ms, ended, talk_ms, hold_ms, wrap_up_ms, _, about = leg.contact
    channel, segment, dialled = machine.parts_of(about)
    name = _OUTCOMES.get(outcome, "flowed_out")
    waits = outcome == machine.WAITING
    return ContactRecord.model_validate(
        {
            "contact": leg.key[0],
            "offered_at": leg.key[1],
            "channel": channel,
            "segment": segment,
            "dialled": dialled,
            "customer": next((t.event.customer for t in leg.told if isinstance(t.event, Offered)), ""),
            "agent": next((agent for t in reversed(leg.told) if (agent := getattr(t.event, "agent", ""))), ""),
            "outcome": name,
            "reason": machine.REASONS[outcome - machine.FLOWED_OUT] if name in {"flowed_out", "ghost"} else None,
            "inferred": outcome == machine.SERVED,
            "wait_ms": None if waits else wait_ms,
            "within": not waits and wait_ms <= terms.threshold_ms,
            "short": name == "abandoned" and wait_ms < terms.short_ms,
            "counted_at": counted_at(leg, terms),
            "talk_ms": talk_ms if ended >= 0 else None,
            "hold_ms": hold_ms if ended >= 0 else None,
            "wrap_up_ms": wrap_up_ms if ended >= 0 else None,
            "events": tuple(_events(leg.told)),
        }
    )


def _events(told: Iterable[Told]) -> Iterator[ContactEvent]:
    for offset, event, new in told:
        named = {name: getattr(event, name) for name in event.__struct_fields__}
        shared = {name: named.pop(name) for name in ("event_id", "source", "at")}
        for name in ("queue", "contact"):
            named.pop(name)
        fields = {name: value for name, value in named.items() if value not in {"", None}}
        yield ContactEvent(offset=offset, type=_TYPES[type(event)], new=new, fields=fields, **shared)


_TYPES = {
    kind: "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind.__name__)[1:]
    for kind in get_args(LegEvent)
}


def rolling_window(tile: Tile) -> Window:
    """The last half-hour of a tile."""
    return Window(tile.as_of - HALF_HOUR_MS, tile.as_of, rolling=True)


def arrivals_of(window: Window, queue: Queue) -> tuple[int, int]:
    """[since, until) of the arrivals that a window may count."""
    if not window.rolling:
        return window.start, window.end
    longest_s = max([*queue.counted_thresholds_s, *(terms.target_s for terms in queue.channels.values())])
    return window.start - longest_s * 1000, window.end + 1
