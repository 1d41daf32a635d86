"""Whom an alert, a plan and a move are told to, when, and in which words."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.alerts.domain.floor import Floor
from services.alerts.domain.notices.around import surroundings_of
from services.alerts.domain.notices.channels import QuietHours, Retry
from services.alerts.domain.notices.outbox import Outbox
from services.alerts.domain.notices.posting import Answer, Refused, Taken, Unknown, after, begin, without_channel
from services.alerts.domain.notices.quiet import quiet_until
from services.alerts.domain.notices.routing import Letter, Surroundings, channels_for, letters_of
from services.alerts.domain.notices.texts import MOST_LISTED, SEVERITIES, TITLES, UNITS, WORDS, message_of
from services.alerts.domain.rulebook import Rulebook
from services.contracts.contingency import PlanStep, PlanView
from services.contracts.desk import Described, Outcome
from services.contracts.notify import Delivery, Notice
from services.contracts.topology import Queue, Site, Text
from tests.unit.alerts.floor import command, import_rules, rule, rules
from tests.unit.alerts.lending import LISBON
from tests.unit.alerts.lending import Floor as Loaning
from tests.unit.alerts.post import NOW, alert, channels, letter, notice, transition, webhook
from tests.unit.alerts.test_contingency import Story, level, plan

NIGHT = {"start": "22:00", "end": "07:00", "timezone": "Asia/Jerusalem"}


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


# -- whom


@pytest.mark.parametrize(
    ("route", "told"),
    [
        ({}, True),
        ({"roles": ["supervisor", "dispatcher"]}, True),
        ({"roles": ["dispatcher"]}, False),
        ({"sites": ["ba*"]}, True),
        ({"sites": ["north"]}, False),
        ({"severities": ["critical"]}, False),
        ({"rules": ["many", "x"]}, True),
        ({"rules": ["queue-*"]}, False),
        ({"events": ["resolved"]}, False),
        ({"teams": ["*"]}, False),
    ],
)
def test_a_route_takes_what_fits_all_that_it_names(route: dict[str, object], told: bool):
    routes: list[dict[str, Any]] = [{"channel": "hook", **route}]
    file = channels(routes=routes)
    assert channels_for(letter(), file) == (("hook",) if told else ())


def test_an_adherence_alert_is_for_its_team_alone():
    mine, others, everything = webhook("mine"), webhook("others"), webhook("all")
    routes: list[dict[str, Any]] = [
        {"channel": "mine", "teams": ["bank/retail"], "roles": ["team_lead"]},
        {"channel": "others", "teams": ["bank/vip"]},
        {"channel": "all"},
    ]
    file = channels(mine, others, everything, routes=routes)
    told = letter(team="bank/retail", roles=["team_lead"])
    assert channels_for(told, file) == ("mine",)


def test_a_transition_is_told_only_where_it_says_so():
    (one,) = letters_of(transition(), Surroundings())
    assert (one.id, one.notice.event, one.notice.bundle) == ("many|bank/PS|firing|1", "firing", "many|many|bank")
    assert list(letters_of(transition(tell=False), Surroundings())) == []
    (escalated,) = letters_of(transition(why="escalated", owner="dispatcher"), Surroundings())
    assert (escalated.notice.event, escalated.notice.roles) == ("escalated", ("dispatcher",))
    (over,) = letters_of(transition(state="resolved"), Surroundings())
    assert (over.notice.event, over.notice.since) == ("resolved", NOW - 60_000), "since the episode began"


def test_what_the_desk_knows_goes_along():
    floor, book = Floor(), Rulebook()
    site = Site(id="bank", name=Text(en="Bank", zh="银行"), timezone="Asia/Jerusalem")
    queue = Queue(id="bank/PS", name=Text(en="PS", zh="PS"), target_s=30, target_percent=90)
    floor.learn(Described(records=(site, queue)))
    book.take_file(
        import_rules(
            rules(rule(id="many", metric="service_level", direction="below", threshold=-10, clear=-5, against="target"))
        )
    )
    told = transition(metric="service_level", value=-12.34, threshold=-10)
    (one,) = letters_of(told, surroundings_of(told, floor, book))
    assert one.notice.timezone == "Asia/Jerusalem"
    lines = message_of([one.notice], "en").lines
    assert lines[0].endswith("-12.3 points from the target (limit -10 points from the target)")
    assert lines[1] == "Target: 90 % in 30 s"
    assert "Asia/Jerusalem" in lines[2]


def test_a_plan_is_told_when_proposed_and_its_calls_go_to_their_channel():
    story = Story(
        plan(
            level(
                10,
                actions=[
                    {
                        "id": "ivr",
                        "kind": "webhook",
                        "name": {"en": "Announce", "zh": "播报"},
                        "webhook": "pbx",
                        "undo": True,
                    }
                ],
            )
        )
    )
    story.at(1, 11)
    story.at(61, 11)
    story.do("activate_plan", level=1)
    story.do("stand_down")
    told = [one for step in story.steps for one in letters_of(step, surroundings_of(step, Floor(), Rulebook()))]
    assert [(one.notice.event, one.channel) for one in told] == [
        ("plan_proposed", ""), ("plan_activated", ""), ("call", "pbx"), ("plan_stood_down", ""), ("call", "pbx"),
    ]  # fmt: skip
    assert told[2].id.endswith("|ivr")
    assert message_of([told[0].notice], "zh").lines == (
        "1：预案",
        "播报",
        *message_of([told[0].notice], "zh").lines[2:],
    )
    assert message_of([told[2].notice], "en").lines == ("Announce (level 1): carry out",)
    assert message_of([told[4].notice], "zh").lines == (
        "Announce (level 1)：撤销".replace("Announce (level 1)", "播报（第 1 级）"),
    )


def told_of(loan: Loaning, step: str) -> Notice:
    """What is told of a move's step; exactly one notice."""
    (record,) = (one for one in loan.steps if one.step == step)
    (one,) = letters_of(record, surroundings_of(record, Floor(), Rulebook()))
    assert one.id == record.id
    return one.notice


