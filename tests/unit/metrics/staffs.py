"""Made-up agents: what they do around an ordinary day, a midnight, a change of the clocks; their plans; their feeds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from services.contracts.events import AgentLoggedIn, AgentLoggedOut, AgentStateChanged, Heartbeat, StaffEvent
from services.contracts.schedules import AdherenceException, DaySchedule, PlannedActivity
from tests.oracle.agents import TICK_MS, Beat, Excuse, Floor, Plan, Rules, Telling
from tests.unit.metrics.agent_desk import HORIZONS, KINDS, MAPPING, SITE, AgentDesk, activities, site

HOUR = 3600 * 1000
SPAN = 20 * HOUR
AGENTS = ("ana", "rui", "zoe")
PLACES = [
    ("Asia/Jerusalem", "2026-01-05T06:00"),
    ("Asia/Jerusalem", "2026-01-05T18:00"),  # over midnight
    ("Europe/Lisbon", "2026-03-28T20:00"),  # 01:00 → 02:00
    ("Europe/Lisbon", "2026-10-24T20:00"),  # 02:00 → 01:00
    ("America/Sao_Paulo", "2018-11-03T16:00"),  # midnight itself is skipped
    ("Asia/Kathmandu", "2026-05-05T16:00"),  # +05:45
]
RULES = Rules({name: (kind, tolerance_s * 1000) for name, (kind, tolerance_s) in KINDS.items()}, MAPPING)

STATES = ["available", "ringing", "talking", "hold", "wrap_up", "not_ready", "offline", "log-in", "log-out"]
ticks = st.integers(0, SPAN // TICK_MS).map(lambda tick: tick * TICK_MS)


def moment(timezone: str, local_time: str) -> int:
    return round(datetime.fromisoformat(local_time).replace(tzinfo=ZoneInfo(timezone)).timestamp() * 1000)


@dataclass
class Staff:
    """A floor as the oracle sees it, and its records: agents' events and heartbeats, and schedules."""

    floor: Floor
    events: list[StaffEvent | Heartbeat]
    schedules: list[DaySchedule | AdherenceException | str]  # a key: deleted
    now: int

    def desk(self) -> AgentDesk:
        return AgentDesk(site(self.floor.timezone), activities(), horizons=HORIZONS)


@st.composite
def tellings(draw: st.DrawFn, start: int) -> list[Telling]:
    made = []
    for name in AGENTS[: draw(st.integers(1, 3))]:
        at = start + draw(ticks) // (2 * TICK_MS) * TICK_MS
        for _ in range(draw(st.integers(0, 12))):
            at += TICK_MS * draw(st.sampled_from([0, 1, 2, 5, 17, 60, 200]))
            what = draw(st.sampled_from(STATES))
            busy = what in ("ringing", "talking", "hold", "wrap_up")
            made.append(
                Telling(
                    name,
                    min(at, start + SPAN),
                    what,
                    draw(st.sampled_from(["", "break", "meal", "sick", "smoke"])) if what == "not_ready" else "",
                    draw(st.sampled_from(["", "c1", "c2"])) if busy else "",
                    draw(st.sampled_from(["acd", "acd", "acd", "chat"])),
                )
            )
    return made


@st.composite
def beats(draw: st.DrawFn, start: int) -> list[Beat]:
    """Once in nine minutes, but for some hours of silence."""
    made = []
    for source in draw(st.sampled_from([[], ["acd"], ["acd", "chat"], ["chat"]])):
        silent_from, silent_for = start + draw(ticks), draw(st.sampled_from([0, HOUR, 5 * HOUR]))
        rate = draw(st.sampled_from([1.0, 1.0, 1.0, 2.0, 0.0]))
        for at in range(start + draw(st.sampled_from([0, HOUR])), start + SPAN, 9 * TICK_MS):
            if not silent_from <= at < silent_from + silent_for:
                made.append(Beat(source, at, rate))  # noqa: PERF401  # an extend of two lines is no clearer
    return made


