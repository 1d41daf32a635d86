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

    assert {rule.metric for rule in shipped} >= {"service_level", "longest_wait_s", "queue_length", "abandonment_rate"}
    assert all(rule.name.en and rule.name.zh for rule in shipped)


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
