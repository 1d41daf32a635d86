"""Adherence alerts, second by second: an agent is late from the break, and the lead acts.

planned   break ──│ on_queue
agent     break ─────────────────────── available
metrics           │ tolerance │ out …    in
lead                          │ 60 s │ late-from-break
"""

from typing import Any

import pytest

from services.contracts.adherence import AdherenceLimits, StateLimit
from services.contracts.agents import AgentTile
from services.contracts.alerts import Alert
from services.contracts.events import AgentLoggedIn, AgentStateChanged
from services.contracts.people import Actor
from services.contracts.schedules import DaySchedule, PlannedActivity
from tests.unit.alerts.absences import LIMITS, TEAM, LeadsDesk, agent, gone, on_break, staff_clock
from tests.unit.alerts.floor import command, tick, tile
from tests.unit.metrics.agent_desk import SITE, AgentDesk, activities, site

MINUTE = 60_000
HOUR = 60 * MINUTE
ANA = "late-from-break|ana|1000000"


def late_ana() -> LeadsDesk:
    """Ana's break ended at 940, with a minute of tolerance."""
    floor = LeadsDesk()
    floor.take([staff_clock(900), on_break("ana", 900, since=700)])
    assert floor.take([on_break("ana", 1000, since=700, out=1000), staff_clock(1059)]) == []
    assert floor.take([staff_clock(1062)]) == ["late-from-break ana: firing at 1060!"]
    return floor


def test_late_from_break_is_told_once_to_the_agents_own_lead():
    floor = late_ana()

    alert = floor.alert(ANA)
    assert (alert.owner, alert.team, alert.site, alert.scope_kind) == ("team_lead", TEAM, "bank", "agent")
    assert (alert.name.en, alert.name.zh) == ("Late from break: Ana", "休息超时未归：Ana")
    assert alert.labels["activity"] == "break"
    assert floor.take([staff_clock(2000)]) == []
    assert floor.take([agent("ana", 2100, since=2090), staff_clock(2100)]) == ["late-from-break ana: resolved at 2090"]
    assert floor.take([staff_clock(2090 + 900)]) == ["late-from-break ana: inactive at 2990"]
    assert floor.section.alerts() == []


def test_who_comes_back_before_the_limit_is_over_is_not_told_of():
    floor = LeadsDesk()
    floor.take([on_break("ana", 1000, since=700, out=1000)])

    assert floor.take([staff_clock(1061)]) == []  # tiles of 1060 may still be on their way
    assert floor.take([agent("ana", 1059), staff_clock(1100)]) == []


def test_each_kind_has_its_cause():
    floor = LeadsDesk()
    meeting: dict[str, Any] = {"state": "not_ready", "reason": "meeting", "activity": "meeting"}
    floor.take(
        [
            gone("ana", 100, out=100),
            agent("ben", 100, since=100, adherence="out", **meeting),
            agent("cem", 100, since=100, state="wrap_up"),
            agent(
                "dan", 100, since=100, state="not_ready", activity="off_queue", planned=None, adherence="unscheduled"
            ),
            gone("eva", 100, out=100, planned="training"),
            agent("fay", 100, since=100, state="talking"),
        ]
    )

    assert floor.take([staff_clock(2000)]) == [
        "not-signed-in ana: firing at 160!",
        "out-of-adherence ben: firing at 220!",
        "out-of-adherence eva: firing at 220!",
        "long-in-state cem: firing at 700!",
        "long-in-state dan: firing at 1000!",
    ]
    assert floor.alert("long-in-state|cem|100000").name.zh == "话后处理时间过长：Cem"


def test_the_ignored_the_unknown_and_who_is_on_a_contact_since_before_the_change_are_not_told_of():
    floor = LeadsDesk()
    wrap: dict[str, Any] = {"state": "wrap_up", "since": 100}
    floor.take(
        [
            agent("ana", 100, adherence="ignored", **wrap),
            agent("ben", 100, adherence="unknown", planned=None, state="offline", activity="absent"),
            agent("cem", 100, adherence="in", state="talking", contact="c1", since=100, planned="break"),  # by metrics
        ]
    )

    assert floor.take([staff_clock(5000)]) == []


