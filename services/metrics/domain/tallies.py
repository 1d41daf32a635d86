"""Counters of a queue's pages: kept on the page, and brought up to date contact by contact as contacts change."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from services.contracts import topology
from services.contracts.contacts import (
    ABANDONED,
    ANSWERED,
    GHOST,
    OUTCOME_OF_REASON,
    SERVED,
    WAITING,
    WIDTH,
    Contact,
    Key,
    Lane,
    Terms,
    channel_of,
    count,
    lane_of,
)
from services.contracts.events import Channel
from services.contracts.topology import GHOST_AFTER_S
from services.metrics.domain.half_hours import HalfHour
from services.metrics.domain.pages import Page

_GROUPS = "groups"
_decode = msgspec.msgpack.Decoder(dict[tuple[str, int], Contact]).decode
_decode_old = msgspec.msgpack.Decoder(dict[tuple[str, int], tuple[int, int, int, int, int, int]]).decode

Groups = dict[str, list[int]]
"""What contacts are about (see contacts) → what contacts.count counts of them, at their own lane's terms."""


class ContactPage(Page[Contact]):
    """A page of contacts.

    Attributes:
        ghosts: who of it is a ghost, and since when.
    """

    __slots__ = ("ghosts",)

    @staticmethod
    def decode_entries(value: Any) -> dict[Key, Contact]:
        """Contacts as they were kept, by version 0.1 too: it knew no signs and no reasons."""
        try:
            return _decode(value)
        except msgspec.ValidationError:
            outcomes = (WAITING, ANSWERED, ABANDONED, OUTCOME_OF_REASON["other"], SERVED)
            return {key: (outcomes[first], *rest, 0, "") for key, (first, *rest) in _decode_old(value).items()}  # type: ignore[misc]

    def __init__(self, scope: str, slot: int) -> None:
        """An empty page."""
        super().__init__(scope, slot)
        self.ghosts: dict[Key, int] = {}

    def haunt(self, key: Key, since: int | None) -> None:
        """A contact is a ghost since then, or no more (None)."""
        self.tallies.clear()
        self.change_counted()
        if since is None:
            self.ghosts.pop(key, None)
        else:
            self.ghosts[key] = since

    def settled(self, entries: Iterable[tuple[Key, Contact]]) -> list[Contact]:
        """Contacts as they count now: ghosts have flowed out."""
        ghosts = self.ghosts
        if not ghosts:
            return [contact for _, contact in entries]
        return [(GHOST, ghosts[key] - key[1], *contact[2:]) if key in ghosts else contact for key, contact in entries]


class QueueTerms(NamedTuple):
    """What a queue's topology says that matters for counting and for its tile.

    Attributes:
        split: whether some channel has terms of its own; else every lane has the queue's.
    """

    target_s: int
    target_percent: float
    definition: str
    thresholds_s: tuple[int, ...]
    short_ms: float
    objective_ms: int
    split: tuple[Channel, ...]
    lanes: dict[Channel, Lane]
    skill: str

    @classmethod
    def of(cls, queue: topology.Queue) -> "QueueTerms":
        """The terms of a described queue."""
        objective_s = queue.response_objective_s
        return cls(
            queue.target_s,
            queue.target_percent,
            queue.definition,
            queue.counted_thresholds_s,
            queue.short_abandon_s * 1000,
            -1 if objective_s is None else objective_s * 1000,
            tuple(sorted(queue.channels)),
            {channel: lane_of(queue, channel) for channel in GHOST_AFTER_S},
            queue.skill,
        )

    def at(self, threshold_s: int) -> Terms:
        """The queue's own terms at a threshold."""
        return Terms(threshold_s * 1000, self.short_ms, self.objective_ms)

    def lane(self, about: str) -> Lane:
        """The lane of a contact."""
        return self.lanes[channel_of(about)]  # type: ignore[index]  # a channel is what an offer's text begins with

    @property
    def voice_ghost_ms(self) -> int:
        """How long a voice contact may be silent until it is a ghost."""
        return self.lanes["voice"].ghost_after_ms

    @property
    def longest_ms(self) -> int:
        """The longest threshold that is counted."""
        return max(max(self.thresholds_s) * 1000, *(lane.terms.threshold_ms for lane in self.lanes.values()))

    @property
    def counting(self) -> tuple[Any, ...]:
        """All that half-hours are counted by."""
        lanes = tuple(self.lanes.values())
        return self.thresholds_s, self.target_s, self.short_ms, self.objective_ms, self.split, lanes


