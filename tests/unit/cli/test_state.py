"""Jars, keys and the run file: what lies on disk, and what is refused."""

import json
import os
import stat
from pathlib import Path

import pytest

from services.cli import running
from services.cli.broker_version import release
from services.cli.demo import feeds
from services.cli.installation import reasons
from services.cli.keys import keys
from services.cli.parts import jars
from services.cli.settings import LauncherSettings


@pytest.fixture
def pinned(tmp_path: Path) -> tuple[Path, Path]:
    folder = tmp_path / "jars"
    folder.mkdir()
    (folder / "kafka.jar").write_bytes(b"kafka")
    pins = tmp_path / "jars.sha256"
    pins.write_text(f"# a comment\n{jars.sha256(folder / 'kafka.jar')}  kafka.jar\n")
    return folder, pins


def test_jars_as_pinned_are_taken_without_asking_anybody(pinned: tuple[Path, Path]):
    folder, pins = pinned
    assert jars.verified(folder, pins) == jars.fetch(folder, pins) == [folder / "kafka.jar"]


def test_a_changed_jar_is_refused(pinned: tuple[Path, Path]):
    folder, pins = pinned
    (folder / "kafka.jar").write_bytes(b"something else")
    with pytest.raises(
        jars.JarError, match=r"kafka.jar is not the one pinned in jars.sha256: delete it and run `make setup`"
    ):
        jars.verified(folder, pins)


def test_a_missing_jar_is_named(pinned: tuple[Path, Path]):
    folder, pins = pinned
    (folder / "kafka.jar").unlink()
    with pytest.raises(jars.JarError, match=r"kafka.jar is missing .*: run `make setup`"):
        jars.verified(folder, pins)


def test_every_shipped_pin_is_a_sha256_of_a_jar_and_the_binding_is_among_them():
    pins = jars.pinned()
    assert all(name.endswith(".jar") and len(digest) == 64 for name, digest in pins.items())
    assert f"kafka_2.13-{jars.KAFKA_VERSION}.jar" in pins
    assert f"log4j-slf4j-impl-{jars.LOG4J_VERSION}.jar" in pins


def test_keys_are_made_once_for_their_owner_alone(tmp_path: Path):
    first = keys(LauncherSettings(), tmp_path)
    assert first == keys(LauncherSettings(), tmp_path)
    assert all(len(value) >= 32 for value in first.values())
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_the_users_own_key_wins_and_is_not_kept(tmp_path: Path):
    given = LauncherSettings(ingest_keys="mine-and-only-mine")
    assert keys(given, tmp_path)["FLOORWATCH_INGEST_KEYS"] == "mine-and-only-mine"
    assert "mine-and-only-mine" not in (tmp_path / "secrets.json").read_text()


def test_a_running_installation_is_found_until_it_withdraws(tmp_path: Path):
    assert running.find(tmp_path) is None
    running.announce(tmp_path, command="up", wall="http://127.0.0.1:1", own_parts=["kafka"], environment={"A": "b"})
    found = running.find(tmp_path)
    assert found is not None
    assert (found.pid, found.command, found.own_parts, found.environment) == (os.getpid(), "up", ["kafka"], {"A": "b"})
    running.withdraw(tmp_path)
    assert running.find(tmp_path) is None


def test_the_run_file_of_a_dead_launcher_counts_for_nothing_even_if_its_id_lives_again(tmp_path: Path):
    running.announce(tmp_path, command="up", wall="", own_parts=[], environment={})
    file = tmp_path / running.FILE
    file.write_text(json.dumps(json.loads(file.read_text()) | {"created": 1.0}))
    assert running.find(tmp_path) is None
    file.write_text("half a li")
    assert running.find(tmp_path) is None


@pytest.mark.parametrize(
    ("level", "told"), [(3, "before 3.3"), (19, "3.7"), (22, "3.9"), (25, "4.0"), (30, "4.3"), (99, "after 4.3")]
)
def test_a_brokers_release_is_read_from_its_metadata_version(level: int, told: str):
    assert release(level) == told


def test_reasons_of_a_service_that_is_not_ready_fit_one_line():
    assert reasons(b'{"reasons": ["no partitions", "recovering"]}') == "no partitions; recovering"
    assert reasons(b"<html>") == ""


@pytest.mark.parametrize("begin", ["noon", "1999-01-11T08:00+02:00"])
def test_the_demo_begins_at_a_local_time(begin: str):
    with pytest.raises(ValueError):
        feeds(begin=begin)
