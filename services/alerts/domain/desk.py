"""The desk: the floor, the sections that look at it, and the commands that they obey.

Everything that it says is a function of the inbox, record by record. A command is answered once: one whose id was
answered within a day is the same command, told again.
"""

from collections.abc import Iterable, Sequence

import msgspec

from services.alerts.domain.floor import Floor
from services.alerts.domain.hearing import heard
from services.alerts.domain.section import Answer, Changed, Fact, Section, View
from services.contracts.desk import AnyCommand, News, Outcome
from services.contracts.names import Names

ANSWERED_FOR_MS = 24 * 3600 * 1000
_ACCEPTED = ("done", "same")


class _Snapshot(msgspec.Struct, array_like=True):
    floor: bytes
    sections: dict[str, bytes]
    answered: dict[str, int]


_decode = msgspec.msgpack.Decoder(_Snapshot).decode
_encode = msgspec.msgpack.Encoder().encode


class Desk:
    """Feed it news and commands; it answers with facts."""

    def __init__(self, names: Names, sections: Sequence[Section]) -> None:
        """Nothing is known. Sections are asked in their order."""
        self._names = names
        self._sections = sections
        self.floor = Floor()
        self._answered: dict[str, int] = {}  # command → when, by the wall clock

    def take(self, items: Iterable[News | AnyCommand]) -> list[Fact]:
        """What a record of the inbox brings, in its order."""
        facts: list[Fact] = []
        for step in heard(self.floor, items):
            if isinstance(step, Changed):
                facts += [fact for section in self._sections for fact in section.look(self.floor, step)]
            else:
                facts += self._obey(step)
        return facts

    def _obey(self, command: AnyCommand) -> list[Fact]:
        if command.id in self._answered:
            return []
        self._forget_old()
        self._answered[command.id] = command.at
        for section in self._sections:
            answer = section.obey(command, self.floor)
            if answer is not None:
                break
        else:
            answer = Answer("invalid", f"nobody at this desk takes {command.do!r}")
        outcome = Outcome(
            id=command.id, at=max(command.at, self.floor.wall_at), accepted=answer.code in _ACCEPTED, code=answer.code,
            message=answer.message, subject=answer.subject, revision=answer.revision, would=answer.would,
            command=command,
        )  # fmt: skip
        return [*answer.facts, Fact(self._names.journal, command.id, outcome)]

    def _forget_old(self) -> None:
        oldest = self.floor.wall_at - ANSWERED_FOR_MS
        while self._answered and (first := next(iter(self._answered))) and self._answered[first] < oldest:
            del self._answered[first]

    def views(self) -> list[View]:
        """All that stands now."""
        return [view for section in self._sections for view in section.views()]

    def snapshot(self) -> bytes:
        """All that `restore` needs, but for the floor's history."""
        sections = {section.name: section.snapshot() for section in self._sections}
        return bytes(_encode(_Snapshot(self.floor.snapshot(), sections, self._answered)))

    def restore(self, snapshot: bytes | None, history: Iterable[tuple[str, bytes]] = ()) -> list[Fact]:
        """Start from a snapshot (None: from nothing) and each queue's history."""
        self.floor, self._answered = Floor(), {}
        for queue, stored in history:
            self.floor.history.unpack(queue, stored)
        if snapshot is None:
            return [fact for section in self._sections for fact in section.restore(None, self.floor)]
        found = _decode(snapshot)
        self._answered = found.answered
        self.floor.restore(found.floor)
        return [
            fact for section in self._sections for fact in section.restore(found.sections.get(section.name), self.floor)
        ]
