"""The rolling half-hour of a queue: contacts whose service-level event lies in (now − 30 min, now], for every T.

The service-level event is the outcome, or T passing while the contact waits, whatever comes first. Whoever has an
outcome before the smallest T has the same event for every T and is within all of them: such contacts, most of all, are
counted once. Only the others are counted for each T by itself.

          enters at e                           leaves at e + 30 min
    ──────────●═════════════════════════════════════○──────────> feed's clock
"""

from bisect import insort
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from operator import add

from services.contracts.contacts import WAITING, WIDTH, Contact, Key, Terms, count
from services.metrics.domain.waits import WINDOW_MS

NEVER = 2**62

_Moment = tuple[int, Key]


class Rolling:
    """Move it with `move`, read `totals`; `due` says when it would change by itself."""

    __slots__ = ("_each", "_prompt", "_shortest_ms", "_slow_known")

    def __init__(self, thresholds_s: Sequence[int], short_ms: float, objective_ms: int) -> None:
        """Empty windows for some T, ascending; for the others see contacts.Terms."""
        self._shortest_ms = thresholds_s[0] * 1000
        self._prompt = Window(Terms(self._shortest_ms, short_ms, objective_ms))
        self._each = {t: Window(Terms(t * 1000, short_ms, objective_ms)) for t in thresholds_s}
        self._slow_known = self._each[thresholds_s[-1]].known  # they leave the longest T's window last

    @property
    def due(self) -> int | None:
        """When the totals may change without any event, or None if never. May be too early, never too late."""
        due = min(self._prompt.due, *[window.due for window in self._each.values()])
        return due if due < NEVER else None

    @property
    def totals(self) -> dict[int, tuple[int, ...]]:
        """T in seconds → what contacts.count counts, in its order."""
        prompt = self._prompt.totals
        return {t: tuple(map(add, prompt, window.totals)) for t, window in self._each.items()}

    def move(self, now: int, changed: Iterable[tuple[Key, Contact]]) -> None:
        """Go on to `now`, never back, and take in contacts, new or changed. One whose event is long past is nothing."""
        shortest_ms, prompt_known, slow_known = self._shortest_ms, self._prompt.known, self._slow_known
        prompt, slow = [], []
        no_longer_prompt, no_longer_slow = [], []
        for item in changed:
            key, contact = item
            if contact[1] < shortest_ms and contact[0] != WAITING:
                prompt.append(item)
                if key in slow_known:
                    no_longer_slow.append(key)
            else:
                slow.append(item)
                if key in prompt_known:
                    no_longer_prompt.append(key)
        self._prompt.move(now, prompt, no_longer_prompt)
        for window in self._each.values():
            window.move(now, slow, no_longer_slow)


class Window:
    """A set of contacts against one T.

    Attributes:
        known: (event's moment, contact) of those that are inside, or ahead: T will pass while they wait.
        totals: of those inside, as contacts.count counts.
    """

    __slots__ = ("_entering", "_leaving", "_terms", "known", "totals")

    def __init__(self, terms: Terms) -> None:
        """An empty window."""
        self._terms = terms
        self._entering: list[_Moment] = []  # heap; what has changed in the meantime is recognised at the moment
        self._leaving: list[_Moment] = []  # sorted by when they entered, likewise
        self.known: dict[Key, tuple[int, Contact]] = {}
        self.totals = [0] * WIDTH

    @property
    def due(self) -> int:
        """See Rolling; NEVER for None."""
        leaves = self._leaving[0][0] + WINDOW_MS if self._leaving else NEVER
        return min(leaves, self._entering[0][0]) if self._entering else leaves

    def move(self, now: int, changed: list[tuple[Key, Contact]], dropped: list[Key]) -> None:  # noqa: C901  # a call per contact costs a fifth
        """Go on to `now`; then take in the changed, and forget the dropped."""
        come: list[Contact] = []
        gone: list[Contact] = []
        entered: list[_Moment] = []
        self._leave(now - WINDOW_MS, gone)
        if self._entering:
            self._enter(now, come, entered)
        known, threshold_ms = self.known, self._terms.threshold_ms
        for key in dropped:
            before = known.pop(key, None)
            if before is not None and before[0] <= now:
                gone.append(before[1])
        for key, contact in changed:
            at = key[1] + (contact[1] if contact[1] < threshold_ms and contact[0] != WAITING else threshold_ms)
            before = known.get(key)
            if before is not None and before[0] <= now:
                gone.append(before[1])
            if at > now:
                known[key] = at, contact
                heappush(self._entering, (at, key))
            elif at > now - WINDOW_MS:
                known[key] = at, contact
                come.append(contact)
                if before is None or before[0] != at:
                    entered.append((at, key))
            elif before is not None:
                del known[key]
        if entered:
            self._await_leaving(entered)
        if come or gone:
            count(self.totals, come, self._terms, 1)
            count(self.totals, gone, self._terms, -1)

    def _leave(self, until: int, gone: list[Contact]) -> None:
        """Those whose event was `until` or before."""
        leaving, known, left = self._leaving, self.known, 0
        for at, key in leaving:
            if at > until:
                break
            left += 1
            member = known.get(key)
            if member is not None and member[0] == at:
                gone.append(member[1])
                del known[key]
        if left:
            del leaving[:left]

    def _enter(self, now: int, come: list[Contact], entered: list[_Moment]) -> None:
        """Those whose event lay ahead until now."""
        entering, known, last = self._entering, self.known, None
        while entering and entering[0][0] <= now:
            moment = heappop(entering)
            at, key = moment
            member = known.get(key)
            if member is None or member[0] != at or moment == last:
                continue
            last = moment
            if at > now - WINDOW_MS:
                come.append(member[1])
                entered.append(moment)
            else:
                del known[key]  # it came and went within one step

    def _await_leaving(self, entered: list[_Moment]) -> None:
        leaving = self._leaving
        entered.sort()
        if not leaving or leaving[-1] <= entered[0]:
            leaving += entered
        else:
            for moment in entered:  # told late
                insort(leaving, moment)
