"""A worker that was stopped knows it before it writes."""

import time

from services.runtime.lease import Lease


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def lease() -> tuple[Lease, Clock]:
    clock = Clock()
    return Lease(4.0, clock), clock


def test_it_holds_while_it_ticks() -> None:
    held, clock = lease()
    for _ in range(20):
        clock.now += 3.9
        assert not held.lapsed
        held.beat()


def test_the_gap_is_seen_before_the_next_tick() -> None:
    held, clock = lease()
    clock.now += 4.1

    assert held.lapsed


def test_a_tick_after_the_gap_does_not_hide_it() -> None:
    held, clock = lease()
    clock.now += 4.1
    held.beat()

    assert held.lapsed


def test_a_new_assignment_renews_it() -> None:
    held, clock = lease()
    clock.now += 4.1
    held.beat()
    held.renew()

    assert not held.lapsed


def test_the_thread_ticks_by_itself() -> None:
    held = Lease(0.3)
    held.start(every_s=0.02)
    time.sleep(0.6)
    lapsed = held.lapsed
    held.stop()

    assert not lapsed
