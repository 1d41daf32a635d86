"""The outbox: what the log of deliveries says, record by record, and what is to be done next.

At most one message of a delivery goes out, whatever crashes and whoever believes to be the sender: an attempt belongs
to the worker whose claim (`sending`, attempt n) stands first on the log. It sends only after it has read its claim
back there. What it learns it writes; if it dies before, the attempt is `uncertain` and nobody sends again. A receiver
that has certainly not taken the message (`waiting` again, written by the owner of the attempt) may be tried once more.

Records that do not follow from what stands are passed over (a worker that slept and woke). As compaction would keep
such a record instead of the right one, `take` says so, and the right one is written again.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from services.contracts.notify import OVER, Delivery, Position

KEPT_MS = 14 * 86_400_000
"""So long a delivery that is over is remembered: a replay of the log must find it."""
LOST_AFTER_MS = 10 * 60_000
"""Another worker's attempt that has told nothing for so long has ended with it. Longer than any send may take."""
MOST_TOGETHER = 200


def follows(before: Delivery | None, new: Delivery) -> bool:  # noqa: PLR0911  # one a case of the state machine
    """Whether a record counts after what stands."""
    if before is None:
        return True
    if new.state == "sending":
        return before.state == "waiting" and new.attempt == before.attempt + 1
    if new.attempt != before.attempt:
        return False
    if new.answered and not before.answered:
        return new.state == before.state
    match before.state:
        case "waiting":  # nobody is trying: given up, or nobody needs it any more
            return new.state in {"undeliverable", "skipped"}
        case "sending" if new.state == "uncertain":
            return True  # whoever takes over says so
        case "sending" | "uncertain":  # what the owner knows, and be it late
            return new.worker == before.worker and new.state != "uncertain"
    return False


class Wrong(NamedTuple):
    """What stands for a key was passed over by a record; it must be written again."""

    standing: Delivery


class Outbox:
    """The fold of the outbox topic. `worker`: the name under which this process claims."""

    def __init__(self, worker: str) -> None:
        """Nothing has been read."""
        self.worker = worker
        self.deliveries: dict[str, Delivery] = {}
        self.positions: dict[str, int] = {}
        self._open: dict[str, Delivery] = {}
        self._unanswered: dict[str, None] = {}

    def take(self, record: Delivery | Position) -> Wrong | None:
        """A record of the log, in its order."""
        if isinstance(record, Position):
            self.positions[record.topic] = max(record.offset, self.positions.get(record.topic, 0))
            return None
        before = self.deliveries.get(record.id)
        if not follows(before, record):
            assert before is not None, "the first record of a key always counts"
            return None if record == before else Wrong(before)
        self.deliveries[record.id] = record
        if record.state in OVER:
            self._open.pop(record.id, None)
        else:
            self._open[record.id] = record
        if _wants_answer(record):
            self._unanswered[record.id] = None
        else:
            self._unanswered.pop(record.id, None)
        return None

    def forget(self, id_: str) -> None:
        """A key was deleted from the log."""
        self.deliveries.pop(id_, None)
        self._open.pop(id_, None)
        self._unanswered.pop(id_, None)

    # -- asking

    def open(self) -> Iterator[Delivery]:
        """Deliveries that are not over, in the order in which they came up."""
        yield from sorted(self._open.values(), key=lambda one: (one.created_at, one.id))

    def owns(self, claim: Delivery) -> bool:
        """Whether a claim of this worker stands."""
        standing = self.deliveries.get(claim.id)
        return standing is not None and standing == claim and claim.worker == self.worker

    def due(self, now: int, busy: Collection[str] = ()) -> list[list[Delivery]]:
        """What is to be sent now: for each channel that is not busy the deliveries of its next message.

        A notice waits for the earlier ones of its subject; those of one bundle, event and attempt go together.
        """
        found: dict[str, list[Delivery]] = {}
        blocked: set[tuple[str, str]] = set()
        for one in self.open():
            subject = (one.channel, one.notice.subject)
            first = subject not in blocked
            blocked.add(subject)
            if not first or one.state != "waiting" or one.channel in busy:
                continue
            group = found.get(one.channel)
            if group is None:
                if one.not_before <= now:
                    found[one.channel] = [one]
            elif _together(group[0], one) and len(group) < MOST_TOGETHER:
                group.append(one)
        return list(found.values())

    def next_due(self, now: int) -> int | None:
        """When something waiting becomes due; None: nothing waits."""
        waits = [one.not_before for one in self._open.values() if one.state == "waiting"]
        return max(now, min(waits)) if waits else None

    def claims(self, group: Iterable[Delivery], now: int) -> list[Delivery]:
        """The records that claim the next attempt of what makes one message."""
        group = list(group)
        message = group[0].message or group[0].id
        return [
            one.model_copy(
                update={
                    "state": "sending", "attempt": one.attempt + 1, "worker": self.worker, "message": message,
                    "at": now, "reason": "", "first_at": one.first_at or now,
                }
            )
            for one in group
        ]  # fmt: skip

    def orphans(self, now: int, *, taking_over: bool = False) -> list[Delivery]:
        """Attempts of others that tell nothing: whoever takes over knows not what became of them."""
        return [
            one.model_copy(update={"state": "uncertain", "at": now, "reason": UNCERTAIN})
            for one in self.open()
            if one.state == "sending" and one.worker != self.worker and (taking_over or one.at < now - LOST_AFTER_MS)
        ]

    def unanswered(self) -> list[Delivery]:
        """Calls of plans that are over, and whose action does not know it yet."""
        return [self.deliveries[id_] for id_ in self._unanswered]

    def old(self, now: int) -> list[str]:
        """Keys that nobody needs any more."""
        return [id_ for id_, one in self.deliveries.items() if one.state in OVER and one.at < now - KEPT_MS]


UNCERTAIN = "the sender ended while it sent: it may have arrived, and is not sent again"


def _wants_answer(one: Delivery) -> bool:
    call = one.notice.call
    if call is None or one.answered or one.state not in OVER:
        return False
    # An action whose call is skipped is none any more; what takes it back stands on the plan until it is told.
    return one.state != "skipped" or call.event == "stood_down"


def _together(first: Delivery, one: Delivery) -> bool:
    bundle = first.notice.bundle
    return (
        bool(bundle)
        and one.notice.bundle == bundle
        and one.notice.event == first.notice.event
        and one.attempt == first.attempt
        and one.message == first.message
        and one.not_before - first.not_before <= TOGETHER_MS
    )


TOGETHER_MS = 10_000
"""What is due so soon after the first of a bundle goes with it."""
