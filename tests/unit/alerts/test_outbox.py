"""The outbox under every order of reading, claiming, sending, dying and waking: no message goes out twice.

Several workers believe at times that they are the one. Each has read the log up to some point of its own; a worker may
stop anywhere and go on later (SIGSTOP), or die and come back under another name.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.alerts.domain.notices.channels import Retry
from services.alerts.domain.notices.outbox import KEPT_MS, LOST_AFTER_MS, Outbox
from services.alerts.domain.notices.posting import LEFT_BEFORE, Answer, Refused, Taken, Unknown, after, begin, verdict
from services.contracts.notify import OVER, Delivery, Position
from tests.unit.alerts.post import NOW, channels, letter, notice

FILE = channels(group_wait_s=0)
LETTERS = [letter(f"t{number}", subject=f"a{number % 2}", bundle="b" if number % 2 else "") for number in range(4)]


@dataclass
class Worker:
    """One process: its memory, and what it has claimed and is sending."""

    outbox: Outbox
    read: int = 0
    taken_over: bool = False
    claimed: list[tuple[int, list[Delivery]]] = field(default_factory=list)
    sending: list[tuple[list[Delivery], Answer]] = field(default_factory=list)
    busy: set[str] = field(default_factory=set)


class Post:
    def __init__(self) -> None:
        self.log: list[Delivery] = []
        self.names = 0
        self.now = NOW
        self.workers: list[Worker] = []
        self.out: dict[str, int] = {}  # delivery → messages that the receiver may have

        self.workers = [self._new() for _ in range(2)]
        for which in (0, 1):
            self.take_over(which)
        for what in LETTERS[:2]:
            self.hear(0, what)

    def _new(self) -> Worker:
        self.names += 1
        return Worker(Outbox(f"w{self.names}"))

    def _catch_up(self, worker: Worker, to: int | None = None) -> None:
        """What is passed over is written again as it stands then, and read like everything else."""
        end = len(self.log) if to is None else to
        wrong = {record.id for record in self.log[worker.read : end] if worker.outbox.take(record) is not None}
        self.log += [worker.outbox.deliveries[id_] for id_ in sorted(wrong)]
        worker.read = max(end, worker.read)

    def take_over(self, which: int) -> None:
        worker = self.workers[which]
        if not worker.taken_over:
            self._catch_up(worker)
            self.log += worker.outbox.orphans(self.now, taking_over=True)
            worker.taken_over = True

    def read(self, which: int, steps: int) -> None:
        worker = self.workers[which]
        if worker.taken_over:
            self._catch_up(worker, min(len(self.log), worker.read + steps))

    def hear(self, which: int, what: object) -> None:
        """A letter, for the first time or after a replay."""
        worker = self.workers[which]
        if not worker.taken_over:
            return
        new = list(begin(what, FILE, worker.outbox, self.now))  # type: ignore[arg-type]
        for one in new:
            worker.outbox.take(one)
        self.log += new

    def claim(self, which: int) -> None:
        worker = self.workers[which]
        if not worker.taken_over:
            return
        for group in worker.outbox.due(self.now, worker.busy):
            claims = worker.outbox.claims(group, self.now)
            worker.busy.add(claims[0].channel)
            self.log += claims
            worker.claimed.append((len(self.log), claims))

    def send(self, which: int, answer: Answer) -> None:
        """It goes out; what came of it is not yet written."""
        worker = self.workers[which]
        ready = [claims for offset, claims in worker.claimed if offset <= worker.read]
        worker.claimed = [(offset, claims) for offset, claims in worker.claimed if offset > worker.read]
        for claims in ready:
            mine = [claim for claim in claims if worker.outbox.owns(claim)]
            if not mine:
                worker.busy.clear()
                continue
            for claim in mine:
                if not isinstance(answer, Refused):
                    self.out[claim.id] = self.out.get(claim.id, 0) + 1
            worker.sending.append((mine, answer))

    def turn(self, which: int) -> None:
        """As the process does: read all, send what was claimed, claim what is due."""
        self.read(which, 1000)
        self.send(which, Taken())
        self.claim(which)

    def write(self, which: int) -> None:
        worker = self.workers[which]
        for claims, answer in worker.sending:
            self.log += [after(claim, answer, Retry(), self.now, 0.5) for claim in claims]
        worker.sending.clear()
        if not worker.claimed:
            worker.busy.clear()

    def die(self, which: int) -> None:
        self.workers[which] = self._new()

    def wait(self, seconds: int) -> None:
        self.now += seconds * 1000

    def compact(self) -> None:
        """Kafka keeps the newest record of a key; it waits until everybody has read what it drops."""
        behind = min(worker.read for worker in self.workers if worker.taken_over) if self._anyone() else len(self.log)
        if any(worker.claimed for worker in self.workers) or behind < len(self.log):
            return
        newest = {record.id: number for number, record in enumerate(self.log)}
        # All have read all, so what was passed over has been written again.
        self.log = [record for number, record in enumerate(self.log) if newest[record.id] == number]
        for worker in self.workers:
            worker.read = len(self.log) if worker.taken_over else 0

    def _anyone(self) -> bool:
        return any(worker.taken_over for worker in self.workers)

    def at_most_one(self) -> None:
        assert all(count <= 1 for count in self.out.values()), self.out

    def delivered_means_sent(self) -> None:
        judge = Outbox("judge")
        for record in self.log:
            judge.take(record)
        for one in judge.deliveries.values():
            if one.state == "delivered":
                assert self.out.get(one.id) == 1


ANSWERS: list[Answer] = [Taken(), Unknown("cut off"), Refused("503", again=True), Refused("410", again=False)]
SECONDS = [1, 5, 60, LOST_AFTER_MS // 1000 + 1]
DO: list[Callable[[Post, int, int], None]] = [
    *3 * [lambda post, who, _: post.turn(who)],
    *3 * [lambda post, who, _: post.claim(who)],
    *3 * [lambda post, who, how: post.send(who, ANSWERS[how])],
    *2 * [lambda post, who, how: post.read(who, [1, 2, 3, 50][how])],
    *2 * [lambda post, who, _: post.write(who)],
    lambda post, who, how: post.hear(who, LETTERS[how]),
    lambda post, who, _: post.take_over(who),
    lambda post, who, _: post.die(who),
    lambda post, _, how: post.wait(SECONDS[how]),
    lambda post, _, how: post.compact(),
]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(range(len(DO))), st.integers(0, 1), st.integers(0, 3)), min_size=10, max_size=80)
)
def test_no_message_goes_out_twice(script: list[tuple[int, int, int]]):
    post = Post()
    for what, who, how in script:
        DO[what](post, who, how)
        post.at_most_one()
    post.delivered_means_sent()
    # Whatever has happened: one worker that is left alone brings everything to an end.
    post.die(0)
    post.die(1)
    post.take_over(0)
    for _ in range(200):
        post.turn(0)
        post.write(0)
        post.wait(5)
        post.at_most_one()
    assert not list(post.workers[0].outbox.open())
    # And compaction, which keeps the newest record of each key, keeps what stands.
    newest = {record.id: record for record in post.log}
    assert in_outbox(*newest.values()).deliveries == post.workers[0].outbox.deliveries


def in_outbox(*records: Delivery, worker: str = "w") -> Outbox:
    outbox = Outbox(worker)
    for record in records:
        outbox.take(record)
    return outbox


def waiting(id_: str, **wanted: object) -> Delivery:
    base = {"id": id_, "channel": "hook", "notice": notice(), "created_at": NOW, "at": NOW, "not_before": NOW}
    return Delivery.model_validate(base | wanted)


def test_alerts_of_one_bundle_go_together_and_a_subject_keeps_its_order():
    first = waiting("1|hook", notice=notice(subject="a", bundle="r"))
    second = waiting("2|hook", notice=notice(subject="b", bundle="r"), created_at=NOW + 1, not_before=NOW + 3000)
    over = waiting("3|hook", notice=notice(subject="a", bundle="r", event="resolved"), created_at=NOW + 2)
    outbox = in_outbox(first, second, over)
    assert outbox.due(NOW - 1) == []
    assert outbox.next_due(0) == NOW
    (group,) = outbox.due(NOW)
    assert [one.id for one in group] == ["1|hook", "2|hook"], "the resolved one waits for the firing one"
    assert outbox.due(NOW, busy={"hook"}) == []
    claims = outbox.claims(group, NOW)
    assert {claim.message for claim in claims} == {"1|hook"}
    for claim in claims:
        assert outbox.take(claim) is None
        assert outbox.owns(claim)
    assert outbox.due(NOW + 60_000) == [], "what is under way is not sent again, and what follows waits for it"


def test_what_another_worker_was_sending_is_uncertain_until_it_speaks():
    claim = waiting("1|hook", state="sending", attempt=1, worker="other")
    outbox = in_outbox(claim)
    assert outbox.orphans(NOW + 1000) == []
    assert [one.state for one in outbox.orphans(NOW + LOST_AFTER_MS + 1)] == ["uncertain"]
    (lost,) = outbox.orphans(NOW, taking_over=True)
    outbox.take(lost)
    assert outbox.due(NOW) == []
    outbox.take(claim.model_copy(update={"state": "delivered"}))
    assert outbox.deliveries["1|hook"].state == "delivered"


@pytest.mark.parametrize("state", ["delivered", "undeliverable", "waiting"])
def test_a_late_word_of_who_lost_the_claim_counts_until_another_attempt_has_begun(state: str):
    claim = waiting("1|hook", state="sending", attempt=1, worker="asleep")
    late = claim.model_copy(update={"state": state})
    outbox = in_outbox(claim, claim.model_copy(update={"state": "uncertain"}))
    assert outbox.take(late) is None
    assert outbox.deliveries["1|hook"].state == state, "whoever sent it knows what became of it"
    stranger = late.model_copy(update={"worker": "stranger"})
    outbox = in_outbox(claim)
    assert outbox.take(stranger) is not None, "nobody else knows"
    assert outbox.owns(claim) is False
    again = in_outbox(claim, claim.model_copy(update={"state": "waiting"}))
    (second,) = again.claims(again.open(), NOW)
    again.take(second)
    wrong = again.take(late)
    assert wrong is not None
    assert wrong.standing == second, "the second attempt is under way: a word about the first is passed over"


def test_a_claim_that_comes_second_sends_nothing_and_is_written_over():
    first, second = in_outbox(waiting("1|hook"), worker="a"), in_outbox(waiting("1|hook"), worker="b")
    (a,), (b,) = first.claims(first.open(), NOW), second.claims(second.open(), NOW)
    for outbox in (first, second):
        assert outbox.take(a) is None
        wrong = outbox.take(b)
        assert wrong is not None
        assert outbox.take(wrong.standing) is None, "written again it changes nothing"
    assert first.owns(a)
    assert not second.owns(b)


def test_an_undo_is_answered_whatever_became_of_it():
    call = {"plan": "peak", "action": "ivr", "name": {"en": "a", "zh": "a"}, "level": 1, "event": "stood_down"}
    undo = waiting(
        "2|hook", notice=notice(event="call", call=call), state="sending", attempt=1, worker="w", first_at=NOW
    )
    outbox = in_outbox(undo)
    failed = after(undo, Refused("500", again=False), Retry(), NOW, 0.5)
    assert outbox.take(failed) is None
    assert (failed.state, failed.reason) == ("undeliverable", "500")
    assert outbox.unanswered() == [failed]
    call = call | {"event": "activated"}
    never, undone = (
        waiting(f"{n}|hook", notice=notice(event="call", call=call | {"event": event}), state="skipped")
        for n, event in ((1, "activated"), (2, "stood_down"))
    )
    assert in_outbox(never, undone).unanswered() == [undone], "the level was left before anybody was called"


@pytest.mark.parametrize(
    ("state", "reason", "told"),
    [
        ("delivered", "200 OK", ("done", "200 OK")),
        ("skipped", LEFT_BEFORE, ("skipped", LEFT_BEFORE)),
        (
            "skipped",
            "it was too old when it could be told",
            ("failed", "skipped: it was too old when it could be told"),
        ),
        ("undeliverable", "500", ("failed", "undeliverable: 500")),
        ("uncertain", "", ("failed", "uncertain: ")),
    ],
)
def test_only_a_call_that_went_out_is_done(state: str, reason: str, told: tuple[str, str]):
    assert verdict(waiting("1|hook", state=state, reason=reason)) == told


def test_a_wrong_record_is_said_so_that_the_right_one_is_written_again():
    done = waiting("1|hook", state="delivered", attempt=1, worker="w")
    outbox = in_outbox(done)
    wrong = outbox.take(waiting("1|hook"))
    assert wrong is not None
    assert wrong.standing == done
    assert outbox.take(done) is None


def test_positions_never_fall_and_old_deliveries_are_forgotten():
    outbox = in_outbox(waiting("1|hook", state="skipped"), waiting("2|hook"))
    outbox.take(Position(topic="alerts", offset=7))
    outbox.take(Position(topic="alerts", offset=3))
    assert outbox.positions == {"alerts": 7}
    assert outbox.old(NOW + KEPT_MS) == []
    assert outbox.old(NOW + KEPT_MS + 1) == ["1|hook"], "what still waits stays"
    outbox.forget("1|hook")
    assert list(outbox.deliveries) == ["2|hook"]
    assert all(one.state not in OVER for one in outbox.open())


def test_a_call_is_answered_once():
    call = {"plan": "peak", "action": "ivr", "name": {"en": "a", "zh": "a"}, "level": 1, "event": "activated"}
    done = waiting("1|hook", notice=notice(event="call", call=call), state="delivered", attempt=1)
    outbox = in_outbox(done)
    assert outbox.unanswered() == [done]
    outbox.take(done.model_copy(update={"answered": True}))
    assert outbox.unanswered() == []