def test_a_contact_that_began_before_the_planned_change_is_never_told_of():
    """Ben's call runs from 08:58 into the break at 09:00 until 09:30; then he goes on working, and is told of."""
    metrics, floor, nine = AgentDesk(site("UTC"), activities()), LeadsDesk(), 9 * HOUR
    planned = (("on_queue", 8 * HOUR, nine), ("break", nine, nine + HOUR))
    parts = tuple(PlannedActivity(activity=what, start=start, end=end) for what, start, end in planned)
    metrics.schedule(DaySchedule(agent="ben", site=SITE, date="1970-01-01", version=1, activities=parts))
    call, ends = nine - 2 * MINUTE, nine + 30 * MINUTE
    metrics.send(
        AgentLoggedIn("1", "acd", 8 * HOUR, "ben", SITE, f"{SITE}/red"),
        AgentStateChanged("2", "acd", 8 * HOUR, "ben", SITE, "available"),
        AgentStateChanged("3", "acd", call, "ben", SITE, "talking", "", "c1"),
    )
    happened = []
    for at in range(call, ends + 10 * MINUTE, MINUTE):
        if at == ends:
            metrics.send(AgentStateChanged("4", "acd", at, "ben", SITE, "available"))
        metrics.beat(at)
        happened += floor.take([*metrics.look().values(), staff_clock(at / 1000, SITE)])

    assert happened == [f"out-of-adherence ben: firing at {(ends + 2 * MINUTE) // 1000}!"]


def test_of_an_agent_without_a_team_nobody_is_told():
    floor = LeadsDesk()

    assert floor.take([gone("ana", 100, out=100, team=""), staff_clock(5000)]) == []


def test_another_cause_is_another_alert_and_begins_where_the_first_ended():
    floor = late_ana()

    happened = floor.take([gone("ana", 1500, out=1000, state_since=1490), staff_clock(1502)])

    assert happened == ["late-from-break ana: resolved at 1490", "not-signed-in ana: firing at 1490!"]


def test_a_second_time_in_the_same_state_is_another_alert():
    floor = LeadsDesk()
    floor.take([agent("cem", 100, since=100, state="wrap_up"), staff_clock(702)])
    assert floor.told() == ["long-in-state cem: firing at 700!"]

    floor.take([agent("cem", 900, since=890, state="wrap_up"), staff_clock(1000)])
    floor.take([staff_clock(1493)])

    assert floor.told() == ["long-in-state cem: firing at 700!", "long-in-state cem: firing at 1490!"]


def test_what_goes_on_over_midnight_is_the_same_alert():
    floor = late_ana()

    assert floor.take([on_break("ana", 86_400, since=700, out=86_400), staff_clock(86_600)]) == []


# -- what a lead does


def test_dismissed_it_does_not_come_back_in_the_same_episode():
    floor = late_ana()
    assert floor.do("dismiss", ANA, 1, reason="I know").code == "done"
    assert floor.alert(ANA).hidden_by == "dismissed"
    assert floor.alert(ANA).notes[0].text == "I know"
    assert floor.do("dismiss", ANA, 2).code == "same"

    unknown: dict[str, Any] = {"state": "not_ready", "reason": "break", "activity": "break", "state_since": 700}
    floor.take([agent("ana", 1200, adherence="unknown", since=1200, **unknown), staff_clock(1200)])
    floor.take([on_break("ana", 1300, since=700, out=1300), staff_clock(1500)])
    floor.restart()
    floor.take([tick(5), staff_clock(1600)])

    assert floor.told() == ["late-from-break ana: firing at 1060!"]
    floor.take([agent("ana", 1700), staff_clock(1700)])
    floor.take([on_break("ana", 2000, since=1900, out=2000), staff_clock(2100)])
    assert floor.told()[1:] == ["late-from-break ana: firing at 2060!"]


def test_coached_says_who_and_when_and_stays():
    floor = late_ana()

    assert floor.do("coach", ANA, 5, note="talked it over").code == "done"

    alert = floor.alert(ANA)
    assert (alert.handled, alert.handled_by, alert.handled_at, alert.state) == ("coached", "lea", 5000, "firing")
    assert floor.do("coach", ANA, 6).code == "same"
    assert floor.do("coach", ANA, 7, expected=1).code == "stale"


def test_an_excuse_becomes_an_exception_at_the_agents_partition():
    floor = late_ana()

    assert floor.do("excuse", ANA, 5, start=940_000, end=2_000_000, reason="moved break").code == "done"

    ((fact, made),) = floor.exceptions
    assert fact.topic is not None
    assert fact.topic.name == "floor.schedules"
    assert (fact.key, fact.partition) == (f"exception|ana|{made.id}", len("ana"))
    assert (made.start, made.end, made.reason, made.approved_by) == (940_000, 2_000_000, "moved break", "lea")
    assert floor.alert(ANA).handled == "excused"
    excused = agent("ana", 1100, adherence="ignored", adherence_since=940, state_since=700)
    assert floor.take([excused]) == ["late-from-break ana: resolved at 1100"]
    assert floor.do("excuse", ANA, 6, start=940_000, end=3_000_000, reason="longer").code == "done"
    assert [one.id for _, one in floor.exceptions] == [made.id, made.id]


