"""Recorded sources: call files of the bank, Asterisk's queue_log, its database export, a log that is followed."""

import json
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.contracts.events import AnyEvent, IvrEntered, Offered
from services.contracts.letters import DeadLetter
from services.ingest.asterisk_replay import asterisk_site, record_asterisk
from services.ingest.bank_replay import record_bank
from services.ingest.domain.bank import COLUMNS, is_header
from services.ingest.domain.disorder import Disorder
from services.ingest.domain.pseudonym import pseudonyms
from services.ingest.domain.queue_log import EXPORT_COLUMNS, Tracker
from services.ingest.sources.asterisk import Reader
from services.ingest.sources.bank_files import Span
from services.ingest.sources.followed_file import FollowedFile
from services.ingest.sources.rejects import Rejects
from tests.fuzz import mutate
from tests.fuzz.law import Tally, check_events, check_letters

AT_ONCE = 2_000
VALID_SHARE = 0.25
CUSTOMER = "27182818"

hide = pseudonyms("a key that is long enough")
Lines = list[tuple[str, str | None]]
"""(line, its mark if it is valid)"""


def bank(inputs: int, chance: random.Random) -> Tally:
    """Tab-separated rows."""
    tally = Tally()
    while tally.given < inputs:
        lines: Lines = [(_bank_row(number), f"{number}") for number in range(AT_ONCE)]
        made = _spoilt(chance, lines, "\t")
        header = "\t".join(COLUMNS)
        rejects = Rejects("fuzz")
        rows = 0

        def count(read: int) -> None:
            nonlocal rows
            rows = read

        with _file(chance, header, made) as (path, given):
            recording = record_bank(
                [path], feed="fuzz", site="bank", span=Span(), disorder=Disorder(), pseudonym=hide, rejects=rejects,
                on_progress=count,
            )  # fmt: skip
        events = [event for _, event in recording.coming]
        entered = [event for event in events if isinstance(event, IvrEntered)]
        headers = sum(is_header(line.split("\t")) for line in given)
        refused_headers = sum(letter.field in COLUMNS and "header" in letter.reason for letter in rejects.letters)
        accepted, refused = len(entered), len(rejects.letters) - refused_headers
        where = f"bank file with {headers} headers"
        tally.count(given=len(given) - headers, accepted=accepted, refused=refused, where=where)
        _check_valid(tally, made, {event.contact.rpartition(".")[2] for event in entered}, where)
        _check(tally, events, rejects.letters, where)
    return tally


def queue_log(inputs: int, chance: random.Random) -> Tally:
    """`epoch|callid|queue|member|EVENT|…` in files."""
    tally = Tally()
    while tally.given < inputs:
        made = _spoilt(chance, list(_log_lines(chance)), "|")
        with _file(chance, None, made) as (path, given):
            _read_asterisk(tally, path, len(given), made, export=False, where="queue_log")
    return tally


def export(inputs: int, chance: random.Random) -> Tally:
    """The database export, as CSV."""
    tally = Tally()
    while tally.given < inputs:
        made = _spoilt(chance, list(_export_rows(chance)), ",")
        with _file(chance, ",".join(EXPORT_COLUMNS), made) as (path, given):
            _read_asterisk(tally, path, len(given) - 1, made, export=None, where="export")
    return tally


