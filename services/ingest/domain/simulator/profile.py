"""The shape of a day: how the calls of a call file spread over the 48 half-hours."""

from collections.abc import Iterable
from datetime import date

from services.ingest.domain.simulator.description import HALF_HOURS

FRIDAY, SATURDAY = 4, 5


def half_hour_weights(lines: Iterable[str]) -> tuple[float, ...]:
    """Share of each half-hour in the arrivals of the Sundays to Thursdays, the bank's working days.

    Args:
        lines: an "Anonymous Bank" call file, header included. Arrival is `vru_entry`; PHANTOM rows count, as in the
            arrivals that another party published. Lines that can't be read are left out: a shape bears that.

    Raises:
        ValueError: no line could be used.
    """
    counts = [0] * HALF_HOURS
    for line in lines:
        columns = line.split("\t")
        try:
            day, entry = columns[5], columns[6]
            if date(1900 + int(day[:2]), int(day[2:4]), int(day[4:])).weekday() in {FRIDAY, SATURDAY}:
                continue
            hour, minute, _ = entry.split(":")
            counts[int(hour) * 2 + int(minute) // 30] += 1
        except (ValueError, IndexError, OverflowError):
            continue
    total = sum(counts)
    if not total:
        raise ValueError(
            "no usable call: expected tab-separated columns with the date in the 6th, the entry in the 7th"
        )
    return tuple(round(count / total, 6) for count in counts)
