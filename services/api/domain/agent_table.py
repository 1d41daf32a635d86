"""Agents and teams as CSV: one row each. Described in docs/schedules.md.

A mistake costs its row and nothing else. A column that the file has not leaves what is known; an empty cell empties it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

from pydantic import ValidationError

from services.api.domain.floor import Fault
from services.contracts.floor_files import gathered, nowhere
from services.contracts.schedule_files.reading import PlanFileError, first_problem
from services.contracts.schedule_files.rows import Table
from services.contracts.topology import Agent, Description, Team, Text, record_key

AGENT_COLUMNS = ("agent", "name", "site", "team", "queues")
TEAM_COLUMNS = ("team", "name_en", "name_zh", "lead")


@dataclass(slots=True)
class Roster:
    """What a file holds: the descriptions that can be taken, and what is wrong with the others."""

    records: list[Agent | Team] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    items: int = 0


def read_agents(text: str, known: Mapping[str, Description]) -> Roster:
    """Read agents (a column `agent`) or teams (a column `team` and no `agent`).

    Args:
        text: CSV with commas or semicolons; the first line names the columns.
        known: descriptions by record key, which the rows may name.

    Raises:
        PlanFileError: it has not the columns that it needs.
    """
    roster, table, floor = Roster(), Table(StringIO(text, newline="")), gathered(list(known.values()))
    columns = AGENT_COLUMNS if "agent" in table.names else TEAM_COLUMNS
    needed = ("agent", "site") if columns is AGENT_COLUMNS else ("team",)
    if missing := [name for name in needed if name not in table.names]:
        raise PlanFileError(f"line 1: the column {missing[0]} is missing; there are {', '.join(columns)}")
    table.holds_only(columns)
    seen: set[str] = set()
    for place, row in table.rows():
        roster.items += 1
        try:
            record = _agent(row, known) if columns is AGENT_COLUMNS else _team(row, known)
        except ValidationError as error:
            name, reason = first_problem(error)
            roster.faults.append(_fault(place, _column(name), reason, row[columns[0]]))
            continue
        wrong = [problem.split(".", 2)[2] for problem in nowhere(gathered([record]), floor)]
        if record_key(record) in seen:
            wrong.append(f"{columns[0]}: {record.id!r} is given twice")
        if wrong:
            for problem in wrong:
                name, _, reason = problem.partition(": ")
                roster.faults.append(_fault(place, _column(name), reason, record.id))
            continue
        seen.add(record_key(record))
        roster.records.append(record)
    return roster


def _agent(row: dict[str, str], known: Mapping[str, Description]) -> Agent:
    before = known.get(f"agent|{row['agent']}")
    content = before.model_dump() if isinstance(before, Agent) else {}
    content |= {"id": row["agent"]} | {name: row[name] for name in ("name", "site", "team") if name in row}
    if "queues" in row:
        content["queues"] = tuple(row["queues"].replace(";", " ").replace(",", " ").split())
    return Agent.model_validate(content)


def _team(row: dict[str, str], known: Mapping[str, Description]) -> Team:
    before = known.get(f"team|{row['team']}")
    old = before if isinstance(before, Team) else None
    name = row["team"].partition("/")[2]
    name_en = row.get("name_en", "" if old is None else old.name.en) or name
    name_zh = row.get("name_zh", "" if old is None else old.name.zh) or name_en
    lead = row.get("lead", "" if old is None else old.lead)
    return Team(id=row["team"], name=Text(en=name_en, zh=name_zh), lead=lead)


def _column(name: str) -> str:
    """A field of the contract as the file calls it."""
    return {"id": "agent or team"}.get(name, name.partition(".")[0])


def _fault(place: str, name: str, reason: str, lost: str) -> Fault:
    return Fault(place=place, field=name, reason=reason, lost=lost)


def faults_of(mistakes: Iterable[Any]) -> list[Fault]:
    """Mistakes of a file of schedules or forecasts as faults."""
    return [
        Fault(
            place=each.place,
            field=each.field,
            reason=each.reason,
            lost=f"{each.agent} {each.date}".strip() if each.date else "",
        )
        for each in mistakes
    ]
