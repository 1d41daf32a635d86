"""Call files as people have them: compressed, with other columns, broken in places."""

import gzip
import lzma
from datetime import datetime

import pytest

from services.contracts.events import IvrEntered
from services.ingest.bank_replay import record_bank
from services.ingest.domain.bank import COLUMNS
from services.ingest.domain.disorder import Disorder
from services.ingest.sources.bank_files import Span
from services.ingest.sources.files import SHIPPED_JANUARY, digest, shipped
from services.ingest.sources.rejects import Rejects
from tests.unit.ingest.bank_months import Month, month, translated
from tests.unit.ingest.rows import file_of, row


@pytest.fixture
def file(tmp_path):
    def write(text, name="1999-01.txt"):
        path = tmp_path / name
        path.write_text(text) if isinstance(text, str) else path.write_bytes(text)
        return path

    return write


def entered(found: Month) -> list[str]:
    return [event.contact.rpartition(".")[2] for event in found.events if isinstance(event, IvrEntered)]


@pytest.mark.parametrize("pack", [str.encode, lambda t: gzip.compress(t.encode()), lambda t: lzma.compress(t.encode())])
def test_plain_or_compressed_whatever_it_is_called(file, pack):
    assert entered(translated(file(pack(file_of(row(call_id="7")))))) == ["7"]


def test_a_broken_row_is_named_and_the_run_goes_on(file):
    found = translated(file(file_of(row(call_id="1"), row(vru_entry="25:00:00"), row()[:9], row(call_id="4"))))
    assert entered(found) == ["1", "4"]
    assert found.rows == 4
    assert found.rejected == (
        "3 vru_entry: '25:00:00' is no time of day such as 9:05:00",
        "4 None: 9 columns instead of 17",
    )


def test_columns_in_another_order_and_some_more(file):
    columns = (*reversed(COLUMNS), "remark")
    assert entered(translated(file(file_of([*reversed(row(call_id="7")), "x"], columns=columns)))) == ["7"]


def test_files_put_together_have_their_headers_in_the_middle(file):
    text = file_of(row(call_id="1")) + file_of([*reversed(row(call_id="2"))], columns=tuple(reversed(COLUMNS)))
    assert entered(translated(file(text))) == ["1", "2"]


def test_a_header_may_be_missing_if_the_rows_are_in_the_standard_order(file):
    assert entered(translated(file("\t".join(row(call_id="1")) + "\n"))) == ["1"]


@pytest.mark.parametrize("first", ["\t".join(("vru_line", *COLUMNS[1:])), "something else", "\x00\x01"])
def test_a_file_whose_columns_nobody_can_tell_is_skipped_with_one_reason(file, first):
    found = translated(file(first + "\n" + "\t".join(row()) + "\n"), file(file_of(row(call_id="2")), "1999-02.txt"))
    assert entered(found) == ["2"]
    assert len(found.rejected) == 1


def test_line_ends_of_windows_a_byte_order_mark_and_empty_lines(file):
    text = "\ufeff" + file_of(row(call_id="1"), row(call_id="2")).replace("\n", "\r\n\r\n")
    assert entered(translated(file(text.encode()))) == ["1", "2"]


def test_a_compressed_file_that_breaks_off(file):
    whole = gzip.compress(file_of(*[row(call_id=str(n)) for n in range(2000)]).encode())
    found = translated(file(whole[: len(whole) // 2]))
    assert len(found.rejected) == 1
    assert "breaks off" in found.rejected[0]


def test_only_the_calls_of_a_span(file):
    text = file_of(*[row(call_id=str(hour), vru_entry=f"{hour}:00:00") for hour in range(7, 12)])
    span = Span(datetime(1999, 1, 1, 8), datetime(1999, 1, 1, 10))  # noqa: DTZ001  # site-local
    assert entered(translated(file(text), span=span)) == ["8", "9"]


def test_a_customers_number_does_not_show_in_what_is_rejected(file):
    rejects = Rejects("f")
    path = file(file_of(row(vru_exit="x"), row(customer_id="27997683x"), row()[:-1]))
    record_bank(
        [path], feed="f", site="bank", span=Span(), disorder=Disorder(), pseudonym=str, rejects=rejects,
        on_progress=lambda _: None,
    )  # fmt: skip
    assert len(rejects.letters) == 3
    assert "27997683" not in repr(rejects.letters)
    assert rejects.listed()[0] == {
        "file": str(path), "line": 2, "reason": "vru_exit: 'x' is no time of day such as 9:05:00"
    }  # fmt: skip
    assert len({letter.id for letter in rejects.letters}) == 3


def test_the_shipped_january_is_the_real_one():
    assert translated(shipped(SHIPPED_JANUARY)).events == month(1).events


def test_a_file_is_known_by_its_content(file):
    assert digest(file("a", "1")) == digest(file("a", "2")) != digest(file("b", "3"))
