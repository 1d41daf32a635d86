"""The judge of the desk's chaos finds what is wrong: a step that is lost, said twice, in other words, in another order."""

import json

import pytest

from services.runtime.settings import CommonSettings
from tests.chaos.desk.people import Answer
from tests.chaos.desk.rebuilt import Judge

SAID = [(b"a", b"1"), (b"b", b"2")]


def judge() -> Judge:
    return Judge(CommonSettings())


@pytest.mark.parametrize(
    ("log", "wrong"),
    [
        ("a1 b2", 0),
        ("a1 a1 b2 a1 b2", 0),  # said again after a crash, in the same words
        ("a1 b3", 1),
        ("a1 b2 b3", 1),
        ("b2 a1", 1),
        ("a1", 2),
        ("a1 b2 c3", 2),
    ],
)
def test_the_log_says_what_the_desk_says_built_anew(log: str, wrong: int):
    found = judge()
    found.same_steps(
        "alerts", SAID, [(at, step[:1].encode(), step[1:].encode()) for at, step in enumerate(log.split())]
    )
    assert len(found.wrong) == wrong
    assert found.compared


def test_a_step_that_the_desk_says_twice_is_wrong():
    found = judge()
    found.same_steps("alerts", [*SAID, SAID[0]], [(0, b"a", b"1"), (1, b"b", b"2")])
    assert "alerts: a step was said twice" in found.wrong


def outcome(id_: str, code: str) -> tuple[bytes, bytes]:
    return id_.encode(), json.dumps({"kind": "outcome", "id": id_, "code": code}).encode()


@pytest.mark.parametrize(
    ("journal", "code", "wrong"),
    [
        ([outcome("c1", "done")], "done", 0),
        ([outcome("c1", "done")], "same", 1),
        ([], "done", 1),
        ([outcome("c1", "done")], "", 1),  # done, and the person was told that it was not asked
        ([outcome("c1", "done"), outcome("c1", "same")], "done", 2),
        ([outcome("c1", "not_now")], "", 0),
        ([], "", 0),
    ],
)
def test_a_command_has_the_one_outcome_that_its_person_was_told(
    journal: list[tuple[bytes, bytes]], code: str, wrong: int
):
    found = judge()
    found.one_outcome_each([Answer("c1", "acknowledge", 200, code)], journal)
    assert len(found.wrong) == wrong
