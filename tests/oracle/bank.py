"""The proof report of Anonymous Bank files, straight from their rows: no event, no queue, no service.

Everything is counted in the bank's own local time, as the columns tell it. Only for readable rows and for days on which
the clocks do not change.
"""

import csv
import gzip
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

THRESHOLDS_S = (20, 30)


class Offer(NamedTuple):
    """A call that reached a queue: when, and what became of it after how many seconds."""

    queue: str
    at: datetime
    answered: bool
    wait_s: int


def report(files: Iterable[Path], site: str = "bank") -> dict[str, Any]:
    """What `floorwatch replay anonymous-bank FILE… --report` must write, `rejected` empty."""
    days: dict[str, dict[str, int]] = {}
    offers: list[Offer] = []
    for row in rows(files):
        entered = datetime.strptime(row["date"], "%y%m%d") + clock(row["vru_entry"])  # noqa: DTZ007  # the bank's own
        day = days.setdefault(entered.date().isoformat(), {"ivr_entered": 0, "ivr_lost": 0})
        day["ivr_entered"] += 1
        if row["outcome"] == "PHANTOM":
            continue
        offer = offered(row, entered, site)
        if offer is None:
            day["ivr_lost"] += 1
        else:
            offers.append(offer)
    queues: dict[str, dict[str, list[Offer]]] = {}
    for offer in offers:
        queues.setdefault(offer.queue, {}).setdefault(offer.at.date().isoformat(), []).append(offer)
    return {
        "site": {"id": site, "days": days},
        "queues": {
            queue: {"days": {day: whole_day(of_day) for day, of_day in by_day.items()}}
            for queue, by_day in queues.items()
        },
        "rejected": [],
    }


def rows(files: Iterable[Path]) -> Iterable[dict[str, str]]:
    """Every row, as text by column."""
    for file in files:
        with gzip.open(file, "rt") if file.suffix == ".gz" else file.open() as lines:
            yield from ({k: v.strip() for k, v in row.items()} for row in csv.DictReader(lines, delimiter="\t"))


def offered(row: dict[str, str], entered: datetime, site: str) -> Offer | None:
    """The queue leg of a row: from `q_start`, or from `vru_exit` if it was served without queueing; None if lost."""
    left = nearest(clock(row["vru_exit"]), entered)
    queued = any(row[column] not in ("0:00:00", "0") for column in ("q_start", "q_exit", "q_time"))
    if not queued:
        return Offer(f"{site}/{row['type']}", left, answered=True, wait_s=0) if row["outcome"] == "AGENT" else None
    start = nearest(clock(row["q_start"]), entered)
    if row["q_start"] == "0:00:00" and abs(start - left) > timedelta(hours=1):
        start = left  # it waited, but its start is not recorded
    return Offer(f"{site}/{row['type']}", start, row["outcome"] == "AGENT", int(row["q_time"]))


def clock(text: str) -> timedelta:
    hours, minutes, seconds = map(int, text.split(":"))
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def nearest(time_of_day: timedelta, near: datetime) -> datetime:
    """A clock column has no date: of the three days around, the moment nearest to another one of the same call."""
    midnight = near.replace(hour=0, minute=0, second=0)
    return min((midnight + timedelta(days=n) + time_of_day for n in (-1, 0, 1)), key=lambda at: abs(at - near))


def whole_day(offers: list[Offer]) -> dict[str, Any]:
    intervals = []
    for index in range(48):
        label = f"{index // 2:02}:{index % 2 * 30:02}"
        inside = [o for o in offers if o.at.hour * 2 + o.at.minute // 30 == index]
        intervals.append({"start": label, **figures(inside)})
    return {
        **figures(offers),
        "wait_answered_sum_s": sum(o.wait_s for o in offers if o.answered),
        "intervals": intervals,
    }


def figures(offers: list[Offer]) -> dict[str, Any]:
    answered = [o for o in offers if o.answered]
    return {
        "offered": len(offers),
        "answered": len(answered),
        "abandoned": len(offers) - len(answered),
        "answered_within": {str(t): sum(o.wait_s <= t for o in answered) for t in THRESHOLDS_S},
    }
