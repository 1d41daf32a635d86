"""How much one key may send: 10 events a second, 40 at once."""

from services.ingest.domain.admission import Admission


def test_a_burst_may_come_and_then_the_rate():
    admission = Admission(10)
    assert admission.wait_s("k", 0.0) == 0
    admission.take("k", 40, 0.0)
    assert admission.wait_s("k", 0.0) == 0
    admission.take("k", 10, 0.0)
    assert admission.wait_s("k", 0.0) == 1.0
    assert admission.wait_s("k", 0.5) == 0.5
    assert admission.wait_s("k", 1.0) == 0


def test_a_batch_larger_than_a_burst_is_taken_whole_and_owed():
    admission = Admission(10)
    admission.take("k", 140, 0.0)
    assert admission.wait_s("k", 0.0) == 10.0


def test_one_key_does_not_slow_another():
    admission = Admission(10)
    admission.take("k", 1000, 0.0)
    assert admission.wait_s("other", 0.0) == 0


def test_what_is_not_used_is_not_saved_up_for_ever():
    admission = Admission(10)
    admission.take("k", 0, 0.0)
    admission.take("k", 60, 1_000_000.0)
    assert admission.wait_s("k", 1_000_000.0) == 2.0
