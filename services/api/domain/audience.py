"""Who is watching, and what is written to whom. No I/O of its own: a socket is a `Wire` that says whether it has room.

Sockets with an equal sight form a group. All of a group that have kept up are written the same bytes, encoded once; one
that has not is left alone until it has room, and then gets its own message from its own position (newest wins).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from services.api.domain import messages
from services.api.domain.access import Sight
from services.api.domain.backlog import Backlog
from services.api.domain.ledger import Entry, Ledger
from services.contracts.socket import Resume, SocketError

TOO_SLOW = SocketError(code="too_slow", message="Nothing was read for too long. Connect again.")


class Wire(Protocol):
    """One open socket."""

    @property
    def has_room(self) -> bool:
        """Whether its send buffer takes another message."""

    @property
    def buffered(self) -> int:
        """Bytes that the peer has not taken yet."""

    def write(self, frame: bytes) -> None:
        """Send a framed message, without waiting."""

    def drop(self, farewell: bytes, reason: str) -> None:
        """Close it with code 1013, and for good if the peer does not take even that."""


@dataclass(eq=False, slots=True)
class Seat:
    """One watching socket."""

    wire: Wire
    group: "_Group"
    backlog: Backlog


@dataclass(eq=False, slots=True)
class _Group:
    sight: Sight
    seq: int
    changes: int = 0
    seats: set[Seat] = field(default_factory=set)
    snapshot: tuple[int, bytes] | None = None


@dataclass(slots=True)
class Tally:
    """What has happened so far; telemetry reads it."""

    encoded: int = 0
    written: int = 0
    snapshots: int = 0
    resumed: int = 0
    conflated: int = 0
    dropped: int = 0


class Audience:
    """All watching sockets of one process.

    Args:
        ledger: what there is to see.
        server: name of this process's run: seqs of another one mean nothing here.
        frame: message → bytes for the wire.
        patience_s: how long a socket may take nothing before it is dropped.
    """

    def __init__(self, ledger: Ledger, *, server: str, frame: Callable[[bytes], bytes], patience_s: float) -> None:
        self._ledger = ledger
        self._server = server
        self._frame = frame
        self._patience_s = patience_s
        self._groups: dict[Sight, _Group] = {}
        self.behind: set[Seat] = set()
        self.tally = Tally()

    def __len__(self) -> int:
        return sum(len(group.seats) for group in self._groups.values())

    def __iter__(self) -> Iterator[Seat]:
        return (seat for group in self._groups.values() for seat in group.seats)

    def join(self, wire: Wire, sight: Sight, resume: Resume | None, now: float) -> Seat:
        """Answer a subscription (W2, W4) and keep the socket up to date from then on (W3)."""
        group = self._groups.setdefault(sight, _Group(sight, self._ledger.seq))
        self._broadcast(group, now)
        seat = Seat(wire, group, Backlog(self._ledger.seq, group.changes))
        group.seats.add(seat)
        epoch = messages.epoch_for(self._server, sight)
        if resume is not None and resume.epoch == epoch and self._ledger.can_tell_since(resume.seq):
            self.tally.resumed += 1
            entries = messages.seen(self._ledger.since(resume.seq), sight)
            self._write(seat, self._news(group, resume.seq, entries))
        else:
            self._write(seat, self._snapshot(group))
        return seat

    def leave(self, seat: Seat) -> None:
        """The socket is gone, or takes another seat."""
        seat.group.seats.discard(seat)
        self.behind.discard(seat)
        if not seat.group.seats:
            self._groups.pop(seat.group.sight, None)

    def broadcast(self, now: float) -> None:
        """Write what is new to every socket that has room."""
        for group in list(self._groups.values()):
            self._broadcast(group, now)
        for seat in list(self.behind):
            self.catch_up(seat, now)

    def catch_up(self, seat: Seat, now: float) -> None:
        """Write to a socket that had fallen behind what it misses, if it has room now; give up on one that sleeps."""
        if seat not in self.behind:
            return
        group, backlog, seq = seat.group, seat.backlog, self._ledger.seq
        if not seat.wire.has_room:
            backlog.waits(now, seat.wire.buffered)
            if backlog.too_slow(now, self._patience_s):
                self.tally.dropped += 1
                self.leave(seat)
                seat.wire.drop(self._frame(messages.error(TOO_SLOW)), TOO_SLOW.code)
            return
        self._broadcast(group, now)
        self.behind.discard(seat)
        entries = messages.seen(self._ledger.since(backlog.position), group.sight)
        frame = self._news(group, backlog.position, entries)
        self.tally.conflated += backlog.sent(seq, group.changes, len(entries))
        self._write(seat, frame)

    def _broadcast(self, group: _Group, now: float) -> None:
        before, seq = group.seq, self._ledger.seq
        if before == seq:
            return
        entries = messages.seen(self._ledger.since(before), group.sight)
        group.seq = seq
        group.changes += len(entries)
        if not entries and self._ledger.can_tell_since(before):  # else a removal was forgotten meanwhile
            for seat in group.seats - self.behind:
                seat.backlog.position = seq
            return
        frame: bytes | None = None
        for seat in group.seats:
            if seat.backlog.position != before or not seat.wire.has_room:
                self._fall_behind(seat, now)
                continue
            if frame is None:
                frame = self._news(group, before, entries)
            seat.backlog.sent(seq, group.changes, len(entries))
            self._write(seat, frame)

    def _fall_behind(self, seat: Seat, now: float) -> None:
        if seat not in self.behind:
            self.behind.add(seat)
            seat.backlog.waits(now, seat.wire.buffered)

    def _news(self, group: _Group, position: int, entries: list[Entry]) -> bytes:
        if self._ledger.can_tell_since(position):
            return self._encode(messages.update(self._ledger.seq, entries))
        return self._snapshot(group)

    def _snapshot(self, group: _Group) -> bytes:
        self.tally.snapshots += 1
        seq = self._ledger.seq
        if group.snapshot is None or group.snapshot[0] != seq:
            entries = messages.seen(self._ledger.present(group.sight.kinds), group.sight)
            message = messages.snapshot(messages.epoch_for(self._server, group.sight), seq, entries)
            group.snapshot = (seq, self._encode(message))
        return group.snapshot[1]

    def _encode(self, message: bytes) -> bytes:
        self.tally.encoded += 1
        return self._frame(message)

    def _write(self, seat: Seat, frame: bytes) -> None:
        self.tally.written += 1
        seat.wire.write(frame)
