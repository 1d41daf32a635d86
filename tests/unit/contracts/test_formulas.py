"""Figures from counters, by hand; and the catalogue that lists them."""

from pathlib import Path

import pytest

from services.contracts import catalogue, formulas
from services.contracts.agents import AgentTotals
from services.contracts.definitions import DEFINITION_NAMES, Counts, GenesysSwitches, service_level
from services.contracts.formulas import StaffTime
from services.contracts.metrics import Details, IvrCounts, NodeCounts
from services.contracts.socket import AgentsNow, Outlook, Ratios, RunningView, TileView

HOUR = 3_600_000

# 20 came: 10 answered after 10 s each, 4 gave up (1 short), 2 flowed out, 4 wait, two of whom past T.
FLOOR = Counts(
    offered=20, answered=10, abandoned=4, flowed_out=2, waiting=4, short_abandoned=1, answered_within=8,
    abandoned_within=1, short_abandoned_within=1, wait_answered_ms=100_000, wait_abandoned_ms=60_000,
    handled=8, talk_ms=800_000, hold_ms=80_000, wrap_up_ms=160_000,
)  # fmt: skip

# An agent's morning: signed in for 4 h, of them 2 h on contacts, 1 h available, 1 h of break; 15 min of it out.
MORNING = AgentTotals(
    signed_in_ms=4 * HOUR,
    by_state_ms={
        "talking": HOUR,
        "hold": HOUR // 4,
        "wrap_up": HOUR // 2,
        "ringing": HOUR // 4,
        "available": HOUR,
        "not_ready:break": HOUR,
    },
    scheduled_ms=4 * HOUR,
    planned_ms={"on_queue": 3 * HOUR, "break": HOUR},
    adherent_ms=2 * HOUR,
    out_ms=HOUR // 2,
    ignored_ms=HOUR,
    unknown_ms=HOUR // 2,
    worked_ms=3 * HOUR,
    scheduled_work_ms=2 * HOUR,
)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (formulas.answer_rate, 10 / 19),
        (formulas.wait_abandoned_s, 15.0),
        (formulas.aht_s, 130.0),
        (formulas.talk_s, 100.0),
        (formulas.hold_s, 10.0),
        (formulas.wrap_up_s, 20.0),
        (formulas.flow_out_rate, 2 / 19),
    ],
)
def test_of_contacts(formula, expected):
    assert formula(FLOOR) == pytest.approx(expected)
    assert formula(Counts()) is None, "nothing to divide by"


def test_of_a_queue_now():
    assert formulas.mean_length(5 * 30 * 60_000) == 5
    assert formulas.mean_length(60_000, 0) is None
    # 16 left in half an hour: four more need a quarter of it.
    assert formulas.estimated_wait_s(4, FLOOR) == 450
    assert formulas.estimated_wait_s(0, Counts()) == 0
    assert formulas.estimated_wait_s(1, Counts(offered=1, waiting=1)) is None
    assert formulas.response_rate(Details(objectives=4, objectives_met=3)) == 0.75


@pytest.mark.parametrize("counted", [True, False])
def test_best_and_worst_bound_every_definition(counted):
    """By arrival the two who may still be won are among the waiting; by service-level event they are not counted."""
    counts = FLOOR if counted else FLOOR.model_copy(update={"offered": 18, "waiting": 2})
    best, worst = (case(counts, 2, counted=counted) for case in (formulas.best_case, formulas.worst_case))
    assert (best.offered, best.answered, best.answered_within, best.waiting) == (20, 12, 10, 2)
    assert (worst.offered, worst.answered, worst.answered_within, worst.waiting) == (20, 14, 8, 0)
    for name in DEFINITION_NAMES:
        for switches in (GenesysSwitches(), GenesysSwitches(include_abandons=False, include_flow_outs=True)):
            low, high = service_level(name, worst, switches), service_level(name, best, switches)
            assert low is not None
            assert high is not None
            assert low <= high
            for answered in range(3):  # of the two to win are answered in time, the others give up later
                for late in range(3):  # of the two lost ones are answered, the others go on waiting
                    outcome = counts.model_copy(
                        update={
                            "offered": 20,
                            "waiting": 2 - late,
                            "answered": 10 + answered + late,
                            "answered_within": 8 + answered,
                            "abandoned": 4 + 2 - answered,
                        }
                    )
                    now = service_level(name, outcome, switches)
                    assert now is not None
                    assert low - 1e-9 <= now <= high + 1e-9


