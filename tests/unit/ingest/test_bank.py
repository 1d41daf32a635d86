"""One row, one call: what the floor would have seen of it."""

from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest

from services.contracts.events import Abandoned, Answered, Ended, IvrEntered, IvrExited, Offered
from services.ingest.domain.bank import COLUMNS, read_header, read_row, translate
from services.ingest.domain.pseudonym import pseudonyms
from services.ingest.domain.rows import RowError
from tests.unit.ingest.rows import NEVER_QUEUED, NOT_SERVED, row

JERUSALEM = ZoneInfo("Asia/Jerusalem")
T = TypeVar("T")


def floor(**columns: str) -> list[Any]:
    call = read_row(row(**columns))
    return [*translate(call, feed="f", site="bank", zone=JERUSALEM, pseudonym=pseudonyms("0" * 16))]


def kinds(events: list[Any]) -> list[str]:
    return [type(event).__name__ for event in events]


def utc(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def one(events: list[Any], kind: type[T]) -> T:
    (found,) = (event for event in events if isinstance(event, kind))
    return found


def test_a_call_waits_17_s_and_is_served_for_54_s():
    events = floor()
    assert kinds(events) == ["IvrEntered", "IvrExited", "Offered", "Answered", "Ended"]
    entered, left, offered, answered, ended = events
    assert entered.at == utc("1999-01-01 04:55:20")  # winter time in Israel: UTC+2
    assert (left.at, left.outcome, left.queue) == (utc("1999-01-01 04:55:26"), "to_queue", "bank/PS")
    assert (offered.at, offered.queue, offered.segment) == (utc("1999-01-01 04:55:26"), "bank/PS", "vip")
    assert (answered.at - offered.at, answered.agent) == (17_000, "bank/MICHAL")
    assert (ended.at - answered.at, ended.talk_ms) == (54_000, 54_000)
    assert {e.offered_at for e in (answered, ended)} == {offered.at}
    assert len({e.event_id for e in events}) == 5


def test_a_call_that_is_served_at_once_is_offered_when_it_leaves_the_menu():
    events = floor(**NEVER_QUEUED, vru_exit="6:55:30")
    assert one(events, Offered).at == one(events, Answered).at == utc("1999-01-01 04:55:30")


def test_a_call_that_hangs_up_in_the_menu_was_never_offered():
    events = floor(**NEVER_QUEUED, **NOT_SERVED)
    assert kinds(events) == ["IvrEntered", "IvrExited"]
    assert one(events, IvrExited).outcome == "abandoned"


def test_a_call_that_gives_up_in_the_queue():
    events = floor(**NOT_SERVED)
    assert kinds(events) == ["IvrEntered", "IvrExited", "Offered", "Abandoned"]
    assert one(events, Abandoned).at - one(events, Offered).at == 17_000


def test_a_caller_who_gives_up_in_the_second_of_joining_was_offered_all_the_same():
    events = floor(q_start="6:55:26", q_exit="6:55:26", q_time="0", **NOT_SERVED)
    assert one(events, Abandoned).at == one(events, Offered).at


def test_a_phantom_call_enters_and_leaves_whatever_its_queue_columns_say():
    events = floor(outcome="PHANTOM")
    assert kinds(events) == ["IvrEntered", "IvrExited"]
    assert one(events, IvrExited).outcome == "virtual"


def test_served_without_a_server_or_a_service_start_is_served():
    events = floor(server="NO_SERVER", ser_start="0:00:00", ser_exit="0:00:00", ser_time="0")
    assert one(events, Answered).agent == ""
    assert one(events, Ended).talk_ms == 0


def test_durations_win_over_clock_columns():
    events = floor(q_exit="6:59:59", ser_start="6:55:41", ser_exit="9:00:00")
    assert one(events, Answered).at - one(events, Offered).at == 17_000
    assert one(events, Ended).talk_ms == 54_000


@pytest.mark.parametrize("talk", ["-5", ""])
def test_a_service_time_that_can_not_be_is_none(talk):
    assert one(floor(ser_time=talk), Ended).talk_ms == 0


# Midnight: the clock columns wrap, the date stays that of the entry.
#   23:59:50 entry ── 23:59:56 menu left ── 00:00:10 queue ── 00:00:27 answered


def test_clock_columns_wrap_at_midnight():
    events = floor(vru_entry="23:59:50", vru_exit="23:59:56", q_start="0:00:10", q_exit="0:00:27")
    assert one(events, IvrEntered).at == utc("1999-01-01 21:59:50")
    assert one(events, Offered).at == utc("1999-01-01 22:00:10")
    assert one(events, Answered).at == utc("1999-01-01 22:00:27")


def test_a_queue_that_begins_at_midnight_itself_is_no_missing_queue():
    events = floor(vru_entry="23:59:54", vru_exit="23:59:54", q_start="0:00:00", q_exit="0:00:27", q_time="27")
    assert one(events, Offered).at == utc("1999-01-01 22:00:00")
    assert one(events, Answered).at == utc("1999-01-01 22:00:27")


def test_a_caller_who_gives_up_after_queueing_from_midnight_was_offered():
    events = floor(
        vru_entry="23:59:54", vru_exit="0:00:00", q_start="0:00:00", q_exit="0:00:09", q_time="9", **NOT_SERVED
    )
    assert one(events, Abandoned).at == utc("1999-01-01 22:00:09")


def test_a_menu_left_at_midnight_itself():
    events = floor(**NEVER_QUEUED, vru_entry="23:59:54", vru_exit="0:00:00")
    assert one(events, Offered).at == utc("1999-01-01 22:00:00")


def test_a_wait_whose_begin_is_not_recorded_begins_where_the_menu_ends():
    events = floor(q_start="0:00:00", q_exit="0:00:00", q_time="40")
    assert one(events, Offered).at == utc("1999-01-01 04:55:26")
    assert one(events, Answered).at == utc("1999-01-01 04:56:06")


def test_a_small_step_back_is_two_clocks_that_disagree():
    events = floor(vru_entry="11:18:35", vru_exit="11:15:08", vru_time="-207", q_start="11:15:08")
    assert one(events, Offered).at == utc("1999-01-01 09:15:08")
    assert one(events, IvrExited).at == one(events, IvrEntered).at == utc("1999-01-01 09:18:35")


def test_two_clocks_that_disagree_across_midnight():
    events = floor(vru_entry="0:00:20", vru_exit="23:59:50", vru_time="-30", q_start="23:59:50")
    assert one(events, Offered).at == utc("1998-12-31 21:59:50")


# Israel, 2 April 1999: 02:00 → 03:00. 3 September 1999: 02:00 → 01:00.


def test_the_night_when_the_clocks_go_forward():
    events = floor(date="990402", vru_entry="1:59:50", vru_exit="3:00:05", q_start="3:00:05")
    assert one(events, IvrEntered).at == utc("1999-04-01 23:59:50")
    assert one(events, Offered).at == utc("1999-04-02 00:00:05")


def test_the_night_when_the_clocks_go_back():
    events = floor(date="990903", vru_entry="1:59:50", vru_exit="1:00:05", q_start="1:00:05")
    assert one(events, IvrEntered).at == utc("1999-09-02 22:59:50")
    assert one(events, Offered).at == utc("1999-09-02 23:00:05")


def test_summer_time():
    assert one(floor(date="990715"), IvrEntered).at == utc("1999-07-15 03:55:20")


def test_the_next_century():
    assert one(floor(date="000229"), IvrEntered).at == utc("2000-02-29 04:55:20")


# Who calls


def test_a_customer_is_known_by_a_keyed_hash_only():
    offered = one(floor(), Offered)
    assert "27997683" not in repr(floor())
    assert offered.customer == one(floor(call_id="1"), Offered).customer
    assert offered.customer != one(floor(customer_id="27997684"), Offered).customer
    other_key: list[Any] = [
        *translate(read_row(row()), feed="f", site="bank", zone=JERUSALEM, pseudonym=pseudonyms("1" * 16))
    ]
    assert offered.customer != one(other_key, Offered).customer


@pytest.mark.parametrize("number", ["0", "", "3.27E+11", "3E+08"])
def test_an_unknown_customer_and_one_whose_number_a_spreadsheet_has_rounded(number):
    assert one(floor(customer_id=number), Offered).customer == ""


@pytest.mark.parametrize(
    ("priority", "segment"), [("0", "regular"), ("1", "regular"), ("2", "vip"), ("7", "priority-7")]
)
def test_priority_is_the_segment(priority, segment):
    assert one(floor(priority=priority), IvrEntered).segment == segment


def test_a_type_that_nobody_has_described_is_a_queue():
    assert one(floor(type="XX"), Offered).queue == "bank/XX"


# What can't be read


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("vru_entry", "25:00:00"), ("vru_exit", "6:60:00"), ("q_start", "6:55"), ("q_exit", ""), ("ser_start", "noon"),
        ("ser_exit", "24:00:00"), ("date", "991301"), ("date", "990230"), ("date", "19990101"), ("q_time", "1.5"),
        ("q_time", "-3"), ("q_time", ""), ("vru_time", "x"), ("ser_time", "?"), ("outcome", "agent"), ("outcome", ""),
        ("priority", "high"), ("customer_id", "x"), ("call_id", ""), ("vru_line", ""), ("type", ""), ("type", "P/S"),
    ],
)  # fmt: skip
def test_a_field_that_can_not_be_is_named(column, value):
    with pytest.raises(RowError) as error:
        read_row(row(**{column: value}))
    assert error.value.field == column.replace("vru_line", "vru+line")


def test_the_reason_never_tells_a_customers_number():
    with pytest.raises(RowError) as error:
        read_row(row(customer_id="27997683x"))
    assert "27997683" not in str(error.value)


@pytest.mark.parametrize("values", [row()[:-1], [*row(), ""], []])
def test_a_row_with_columns_too_few_or_too_many(values):
    with pytest.raises(RowError, match="columns instead of 17"):
        read_row(values)


def test_the_header_says_where_a_column_is():
    shuffled = [*reversed(COLUMNS), "remark"]
    values = [*reversed(row()), "x"]
    assert read_row(values, read_header(shuffled)) == read_row(row())


@pytest.mark.parametrize("names", [COLUMNS[1:], (*COLUMNS, "q_time"), ("vru_line", *COLUMNS[1:])])
def test_a_header_that_lacks_a_column_or_names_one_twice(names):
    with pytest.raises(RowError, match="in the header"):
        read_header(names)
