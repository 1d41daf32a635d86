"""What an agent is meant to do, by the records of the schedules topic.

All plans and exceptions of an agent are one state, kept as msgpack

    [offset, site, [{date: [version, offset, [[activity, start, end]]]}, {exception: [offset, start, end]},
                    {UTC day number: newest record that changed anything there}]]

A plan that was taken back by a tombstone stays as version −1 without activities, an exception as an empty span at its
end: they say which record did it. What lies far behind is left out when it is kept again.
"""

from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from services.contracts.schedules import AdherenceException, DaySchedule

Planned = tuple[str, int, int]
"""(activity, start, end)."""
DAY_MS = 24 * 3600 * 1000
FAR = 1 << 62
_LONGEST_DAYS = 400
_EAST_MS = 14 * 3600 * 1000
"""So long before UTC's a local day may begin."""

_encode = msgspec.msgpack.Encoder().encode
_decode_header = msgspec.msgpack.Decoder(tuple[int, str, msgspec.Raw]).decode


class DayPlan(NamedTuple):
    """The plan that stands for a date."""

    version: int
    offset: int
    activities: list[Planned]

    @property
    def start(self) -> int:
        """When the shift begins; only of one that has activities."""
        return self.activities[0][1]

    @property
    def end(self) -> int:
        """When the shift ends; only of one that has activities."""
        return self.activities[-1][2]


_Dates = dict[str, DayPlan]
_Excuses = dict[str, tuple[int, int, int]]
_Touched = dict[int, int]
Content = tuple[_Dates, _Excuses, _Touched]
_decode = msgspec.msgpack.Decoder(tuple[int, str, Content]).decode


class Plans:
    """One agent's.

    Attributes:
        offset: the newest record that changed them.
        site: where the agent is, by the newest record that says so.
        dirty: changed since they were last kept.
    """

    __slots__ = ("_content", "_value", "dirty", "offset", "site")

    def __init__(self) -> None:
        """No plan."""
        self.offset = -1
        self.site = ""
        self.dirty = False
        self._content: Content | None = ({}, {}, {})
        self._value = b""

    @classmethod
    def restore(cls, value: bytes) -> "Plans":
        """Plans as they were kept.

        Raises:
            msgspec.DecodeError: the value is no plans.
        """
        plans = cls()
        plans.offset, plans.site = _decode_header(value)[:2]
        plans._value, plans._content = value, None
        return plans

    @property
    def content(self) -> Content:
        """Plans by date, exceptions by id as (offset, start, end), and what was touched by UTC day."""
        return self._content if self._content is not None else _decode(self._value)[2]

    def _open(self) -> Content:
        if self._content is None:
            self._content, self._value = self.content, b""
        return self._content

    def plan(self, record: DaySchedule, offset: int) -> int | None:
        """Take a day's plan in, if its version stands. Answers the moment from which something changed, or None."""
        old = self._open()[0].get(record.date)
        if old is not None and old.version > record.version:
            return None
        self.site = record.site
        activities = [(planned.activity, planned.start, planned.end) for planned in record.activities]
        return self._replace(record.date, DayPlan(record.version, offset, activities), offset)

    def take_back(self, date: str, offset: int) -> int | None:
        """The plan of a date was deleted. See `plan`."""
        if date not in self._open()[0]:
            return None
        return self._replace(date, DayPlan(-1, offset, []), offset)

    def _replace(self, date: str, new: DayPlan, offset: int) -> int:
        dates = self._open()[0]
        plans = [plan for plan in (dates.get(date), new) if plan is not None and plan.activities]
        dates[date] = new
        noon = round(datetime.fromisoformat(f"{date}T12:00Z").timestamp() * 1000)
        return self._touch([(noon, noon + 1), *((plan.start, plan.end) for plan in plans)], offset)

    def excuse(self, record: AdherenceException, offset: int) -> int | None:
        """Take an exception in, or one that was withdrawn; the later on the log stands. See `plan`."""
        start = record.end if record.withdrawn else record.start
        return self._excuse(record.id, (start, record.end), offset)

    def excuse_no_more(self, exception: str, offset: int) -> int | None:
        """An exception was deleted. See `plan`."""
        old = self._open()[1].get(exception)
        return None if old is None else self._excuse(exception, (old[2], old[2]), offset)

    def _excuse(self, exception: str, span: tuple[int, int], offset: int) -> int | None:
        excuses = self._open()[1]
        old = excuses.get(exception)
        if old is not None and old[1:] == span:
            return None
        excuses[exception] = (offset, *span)
        return self._touch([span] if old is None else [old[1:], span], offset)

    def _touch(self, spans: list[tuple[int, int]], offset: int) -> int:
        """Note which days have changed; answers the beginning of the first."""
        self.offset = offset
        touched, first = self._open()[2], FAR
        for start, end in spans:
            if end > start:
                days = range(start // DAY_MS, min(end // DAY_MS, start // DAY_MS + _LONGEST_DAYS) + 1)
                touched.update(dict.fromkeys(days, offset))
                first = min(first, days[0] * DAY_MS - _EAST_MS)
        return first

    def encode(self, forgotten: int) -> bytes:
        """The value to keep, without what was over at `forgotten`. The plans are held as these bytes from now on."""
        if self._content is not None:
            self._value, self._content = _encode((self.offset, self.site, self._since(forgotten))), None
        return self._value

    @property
    def first(self) -> int:
        """Beginning of the first day that is known to have changed."""
        return min(self.content[2], default=FAR // DAY_MS) * DAY_MS - _EAST_MS

    def over(self, forgotten: int) -> bool:
        """Whether there is nothing to say of any time after a moment."""
        return not any(self._since(forgotten))

    def _since(self, forgotten: int) -> Content:
        dates, excuses, touched = self.content
        oldest = datetime.fromtimestamp(max(forgotten // 1000, 0), UTC).date().isoformat()
        return (
            {d: plan for d, plan in dates.items() if (plan.end > forgotten if plan.activities else d >= oldest)},
            {name: excuse for name, excuse in excuses.items() if excuse[2] > forgotten},
            {day: offset for day, offset in touched.items() if (day + 1) * DAY_MS > forgotten},
        )

    def touched(self, start: int, end: int, content: Content) -> int:
        """Newest record that changed a plan or an exception on a UTC day that [start, end) lies on; −1: none."""
        days = range(start // DAY_MS, (end - 1) // DAY_MS + 1)
        return max((content[2].get(day, -1) for day in days), default=-1)
