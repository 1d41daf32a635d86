"""Replays of real calls onto a real Kafka, disturbed in every way."""

import json
import signal
from datetime import datetime
from functools import lru_cache

import pytest

from services.contracts.events import Heartbeat
from services.contracts.names import Names
from services.contracts.topology import Queue, Site
from services.ingest.sources.bank_files import Span
from services.ingest.sources.files import SHIPPED_JANUARY, shipped
from tests.integration.ingest import log
from tests.shared_data import shared_data
from tests.unit.ingest.bank_months import translated
from tests.unit.ingest.rows import file_of, row

TWO_DAYS = ("replay", "anonymous-bank", "--until", "1999-01-04")
"""Friday evening to Sunday night: enough to be interrupted."""


@lru_cache
def undisturbed() -> frozenset[str]:
    """The event ids of these days, straight from the rows."""
    month = translated(shipped(SHIPPED_JANUARY), span=Span(None, datetime(1999, 1, 4)))  # noqa: DTZ001  # site-local
    return frozenset(event.event_id for event in month.events)


@pytest.fixture
def file(tmp_path):
    """Four calls, an hour apart."""
    path = tmp_path / "calls.txt"
    path.write_text(file_of(*[row(call_id=str(hour), vru_entry=f"{hour}:00:00") for hour in range(8, 12)]))
    return str(path)


def test_every_event_is_on_kafka_once_where_it_belongs_and_heartbeats_follow(environment):
    settings = log.settings_of(environment)
    done = log.run(environment, *TWO_DAYS, "--speed", "max")
    ids = log.contact_ids(settings)
    assert (done["phase"], done["code"], done["rejected_rows"]) == ("done", 0, [])
    assert len(ids) == len(set(ids)) == done["total_events"] == sum(done["events"].values()) > 3000
    assert log.in_the_right_partition(settings)

    everything = log.events(settings)
    newest = max(event.at for _, _, event in everything)
    for lane in log.DECODE:
        for partition in range(settings.partitions):
            mine = [event for topic, number, event in everything if (topic, number) == (lane, partition)]
            beats = [event for event in mine if isinstance(event, Heartbeat)]
            assert (beats[-1].at, beats[-1].site, beats[-1].source, beats[-1].rate) == (
                newest,
                "bank",
                "anonymous-bank",
                0,
            )
            assert isinstance(mine[-1], Heartbeat)
            assert [beat.at for beat in beats] == sorted(beat.at for beat in beats)


def test_the_floor_is_described_before_the_first_event(environment, file):
    log.run(environment, "replay", "anonymous-bank", file, "--speed", "max")
    described = log.records(log.settings_of(environment), "topology")
    first_event = min(record.at for record in log.records(log.settings_of(environment), *log.DECODE))
    assert max(record.at for record in described) <= first_event
    by_key = {record.key: record.value for record in described}
    assert Site.model_validate_json(by_key[b"site|bank"]).timezone == "Asia/Jerusalem"
    assert Queue.model_validate_json(by_key[b"queue|bank/PS"]).name.zh


def test_killed_in_the_middle_and_started_again_it_loses_nothing(environment):
    pace = (*TWO_DAYS, "--speed", "30000")
    with log.ingest(environment, *pace, "--progress", "json") as process:
        for line in log.progress(process):
            if line["phase"] == "send" and sum(line["events"].values()) > line["total_events"] * 0.6:
                process.kill()
                break
    done = log.run(environment, *pace)
    assert done["phase"] == "done"
    assert done["skipped_events"] > 0
    assert set(log.contact_ids(log.settings_of(environment))) == undisturbed()


def test_stopped_by_sigterm_it_goes_on_without_repeating_anything(environment):
    pace = (*TWO_DAYS, "--speed", "30000")
    with log.ingest(environment, *pace, "--progress", "json") as process:
        for line in log.progress(process):
            if line["phase"] == "send" and sum(line["events"].values()) > line["total_events"] * 0.3:
                process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 143
    log.run(environment, *TWO_DAYS, "--speed", "max")
    ids = log.contact_ids(log.settings_of(environment))
    assert len(ids) == len(set(ids))
    assert set(ids) == undisturbed()


def test_a_replay_that_is_through_is_not_sent_again_unless_asked_or_another(environment, file):
    replay = ("replay", "anonymous-bank", file, "--speed", "max")
    first = log.run(environment, *replay)
    second = log.run(environment, *replay)
    assert (second["events"], second["skipped_events"]) == ({}, first["total_events"])
    assert log.run(environment, *replay, "--again")["events"] == first["events"]
    later = log.run(environment, *replay, "--from", "1999-01-01 09:30")
    assert (later["skipped_events"], later["events"]["offered"]) == (0, 2)


def test_disturbed_on_purpose_it_sends_the_same_events_late_and_repeated(environment):
    done = log.run(
        environment, *TWO_DAYS, "--speed", "max", "--shuffle-within", "300", "--repeat-share", "0.1", "--seed", "3"
    )
    ids = log.contact_ids(log.settings_of(environment))
    assert set(ids) == undisturbed()
    assert 1.05 * len(set(ids)) < len(ids) == sum(done["events"].values())


def test_rows_that_can_not_be_read_go_to_dead_letters_and_queues_that_nobody_knows_still_work(environment, tmp_path):
    file = tmp_path / "month.txt"
    file.write_text(file_of(row(call_id="1", type="XX"), row(outcome="SNEEZED"), row(q_time="?")))
    out = tmp_path / "rejected.json"
    settings = log.settings_of(environment)
    done = log.run(environment, "replay", "anonymous-bank", str(file), "--speed", "max", "--rejected-out", str(out))
    assert (done["rows"], done["rejected"], done["events"]["offered"]) == (3, 2, 1)
    assert done["rejected_rows"] == json.loads(out.read_text())
    assert [(r["line"], r["reason"].partition(":")[0]) for r in done["rejected_rows"]] == [
        (3, "outcome"),
        (4, "q_time"),
    ]
    found = {letter.line: letter for letter in log.letters(settings)}
    assert {line: (letter.field, letter.file) for line, letter in found.items()} == {
        3: ("outcome", str(file)), 4: ("q_time", str(file)),
    }  # fmt: skip
    assert b"queue|bank/XX" in {record.key for record in log.records(settings, "topology")}
    assert Names(settings.namespace).dead_letters.name.endswith(".dead-letters")


def test_the_real_queue_log_is_replayed_and_what_it_invents_is_kept_aside(environment):
    sample = shared_data() / "asterisk" / "queue_log_sample.csv"
    settings = log.settings_of(environment)
    done = log.run(environment, "replay", "asterisk", str(sample), "--speed", "max")
    assert (done["rows"], done["rejected"], done["events"]["offered"], done["events"]["answered"]) == (600, 0, 57, 50)
    assert sum(done["kept_aside"].values()) == 163 == len({letter.id for letter in log.letters(settings)})
    assert {letter.reason for letter in log.letters(settings)} == {"unknown event"}
    assert b"queue|asterisk/IT" in {record.key for record in log.records(settings, "topology")}
