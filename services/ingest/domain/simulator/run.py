"""What every part of the simulation works on: the layout, the state, chance, and the events said so far."""

from collections.abc import Callable
from datetime import date, datetime
from hashlib import blake2b
from heapq import heappush
from random import Random

from services.contracts.events import AgentEvent, ContactEvent, IvrEvent
from services.ingest.domain.simulator.layout import Layout
from services.ingest.domain.simulator.state import Agent, Contact, Entry, State

Event = AgentEvent | ContactEvent | IvrEvent
Action = Callable[["Run", int, int], None]


class Run:
    """A simulation under way.

    Ids are deterministic. A contact's: site, local day, a tag made of seed and start, and the site's running number;
    an event's: its contact or agent, and a running number.
    """

    def __init__(
        self, layout: Layout, state: State, chances: list[Random], *, seed: int, start: int, source: str
    ) -> None:
        self.layout = layout
        self.state = state
        self.chances = chances
        self.seed = seed
        self.source = source
        self.tag = blake2b(f"{seed}|{start}".encode(), digest_size=3).hexdigest()
        self.said: list[Event] = []
        self._days: list[tuple[date, int, int]] = [(date.min, 0, 0)] * len(layout.sites)

    def schedule(self, at: int, action: int, subject: int, argument: int = 0) -> None:
        """Put `action` on the agenda."""
        state = self.state
        state.ordered += 1
        heappush(state.agenda, Entry(at, state.ordered, action, subject, argument))

    def day(self, site: int) -> str:
        """The site's local day now, YYYYMMDD."""
        now = self.state.clock
        day, since, until = self._days[site]
        if not since <= now < until:
            local = datetime.fromtimestamp(now // 1000, self.layout.sites[site].zone)
            day = local.date()
            # Asked again every local half-hour: no day changes in between, whatever the time zone does.
            until = now + (1800 - (local.minute % 30 * 60 + local.second)) * 1000 - now % 1000
            self._days[site] = (day, now, until)
        return f"{day:%Y%m%d}"

    def contact_event_id(self, contact: Contact) -> str:
        """Id of the contact's next event."""
        contact.events += 1
        return f"{contact.id}.{contact.events}"

    def agent_event_id(self, index: int, agent: Agent) -> str:
        """Id of the agent's next event."""
        agent.events += 1
        return f"{self.layout.agents[index].id}-{self.tag}.{agent.events}"
