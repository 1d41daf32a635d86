"""One partition of the agents topic, and of the schedules topic: agents, their tiles and their days."""

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush
from typing import NamedTuple, TypeVar
from zlib import crc32

import msgspec
from pydantic import TypeAdapter, ValidationError

from services.contracts.events import AgentEvent, Heartbeat, StaffEvent
from services.contracts.keeping import Record, key_prefix
from services.contracts.letters import DeadLetter
from services.contracts.local_days import day_at, day_bounds
from services.contracts.metrics import HALF_HOUR_MS
from services.contracts.schedules import AdherenceException, AgentId, DaySchedule, schedule_adapter, schedule_key
from services.contracts.workforce.activities import ActivityTable
from services.contracts.workforce.facts import fact_of
from services.contracts.workforce.plans import FAR, Plans
from services.contracts.workforce.pulses import Pulses
from services.metrics.domain.agent_pages import SLOT_MS, AgentPage
from services.metrics.domain.agents import Agent, Description, Surroundings
from services.metrics.domain.clocks import LATEST_MS, Clocks, Horizons, SiteClock
from services.metrics.domain.floor import Floor, is_site_id
from services.metrics.domain.half_hours import half_hour_at
from services.metrics.domain.pages import SLOT_MS as CLOCK_SLOT_MS
from services.metrics.domain.refusals import refusal, unheard
from services.metrics.domain.shard import State, state_key

TELL_EVERY_S = 0.1
"""An agent's tile is published at once when it was quiet so long, and never more often."""
TILES_AT_ONCE = 200
KEPT_MS = 36 * 3600 * 1000
"""Pages are kept so long after they are closed: a day that may still be corrected needs them from its beginning."""

AGENTS, PLANS, PULSES = "agents", "schedules", "pulses"
_EXCEPTION = "exception"
_DESCRIBED = "described"
_ALL = "*"
"""Of `ending`, after a restart: whatever days are not final."""

_T = TypeVar("_T")
_agent_id: TypeAdapter[str] = TypeAdapter(AgentId)
_to_json = msgspec.json.Encoder().encode
_encode_offset = msgspec.msgpack.Encoder().encode
_decode_offset = msgspec.msgpack.Decoder(tuple[int, int, int]).decode


class PublishedDay(NamedTuple):
    """An agent's day as it was published: AgentDay JSON."""

    agent: str
    date: str
    value: bytes

    @property
    def id(self) -> str:
        """Key on the intervals topic."""
        return f"{self.agent}|{self.date}"


