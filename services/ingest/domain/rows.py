"""Rows and lines that can't be read."""

import re

_DIGIT = re.compile(r"\d")
MANY_DIGITS = 7
_LONG_NUMBER = re.compile(rf"\d{{{MANY_DIGITS},}}")
"""A value with so many may be a customer's number, where fields were shifted."""


def unnamed(text: str) -> str:
    """A text that quotes an input, without long numbers in it."""
    return _LONG_NUMBER.sub(lambda number: "#" * len(number.group()), text)


def quoted(value: str) -> str:
    """The beginning of a value for a message, without what may be a customer's number."""
    begin = value[:40]
    return repr(_DIGIT.sub("#", begin) if len(_DIGIT.findall(begin)) >= MANY_DIGITS else begin)


class RowError(ValueError):
    """A row that can't be read.

    Attributes:
        field: the column to blame, or None for the row as a whole.
        reason: what is wrong and what would be right; never a customer's number.
    """

    def __init__(self, field: str | None, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason
