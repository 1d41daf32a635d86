"""The ledger: moves that are over, as long as they are kept."""

import zlib
from collections.abc import Iterable

import msgspec

from services.contracts.moves import MoveView

KEPT_MS = 400 * 86_400_000
MOST = 2_000
"""So many of them are packed into a few hundred kilobytes of the desk's state."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[bytes]).decode


class Ledger:
    """In the order in which they ended. The pack is made again only when there is something new in it."""

    def __init__(self, packed: bytes | None = None) -> None:
        """Begin with what a former one has packed."""
        texts = [] if packed is None else _decode(zlib.decompress(packed))
        views = [MoveView.model_validate_json(text) for text in texts]
        self.views: dict[str, MoveView] = {view.id: view for view in views}
        self._packed = packed

    def add(self, view: MoveView) -> None:
        """A move is over."""
        self.views[view.id] = view
        self._packed = None

    def drop_old(self, wall_at: int) -> Iterable[str]:
        """Forget those that are too old or too many; answers with their ids."""
        dropped: list[str] = []
        for id_, view in self.views.items():
            if len(self.views) - len(dropped) <= MOST and (view.closed_at or 0) >= wall_at - KEPT_MS:
                break
            dropped.append(id_)
        for id_ in dropped:
            del self.views[id_]
            self._packed = None
        return dropped

    def pack(self) -> bytes:
        """For `Ledger(…)` of a later process."""
        if self._packed is None:
            texts = [view.model_dump_json().encode() for view in self.views.values()]
            self._packed = zlib.compress(_encode(texts))
        return self._packed
