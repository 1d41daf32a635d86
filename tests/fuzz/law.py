"""What every edge is held to: accepted + refused = given, each refused one has a letter, valid ones all count."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from services.contracts import events as wire
from services.contracts.events import AnyEvent, Heartbeat
from services.contracts.letters import DeadLetter
from services.contracts.names import MAX_RECORD_BYTES
from services.metrics.domain.clocks import LATEST_MS

BREACHES_KEPT = 50
DECODERS = (
    (wire.LegEvent, wire.decode_contacts),
    (wire.VisitEvent, wire.decode_ivr),
    (wire.StaffEvent, wire.decode_agents),
)


@dataclass
class Tally:
    """What became of the inputs of one edge."""

    given: int = 0
    accepted: int = 0
    refused: int = 0
    breaches: list[str] = field(default_factory=list)

    def breach(self, what: str) -> None:
        """Something that must not be."""
        if len(self.breaches) < BREACHES_KEPT:
            self.breaches.append(what[:600])

    def count(self, *, given: int, accepted: int, refused: int, where: str) -> None:
        """Inputs of one round, which must add up."""
        self.given += given
        self.accepted += accepted
        self.refused += refused
        if accepted + refused != given:
            self.breach(f"{where}: {accepted} accepted + {refused} refused ≠ {given} given")

    def __iadd__(self, other: "Tally") -> Self:
        """Both."""
        self.given += other.given
        self.accepted += other.accepted
        self.refused += other.refused
        self.breaches += other.breaches
        return self


def check_letters(tally: Tally, letters: Iterable[DeadLetter], *, where: str) -> None:
    """Each can be sent, says why, and shows not too much."""
    for letter in letters:
        if not letter.reason:
            tally.breach(f"{where}: a letter without a reason: {letter}")
        if len(letter.content) > 2000 or len(letter.id) > 1000:
            tally.breach(f"{where}: a letter of {len(letter.content)} characters, id of {len(letter.id)}")
        try:
            size = len(letter.model_dump_json().encode()) + len(letter.id.encode())
        except ValueError as error:  # a lone surrogate, say
            tally.breach(f"{where}: a letter that can't be sent: {error}")
            continue
        if size > MAX_RECORD_BYTES // 100:
            tally.breach(f"{where}: a letter of {size} bytes")


def check_events(tally: Tally, events: Iterable[AnyEvent], *, where: str) -> None:
    """Each travels, and holds nothing that metrics would refuse."""
    for event in events:
        if isinstance(event, Heartbeat):
            continue
        decode = next(decoder for kinds, decoder in DECODERS if isinstance(event, kinds))
        try:
            if decode(wire.encode_batch([event])) != [event]:
                tally.breach(f"{where}: {event} arrives as another")
        except Exception as error:  # noqa: BLE001  # whatever it is, it would have killed the feed
            tally.breach(f"{where}: {event} can't travel: {error!r}")
        begun = getattr(event, "offered_at", getattr(event, "entered_at", event.at))
        if not (0 <= begun < LATEST_MS and 0 <= event.at < LATEST_MS):
            tally.breach(f"{where}: {event} lies outside of time")
