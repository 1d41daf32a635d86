"""Asterisk's queue_log, told as the floor sees it."""

import csv
from collections import Counter, defaultdict
from typing import Any

import pytest

from services.contracts.events import (
    Abandoned,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentStateChanged,
    Answered,
    Ended,
    FlowedOut,
    Offered,
    Ringing,
    Transferred,
)
from services.ingest.domain.pseudonym import pseudonyms
from services.ingest.domain.queue_log import Tracker, UnknownEventError, read_export, read_line
from services.ingest.domain.rows import RowError
from tests.shared_data import shared_data


def tracker() -> Tracker:
    return Tracker(feed="f", site="asterisk", pseudonym=pseudonyms("0" * 16))


def floor(*lines: str, on: Tracker | None = None) -> list[Any]:
    on = on or tracker()
    return [event for line in lines for event in on.feed(read_line(line))]


def of_calls(events: list[Any]) -> list[Any]:
    return [
        e for e in events if isinstance(e, Offered | Answered | Abandoned | FlowedOut | Ended | Ringing | Transferred)
    ]


# 100 ── enters support ── 125 ── connected to Ann ── 185 ── hangs up


def test_a_call_waits_25_s_and_talks_for_a_minute():
    offered, answered, ended = of_calls(
        floor(
            "100|c1|support|NONE|ENTERQUEUE||5551234|1",
            "125|c1|support|SIP/ann|CONNECT|25|c2|4",
            "185|c1|support|SIP/ann|COMPLETECALLER|25|60|1",
        )
    )
    assert (offered.at, offered.queue, offered.contact) == (100_000, "asterisk/support", "c1")
    assert offered.customer not in {"", "5551234"}
    assert (answered.at, answered.offered_at, answered.agent) == (125_000, 100_000, "asterisk/SIP/ann")
    assert (ended.at, ended.offered_at, ended.talk_ms) == (185_000, 100_000, 60_000)


def test_the_log_knows_better_than_a_held_time_that_was_rounded():
    _, answered, ended = of_calls(
        floor(
            "100|c1|q|NONE|ENTERQUEUE||1|1",
            "125|c1|q|a|CONNECT|24|c2|4",
            "186|c1|q|a|COMPLETEAGENT|26|60|1",
        )
    )
    assert answered.offered_at == ended.offered_at == 100_000


def test_a_log_that_begins_in_the_middle_of_a_call_is_repaired_by_the_held_time():
    answered, ended = of_calls(floor("125|c1|q|a|CONNECT|25|c2|4", "185|c1|q|a|COMPLETEAGENT|25|60|1"))
    assert (answered.offered_at, ended.offered_at) == (100_000, 100_000)
    (late,) = of_calls(floor("185|c1|q|a|COMPLETEAGENT|25|60|1"))
    assert late.offered_at == 100_000


@pytest.mark.parametrize(
    ("line", "reason", "target"),
    [
        ("130|c1|q|NONE|EXITEMPTY|1|1|30", "no_agents", ""),
        ("130|c1|q|NONE|EXITWITHTIMEOUT|1|1|30", "timeout", ""),
        ("130|c1|q|NONE|EXITWITHKEY|9|1|1|30", "key", "9"),
        ("130|c1|q|NONE|EXITWITHKEY|9|1", "key", "9"),
        ("130|c1|q|NONE|SYSCOMPAT|", "other", ""),
    ],
)
def test_a_call_flows_out(line, reason, target):
    _, out = of_calls(floor("100|c1|q|NONE|ENTERQUEUE||1|1", line))
    assert (out.at - out.offered_at, out.reason, out.target) == (30_000, reason, target)


def test_a_caller_gives_up():
    _, gone = of_calls(floor("100|c1|q|NONE|ENTERQUEUE||1|1", "117|c1|q|NONE|ABANDON|2|3|17"))
    assert isinstance(gone, Abandoned)
    assert gone.at - gone.offered_at == 17_000