@pytest.mark.parametrize(
    ("start", "end", "code"), [(5, 5, "invalid"), (0, 37 * 3_600_000, "invalid"), (0, 36 * 3_600_000, "done")]
)
def test_an_excuse_has_an_end_within_reach(start, end, code):
    assert late_ana().do("excuse", ANA, 1, start=start, end=end, reason="x").code == code


def test_it_is_nobody_elses():
    floor = late_ana()
    other = Actor(name="max", role="team_lead", teams=("bank/red",))
    elsewhere = Actor(name="eve", role="administrator", sites=("lisbon",))
    own = Actor(name="lea", role="team_lead", sites=("bank",), teams=(TEAM,))

    for who, code in ((other, "not_allowed"), (elsewhere, "not_allowed"), (own, "done")):
        assert floor.do("coach", ANA, 1, by=who).code == code
        assert floor.do("acknowledge", ANA, 2, by=who).code == code
    assert floor.alert(ANA).acknowledged_by == "lea"
    assert floor.do("coach", "late-from-break|nobody|1", 3).code == "unknown_target"
    assert floor.do("acknowledge", "late-from-break|nobody|1", 4).code == "unknown_target"


def test_a_snooze_ends_by_itself_and_a_silence_covers_it_too():
    floor = late_ana()
    floor.take([tick(10)])
    floor.do("snooze", ANA, 10, until=60_000)
    assert floor.alert(ANA).hidden_by == "snoozed"
    assert floor.take([tick(61)]) == ["late-from-break ana: woken at 1062", "late-from-break ana: shown at 1062!"]

    floor.do("silence", "s1", 61, matchers=[{"name": "team", "match": "bank/*"}], until=100_000)
    floor.take([tick(62)])
    assert floor.alert(ANA).hidden_by == "silence:s1"


def test_an_agent_who_changes_the_team_takes_the_alert_along():
    floor = late_ana()
    moved = on_break("ana", 1100, since=700, out=1000).model_copy(update={"team": "bank/red"})

    assert floor.take([moved]) == ["late-from-break ana: moved at 1100"]
    assert floor.alert(ANA).team == "bank/red"
    alone = moved.model_copy(update={"team": "", "as_of": 1_200_000})
    assert floor.take([alone])[-1].startswith("late-from-break ana: resolved")


# -- what it costs


def test_the_cost_is_that_of_the_absence_now_and_is_told_again_as_it_changes():
    floor = LeadsDesk()
    floor.take([tile("bank/PS", 900, waiting=6, offered=10, answered_within=5), agent("ben", 900)])
    floor.take([gone("ana", 1000, out=1000), staff_clock(1062)])
    # 30 points under the target and 6 waiting, shared by the one who is missing and the one who is there.
    assert floor.alert("not-signed-in|ana|1000000").cost == 18

    floor.take([tile("bank/PS", 1070, waiting=0, offered=10, answered_within=10), staff_clock(1073)])

    alert = floor.alert("not-signed-in|ana|1000000")
    assert (alert.cost, alert.value, alert.revision) == (0, 0, 1)
    shown = [view.value for fact in floor.facts if fact.topic is None for view in fact.views]
    assert [one.cost for one in shown if isinstance(one, Alert)] == [0]


def test_who_is_long_in_a_state_is_weighed_as_if_absent_and_who_works_in_the_break_is_not():
    floor = LeadsDesk()
    floor.take([tile("bank/PS", 900, waiting=6), agent("ben", 900)])
    floor.take([agent("cem", 1000, since=1000, state="wrap_up"), staff_clock(1602)])
    floor.take([agent("dan", 1700, since=1700, planned="break", adherence="out"), staff_clock(1822)])

    assert floor.alert("long-in-state|cem|1000000").cost == 2
    assert floor.alert("out-of-adherence|dan|1700000").cost == 0


# -- one message, not twenty

TWENTY = [f"a{number:02}" for number in range(20)]


def at_work(at: float) -> list[AgentTile]:
    return [agent(id_, at, since=0) for id_ in TWENTY]


def test_a_silent_feed_is_one_message_not_twenty():
    floor = LeadsDesk()
    floor.take([tick(1), staff_clock(1000), *(gone(id_, 1000, out=900) for id_ in TWENTY[:3]), *at_work(1000)[3:]])
    assert len(floor.told()) == 3

    happened = [one for at in range(2, 70) for one in floor.take([tick(at)])]

    assert [one for one in happened if one.endswith("!")] == [
        f"team-unknown {TEAM}: firing at 1000!", "feed-down bank: firing at 0!",
    ]  # fmt: skip
    assert [one.alert.owner for one in floor.steps if one.tell][-2:] == ["team_lead", "administrator"]
    assert {one.alert.state for one in floor.steps if one.alert.scope in TWENTY[:3]} == {"firing", "stale"}
    assert floor.alert(f"team-unknown|{TEAM}|1000000").value == 20
    back = floor.take([staff_clock(1090), tick(71)])
    assert [one for one in back if one.endswith("!")] == [
        f"team-unknown {TEAM}: resolved at 1000!", "feed-down bank: resolved at 0.001!",
    ]  # fmt: skip
    assert floor.alert("not-signed-in|a00|900000").state == "firing"


