"""Dead letters as an administrator looks at them: which fit what was asked for, and what can be done about each."""

import re
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from services.contracts.letters import DeadLetter
from services.contracts.topology import Contract

Advice = Literal[
    "fix_field", "fix_line", "fix_record", "unknown_event", "too_late", "wrong_clock", "wrong_id", "unreadable",
    "schedule",
]  # fmt: skip
"""What to do: the pages say it in the reader's language."""

_LONG_NUMBER = re.compile(r"\d{7,}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
_OURS = "metrics|"


class LetterView(Contract):
    """One dead letter. `offset`: its place on the topic; `at`: when it was put there, epoch ms.

    `content` is text for people and never markup: control characters stand as their pictures (U+2400 …).
    """

    offset: int
    at: int
    id: str
    source: str
    by: Literal["ingest", "metrics"] = Field(description="metrics: it came in well, and could not be counted")
    reason: str
    field: str | None
    file: str | None
    line: int | None
    content: str
    advice: Advice


class Letters(Contract):
    """Dead letters, newest first."""

    letters: tuple[LetterView, ...]
    next: int | None = Field(description="`before` of the next page; None: there are no older ones")
    held: int = Field(description="letters on the topic now")
    looked_at: int = Field(description="letters that were read for this page")
    sources: dict[str, int] = Field(description="source → letters among those looked at, whatever was asked for")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters: of this source, with this in the reason, with this anywhere. Empty: any."""

    source: str = ""
    reason: str = ""
    text: str = ""

    def fits(self, letter: LetterView) -> bool:
        """Whether a letter is one of them."""
        whole = " ".join(part for part in (letter.field, letter.file, letter.content, letter.reason, letter.id) if part)
        return (
            self.source in {"", letter.source}
            and self.reason.casefold() in letter.reason.casefold()
            and self.text.casefold() in whole.casefold()
        )


def view_of(letter: DeadLetter, *, offset: int, at: int) -> LetterView:
    """A letter as it is shown. What nobody could read may hold anything: long numbers in it are hidden."""
    advice = advice_on(letter)
    content = _LONG_NUMBER.sub(lambda found: "#" * len(found.group()), letter.content)
    return LetterView(
        offset=offset,
        at=at,
        id=letter.id,
        source=letter.source,
        by="metrics" if letter.id.startswith(_OURS) else "ingest",
        reason=letter.reason,
        field=letter.field,
        file=letter.file,
        line=letter.line,
        content=_CONTROL.sub(
            lambda found: chr(0x2400 + ord(found.group())), content if advice == "unreadable" else letter.content
        ),
        advice=advice,
    )


def advice_on(letter: DeadLetter) -> Advice:  # noqa: PLR0911  # a table of cases
    """What can be done about a letter."""
    if letter.id.startswith(_OURS):
        if letter.reason.startswith("no event of this topic"):
            return "unreadable"
        if letter.reason.startswith("no schedule"):
            return "schedule"
        if letter.reason.startswith("too late"):
            return "too_late"
        return "wrong_clock" if letter.field == "at" or letter.reason.startswith("a time after") else "wrong_id"
    if letter.reason == "unknown event":
        return "unknown_event"
    if letter.file is not None:
        return "fix_line"
    return "fix_record" if letter.field is None else "fix_field"
