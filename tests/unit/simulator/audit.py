"""An auditor who only sees the events, and the floor's description, and knows the laws of a floor."""

from collections import defaultdict
from dataclasses import dataclass, field

from services.contracts import events as wire
from services.ingest.domain.simulator import Event, Floor


@dataclass
class Leg:
    """A contact in a queue."""

    event: wire.Offered
    priority: int
    answered_at: int | None = None


@dataclass
class Person:
    """An agent, as the events show them."""

    skills: frozenset[str]
    chats_at_once: int
    state: str = "offline"
    contacts: dict[str, str] = field(default_factory=dict)
    """Contact → channel."""
    available_since: int = 0
    """Number of the event by which they became available."""


class Audit:
    """Feed it every event in order; it raises AssertionError at the first one that breaks a law."""

    def __init__(self, floor: Floor) -> None:
        self.people: dict[str, Person] = {}
        self.channels: dict[str, str] = {}
        self.priorities: dict[tuple[str, str], int] = {}
        self.legs: dict[tuple[str, str, int], Leg] = {}
        self.lines: dict[str, dict[str, Leg]] = defaultdict(dict)
        """Queue → contact → leg of those who wait."""
        self.visits: dict[str, list[Event]] = {}
        self.shortcuts: dict[tuple[str, str], tuple[tuple[str, ...], str]] = {}
        """(site, flow) → segments that it is for, its first node."""
        self.expected: dict[str, tuple[int, str]] = {}
        """Contact → (when, where) it must be offered next."""
        self.ids: set[str] = set()
        self.done: dict[str, int] = defaultdict(int)
        self.clock = -1
        self.count = 0
        for site in floor.sites:
            for queue in site.queues:
                self.channels[f"{site.id}/{queue.id}"] = queue.channel
            for flow in site.flows:
                if flow.shortcut:
                    self.shortcuts[site.id, flow.id] = (flow.shortcut.segments, flow.shortcut.menu.node)
            for segment in site.segments:
                self.priorities[site.id, segment.id] = segment.priority
            for team in site.teams:
                number = 0
                for group in team.groups:
                    skills = frozenset(f"{site.id}/{skill}" for skill in group.skills)
                    for _ in range(group.agents):
                        number += 1
                        self.people[f"{site.id}-{team.id}-{number:02d}"] = Person(skills, group.chats_at_once)

    def see(self, event: Event) -> None:
        assert not isinstance(event, wire.Heartbeat)
        assert event.at >= self.clock, "time runs backwards"
        if event.at > self.clock:
            self.nothing_left_lying()
        self.clock, self.count = event.at, self.count + 1
        assert event.event_id not in self.ids, "an event id is given twice"
        self.ids.add(event.event_id)
        name = type(event).__name__.lower()
        getattr(self, f"see_{name}")(event)
        self.done[name] += 1

    def nothing_left_lying(self) -> None:
        """Before time goes on: nobody waits while somebody who could answer is idle."""
        assert not self.expected, "a contact got lost between the menu and the queue, or between two queues"
        for queue, line in self.lines.items():
            if line:
                idle = [name for name, one in self.people.items() if self.idle_for(one, queue)]
                assert not idle, f"{list(line)} wait in {queue} while {idle} are idle"

    @property
    def waiting(self) -> int:
        return sum(map(len, self.lines.values()))

    @staticmethod
    def idle_for(person: Person, queue: str) -> bool:
        return queue in person.skills and person.state == "available"

    def see_offered(self, event: wire.Offered) -> None:
        due = self.expected.pop(event.contact, None)
        assert due is None or due == (event.at, event.queue)
        assert event.channel == self.channels[event.queue]
        assert all(event.contact not in line for line in self.lines.values()), "in two queues at once"
        priority = self.priorities[event.queue.partition("/")[0], event.segment]
        leg = self.legs[event.queue, event.contact, event.at] = Leg(event, priority)
        self.lines[event.queue][event.contact] = leg

    def see_answered(self, event: wire.Answered) -> None:
        leg = self.legs[event.queue, event.contact, event.offered_at]
        assert leg.answered_at is None
        assert leg is self.lines[event.queue].pop(event.contact)
        for other in self.lines[event.queue].values():
            assert (-leg.priority, event.offered_at) <= (-other.priority, other.event.at), "jumped the queue"
        person = self.people[event.agent]
        assert event.queue in person.skills, "not their skill"
        assert person.state not in {"offline", "signed in", "not_ready"}, f"{event.agent} is {person.state}"
        if person.contacts:
            assert self.channels[event.queue] == "chat"
            assert set(person.contacts.values()) == {"chat"}, "two voice contacts at once"
            assert len(person.contacts) < person.chats_at_once
        elif person.state == "available":
            longest = min(p.available_since for p in self.people.values() if self.idle_for(p, event.queue))
            assert person.available_since == longest, "somebody has been idle longer"
        leg.answered_at = event.at
        person.contacts[event.contact] = self.channels[event.queue]

    def see_abandoned(self, event: wire.Abandoned) -> None:
        self.leave(event.queue, event.contact, event.offered_at)

    def see_flowedout(self, event: wire.FlowedOut) -> None:
        self.leave(event.queue, event.contact, event.offered_at)
        self.expected[event.contact] = (event.at, event.target)

    def leave(self, queue: str, contact: str, offered_at: int) -> None:
        assert self.legs.pop((queue, contact, offered_at)) is self.lines[queue].pop(contact)

    def see_ended(self, event: wire.Ended) -> None:
        leg = self.legs.pop((event.queue, event.contact, event.offered_at))
        assert leg.answered_at is not None
        assert event.at - leg.answered_at == event.talk_ms + event.hold_ms + event.wrap_up_ms
        del self.people[event.agent].contacts[event.contact]

    def see_agentloggedin(self, event: wire.AgentLoggedIn) -> None:
        assert self.people[event.agent].state == "offline"
        self.people[event.agent].state = "signed in"

    def see_agentloggedout(self, event: wire.AgentLoggedOut) -> None:
        person = self.people[event.agent]
        assert person.state != "offline"
        assert not person.contacts, "signed off in the middle of a contact"
        person.state = "offline"

    def see_agentstatechanged(self, event: wire.AgentStateChanged) -> None:
        person = self.people[event.agent]
        assert person.state != "offline"
        assert bool(person.contacts) == (event.state in {"talking", "hold", "wrap_up"})
        assert (event.contact in person.contacts) if person.contacts else not event.contact
        person.state = event.state
        if event.state == "available":
            person.available_since = self.count

    def see_ivrentered(self, event: wire.IvrEntered) -> None:
        assert event.contact not in self.visits
        self.visits[event.contact] = [event]

    def see_ivrnodevisited(self, event: wire.IvrNodeVisited) -> None:
        path = self.visits[event.contact]
        assert (event.entered_at, event.depth) == (path[0].at, len(path))
        if event.depth == 1:
            entered = path[0]
            assert isinstance(entered, wire.IvrEntered)
            site, _, flow = event.flow.partition("/")
            favoured, shortcut = self.shortcuts.get((site, flow), ((), ""))
            assert (entered.segment in favoured) == (event.node == shortcut), "a shortcut is for its segments only"
        path.append(event)

    def see_ivrinputfailed(self, event: wire.IvrInputFailed) -> None:
        here = self.visits[event.contact][-1]
        assert isinstance(here, wire.IvrNodeVisited)
        assert (event.flow, event.node) == (here.flow, here.node), "an input failed where the caller is not"

    def see_ivrexited(self, event: wire.IvrExited) -> None:
        path = self.visits.pop(event.contact)
        assert len(path) > 1
        assert event.entered_at == path[0].at
        if event.outcome == "to_queue":
            self.expected[event.contact] = (event.at, event.queue)
        else:
            assert not event.queue
