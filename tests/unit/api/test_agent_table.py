"""Agents and teams as CSV: what a file says, what it leaves, and what a mistake costs."""

import pytest

from services.api.domain.agent_table import Roster, read_agents
from services.contracts.schedule_files.reading import PlanFileError
from services.contracts.topology import Agent, Description, Queue, Site, Team, Text, record_key

NAME = Text(en="x", zh="x")
RECORDS: list[Description] = [
    Site(id="lisbon", name=NAME), Queue(id="lisbon/cards", name=NAME), Team(id="lisbon/a", name=NAME, lead="Lea"),
    Agent(id="ana", site="lisbon", team="lisbon/a", name="Ana", queues=("lisbon/cards",)),
]  # fmt: skip
KNOWN = {record_key(record): record for record in RECORDS}


def faults(roster: Roster) -> list[tuple[str, str]]:
    return [(fault.place, fault.field) for fault in roster.faults]


def test_a_column_that_is_not_there_leaves_what_is_known_and_an_empty_cell_empties_it():
    without = read_agents("agent,site,name\nana,lisbon,Ana Reis\n", KNOWN)
    assert without.records == [
        Agent(id="ana", site="lisbon", team="lisbon/a", name="Ana Reis", queues=("lisbon/cards",))
    ]  # fmt: skip
    emptied = read_agents("agent;site;team;queues\nana;lisbon;lisbon/a;\nben;lisbon;;lisbon/cards\n", KNOWN)
    assert [(one.id, one.queues) for one in emptied.records if isinstance(one, Agent)] == [
        ("ana", ()), ("ben", ("lisbon/cards",)),
    ]  # fmt: skip
    assert (emptied.items, emptied.faults) == (2, [])


def test_a_mistake_costs_its_row_and_says_its_line_and_column():
    rows = ["ana,lisbon,lisbon/a", "ana,lisbon,lisbon/a", "ben,porto,", "eva,lisbon,lisbon/none", ",lisbon,"]
    roster = read_agents("\n".join(["agent,site,team", *rows]), KNOWN)
    assert [one.id for one in roster.records] == ["ana"]
    assert faults(roster) == [
        ("line 3", "agent"), ("line 4", "site"), ("line 5", "team"), ("line 6", "agent or team"),
    ]  # fmt: skip
    assert roster.items == 5


def test_teams_are_named_by_their_id_if_by_nothing_else():
    teams = read_agents("team,name_en\nlisbon/a,Cards\nlisbon/b,\n", KNOWN).records
    assert teams == [
        Team(id="lisbon/a", name=Text(en="Cards", zh="x"), lead="Lea"), Team(id="lisbon/b", name=Text(en="b", zh="b")),
    ]  # fmt: skip


def test_a_file_without_a_column_that_it_needs_is_refused_by_its_name():
    with pytest.raises(PlanFileError, match="the column site is missing; there are agent, name, site, team, queues"):
        read_agents("agent,name\nana,Ana\n", KNOWN)
    with pytest.raises(PlanFileError, match="the column team is missing"):
        read_agents("name_en\nCards\n", KNOWN)
