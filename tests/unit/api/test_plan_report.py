"""A plan that fires at nine every morning is no emergency."""

from datetime import UTC, datetime, timedelta

import pytest

from services.api.domain.staffing.report import missing, plan_report, spans_of
from services.contracts.contingency import PlanStep, PlanStepName
from services.contracts.definitions import Counts
from services.contracts.metrics import Interval
from services.contracts.staffing import Load, Promise, agents_for, expected
from tests.unit.api.floor import half_hour, plan_view

QUEUE = "bank/PS"
MONDAY = datetime(1999, 1, 25, tzinfo=UTC)
HELD = Promise(short_s=0)


def at(day: int, clock: str) -> int:
    hour, minute = map(int, clock.split(":"))
    return round((MONDAY + timedelta(days=day, hours=hour, minutes=minute)).timestamp() * 1000)


class Journal:
    """The steps of one plan."""

    def __init__(self) -> None:
        self.view = plan_view(revision=0)
        self.steps: list[PlanStep] = []

    def say(self, step: PlanStepName, when: int, *, level: int, proposed: int | None = None) -> None:
        changed = {"revision": self.view.revision + 1, "level": level, "proposed": proposed}
        self.view = self.view.model_copy(update=changed)
        id_ = f"surge|{step}|{self.view.revision}"
        self.steps.append(PlanStep(id=id_, plan="surge", step=step, level=level, at=when, view=self.view))

    def fires(self, day: int, start: str, end: str) -> None:
        self.say("proposed", at(day, start), level=0, proposed=1)
        self.say("activated", at(day, start), level=1)
        self.say("stood_down", at(day, end), level=0)


def halves(days: int, *labels: str, offered: int = 60, agents: int = 6) -> list[Interval]:
    """What so many agents would have done with so many contacts of 3 minutes, patience 2 minutes."""
    load = Load(offered * 2, 180, 120)
    level = expected(load, agents, HELD).service_level or 0.0
    counts = Counts(
        offered=offered, answered=offered - 10, abandoned=10, answered_within=round(offered * level),
        handled=offered - 10, talk_ms=(offered - 10) * 180_000,
    )  # fmt: skip
    return [
        half_hour(
            QUEUE,
            start=at(day, label),
            label=label,
            date=(MONDAY + timedelta(days=day)).date().isoformat(),
            at_20=counts,
        ).model_copy(update={"waiting_ms": 10 * 120_000})
        for day in range(days)
        for label in labels
    ]


def report(journal: Journal, some: list[Interval], *, now: int = at(9, "00:00"), timezone: str = "UTC"):
    return plan_report("surge", journal.steps, some, lambda _: HELD, timezone=timezone, now=now)


def test_a_plan_that_fires_at_nine_on_most_days_is_a_fault_of_planning_and_lacks_so_many_agents():
    journal = Journal()
    for day in (0, 1, 3):
        journal.fires(day, "09:05", "09:25")
    found = report(journal, halves(5, "09:00", "09:30", "14:00"))
    assert (found.days, found.fired, found.planning_fault) == (5, 3, True)
    (nine,) = found.half_hours
    assert (nine.label, nine.fired_days, nine.share) == ("09:00", 3, 0.6)
    needed = agents_for(Load(120, 180, 120), HELD).agents
    assert needed is not None
    assert nine.missing_agents == pytest.approx(needed - 6, abs=0.1)
    assert "09:00" in found.message.en
    assert "09:00" in found.message.zh


def test_two_days_of_five_are_emergencies():
    journal = Journal()
    journal.fires(0, "09:05", "09:25")
    journal.fires(3, "09:05", "10:10")
    found = report(journal, halves(5, "09:00"))
    assert not found.planning_fault
    assert [(row.label, row.fired_days) for row in found.half_hours] == [("09:00", 2), ("09:30", 1), ("10:00", 1)]
    assert "on most days" in found.message.en


def test_of_two_days_nothing_is_said():
    journal = Journal()
    journal.fires(0, "09:05", "09:25")
    journal.fires(1, "09:05", "09:25")
    found = report(journal, halves(2, "09:00"))
    assert (found.planning_fault, found.message.en) == (False, "Of 2 days nothing can be said; 3 at least are needed.")
    empty = report(Journal(), [])
    assert (empty.days, empty.half_hours, empty.first_date) == (0, (), None)


def test_what_is_proposed_and_declined_fired_too_and_repeats_in_the_journal_change_nothing():
    journal = Journal()
    journal.say("proposed", at(0, "09:01"), level=0, proposed=1)
    journal.say("declined", at(0, "09:10"), level=0)
    assert list(spans_of([*reversed(journal.steps), *journal.steps], at(1, "00:00"))) == [
        (at(0, "09:01"), at(0, "09:10"))
    ]
    assert [row.label for row in report(journal, halves(4, "09:00")).half_hours] == ["09:00"]


def test_a_plan_that_is_still_on_has_been_on_until_now():
    journal = Journal()
    journal.say("activated", at(0, "22:50"), level=1)
    found = report(journal, halves(2, "22:30", "00:00"), now=at(1, "00:20"))
    assert {(row.label, *row.dates) for row in found.half_hours} == {
        ("22:30", "1999-01-25"), ("23:00", "1999-01-25"), ("23:30", "1999-01-25"), ("00:00", "1999-01-26"),
    }  # fmt: skip


def test_half_hours_are_the_sites_own():
    """Kathmandu is 5:45 ahead of UTC: 03:20 UTC there is 09:05."""
    journal = Journal()
    journal.fires(0, "03:20", "03:40")
    (row,) = report(journal, halves(3, "09:00"), timezone="Asia/Kathmandu").half_hours
    assert (row.label, row.dates) == ("09:00", ("1999-01-25",))


def test_a_half_hour_that_tells_too_little_lacks_nobody_knows_how_many():
    (half,) = halves(1, "09:00")
    unknown = half.model_copy(update={"by_threshold": {20: Counts(offered=3, answered=3)}})
    assert missing(unknown, lambda _: HELD) is None
    journal = Journal()
    journal.fires(0, "09:05", "09:25")
    (row,) = report(journal, [unknown, *halves(5, "14:00")]).half_hours
    assert row.missing_agents is None
    assert row.why
