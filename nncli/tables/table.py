"""Table as read: named columns of text or numbers, each cell with its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from nncli.messages.errors import DataError
from nncli.messages.suggestions import suggestion
from nncli.messages.wording import listed, shown
from nncli.nn.arrays import Array
from nncli.tables.column import Cells, Column, no_number
from nncli.tables.dates import is_date
from nncli.tables.notation import PLAIN_NOTATION, Notation, thousandfold
from nncli.tables.settings import DETECTED, ReadConfig

NO_HEADER = "no header row"


class Source(Protocol):
    """Rows of the file a table was read from."""

    @property
    def form(self) -> str:
        """Format of the rows: output in the same format copies them unchanged."""

    @property
    def separator(self) -> str:
        """Separator of the columns if the rows are written as CSV."""

    @property
    def lines(self) -> Sequence[int]:
        """The line on which each row starts, or its number if a file has no lines."""

    def rows(self) -> Sequence[str]:
        """Return each row as written in the file, without its line end."""

    def place(self, row: int, position: int, name: str, cell: str) -> tuple[str, str | None]:
        """Return the place of a cell, to append to the file's name, and its line with carets."""

    def take(self, rows: Sequence[int] | Array) -> Source:
        """Return the source of some rows (from 0)."""


@dataclass(frozen=True)
class Table:
    """Rows under a header.

    Attributes
    ----------
    origin : its name in errors: a file, or its place in the config.
    columns : name -> cells, text as read from the file, or generated numbers.
    source : the rows as read, if from a file.
    remark : a guess made when reading it, to report to the user; usually empty.
    notations : column -> how its numbers are written, plain where it has no entry; None to detect it.
    """

    origin: str
    columns: Mapping[str, Cells]
    source: Source | None = None
    remark: str = ""
    notations: Mapping[str, Notation] | None = None

    @cached_property
    def typed(self) -> Mapping[str, Column]:
        """The columns with their detected kinds, by name."""
        if self.notations is None:
            return {name: Column(cells) for name, cells in self.columns.items()}
        return {
            name: Column(cells, self.notations.get(name, PLAIN_NOTATION))
            for name, cells in self.columns.items()
        }

    def noted(self, notations: Mapping[str, Notation]) -> Table:
        """Return the table with its numbers read in these notations."""
        if self.notations == notations:
            return self
        table = replace(self, notations=notations)
        if "typed" in vars(self):  # what was worked out in the same notation stays
            vars(table)["typed"] = {
                name: column
                if vars(column).get("notation") == notations.get(name, PLAIN_NOTATION)
                else Column(self.columns[name], notations.get(name, PLAIN_NOTATION))
                for name, column in self.typed.items()
            }
        return table

    def detected(self, given: ReadConfig = DETECTED) -> Table:
        """Return the table with the notations of its numbers settled: as given, or as cells are written."""
        found = {name: column.detected(given) for name, column in self.typed.items()}
        return self.noted({name: notation for name, notation in found.items() if notation != PLAIN_NOTATION})

    @property
    def remarks(self) -> list[str]:
        """Return what was detected when reading it: its layout, and how numbers are written."""
        found = [self.remark] if self.remark else []
        for name, notation in (self.notations or {}).items():
            if not notation.is_plain and (cell := self.typed[name].example):
                found.append(f"{shown(name)}: {notation.remark(cell)}")
        for name, column in self.typed.items():
            if cell := column.doubtful:
                row = column.texts.index(cell)
                place = f" (line {self.source.lines[row]})" if self.source else ""
                one = thousandfold(cell)
                found.append(
                    f"{shown(name)}{place}: the point in {cell} is read as a decimal point; if it separates "
                    f"thousands ({one}), set dataset.read.thousands: '.'"
                )
        return found

    @property
    def lines(self) -> Sequence[int] | None:
        """The line on which each row starts in its file; None if it was not read from a file."""
        return self.source.lines if self.source else None

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return list(self.columns)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def head(self, rows: int) -> Table:
        """Return the first `rows` rows."""
        return self.take(range(min(rows, len(self))))

    def take(self, rows: Sequence[int] | Array) -> Table:
        """Return the given rows (from 0) in the order given."""
        rows = np.asarray(rows, dtype=np.intp)
        typed = {name: column.take(rows) for name, column in self.typed.items()}
        columns = {name: column.cells for name, column in typed.items()}
        source = self.source and self.source.take(rows)
        table = Table(self.origin, columns, source, self.remark, self.notations)
        vars(table)["typed"] = typed
        return table

    def require(self, names: Sequence[str]) -> None:
        """Raise DataError unless every name is a column; the message lists all that are not."""
        if missing := [name for name in names if name not in self.columns]:
            words = "column" if len(missing) == 1 else "columns"
            quoted = listed(f"'{shown(name)}'" for name in missing)
            by_lower = {name.lower(): name for name in self.names}
            cased = [
                f"{shown(by_lower[name.lower()])} to {shown(name)}"
                for name in missing
                if name.lower() in by_lower
            ]
            hint = f"names are case-sensitive; rename {listed(cased)} in the table" if cased else ""
            raise DataError(
                f"{self.origin}: no {words} named {quoted}",
                hint=hint or self.columns_like(missing[0]),
            )

    def columns_like(self, name: str) -> str:
        """Make the hint for a name that is no column: the column meant, if any, and all columns."""
        if NO_HEADER in self.remark:
            return f"{self.remark}; use one of these names, or add a header row"
        return suggestion(name, self.names, "columns")

    def text(self, row: int, name: str) -> str:
        """Return one cell as text."""
        return self.typed[name].take([row]).texts[0]

    def numbers(self, name: str) -> Array:
        """Return a column as finite float64 (n,).

        Raises
        ------
        DataError
            With file, line and column of the first cell that is empty, text or not finite.
        """
        values = self.typed[name].numbers
        for row in np.flatnonzero(~np.isfinite(values)).tolist():
            raise self.cell_error(row, name, *no_number(self.text(row, name)))
        return values

    def cell_error(self, row: int, name: str, problem: str, hint: str | None = None) -> CellError:
        """Return the error of one cell, with its place and, for a file, its line."""
        place, excerpt = self._located(row, name)
        return CellError(f"{place}: {shown(name)}: {problem}", row, name, problem, hint=hint, source=excerpt)

    def place(self, row: int, name: str) -> str:
        """Return the place of a cell: `people.csv:12:5`, or `people: row 12` if not from a file."""
        return self._located(row, name)[0]

    def _located(self, row: int, name: str) -> tuple[str, str | None]:
        """Return the place of a cell and, for a file, its line."""
        if self.source is None:
            return f"{self.origin}: row {row + 1}", None
        cells = self.columns[name]
        cell = "" if isinstance(cells, np.ndarray) else cells[row]
        place, excerpt = self.source.place(row, self.names.index(name), name, cell)
        return f"{self.origin}{place}", excerpt


