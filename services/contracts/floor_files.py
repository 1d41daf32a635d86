"""A floor's description as YAML (contracts.topology.Topology): read, checked, and written."""

from collections.abc import Iterator

import yaml
from pydantic import ValidationError

from services.contracts.topology import Description, Topology


class TopologyError(ValueError):
    """A description that can't be used. The text has one line per mistake: path, problem."""


def parse_topology(text: str, name: str, known: Topology) -> Topology:
    """Read a description.

    Args:
        text: YAML.
        name: how messages call it, such as the file's name.
        known: what the installation knows already; the file may name its sites, queues and teams.

    Raises:
        TopologyError: it is no YAML, a field is missing, unknown or wrong, or it names what does not exist.
    """
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a date or number that can't be; lists without end
        raise TopologyError(f"{name}: no valid YAML: {error}") from error
    if not isinstance(content, dict) or not content:
        raise TopologyError(f"{name}: give at least one of {', '.join(Topology.model_fields)}")
    try:
        topology = Topology.model_validate(content)
    except ValidationError as error:
        raise TopologyError("\n".join(_lines(name, error))) from error
    try:
        topology.model_dump_json()
    except ValueError as error:  # YAML reads "\\ud83d\\ude00", as JSON writes it, as two halves
        raise TopologyError(
            f"{name}: there is half a character in it, \\ud800 to \\udfff: write all as UTF-8"
        ) from error
    problems = [*_twice(topology), *nowhere(topology, known)]
    if problems:
        raise TopologyError("\n".join(f"{name}: {problem}" for problem in problems))
    return topology


def write_topology(topology: Topology) -> str:
    """The same as YAML, which `parse_topology` reads."""
    content = topology.model_dump(mode="json", exclude_defaults=True)
    return str(yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=120))


def gathered(records: list[Description]) -> Topology:
    """A topology of single descriptions, by id."""
    fields = {"site": "sites", "queue": "queues", "flow": "flows", "team": "teams", "agent": "agents"}
    parts: dict[str, list[Description]] = {name: [] for name in fields.values()}
    activities = None
    for record in sorted(records, key=lambda record: record.id):
        if record.kind == "activities":
            activities = record
        else:
            parts[fields[record.kind]].append(record)
    return Topology.model_validate({**parts, "activities": activities})


def _lines(name: str, error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_url=False, include_input=False):
        place = ".".join(map(str, problem["loc"])) or "the file"
        yield f"{name}: {place}: {problem['msg'].removeprefix('Value error, ')}"


def _twice(topology: Topology) -> Iterator[str]:
    for field in ("sites", "queues", "flows", "teams", "agents"):
        seen: set[str] = set()
        for number, one in enumerate(getattr(topology, field)):
            if one.id in seen:
                yield f"{field}.{number}.id: {one.id!r} is given twice"
            seen.add(one.id)


def nowhere(topology: Topology, known: Topology) -> Iterator[str]:
    """Whatever names a site, queue or team that neither the file nor the installation describes."""
    sites = {one.id for one in (*topology.sites, *known.sites)}
    queues = {one.id for one in (*topology.queues, *known.queues)}
    teams = {one.id for one in (*topology.teams, *known.teams)}
    for field in ("queues", "flows", "teams"):
        for number, one in enumerate(getattr(topology, field)):
            if one.site not in sites:
                yield f"{field}.{number}.id: there is no site {one.site!r}"
    for number, agent in enumerate(topology.agents):
        if agent.site not in sites:
            yield f"agents.{number}.site: there is no site {agent.site!r}"
        if agent.team and agent.team not in teams:
            yield f"agents.{number}.team: there is no team {agent.team!r}"
        yield from (f"agents.{number}.queues: there is no queue {q!r}" for q in agent.queues if q not in queues)