@st.composite
def plans(draw: st.DrawFn, timezone: str, start: int) -> list[Plan]:
    made = []
    first = datetime.fromtimestamp(start / 1000, ZoneInfo(timezone)).date()
    for name in draw(st.lists(st.sampled_from(AGENTS), max_size=5)):
        date = (first + timedelta(days=draw(st.sampled_from([0, 0, 1, -1])))).isoformat()
        if draw(st.integers(0, 6)) == 0:
            made.append(Plan(name, date, 0, None))
            continue
        at = moment(timezone, f"{date}T00:00") + TICK_MS * draw(
            st.sampled_from([0, 7 * 60, 9 * 60, 17 * 60 + 15, 22 * 60])
        )
        parts = []
        for _ in range(draw(st.integers(0, 5))):
            at += TICK_MS * draw(st.sampled_from([0, 0, 0, 30, 3]))
            end = at + TICK_MS * draw(st.sampled_from([1, 4, 15, 60, 240]))
            parts.append((draw(st.sampled_from([*KINDS, "on_queue", "on_queue", "break"])), at, end))
            at = end
        made.append(Plan(name, date, draw(st.integers(0, 2)), tuple(parts)))
    return made


@st.composite
def excuses(draw: st.DrawFn, start: int) -> list[Excuse]:
    made = []
    for name in draw(st.lists(st.sampled_from(AGENTS), max_size=3)):
        at = start + draw(ticks)
        span = (at, at + TICK_MS * draw(st.sampled_from([1, 20, 90]))) if draw(st.integers(0, 4)) else None
        made.append(Excuse(name, draw(st.sampled_from(["x", "y"])), span))
    return made


@st.composite
def staffs(draw: st.DrawFn) -> Staff:
    timezone, local_time = draw(st.sampled_from(PLACES))
    start = moment(timezone, local_time)
    told, heard = draw(tellings(start)), draw(beats(start))
    planned, excused = draw(plans(timezone, start)), draw(excuses(start))
    last = max([start, *(telling.at for telling in told), *(beat.at for beat in heard)])
    now = last + draw(st.sampled_from([0, 0, TICK_MS, 47 * TICK_MS, 5 * HOUR]))
    if now > last:
        heard.append(Beat("clock", now))  # another feed, that only says how late it is
    floor = Floor(timezone, RULES, HORIZONS.silent_ms, told, heard, planned, excused)
    events = [event_of(telling) for telling in told] + [Heartbeat(b.source, SITE, b.at, b.rate) for b in heard]
    return Staff(floor, events, [*map(record_of, planned), *map(exception_of, excused)], now)


def event_of(telling: Telling) -> StaffEvent:
    name = f"{telling.agent}{telling.at}{telling.what}"
    if telling.what == "log-in":
        return AgentLoggedIn(name, telling.source, telling.at, telling.agent, SITE, f"{SITE}/red")
    if telling.what == "log-out":
        return AgentLoggedOut(name, telling.source, telling.at, telling.agent, SITE)
    return AgentStateChanged(
        name, telling.source, telling.at, telling.agent, SITE, telling.what, telling.reason, telling.contact  # type: ignore[arg-type]  # a state
    )  # fmt: skip


def record_of(plan: Plan) -> DaySchedule | str:
    if plan.activities is None:
        return f"{plan.agent}|{plan.date}"
    parts = tuple(PlannedActivity(activity=a, start=start, end=end) for a, start, end in plan.activities)
    return DaySchedule(agent=plan.agent, site=SITE, date=plan.date, version=plan.version, activities=parts)


def exception_of(excuse: Excuse) -> AdherenceException | str:
    if excuse.span is None:
        return f"exception|{excuse.agent}|{excuse.name}"
    return AdherenceException(id=excuse.name, agent=excuse.agent, start=excuse.span[0], end=excuse.span[1])


@st.composite
def disorder(
    draw: st.DrawFn, staff: Staff
) -> list[list[StaffEvent | Heartbeat] | DaySchedule | AdherenceException | str]:
    """The records of both topics: events in any order, some repeated; schedules, in theirs, anywhere between."""
    repeats = draw(st.lists(st.sampled_from(staff.events), max_size=4)) if staff.events else []
    mixed = draw(st.permutations(staff.events + repeats)) if draw(st.booleans()) else staff.events
    records: list[list[StaffEvent | Heartbeat] | DaySchedule | AdherenceException | str] = []
    size = draw(st.sampled_from([3, 11, 40, 1000]))
    records += [mixed[first : first + size] for first in range(0, len(mixed), size)]
    for number, schedule in enumerate(staff.schedules):
        place = draw(st.integers(0, len(records)))
        earlier = [index for index, record in enumerate(records) if any(record is s for s in staff.schedules[:number])]
        records.insert(max([place, *(index + 1 for index in earlier)]), schedule)
    return records