def followed(inputs: int, chance: random.Random) -> Tally:
    """A queue_log that grows by raw bytes, cut anywhere, and is followed."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        while tally.given < inputs:
            path = Path(folder) / f"queue_log{tally.given}"
            path.touch()
            file, reader = FollowedFile(path), _reader()
            accepted = refused = given = 0
            events: list[AnyEvent] = []
            made = _spoilt(chance, list(_log_lines(chance)), "|")
            content = b"".join(_spoilt_bytes(chance, line) for line in made)
            for first in range(0, len(content), 5_000):
                with path.open("ab") as log:
                    log.write(content[first : first + 5_000])
                for line in file.read():
                    given += bool(line.text.strip())
                    events += reader.line(line.text, file=str(path), number=line.number)
                    letters = reader.taken_aside()
                    refused += len(letters)
                    _check(tally, [], letters, "followed log")
            accepted = reader.rows - refused
            tally.count(given=given, accepted=accepted, refused=refused, where="followed log")
            if given != sum(bool(line.strip()) for line in content.decode(errors="replace").split("\n")):
                tally.breach(f"followed log: {given} lines read, which is not what was written")
            _check_valid(tally, made, {event.contact for event in events if isinstance(event, Offered)}, "followed log")
            _check(tally, events, [], "followed log")
            file.close()
            restored = _tracker()
            restored.restore(json.loads(json.dumps(reader.tracker.snapshot())))
            path.unlink()
    return tally


def _read_asterisk(tally: Tally, path: Path, given: int, made: Lines, *, export: bool | None, where: str) -> None:
    reader = _reader()
    recording = record_asterisk(
        [path], reader=reader, feed="fuzz", site=asterisk_site("asterisk", "UTC"), export=export,
        on_progress=lambda _: None,
    )  # fmt: skip
    letters = [*reader.rejects.letters, *reader.aside.letters]
    events = [event for _, event in recording.coming]
    tally.count(given=given, accepted=reader.rows - len(letters), refused=len(letters), where=where)
    _check_valid(tally, made, {event.contact for event in events if isinstance(event, Offered)}, where)
    _check(tally, events, letters, where)
    json.dumps(reader.tracker.snapshot())


def _check_valid(tally: Tally, made: Lines, found: set[str], where: str) -> None:
    lost = [mark for _, mark in made if mark is not None and mark not in found]
    if lost:
        tally.breach(f"{where}: {len(lost)} valid lines were lost, such as {lost[0]!r}")


def _check(tally: Tally, events: list[AnyEvent], letters: list[DeadLetter], where: str) -> None:
    check_events(tally, events, where=where)
    check_letters(tally, letters, where=where)
    for letter in letters:
        if letter.line is None or letter.file is None:
            tally.breach(f"{where}: a letter that names no line: {letter}")
        if CUSTOMER in letter.model_dump_json():
            tally.breach(f"{where}: a letter that names a customer: {letter}")


def _bank_row(number: int) -> str:
    return (
        f"AA0101\t{number}\t{CUSTOMER}\t2\tPS\t990107\t9:{number % 60:02}:00\t9:{number % 60:02}:10\t10\t"
        f"9:{number % 60:02}:10\t9:{number % 60:02}:40\t30\tAGENT\t9:{number % 60:02}:40\t9:{number % 60:02}:59\t19\tDORIT"
    )


def _log_lines(chance: random.Random) -> Iterator[tuple[str, str | None]]:
    """Calls: each begins with an ENTERQUEUE, which is what is looked for again. Other lines are just there."""
    for number in range(AT_ONCE // 4):
        at, call = 1_600_000_000 + number * 7, f"{1_600_000_000 + number}.{number}"
        yield f"{at}|{call}|support|NONE|ENTERQUEUE||{CUSTOMER}|1", call
        yield f"{at + 5}|{call}|support|SIP/ann|CONNECT|5|{call}|2", None
        yield f"{at + 65}|{call}|support|SIP/ann|COMPLETECALLER|5|60|1", None
        yield chance.choice((
            f"{at}|NONE|support|SIP/bob|PAUSE|lunch", f"{at}|NONE|NONE|NONE|CONFIGRELOAD|", f"{at}|{call}|support|NONE|DID|{CUSTOMER}",
            f"{at + 70}|{call}x|sales|NONE|ABANDON|1|1|70", f"{at}|NONE|support|SIP/bob|ADDMEMBER|",
            f"{at + 70}|{call}y|sales|SIP/ann|BLINDTRANSFER|100|default|5|60|1", f"{at}|NONE|NONE|NONE|QUEUESTART|",
            f"{at + 70}|{call}z|sales|SIP/ann|ATTENDEDTRANSFER|BRIDGE|x|5|60|1", f"{at}|{call}w|sales|NONE|EXITWITHKEY|1|1|1|5",
        )), None  # fmt: skip


def _export_rows(chance: random.Random) -> Iterator[tuple[str, str | None]]:
    for number in range(AT_ONCE // 3):
        at, call = 1_600_000_000 + number * 7, f"{1_600_000_000 + number}.{number}"
        when = "2020-09-13 12:26:40"
        yield f"{number},{at},{call},support,NONE,ENTERQUEUE,{CUSTOMER},,,0,0,0,0,{when}", call
        yield f"{number},{at + 5},{call},support,SIP/ann,CONNECT,,,,0,0,5,0,{when}", None
        event = chance.choice(("COMPLETEAGENT", "ABANDON", "RINGNOANSWER", "PAUSE", "EXITEMPTY", "DID"))
        yield f'{number},{at + 65},{call},support,SIP/ann,{event},"a, b",,,1,1,5,60,{when}', None


def _spoilt(chance: random.Random, lines: Lines, separator: str) -> Lines:
    """Three of four lines made wrong; those are marked as valid no more."""
    made: Lines = []
    for line, mark in lines:
        if chance.random() < VALID_SHARE:
            made.append((line, mark))
        elif chance.random() < 0.9:
            made.append((separator.join(mutate.fields(chance, line.split(separator))), None))
        else:
            made.append((mutate.raw(chance, line.encode()).decode(errors="replace"), None))
    # A line's end inside a line makes two of it, and neither is what it was.
    return [(part, mark) for line, mark in made for part in line.split("\n")]


def _spoilt_bytes(chance: random.Random, line: tuple[str, str | None]) -> bytes:
    text, mark = line
    content = text.encode(errors="replace")
    if mark is None and chance.random() < 0.1:
        content = mutate.raw(chance, content).replace(b"\n", b"")
    return content + chance.choice((b"\n", b"\r\n"))


@contextmanager
def _file(chance: random.Random, header: str | None, made: Lines) -> Iterator[tuple[Path, list[str]]]:
    """A file of these lines, with or without BOM and CRs; its lines that are not blank."""
    lines = [*([] if header is None else [header]), *(line for line, _ in made)]
    end = chance.choice(("\n", "\r\n"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fuzzed"
        bom = chance.choice((b"", b"\xef\xbb\xbf"))
        path.write_bytes(bom + end.join(lines).encode(errors="replace"))
        yield path, [line for line in lines if line.strip("\r\n") and line.strip()]


def _tracker() -> Tracker:
    return Tracker(feed="fuzz", site="asterisk", pseudonym=hide)


def _reader() -> Reader:
    return Reader(_tracker(), Rejects("fuzz"), Rejects("fuzz"), lambda: time.time() * 1000)