@pytest.mark.parametrize(
    "line",
    [
        "185|c1|q|a|BLINDTRANSFER|200|internal|25|60|1",
        "185|c1|q|a|ATTENDEDTRANSFER|BRIDGE|3f1c|25|60|1",
        "185|c1|q|a|ATTENDEDTRANSFER|LINK|SIP/x|SIP/y|25|60|1",
        "185|c1|q|a|TRANSFER|200|internal|25|60",
        "185|c1|q|a|TRANSFER|200|internal|25|60|1",
    ],
)
def test_a_transfer_ends_the_talk(line):
    *_, ended = of_calls(floor("100|c1|q|NONE|ENTERQUEUE||1|1", "125|c1|q|a|CONNECT|25|c2|4", line))
    assert (type(ended), ended.talk_ms, ended.offered_at) == (Ended, 60_000, 100_000)


@pytest.mark.parametrize(
    ("line", "mode", "target"),
    [
        ("185|c1|q|a|BLINDTRANSFER|200|internal|25|60|1", "blind", "200"),
        ("185|c1|q|a|TRANSFER|200|internal|25|60", "blind", "200"),
        ("185|c1|q|a|ATTENDEDTRANSFER|BRIDGE|3f1c|25|60|1", "consulted", "3f1c"),
        ("185|c1|q|a|ATTENDEDTRANSFER|LINK|SIP/x|SIP/y|25|60|1", "consulted", ""),
    ],
)
def test_a_transfer_says_how_and_where_to(line, mode, target):
    *_, transferred, _ = of_calls(floor("100|c1|q|NONE|ENTERQUEUE||1|1", "125|c1|q|a|CONNECT|25|c2|4", line))
    assert isinstance(transferred, Transferred)
    assert (transferred.mode, transferred.target, transferred.at) == (mode, target, 185_000)
    assert transferred.agent == "asterisk/a"


def test_a_phone_that_nobody_answers_rang_for_the_caller():
    """
    100          106    115
    ●─waits──────●─rings─○ nobody answers, nine seconds later
    """
    _, rang = of_calls(floor("100|c1|q|NONE|ENTERQUEUE||1|1", "115|c1|q|SIP/ann|RINGNOANSWER|9000"))
    assert isinstance(rang, Ringing)
    assert (rang.at, rang.offered_at, rang.agent) == (106_000, 100_000, "asterisk/SIP/ann")


def test_a_caller_who_is_sent_from_queue_to_queue_has_a_leg_in_each():
    events = of_calls(
        floor(
            "100|c1|q1|NONE|ENTERQUEUE||1|1",
            "130|c1|q1|NONE|EXITWITHTIMEOUT|1|1|30",
            "130|c1|q2|NONE|ENTERQUEUE||1|1",
            "140|c1|q2|a|CONNECT|10|c2|4",
        )
    )
    assert [(e.queue, getattr(e, "offered_at", e.at)) for e in events] == [
        ("asterisk/q1", 100_000), ("asterisk/q1", 100_000), ("asterisk/q2", 130_000), ("asterisk/q2", 130_000),
    ]  # fmt: skip


def test_back_in_the_same_queue_within_the_second_is_another_leg():
    events = of_calls(
        floor(
            "100|c1|q|NONE|ENTERQUEUE||1|1",
            "100|c1|q|NONE|EXITEMPTY|1|1|0",
            "100|c1|q|NONE|ENTERQUEUE||1|1",
            "104|c1|q|NONE|ABANDON|1|1|4",
        )
    )
    assert [getattr(e, "offered_at", e.at) for e in events] == [100_000, 100_000, 100_001, 100_001]
    assert len({e.event_id for e in events}) == 4


def test_a_line_that_is_read_twice_says_the_same_again():
    lines = [
        "100|c1|q|NONE|ENTERQUEUE||1|1", "125|c1|q|a|CONNECT|25|c2|4", "185|c1|q|a|COMPLETEAGENT|25|60|1",
        "185|c1|q|a|COMPLETEAGENT|25|60|1",
    ]  # fmt: skip
    ended = [e for e in floor(*lines) if isinstance(e, Ended)]
    assert ended[0] == ended[1]