class AgentShard:
    """Feed it with `apply` and `plan`, ask it for `tiles` and its `checkpoint`, `restore` it after a crash.

    Attributes:
        letters: what could not be used since they were last taken.
        gone: agents of whom nothing is known any more, since they were last taken.
        planned_to: the newest record of the schedules topic that the plans include.
    """

    def __init__(self, topic: str, partition: int, floor: Floor, horizons: Horizons) -> None:
        """An empty shard; `topic` is the agents topic's name without the namespace."""
        self.topic, self.partition = topic, partition
        self._floor, self._horizons = floor, horizons
        self.clocks = Clocks(topic, partition, horizons.horizon_ms)
        self.planned_to = -1
        self.letters: list[DeadLetter] = []
        self.unresolved = 0
        self.agents: dict[str, Agent] = {}
        self.gone: list[str] = []
        self._pulses = Pulses(horizons.silent_ms)
        self._around = Surroundings(ActivityTable(floor.activities), self._pulses, horizons.lateness_ms)
        self._dirty: list[Agent] = []
        self._dirty_pages: list[tuple[Agent, AgentPage]] = []
        self._changed: deque[Agent] = deque()
        self._unshown: list[Agent] = []  # since a restart; shown in the background
        self._due: dict[SiteClock, list[tuple[int, str]]] = {}  # heaps: when a tile may change, agent
        self._ending: dict[SiteClock, list[tuple[int, str, str]]] = {}  # heaps: when a day may be final, agent, date
        self._dropped: dict[SiteClock, int] = {}  # pages that ended before that moment may be missing
        self._kept: dict[str, bytes] = {}

    # -- feeding

    def apply(self, offset: int, events: Sequence[AgentEvent]) -> None:
        """Take in a record's events. A record that the clocks include already changes nothing."""
        if offset <= self.clocks.offset:
            return
        self.clocks.offset = offset
        for event in events:
            if isinstance(event, Heartbeat):
                self._hear(event, offset)
            else:
                self._take(event, offset)

    def _take(self, event: StaffEvent, offset: int) -> None:
        clock, at = self._clock(event.site), event.at
        if clock is None:
            self._refuse(event, f"{event.site[:200]!r} is no site's id", "site")
            return
        agent = self.agents.get(event.agent) or self._new_agent(event.agent, clock)
        if agent is None:
            self._refuse(event, "an agent's id has 1 to 128 characters, none of them | or a control character", "agent")
            return
        if at >= LATEST_MS:
            self._refuse(event, "a time after the year 2099", "at")
            return
        clock.reach(at)
        if at // CLOCK_SLOT_MS < clock.closed:
            self._refuse(event, "too late: its time is closed for ever")
            return
        self._pulses.tell((event.site, event.source), offset)
        slot = at // SLOT_MS
        page = agent.pages.get(slot)
        if page is None:
            page = agent.pages[slot] = AgentPage(slot)
        fact = fact_of(event)
        if page.offset > offset or not page.add(fact, offset):
            return  # it was kept after this record, or it knows
        agent.touch(fact, offset)
        if not page.dirty:
            page.dirty = True
            self._dirty_pages.append((agent, page))
        if agent.who.site != event.site or at == page.home[1][0]:
            self._introduce(agent)
        self._soil(agent)

    def plan(self, record: Record) -> None:
        """Take in a record of the schedules topic; one that can't be used becomes a dead letter."""
        if record.offset <= self.planned_to:
            return
        self.planned_to = record.offset
        key = record.key.decode("utf-8", "replace")
        if not record.value:
            self._take_back(key, record.offset)
            return
        try:
            plan = _read_plan(key, record.value)
        except ValueError as error:
            content = record.value[:500].decode("latin-1")
            name = f"metrics|{record.topic}|{record.partition}|{record.offset}"
            reason = f"no schedule: {error}"[:500]
            letter = DeadLetter(id=name, source=f"metrics|{record.topic}", reason=reason, content=content)
            self.letters.append(letter)
        else:
            self._plan(plan, record.offset)

    def _take_back(self, key: str, offset: int) -> None:
        agent_id, _, rest = key.removeprefix(f"{_EXCEPTION}|").partition("|")
        agent = self.agents.get(agent_id)
        if agent is not None and agent.plans is not None and agent.plans.offset < offset:
            excused = key.startswith(f"{_EXCEPTION}|")
            take_back = agent.plans.excuse_no_more if excused else agent.plans.take_back
            self._replan(agent, take_back(rest, offset))

    def _plan(self, plan: DaySchedule | AdherenceException, offset: int) -> None:
        agent = self.agents.get(plan.agent) or self._new_agent(plan.agent, None)
        assert agent is not None, "the agent of a schedule has a valid id"
        if agent.plans is None:
            agent.plans = Plans()
        if agent.plans.offset < offset:
            if isinstance(plan, DaySchedule):
                since = agent.plans.plan(plan, offset)
            else:
                since = agent.plans.excuse(plan, offset)
            self._replan(agent, since)

    def _replan(self, agent: Agent, since: int | None) -> None:
        if since is not None:
            assert agent.plans is not None
            agent.plans.dirty = True
            self._introduce(agent)
            agent.change_plan(since)
            self._soil(agent)

    def _hear(self, heartbeat: Heartbeat, offset: int) -> None:
        letter = unheard(self.topic, heartbeat)
        if letter is None:
            self._pulses.hear(heartbeat, offset, self.clocks.site(heartbeat.site).at)
            self.clocks.hear(heartbeat)
        else:
            self.letters.append(letter)

    def _clock(self, site: str) -> SiteClock | None:
        clock = self.clocks.sites.get(site)
        return clock or (self.clocks.site(site) if is_site_id(site) else None)

    def _new_agent(self, agent_id: str, clock: SiteClock | None) -> Agent | None:
        try:
            _agent_id.validate_python(agent_id)
        except ValidationError:
            return None
        agent = self.agents[agent_id] = Agent(agent_id, clock or SiteClock(self._horizons.horizon_ms), self._around)
        return agent

    def _introduce(self, agent: Agent) -> None:
        """Say who the agent is, and by whose clock they go."""
        site, team = agent.home()
        described = self._floor.agent(agent.id)
        if described is not None:
            name, here, team = described.name or agent.id, described.site, described.team or team
            queues = described.queues
        else:
            name, here, queues = agent.id, site, ()
        if not here:
            return  # known by an exception only
        who = Description(name, here, team, queues, self._floor.timezone(here))
        before, agent.who = agent.who, who
        if (who.site, who.timezone) != (before.site, before.timezone):
            agent.begin_anew()
        clock = self.clocks.site(site or here)
        if agent.clock is not clock:
            agent.clock, agent.scheduled = clock, None
            agent.begin_anew()

    def _soil(self, agent: Agent) -> None:
        self._let_tell(agent)
        if not agent.dirty:
            agent.dirty = True
            self._dirty.append(agent)

    def _let_tell(self, agent: Agent) -> None:
        if not agent.waits:
            agent.waits = True
            self._changed.append(agent)

    def _refuse(self, event: AgentEvent, reason: str, field: str | None = None) -> None:
        self.letters.append(refusal(self.topic, event, reason, field))

    # -- tiles

    def tiles(self, now: float, most: int = TILES_AT_ONCE) -> list[tuple[str, bytes]]:
        """(agent, AgentTile JSON) of agents whose tile has changed, by events, plans, silence or their site's clock.

        At most so many; one that was told less than TELL_EVERY_S before `now` (real seconds; infinity: whenever) is
        held back. Totals alone change no tile: they are as of its `as_of`.
        """
        self._notice_time()
        tiles: list[tuple[str, bytes]] = []
        changed, asked = self._changed, 0
        for _ in range(len(changed)):
            agent = changed.popleft()
            if now - agent.told_at < TELL_EVERY_S:
                changed.append(agent)
                continue
            agent.waits = False
            if self.agents.get(agent.id) is agent:
                self._tell(agent, now, tiles)
            asked += 1
            if asked >= most:
                break
        while self._unshown and asked < most and now != math.inf:
            asked += 1
            self._tell(self._unshown.pop(), now, tiles)
        return tiles

    def _tell(self, agent: Agent, now: float, tiles: list[tuple[str, bytes]]) -> None:
        if agent.clock.at < 0:
            return
        tile = agent.tile(self.clocks.offset)
        if tile is not None:
            tiles.append((agent.id, tile))
            if now != math.inf:
                agent.told_at = now
        if agent.scheduled is None or agent.due < agent.scheduled:
            agent.scheduled = agent.due
            heappush(self._due.setdefault(agent.clock, []), (agent.due, agent.id))

    def _notice_time(self) -> None:
        """Mark the agents whose plan has come to a change, and those whose feed fell silent or spoke again."""
        for site, clock in self.clocks.sites.items():
            due = self._due.get(clock)
            while due and due[0][0] <= clock.at:
                at, agent_id = heappop(due)
                agent = self.agents.get(agent_id)
                if agent is not None and agent.scheduled == at:
                    agent.scheduled = None
                    self._let_tell(agent)
            if self._pulses.turned(site, clock.at):
                for agent in self.agents.values():
                    if agent.who.site == site:
                        self._let_tell(agent)
        if self._pulses.news:
            self._correct_silence()

    def _correct_silence(self) -> None:
        news, self._pulses.news = self._pulses.news, set()
        for agent in self.agents.values():
            if agent.who.site in news and agent.clock.at >= 0:
                agent.change_all(self._forgotten(agent.clock))
                self._soil(agent)

    @property
    def wrong(self) -> int:
        """How often totals that were published did not add up."""
        return sum(agent.wrong for agent in self.agents.values())

    @property
    def rounds(self) -> int:
        """How often `tiles` must be asked until it has given all that has changed so far."""
        return -(-len(self._changed) // TILES_AT_ONCE)

    @property
    def holds_tiles_back(self) -> bool:
        """Whether there are agents that `tiles` has to be asked for again."""
        return bool(self._changed or self._unshown)

    def show_again(self) -> None:
        """Let the next `tiles` tell every agent."""
        self._unshown.clear()
        for agent in self.agents.values():
            agent.show_again()
            self._let_tell(agent)

    # -- checkpoints

    def checkpoint(self, agents_at_once: int) -> Iterator[tuple[list[PublishedDay], list[State]]]:
        """What changed since the last one, in slices: days to publish, states to keep. The order is as in Shard."""
        if self._pulses.news:
            self._correct_silence()
        dirty, self._dirty = self._dirty, []
        pages, self._dirty_pages = self._dirty_pages, []
        published: set[tuple[str, str]] = set()
        for agents in _slices(dirty, agents_at_once):
            yield list(self._changed_days(agents, published)), []
        for begun in _slices(list(self._new_days()), agents_at_once):
            yield [day for agent, since in begun for day in self._days(agent, since, published)], []
        for ended in _slices(list(self._ended()), agents_at_once):
            yield [day for agent, date in ended for day in self._publish(agent, date, published)], []
        for changed in _slices(pages, agents_at_once):
            yield [], list(self._keep_pages(changed))
        for agents in _slices([agent for agent in dirty if agent.plans and agent.plans.dirty], agents_at_once):
            yield [], [self._keep_plans(agent) for agent in agents]
        yield [], list(self._keep_clocks())
        yield [], [(key, None) for key in self._put_away()]

    def _changed_days(self, agents: list[Agent], published: set[tuple[str, str]]) -> Iterator[PublishedDay]:
        for agent in agents:
            if agent.clock.at < 0:
                self._dirty.append(agent)  # planned, and nobody has told what time it is
                continue
            agent.dirty = False
            yield from self._days(agent, agent.take_change(self._forgotten(agent.clock)), published)

    def _days(self, agent: Agent, since: int, published: set[tuple[str, str]]) -> Iterator[PublishedDay]:
        since = max(since, self._dropped.get(agent.clock, 0))
        if since <= agent.clock.at:
            for date in agent.days_since(since):
                yield from self._publish(agent, date, published)

    def _publish(self, agent: Agent, date: str, published: set[tuple[str, str]]) -> Iterator[PublishedDay]:
        if (agent.id, date) in published:
            return
        published.add((agent.id, date))
        day = agent.day(date, self._dropped.get(agent.clock, 0))
        if day is None:
            return
        value, final_at = day
        if final_at is not None and agent.ending.get(date, FAR) > final_at:
            agent.ending[date] = final_at
            heappush(self._ending.setdefault(agent.clock, []), (final_at, agent.id, date))
        yield PublishedDay(agent.id, date, value)

    def _new_days(self) -> Iterator[tuple[Agent, int]]:
        """Each agent of a site where a day has begun, and when the day began that was known to run before."""
        for site, clock in self.clocks.sites.items():
            if clock.at < 0:
                continue
            timezone = self._floor.timezone(site)
            midnight, _ = day_bounds(timezone, day_at(timezone, clock.at))
            before = self.clocks.terms.get(site)
            self.clocks.terms[site] = midnight
            if before is None:
                yield from ((agent, midnight) for agent in self.agents.values() if agent.clock is clock)
            elif midnight > before:
                yield from ((agent, before) for agent in self.agents.values() if agent.clock is clock)

    def _ended(self) -> Iterator[tuple[Agent, str]]:
        for clock, ending in self._ending.items():
            while ending and ending[0][0] <= clock.at:
                at, agent_id, date = heappop(ending)
                agent = self.agents.get(agent_id)
                if agent is not None and agent.ending.get(date) == at:
                    del agent.ending[date]
                    yield from self._open_days(agent, at) if date == _ALL else [(agent, date)]

    def _open_days(self, agent: Agent, at: int) -> Iterator[tuple[Agent, str]]:
        since = max(at - self._horizons.lateness_ms - 2 * HALF_HOUR_MS, self._dropped.get(agent.clock, 0))
        yield from ((agent, date) for date in agent.days_since(since))

    def _keep_pages(self, pages: list[tuple[Agent, AgentPage]]) -> Iterator[State]:
        for agent, page in pages:
            page.dirty, page.kept = False, True
            yield self._key(agent.id, page.slot), page.encode()

    def _keep_plans(self, agent: Agent) -> State:
        assert agent.plans is not None
        agent.plans.dirty, agent.kept_plans = False, True
        return self._key_of(PLANS, agent.id), agent.plans.encode(self._forgotten(agent.clock))

    def _keep_clocks(self) -> Iterator[State]:
        """Pulses and the offset of schedules first: the clocks say that all before them is kept."""
        self.clocks.terms[_DESCRIBED] = self._described()
        values = {
            PULSES: self._pulses.encode() if self._pulses.offset >= 0 else b"",
            PLANS: _encode_offset((self.planned_to, 0, 0)) if self.planned_to >= 0 else b"",
            AGENTS: self.clocks.encode() if self.clocks.offset >= 0 else b"",
        }
        for name, value in values.items():
            if value and value != self._kept.get(name):
                self._kept[name] = value
                yield state_key(self.partition, name), value

    def _described(self) -> int:
        """Changes with what the topology says that matters to days; descriptions of single agents are not in it."""
        zones = sorted((site, self._floor.timezone(site)) for site in self.clocks.sites)
        return crc32(repr((zones, self._floor.activities)).encode())

    def _put_away(self) -> Iterator[bytes]:
        for clock in self.clocks.sites.values():
            if clock.swept == clock.closed:
                continue
            clock.swept = clock.closed
            self._dropped[clock] = self._forgotten(clock)
            self._pulses.forget(self._forgotten(clock))
            for agent in list(self.agents.values()):
                if agent.clock is clock:
                    yield from self._sweep(agent)

    def _sweep(self, agent: Agent) -> Iterator[bytes]:
        for page in agent.drop_before(self._forgotten(agent.clock)):
            if page.kept:
                yield self._key(agent.id, page.slot)
        if not agent.pages and (agent.plans is None or agent.plans.over(self._forgotten(agent.clock))):
            del self.agents[agent.id]
            self.gone.append(agent.id)
            if agent.kept_plans:
                yield self._key_of(PLANS, agent.id)

    def _forgotten(self, clock: SiteClock) -> int:
        """Days that began before this moment are told no more."""
        return clock.closed * CLOCK_SLOT_MS - KEPT_MS

    def _key(self, agent: str, slot: int) -> bytes:
        return b"%b|%b|%d" % (state_key(self.partition, AGENTS), agent.encode(), slot)

    def _key_of(self, kind: str, agent: str) -> bytes:
        return b"%b%b|%b|0" % (key_prefix(self.partition), kind.encode(), agent.encode())

    # -- restoring, and learning anew

    def restore(
        self, clocks: dict[str, bytes], pages: Iterable[tuple[str, int, bytes]], plans: Iterable[tuple[str, int, bytes]]
    ) -> None:
        """Take up what was kept: clocks by kind, (agent, slot, value) of each page, (agent, 0, value) of plans."""
        self._kept = {name: clocks[name] for name in (AGENTS, PLANS, PULSES) if name in clocks}
        if AGENTS in clocks:
            self.clocks.restore(clocks[AGENTS])
        if PLANS in clocks:
            self.planned_to = _decode_offset(clocks[PLANS])[0]
        if PULSES in clocks:
            self._pulses.restore(clocks[PULSES])
        for agent_id, slot, value in pages:
            agent = self.agents.get(agent_id) or self._new_agent(agent_id, None)
            assert agent is not None
            agent.pages[slot] = AgentPage.restore(slot, value)
        for agent_id, _, value in plans:
            agent = self.agents.get(agent_id) or self._new_agent(agent_id, None)
            assert agent is not None
            agent.plans, agent.kept_plans = Plans.restore(value), True
        described = self.clocks.terms.get(_DESCRIBED)
        for agent in self.agents.values():
            self._introduce(agent)
            self._await_ends(agent)
            if agent.clock.at < 0:  # kept before the clocks were
                self._begin_again(agent)
        self._dropped = {clock: self._forgotten(clock) for clock in self.clocks.sites.values()}
        self._unshown = sorted(
            self.agents.values(), key=lambda a: max((p.offset for p in a.pages.values()), default=-1)
        )
        if described is not None and described != self._described():
            self.relearn_activities()

    def _await_ends(self, agent: Agent) -> None:
        """Ask for the days that may not be final yet when the first of them may become so."""
        if agent.clock.at >= 0:
            late = max(agent.clock.at - self._horizons.lateness_ms, 0)
            at = half_hour_at(agent.who.timezone, late).end + self._horizons.lateness_ms
            agent.ending[_ALL] = at
            heappush(self._ending.setdefault(agent.clock, []), (at, agent.id, _ALL))

    def _begin_again(self, agent: Agent) -> None:
        if agent.plans is not None:
            agent.change_plan(agent.plans.first)
        if agent.pages:
            agent.change_all(min(agent.pages) * SLOT_MS)
        self._soil(agent)

    def relearn_agent(self, agent_id: str) -> None:
        """An agent was described anew."""
        agent = self.agents.get(agent_id)
        if agent is not None:
            self._introduce(agent)
            self._count_again(agent)

    def relearn_site(self, site: str) -> None:
        """A site was described anew: its days may begin at other times."""
        for agent in self.agents.values():
            if agent.who.site == site and agent.who.timezone != self._floor.timezone(site):
                self._introduce(agent)
                self._count_again(agent)

    def relearn_activities(self) -> None:
        """Activities, tolerances or the table of states have changed: tell all days that can be told again."""
        self._around = self._around._replace(table=ActivityTable(self._floor.activities))
        for agent in self.agents.values():
            agent.adopt(self._around)
            self._count_again(agent)

    def _count_again(self, agent: Agent) -> None:
        if agent.clock.at >= 0:
            agent.change_all(self._forgotten(agent.clock))
            self._soil(agent)


def _read_plan(key: str, value: bytes) -> DaySchedule | AdherenceException:
    plan = schedule_adapter.validate_json(value)
    if schedule_key(plan) != key:
        raise ValueError(f"the record with key {key[:200]!r} is that of {schedule_key(plan)!r}")
    return plan


def _slices(items: list[_T], at_once: int) -> Iterator[list[_T]]:
    for first in range(0, len(items), at_once):
        yield items[first : first + at_once]
