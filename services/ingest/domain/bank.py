"""Anonymous Bank call files: one row a call → the events that an ACD and an IVR would have sent.

Source of the format: I. Guedj and A. Mandelbaum, Technion, "Anonymous Bank" call-centre data.

A row tells a call in three parts: the voice menu (`vru_*`), the queue (`q_*`), the service (`ser_*`). `0:00:00` in a
clock column means "none", unless other columns say that the call did queue just then, at midnight. Clock columns wrap
at midnight while `date` stays the day of entry. Clocks disagree; so a wait is `q_time` and a service is `ser_time`,
never the difference of two clock columns.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from services.contracts.events import (
    Abandoned,
    Answered,
    ContactEvent,
    Ended,
    IvrEntered,
    IvrEvent,
    IvrExited,
    IvrOutcome,
    Offered,
)
from services.ingest.domain.local_time import at_local, nearest_local
from services.ingest.domain.pseudonym import Pseudonym
from services.ingest.domain.rows import RowError, quoted

COLUMNS = (
    "vru+line", "call_id", "customer_id", "priority", "type", "date", "vru_entry", "vru_exit", "vru_time",
    "q_start", "q_exit", "q_time", "outcome", "ser_start", "ser_exit", "ser_time", "server",
)  # fmt: skip
"""The standard order; a header may name them in another one, and other columns beside them."""

NO_SERVER = "NO_SERVER"
BankEvent = ContactEvent | IvrEvent
Outcome = Literal["AGENT", "HANG", "PHANTOM"]

_SEGMENTS = {0: "regular", 1: "regular", 2: "vip"}
_CLOCK = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,9}", re.ASCII)
_ROUNDED = re.compile(r"\d(\.\d+)?E\+?\d{1,2}", re.ASCII | re.IGNORECASE)
_QUEUE_NAME = re.compile(r"[^\s/|][^/|\n]{0,95}")
_LABEL = re.compile(r"[^\x00-\x1f]{1,64}")
_MIDNIGHT_REACH_MS = 3600 * 1000
WEEK_S = 7 * 86_400
"""No wait and no service is longer, here as over HTTP (contracts.edge)."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a file keeps which column."""

    places: tuple[int, ...]
    width: int

    @property
    def customer(self) -> int:
        """Place of the customer's number."""
        return self.places[COLUMNS.index("customer_id")]


STANDARD = Layout(tuple(range(len(COLUMNS))), len(COLUMNS))


def is_header(values: Sequence[str]) -> bool:
    """Whether a line names columns instead of a call."""
    return sum(value.strip() in COLUMNS for value in values) >= len(COLUMNS) // 2


def read_header(values: Sequence[str]) -> Layout:
    """The layout that a header line gives.

    Raises:
        RowError: a column is missing or named twice.
    """
    names = [value.strip() for value in values]
    for column in COLUMNS:
        if names.count(column) != 1:
            how = "is missing in" if column not in names else "is named twice in"
            raise RowError(column, f"{how} the header; the columns are {', '.join(COLUMNS)}")
    return Layout(tuple(names.index(column) for column in COLUMNS), len(names))


@dataclass(frozen=True, slots=True)
class Call:
    """A row, read: clock columns as seconds of the day, durations in seconds."""

    line: str
    call_id: str
    customer: str
    priority: int
    type: str
    date: date
    vru_entry: int
    vru_exit: int
    vru_time: int
    q_start: int
    q_exit: int
    q_time: int
    outcome: Outcome
    ser_start: int
    ser_exit: int
    ser_time: int
    server: str

    @property
    def queued(self) -> bool:
        """Whether it waited in a queue; at midnight `q_start` alone does not tell."""
        return bool(self.q_start or self.q_exit or self.q_time)


def read_row(values: Sequence[str], layout: Layout = STANDARD) -> Call:
    """Read one row.

    Raises:
        RowError: a field is missing or can't be what it says.
    """
    if len(values) != layout.width:
        raise RowError(None, f"{len(values)} columns instead of {layout.width}")
    text = dict(zip(COLUMNS, (values[place].strip() for place in layout.places), strict=True))
    return Call(
        line=_label(text, "vru+line"),
        call_id=_label(text, "call_id"),
        customer=_customer(text),
        priority=_whole(text, "priority", least=0),
        type=_queue_name(text, "type"),
        date=_date(text, "date"),
        vru_entry=_clock(text, "vru_entry"),
        vru_exit=_clock(text, "vru_exit"),
        vru_time=_whole(text, "vru_time"),
        q_start=_clock(text, "q_start"),
        q_exit=_clock(text, "q_exit"),
        q_time=_whole(text, "q_time", least=0, most=WEEK_S),
        outcome=_outcome(text),
        ser_start=_clock(text, "ser_start"),
        ser_exit=_clock(text, "ser_exit"),
        ser_time=_whole(text, "ser_time", most=WEEK_S) if text["ser_time"] else 0,
        server=_label(text, "server") if text["server"] else NO_SERVER,
    )


def entered_ms(call: Call, zone: ZoneInfo) -> int:
    """When the call entered the voice menu, epoch ms."""
    return at_local(call.date, call.vru_entry, zone)


def translate(call: Call, *, feed: str, site: str, zone: ZoneInfo, pseudonym: Pseudonym) -> list[BankEvent]:
    """The events of one call, in their order.

    PHANTOM is no customer's call: it entered the voice menu and left it, and its queue columns mean nothing. A call
    that was served without queueing was offered when it left the menu, and waited 0 s.
    """
    return _Translation(call, feed, site, zone, pseudonym(call.customer)).events()


