"""The usher: puts into the inbox what nobody else tells there, as long as this worker reads it.

A tick of the wall clock each second; what is described anew; the rules file, when its content is new; plans of a file
that the desk has never had. All of it comes
back over the log, so that it has its place in the one order, and a restart finds the same.
"""

import asyncio
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from services.alerts.domain.alerts import Alerts
from services.alerts.domain.desk import Desk
from services.alerts.settings import AlertsSettings
from services.contracts.alerts import RuleFile
from services.contracts.contingency import PlanFile
from services.contracts.desk import Described, ImportRules, PutPlan, Tick
from services.contracts.people import SERVICE
from services.contracts.topology import Agent, Description, record_adapter
from services.runtime import kafka
from services.runtime.logs import get_logger
from services.runtime.store import json_array
from services.runtime.topology import TopologyFeed

TICK_S = 1.0
IMPORT_AGAIN_S = 10.0
AT_ONCE = 500

log = get_logger()


class Files(NamedTuple):
    """What the files of this worker say."""

    rules: RuleFile
    plans: PlanFile


class Usher:
    """One worker's. `serving`: whether this worker reads the inbox."""

    def __init__(
        self, settings: AlertsSettings, desk: Desk, alerts: Alerts, files: Files, serving: Callable[[], bool]
    ) -> None:
        """Nothing is contacted yet."""
        self._settings = settings
        self._desk = desk
        self._alerts = alerts
        self._files = files
        self._serving = serving
        self._digest = sha256(files.rules.model_dump_json().encode()).hexdigest()
        self._described: dict[str, Description] = {}
        self._told: dict[str, Description | None] = {}  # on its way through the log
        self._imported_at = float("-inf")
        self._put = False
        self._topology = TopologyFeed(settings, self._learn)

    async def run(self) -> None:
        """Tick for ever. While the broker is away nobody reads either."""
        await self._topology.read_to_end()
        following = asyncio.create_task(self._topology.follow(_nothing))
        producer = kafka.producer(self._settings)
        await producer.start()
        try:
            while not following.done():
                await asyncio.sleep(TICK_S)
                if not self._serving():
                    self._told.clear()
                    continue
                try:
                    await self._tell(producer)
                except KafkaError as error:
                    log.debug("the inbox can't be written", error=repr(error))
            following.result()
        finally:
            following.cancel()
            await producer.stop()

    async def _tell(self, producer: AIOKafkaProducer) -> None:
        items: list[Any] = [Tick(at=round(time.time() * 1000))]
        news = self._news()
        items += [Described(records=tuple(news[first : first + AT_ONCE])) for first in range(0, len(news), AT_ONCE)]
        if gone := self._gone():
            items.append(Described(gone=tuple(gone)))
        if self._alerts.book.digest != self._digest and time.monotonic() - self._imported_at > IMPORT_AGAIN_S:
            self._imported_at = time.monotonic()
            items.append(self._import())
        if not self._put:
            items += self._plans()
        await producer.send_and_wait(
            self._settings.names.tiles.name, json_array(item.model_dump_json().encode() for item in items)
        )
        self._put = True

    def _news(self) -> list[Description]:
        """Descriptions that the desk does not know as they are now, and has not just been told."""
        known = self._desk.floor.described
        news = []
        for key, record in self._described.items():
            if known.get(key) == record:
                self._told.pop(key, None)
            elif self._told.get(key) != record:
                self._told[key] = record
                news.append(record)
        return news

    def _gone(self) -> list[str]:
        gone = [key for key in self._desk.floor.described if key not in self._described and key not in self._told]
        self._told.update(dict.fromkeys(gone))
        return gone

    def _import(self) -> ImportRules:
        at = round(time.time() * 1000)
        return ImportRules(
            id=f"rules-{self._digest[:16]}-{at}", at=at, by=SERVICE, target="rules", file=self._files.rules,
            digest=self._digest,
        )  # fmt: skip

    def _plans(self) -> list[PutPlan]:
        """Those that the desk does not have. One that was removed is refused, as revision 0 is for new ones."""
        known, at = {view.id for view in self._desk.views() if view.kind == "plan"}, round(time.time() * 1000)
        return [
            PutPlan(id=f"plan-{plan.id}-{at}"[:64], at=at, by=SERVICE, target=plan.id, plan=plan, expected=0)
            for plan in self._files.plans.plans
            if plan.id not in known
        ]

    def _learn(self, key: str, value: bytes | None) -> None:
        if value is None:
            self._described.pop(key, None)
            self._told.pop(key, None)
            return
        record = record_adapter.validate_json(value)
        if not isinstance(record, Agent):  # tiles of agents say who and where they are
            self._described[key] = record


async def _nothing(_: dict[str, bytes | None]) -> None:
    """What has changed is told with the next tick."""
