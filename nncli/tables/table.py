"""A table as it was read: named columns of text or numbers, each cell with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, cast

import numpy as np

from nncli.messages.errors import DataError
from nncli.messages.suggestions import suggestion
from nncli.messages.wording import listed, shown
from nncli.nn.arrays import Array

Cells: TypeAlias = Sequence[str] | Array
ValueKind = Literal["number", "boolean", "category"]
Kind = ValueKind | Literal["date"]

# Words of which a column of booleans holds one pair, in any case.
BOOLEANS = ({"true", "false"}, {"yes", "no"})

# What stands for no value, in any case. Of categories the empty cell alone: `none` may well be one of them.
_MARKS = frozenset({"", "na", "n/a", "nan", "-nan", "null", "none", "?"})
NO_VALUE: dict[ValueKind, frozenset[str]] = {
    "number": _MARKS,
    "boolean": _MARKS,
    "category": frozenset({""}),
}

_CLOCK = r"\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp][Mm])?( ?(Z|[A-Z]{3,4}|[+-]\d{2}:?\d{2}))?"
_DAY = r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})"
_DATE = re.compile(rf"({_DAY})([T ]{_CLOCK})?|{_CLOCK}", re.ASCII)
_INSTEAD_OF_DATES = "give a number in its place, such as the days since a fixed day, or the hour of the day"
_DECIMAL_COMMA = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+", re.ASCII)


class Source(Protocol):
    """The file a table was read from, as far as its rows are concerned."""

    @property
    def form(self) -> str:
        """How the rows are written: output of the same form takes them over as they are."""

    @property
    def lines(self) -> Sequence[int]:
        """The line on which each row starts, or its number where a file has no lines."""

    def rows(self) -> Sequence[str]:
        """Each row as it stands in the file, without its line end."""

    def place(self, row: int, position: int, name: str, cell: str) -> tuple[str, str | None]:
        """What follows the file's name to say where a cell is, and its line with carets."""

    def take(self, rows: Sequence[int]) -> Source:
        """That of some rows, which count from 0."""


@dataclass(frozen=True)
class Table:
    """Rows under a header.

    Attributes
    ----------
    origin : what errors call it: a file, or where in the config it stands.
    columns : name -> cells, text as it stood in the file or numbers as they were made.
    source : where its rows stand, if in a file.
    remark : what was guessed to read it, for people to know; mostly nothing.
    """

    origin: str
    columns: Mapping[str, Cells]
    source: Source | None = None
    remark: str = ""

    @property
    def lines(self) -> Sequence[int] | None:
        """The line on which each row starts in its file, where it comes from one."""
        return self.source.lines if self.source else None

    @property
    def names(self) -> list[str]:
        """The header."""
        return list(self.columns)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def head(self, rows: int) -> Table:
        """The first `rows` rows."""
        return self.take(range(min(rows, len(self))))

    def take(self, rows: Sequence[int] | Array) -> Table:
        """Some rows, which count from 0, in the order given."""
        rows = rows.tolist() if isinstance(rows, np.ndarray) else rows
        columns = {
            name: cells[np.asarray(rows, dtype=np.intp)]
            if isinstance(cells, np.ndarray)
            else [cells[row] for row in rows]
            for name, cells in self.columns.items()
        }
        return Table(self.origin, columns, self.source and self.source.take(rows), self.remark)

    def require(self, names: Sequence[str]) -> None:
        """Raise DataError unless every name is a column; the message names all that are not."""
        if missing := [name for name in names if name not in self.columns]:
            words = "column" if len(missing) == 1 else "columns"
            quoted = listed(f"'{shown(name)}'" for name in missing)
            raise DataError(
                f"{self.origin}: no {words} {quoted}", hint=suggestion(missing[0], self.names, "columns")
            )

    def is_text(self, name: str) -> bool:
        """Whether some cell of a column is no number."""
        cells = self.columns[name]
        return not isinstance(cells, np.ndarray) and not all(map(is_number, cells))

    def is_numeric(self, name: str) -> bool:
        """Whether a column is meant as numbers: most of its cells are, the others perhaps slips."""
        cells = self.columns[name]
        return isinstance(cells, np.ndarray) or 2 * sum(map(is_number, cells)) > len(cells)

    def kind(self, name: str) -> Kind:
        """What a column seems to hold: booleans where every cell is one, else what most cells are.

        Cells that stand for no value tell nothing; a column of them alone counts as numbers.
        """
        cells = self.columns[name]
        if isinstance(cells, np.ndarray):
            return "number"
        given = [cell for cell in cells if cell.lower() not in _MARKS]
        if any({cell.lower() for cell in given} <= pair for pair in BOOLEANS if given):
            return "boolean"
        if 2 * sum(map(_meant_as_number, given)) >= len(given):
            return "number"
        return "date" if 2 * sum(map(_is_date, given)) > len(given) else "category"

    def texts(self, name: str) -> list[str]:
        """A column as text, numbers in their shortest form."""
        return list(texts(self.columns[name]))

    def numbers(self, name: str) -> Array:
        """A column as finite float64 (n,).

        Raises
        ------
        DataError
            With file, line and column of the first cell that is empty, text or not finite.
        """
        values = numbers_or_nan(self.columns[name])
        for row in np.flatnonzero(~np.isfinite(values)).tolist():
            raise self.cell_error(row, name, *no_number(self.take([row]).texts(name)[0]))
        return values

    def cell_error(self, row: int, name: str, problem: str, hint: str | None = None) -> CellError:
        """A mistake in one cell, with its place and, for a file, the line it stands on."""
        place, excerpt = f": row {row + 1}", None
        if self.source is not None:
            cells = self.columns[name]
            cell = "" if isinstance(cells, np.ndarray) else cells[row]
            place, excerpt = self.source.place(row, self.names.index(name), name, cell)
        message = f"{self.origin}{place}: {shown(name)}: {problem}"
        return CellError(message, row, name, problem, hint=hint, source=excerpt)


