"""What is known of an agent: facts on pages of four hours. Each page is a function of the log up to its own offset.

A fact is one event, told by one feed of one site. A page is a set of facts, so that order and repetition change
nothing; each fact has the offset of the record that told it first. A page is kept as msgpack

    [offset, [[at, site], [at, team]], [[site, source, [[ms into the page, code, reason, contact, offset − its own]]]]]

and held as these very bytes until somebody asks, because a worker may hold a million facts.
"""

import msgspec

from services.contracts.workforce.facts import LOG_IN, Fact

SLOT_MS = 4 * 3600 * 1000

_Group = tuple[str, str, list[tuple[int, int, str, str, int]]]
_Home = tuple[tuple[int, str], tuple[int, str]]
_encode = msgspec.msgpack.Encoder().encode
_decode_header = msgspec.msgpack.Decoder(tuple[int, _Home, msgspec.Raw]).decode
_decode_groups = msgspec.msgpack.Decoder(list[_Group]).decode

NOWHERE: _Home = ((-1, ""), (-1, ""))


class AgentPage:
    """One agent's facts of [slot × SLOT_MS, (slot + 1) × SLOT_MS).

    Attributes:
        offset: the newest record that changed it.
        home: (at, site) of its newest fact, and (at, team) of its newest log-in that names a team.
        dirty: changed since it was last kept.
        kept: the changelog has a version of it.
    """

    __slots__ = ("_facts", "_value", "dirty", "home", "kept", "offset", "slot")

    def __init__(self, slot: int) -> None:
        """An empty page."""
        self.slot = slot
        self.offset = -1
        self.home = NOWHERE
        self.dirty = self.kept = False
        self._facts: dict[Fact, int] | None = {}
        self._value = b""

    @classmethod
    def restore(cls, slot: int, value: bytes) -> "AgentPage":
        """A page as it was kept.

        Raises:
            msgspec.DecodeError: the value is no page.
        """
        page = cls(slot)
        page.offset, page.home, _ = _decode_header(value)
        page._value, page._facts, page.kept = value, None, True
        return page

    @property
    def end(self) -> int:
        """The moment after it, epoch ms."""
        return (self.slot + 1) * SLOT_MS

    @property
    def facts(self) -> dict[Fact, int]:
        """Each fact and the offset that told it first."""
        if self._facts is not None:
            return self._facts
        start, offset = self.slot * SLOT_MS, self.offset
        return {
            Fact(start + ms, code, reason, contact, site, source): offset - back
            for site, source, facts in _decode_groups(_decode_header(self._value)[2])
            for ms, code, reason, contact, back in facts
        }

    def add(self, fact: Fact, offset: int) -> bool:
        """Take a fact in; False if it is known."""
        if self._facts is None:
            self._facts, self._value = self.facts, b""
        if fact in self._facts:
            return False
        self._facts[fact] = offset
        self.offset = offset
        site, team = self.home
        if (fact.at, fact.site) > site:
            self.home = (fact.at, fact.site), team
        if fact.code == LOG_IN and fact.reason and (fact.at, fact.reason) > team:
            self.home = self.home[0], (fact.at, fact.reason)
        return True

    def encode(self) -> bytes:
        """The value to keep. The page is held as these bytes from now on."""
        if self._facts is not None:
            start, groups = self.slot * SLOT_MS, dict[tuple[str, str], list[tuple[int, int, str, str, int]]]()
            for fact, offset in self._facts.items():
                groups.setdefault((fact.site, fact.source), []).append(
                    (fact.at - start, fact.code, fact.reason, fact.contact, self.offset - offset)
                )
            self._value = _encode((self.offset, self.home, [(*told_by, facts) for told_by, facts in groups.items()]))
            self._facts = None
        return self._value
