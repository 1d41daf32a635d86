"""The desk as a Keeper: inbox records in, facts out, one state.

The desk's state is one record, because what it decides depends on many things at once: states of different moments
would make it say something else after a crash. Value: 8 bytes offset, then the desk's snapshot. Only the queues' past,
which changes twice an hour, has records of its own.
"""

from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from typing import Any

import msgspec
from pydantic import TypeAdapter, ValidationError

from services.alerts.domain.desk import Desk
from services.alerts.domain.section import Fact
from services.contracts.desk import AnyCommand, News, command_adapter, news_adapter
from services.contracts.keeping import Checkpoint, Output, Record, StateEntry, key_prefix
from services.contracts.letters import DeadLetter
from services.contracts.names import Names
from services.contracts.numbers import is_too_large, may_be_too_large

KEY = key_prefix(0) + b"desk"
PAST = key_prefix(0) + b"past|"
_OFFSET_BYTES = 8

_all_news: TypeAdapter[list[News]] = TypeAdapter(list[News])
_split = msgspec.json.Decoder(list[msgspec.Raw]).decode


class DeskKeeper:
    """See services/contracts/keeping.py for what each method must do."""

    def __init__(self, names: Names, desk: Desk) -> None:
        """Keep the state of `desk`."""
        self.desk = desk
        self.letters = 0
        self._names = names
        self._offset = -1
        self._dirty = False
        self._happened: list[Fact] = []
        self._told: list[Fact] = []
        self._letters: list[Output] = []

    def apply(self, record: Record) -> None:
        """A JSON array of news and commands."""
        if record.offset <= self._offset:
            return
        self._offset, self._dirty = record.offset, True
        self._happened += self.desk.take(self._read(record))

    def urgent(self) -> bool:
        """An alert does not wait for the next interval, nor a person for the answer."""
        return bool(self._happened)

    def checkpoint(self) -> Checkpoint:
        """Everything in one slice."""
        if not self._dirty:
            return Checkpoint([], [])
        outputs = [
            Output(fact.topic.name, fact.value.model_dump_json().encode(), fact.key.encode(), fact.partition)
            for fact in self._happened
            if fact.topic is not None and fact.value is not None
        ]
        outputs += self._letters
        self._told += self._happened
        self._happened, self._letters, self._dirty = [], [], False
        history = self.desk.floor.history
        states = [self._state(PAST + queue.encode(), history.pack(queue)) for queue in sorted(history.changed)]
        history.changed.clear()
        return Checkpoint(outputs, [*states, self._state(KEY, self.desk.snapshot())])

    def take_told(self) -> list[Fact]:
        """Facts of the checkpoints since the last call, to be shown."""
        told, self._told = self._told, []
        return told

    def restore(self, entries: Iterable[StateEntry], partitions: frozenset[int]) -> None:  # noqa: ARG002  # there is one
        """The desk's entry and those of the past, or none at the first start."""
        value, past = None, list[tuple[str, bytes]]()
        for entry in entries:
            assert entry.value is not None, "nothing that was forgotten comes back"
            if entry.key == KEY:
                value = entry.value
            elif entry.key.startswith(PAST):
                past.append((entry.key.removeprefix(PAST).decode(), entry.value[_OFFSET_BYTES:]))
        self._offset = -1 if value is None else self.offset_of(value)
        self._told, self._letters = [], []
        self._happened = self.desk.restore(None if value is None else value[_OFFSET_BYTES:], past)
        self._dirty = bool(self._happened)

    def offset_of(self, value: bytes) -> int:
        """The offset that a stored state includes."""
        return int.from_bytes(value[:_OFFSET_BYTES], "big", signed=True)

    def _state(self, key: bytes, value: bytes | None) -> StateEntry:
        offset = self._offset.to_bytes(_OFFSET_BYTES, "big", signed=True)
        return StateEntry(0, key, None if value is None else offset + value)

    def _read(self, record: Record) -> list[News | AnyCommand]:
        """The items of a record; one that can't be used becomes a letter, and the others count."""
        if not may_be_too_large(record.value):
            with suppress(ValidationError):
                return list(_all_news.validate_json(record.value))
        try:
            contents = [bytes(raw) for raw in _split(record.value)]
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            self._letters.append(self._letter(record, "", f"not an array of news: {error}", record.value))
            return []
        items: list[News | AnyCommand] = []
        for index, content in enumerate(contents):
            adapter: TypeAdapter[Any] = command_adapter if b'"command"' in content else news_adapter
            try:
                item = adapter.validate_json(content)
            except ValidationError as error:
                reason = f"neither news nor a command: {error.errors()[0]['msg']}"
            else:
                if not is_too_large(item.model_dump_json().encode()):
                    items.append(item)
                    continue
                reason = "a number that can't be"
            self._letters.append(self._letter(record, f"|{index}", reason, content))
        return items

    def _letter(self, record: Record, index: str, reason: str, content: bytes) -> Output:
        self.letters += 1
        place = f"{record.topic}|{record.partition}|{record.offset}{index}"
        letter = DeadLetter(
            id=sha256(place.encode()).hexdigest()[:32], source=place, reason=reason[:500],
            content=content[:2000].decode(errors="replace"),
        )  # fmt: skip
        return Output(self._names.dead_letters.name, letter.model_dump_json().encode(), letter.id.encode())
