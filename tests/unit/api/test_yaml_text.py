"""What a pasted file says, and what it can't be."""

import pytest

from services.api.routes.yaml_text import _parsed
from services.contracts.alerts import RuleFile
from services.contracts.yaml_file import FileFaultsError

LOW = "rules: [{id: low, name: {en: L, zh: 低}, metric: waiting, direction: above, threshold: 3, scope: {kind: queue}}]"


def read(text: str) -> RuleFile:
    return _parsed(text, RuleFile, {"rules": []})


def test_rules_are_read_as_the_command_reads_them():
    assert [rule.id for rule in read(LOW).rules] == ["low"]
    assert read("").rules == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LOW.replace("3", "many"), r"file: rules\[0\] \(low\)\.when.*threshold: Input should be a valid number"),
        ("rules: [", "file: this is not YAML: .* at line 1"),
        ("rules: [&a {id: x}, *a]", "aliases"),
        ("rules: " + "[" * 30_000, "nested too deeply|not YAML"),
        ("rules: 2026-13-45", "file: month must be in 1..12"),
        ("{1: 2}", "file: "),
    ],
)
def test_what_can_not_be_read_is_named(text: str, told: str):
    with pytest.raises(FileFaultsError, match=told):
        read(text)