def test_a_move_is_told_to_the_giving_site_and_the_answer_to_who_asked():
    loan = Loaning()
    loan.propose("ann", "bob", reason="peak")
    asked = told_of(loan, "proposed")
    assert (asked.event, asked.site, asked.roles) == ("move_proposed", "porto", ("supervisor",))
    assert message_of([asked], "en").lines[:2] == ("2 agents of porto for lisbon/retail", "peak")
    loan.do("accept_move")
    answer = told_of(loan, "accepted")
    assert (answer.event, answer.site, answer.roles) == ("move_accepted", "lisbon", ("dispatcher",))
    assert message_of([answer], "zh").title == "座席支援请求已同意：lisbon/retail"


def test_who_asked_hears_why_not_and_who_was_asked_that_it_is_over():
    loan = Loaning()
    loan.propose("ann", until=100)
    loan.do("decline_move", reason="none to spare")
    no = told_of(loan, "declined")
    assert (no.event, no.site, no.roles, no.severity) == ("move_declined", "lisbon", ("dispatcher",), "warning")
    assert message_of([no], "en").lines[:2] == ("1 agents of porto for lisbon/retail", "none to spare")
    loan.propose("ann", move="m2", until=100)
    loan.do("cancel_move", "m2", reason="it is calm")
    off = told_of(loan, "cancelled")
    assert (off.event, off.site, off.roles) == ("move_cancelled", "porto", ("supervisor",))


def test_time_that_is_over_without_an_answer_is_told_to_who_asked_and_of_a_loan_to_both():
    loan = Loaning()
    loan.propose("ann", until=100)
    loan.at(100)
    silence = told_of(loan, "expired")
    assert (silence.site, silence.other_site, silence.roles) == ("lisbon", None, ("dispatcher",))
    assert silence.severity == "warning"
    loan.steps.clear()
    loan.propose("bob", move="m2", until=200)
    loan.do("accept_move", "m2")
    loan.at(150)
    loan.see("bob", LISBON)
    loan.at(200)
    over = told_of(loan, "expired")
    assert (over.site, over.other_site, over.roles) == ("porto", "lisbon", ("supervisor", "dispatcher"))
    assert message_of([over], "en").title == "A loan of agents is over: lisbon/retail"
    assert message_of([over], "en").lines[0] == "1 agents of porto for lisbon/retail"
    for site, told in (("porto", True), ("lisbon", True), ("athens", False)):
        file = channels(routes=[{"channel": "hook", "sites": [site]}])
        assert channels_for(Letter("x", over), file) == (("hook",) if told else ())
    assert not [
        one for step in loan.steps if step.step.startswith("agent_") for one in letters_of(step, Surroundings())
    ]


def test_a_request_that_is_taken_back_in_quiet_hours_disturbs_nobody():
    file, outbox = channels(webhook(quiet_hours={"start": "00:00", "end": "24:00", "timezone": "UTC"})), Outbox("w")
    (held,) = begun(letter(event="move_proposed", subject="move|m1"), file, outbox)
    outbox.take(held)
    ends = begun(letter("t2", event="move_cancelled", subject="move|m1"), file, outbox)
    assert [(one.id, one.state) for one in ends] == [("t1|hook", "skipped"), ("t2|hook", "skipped")]


