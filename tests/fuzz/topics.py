"""Garbage on the Kafka topics themselves and in Redis, as metrics, alerts and the API read them.

Records of the event topics are msgpack lists: events with wrong fields among good ones, and bytes that are no list.
Tiles, topology and what the API reads are JSON. What `test_edges.py` does with the running services, this does with
their domains, a thousand times as often.
"""

import json
import logging
import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import msgspec
import pydantic_core
import structlog

from services.alerts.domain.desk import Desk
from services.alerts.domain.keeper import KEY, DeskKeeper
from services.alerts.domain.sections import all_sections
from services.alerts.rule_file import read_rules
from services.api.domain.board import Board
from services.api.domain.feeds import FreshnessLimits
from services.api.feed import Changes
from services.contracts import events as wire
from services.contracts.agents import AgentDay, AgentTile
from services.contracts.desk import ImportRules, Outcome
from services.contracts.keeping import Checkpoint, Keeper, Record, StateEntry
from services.contracts.letters import DeadLetter
from services.contracts.metrics import Interval, Tile, interval_adapter
from services.contracts.names import Names
from services.contracts.people import SERVICE
from services.contracts.topology import Description, record_key, unknown_queue, unknown_site
from services.ingest.domain.edge import to_wire
from services.ingest.domain.posts import read
from services.metrics.domain.floor import Floor
from services.metrics.domain.keeper import MetricsKeeper
from tests.fuzz import mutate
from tests.fuzz.bodies import hide, valid
from tests.fuzz.law import Tally, check_letters

NAMES = Names("fuzz")
AT_ONCE = 20
ROUND = 50
"""Records between two checkpoints."""
GOOD = "porto/good"
"""The queue of the good events; its site's clock is not touched by the bad ones."""
GOOD_AGENT = "porto.ana"
START = 1_767_960_000_000

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder().decode


def event_topics(inputs: int, chance: random.Random) -> Tally:
    """The metrics keeper under records of good, bad and unreadable events, and of schedules."""
    tally = Tally()
    while tally.given < inputs:
        keeper = MetricsKeeper(NAMES, Floor())
        keeper.restore([], frozenset({0}))
        good, given, plans = Counter[str](), 0, 0
        kept = _Kept()
        for offset in range(4 * ROUND):
            topic = chance.choice((NAMES.contacts, NAMES.contacts, NAMES.ivr, NAMES.agents, NAMES.schedules)).name
            if topic == NAMES.schedules.name:
                key, value = plan_record(chance, offset)
                plans += 1
                keeper.apply(Record(topic, 0, offset, value, key))
            else:
                value, items, good_ones = _record(chance, offset, topic)
                given, good[topic] = given + items, good[topic] + good_ones
                keeper.apply(Record(topic, 0, offset, value))
            if offset % ROUND == ROUND - 1:
                keeper.news()
                _agents_shown(keeper)
                kept.take(_checkpoints(keeper))
        again = MetricsKeeper(NAMES, Floor())
        again.restore([state for state in kept.states.values() if state.value is not None], frozenset({0}))
        again.tell_again(0)
        for tile in keeper.news().tiles + again.news().tiles:
            Tile.model_validate_json(tile[1])
        if _agents_shown(again).get(GOOD_AGENT) != _agents_shown(keeper, again=True).get(GOOD_AGENT):
            tally.breach("metrics: the good agent is another after a restart")
        if kept.good_calls != good[NAMES.contacts.name]:
            tally.breach(f"metrics: {kept.good_calls} of {good} good calls were counted")
        if kept.good_contacts != good[NAMES.agents.name]:
            tally.breach(f"metrics: {kept.good_contacts} of {good} contacts of a good agent were counted")
        unread = sum(letter.reason.startswith("no event of this topic") for letter in kept.letters)
        if keeper.events + unread != given:
            tally.breach(f"metrics: {keeper.events} events read and {unread} not, of {given}")
        refused = len(kept.letters)
        tally.count(given=given + plans, accepted=given + plans - refused, refused=refused, where="metrics")
        check_letters(tally, kept.letters, where="metrics")
    return tally


def _agents_shown(keeper: MetricsKeeper, *, again: bool = False) -> dict[str, AgentTile]:
    if again:
        keeper.tell_again(0)
    shown: dict[str, AgentTile] = {}
    for _ in range(keeper.agent_rounds + 1):
        shown |= {name: AgentTile.model_validate_json(value) for name, value in keeper.agent_tiles()}
    return shown


