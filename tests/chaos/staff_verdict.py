"""Agents' tiles and days against the oracle's, to the millisecond.

The oracle asks its questions at every tick; here it is asked once for each piece of time in which nothing changes.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from services.contracts.agents import AgentDay, AgentTile
from services.contracts.events import Heartbeat
from services.contracts.schedules import AdherenceException, DaySchedule
from services.contracts.topology import DEFAULT_ACTIVITIES
from tests.chaos.crew import SILENT_S
from tests.chaos.staff import site_of
from tests.chaos.verdict import LATENESS_MS, Verdict, compare
from tests.oracle import floor as oracle
from tests.oracle.agents import A_DAY_MS, Agent, Beat, Excuse, Floor, Plan, Rules, Telling

RULES = Rules(
    {one.id: (one.counts_as, one.tolerance_s * 1000) for one in DEFAULT_ACTIVITIES.activities},
    {(one.state, one.reason): one.activity for one in DEFAULT_ACTIVITIES.mappings},
)
TOLERANCES = sorted({0, *(tolerance for _, tolerance in RULES.activities.values())})
Days = Mapping[tuple[str, str], AgentDay]


class Alive:
    """The moments at which a feed is not silent."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self.spans: list[tuple[int, int]] = []
        for start, end in sorted(spans):
            if self.spans and start <= self.spans[-1][1]:
                self.spans[-1] = self.spans[-1][0], max(end, self.spans[-1][1])
            else:
                self.spans.append((start, end))

    def __len__(self) -> int:
        return len(self.spans)

    def __contains__(self, at: int) -> bool:
        place = bisect_right(self.spans, at, key=lambda span: span[0]) - 1
        return place >= 0 and at < self.spans[place][1]


def floor_of(
    site: str,
    zone: str,
    tellings: Iterable[Telling],
    beats: Iterable[Heartbeat],
    plans: Iterable[DaySchedule | AdherenceException],
) -> Floor:
    """What one partition knows of a site's agents: what they did, and heartbeats, plans and exceptions off the log."""
    heard = [Beat(beat.source, beat.at, beat.rate) for beat in beats if beat.site == site]
    planned, excused = [], []
    for record in plans:
        if site_of(record.agent) != site:
            continue
        if isinstance(record, DaySchedule):
            parts = tuple((part.activity, part.start, part.end) for part in record.activities)
            planned.append(Plan(record.agent, record.date, record.version, parts))
        else:
            excused.append(Excuse(record.agent, record.id, None if record.withdrawn else (record.start, record.end)))
    told = [telling for telling in tellings if site_of(telling.agent) == site]
    floor = Floor(zone, RULES, SILENT_S * 1000, told, heard, planned, excused)
    for source in {beat.source for beat in heard}:
        alive = Alive((b.at, b.at + round(SILENT_S * 1000 * max(b.rate, 1))) for b in heard if b.source == source)
        floor.heard[source] = alive.spans[0][0], alive  # type: ignore[assignment]  # moments, as a set of ticks is
    return floor


def days(shown: Days, floor: Floor, names: Iterable[str], clock: int) -> Verdict:
    """The days of some agents of one partition, at their site's clock; none that must be there may be missing."""
    found = Verdict()
    for name in names:
        agent = floor.agent(name)
        mine = [day for (of, _), day in shown.items() if of == name]
        for date in {agent.day_of(turn.at) for turn in agent.turns} - {day.date for day in mine}:
            found += Verdict(1, (f"agent's day {name}|{date} is missing",))
        for day in mine:
            found += _day(agent, day, clock)
    return found


def _day(agent: Agent, shown: AgentDay, clock: int) -> Verdict:
    what, day = f"agent's day {shown.id}", shown.date
    whole = list(_pieces(agent, day, _noon(day) + 2 * A_DAY_MS))
    upto = _pieces(agent, day, shown.as_of)
    found = compare(f"{what}.totals", shown.totals.model_dump(), agent.totals(day, shown.as_of, upto))
    ends = max((at + ms for at, ms in whole), default=0)
    start = oracle.half_hour(ends - 1, agent.floor.timezone)[2]
    over = oracle.half_hour_end(start, agent.floor.timezone) + LATENESS_MS <= clock
    found += compare(f"{what}.status", shown.status, "final" if over else "provisional")
    newest = max((turn.at for turn in agent.turns if agent.day_of(turn.at) == day), default=0)
    return found + compare(f"{what} reaches to its newest fact", shown.as_of >= newest, expected=True)


def tiles(shown: Mapping[str, AgentTile], floor: Floor, names: Iterable[str], clock: int) -> Verdict:
    """The tiles of some agents of one partition, at their site's clock."""
    found = Verdict()
    for name in names:
        tile, agent = shown.get(name), floor.agent(name)
        if tile is None:
            found += Verdict(1, (f"agent {name} has no tile",)) if agent.turns or agent.shifts else Verdict()
            continue
        turn = agent.turn_at(clock)
        state = ("offline", "", "", 0) if turn is None else (turn.state, turn.reason, turn.contact, turn.since)
        expected = {
            "state": state, "planned": agent.planned_at(clock), "next_change_at": agent.next_change(clock),
            "adherence": agent.adherence_at(clock), "date": agent.day_of(clock),
            "totals": agent.totals(tile.date, tile.as_of, _pieces(agent, tile.date, tile.as_of)),
        }  # fmt: skip
        said = tile.model_dump(include=set(expected)) | {"state": (tile.state, tile.reason, tile.contact, tile.since)}
        found += compare(f"agent {name}", said, expected)
    return found


def _pieces(agent: Agent, day: str, until: int) -> Iterator[tuple[int, int]]:
    """(beginning, length) of every piece of a day before `until` in which nothing changes."""
    first, last = _noon(day) - A_DAY_MS, min(until, _noon(day) + 2 * A_DAY_MS)
    moments = sorted({at for at in (first, last, *_edges(agent, day)) if first <= at <= last})
    for at, following in pairwise(moments):
        if agent.day_of(at) == day:
            yield at, following - at


def _edges(agent: Agent, day: str) -> Iterator[int]:
    """Every moment at which anything may change."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(agent.floor.timezone))
    for number in range(-1, 3):
        yield round((midnight + timedelta(days=number)).timestamp() * 1000)
    yield from (turn.at for turn in agent.turns)
    yield from (at for span in agent.excuses for at in span)
    for _, alive in agent.floor.heard.values():
        yield from (at for span in _spans(alive) for at in span)
    for start, end, _, activities in agent.shifts:
        for edge in (start, end, *(at for _, *both in activities for at in both)):
            yield from (edge + sign * tolerance for tolerance in TOLERANCES for sign in (1, -1))


def _spans(alive: object) -> Sequence[tuple[int, int]]:
    assert isinstance(alive, Alive)
    return alive.spans


def _noon(day: str) -> int:
    """In UTC."""
    return round(datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC).timestamp() * 1000)