def test_agents_whose_own_feed_is_silent_are_one_message_once_it_has_lasted():
    floor = LeadsDesk()
    floor.take([staff_clock(1000), *at_work(1000)])
    unknown = [agent(id_, 1100, since=0, adherence="unknown", adherence_since=1100) for id_ in TWENTY]
    assert floor.take([*unknown, staff_clock(1150)]) == []

    assert floor.take([staff_clock(1161)]) == [f"team-unknown {TEAM}: firing at 1160!"]
    assert floor.take(at_work(1200)) == [f"team-unknown {TEAM}: resolved at 1200!"]


def test_twenty_who_are_thrown_out_at_one_moment_are_one_message_and_who_stays_out_is_told_of():
    floor = LeadsDesk()
    floor.take([staff_clock(1000), *at_work(1000)])
    floor.take([gone(id_, 1010, out=1000 + number % 5) for number, id_ in enumerate(TWENTY)])
    floor.take([tick(1), staff_clock(1100)])

    assert floor.told() == [f"team-out {TEAM}: firing at 1060!"]
    group = floor.alert(f"team-out|{TEAM}|1000000")
    assert (group.value, group.name.en) == (20, f"20 agents of {TEAM} went out at one moment")
    assert {floor.alert(f"not-signed-in|{TWENTY[3]}|1003000").hidden_by} == {f"inhibited:{group.id}"}

    floor.take([*at_work(1200)[2:], staff_clock(1200)])

    assert sorted(floor.told()[1:]) == [
        "not-signed-in a00: shown at 1200!", "not-signed-in a01: shown at 1200!",
        f"team-out {TEAM}: resolved at 1200!",
    ]  # fmt: skip


def test_four_of_twenty_are_four_messages_and_so_are_six_of_twenty():
    for count in (4, 6):
        floor = LeadsDesk()
        floor.take([staff_clock(1000), *at_work(1000)])
        floor.take([gone(id_, 1001, out=1000) for id_ in TWENTY[:count]])
        floor.take([staff_clock(1100)])
        assert len(floor.told()) == count


def test_a_whole_team_is_excused_in_one_step():
    floor = LeadsDesk()
    floor.take([staff_clock(1000), *at_work(1000)])
    floor.take([gone(id_, 1001, out=1000) for id_ in TWENTY])
    floor.take([staff_clock(1100)])

    floor.do("excuse", f"team-out|{TEAM}|1000000", 1, start=1_000_000, end=2_000_000, reason="the ACD was down")

    assert [made.agent for _, made in floor.exceptions] == TWENTY
    assert len({made.id for _, made in floor.exceptions}) == 20


# -- limits


def test_other_limits_hold_at_once_for_who_is_out_already():
    floor = LeadsDesk()
    floor.take([staff_clock(1000), gone("ana", 1000, out=1000), staff_clock(1030)])

    shorter = LIMITS.model_copy(update={"not_signed_in_s": 20})
    happened = floor.take(
        [command("put_adherence_limits", "adherence", 9, role="administrator", limits=shorter, expected=1)]
    )
    assert happened == ["not-signed-in ana: firing at 1020!"]
    never = LIMITS.model_copy(update={"not_signed_in_s": None})
    again = floor.take([command("put_adherence_limits", "adherence", 10, role="administrator", limits=never)])
    assert again == ["not-signed-in ana: resolved at 1020"]
    assert floor.do("put_adherence_limits", "adherence", 11, limits=never).code == "same"
    assert floor.do("put_adherence_limits", "adherence", 12, limits=shorter, expected=1).code == "stale"
    assert floor.do("put_adherence_limits", "other", 13, limits=shorter).code == "unknown_target"


def test_limits_are_checked_where_they_are_written():
    limit = StateLimit(state="not_ready", reason="*", after_s=60)
    assert AdherenceLimits(states=(limit,)).of_state("not_ready", "lunch") == 60
    assert AdherenceLimits().of_state("not_ready", "lunch") is None
    with pytest.raises(ValueError, match=r"states\[1\]: not_ready \* is given twice"):
        AdherenceLimits(states=(limit, limit))
    with pytest.raises(ValueError, match="only not_ready has reasons"):
        StateLimit(state="hold", reason="x", after_s=60)