class _Kept:
    """What left a metrics keeper with its checkpoints."""

    def __init__(self) -> None:
        self.states: dict[bytes, StateEntry] = {}
        self.letters: list[DeadLetter] = []
        self._half_hours: dict[bytes | None, Interval] = {}
        self._days: dict[bytes | None, AgentDay] = {}

    @property
    def good_calls(self) -> int:
        """Calls of the good queue, as its half-hours count them."""
        return sum(one.by_threshold[20].offered for one in self._half_hours.values())

    @property
    def good_contacts(self) -> int:
        """Contacts of the good agent, as their days count them."""
        return sum(day.totals.contacts for day in self._days.values())

    def take(self, parts: list[Checkpoint]) -> None:
        """A checkpoint."""
        for part in parts:
            self.states |= {state.key: state for state in part.state}
            for output in part.outputs:
                assert output.value is not None
                if output.topic == NAMES.dead_letters.name:
                    self.letters.append(DeadLetter.model_validate_json(output.value))
                elif output.topic == NAMES.intervals.name:
                    self._take(output.key, output.value)

    def _take(self, key: bytes | None, value: bytes) -> None:
        if b'"kind":"agent_day"' in value:
            day = AgentDay.model_validate_json(value)
            if day.agent == GOOD_AGENT:
                self._days[key] = day
        elif b'"kind":"interval"' in value:
            one = interval_adapter.validate_json(value)
            if isinstance(one, Interval) and one.scope == GOOD:
                self._half_hours[key] = one


def tiles_topic(inputs: int, chance: random.Random) -> Tally:
    """The alerts keeper under arrays of tiles and clocks, some items spoilt, and arrays that are none."""
    tally = Tally()
    keeper = _desk_keeper()
    keeper.restore([], frozenset({0}))
    rules = ImportRules(id="rules", at=START, by=SERVICE, target="rules", file=read_rules(None), digest="first")
    keeper.apply(Record(NAMES.tiles.name, 0, 0, _json([rules.model_dump(mode="json")])))
    states: dict[bytes, StateEntry] = {}
    offset = 0
    while tally.given < inputs:
        letters: list[DeadLetter] = []
        given = 0
        for _ in range(ROUND):
            offset += 1
            good = _tile(chance, GOOD, START + offset * 1000)
            items = [_tile(chance, f"lisbon/q{n}", START + offset * 1000) for n in range(3)] + [_feed(offset)]
            items = [mutate.tree(chance, item) if chance.random() < 0.7 else item for item in items] + [good]
            value = _json(items)
            spoilt = chance.random() < 0.1 or not _is_json(value)
            if spoilt:  # without the good one: a flipped bit might let its clock run ahead
                value = mutate.raw(chance, _json(items[:-1]))
            keeper.apply(Record(NAMES.tiles.name, 0, offset, value))
            given += 1 if spoilt else len(items)
            known = keeper.desk.floor.queues.get(GOOD)
            if not spoilt and (known is None or known.as_of != good["as_of"]):
                tally.breach(f"alerts: a good tile was lost among {value[:300]!r}")
        for part in _checkpoints(keeper):
            states |= {one.key: one for one in part.state}
            letters += [
                DeadLetter.model_validate_json(output.value or b"")
                for output in part.outputs
                if output.topic == NAMES.dead_letters.name
            ]
        keeper.take_told()
        again = _desk_keeper()
        again.restore(states.values(), frozenset({0}))
        if again.desk.views() != keeper.desk.views():
            tally.breach("alerts: the desk shows something else after a restart")
        if again.desk.snapshot() != keeper.desk.snapshot():
            tally.breach("alerts: the desk knows something else after a restart")
        assert KEY in states
        tally.count(given=given, accepted=given - len(letters), refused=len(letters), where="alerts")
        check_letters(tally, letters, where="alerts")
    return tally


def _desk_keeper() -> DeskKeeper:
    return DeskKeeper(NAMES, Desk(NAMES, all_sections(NAMES)))


def topology_topic(inputs: int, chance: random.Random) -> Tally:
    """Descriptions, with the keys that they may come under."""
    tally = Tally()
    floor = Floor()
    known: list[Description] = [unknown_site("lisbon"), unknown_queue("lisbon/q1")]
    for _ in range(inputs):
        record = chance.choice(known)
        value = _json(mutate.tree(chance, json.loads(record.model_dump_json())))
        if chance.random() < 0.3:
            value = mutate.raw(chance, value)
        key = record_key(record) if chance.random() < 0.8 else mutate.odd_text(chance)
        try:
            floor.learn(key, value)
        except ValueError:
            tally.count(given=1, accepted=0, refused=1, where="topology")
        else:
            tally.count(given=1, accepted=1, refused=0, where="topology")
    return tally


