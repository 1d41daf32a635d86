"""What the rest of the system has to know of a simulated floor: sites, queues, menus, teams and agents."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from services.contracts import topology
from services.contracts.topology import AUTO, MenuChoice, Text
from services.ingest.domain.simulator.description import MenuNode
from services.ingest.domain.simulator.floor import Floor, SimulatedFlow, SimulatedSite, Team
from services.ingest.domain.simulator.layout import agent_ids

END = "end"
NOBODY: Mapping[str, str] = MappingProxyType({})
_OF_A_QUEUE = set(topology.Queue.model_fields) - {"kind", "id"}


def topology_of(floor: Floor, lent: Mapping[str, str] = NOBODY) -> topology.Topology:
    """Every description of a floor. `lent`: agents who serve another queue (`site/queue`) instead of their own."""
    return topology.Topology(
        sites=tuple(topology.Site(id=s.id, name=s.name, timezone=s.timezone) for s in floor.sites),
        queues=tuple(
            topology.Queue(id=f"{s.id}/{q.id}", **q.model_dump(include=_OF_A_QUEUE))
            for s in floor.sites
            for q in s.queues
        ),
        flows=tuple(_flow(s, flow) for s in floor.sites for flow in s.flows),
        teams=tuple(topology.Team(id=f"{s.id}/{t.id}", name=t.name) for s in floor.sites for t in s.teams),
        agents=tuple(
            agent.model_copy(update={"queues": (lent[agent.id],)}) if agent.id in lent else agent
            for s in floor.sites
            for team in s.teams
            for agent in _agents(s, team)
        ),
    )


def _flow(site: SimulatedSite, flow: SimulatedFlow) -> topology.Flow:
    nodes = [_node(site, node) for node in flow.menu.nodes()]
    if flow.shortcut is not None:
        first, *below = flow.shortcut.menu.nodes()
        nodes.append(_node(site, first).model_copy(update={"shortcut": True}))
        nodes += [_node(site, node) for node in below]
    return topology.Flow(id=f"{site.id}/{flow.id}", name=flow.name, nodes=tuple(nodes))


def _node(site: SimulatedSite, node: MenuNode) -> topology.MenuNode:
    """Choices have the keys 1, 2, …; a node that leads to a queue goes on by itself, and so ends one that serves."""
    choices = [MenuChoice(key=str(key), to=below.node) for key, below in enumerate(node.choices, 1)]
    if node.queue is not None:
        choices.append(MenuChoice(key=AUTO, to=f"{site.id}/{node.queue}"))
    if node.self_service:
        choices.append(MenuChoice(key=AUTO, to=END))
    name = node.name or Text(en=node.node, zh=node.node)
    return topology.MenuNode(id=node.node, name=name, choices=tuple(choices))


def _agents(site: SimulatedSite, team: Team) -> Iterator[topology.Agent]:
    names = iter(agent_ids(site.id, team))
    for group in team.groups:
        for _ in range(group.agents):
            agent = next(names)
            queues = tuple(dict.fromkeys(f"{site.id}/{skill}" for skill in group.skills))
            yield topology.Agent(id=agent, name=agent, site=site.id, team=f"{site.id}/{team.id}", queues=queues)
