"""Rows that can't be used: counted, listed, sent to dead letters, without a customer's number in clear."""

import hashlib
import re
from dataclasses import dataclass, field

from services.contracts.letters import DeadLetter

_CELL = re.compile(r"[^\t|,;]+")
_CLOCK = re.compile(r"\s*\d{1,2}:\d{2}:\d{2}\s*")
_DIGIT = re.compile(r"\d")


def masked(content: str) -> str:
    """Content with the digits hidden of every cell that has five or more: any of them may be a customer's number."""
    return _CELL.sub(_mask_cell, content)[:2000]


def _mask_cell(match: re.Match[str]) -> str:
    cell = match.group()
    if _CLOCK.fullmatch(cell) or len(_DIGIT.findall(cell)) < 5:
        return cell
    return _DIGIT.sub("#", cell)


@dataclass(slots=True)
class Rejects:
    """What a run has rejected so far."""

    feed: str
    letters: list[DeadLetter] = field(default_factory=list)

    def add(self, *, file: str, line: int, reason: str, field_name: str | None, content: str) -> DeadLetter:
        """Reject a line; `content` must be masked already."""
        mark = hashlib.blake2b(f"{file}\0{line}\0{content}".encode(), digest_size=8).hexdigest()
        letter = DeadLetter(
            id=f"{self.feed}|{line}|{mark}", source=self.feed, reason=reason, field=field_name, file=file, line=line,
            content=content[:2000],
        )  # fmt: skip
        self.letters.append(letter)
        return letter

    def listed(self) -> list[dict[str, str | int]]:
        """As the proof report lists them."""
        return [
            {"file": letter.file or "", "line": letter.line or 0, "reason": describe(letter)} for letter in self.letters
        ]


def describe(letter: DeadLetter) -> str:
    """Field and reason in one line."""
    return f"{letter.field}: {letter.reason}" if letter.field else letter.reason
