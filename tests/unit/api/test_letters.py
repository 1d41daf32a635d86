"""Dead letters as they are shown, and what came in lately by source."""

import pytest

from services.api.domain.letters import Wanted, advice_on, view_of
from services.api.domain.traffic import Tally
from services.contracts.events import AgentLoggedIn, Heartbeat, IvrEntered, Offered
from services.contracts.letters import DeadLetter


def letter(**changes) -> DeadLetter:
    return DeadLetter(**{"id": "http|1", "source": "acd", "reason": "Field required", **changes})


@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        ({"field": "queue"}, "fix_field"),
        ({}, "fix_record"),
        ({"file": "queue_log", "line": 7}, "fix_line"),
        ({"file": "queue_log", "line": 7, "reason": "unknown event", "field": "event"}, "unknown_event"),
        ({"id": "metrics|contacts|1", "reason": "too late: its half-hour is closed for ever"}, "too_late"),
        ({"id": "metrics|contacts|1", "reason": "a time after the year 2099"}, "wrong_clock"),
        (
            {"id": "metrics|contacts|1", "reason": "'x' has not the form site/name", "field": "queue or flow"},
            "wrong_id",
        ),
        ({"id": "metrics|contacts|0|3", "reason": "no event of this topic: truncated"}, "unreadable"),
        ({"id": "metrics|schedules|0|3", "reason": "no schedule: truncated"}, "schedule"),
    ],
)
def test_what_to_do_about_a_letter(changes, advice):
    assert advice_on(letter(**changes)) == advice


def test_what_nobody_could_read_shows_no_long_number_and_no_control_character():
    unreadable = letter(id="metrics|contacts|0|3", reason="no event of this topic: x", content="\x00+34912345678 call")
    assert view_of(unreadable, offset=1, at=2).content == "␀+########### call".replace("###########", "#" * 11)
    readable = letter(content='{"at": 1700000000000}')  # ingest has hidden what may be a customer's number
    assert view_of(readable, offset=1, at=2).content == readable.content


def test_letters_are_chosen_by_source_reason_and_text():
    shown = view_of(letter(content="line 7 of <b>calls</b>", field="queue"), offset=1, at=2)
    assert Wanted().fits(shown)
    assert Wanted(source="acd", reason="field REQUIRED", text="<B>calls").fits(shown)
    assert Wanted(text="queue").fits(shown)
    assert not Wanted(source="ac").fits(shown)
    assert not Wanted(reason="too late").fits(shown)
    assert not Wanted(text="nowhere").fits(shown)


def test_traffic_counts_an_event_that_comes_again_once():
    """acd: two calls for harbour, the second twice; one menu visit for hill; wfm: one agent; letters of both kinds."""
    tally = Tally()
    second = Offered("e2", "acd", 2_000, "harbour/sales", "c2")
    tally.events([Offered("e1", "acd", 1_000, "harbour/sales", "c1"), second, Heartbeat("acd", "harbour", 9_000)])
    tally.events(
        [second, IvrEntered("e3", "acd", 3_000, "hill/main", "c3"), AgentLoggedIn("e2", "wfm", 500, "ann", "hill")]
    )
    tally.letter(letter())
    tally.letter(letter(id="metrics|contacts|e9", source="acd"))
    tally.letter(letter(source="fax"))
    told = tally.traffic(since=0, until=10_000, incomplete=None)
    assert [(s.source, s.taken, s.repeated, s.rejected, s.uncounted, s.last_at) for s in told.sources] == [
        ("acd", 3, 1, 1, 1, 3_000),
        ("fax", 0, 0, 1, 0, None),
        ("wfm", 1, 0, 0, 0, 500),
    ]
    assert [(s.site, s.taken, s.repeated, s.last_at) for s in told.sources[0].sites] == [
        ("harbour", 2, 1, 2_000),
        ("hill", 1, 0, 3_000),
    ]