def test_asterisk_is_restarted_and_whoever_waited_is_gone():
    events = of_calls(
        floor(
            "100|c1|q|NONE|ENTERQUEUE||1|1",
            "100|c2|q|NONE|ENTERQUEUE||1|1",
            "105|c2|q|a|CONNECT|5|c3|4",
            "120|NONE|NONE|NONE|QUEUESTART|",
        )
    )
    out = [e for e in events if isinstance(e, FlowedOut)]
    assert [(e.contact, e.at, e.reason) for e in out] == [("c1", 120_000, "other")]


def test_a_clock_that_was_set_back_makes_no_wait_negative():
    _, answered = of_calls(floor("100|c1|q|NONE|ENTERQUEUE||1|1", "90|c1|q|a|CONNECT|0|c2|4"))
    assert answered.at == answered.offered_at


@pytest.mark.parametrize("caller", ["", "unknown", "anonymous"])
def test_a_caller_without_a_number(caller):
    (offered,) = floor(f"100|c1|q|NONE|ENTERQUEUE||{caller}|1")
    assert offered.customer == ""


@pytest.mark.parametrize("name", ["sales/vip", "a b"])
def test_a_queue_whose_name_no_id_can_hold(name):
    (offered,) = floor(f"100|c1|{name}|NONE|ENTERQUEUE||1|1")
    assert offered.queue in {"asterisk/sales_vip", "asterisk/a b"}


def test_a_restart_in_the_middle_of_a_call_keeps_the_leg():
    first, second = tracker(), tracker()
    floor("100|c1|q|NONE|ENTERQUEUE||1|1", "101|NONE|q|SIP/ann|ADDMEMBER|", on=first)
    second.restore(first.snapshot())
    answered, talking = floor("125|c1|q|SIP/ann|CONNECT|24|c2|4", on=second)
    assert (answered.offered_at, talking.state) == (100_000, "talking")
    (gone,) = floor("200|NONE|q|SIP/ann|REMOVEMEMBER|", on=second)
    assert isinstance(gone, AgentLoggedOut)


def test_what_ended_long_ago_is_forgotten():
    on = tracker()
    floor("100|c1|q|NONE|ENTERQUEUE||1|1", "110|c1|q|NONE|ABANDON|1|1|10", on=on)
    floor("200|c2|q|NONE|ENTERQUEUE||1|1", on=on)
    assert [leg[0] for leg in on.snapshot()["legs"]] == ["c2"]


# Agents


def test_an_agent_signs_in_takes_a_break_and_signs_off():
    events = floor(
        "100|NONE|NONE|Agent/7|AGENTLOGIN|SIP/7",
        "200|NONE|NONE|Agent/7|PAUSEALL|lunch",
        "300|NONE|NONE|Agent/7|UNPAUSEALL|",
        "400|NONE|NONE|Agent/7|AGENTLOGOFF|SIP/7|300",
    )
    assert [type(e) for e in events] == [AgentLoggedIn, AgentStateChanged, AgentStateChanged, AgentLoggedOut]
    assert [(e.state, e.reason) for e in events[1:3]] == [("not_ready", "lunch"), ("available", "")]
    assert {e.agent for e in events} == {"asterisk/Agent/7"}


def test_a_member_of_two_queues_is_there_from_the_first_to_the_last():
    events = floor(
        "100|MANAGER|q1|SIP/ann|ADDMEMBER|",
        "101|MANAGER|q2|SIP/ann|ADDMEMBER|",
        "200|MANAGER|q1|SIP/ann|REMOVEMEMBER|",
        "300|MANAGER|q2|SIP/ann|REMOVEMEMBER|",
    )
    assert [(type(e), e.at) for e in events] == [(AgentLoggedIn, 100_000), (AgentLoggedOut, 300_000)]