def test_a_test_goes_to_the_channel_that_is_named():
    given = command("try_channel", "hook", 1, role="administrator")
    outcome = Outcome(id=given.id, at=NOW, accepted=True, code="done", command=given)
    (one,) = letters_of(outcome, surroundings_of(outcome, Floor(), Rulebook()))
    assert (one.channel, one.id) == ("hook", f"test|{given.id}")
    assert "ana" in message_of([one.notice], "en").body


# -- when


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-11-27 19:59", None),
        ("2026-11-27 20:00", "2026-11-28 05:00"),  # 22:00 in Jerusalem
        ("2026-11-28 04:59", "2026-11-28 05:00"),
        ("2026-11-28 05:00", None),
    ],
)
def test_quiet_hours_are_those_of_their_time_zone(moment: str, until: str | None):
    assert quiet_until(QuietHours.model_validate(NIGHT), at(moment)) == (None if until is None else at(until))


def test_quiet_hours_over_midnight_belong_to_the_day_they_began_and_may_follow_each_other():
    friday = QuietHours.model_validate({**NIGHT, "days": ["fri"], "timezone": "UTC"})
    assert quiet_until(friday, at("2026-11-28 03:00")) == at("2026-11-28 07:00")
    assert quiet_until(friday, at("2026-11-27 03:00")) is None
    weekend = QuietHours(start="00:00", end="24:00", days=("sat", "sun"), timezone="UTC")
    assert quiet_until(weekend, at("2026-11-28 12:00")) == at("2026-11-30 00:00")
    always = QuietHours(start="00:00", end="00:00", timezone="UTC")
    assert quiet_until(always, at("2026-11-28 12:00")) is not None


def begun(told: object, file: object, outbox: Outbox | None = None, now: int = NOW) -> list[Delivery]:
    return list(begin(told, file, outbox or Outbox("w"), now))  # type: ignore[arg-type]


def test_what_comes_in_quiet_hours_is_held_and_not_told_if_it_is_over_by_then():
    quiet = {"start": "00:00", "end": "24:00", "timezone": "UTC", "days": ["fri"]}
    file = channels(webhook(quiet_hours=quiet))
    now = at("2026-01-02 12:00")
    outbox = Outbox("w")
    (held,) = begun(letter(wall_at=now), file, outbox, now)
    assert (held.state, held.not_before) == ("waiting", at("2026-01-03 00:00"))
    assert begun(letter("t9", wall_at=now, severity="critical"), file, outbox, now)[0].not_before == now
    outbox.take(held)
    ends = begun(letter("t2", wall_at=now, event="resolved"), file, outbox, now)
    assert [(one.id, one.state) for one in ends] == [("t1|hook", "skipped"), ("t2|hook", "skipped")]
    dropping = channels(webhook(quiet_hours=quiet | {"then": "drop", "critical_passes": False}))
    assert begun(letter(wall_at=now, severity="critical"), dropping, now=now)[0].state == "skipped"


def test_a_bundle_waits_for_the_others_and_a_repeat_makes_nothing():
    outbox = Outbox("w")
    (one,) = begun(letter(bundle="r"), channels(group_wait_s=3), outbox)
    assert one.not_before == NOW + 3000
    outbox.take(one)
    assert begun(letter(bundle="r"), channels(), outbox) == []


def test_what_can_not_be_told_says_why():
    (none,) = begun(letter()._replace(channel="gone"), channels())
    assert (none.state, none.reason) == ("undeliverable", "there is no channel 'gone' in the channels file")
    (old,) = begun(letter(wall_at=NOW - 4_000_000), channels())
    assert old.state == "skipped"
    (waiting,) = begun(letter(), channels())
    assert [one.state for one in without_channel([waiting], channels(webhook("other")), NOW)] == ["undeliverable"]
    assert without_channel([waiting], channels(), NOW) == []
    call = {"plan": "p", "action": "a", "name": {"en": "a", "zh": "a"}, "level": 1, "event": "activated"}
    mail = {"id": "mail", "kind": "email", "server": "127.0.0.1", "security": "none", "sender": "a@b", "to": ["c@d"]}
    (wrong,) = begun(letter(event="call", call=call)._replace(channel="mail"), channels(mail))
    assert wrong.reason == "there is no webhook 'mail' in the channels file"


