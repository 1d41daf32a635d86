"""How a delivery begins, and what follows from what a receiver answered."""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from services.alerts.domain.notices.channels import ChannelFile, QuietHours, Retry, Webhook
from services.alerts.domain.notices.outbox import Outbox
from services.alerts.domain.notices.quiet import quiet_until
from services.alerts.domain.notices.routing import Letter, channels_for
from services.contracts.notify import Delivery, Notice

LONGEST_REASON = 500
QUIET = "quiet hours"
LEFT_BEFORE = "the level was left before"
_OVER = ("resolved", "move_cancelled", "move_expired")


class Taken(NamedTuple):
    """The receiver has it; `note` is what it answered."""

    note: str = ""


class Refused(NamedTuple):
    """The receiver certainly has it not. `again`: it may have it later, not before `after_s` seconds if it said so."""

    reason: str
    again: bool
    after_s: float | None = None


class Unknown(NamedTuple):
    """It was on its way when the connection ended: nobody knows."""

    reason: str


Answer = Taken | Refused | Unknown


def begin(letter: Letter, file: ChannelFile, outbox: Outbox, now: int) -> Iterator[Delivery]:
    """The deliveries of a letter that do not exist yet, and those that it makes superfluous."""
    for id_ in channels_for(letter, file):
        delivery = Delivery(
            id=f"{letter.id}|{id_}", channel=id_, notice=letter.notice, created_at=now, at=now, not_before=now
        )
        if delivery.id in outbox.deliveries:
            continue
        channel = file.channel(id_)
        if channel is None or (letter.notice.call is not None and not isinstance(channel, Webhook)):
            what = "no channel" if channel is None else "no webhook"
            yield _ended(delivery, "undeliverable", f"there is {what} {id_!r} in the channels file", now)
            continue
        told_at = letter.notice.wall_at or now
        if now - told_at > channel.retry.give_up_after_s * 1000:
            yield _ended(delivery, "skipped", "it was too old when it could be told", now)
            continue
        superfluous = list(_superfluous(letter.notice, id_, outbox, now))
        yield from superfluous
        if superfluous:
            yield _ended(delivery, "skipped", superfluous[0].reason, now)
            continue
        yield _placed(delivery, channel.quiet_hours, file.group_wait_s, now)


def after(delivery: Delivery, answer: Answer, retry: Retry, now: int, chance: float) -> Delivery:
    """What stands after an attempt. `chance`: 0…1, spreads those who failed together."""
    match answer:
        case Taken(note=note):
            return _ended(delivery, "delivered", note, now)
        case Unknown(reason=reason):
            return _ended(delivery, "uncertain", f"it may have arrived, and is not sent again: {reason}", now)
        case Refused(reason=reason, again=False):
            return _ended(delivery, "undeliverable", reason, now)
        case Refused(reason=reason, after_s=after_s):
            pause_s = min(retry.first_s * 2 ** (min(delivery.attempt, 40) - 1), retry.most_s) * (0.5 + chance / 2)
            pause_s = max(pause_s, after_s or 0)
            if now + pause_s * 1000 > delivery.first_at + retry.give_up_after_s * 1000:
                return _ended(delivery, "undeliverable", f"given up after attempt {delivery.attempt}: {reason}", now)
            return delivery.model_copy(
                update={
                    "state": "waiting", "not_before": now + round(pause_s * 1000), "at": now,
                    "reason": reason[:LONGEST_REASON],
                }
            )  # fmt: skip


def without_channel(waiting: Iterable[Delivery], file: ChannelFile, now: int) -> list[Delivery]:
    """What waits for a channel that the file has no longer."""
    return [
        _ended(one, "undeliverable", f"there is no channel {one.channel!r} in the channels file", now)
        for one in waiting
        if one.state == "waiting" and file.channel(one.channel) is None
    ]


def verdict(call: Delivery) -> tuple[Literal["done", "skipped", "failed"], str]:
    """What a plan is told of a call, or of the one that takes it back, and the note: done is only what went out."""
    if call.state == "delivered":
        return "done", call.reason
    if call.state == "skipped" and call.reason == LEFT_BEFORE:
        return "skipped", call.reason
    return "failed", f"{call.state}: {call.reason}"


def _superfluous(notice: Notice, channel: str, outbox: Outbox, now: int) -> Iterator[Delivery]:
    """What nobody needs to hear once this has happened: of an alert or move held back that is over, of a level left.

    Only what was never tried: of what was, nobody knows for certain that the receiver did nothing with it.
    """
    over = notice.event in _OVER or (notice.call is not None and notice.call.event == "stood_down")
    if not over:
        return
    for one in outbox.open():
        if one.channel != channel or one.notice.subject != notice.subject or one.state != "waiting" or one.attempt:
            continue
        if one.notice.call is not None:
            yield _ended(one, "skipped", LEFT_BEFORE, now)
        elif one.reason == QUIET:
            yield _ended(one, "skipped", "it was over before the quiet hours ended", now)


def _placed(delivery: Delivery, quiet: QuietHours | None, group_wait_s: float, now: int) -> Delivery:
    """When it may be sent: quiet hours hold it, else it waits a moment for others of its bundle."""
    notice = delivery.notice
    passes = quiet is None or notice.event in {"test", "call"} or (
        notice.severity == "critical" and quiet.critical_passes
    )  # fmt: skip
    until = None if quiet is None or passes else quiet_until(quiet, now)
    if until is None:
        wait_s = group_wait_s if notice.bundle else 0
        return delivery.model_copy(update={"not_before": now + round(wait_s * 1000)})
    if quiet is not None and quiet.then == "drop":
        return _ended(delivery, "skipped", QUIET, now)
    return delivery.model_copy(update={"not_before": until, "reason": QUIET})


def _ended(delivery: Delivery, state: str, reason: str, now: int) -> Delivery:
    return delivery.model_copy(update={"state": state, "at": now, "reason": reason[:LONGEST_REASON]})
