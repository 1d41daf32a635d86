"""CSV with commas or semicolons, whose first line names the columns."""

import csv
from collections.abc import Iterable, Iterator, Sequence

from services.contracts.schedule_files.reading import PlanFileError


class Table:
    """The columns' names, in small letters, and rows by name."""

    def __init__(self, lines: Iterable[str]) -> None:
        rest = iter(lines)
        first = next(rest, "").removeprefix("\ufeff")
        delimiter = ";" if first.count(";") > first.count(",") else ","
        self.names = [name.strip().casefold() for name in next(csv.reader([first], delimiter=delimiter), [])]
        self._reader = csv.reader(rest, delimiter=delimiter)

    def needs(self, columns: Sequence[str], named: Sequence[str]) -> None:
        """Raises PlanFileError where one of these is missing, with the columns that it is to name."""
        if missing := [name for name in columns if name not in self.names]:
            raise PlanFileError(f"line 1: the columns {', '.join(named)} are needed, {', '.join(missing)} is missing")

    def holds_only(self, columns: Sequence[str]) -> None:
        """Raises PlanFileError where a column is none of these, or is there twice."""
        if unknown := [name for name in self.names if name not in columns]:
            raise PlanFileError(f"line 1: unknown column {unknown[0]!r}; there are {', '.join(columns)}")
        if len(set(self.names)) < len(self.names):
            raise PlanFileError("line 1: a column is given twice")

    def rows(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Each row that is not empty, with its place ("line 7"). A cell that is missing at its end is empty.

        Raises:
            PlanFileError: from there on it is no CSV.
        """
        while True:
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise PlanFileError(f"line {self._reader.line_num + 1}: {error}") from error
            if any(cell.strip() for cell in cells):
                padded = [*(cell.strip() for cell in cells), *[""] * len(self.names)]
                yield f"line {self._reader.line_num + 1}", dict(zip(self.names, padded, strict=False))
