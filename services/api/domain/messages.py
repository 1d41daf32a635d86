"""Socket messages put together from items that are already encoded (contracts.socket says what they look like)."""

import json
from collections.abc import Iterable

from services.api.domain.access import Sight
from services.api.domain.ledger import Entry
from services.contracts.socket import Pong, SocketError

PONG = Pong().model_dump_json().encode()


def epoch_for(server: str, sight: Sight) -> str:
    """A client's epoch: it ends with the server process, and with what the client is shown."""
    return f"{server}-{sight.mark}"


def seen(entries: Iterable[Entry], sight: Sight) -> list[Entry]:
    """Those that this sight is shown."""
    return [entry for entry in entries if sight.sees(entry.kind, entry.site)]


def snapshot(epoch: str, seq: int, entries: Iterable[Entry]) -> bytes:
    """A `Snapshot`."""
    items = b",".join(entry.body for entry in entries if entry.body is not None)
    return b'{"type":"snapshot","epoch":%b,"seq":%d,"items":[%b]}' % (json.dumps(epoch).encode(), seq, items)


def update(seq: int, entries: Iterable[Entry]) -> bytes:
    """An `Update`."""
    items: list[bytes] = []
    removed: list[str] = []
    for entry in entries:
        if entry.body is None:
            removed.append(entry.key)
        else:
            items.append(entry.body)
    gone = json.dumps(removed, ensure_ascii=False).encode()
    return b'{"type":"update","seq":%d,"items":[%b],"removed":%b}' % (seq, b",".join(items), gone)


def error(problem: SocketError) -> bytes:
    """A `SocketError`."""
    return problem.model_dump_json().encode()
