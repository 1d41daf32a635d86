"""GET /v1/contacts and `floorwatch prove` on real Kafka, Redis, metrics and API: the list is the number."""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.structs import TopicPartition

from services.api.domain.proofs import Evidence
from services.cli import running as run_file
from services.contracts.events import Heartbeat, Offered
from services.contracts.metrics import Interval, interval_id
from tests import warm
from tests.behaviour.api.conftest import Api
from tests.integration.metrics.service import Log, Shown, applied, running, wait_for
from tests.integration.metrics.test_service import MINUTE, NOON, TOPOLOGY, busy_hour, in_disorder
from tests.oracle import floor as oracle

pytestmark = pytest.mark.timeout(240)
QUEUE = "lisbon/q1"
NOW = NOON + 70 * MINUTE


class Proof:
    """An installation that has counted an hour of calls."""

    def __init__(self, api: Api, shown: Shown, made: list[oracle.Call], settings: Any, folder: Path) -> None:
        self.api, self.shown, self.made, self.settings, self.folder = api, shown, made, settings, folder

    def evidence(self, **parameters: Any) -> Evidence:
        answer = self.api.get("/v1/contacts", params={"queue": QUEUE} | parameters)
        assert answer.status_code == 200, answer.text
        return Evidence.model_validate_json(answer.content)

    def prove(self, *arguments: str) -> CompletedProcess[str]:
        """`floorwatch prove` beside an installation that says it runs here."""
        names = self.settings.names
        environment = {"REDIS_URL": self.settings.redis_url, "FLOORWATCH_NAMESPACE": names.namespace}
        run_file.announce(self.folder, command="up", wall=self.api.url, own_parts=[], environment=environment)
        given = environment | {"FLOORWATCH_STATE_DIR": str(self.folder), "COLUMNS": "200"}
        return warm.run("services.cli", "prove", *arguments, env=os.environ | given)

    def held_at_noon(self) -> bytes:
        """JSON of the half-hour from 12:00 on."""
        held: Any = self.shown.client.hget(self.settings.names.day_key(QUEUE, "2026-01-09"), str(NOON))
        return bytes(held)

    def tamper(self) -> None:
        """Let Redis say that nobody was answered from 12:00 on."""
        key = self.settings.names.day_key(QUEUE, "2026-01-09")
        held = Interval.model_validate_json(self.held_at_noon())
        counts = {t: c.model_copy(update={"answered": 0}) for t, c in held.by_threshold.items()}
        self.shown.client.hset(key, str(NOON), held.model_copy(update={"by_threshold": counts}).model_dump_json())


@pytest.fixture
async def proof(settings, environment, tmp_path) -> AsyncIterator[Proof]:
    shown, made = Shown(settings), busy_hour(5, calls=500)
    async with Log(settings) as log:
        await log.describe(*TOPOLOGY)
        with running(environment, tmp_path / "metrics.log"):
            for record in in_disorder(made, 5):
                await log.events(settings.names.contacts.name, record)
            for topic in (settings.names.contacts.name, settings.names.ivr.name, settings.names.agents.name):
                await log.heartbeat(topic, Heartbeat("acd", "lisbon", NOW, 60.0))
            await applied(shown, log.ends)
            wait_for(lambda: len(shown.client.hgetall(settings.names.topology_key)) == len(TOPOLOGY), "the topology")
            api = Api(environment, tmp_path / "api.log")
            api.start()
            try:
                yield Proof(api, shown, made, settings, tmp_path)
            finally:
                api.stop()


