"""A floor description is right, or refused with the path of each mistake."""

from copy import deepcopy
from typing import Any

import pytest
import yaml

from services.contracts.menus import warnings
from services.ingest.domain.simulator import Floor, FloorError, SnapshotError, parse_floor, topology_of
from services.ingest.domain.simulator.load import load_floor
from services.ingest.sources.files import shipped
from tests.unit.simulator.floors import HOUR, MONDAY, fixed, floor, group, queue, simulator, site, text

MENU = {"node": "first", "time": fixed(5), "queue": "q"}
GOOD = {
    "sites": [
        site(
            [queue(per_hour=5, hold={"probability": 0.5, "time": fixed(9)})],
            [group(1, "q", shift="day")],
            shifts={"day": {"start": "08:00", "end": "16:00", "breaks": [{"at": "10:00", "minutes": 15}]}},
            flows=[{"id": "main", "name": text("Main"), "arrivals": {"per_day": 9}, "menu": MENU}],
            peaks=[{"multiplier": 2, "daily": {"start": "09:00", "end": "10:00"}}],
        )
    ]
}


def problem(change: dict[str, Any]) -> str:
    """What is said about GOOD with the values at these dotted paths changed."""
    content: Any = deepcopy(GOOD)
    for path, value in change.items():
        *way, last = path.split(".")
        place = content
        for step in way:
            place = place[int(step)] if step.isdigit() else place[step]
        place[int(last) if last.isdigit() else last] = value
    with pytest.raises(FloorError) as caught:
        parse_floor(yaml.safe_dump(_plain(content)), "mine.yaml")
    return str(caught.value)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def test_the_good_one_is_good() -> None:
    assert parse_floor(yaml.safe_dump(_plain(GOOD)), "mine.yaml").sites[0].agents == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sites.0.colour": "red"}, "mine.yaml: sites.0.colour: Extra inputs are not permitted"),
        ({"sites.0.queues.0.service.mean_s": -1}, "sites.0.queues.0.service.mean_s: Input should be greater"),
        ({"sites.0.queues.0.hold.probability": 1.5}, "sites.0.queues.0.hold.probability: Input should be less"),
        ({"sites.0.timezone": "Mars/Olympus"}, "sites.0.timezone: Value error, 'Mars/Olympus' is no IANA time zone"),
        ({"sites": []}, "mine.yaml: sites: Tuple should have at least 1 item"),
        ({"sites.0.teams.0.groups.0.skills": ["x"]}, "teams.0.groups.0.skills: 'x' is none of q"),
        ({"sites.0.teams.0.groups.0.shift": "x"}, "teams.0.groups.0.shift: 'x' is none of always, day"),
        ({"sites.0.queues.0.overflow": {"after_s": 5, "to": "q"}}, "queues.0.overflow.to: 'q' is none of"),
        ({"sites.0.flows.0.menu.queue": "x"}, "flows.0.menu, node 'first', queue: 'x' is none of q"),
        ({"sites.0.flows.0.menu.queue": None}, "flows.0.menu: Value error, node 'first' leads nowhere"),
        ({"sites.0.flows.0.menu.choices": [MENU]}, "node 'first' leads to a queue and has choices"),
        ({"sites.0.flows.0.menu": {"node": "a", "time": fixed(1), "choices": [MENU | {"share": 0.5}]}}, "add up to 0.5, not to 1"),
        ({"sites.0.flows.0.menu": {"node": "first", "time": fixed(1), "choices": [MENU]}}, "node 'first' is given twice"),
        ({"sites.0.flows.0.id": "q"}, "queue or flow 'q' is given twice"),
        ({"sites.0.segments": [{"id": "a", "share": 0.9}]}, "the shares of the segments add up to 0.9"),
        ({"sites.0.shifts.day.start": 450}, "sites.0.shifts.day.start: Value error, write a time of day in quotes"),
        ({"sites.0.shifts.day.start": "8 am"}, "'8 am' is no time of day such as"),
        ({"sites.0.shifts.day.start": "24:30"}, "is no time of day between"),
        ({"sites.0.shifts.day.breaks.0.at": "15:50"}, "breaks.0 does not lie within the shift"),
        ({"sites.0.shifts.day.weekdays": []}, "weekdays: at least one day"),
        ({"sites.0.shifts.day.end": "08:00"}, "a shift round the clock (start = end) has none"),
        ({"sites.0.flows.0.arrivals.profile": [1] * 47}, "a profile has 48 half-hours, this one has 47"),
        ({"sites.0.flows.0.arrivals.profile": [0] * 48}, "at least one half-hour above 0"),
        ({"sites.0.flows.0.arrivals.weekdays": dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), 0)}, "at least one day needs a factor above 0"),
        ({"sites.0.peaks.0": {"multiplier": 2}}, "peaks.0: Value error, give one of daily and repeating"),
        ({"sites.0.peaks.0.daily.end": "08:00"}, "peaks.0.daily: Value error, end must lie after start"),
        ({"sites.0.peaks.0": {"multiplier": 2, "repeating": {"after_min": 0, "for_min": 9, "every_min": 9}}}, "for_min must be shorter"),
        ({"sites.0.peaks.0.only": ["x"]}, "peaks.0.only: 'x' is none of main, q"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_and_says_where_it_is(change: dict[str, Any], said: str) -> None:
    assert said in problem(change)


def test_every_mistake_has_its_line() -> None:
    assert len(problem({"sites.0.colour": "red", "sites.0.timezone": "Mars"}).splitlines()) == 2


def test_text_that_is_no_yaml_is_refused() -> None:
    with pytest.raises(FloorError, match=r"mine\.yaml: no valid YAML"):
        parse_floor("sites: [", "mine.yaml")
    with pytest.raises(FloorError, match="the file: "):
        parse_floor("just words", "mine.yaml")


def test_two_sites_of_one_name_are_refused() -> None:
    one = GOOD["sites"][0]
    with pytest.raises(FloorError, match="site 'site' is given twice"):
        parse_floor(yaml.safe_dump({"sites": [_plain(one), _plain(one)]}), "mine.yaml")


def test_a_floor_survives_writing_and_reading_and_keeps_its_digest() -> None:
    made = Floor.model_validate(GOOD)
    assert Floor.model_validate_json(made.model_dump_json()) == made
    assert Floor.model_validate_json(made.model_dump_json()).digest == made.digest
    other = Floor.model_validate_json(made.model_dump_json().replace('"multiplier":2.0', '"multiplier":3.0'))
    assert other.digest != made.digest


def test_the_rest_of_the_system_is_told_of_sites_queues_menus_teams_and_agents() -> None:
    told = topology_of(Floor.model_validate(GOOD))
    assert [record.id for record in told.sites] == ["site"]
    assert [record.id for record in told.queues] == ["site/q"]
    assert [record.id for record in told.flows] == ["site/main"]
    assert [record.id for record in told.teams] == ["site/team"]
    assert [(record.id, record.team) for record in told.agents][:1] == [("site-team-01", "site/team")]
    assert all(record.queues == ("site/q",) for record in told.agents)


def test_a_menu_is_published_as_callers_hear_it() -> None:
    welcome = {
        "node": "welcome", "time": fixed(5), "choices": [
            {"node": "balance", "name": text("Balance"), "share": 0.4, "time": fixed(5), "self_service": 0.5, "queue": "q"},
            {"node": "sales", "share": 0.6, "time": fixed(5), "queue": "q"},
        ],
    }  # fmt: skip
    menu = {
        "id": "main", "name": text("Main"), "arrivals": {"per_day": 100}, "menu": welcome,
        "shortcut": {"segments": ["vip"], "menu": {"node": "desk", "time": fixed(1), "queue": "q"}},
    }  # fmt: skip
    segments = [{"id": "regular", "share": 0.5}, {"id": "vip", "share": 0.5}]
    (flow,) = topology_of(floor(site([queue()], [group(1, "q")], flows=[menu], segments=segments))).flows
    told = {node.id: [(choice.key, choice.to) for choice in node.choices] for node in flow.nodes}
    assert told == {
        "welcome": [("1", "balance"), ("2", "sales")],
        "balance": [("auto", "site/q"), ("auto", "end")],
        "sales": [("auto", "site/q")],
        "desk": [("auto", "site/q")],
    }
    assert [node.id for node in flow.nodes if node.shortcut] == ["desk"]
    assert warnings(flow) == ()


def test_a_shortcut_for_a_segment_that_nobody_belongs_to_is_refused() -> None:
    menu = {
        "id": "main", "name": text("Main"), "arrivals": {"per_day": 100}, "menu": {"node": "a", "time": fixed(5), "queue": "q"},
        "shortcut": {"segments": ["vip"], "menu": {"node": "desk", "time": fixed(1), "queue": "q"}},
    }  # fmt: skip
    with pytest.raises(ValueError, match=r"flows.0.shortcut.segments: 'vip' is none of regular"):
        floor(site([queue()], [group(1, "q")], flows=[menu]))


def test_the_menus_of_the_demo_keep_to_three_levels_and_six_choices() -> None:
    demo = parse_floor(shipped("floors/demo.yaml").read_text(encoding="utf-8"), "demo")
    flows = topology_of(demo).flows
    assert [warnings(flow) for flow in flows] == [()] * 3
    assert all(flow.nodes for flow in flows)


def test_a_snapshot_of_another_floor_seed_or_start_is_refused() -> None:
    made = floor(site([queue(per_hour=60)], [group(1, "q")]))
    kept = simulator(made, 1).snapshot()
    other = floor(site([queue(per_hour=61)], [group(1, "q")]))
    for stranger in (simulator(other, 1), simulator(made, 2), simulator(made, 1, MONDAY + 1)):
        before = stranger.snapshot()
        with pytest.raises(SnapshotError, match="another floor, seed or start"):
            stranger.restore(kept)
        assert stranger.snapshot() == before
    with pytest.raises(SnapshotError, match="no snapshot of this version"):
        simulator(made, 1).restore(b"\x93nonsense")


@pytest.mark.parametrize(("queues", "rate"), [(1, 1.0), (45, 60.0)])
def test_a_floor_made_to_measure_has_its_queues_and_about_its_events_a_second(queues: int, rate: float) -> None:
    made = load_floor(queues, rate)
    assert len(topology_of(made).queues) == queues
    running = simulator(made)
    running.run_until(MONDAY + HOUR // 6)
    assert len(running.run_until(MONDAY + HOUR // 2)) / 1200 == pytest.approx(rate, rel=0.1)


def test_a_floor_of_no_queues_can_not_be_made() -> None:
    with pytest.raises(ValueError, match="both must be above 0"):
        load_floor(0, 10)


def test_the_demos_centres_can_help_each_other():
    """The same work has the same skill everywhere, so that agents of one centre can be lent to another's queue."""
    demo = parse_floor(shipped("floors/demo.yaml").read_text(encoding="utf-8"), "demo")
    centres: dict[str, set[str]] = {}
    for described in topology_of(demo).queues:
        assert described.skill == described.id.partition("/")[2]
        centres.setdefault(described.skill, set()).add(described.site)
    assert all(sites == {site.id for site in demo.sites} for sites in centres.values())
