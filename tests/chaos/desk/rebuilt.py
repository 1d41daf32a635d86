"""The desk built anew from its inbox, in one go, and what the log and Redis hold of the one that was killed again and again."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

import redis.asyncio
from aiokafka import TopicPartition

from services.alerts.domain.alerts import Alerts
from services.alerts.domain.desk import Desk
from services.alerts.domain.keeper import DeskKeeper
from services.alerts.domain.notices.outbox import Outbox
from services.alerts.domain.sections import sections_beside
from services.contracts.alerts import AlertTransition
from services.contracts.keeping import Record
from services.contracts.notify import OVER, outbox_adapter
from services.runtime import kafka
from services.runtime.settings import CommonSettings
from tests.chaos.desk.people import Answer

KINDS = ("alert", "rule", "silence", "plan", "move", "limits")
TELLS_WITHIN_MS = 2000
KEPT = 1000
"""Transitions and journal entries that Redis shows."""
Entry = tuple[bytes, bytes]


class Verdict(NamedTuple):
    """What was compared, and what is wrong."""

    compared: int
    wrong: list[str]


async def read(settings: CommonSettings, topic: str, upto: int | None = None) -> list[tuple[int, bytes, bytes]]:
    """(offset, key, value) of a topic of one partition, up to and with an offset, or to its end."""
    reader, place = kafka.reader(settings), TopicPartition(topic, 0)
    reader.assign([place])
    await reader.start()
    try:
        end = (await reader.end_offsets([place]))[place] if upto is None else upto + 1
        found: list[tuple[int, bytes, bytes]] = []
        while await reader.position(place) < end:
            for records in (await reader.getmany(place, timeout_ms=500)).values():
                found += [(record.offset, record.key or b"", record.value or b"") for record in records]
        return [record for record in found if record[0] < end]
    finally:
        await reader.stop()


async def end_of(settings: CommonSettings, topic: str) -> int:
    """The offset after the last record of a topic of one partition."""
    reader, place = kafka.reader(settings), TopicPartition(topic, 0)
    reader.assign([place])
    await reader.start()
    try:
        return int((await reader.end_offsets([place]))[place])
    finally:
        await reader.stop()


async def outbox_of(settings: CommonSettings) -> Outbox:
    """What the log says of deliveries."""
    outbox = Outbox("judge")
    for _, _, value in await read(settings, settings.names.outbox.name):
        if value:
            outbox.take(outbox_adapter.validate_json(value))
    return outbox


class Judge:
    """Compares at the end, when nothing works any more but Kafka and Redis.

    Attributes:
        compared: how many things were.
        wrong: a line for each that is.
    """

    def __init__(self, settings: CommonSettings) -> None:
        """Nothing is contacted yet."""
        self._settings, self._names = settings, settings.names
        self.wrong: list[str] = []
        self.compared = 0
        self._redis = redis.asyncio.Redis.from_url(settings.redis_url)

    async def judge(self, answers: Iterable[Answer], told: dict[tuple[str, str], int], rested_at: int) -> Verdict:
        """All of it.

        Args:
            answers: what people were told.
            told: how often the receiver took each (transition, channel).
            rested_at: when all had been told (epoch ms); what has happened since may not have been.
        """
        names = self._names
        try:
            reached = int(await self._redis.hget(names.progress_key, f"{names.tiles.name}|0") or -1)
            inbox = await read(self._settings, names.tiles.name, reached)
            said, desk = self._rebuild(inbox)
            for topic in (names.alerts.name, names.journal.name):
                self.same_steps(topic, said[topic], await read(self._settings, topic))
            await self._same_redis(desk, said)
            self.one_outcome_each(answers, said[names.journal.name])
            await self._told_once(said, told, rested_at - TELLS_WITHIN_MS)
        finally:
            await self._redis.aclose()
        return Verdict(self.compared, self.wrong)

    def _check(self, what: str, *, right: bool) -> None:
        self.compared += 1
        if not right:
            self.wrong.append(what)

    def _rebuild(self, inbox: list[tuple[int, bytes, bytes]]) -> tuple[dict[str, list[Entry]], Desk]:
        alerts = Alerts(self._names)
        partitions = self._settings.partitions
        desk = Desk(
            self._names, sections_beside(alerts, self._names, lambda agent: kafka.partition_of(agent, partitions))
        )
        keeper = DeskKeeper(self._names, desk)
        keeper.restore([], frozenset({0}))
        said: dict[str, list[Entry]] = {self._names.alerts.name: [], self._names.journal.name: []}
        for offset, key, value in inbox:
            keeper.apply(Record(self._names.tiles.name, 0, offset, value, key))
        for output in keeper.checkpoint().outputs:
            if output.topic in said:
                said[output.topic].append((output.key or b"", output.value or b""))
        return said, desk

    def same_steps(self, topic: str, said: list[Entry], log: list[tuple[int, bytes, bytes]]) -> None:
        """On the log each step stands once, or again in the same words; and in the order of the desk."""
        once: dict[bytes, bytes] = {}
        for _, key, value in log:
            self._check(f"{topic}: {key!r} says two things", right=once.setdefault(key, value) == value)
        keys = [key for key, _ in said]
        self._check(f"{topic}: a step was said twice", right=len(set(keys)) == len(keys))
        self._check(f"{topic}: another order", right=list(once) == keys)
        new = dict(said)
        for key in sorted(once.keys() | new.keys()):
            self._check(
                f"{topic}: {key!r}: {once.get(key)!r}, rebuilt: {new.get(key)!r}", right=once.get(key) == new.get(key)
            )

    async def _same_redis(self, desk: Desk, said: dict[str, list[Entry]]) -> None:
        names = self._names
        for kind in KINDS:
            stored: Any = await self._redis.hgetall(names.alerts_key if kind == "alert" else names.desk_key(kind))
            shown = {key.decode(): json.loads(value) for key, value in stored.items()}
            stands = {
                view.id: view.value.model_dump(mode="json")
                for view in desk.views() if view.kind == kind and view.value is not None
            }  # fmt: skip
            for id_ in sorted(shown.keys() | stands.keys()):
                right = shown.get(id_) == stands.get(id_)
                self._check(f"Redis: {kind} {id_}: {shown.get(id_)}, rebuilt: {stands.get(id_)}", right=right)
        for key, topic in ((names.transitions_key, names.alerts.name), (names.journal_key, names.journal.name)):
            listed: Any = await self._redis.lrange(key, 0, -1)
            expected = [value for _, value in said[topic]][-KEPT:]
            self._check(f"Redis: {key} is not the end of {topic}", right=list(reversed(listed)) == expected)

    def one_outcome_each(self, answers: Iterable[Answer], journal: list[Entry]) -> None:
        """Each command has the one outcome that its person was told."""
        outcomes: dict[str, list[str]] = {}
        for _, value in journal:
            entry = json.loads(value)
            if entry["kind"] == "outcome":
                outcomes.setdefault(entry["id"], []).append(entry["code"])
        self._check("an outcome stands twice", right=all(len(codes) == 1 for codes in outcomes.values()))
        for answer in answers:
            codes = outcomes.get(answer.key, [])
            # Who was told that there is no such thing may have asked before, and the desk have said so, too.
            right = codes == [answer.code] if answer.code else not {"done", "same"} & set(codes)
            self._check(f"{answer}: on the journal {codes}", right=right)

    async def _told_once(self, said: dict[str, list[Entry]], told: dict[tuple[str, str], int], before: int) -> None:
        outbox = await outbox_of(self._settings)
        by_step = {one.id.rpartition("|")[0]: one for one in outbox.deliveries.values()}
        for (step, channel), times in told.items():
            self._check(f"{step} was told {times} times over {channel}", right=times == 1)
            self._check(f"{step} was told, and is in no outbox", right=step in by_step)
        for step, one in by_step.items():
            self._check(f"{one.id} is {one.state} at the end", right=one.state in OVER or one.created_at >= before)
            taken = (step, one.channel) in told
            self._check(f"{one.id} is {one.state}, taken: {taken}", right=taken or one.state != "delivered")
            self._check(
                f"{one.id} is {one.state}, taken: {taken}",
                right=not taken or one.state not in {"skipped", "undeliverable"},
            )
        for key, value in said[self._names.alerts.name]:
            told_of = AlertTransition.model_validate_json(value)
            if told_of.tell and told_of.wall_at < before:
                self._check(f"{key!r} is for people, and in no outbox", right=key.decode() in by_step)
