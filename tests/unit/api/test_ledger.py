"""Numbered views."""

from services.api.domain.ledger import Ledger


def keys(ledger: Ledger, since: int = 0) -> list[str]:
    return [entry.key for entry in ledger.since(since)]


def test_each_change_has_its_own_number_and_an_item_is_told_once():
    ledger = Ledger()
    assert ledger.put("tile", "a", None, b"1")
    assert ledger.put("tile", "b", None, b"1")
    assert ledger.put("tile", "a", None, b"2")
    assert not ledger.put("tile", "a", None, b"2")
    assert (ledger.seq, keys(ledger), keys(ledger, 2), keys(ledger, 3)) == (3, ["tile|b", "tile|a"], ["tile|a"], [])


def test_content_decides_what_a_change_is():
    ledger = Ledger()
    ledger.put("feed", "f", "s", b'{"age_s":1}', content=("fresh",))
    assert not ledger.put("feed", "f", "s", b'{"age_s":2}', content=("fresh",))
    assert ledger.holds("feed", "f", ("fresh",))
    assert ledger.put("feed", "f", "s", b'{"age_s":4}', content=("stale",))
    entry = ledger.get("feed", "f")
    assert entry is not None
    assert entry.body == b'{"age_s":4}'


def test_what_is_gone_is_told_once_and_can_come_back():
    ledger = Ledger()
    ledger.put("tile", "a", "s", b"1")
    assert ledger.remove("tile", "a")
    assert not ledger.remove("tile", "a")
    assert not ledger.remove("tile", "never")
    assert ledger.get("tile", "a") is None
    assert [(entry.site, entry.body) for entry in ledger.since(0)] == [("s", None)]
    assert ledger.put("tile", "a", "s", b"1")
    assert [entry.key for entry in ledger.present()] == ["tile|a"]


def test_removals_are_kept_for_a_while_and_then_resuming_ends():
    ledger = Ledger(kept_removals=1)
    for id_ in "ab":
        ledger.put("tile", id_, None, b"1")
    ledger.remove("tile", "a")
    assert ledger.can_tell_since(0)
    ledger.remove("tile", "b")
    assert [ledger.can_tell_since(seq) for seq in (2, 3, 4, 5)] == [False, True, True, False]
    assert keys(ledger, 3) == ["tile|b"]


def test_what_comes_back_at_another_place_is_told_to_those_who_still_hold_it_at_the_first():
    ledger = Ledger()
    ledger.put("agent", "ann", "porto", b"1")
    ledger.remove("agent", "ann")
    ledger.put("agent", "ann", "lisbon", b"1")
    # Who was right at 1 and sees only Porto would never hear that she is gone; who was right at 2 has heard it.
    assert [ledger.can_tell_since(seq) for seq in (1, 2, 3)] == [False, True, True]


def test_a_removal_that_is_forgotten_forgets_no_later_reason_to_start_anew():
    ledger = Ledger(kept_removals=1)
    for id_ in "ab":
        ledger.put("tile", id_, None, b"1")
    ledger.put("agent", "ann", "porto", b"1")
    ledger.remove("tile", "a")
    ledger.put("agent", "ann", "lisbon", b"1")
    ledger.remove("tile", "b")
    assert [ledger.can_tell_since(seq) for seq in (4, 5, 6)] == [False, True, True]
