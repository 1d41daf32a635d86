"""Dead letters: what could not be used, where it came from and why."""

from services.contracts.topology import Contract


class DeadLetter(Contract):
    """One rejected input. `id` is deterministic, so that a repeat is the same letter.

    `file` and `line` for files (line 1 is the first), `field` where one field is to blame, `content` cut to 2,000
    characters and never with a customer's identity in clear.
    """

    id: str
    source: str
    reason: str
    field: str | None = None
    file: str | None = None
    line: int | None = None
    content: str = ""