def test_a_dial_out_proxy_is_no_agent():
    assert floor("100|MANAGER|q|Local/7@agents|ADDMEMBER|") == []


def test_an_agent_who_takes_a_call_is_talking_and_then_available():
    events = floor("125|c1|q|SIP/ann|CONNECT|25|c2|4", "185|c1|q|SIP/ann|COMPLETEAGENT|25|60|1")
    states = [(e.at, e.state) for e in events if isinstance(e, AgentStateChanged)]
    assert states == [(125_000, "talking"), (185_000, "available")]


@pytest.mark.parametrize("line", ["100|c1|q|SIP/ann|RINGNOANSWER|9000", "100|NONE|NONE|NONE|CONFIGRELOAD|"])
def test_what_says_nothing_that_counts(line):
    assert floor(line) == []


# What can't be used


def test_an_unknown_event_is_named():
    with pytest.raises(UnknownEventError) as error:
        read_line("100|c1|NONE|Agent/7|OUTDIAL|5551234")
    assert error.value.event == "OUTDIAL"


@pytest.mark.parametrize(
    "line",
    [
        "", "100|c1|q", "noon|c1|q|NONE|ENTERQUEUE||1|1", "-5|c1|q|NONE|ENTERQUEUE||1|1", "100|c1|q|a|CONNECT|",
        "100|c1|q|a|COMPLETEAGENT|1|x|1", "100|c1|q|NONE|ABANDON|1|1", "nan|c1|q|NONE|ENTERQUEUE||1|1",
        "100|c1|q|a|ATTENDEDTRANSFER|BRIDGE|x",
    ],
)  # fmt: skip
def test_a_line_that_can_not_be_read(line):
    with pytest.raises(RowError):
        read_line(line)


@pytest.mark.parametrize("line", ["100|c1|NONE|NONE|ENTERQUEUE||1|1", "100|NONE|q|NONE|ABANDON|1|1|4"])
def test_an_event_of_no_queue_or_no_call(line):
    with pytest.raises(RowError, match="names no queue or no call"):
        floor(line)


# The real log


def test_totals_of_the_real_log_equal_those_counted_by_hand():
    with (shared_data() / "asterisk" / "queue_log_sample.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    counted: defaultdict[str, Counter[str]] = defaultdict(Counter)
    waits: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        counted[f"asterisk/{row['queue_name']}"][row["event"]] += 1
        if row["event"] == "CONNECT":
            waits[f"asterisk/{row['queue_name']}"] += int(row["htime"])

    on, events, unknown = tracker(), [], Counter[str]()
    for row in rows:
        try:
            events += on.feed(read_export(list(row.values())))
        except UnknownEventError as error:
            unknown[error.event] += 1
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for event in of_calls(events):
        found[event.queue][type(event).__name__] += 1

    assert len(rows) == 600
    assert set(found) == {"asterisk/IT"}
    wanted = counted["asterisk/IT"]
    assert found["asterisk/IT"] == {
        "Offered": wanted["ENTERQUEUE"],
        "Answered": wanted["CONNECT"],
        "Abandoned": wanted["ABANDON"],
        "FlowedOut": wanted["EXITWITHTIMEOUT"],
        "Ringing": wanted["RINGNOANSWER"],
        "Transferred": wanted["ATTENDEDTRANSFER"],
        "Ended": wanted["COMPLETEAGENT"] + wanted["COMPLETECALLER"] + wanted["ATTENDEDTRANSFER"],
    }
    assert sum(e.at - e.offered_at for e in events if isinstance(e, Answered)) == 1000 * waits["asterisk/IT"]
    assert unknown == {name: n for name, n in counted["asterisk/NONE"].items() if name.startswith("OUT")}


def test_export_rows_that_can_not_be_read():
    with pytest.raises(RowError, match="columns instead of"):
        read_export(["1", "2"])
