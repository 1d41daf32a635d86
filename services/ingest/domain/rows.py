"""Rows and lines that can't be read."""


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