def test_a_call_that_was_never_made_is_not_taken_back():
    call = {"plan": "p", "action": "a", "name": {"en": "a", "zh": "a"}, "level": 1, "event": "activated"}
    outbox = Outbox("w")
    for one in begun(letter(event="call", call=call)._replace(channel="hook"), channels(), outbox):
        outbox.take(one)
    undo = letter("t2", event="call", call=call | {"event": "stood_down"})._replace(channel="hook")
    assert [one.state for one in begun(undo, channels(), outbox)] == ["skipped", "skipped"]
    outbox.take(outbox.deliveries["t1|hook"].model_copy(update={"attempt": 1, "state": "sending", "worker": "w"}))
    assert [one.state for one in begun(undo, channels(), outbox)] == ["waiting"], "it may have been heard"


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (Taken("204"), "delivered", "204"),
        (Unknown("cut"), "uncertain", "it may have arrived, and is not sent again: cut"),
        (Refused("404", again=False), "undeliverable", "404"),
        (Refused("503", again=True), "waiting", "503"),
    ],
)
def test_what_follows_from_an_answer(answer: Answer, state: str, reason: str):
    claim = begun(letter(), channels())[0].model_copy(update={"state": "sending", "attempt": 1, "first_at": NOW})
    found = after(claim, answer, Retry(), NOW, 0.0)
    assert (found.state, found.reason) == (state, reason)


def test_pauses_grow_and_end():
    claim = begun(letter(), channels())[0].model_copy(update={"state": "sending", "first_at": NOW})
    retry, refused = Retry(first_s=2, most_s=10, give_up_after_s=60), Refused("503", again=True)
    pauses = [
        after(claim.model_copy(update={"attempt": n}), refused, retry, NOW, 1.0).not_before - NOW
        for n in (1, 2, 3, 4, 99)
    ]
    assert pauses == [2000, 4000, 8000, 10_000, 10_000]
    assert after(claim.model_copy(update={"attempt": 1}), refused, retry, NOW, 0.0).not_before == NOW + 1000
    asked = after(claim.model_copy(update={"attempt": 1}), refused._replace(after_s=30.0), retry, NOW, 0.0)
    assert asked.not_before == NOW + 30_000
    late = after(claim.model_copy(update={"attempt": 7}), refused, retry, NOW + 59_000, 1.0)
    assert (late.state, late.reason) == ("undeliverable", "given up after attempt 7: 503")


# -- in which words


def test_a_message_says_name_scope_number_target_since_and_what_to_do():
    told = notice(
        metric="service_level", value=41.24, threshold=60, severity="critical", timezone="Asia/Jerusalem",
        runbook={"en": "Look at the floor.", "zh": "查看现场。"}, link="/alerts/x", since=at("2026-11-28 08:05"),
    )  # fmt: skip
    english = message_of([told], "en", "https://floor.example.org/")
    assert english.title == "[critical] Many wait: bank/PS"
    assert english.lines == (
        "Service level: 41.2 % (limit 60 %)", "Since: 2026-11-28 10:05 Asia/Jerusalem",
        "What to do: Look at the floor.", "Open: https://floor.example.org/alerts/x",
    )  # fmt: skip
    chinese = message_of([told], "zh")
    assert chinese.title == "【严重】排队数过多：bank/PS"
    assert chinese.lines == (
        "服务水平：41.2 %（阈值 60 %）", "开始时间：2026-11-28 10:05 Asia/Jerusalem", "处理方法：查看现场。",
    )  # fmt: skip
    over = message_of([notice(event="resolved", since=NOW, at=NOW + 60_000)], "en")
    assert over.title == "Resolved: Many wait: bank/PS"
    assert over.lines[1].startswith("From 20")
    assert message_of([notice(value=None, metric="unheard_of")], "zh").lines[0] == "unheard_of：无数值（阈值 10）"
    silent = alert(metric="feed", rule="feed-down")
    assert message_of([notice(metric=silent.metric)], "zh").lines[0] == "数据源"
    assert message_of([notice(scope="*")], "en").title == "[warning] Many wait: whole floor"


def test_many_are_told_as_one():
    several = [notice(scope=f"bank/Q{number}") for number in range(MOST_LISTED + 5)]
    said = message_of(several, "en")
    assert said.title == "[warning] Many wait: 25 places"
    assert said.lines[0].startswith("bank/Q0: Waiting now: 12") or said.lines[0].startswith("bank/Q0: ")
    assert said.lines[-1] == "… and 5 more"
    assert "另有 5 处" in message_of(several, "zh").body


def test_every_text_is_there_in_both_languages_with_the_same_places():
    import string  # noqa: PLC0415

    for text in [*TITLES.values(), *SEVERITIES.values(), *WORDS.values(), *UNITS.values()]:
        names = [{name for _, name, _, _ in string.Formatter().parse(words) if name} for words in (text.en, text.zh)]
        assert text.en
        assert text.zh
        assert names[0] == names[1], text


def test_plan_steps_that_nobody_needs_to_hear():
    view = PlanView(id="peak", revision=1, definition=plan(), site="bank")
    step = PlanStep(id="peak|measured|1", plan="peak", step="measured", level=0, at=NOW, view=view)
    assert list(letters_of(step, Surroundings())) == []