class Misfit(DataError):
    """Error of data that do not fit a key of the config: `key` is its place below `dataset`."""

    def __init__(self, key: tuple[str | int, ...], problem: str, *, hint: str | None = None) -> None:
        super().__init__(f"dataset.{'.'.join(map(str, key))}: {problem}", hint=hint)
        self.key, self.problem = key, problem


class CellError(DataError):
    """Error of an invalid cell: `row` counts from 0."""

    def __init__(
        self, message: str, row: int, column: str, problem: str, *, hint: str | None, source: str | None
    ) -> None:
        super().__init__(message, hint=hint, source=source)
        self.row, self.column, self.problem = row, column, problem


class RowError(DataError):
    """Error of an unreadable row of a file: `line` counts from 1, `text` is the row as written."""

    def __init__(
        self, message: str, line: int, text: str, problem: str, *, hint: str | None, source: str | None = None
    ) -> None:
        super().__init__(message, hint=hint, source=source)
        self.line, self.text, self.problem = line, text, problem


def date_error(table: Table, name: str, hint: str) -> CellError:
    """Return the error of a column of dates or times, at its first one."""
    row, cell = next((row, cell) for row, cell in enumerate(table.typed[name].texts) if is_date(cell))
    return table.cell_error(row, name, f"'{shown(cell)}' is a date or time, not a number", hint)
