"""Made-up calls, written as the files write them."""

from services.ingest.domain.bank import COLUMNS

SERVED = {
    "vru+line": "AA0101", "call_id": "33118", "customer_id": "27997683", "priority": "2", "type": "PS",
    "date": "990101", "vru_entry": "6:55:20", "vru_exit": "6:55:26", "vru_time": "6", "q_start": "6:55:26",
    "q_exit": "6:55:43", "q_time": "17", "outcome": "AGENT", "ser_start": "6:55:43", "ser_exit": "6:56:37",
    "ser_time": "54", "server": "MICHAL",
}  # fmt: skip
NEVER_QUEUED = {"q_start": "0:00:00", "q_exit": "0:00:00", "q_time": "0"}
NOT_SERVED = {"outcome": "HANG", "ser_start": "0:00:00", "ser_exit": "0:00:00", "ser_time": "0", "server": "NO_SERVER"}


def row(**columns: str) -> list[str]:
    """A call that waited 17 s and was served, but for what is said here (`vru_line` for `vru+line`)."""
    changed = {name.replace("vru_line", "vru+line"): value for name, value in columns.items()}
    return [{**SERVED, **changed}[column] for column in COLUMNS]


def file_of(*rows: list[str], columns: tuple[str, ...] = COLUMNS) -> str:
    return "\n".join("\t".join(values) for values in [list(columns), *rows]) + "\n"
