"""What simulated agents are meant to do."""

from datetime import date

from services.ingest.domain.simulator.roster import schedules_of
from services.ingest.simulate import read_floor


def test_shifts_are_planned_without_gaps_and_days_off_are_empty():
    site = next(one for one in read_floor("demo").sites if one.id == "lisbon")
    days = {day: list(schedules_of(site, date(1999, 1, day))) for day in range(4, 11)}  # a Monday to a Sunday

    assert all(len(plans) == site.agents for plans in days.values())
    assert len({plan.agent for plan in days[4]}) == site.agents
    for plans in days.values():
        for plan in plans:
            assert all(one.end == two.start for one, two in zip(plan.activities, plan.activities[1:], strict=False))
    planned = {activity.activity for plans in days.values() for plan in plans for activity in plan.activities}
    assert {"on_queue", "break", "meal"} <= planned
    off = {day: sum(not plan.activities for plan in plans) for day, plans in days.items()}
    assert 0 < off[9] < site.agents, "some shifts are not worked on Saturdays"
