"""What the API reads from Redis, and nothing else: the newest state, days, history, sign-in links."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import redis.asyncio
from pydantic import TypeAdapter, ValidationError

from services.api.domain.board import Stored
from services.api.domain.desk import KINDS, AnyView, DeskView
from services.api.domain.lists import JournalEntry
from services.api.domain.sums import Weeks
from services.contracts.accounts import AccountStep
from services.contracts.adherence import AdherenceLimitsView
from services.contracts.agents import AgentDay, AgentTile
from services.contracts.alerts import Alert, AlertTransition, RuleView, Silence
from services.contracts.contingency import PlanView
from services.contracts.desk import Outcome
from services.contracts.floor_steps import FloorStep
from services.contracts.metrics import FeedClock, Interval, IvrInterval, Repeats, Tile, interval_adapter
from services.contracts.moves import MoveView
from services.contracts.names import Names
from services.contracts.notify import ChannelView, Delivery
from services.contracts.topology import Description, TopologyRecord
from services.runtime.logs import get_logger

Item = TypeVar("Item")
JOURNAL_KEPT = 1_000

_tile: TypeAdapter[Tile] = TypeAdapter(Tile)
_feed: TypeAdapter[FeedClock] = TypeAdapter(FeedClock)
_agent: TypeAdapter[AgentTile] = TypeAdapter(AgentTile)
_agent_day: TypeAdapter[AgentDay] = TypeAdapter(AgentDay)
_repeats: TypeAdapter[Repeats] = TypeAdapter(Repeats)
_alert: TypeAdapter[Alert] = TypeAdapter(Alert)
_transition: TypeAdapter[AlertTransition] = TypeAdapter(AlertTransition)
_outcome: TypeAdapter[Outcome] = TypeAdapter(Outcome)
_channel: TypeAdapter[ChannelView] = TypeAdapter(ChannelView)
_delivery: TypeAdapter[Delivery] = TypeAdapter(Delivery)
_journal_entry: TypeAdapter[JournalEntry] = TypeAdapter(JournalEntry)
_views: dict[str, TypeAdapter[Any]] = {
    "alert": _alert,
    "rule": TypeAdapter(RuleView),
    "silence": TypeAdapter(Silence),
    "plan": TypeAdapter(PlanView),
    "move": TypeAdapter(MoveView),
    "limits": TypeAdapter(AdherenceLimitsView),
}
_record: TypeAdapter[Description] = TypeAdapter(TopologyRecord)


class Store:
    """Reads of one installation's Redis. Every method raises redis.RedisError while Redis is away.

    What cannot be read as its contract says is counted in `unreadable`, logged, and left out; the rest counts.
    """

    def __init__(self, client: "redis.asyncio.Redis", names: Names, *, partitions: int) -> None:
        self._client = client
        self._names = names
        self._marks = [
            *(names.filled_key("metrics", partition) for partition in range(partitions)),
            names.filled_key("alerts", 0),
        ]
        self._topology: tuple[dict[bytes, bytes], tuple[Description, ...]] = ({}, ())
        self._desk: dict[str, tuple[dict[bytes, bytes], tuple[DeskView, ...]]] = {}
        self.unreadable = 0

    async def ping(self) -> None:
        """Is it there?"""
        await self._client.ping()

    async def read(self) -> Stored:
        """All that the board shows, days excepted."""
        names = self._names
        pipeline = self._client.pipeline(transaction=False)
        pipeline.mget(self._marks)
        for key in (names.tiles_key, names.agents_key, names.feeds_key, names.alerts_key, names.topology_key):
            pipeline.hgetall(key)
        self._ask_desk(pipeline)
        marks, tiles, agents, feeds, alerts, topology, *desk = await pipeline.execute()
        return Stored(
            tiles=self._parsed(_tile, tiles.values()),
            agents=self._parsed(_agent, agents.values()),
            feeds=self._parsed(_feed, feeds.values()),
            alerts=self._parsed(_alert, alerts.values()),
            desk=self._desk_views(desk),
            topology=self._records(topology),
            metrics_complete=all(mark is not None for mark in marks[:-1]),
            alerts_complete=marks[-1] is not None,
        )

    async def read_slow(self) -> Stored:
        """What is announced late or not at all: topology, what the desk holds, and the marks."""
        pipeline = self._client.pipeline(transaction=False)
        pipeline.mget(self._marks)
        pipeline.hgetall(self._names.alerts_key)
        pipeline.hgetall(self._names.topology_key)
        self._ask_desk(pipeline)
        marks, alerts, topology, *desk = await pipeline.execute()
        return Stored(
            alerts=self._parsed(_alert, alerts.values()),
            desk=self._desk_views(desk),
            topology=self._records(topology),
            metrics_complete=all(mark is not None for mark in marks[:-1]),
            alerts_complete=marks[-1] is not None,
        )

    async def days(self, wanted: Sequence[tuple[str, str]]) -> list[tuple[Interval | IvrInterval, ...]]:
        """Half-hours of each (queue or flow, date), by start."""
        pipeline = self._client.pipeline(transaction=False)
        for scope, date in wanted:
            pipeline.hgetall(self._names.day_key(scope, date))
        found = await pipeline.execute() if wanted else []
        days = [self._parsed(interval_adapter, day.values()) for day in found]
        return [tuple(sorted(day, key=lambda interval: interval.start)) for day in days]

    async def repeats(self, wanted: Sequence[tuple[str, str]]) -> list[Repeats]:
        """Repeat calls of each (queue, date), half-hour by half-hour."""
        pipeline = self._client.pipeline(transaction=False)
        for scope, date in wanted:
            pipeline.hgetall(self._names.repeats_key(scope, date))
        found = await pipeline.execute() if wanted else []
        return [repeats for day in found for repeats in self._parsed(_repeats, day.values())]

    async def agent_day(self, agent: str, date: str) -> AgentDay | None:
        """An agent's local day, None if nothing is known of it."""
        found: Any = await self._client.hget(self._names.agent_days_key(date), agent)
        return None if found is None else next(iter(self._parsed(_agent_day, (found,))), None)

    async def agent_days(self, date: str, *, site: str | None, team: str | None) -> tuple[AgentDay, ...]:
        """The local day of all agents of a site or team (None: of all)."""
        found: Any = await self._client.hgetall(self._names.agent_days_key(date))
        # Thousands of days are read for a few of them: those that don't even name the team need no parsing.
        named = [json.dumps(name, ensure_ascii=False).encode() for name in (site, team) if name is not None]
        days = self._parsed(_agent_day, (value for value in found.values() if all(name in value for name in named)))
        return tuple(day for day in days if site in {None, day.site} and team in {None, day.team})

    async def offered_earlier(self, wanted: Sequence[tuple[str, Sequence[tuple[str, int]]]]) -> list[Weeks]:
        """Offered in earlier half-hours of each (queue, its (date, start) of earlier weeks).

        A day of which there is anything at all had nothing in the half-hours that are missing; of others nothing is
        known.
        """
        pipeline = self._client.pipeline(transaction=False)
        for queue, halves in wanted:
            for date, start in halves:
                key = self._names.day_key(queue, date)
                pipeline.exists(key)
                pipeline.hget(key, str(start))
        found = iter(await pipeline.execute() if wanted else [])
        return [tuple(self._offered(next(found), next(found)) for _ in halves) for _, halves in wanted]

    def _offered(self, day: int, value: bytes | None) -> int | None:
        if value is None:
            return 0 if day else None
        for half in self._parsed(interval_adapter, (value,)):
            if isinstance(half, Interval) and half.by_threshold:
                return next(iter(half.by_threshold.values())).offered
        return None

    async def history(self, limit: int) -> tuple[AlertTransition, ...]:
        """The last alert transitions, newest first."""
        found: Any = await self._client.lrange(self._names.transitions_key, 0, limit - 1)
        return self._parsed(_transition, found)

    async def view(self, kind: str, id_: str) -> AnyView | None:
        """How something of the desk stands now; None: it is no more, or never was."""
        if kind not in _views:
            return None
        key = self._names.alerts_key if kind == "alert" else self._names.desk_key(kind)
        found: Any = await self._client.hget(key, id_)
        return None if found is None else next(iter(self._parsed(_views[kind], (found,))), None)

    async def desk_is_filled(self) -> bool:
        """Whether Redis holds all that the desk does; not after it was emptied, until the desk has filled it again."""
        return bool(await self._client.exists(self._names.filled_key("alerts", 0)))

    async def outcome(self, command: str) -> Outcome | None:
        """The answer to a command, None if there is none (yet), or it is older than a day.

        Once Redis was emptied, or the desk restarted as it answered, the answer stands in the journal alone.
        """
        found: Any = await self._client.get(self._names.outcome_key(command))
        if found is not None:
            return next(iter(self._parsed(_outcome, (found,))), None)
        listed: Any = await self._client.lrange(self._names.journal_key, 0, -1)
        named = b'"id":"%b"' % command.encode()
        entries = self._parsed(_journal_entry, (entry for entry in listed if named in entry))
        return next((entry for entry in entries if isinstance(entry, Outcome) and entry.id == command), None)

    async def journal(self) -> tuple[JournalEntry, ...]:
        """What was done lately, newest first."""
        found: Any = await self._client.lrange(self._names.journal_key, 0, -1)
        return self._parsed(_journal_entry, found)

    async def channels(self) -> tuple[ChannelView, ...]:
        """Notification channels, by id."""
        found: Any = await self._client.hgetall(self._names.channels_key)
        return tuple(sorted(self._parsed(_channel, found.values()), key=lambda channel: channel.id))

    async def channel(self, id_: str) -> ChannelView | None:
        """One notification channel; None: there is none."""
        found: Any = await self._client.hget(self._names.channels_key, id_)
        return None if found is None else next(iter(self._parsed(_channel, (found,))), None)

    async def deliveries(self) -> tuple[Delivery, ...]:
        """The last deliveries, newest first."""
        found: Any = await self._client.hgetall(self._names.deliveries_key)
        newest = sorted(self._parsed(_delivery, found.values()), key=lambda one: (one.created_at, one.id))
        return tuple(reversed(newest))

    async def redeem(self, token: str) -> str | None:
        """Use up a sign-in link. What it gives (a role, or `account|NAME`), or None if there is no such link."""
        given: Any = await self._client.getdel(self._names.sign_in_key(token))
        return None if given is None else bytes(given).decode(errors="replace")

    async def offer_link(self, token: str, given: str, valid_s: int) -> None:
        """A sign-in link that `redeem` takes."""
        await self._client.set(self._names.sign_in_key(token), given, ex=valid_s)

    async def offer_code(self, code: str, secret_hash: str, valid_s: int) -> bool:
        """A wall's code. False: it is another wall's already."""
        body = json.dumps({"hash": secret_hash, "device": None})
        return bool(await self._client.set(self._names.wall_code_key(code), body, ex=valid_s, nx=True))

    async def code(self, code: str) -> tuple[str, str | None] | None:
        """The hash of a waiting wall's secret, and the device that it was let in as; None: there is no such code."""
        found: Any = await self._client.get(self._names.wall_code_key(code))
        if found is None:
            return None
        body = json.loads(found)
        return str(body["hash"]), body["device"]

    async def approve_code(self, code: str, secret_hash: str, device: str) -> None:
        """The wall that shows this code is this device, if it still waits."""
        body = json.dumps({"hash": secret_hash, "device": device})
        await self._client.set(self._names.wall_code_key(code), body, xx=True, keepttl=True)

    async def use_code(self, code: str) -> bool:
        """The wall has been given its session; false: it has been before."""
        return bool(await self._client.delete(self._names.wall_code_key(code)))

    async def note(self, step: AccountStep | FloorStep) -> None:
        """Show what was done to an account or the floor in the journal. The log has it already."""
        body, key = step.model_dump_json(), self._names.journal_key
        pipeline = self._client.pipeline(transaction=True)
        pipeline.lrem(key, 0, body)  # alerts may have filled it from the log meanwhile
        pipeline.lpush(key, body)
        pipeline.ltrim(key, 0, JOURNAL_KEPT - 1)
        await pipeline.execute()

    def _ask_desk(self, pipeline: Any) -> None:
        for kind in KINDS:
            pipeline.hgetall(self._names.desk_key(kind))

    def _desk_views(self, found: Sequence[dict[bytes, bytes]]) -> tuple[DeskView, ...]:
        for kind, hash_ in zip(KINDS, found, strict=True):
            if self._desk.get(kind, ({}, ()))[0] != hash_:  # read every few seconds, and most stand as they are
                self._desk[kind] = (hash_, self._parsed(_views[kind], hash_.values()))
        return tuple(view for _, views in self._desk.values() for view in views)

    def _records(self, found: dict[bytes, bytes]) -> tuple[Description, ...]:
        if self._topology[0] != found:  # it is read every few seconds and hardly ever changes
            self._topology = (found, self._parsed(_record, found.values()))
        return self._topology[1]

    def _parsed(self, adapter: TypeAdapter[Item], values: Iterable[bytes]) -> tuple[Item, ...]:
        parsed: list[Item] = []
        for value in values:
            try:
                parsed.append(adapter.validate_json(value))
            except ValidationError as error:
                self.unreadable += 1
                get_logger().warning("Redis holds something unreadable", value=value[:200], error=str(error)[:300])
        return tuple(parsed)
