"""A queue log is followed onto a real Kafka: rotated, truncated, the follower killed."""

import signal
import time
from pathlib import Path

import pytest

from services.contracts.events import Answered, Heartbeat
from tests.integration.ingest import log


@pytest.fixture
def queue_log(tmp_path: Path) -> Path:
    return tmp_path / "queue_log"


def append(path: Path, *lines: str, end: str = "\n") -> None:
    with path.open("a") as file:
        file.write("\n".join(lines) + end)


def wait_for(environment, wanted: set[str]) -> list[str]:
    """The ids of contact events, as soon as all that are wanted are on Kafka."""
    for _ in range(100):
        ids = [i for i in log.contact_ids(log.settings_of(environment)) if i.endswith(("offered", "answered", "ended"))]
        if wanted <= set(ids):
            return ids
        time.sleep(0.2)
    pytest.fail(f"not on Kafka: {sorted(wanted - set(ids))}")


def entered(number: int) -> str:
    return f"{1000 + number}|c{number}|support|NONE|ENTERQUEUE||555{number}|1"


def ids(*numbers: int) -> set[str]:
    return {f"c{number}:support:{(1000 + number) * 1000}:offered" for number in numbers}


def test_through_rotation_truncation_and_a_file_that_is_not_there_yet(environment, queue_log):
    with log.ingest(environment, "follow", "asterisk", str(queue_log)) as process:
        time.sleep(1)
        append(queue_log, entered(1), entered(2)[:10], end="")
        wait_for(environment, ids(1))
        append(queue_log, entered(2)[10:])
        wait_for(environment, ids(1, 2))
        queue_log.rename(queue_log.with_name("queue_log.1"))
        append(queue_log.with_name("queue_log.1"), entered(3))
        append(queue_log, entered(4))
        wait_for(environment, ids(1, 2, 3, 4))
        queue_log.write_text(entered(5) + "\n")
        append(queue_log, "1006|c6|NONE|Agent/7|OUTDIAL|5551234", "what is this")
        found = wait_for(environment, ids(1, 2, 3, 4, 5))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    assert sorted(found) == sorted(ids(1, 2, 3, 4, 5))
    letters = log.letters(log.settings_of(environment))
    assert {(letter.line, letter.reason.partition(":")[0].split()[0]) for letter in letters} == {
        (2, "unknown"),
        (3, "1"),
    }
    assert "5551234" not in repr(letters)


def test_killed_and_started_again_it_goes_on_in_the_middle_of_a_call(environment, queue_log):
    append(queue_log, entered(1), entered(2))
    with log.ingest(environment, "follow", "asterisk", str(queue_log)) as process:
        wait_for(environment, ids(1, 2))
        while not log.records(log.settings_of(environment), "positions"):
            time.sleep(0.1)
        process.kill()
    append(queue_log, "1030|c1|support|SIP/ann|CONNECT|28|c9|4")  # held time rounded: the ENTERQUEUE must be remembered
    queue_log.rename(queue_log.with_name("queue_log.1"))
    append(queue_log, entered(3))
    with log.ingest(environment, "follow", "asterisk", str(queue_log)):
        wait_for(environment, ids(1, 2, 3))
    (answered,) = {e for _, _, e in log.events(log.settings_of(environment)) if isinstance(e, Answered)}
    assert answered.offered_at == 1_001_000


def test_a_live_feed_tells_the_wall_clock_to_every_partition(environment, queue_log):
    settings = log.settings_of(environment)
    append(queue_log, entered(1))
    with log.ingest(environment, "follow", "asterisk", str(queue_log)):
        wait_for(environment, ids(1))
        beats: list[tuple[str, int, Heartbeat]] = []
        while len({(lane, partition) for lane, partition, _ in beats}) < 3 * settings.partitions:
            now = time.time() * 1000
            found = log.events(settings)
            beats = [(lane, p, e) for lane, p, e in found if isinstance(e, Heartbeat) and abs(e.at - now) < 60_000]
    assert {(beat.source, beat.site, beat.rate) for _, _, beat in beats} == {("asterisk", "asterisk", 1.0)}
