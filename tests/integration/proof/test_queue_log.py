"""600 real rows of an Asterisk queue_log through ingest, Kafka and metrics, against SQL over the same rows."""

import csv
import json
import sqlite3
import subprocess
import sys
from collections import Counter
from os import environ

import pytest

from tests.shared_data import shared_data

pytestmark = pytest.mark.timeout(300)

BY_HAND = """
    SELECT queue_name, SUM(event = 'ENTERQUEUE'), SUM(event = 'CONNECT'), SUM(event = 'ABANDON')
    FROM queue_log WHERE event IN ('ENTERQUEUE', 'CONNECT', 'ABANDON') GROUP BY queue_name
"""


def test_totals_per_queue_equal_a_query_made_by_hand(environment, tmp_path):
    export = shared_data() / "asterisk" / "queue_log_sample.csv"
    with export.open() as file, sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE queue_log (queue_name, event)")
        rows = [(row["queue_name"], row["event"]) for row in csv.DictReader(file)]
        database.executemany("INSERT INTO queue_log VALUES (?, ?)", rows)
        by_hand = {f"asterisk/{queue}": tuple(counts) for queue, *counts in database.execute(BY_HAND)}
    out = tmp_path / "out.json"

    subprocess.run(
        [
            sys.executable,
            "-m",
            "services.cli",
            "replay",
            "asterisk",
            str(export),
            "--speed",
            "max",
            "--report",
            str(out),
        ],
        env=environ | environment,
        check=True,
    )

    totals: dict[str, Counter[str]] = {}
    for queue, days in json.loads(out.read_text())["queues"].items():
        totals[queue] = Counter()
        for day in days["days"].values():
            totals[queue].update({name: day[name] for name in ("offered", "answered", "abandoned")})
    assert {queue: (t["offered"], t["answered"], t["abandoned"]) for queue, t in totals.items()} == by_hand
    assert len(rows) == 600
    assert by_hand
