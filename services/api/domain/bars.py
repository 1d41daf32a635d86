"""Day lines as JSON. A queue's bars are encoded once each and kept, because a change touches one or two of 48."""

from collections.abc import Iterable

from services.api.domain.ratios import share_by_definition
from services.contracts.definitions import Counts, GenesysSwitches
from services.contracts.metrics import Status
from services.contracts.socket import Bar


def encoded_bar(start: int, label: str, status: Status, counts: Counts, switches: GenesysSwitches) -> bytes:
    """A `Bar` as JSON."""
    return (
        Bar.model_construct(
            start=start,
            label=label,
            status=status,
            offered=counts.offered,
            answered=counts.answered,
            abandoned=counts.abandoned,
            answered_within=counts.answered_within,
            service_level=share_by_definition(counts, switches),
        )
        .model_dump_json()
        .encode()
    )


def encoded_day(id_: str, date: str, bars: Iterable[bytes]) -> bytes:
    """A `DayView` as JSON; id and date are plain enough to need no escapes but quotes and backslashes."""
    quoted = id_.replace("\\", "\\\\").replace('"', '\\"').encode()
    return b'{"kind":"day","id":"%b","date":"%b","bars":[%b]}' % (quoted, date.encode(), b",".join(bars))