@dataclass(frozen=True, slots=True)
class _Translation:
    call: Call
    feed: str
    site: str
    zone: ZoneInfo
    customer: str

    def events(self) -> list[BankEvent]:
        entered = entered_ms(self.call, self.zone)
        left = nearest_local(self.call.vru_exit, entered, self.call.date, self.zone)
        visit: list[BankEvent] = [
            IvrEntered(self._id("entered"), self.feed, entered, self._flow, self._contact, self._segment, self.customer)
        ]
        outcome = self._ivr_outcome
        queue = self._queue if outcome == "to_queue" else ""
        # Clocks disagree: some calls leave the menu before they entered it, by the columns.
        visit.append(
            IvrExited(
                self._id("exited"), self.feed, max(entered, left), self._flow, self._contact, entered, outcome, queue
            )
        )
        return visit + self._queue_leg(entered, left) if outcome == "to_queue" else visit

    def _queue_leg(self, entered: int, left: int) -> list[BankEvent]:
        call = self.call
        offered = self._offered_ms(entered, left)
        waited = offered + call.q_time * 1000
        leg: list[BankEvent] = [
            Offered(
                self._id("offered"), self.feed, offered, self._queue, self._contact, "voice", self._segment,
                self.customer,
            )
        ]  # fmt: skip
        if call.outcome == "HANG":
            leg.append(Abandoned(self._id("abandoned"), self.feed, waited, self._queue, self._contact, offered))
            return leg
        talk_ms = max(0, call.ser_time) * 1000
        agent = "" if call.server == NO_SERVER else f"{self.site}/{call.server}"
        leg.append(Answered(self._id("answered"), self.feed, waited, self._queue, self._contact, offered, agent))
        leg.append(
            Ended(
                self._id("ended"), self.feed, waited + talk_ms, self._queue, self._contact, offered, talk_ms, 0, 0,
                agent,
            )
        )  # fmt: skip
        return leg

    def _offered_ms(self, entered: int, left: int) -> int:
        call = self.call
        if not call.queued:
            return left
        start = nearest_local(call.q_start, entered, call.date, self.zone)
        if call.q_start == 0 and abs(start - left) > _MIDNIGHT_REACH_MS:
            return left  # it waited, but when it began is not recorded: the queue begins where the menu ends
        return start

    @property
    def _ivr_outcome(self) -> IvrOutcome:
        if self.call.outcome == "PHANTOM":
            return "virtual"
        return "to_queue" if self.call.outcome == "AGENT" or self.call.queued else "abandoned"

    @property
    def _contact(self) -> str:
        # The line's call numbers are unique in the known months; day and entry make it hold if they start again.
        call = self.call
        return f"{call.date:%y%m%d}.{call.vru_entry:05d}.{call.line}.{call.call_id}"

    def _id(self, what: str) -> str:
        return f"{self._contact}:{what}"

    @property
    def _queue(self) -> str:
        return f"{self.site}/{self.call.type}"

    @property
    def _flow(self) -> str:
        return f"{self.site}/main"

    @property
    def _segment(self) -> str:
        return _SEGMENTS.get(self.call.priority, f"priority-{self.call.priority}")


def _label(text: dict[str, str], field: str) -> str:
    if not _LABEL.fullmatch(text[field]):
        raise RowError(field, "is empty or unreadable")
    return text[field]


def _queue_name(text: dict[str, str], field: str) -> str:
    if not _QUEUE_NAME.fullmatch(text[field]):
        raise RowError(field, "is empty, or has a / or | in it")
    return text[field]


def _customer(text: dict[str, str]) -> str:
    """The customer's number, or "" for an unknown one."""
    value = text["customer_id"]
    if not value or _ROUNDED.fullmatch(value):
        return ""  # not known; or a spreadsheet has rounded it (3.2E+08), and many would share it
    if not value.isascii() or not value.isdigit():
        raise RowError("customer_id", "is no number (0 for an unknown customer)")
    return value.lstrip("0")


def _whole(text: dict[str, str], field: str, *, least: int | None = None, most: int = 10**9) -> int:
    if not _WHOLE.fullmatch(text[field]):
        raise RowError(field, f"{quoted(text[field])} is no whole number")
    value = int(text[field])
    if least is not None and value < least:
        raise RowError(field, f"{value} is less than {least}")
    if value > most:
        raise RowError(field, f"{quoted(text[field])} is more than {most}")
    return value


def _outcome(text: dict[str, str]) -> Outcome:
    match text["outcome"]:
        case "AGENT" | "HANG" | "PHANTOM" as known:
            return known
        case other:
            raise RowError("outcome", f"{quoted(other)} is not AGENT, HANG or PHANTOM")


def _clock(text: dict[str, str], field: str) -> int:
    second = _second_of_day(text[field])
    if second is None:
        raise RowError(field, f"{quoted(text[field])} is no time of day such as 9:05:00")
    return second


def _date(text: dict[str, str], field: str) -> date:
    day = _day(text[field])
    if day is None:
        raise RowError(field, f"{quoted(text[field])} is no date as yymmdd")
    return day


@lru_cache(maxsize=100_000)
def _second_of_day(value: str) -> int | None:
    match = _CLOCK.fullmatch(value)
    if match is None:
        return None
    hour, minute, second = (int(part) for part in match.groups())
    return hour * 3600 + minute * 60 + second if hour < 24 and minute < 60 and second < 60 else None


@lru_cache(maxsize=4096)
def _day(value: str) -> date | None:
    if len(value) != 6 or not value.isascii() or not value.isdigit():
        return None
    year = int(value[:2])
    try:
        # Two digits: 69–99 are of the last century, as POSIX reads them.
        return date(year + (1900 if year >= 69 else 2000), int(value[2:4]), int(value[4:]))
    except ValueError:
        return None