def announcements(inputs: int, chance: random.Random) -> Tally:
    """What Redis announces to the API: read, put on the board, and shown."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    tally = Tally()
    changes = Changes(None, "")  # type: ignore[arg-type]  # nothing is asked of Redis here
    board = Board(FreshnessLimits(3, 30))
    now = 0.0
    while tally.given < inputs:
        now += 1
        items = [_tile(chance, f"lisbon/q{n}", START) for n in range(3)] + [_feed(1), _half_hour()]
        items = [mutate.tree(chance, item) if chance.random() < 0.7 else item for item in items]
        value = _json(items)
        spoilt = chance.random() < 0.1 or not _is_json(value)
        if spoilt:
            value = mutate.raw(chance, value)
        unreadable = changes.unreadable
        taken = changes._parsed(value)
        refused = changes.unreadable - unreadable
        tally.count(
            given=len(taken) + refused if spoilt else len(items),
            accepted=len(taken),
            refused=refused,
            where="announced",
        )
        for item in taken:
            if not isinstance(item, Outcome):
                board.take(item, now)
        board.settle(now)
    return tally


def _record(chance: random.Random, offset: int, topic: str) -> tuple[bytes, int, int]:
    """(value, items in it, good ones in it: calls, or contacts of an agent, by the topic)."""
    events = _lists(chance, offset * AT_ONCE)
    lot = chance.random()
    if lot < 0.1:  # bytes that are no list, most of the time; how many events they hold, their reader must say
        value = mutate.raw(chance, _pack(events))
        return value, _items(value), 0
    events = [mutate.tree(chance, event) if chance.random() < 0.7 else event for event in events]
    good: list[Any] = []
    if lot < 0.6 and topic == NAMES.contacts.name:
        good = [[1, f"good{offset}", "acd", START + offset, GOOD, f"good{offset}"]]
    elif lot < 0.6 and topic == NAMES.agents.name:
        contact = f"good{offset}"
        good = [[22, f"good{offset}", "acd", START + offset, GOOD_AGENT, "porto", "talking", "", contact]]
    items = [*events, *good]
    chance.shuffle(items)
    return _pack(_packable(items)), len(items), len(good)


def plan_record(chance: random.Random, offset: int) -> tuple[bytes, bytes]:
    """(key, value) of a schedule or an exception, most of the time spoilt."""
    agent, start = f"a{offset % 50}", START + chance.randrange(86_400_000)
    plan: dict[str, Any] = {"kind": "exception", "id": "x1", "agent": agent, "start": start, "end": start + 600_000}
    key = f"exception|{agent}|x1"
    if chance.random() < 0.7:
        parts = [{"activity": "on_queue", "start": start, "end": start + 3_600_000}]
        date = datetime.fromtimestamp(start // 1000, UTC).date().isoformat()
        plan = {"kind": "schedule", "agent": agent, "site": "lisbon", "date": date, "version": 1, "activities": parts}
        key = f"{agent}|{date}"
    if chance.random() < 0.03:  # of the right form
        plan |= chance.choice(({"date": "2026-99-99"}, {"version": 10**30}, {"start": -(10**30)}, {"end": 2**64}))
    value = _json(plan if chance.random() < 0.3 else mutate.tree(chance, plan))
    if chance.random() < 0.2:
        value = mutate.raw(chance, value)
    elif chance.random() < 0.1:
        value = b""
    return (key if chance.random() < 0.9 else mutate.odd_text(chance)).encode(), value


def _items(value: bytes) -> int:
    try:
        return len(msgspec.msgpack.decode(value, type=list[msgspec.Raw]))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return 1


def _lists(chance: random.Random, number: int) -> list[Any]:
    """Valid events of all kinds as the arrays that travel, and heartbeats."""
    items = json.dumps([valid(n, chance) for n in range(number, number + AT_ONCE)]).encode()
    events: list[wire.AnyEvent] = [to_wire(one, hide) for one in read(items, newest_ms=1 << 50).events]
    events.append(wire.Heartbeat("acd", "lisbon", events[0].at, 1.0))
    return [list(_unpack(_pack(event))) for event in events]


def _packable(value: Any) -> Any:
    """msgpack has no whole numbers beyond 64 bits."""
    if isinstance(value, dict):
        return {_packable(key): _packable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_packable(one) for one in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return 2**64 - 1 if value > 0 else -(2**63)
    return value


def _checkpoints(keeper: Keeper) -> list[Checkpoint]:
    parts = []
    while any(part := keeper.checkpoint()):
        parts.append(part)
    return parts


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _is_json(value: bytes) -> bool:
    """Without NaN and Infinity, and without lists deeper than any reader follows."""
    try:
        msgspec.json.decode(value)
        pydantic_core.from_json(value)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return False
    return True


def _tile(chance: random.Random, queue: str, as_of: int) -> dict[str, Any]:
    counts = {"offered": chance.randrange(50), "answered": 9, "abandoned": 1}
    return {
        "kind": "tile", "id": queue, "as_of": as_of, "offset": as_of, "target_s": 20, "target_percent": 80.0,
        "definition": "offered", "rolling": {"20": counts, "30": counts}, "waiting": 3, "oldest_offered_at": as_of - 5000,
    }  # fmt: skip


def _feed(number: int) -> dict[str, Any]:
    at = START + number * 1000
    return {"kind": "feed", "id": "acd|lisbon|contacts|0", "source": "acd", "site": "lisbon", "at": at, "rate": 1.0}


def _half_hour() -> dict[str, Any]:
    return {
        "kind": "interval", "id": f"lisbon/q1|{START}", "scope": "lisbon/q1", "start": START, "end": START + 1_800_000,
        "date": "2026-01-09", "label": "12:00", "status": "provisional", "revision": 7,
        "by_threshold": {"20": {"offered": 4}, "30": {"offered": 4}},
    }  # fmt: skip
