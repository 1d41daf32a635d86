"""Whatever a row says: it is translated or rejected with a reason, and a call's events belong together."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from services.contracts.events import Abandoned, Answered, Ended, IvrEntered, IvrExited, Offered
from services.ingest.domain.bank import COLUMNS, Call, is_header, read_header, read_row, translate
from services.ingest.domain.local_time import at_local, nearest_local
from services.ingest.domain.pseudonym import pseudonyms
from services.ingest.domain.rows import RowError
from tests.unit.ingest.rows import SERVED, row

ZONES = [
    ZoneInfo(name) for name in ("Asia/Jerusalem", "Europe/Lisbon", "America/St_Johns", "Australia/Lord_Howe", "UTC")
]

anything = st.text(max_size=12) | st.sampled_from(
    ["", "0", "-1", "0:00:00", "25:00:00", "1e9", "٣", "²", "\x00", "NaN"]
)
clock = st.builds(
    lambda h, m, s: f"{h}:{m:02d}:{s:02d}",
    st.integers(0, 23) | st.sampled_from([0, 23]),
    st.integers(0, 59),
    st.integers(0, 59),
) | st.just("0:00:00")
seconds = st.integers(0, 5000).map(str)
day = st.dates(min_value=date(1969, 1, 2), max_value=date(2068, 12, 30)).map(lambda d: f"{d:%y%m%d}")
calls = st.fixed_dictionaries(
    {
        "date": day, "vru_entry": clock, "vru_exit": clock, "vru_time": st.integers(-400, 5000).map(str),
        "q_start": clock, "q_exit": clock, "q_time": seconds, "ser_start": clock, "ser_exit": clock,
        "ser_time": st.integers(-10, 9000).map(str), "outcome": st.sampled_from(["AGENT", "HANG", "PHANTOM"]),
        "type": st.sampled_from(["PS", "NW", "XX"]), "priority": st.sampled_from("012"),
    }
)  # fmt: skip


def translated(zone: ZoneInfo, **columns: str) -> tuple[Call, list[Any]]:
    call = read_row(row(**columns))
    return call, [*translate(call, feed="f", site="bank", zone=zone, pseudonym=pseudonyms("0" * 16))]


def unless_rejected(work: Callable[[], Any]) -> tuple[Any, RowError | None]:
    try:
        return work(), None
    except RowError as error:
        return None, error


def translate_values(values: list[str]) -> Any:
    return translate(read_row(values), feed="f", site="bank", zone=ZONES[0], pseudonym=pseudonyms("0" * 16))


@given(st.lists(anything, max_size=20) | st.lists(anything, min_size=17, max_size=17))
def test_no_row_crashes(values):
    events, error = unless_rejected(lambda: translate_values(values))
    if error is None:
        assert events
    else:
        assert error.reason
        assert error.field is None or error.field in COLUMNS


@given(st.sampled_from(COLUMNS), anything)
def test_no_field_crashes(column, value):
    values = [value if name == column else SERVED[name] for name in COLUMNS]
    events, error = unless_rejected(lambda: translate_values(values))
    assert events if error is None else error.field == column


@given(st.lists(anything | st.sampled_from(COLUMNS), max_size=20))
def test_no_header_crashes(names):
    is_header(names)
    layout, error = unless_rejected(lambda: read_header(names))
    assert layout.width == len(names) if error is None else error.field in COLUMNS


@given(st.sampled_from(ZONES), calls)
def test_a_calls_events_belong_together(zone, columns):
    call, events = translated(zone, **columns)
    entered = next(e for e in events if isinstance(e, IvrEntered))
    left = next(e for e in events if isinstance(e, IvrExited))
    assert left.at >= entered.at == left.entered_at
    legs = [e for e in events if isinstance(e, Offered | Answered | Abandoned | Ended)]
    assert bool(legs) == (left.outcome == "to_queue")
    assert len({e.event_id for e in events}) == len(events)
    if not legs:
        return
    offered = next(e for e in legs if isinstance(e, Offered))
    assert {e.offered_at for e in legs if not isinstance(e, Offered)} == {offered.at}
    waited = next(e for e in legs if isinstance(e, Answered | Abandoned))
    assert waited.at - offered.at == call.q_time * 1000
    assert abs(offered.at - entered.at) <= 12 * 3_600_000 + 3_600_000  # never a day away from the entry


@given(st.sampled_from(ZONES), calls)
def test_the_same_row_gives_the_same_events(zone, columns):
    assert translated(zone, **columns)[1] == translated(zone, **columns)[1]


@given(
    st.sampled_from(ZONES),
    st.dates(date(1900, 1, 2), date(2100, 1, 1)),
    st.integers(0, 86_399),
    st.integers(-40_000, 40_000),
)
def test_a_clock_column_is_found_again_within_half_a_day(zone, day, second, apart_s):
    """What a local clock shows some time before or after the entry is read as that time."""
    entry = at_local(day, second, zone)
    truth = entry + apart_s * 1000
    shown = datetime.fromtimestamp(truth / 1000, UTC).astimezone(zone)
    read = nearest_local(shown.hour * 3600 + shown.minute * 60 + shown.second, entry, day, zone)
    again = datetime.fromtimestamp(read / 1000, UTC).astimezone(zone)
    assert (again.hour, again.minute, again.second) == (shown.hour, shown.minute, shown.second)
    assert abs(read - entry) <= abs(truth - entry)
