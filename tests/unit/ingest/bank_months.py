"""The real months, translated once for all tests."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from services.ingest.bank_replay import record_bank
from services.ingest.domain.disorder import Disorder
from services.ingest.domain.pseudonym import pseudonyms
from services.ingest.sources.bank_files import Span
from services.ingest.sources.rejects import Rejects
from tests.shared_data import shared_data


@dataclass(frozen=True)
class Month:
    events: tuple[Any, ...]
    rows: int
    rejected: tuple[str, ...]


@lru_cache
def month(number: int) -> Month:
    return translated(shared_data() / "anonymous_bank" / f"1999-{number:02d}.txt")


def translated(*paths: Path, span: Span = Span(), disorder: Disorder = Disorder()) -> Month:  # noqa: B008  # immutable
    rejects = Rejects("test")
    recording = record_bank(
        paths, feed="test", site="bank", span=span, disorder=disorder, pseudonym=pseudonyms("0" * 16),
        rejects=rejects, on_progress=lambda _: None,
    )  # fmt: skip
    reasons = tuple(f"{letter.line} {letter.field}: {letter.reason}" for letter in rejects.letters)
    return Month(tuple(event for _, event in recording.coming), recording.rows, reasons)
