"""What a rules file may say, and what is said of one that can't be used."""

import subprocess
import sys

import pytest

from services.alerts.domain.rules import RuleFileError, parse
from services.alerts.rule_file import read_rules

GOOD = """
rules:
  - id: low
    name: {en: Low, zh: 低}
    metric: service_level
    scope: {kind: queue, match: "bank/*"}
    direction: below
    threshold: 60
    clear: 70
    for_s: 60
"""


def faults(text: str) -> list[str]:
    with pytest.raises(RuleFileError) as caught:
        parse(text, "my.yaml")
    return caught.value.faults


def test_a_good_file():
    (low,) = parse(GOOD, "my.yaml").rules

    assert (low.id, low.scope.match, low.for_s) == ("low", "bank/*", 60)


def test_an_empty_file_is_no_rules():
    assert parse("", "my.yaml").rules == ()


def test_every_fault_is_named_with_its_place():
    text = GOOD.replace("below", "under").replace("for_s: 60", "fors: 60")

    assert faults(text) == [
        "my.yaml: rules[0] (low).direction: Input should be 'above' or 'below'",
        "my.yaml: rules[0] (low).fors: Extra inputs are not permitted",
    ]


def test_a_fault_of_a_whole_rule():
    assert faults(GOOD.replace("clear: 70", "clear: 50")) == [
        "my.yaml: rules[0] (low): Value error, clear (50.0) must lie at or over threshold (60.0)"
    ]


def test_a_file_that_is_something_else():
    assert faults("- a\n- b") == ["my.yaml: Input should be a valid dictionary or instance of RuleFile"]
    assert faults("rules: [")[0].startswith("my.yaml: this is not YAML: ")


def test_the_shipped_rules_are_good_and_have_both_languages():
    shipped = read_rules(None).rules

    assert {compare.metric for rule in shipped for compare in rule.compares} >= {
        "service_level", "longest_wait_s", "queue_length", "abandonment_rate", "ivr_loss_rate", "adherence_rate",
    }  # fmt: skip
    assert all(rule.name.en and rule.name.zh and rule.runbook and rule.runbook.en for rule in shipped)
    assert all(rule.escalate_after_s for rule in shipped if rule.severity == "critical")
    assert {rule.id for rule in shipped} >= {
        "queue-service-level", "site-service-level", "longest-wait", "queue-length", "queue-abandonment",
    }  # fmt: skip


REFUSED = {
    ("site", "servicelevel", ""): "metric: there is no 'servicelevel'; at scope site there are service_level, ",
    ("team", "service_level", ""): "metric: 'service_level' is not known of scope team, only of queue, site, region, all",
    ("team", "by_state", ""): "part: by_state needs one of available, ringing, talking, hold, wrap_up, not_ready, offline, or",
    ("team", "by_state", "part: lunch"): "part: by_state needs one of ",
    ("site", "adherence", "part: late"): "part: adherence needs one of in, out, unscheduled, ignored, unknown; 'late'",
    ("queue", "waiting", "part: in"): "part: waiting has no parts; leave it out",
    ("queue", "waiting", "definition: xcally"): "definition: waiting has none of its own",
    ("queue", "asa_s", "threshold_s: 30"): "threshold_s: it goes with service_level of all channels together",
    ("queue", "aht_s", "against: target"): "against: only a service level has a target; aht_s may be against value, last_week, change",
    ("queue", "waiting", "against: last_week"): "against: last week's half-hours are known of contacts' counters",
    ("queue", "ghosts", "channel: chat"): "channel: ghosts is not known of one channel; leave it out",
    ("team", "signed_in", "min_offered: 5"): "min_offered: it is for shares and means of contacts; signed_in is none",
    ("queue", "repeat_rate", ""): "metric: 'repeat_rate' can't be watched: ",
    ("all", "waiting", "windows: [{start: '08:00'}]"): "windows[0].timezone: needed at scope all, which has no local time",
}  # fmt: skip


@pytest.mark.parametrize(("kind", "metric", "more"), REFUSED)
def test_what_can_not_be_watched_is_refused_with_the_field_and_what_it_may_be(kind: str, metric: str, more: str):
    text = GOOD.replace("service_level", metric).replace('{kind: queue, match: "bank/*"}', f"{{kind: {kind}}}")

    (fault,) = faults(text + (f"    {more}\n" if more else ""))

    assert REFUSED[kind, metric, more] in fault
    assert fault.startswith("my.yaml: rules[0] (low): ")


def test_a_fault_inside_a_joined_condition_is_named_with_its_place():
    text = """
rules:
  - id: both
    name: {en: Both, zh: 并}
    scope: {kind: queue}
    when: {all: [{metric: waiting, direction: above, threshold: 3}, {any: [{metric: waiting, direction: up, threshold: 1}]}]}
"""
    assert faults(text) == ["my.yaml: rules[0] (both).when.all[1].any[0].direction: Input should be 'above' or 'below'"]
    assert (
        "when.all[1].any[0].metric: there is no 'wating'"
        in faults(text.replace("{metric: waiting, direction: up", "{metric: wating, direction: above"))[0]
    )


def test_a_bad_file_ends_the_start_with_a_line_per_fault(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text(GOOD.replace("below", "under").replace("for_s: 60", "fors: 60"), encoding="utf-8")

    ended = subprocess.run(
        [sys.executable, "-m", "services.alerts"],
        env={"FLOORWATCH_RULES_FILE": str(path), "PATH": ""}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert ended.returncode == 2
    assert [line.partition(".direction")[0].partition(".fors")[0] for line in ended.stderr.splitlines()] == [
        f"{path}: rules[0] (low)"
    ] * 2


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RuleFileError, match=r"FLOORWATCH_RULES_FILE=.*gone\.yaml"):
        read_rules(tmp_path / "gone.yaml")
