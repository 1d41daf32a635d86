"""The engine as a Keeper: tile records in, transitions out, one state.

The engine's state is one record, because an alert depends on many tiles: states of different moments would make it
say something else after a crash. Value: 8 bytes offset, then the engine's snapshot.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from typing import Annotated

import msgspec
from pydantic import Field, TypeAdapter, ValidationError

from services.alerts.domain.engine import Engine
from services.contracts.alerts import AlertTransition
from services.contracts.keeping import Checkpoint, Output, Record, StateEntry, key_prefix
from services.contracts.letters import DeadLetter
from services.contracts.metrics import FeedClock, Tile
from services.contracts.names import Names

KEY = key_prefix(0) + b"engine"
_OFFSET_BYTES = 8

_item: TypeAdapter[Tile | FeedClock] = TypeAdapter(Annotated[Tile | FeedClock, Field(discriminator="kind")])
_items: TypeAdapter[list[Tile | FeedClock]] = TypeAdapter(list[Tile | FeedClock])
_LOOKS_LARGE = re.compile(rb"\d{18}|\d[eE]\+?\d\d")
_TOO_LARGE = re.compile(rb"\d{18}")
"""Numbers that would not fit into the engine's state, or whose sums and differences would not: 64 bits."""
_split = msgspec.json.Decoder(list[msgspec.Raw]).decode


class AlertKeeper:
    """See services/contracts/keeping.py for what each method must do."""

    def __init__(self, names: Names, engine: Engine) -> None:
        """Keep the state of `engine`."""
        self.engine = engine
        self.letters = 0
        self._names = names
        self._offset = -1
        self._dirty = False
        self._happened: list[AlertTransition] = []
        self._told: list[AlertTransition] = []
        self._letters: list[Output] = []

    def apply(self, record: Record) -> None:
        """A JSON array of Tile and FeedClock objects."""
        if record.offset <= self._offset:
            return
        self._offset, self._dirty = record.offset, True
        self._happened += self.engine.take(self._read(record))

    def urgent(self) -> bool:
        """An alert does not wait for the next interval."""
        return bool(self._happened)

    def checkpoint(self) -> Checkpoint:
        """Everything in one slice."""
        if not self._dirty:
            return Checkpoint([], [])
        alerts = self._names.alerts.name
        outputs = [Output(alerts, one.model_dump_json().encode(), one.id.encode()) for one in self._happened]
        outputs += self._letters
        self._told += self._happened
        self._happened, self._letters, self._dirty = [], [], False
        value = self._offset.to_bytes(_OFFSET_BYTES, "big", signed=True) + self.engine.snapshot()
        return Checkpoint(outputs, [StateEntry(0, KEY, value)])

    def take_told(self) -> list[AlertTransition]:
        """Transitions of the checkpoints since the last call, to be shown."""
        told, self._told = self._told, []
        return told

    def restore(self, entries: Iterable[StateEntry], partitions: frozenset[int]) -> None:  # noqa: ARG002  # there is one
        """One entry, or none at the first start."""
        value = next((entry.value for entry in entries if entry.key == KEY), None)
        self._offset = -1 if value is None else self.offset_of(value)
        self._told, self._letters = [], []
        self._happened = self.engine.restore(None if value is None else value[_OFFSET_BYTES:])
        self._dirty = bool(self._happened)

    def offset_of(self, value: bytes) -> int:
        """The offset that a stored state includes."""
        return int.from_bytes(value[:_OFFSET_BYTES], "big", signed=True)

    def _read(self, record: Record) -> list[Tile | FeedClock]:
        """The items of a record; one that can't be used becomes a letter, and the others count."""
        if not _LOOKS_LARGE.search(record.value):
            with suppress(ValidationError):
                return _items.validate_json(record.value)
        try:
            contents = [bytes(raw) for raw in _split(record.value)]
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            self._letters.append(self._letter(record, "", f"not an array of tiles: {error}", record.value))
            return []
        items: list[Tile | FeedClock] = []
        for index, content in enumerate(contents):
            try:
                item = _item.validate_json(content)
            except ValidationError as error:
                reason = f"neither a tile nor a clock: {error.errors()[0]['msg']}"
            else:
                if not _TOO_LARGE.search(item.model_dump_json().encode()):
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
