"""One column and its kind: numbers, booleans, categories or dates."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Literal, TypeAlias, cast

import numpy as np

from nncli.messages.wording import shown
from nncli.nn.arrays import Array
from nncli.tables.dates import is_date
from nncli.tables.notation import (
    NUMBER_MARKS,
    PLAIN_NOTATION,
    Notation,
    detect,
    looks_like_number,
    readings,
    thousandfold,
)
from nncli.tables.numeric import NumberCells, plain_numbers
from nncli.tables.settings import ReadConfig

Cells: TypeAlias = Sequence[str] | Array
ValueKind = Literal["number", "boolean", "category", "date"]

# A boolean column uses one of these pairs, in any case.
BOOLEANS = ({"true", "false"}, {"yes", "no"})

# Spellings of a missing value, in any case: those that only programs write, and words, which may be
# categories. pandas reads most of them by default (`na_values` of `read_csv`); spreadsheets and databases
# write the others.
_PROGRAMS_WRITE = frozenset({
    "", "#n/a", "#n/a n/a", "#na", "#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!", "<na>", "\\n",
    "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan",
})  # fmt: skip
_WORDS = frozenset({
    "na", "n/a", "n.a.", "nan", "-nan", "null", "none", "nil", "?", "-", "--", ".", "..", "*", "missing",
    "unknown", "tbd",
})  # fmt: skip
NO_VALUE: dict[ValueKind, frozenset[str]] = {
    "number": _PROGRAMS_WRITE | _WORDS,
    "boolean": _PROGRAMS_WRITE | _WORDS,
    "category": _PROGRAMS_WRITE,
    "date": _PROGRAMS_WRITE | _WORDS,
}

INSTEAD_OF_TEXT = "write a number, or remove the column from the inputs"
INSTEAD_OF_DATES = "set kind: date for this column, which makes numbers of it"
_BOUND = re.compile(r"[<>≤≥]=? ?\d.*")


class Column:
    """Cells as read from a file, or generated numbers; derived properties are computed once."""

    def __init__(self, cells: Cells, notation: Notation | None = None) -> None:
        if notation is not None:
            vars(self)["notation"] = notation
            if notation.missing and _may_hold(cells, notation.missing):
                cells = ["" if cell in notation.missing else cell for cell in cells]
        self.cells = cells

    def __len__(self) -> int:
        return len(self.cells)

    def take(self, rows: Sequence[int] | Array) -> Column:
        """Return the given rows (from 0) in the order given."""
        if isinstance(self.cells, np.ndarray):
            return Column(self.cells[np.asarray(rows, dtype=np.intp)])
        if isinstance(self.cells, NumberCells):
            column = Column(self.cells.take(np.asarray(rows, dtype=np.intp)))
            vars(column).update({key: vars(self)[key] for key in ("notation",) if key in vars(self)})
            return column
        column = Column([self.cells[row] for row in rows], vars(self).get("notation"))
        if "_parsed" in vars(self):  # not again
            vars(column)["_parsed"] = self._parsed[np.asarray(rows, dtype=np.intp)]
        return column

    @cached_property
    def texts(self) -> Sequence[str]:
        """The cells as text, numbers in their shortest form; empty for NaN, a missing value."""
        return texts(self.cells)

    @cached_property
    def notation(self) -> Notation:
        """Notation of the numbers: as given, else as nearly all cells are written."""
        if isinstance(self.cells, np.ndarray | NumberCells) or not np.isnan(self._plain).any():
            return PLAIN_NOTATION
        return detect(self._present)

    def detected(self, given: ReadConfig) -> Notation:
        """Return the notation of the numbers, with what is given about it."""
        missing = tuple(given.missing_values)
        free = (given.decimal, given.thousands, missing) == ("auto", "auto", ())
        if free or isinstance(self.cells, np.ndarray):
            return self.notation
        present = [cell for cell in self._present if cell not in missing]
        thousands = "" if given.thousands == "none" else given.thousands
        marks = [
            (decimal, mark)
            for decimal, mark in NUMBER_MARKS
            if given.decimal in ("auto", decimal) and thousands in ("auto", mark)
        ]
        return replace(detect(present, marks), missing=missing)

    @property
    def _present(self) -> list[str]:
        """The cells that are not a missing value in a column of numbers."""
        return [*filter(self._counts.__contains__, self.texts)]

    @cached_property
    def _counts(self) -> Mapping[str, int]:
        """Occurrences of each text that is not a missing value in a column of numbers."""
        counts = Counter(self.texts)
        return {cell: count for cell, count in counts.items() if cell.lower() not in NO_VALUE["number"]}

    @property
    def example(self) -> str:
        """The first cell whose number is not what program code would read; empty if there is none."""
        numbers = (cell for cell in self._present if np.isfinite(self.notation.number(cell)))
        return next((cell for cell in numbers if _number(cell) != self.notation.number(cell)), "")

    @property
    def doubtful(self) -> str:
        """The first number whose point may separate thousands; empty if there is none.

        Points do so in 981, 1.018, 1.055: each has three digits after it, and the numbers without one are
        below 1000, some of them of three digits.
        """
        if isinstance(self.cells, np.ndarray) or (self.notation.decimal, self.notation.thousands) != (
            ".",
            "",
        ):
            return ""
        values = np.abs(self.numbers[np.isfinite(self.numbers)])
        whole = values == np.trunc(values)
        if not 0 < whole.sum() < len(values) or not 100 <= values[whole].max() < 1000 or values.max() >= 1000:
            return ""
        pointed = [cell for cell in self._present if "." in cell]
        return pointed[0] if pointed and all(map(thousandfold, pointed)) else ""

    @property
    def numbers(self) -> Array:
        """The numbers in the cells (n,), NaN where a cell is not a number."""
        return numbers_or_nan(self.cells) if self._are_plain_numbers else self._parsed

    @property
    def _are_plain_numbers(self) -> bool:
        """True if the cells have been numbers since they were read."""
        is_array = isinstance(self.cells, np.ndarray)
        return is_array or (isinstance(self.cells, NumberCells) and self.notation.is_plain)

    @cached_property
    def _parsed(self) -> Array:
        return self._plain if self.notation.is_plain else self.notation.numbers(self.texts)

    @cached_property
    def _plain(self) -> Array:
        return numbers_or_nan(self.cells)

    @cached_property
    def _are_numbers(self) -> Array:
        """Mask of the cells (n,) that hold a number, finite or not."""
        if isinstance(self.cells, np.ndarray | NumberCells):
            return np.ones(len(self), dtype=bool)
        found: Array = ~np.isnan(self.numbers)
        others = np.flatnonzero(~found)
        found[others] = of_each(is_number, [self.cells[row] for row in others.tolist()])  # nan is one too
        return found

    @property
    def is_text(self) -> bool:
        """True if some cell is not a number."""
        return not self._are_numbers.all()

    @property
    def is_numeric(self) -> bool:
        """True if most cells are numbers; the others may be mistakes."""
        return isinstance(self.cells, np.ndarray) or bool(2 * self._are_numbers.sum() > len(self))

    @cached_property
    def kind(self) -> ValueKind:
        """Detected kind: boolean if every cell is one, else the kind of most cells.

        Missing values are ignored; a column without any other value counts as numbers.
        """
        if isinstance(self.cells, np.ndarray | NumberCells):
            return "number"
        counts = self._counts
        if any({cell.lower() for cell in counts} <= pair for pair in BOOLEANS if counts):
            return "boolean"
        present = sum(counts.values())
        if not self.notation.is_plain or 2 * self._occurrences(reads_as_number) >= present:
            return "number"
        return "date" if 2 * self._occurrences(is_date) > present else "category"

    def _occurrences(self, is_one: Callable[[str], bool]) -> int:
        """Return how many cells are such a one, missing values aside."""
        return sum(count for cell, count in self._counts.items() if is_one(cell))

    @property
    def kind_as_target(self) -> ValueKind:
        """Kind that decides which cells of a target are missing: dates are names of classes."""
        return "category" if self.kind == "date" else self.kind

    def missing(self, kind: ValueKind) -> Array:
        """Return a mask (n,) of the missing values in a column of this kind."""
        if isinstance(self.cells, np.ndarray):
            return np.isnan(self.cells)
        if isinstance(self.cells, NumberCells):  # no spelling of a missing value is a number
            return np.zeros(len(self), dtype=bool)
        return of_each(lambda cell: cell.lower() in NO_VALUE[kind], self.cells).astype(bool)

    def labels(self, *, numeric: bool) -> Sequence[str]:
        """Return the cells as categories, empty for a missing value.

        If they are numbers, they get one form: 1, 1.0 and 01 are equal.
        """
        if numeric and isinstance(self.cells, NumberCells) and self.notation.is_plain:
            return texts(self.numbers)
        cells = self.texts
        if missing := {cell for cell in {*cells} if cell.lower() in NO_VALUE["category"]} - {""}:
            cells = ["" if cell in missing else cell for cell in cells]
        if not numeric:
            return cells
        return [
            cell if np.isnan(value) else one_form
            for cell, value, one_form in zip(cells, self.numbers, texts(self.numbers), strict=True)
        ]


def texts(cells: Cells) -> Sequence[str]:
    """Return cells as text, numbers in their shortest form; empty for NaN, a missing value."""
    if not isinstance(cells, np.ndarray):
        return cells
    return ["" if text == "nan" else text for text in format_numbers(cells)]


def numbers_or_nan(cells: Cells) -> Array:
    """Return the numbers in cells (n,), NaN where a cell is not a number."""
    if isinstance(cells, np.ndarray):
        return cells
    if isinstance(cells, NumberCells):
        return cells.numbers
    plain = plain_numbers(cells)
    if plain is not None:
        return plain
    return of_each(_or_nan, cells)


def of_each(function: Callable[[str], float], cells: Sequence[str]) -> Array:
    """Return a function of each cell (n,), computed once for all cells that are equal.

    Categories and dates repeat: 300,000 rows with four columns of them are checked in a quarter of the time.
    """
    values = {cell: function(cell) for cell in {*cells}}
    return np.fromiter(map(values.__getitem__, cells), np.float64, len(cells))


def _may_hold(cells: Cells, spellings: Sequence[str]) -> bool:
    """Tell whether some cell may be one of these texts; a number is not if their number is not there."""
    if isinstance(cells, NumberCells):
        return bool(np.isin(cells.numbers, numbers_or_nan(spellings)).any())
    return not isinstance(cells, np.ndarray)


def no_number(cell: str) -> tuple[str, str]:
    """Return the problem of a cell that is not a finite number, and a hint."""
    instead = INSTEAD_OF_TEXT
    if not cell:
        return "the cell is empty", instead
    if is_date(cell):
        return f"'{shown(cell)}' is a date or time, not a number", INSTEAD_OF_DATES
    if is_number(cell):
        return f"'{shown(cell)}' is not a finite number", instead
    if _BOUND.fullmatch(cell):
        return f"'{shown(cell)}' is a bound, not a number", "write a number, or leave the cell empty"
    if looks_like_number(cell):
        return f"'{shown(cell)}' is not a number", f"write {' or '.join(readings(cell))}"
    return (
        f"'{shown(cell)}' is not a number",
        f"{instead}; for text, set its kind to category in dataset.preprocessing.columns",
    )


def is_number(cell: str) -> bool:
    """Tell whether a cell holds a number, finite or not."""
    return _number(cell) is not None


def reads_as_number(cell: str) -> bool:
    """Tell whether a cell is meant as a number: it is one, or would be without a currency or other marks."""
    return is_number(cell) or looks_like_number(cell)


def _or_nan(cell: str) -> float:
    value = _number(cell)
    return float("nan") if value is None else value


def _number(cell: str) -> float | None:
    # Python's float also takes 1_000 and non-ASCII digits, which are mistakes in a table.
    if "_" in cell or not cell.isascii():
        return None
    try:
        return float(cell)
    except ValueError:
        return None


def shortest(values: Array) -> list[float]:
    """Return floats whose shortest text is that of the array's own dtype: 0.1 for a float32 of 0.1."""
    if values.dtype == np.float64:
        return cast(list[float], values.tolist())
    return [float(text) for text in values.astype(str)]


def format_numbers(values: Array) -> list[str]:
    """Return each number (n,) in its shortest form; non-finite ones as Python writes them."""
    texts = list(map(repr, shortest(values)))
    whole = np.flatnonzero((np.trunc(values) == values) & (np.abs(values) < 1e15))
    for row, value in zip(whole.tolist(), values[whole].tolist(), strict=True):
        texts[row] = str(int(value))
    return texts