class Misfit(DataError):
    """Data that do not fit a key of the config: `key` is its place below `dataset`."""

    def __init__(self, key: tuple[str | int, ...], problem: str, *, hint: str | None = None) -> None:
        super().__init__(f"dataset.{'.'.join(map(str, key))}: {problem}", hint=hint)
        self.key, self.problem = key, problem


class CellError(DataError):
    """A cell that cannot be used: `row` counts from 0."""

    def __init__(
        self, message: str, row: int, column: str, problem: str, *, hint: str | None, source: str | None
    ) -> None:
        super().__init__(message, hint=hint, source=source)
        self.row, self.column, self.problem = row, column, problem


class RowError(DataError):
    """A row of a file that cannot be read: `line` counts from 1, `text` is the row as it stands."""

    def __init__(
        self, message: str, line: int, text: str, problem: str, *, hint: str | None, source: str | None = None
    ) -> None:
        super().__init__(message, hint=hint, source=source)
        self.line, self.text, self.problem = line, text, problem


def date_error(table: Table, name: str, otherwise: str) -> CellError:
    """That a column holds dates or times, no numbers, at its first one; `otherwise` is a way round."""
    row, cell = next((row, cell) for row, cell in enumerate(table.texts(name)) if _is_date(cell))
    hint = f"{_INSTEAD_OF_DATES}; {otherwise} takes them as names"
    return table.cell_error(row, name, f"'{shown(cell)}' is a date or a time, not a number", hint)


def texts(cells: Cells) -> Sequence[str]:
    """Cells as text, numbers in their shortest form; empty for NaN, which stands for no value."""
    if not isinstance(cells, np.ndarray):
        return cells
    return ["" if text == "nan" else text for text in format_numbers(cells)]


def numbers_or_nan(cells: Cells) -> Array:
    """The numbers in cells (n,), NaN where a cell is none."""
    if isinstance(cells, np.ndarray):
        return cells
    text = "".join(cells)
    if text.isascii() and "_" not in text:
        try:
            return np.fromiter(map(float, cells), np.float64, len(cells))
        except ValueError:
            pass
    return np.array([_or_nan(cell) for cell in cells], dtype=np.float64)


def no_number(cell: str) -> tuple[str, str]:
    """Why a cell is no number that a network can use, and what to do."""
    if not cell:
        return "the cell is empty", "every cell of an input or target column must hold a number"
    if _is_date(cell):
        return f"'{shown(cell)}' is a date or a time, not a number", _INSTEAD_OF_DATES
    hint = "every cell of an input or target column must hold a number"
    if _DECIMAL_COMMA.fullmatch(cell):
        hint = f"write decimal points: {cell.replace('.', '').replace(',', '.')}"
    return f"'{shown(cell)}' is not a finite number", shown(hint)


def is_number(cell: str) -> bool:
    """Whether a cell holds a number, finite or not."""
    return _number(cell) is not None


def _is_date(cell: str) -> bool:
    return _DATE.fullmatch(cell) is not None


def _meant_as_number(cell: str) -> bool:
    return is_number(cell) or _DECIMAL_COMMA.fullmatch(cell) is not None


def _or_nan(cell: str) -> float:
    value = _number(cell)
    return float("nan") if value is None else value


def _number(cell: str) -> float | None:
    # Python's float also takes 1_000 and non-ASCII digits, which are slips in a table.
    if "_" in cell or not cell.isascii():
        return None
    try:
        return float(cell)
    except ValueError:
        return None


def format_number(value: float) -> str:
    """The shortest text that reads back as the same float64; whole numbers without a point."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def shortest(values: Array) -> list[float]:
    """As floats whose shortest text is that of the array's own dtype: 0.1 for a float32 of 0.1."""
    if values.dtype == np.float64:
        return cast(list[float], values.tolist())
    return [float(text) for text in values.astype(str)]


def format_numbers(values: Array) -> list[str]:
    """Each number (n,) in its shortest form; those that are not finite as Python writes them."""
    texts = list(map(repr, shortest(values)))
    whole = np.flatnonzero((np.trunc(values) == values) & (np.abs(values) < 1e15))
    for row, value in zip(whole.tolist(), values[whole].tolist(), strict=True):
        texts[row] = str(int(value))
    return texts