def test_of_agents():
    time = formulas.staff_time(MORNING)
    assert formulas.occupancy(time) == pytest.approx(2 / 3)
    assert formulas.utilisation(time) == 0.5
    assert formulas.adherence(time) == pytest.approx(1 - 1 / 7), "half an hour of three and a half that somebody knows"
    assert formulas.conformance(time) == 1.5
    assert formulas.shrinkage_planned(time) == 0.5
    assert formulas.shrinkage_actual(time) == 0.25
    assert formulas.agent_aht_s(time, 40) == 180
    for figure in (
        formulas.occupancy,
        formulas.utilisation,
        formulas.adherence,
        formulas.conformance,
        formulas.shrinkage_planned,
        formulas.shrinkage_actual,
    ):
        assert figure(StaffTime()) is None


def test_an_absence_costs_more_where_the_queue_is_short():
    assert formulas.absence_cost(1, 9, 0.0, 0) == 0
    assert formulas.absence_cost(1, 9, 0.2, 5) == 2.5
    assert formulas.absence_cost(1, 4, 0.2, 5) == 5
    assert formulas.absence_cost(0, 4, 0.2, 5) == 0


def test_of_a_menu():
    calls = IvrCounts(entered=12, contained=4, lost=1, to_queue=5, virtual=1, inside=1)
    assert formulas.containment(calls) == 0.4
    assert formulas.ivr_loss_rate(calls) == 0.1
    assert formulas.to_queue_rate(calls) == 0.5
    node = NodeCounts(entered=10, left=5, lost=2, contained=1, inside=2, invalid=3, timeouts=1, time_ms=80_000)
    assert formulas.node_loss_rate(node) == 0.25
    assert formulas.node_fault_rate(node) == 0.4
    assert formulas.node_time_s(node) == 10
    assert formulas.repeat_rate(20, 5) == 0.25
    assert formulas.first_contact_resolution(20, 5) == 0.75
    assert formulas.first_contact_resolution(0, 0) is None


def test_the_catalogue_says_every_figure_once_in_both_languages():
    assert len({metric.id for metric in catalogue.CATALOGUE}) == len(catalogue.CATALOGUE)
    for metric in catalogue.CATALOGUE:
        assert metric.name.en
        assert metric.name.zh
        assert metric.formula.en
        assert metric.formula.zh
        assert metric.events
        assert metric.scopes
    assert [metric.id for metric in catalogue.CATALOGUE if metric.id.startswith("service_level.")] == [
        f"service_level.{name}" for name in DEFINITION_NAMES
    ]


def test_every_figure_of_a_view_is_in_the_catalogue():
    known = set(catalogue.BY_ID)
    figures = {*Ratios.model_fields} - {"service_level"} | {*AgentsNow.model_fields}
    figures |= {"waiting", "oldest_offered_at", "ghosts", "estimated_wait_s", "mean_length", "running.earlier_offered"}
    figures |= {f"outlook.{name}" for name in Outlook.model_fields}
    assert {name for name in figures if name not in known} == set()
    assert {"waiting", "ghosts", "mean_length"} <= TileView.model_fields.keys()
    assert "earlier_offered" in RunningView.model_fields
    assert set(Details.model_fields) - {"objectives", "objectives_met", "flow_outs"} <= known


def test_the_documentation_is_up_to_date():
    written = Path(__file__).parents[3] / "docs/metrics.md"
    assert written.read_text(encoding="utf-8") == catalogue.document(), (
        "run: python -m services.contracts.catalogue > docs/metrics.md"
    )
