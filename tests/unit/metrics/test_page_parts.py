"""A page that is kept in parts is the same page."""

from typing import Any

from services.metrics.domain import pages
from services.metrics.domain.pages import LARGE, Page, merged

MANY = 4 * LARGE


def page_of(count: int) -> Page[Any]:
    page: Page[Any] = Page("lisbon/sales", 7)
    for number in range(count):
        put(page, number, (0, 0), offset=number)
    page.change_counted()
    return page


def put(page: Page[Any], number: int, entry: tuple[int, int], offset: int) -> None:
    entries, key = page.unfolded(), (f"c{number}", page.start + number)
    page.before.setdefault(key, entries.get(key))
    entries[key] = entry
    page.offset = offset


def restored(value: bytes) -> Page[Any]:
    return Page.restore("lisbon/sales", 7, value)


def test_what_changed_since_it_was_kept_whole_is_a_small_part_of_it():
    page = page_of(MANY)
    assert page.encode_part() is None
    whole = page.encode()
    put(page, 3, (1, 500), offset=MANY)
    put(page, MANY, (0, 0), offset=MANY + 1)
    page.change_counted()  # a half-hour was published in between
    put(page, 5, (2, 700), offset=MANY + 2)

    part = page.encode_part()

    assert part is not None
    assert len(part) < len(whole) / 4
    both = restored(merged(whole, part))
    assert (both.offset, both.open, both.unfolded()) == (MANY + 2, page.open, page.unfolded())


def test_a_part_grows_until_the_page_is_kept_whole_again():
    page = page_of(MANY)
    page.encode_part()
    whole, parts = page.encode(), 0
    for number in range(MANY):
        put(page, number, (1, 100), offset=MANY + number)
        part = page.encode_part()
        if part is None:
            break
        parts += 1
        assert restored(merged(whole, part)).unfolded() == page.unfolded()
    assert parts == MANY // 4


def test_a_part_that_is_older_than_the_whole_says_nothing():
    page = page_of(MANY)
    page.encode_part()
    put(page, 3, (1, 500), offset=MANY)
    part = page.encode_part()
    assert part is not None
    put(page, 3, (1, 400), offset=MANY + 1)
    whole = page.encode()

    assert merged(whole, part) == whole


def test_a_small_page_and_one_that_was_folded_are_kept_whole(monkeypatch):
    monkeypatch.setattr(pages, "LARGE", LARGE)
    small = page_of(LARGE - 1)
    assert small.encode_part() is None
    put(small, 0, (1, 1), offset=99)
    assert small.encode_part() is None

    page = page_of(MANY)
    page.encode_part()
    page.fold()
    put(page, 0, (1, 1), offset=MANY)
    assert page.encode_part() is None