async def test_a_number_is_proved_contact_by_contact(proof: Proof):
    called = sorted(
        (call.offered_at, call.contact) for call in proof.made if call.queue == QUEUE and call.offered_at < NOON + 30 * MINUTE
    )  # fmt: skip
    whole = proof.evidence(interval=NOON, limit=1000)
    assert whole.equal is True, (whole.incomplete, whole.differences)
    assert (whole.published, whole.window, whole.revision) == (whole.recounted, "interval", whole.revision)
    assert [(contact.offered_at, contact.contact) for contact in whole.contacts] == called
    assert whole.published.offered == whole.total == len(called)
    for contact in whole.contacts:
        call = next(c for c in proof.made if (c.contact, c.offered_at) == (contact.contact, contact.offered_at))
        assert contact.outcome == (call.outcome or "waiting")
        assert contact.events
        assert all(event.offset <= whole.revision for event in contact.events)

    answered = proof.evidence(interval=NOON, outcome="answered", limit=0)
    assert (answered.total, answered.contacts, answered.equal) == (whole.published.answered, (), True)

    rolling = proof.evidence(window="rolling", limit=1000, threshold=30)
    assert rolling.equal is True, (rolling.incomplete, rolling.differences)
    assert rolling.published.model_dump() == oracle.rolling(proof.made, QUEUE, 30, 5, rolling.as_of)
    assert rolling.total == rolling.published.offered

    first = proof.evidence(interval=NOON, limit=7)
    rest = proof.evidence(interval=NOON, limit=1000, cursor=first.next)
    assert (*first.contacts, *rest.contacts) == whole.contacts
    assert rest.next is None

    shown = proof.prove(QUEUE, "2026-01-09T12:00")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "✓ the log gives the published numbers" in shown.stdout
    assert called[0][1] in shown.stdout
    as_json = json.loads(proof.prove(QUEUE, "rolling", "--threshold", "20", "--json").stdout)
    assert as_json["equal"] is True
    assert len(as_json["contacts"]) == as_json["total"] == as_json["recounted"]["offered"]

    nowhere = proof.prove(QUEUE, "2026-01-09T03:00")
    assert (nowhere.returncode, nowhere.stdout) == (2, "")
    assert "has no half-hour that begins at" in nowhere.stderr

    proof.tamper()
    wrong = proof.evidence(interval=NOON)
    assert wrong.equal is False
    assert {difference.counter for difference in wrong.differences} >= {"by_threshold.20.answered"}
    refused = proof.prove(QUEUE, str(NOON))
    assert refused.returncode == 1
    assert "by_threshold.20.answered: 0 published" in refused.stdout


async def test_what_the_log_no_longer_holds_is_said(proof: Proof):
    whole = proof.evidence(interval=NOON)
    admin = AIOKafkaAdminClient(bootstrap_servers=proof.settings.kafka_bootstrap_servers)
    await admin.start()
    try:
        place = TopicPartition(proof.settings.names.contacts.name, whole.partition)
        await admin.delete_records({place: RecordsToDelete(before_offset=whole.first_offset + 3)})
    finally:
        await admin.close()
    gone = proof.evidence(interval=NOON)
    assert (gone.equal, gone.incomplete) == (None, "the log no longer holds the oldest of its events")
    assert gone.first_offset == whole.first_offset + 3
    told = proof.prove(QUEUE, "2026-01-09T12:00")
    assert told.returncode == 2
    assert "can't be compared" in told.stdout


async def test_what_came_after_the_revision_is_not_recounted(proof: Proof):
    """The log moves on while Redis still shows the older revision, as between two checkpoints."""
    key = proof.settings.names.day_key(QUEUE, "2026-01-09")
    held = proof.held_at_noon()
    async with Log(proof.settings) as log:
        await log.events(proof.settings.names.contacts.name, [Offered("late", "acd", NOON + 1, QUEUE, "late")])
        await applied(proof.shown, log.ends)
    assert proof.evidence(interval=NOON).equal is True
    newer = proof.evidence(interval=NOON)
    assert newer.total == Interval.model_validate_json(proof.held_at_noon()).by_threshold[20].offered

    proof.shown.client.hset(key, str(NOON), held)
    older = proof.evidence(interval=NOON)
    assert (older.equal, older.total) == (True, newer.total - 1)
    assert older.revision < newer.revision
    assert interval_id(QUEUE, NOON) == Interval.model_validate_json(held).id


async def test_wrong_questions(proof: Proof):
    for parameters, status, code in (
        ({}, 422, "invalid"),
        ({"interval": NOON, "window": "rolling"}, 422, "invalid"),
        ({"interval": NOON + 1}, 404, "no_such_interval"),
        ({"interval": NOON, "threshold": 77}, 404, "no_such_threshold"),
        ({"interval": NOON, "cursor": "x"}, 422, "invalid"),
        ({"queue": "lisbon/none", "interval": NOON}, 404, "no_such_queue"),
        ({"interval": 10**30}, 422, "invalid"),
    ):
        answer = proof.api.get("/v1/contacts", params={"queue": QUEUE} | parameters)
        assert (answer.status_code, answer.json()["code"]) == (status, code), parameters