class Tally(NamedTuple):
    """A half-hour's counters: by threshold, and at each contact's own target."""

    by_threshold: dict[int, list[int]]
    groups: Groups

    def at_target(self, terms: QueueTerms) -> list[int]:
        """All contacts, each at its own target."""
        if not terms.split:
            return self.by_threshold[terms.target_s]
        return total(self.groups.values())


def total(some: Iterable[list[int]]) -> list[int]:
    """Counters added."""
    return list(map(sum, zip([0] * WIDTH, *some, strict=True)))


def tally(pages: Iterable[Page[Contact]], half_hour: HalfHour, terms: QueueTerms, thresholds_s: Iterable[int]) -> Tally:
    """Count a half-hour. Groups are told apart only where a page is mixed, or the queue's channels differ."""
    found = [_part(page, half_hour) for page in pages]
    by_threshold = {t: total(_at(page, arrived, terms.at(t), t) for page, arrived in found) for t in thresholds_s}
    groups: Groups = {}
    if terms.split or any(page.mixed for page, _ in found):
        for page, arrived in found:
            for about, totals in _groups(page, arrived, terms).items():
                groups[about] = total([groups[about], totals]) if about in groups else totals
    return Tally(by_threshold, groups)


def arrived_on(pages: Iterable[Page[Contact]], half_hour: HalfHour) -> int:
    """How many contacts came in the half-hour, by the pages themselves."""
    return sum(
        len(page.peek())
        if half_hour.start <= page.start and page.end <= half_hour.end
        else sum(half_hour.start <= key[1] < half_hour.end for key in page.peek())
        for page in pages
    )


_Arrived = list[tuple[Key, Contact]] | None
"""The contacts of a page that lie in a half-hour; None: all of them."""


def _part(page: Page[Contact], half_hour: HalfHour) -> tuple[ContactPage, _Arrived]:
    assert isinstance(page, ContactPage)
    if half_hour.start <= page.start and page.end <= half_hour.end:
        return page, None
    return page, [item for item in page.unfolded().items() if half_hour.start <= item[0][1] < half_hour.end]


def _at(page: ContactPage, arrived: _Arrived, terms: Terms, threshold_s: int) -> list[int]:
    if arrived is not None:
        totals = [0] * WIDTH
        count(totals, page.settled(arrived), terms, 1)
        return totals
    _count_changes(page)
    known: tuple[Terms, list[int]] | None = page.tallies.get(threshold_s)
    if known is None:
        known = page.tallies[threshold_s] = terms, [0] * WIDTH
        count(known[1], page.settled(page.unfolded().items()), terms, 1)
    return known[1]


def _groups(page: ContactPage, arrived: _Arrived, terms: QueueTerms) -> Groups:
    if arrived is not None:
        groups: Groups = {}
        _count_by_group(groups, page.settled(arrived), terms, 1)
        return groups
    _count_changes(page)
    known: tuple[QueueTerms, Groups] | None = page.tallies.get(_GROUPS)
    if known is None:
        known = page.tallies[_GROUPS] = terms, {}
        _count_by_group(known[1], page.settled(page.unfolded().items()), terms, 1)
    return known[1]


def _count_by_group(groups: Groups, contacts: Iterable[Contact], terms: QueueTerms, sign: int) -> None:
    by_about: dict[str, list[Contact]] = {}
    for contact in contacts:
        by_about.setdefault(contact[7], []).append(contact)
    for about, some in by_about.items():
        count(groups.setdefault(about, [0] * WIDTH), some, terms.lane(about).terms, sign)


def _count_changes(page: ContactPage) -> None:
    """Take what was counted of changed contacts out of the tallies, and count them as they are now."""
    if not page.before:
        return
    if page.tallies:
        entries = page.unfolded()
        old = [contact for contact in page.before.values() if contact]
        new = page.settled((key, entries[key]) for key in page.before)
        for kind, (terms, totals) in page.tallies.items():
            if kind == _GROUPS:
                _count_by_group(totals, old, terms, -1)
                _count_by_group(totals, new, terms, 1)
            else:
                count(totals, old, terms, -1)
                count(totals, new, terms, 1)
    page.change_counted()
