"""Columns of plain numbers, kept as an array; their text is spelled out only for those who ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import TypeAlias, overload

import numpy as np

from nncli.nn.arrays import Array

# Rows (from 0) -> their cells, as written in the file.
Spelling: TypeAlias = Callable[[Sequence[int]], list[str]]


class NumberCells(Sequence[str]):
    """Cells that are all numbers as program code writes them, none of them NaN.

    As a sequence, they are the text in the file. An array takes 8 bytes per cell, and a string 67 or more.

    Parameters
    ----------
    numbers, spelling : of a whole column.
    rows : the rows of the column that are meant (default: all).
    """

    def __init__(self, numbers: Array, spelling: Spelling, rows: Array | None = None) -> None:
        self._every, self._rows, self._spelling = numbers, rows, spelling
        # Not a method of all cells: who keeps it would keep their numbers too.
        self.spelling: Spelling = spelling if rows is None else self._spelled

    @property
    def numbers(self) -> Array:
        """The number in each cell (n,).

        Those of some rows of a column are looked up: copies for each set of a split were a second table.
        """
        return self._every if self._rows is None else self._every[self._rows]

    def _spelled(self, rows: Sequence[int]) -> list[str]:
        assert self._rows is not None
        return self._spelling(self._rows[np.asarray(rows, int)].tolist())

    def __len__(self) -> int:
        return len(self._every if self._rows is None else self._rows)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        rows = range(len(self))[index]
        return self.spelling([rows])[0] if isinstance(rows, int) else self.spelling(rows)

    def __iter__(self) -> Iterator[str]:
        return iter(self.spelling(range(len(self))))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and [*self] == [*other]

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr([*self])

    def take(self, rows: Array) -> NumberCells:
        """Return the given rows (from 0) in the order given."""
        return NumberCells(self._every, self._spelling, rows if self._rows is None else self._rows[rows])


def typed(cells: Sequence[str], spelling: Spelling) -> Sequence[str]:
    """Return cells as an array if all are plain numbers, else unchanged."""
    numbers = plain_numbers(cells)
    return cells if numbers is None or np.isnan(numbers).any() else NumberCells(numbers, spelling)


def plain_numbers(cells: Sequence[str]) -> Array | None:
    """Return the numbers in cells (n,) if all are written as in program code, else None."""
    try:
        numbers = np.fromiter(map(float, cells), np.float64, len(cells))
    except ValueError:
        return None
    # Python's float also takes 1_000 and non-ASCII digits, which are mistakes in a table.
    text = "".join(cells)
    return numbers if text.isascii() and "_" not in text else None


class Gathering:
    """Columns of a table whose parts are read one by one.

    Numbers are put where they stay: arrays of all parts, joined at the end, took half the memory of the whole
    table, because small arrays that are freed are not given back to the system.
    """

    def __init__(self, width: int) -> None:
        self._numbers = np.empty((width, 0))  # columns as rows; what is not filled yet takes no memory
        self._starts = [0]
        self._parts: list[list[Sequence[str] | Spelling]] = [[] for _ in range(width)]

    def add(self, columns: Sequence[Sequence[str]]) -> None:
        """Add the next part of each column."""
        start = self._starts[-1]
        end = start + len(columns[0])
        if end > self._numbers.shape[1]:
            smaller, self._numbers = self._numbers, np.empty((len(columns), 2 * end))
            self._numbers[:, :start] = smaller[:, :start]
        for cells, numbers, parts in zip(columns, self._numbers, self._parts, strict=True):
            if isinstance(cells, NumberCells):
                numbers[start:end] = cells.numbers
                parts.append(cells.spelling)
            else:
                parts.append(cells)
        self._starts.append(end)

    def columns(self) -> list[Sequence[str]]:
        """Return the cells of each column: an array if those of all parts are."""
        return [self._joined(*pair) for pair in zip(self._numbers, self._parts, strict=True)]

    def _joined(self, numbers: Array, parts: Sequence[Sequence[str] | Spelling]) -> Sequence[str]:
        spellings = [part for part in parts if not isinstance(part, Sequence)]
        if len(spellings) == len(parts):
            return NumberCells(numbers[: self._starts[-1]], _in_succession(spellings, self._starts))
        sizes = map(int.__sub__, self._starts[1:], self._starts)
        texts = (
            part if isinstance(part, Sequence) else part(range(size))
            for part, size in zip(parts, sizes, strict=True)
        )
        return [*chain.from_iterable(texts)]


def _in_succession(spellings: Sequence[Spelling], starts: Sequence[int]) -> Spelling:
    """Return the text of the rows of parts that start at these rows, the last start being the end."""

    def spelling(rows: Sequence[int]) -> list[str]:
        if rows == range(starts[-1]):
            spans = zip(spellings, starts, starts[1:], strict=False)
            return [cell for spelled, start, end in spans for cell in spelled(range(end - start))]
        chosen = np.asarray(rows, int)
        parts = np.searchsorted(starts, chosen, "right") - 1
        texts = [""] * len(chosen)
        for part in np.unique(parts).tolist():  # each part is split once, in whatever order its rows are
            places = np.flatnonzero(parts == part)
            spelled = spellings[part]((chosen[places] - starts[part]).tolist())
            for place, text in zip(places.tolist(), spelled, strict=True):
                texts[place] = text
        return texts

    return spelling
