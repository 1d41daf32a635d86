"""The floor as the desk knows it: queues, agents, menus, clocks, descriptions. Sections only read it."""

from collections import defaultdict
from collections.abc import Iterable

from services.alerts.domain.clocks import SiteClocks
from services.alerts.domain.crowds import Crowds
from services.alerts.domain.past import History, Trails
from services.alerts.domain.values import AgentNow, FlowNow, QueueNow
from services.contracts.topology import Description, Site


def site_of(scope: str) -> str:
    """Id of the site of a queue, flow or team."""
    return scope.partition("/")[0]


class Floor:
    """Everything as of the last record. `wall_at` is the newest tick (epoch ms), 0 before the first one."""

    def __init__(self) -> None:
        """Nothing is known."""
        self.queues: dict[str, QueueNow] = {}
        self.of_site: defaultdict[str, list[str]] = defaultdict(list)
        self.staff = Crowds()
        self.flows: dict[str, FlowNow] = {}
        self.history = History()
        self.trails = Trails()
        self.clocks = SiteClocks()
        self.described: dict[str, Description] = {}
        self.wall_at = 0

    @property
    def agents(self) -> dict[str, AgentNow]:
        """Agents by id; `staff.take` and `staff.drop` change them and their sums."""
        return self.staff.agents

    def site(self, id_: str) -> Site | None:
        """A site's description."""
        found = self.described.get(f"site|{id_}")
        return found if isinstance(found, Site) else None

    def region_of(self, site: str) -> str:
        """Region of a site; empty: none."""
        found = self.site(site)
        return "" if found is None else found.region

    def sites_of_region(self, region: str) -> frozenset[str]:
        """Sites of a region."""
        sites = (one for one in self.described.values() if isinstance(one, Site))
        return frozenset(site.id for site in sites if site.region == region)

    def queues_of(self, sites: Iterable[str]) -> list[str]:
        """Queues with a tile of some sites."""
        return [queue for site in sorted(sites) for queue in self.of_site.get(site, ())]
