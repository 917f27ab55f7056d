"""Sources made of others: the rows of several parts of a file, and some of the rows of one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain

import numpy as np

from nncli.nn.arrays import Array
from nncli.tables.column import Cells
from nncli.tables.numeric import Gathering
from nncli.tables.table import Source, Table


@dataclass(frozen=True)
class Selection:
    """Some rows of a source, which are looked up only for messages and copies.

    Copying their text instead took 0.5 s and 450 MB of a million rows.
    """

    source: Source
    chosen: Array

    @property
    def form(self) -> str:
        """Format of the rows."""
        return self.source.form

    @property
    def separator(self) -> str:
        """Separator of the columns if the rows are written as CSV."""
        return self.source.separator

    @property
    def lines(self) -> Sequence[int]:
        """The line on which each row starts."""
        lines = self.source.lines
        return [lines[row] for row in self.chosen.tolist()]

    def rows(self) -> Sequence[str]:
        """Return each row as written in the file, without its line end."""
        rows = self.source.rows()
        return [rows[row] for row in self.chosen.tolist()]

    def place(self, row: int, position: int, name: str, cell: str) -> tuple[str, str | None]:
        """Return the place of a cell, and its line with carets."""
        return self.source.place(int(self.chosen[row]), position, name, cell)

    def take(self, rows: Sequence[int] | Array) -> Source:
        """Return the source of some of these rows."""
        return Selection(self.source, self.chosen[np.asarray(rows, dtype=np.intp)])


@dataclass(frozen=True)
class Succession:
    """The rows of at least one source, one after another."""

    parts: Sequence[Source]

    @property
    def form(self) -> str:
        """Format of the rows."""
        return self.parts[0].form

    @property
    def separator(self) -> str:
        """Separator of the columns if the rows are written as CSV."""
        return self.parts[0].separator

    @cached_property
    def lines(self) -> Sequence[int]:
        """The line on which each row starts."""
        parts = [part.lines for part in self.parts]
        whole = range(parts[0][0], parts[-1][-1] + 1)
        if all(isinstance(part, range) for part in parts) and len(whole) == sum(map(len, parts)):
            return whole
        return [*chain.from_iterable(parts)]

    def rows(self) -> Sequence[str]:
        """Return each row as written in the file, without its line end."""
        return [*chain.from_iterable(part.rows() for part in self.parts)]

    def place(self, row: int, position: int, name: str, cell: str) -> tuple[str, str | None]:
        """Return the place of a cell, and its line with carets."""
        part = bisect_right(self._starts, row) - 1
        return self.parts[part].place(row - self._starts[part], position, name, cell)

    @cached_property
    def _starts(self) -> Sequence[int]:
        return [0, *accumulate(len(part.lines) for part in self.parts)]

    def take(self, rows: Sequence[int] | Array) -> Source:
        """Return the source of some rows."""
        return Selection(self, np.asarray(rows, dtype=np.intp))


def one_table(parts: Iterable[Table]) -> Table:
    """Return the rows of all parts of a file as one table; the parts have the same columns of text."""
    following = iter(parts)
    first = next(following)
    second = next(following, None)
    if second is None:
        return first
    gathering, sources = Gathering(len(first.names)), []
    for part in chain((first, second), following):
        gathering.add([_text(cells) for cells in part.columns.values()])
        sources += [part.source] if part.source else []
    columns = dict(zip(first.names, gathering.columns(), strict=True))
    return Table(first.origin, columns, Succession(sources), first.remark)


def _text(cells: Cells) -> Sequence[str]:
    assert not isinstance(cells, np.ndarray)
    return cells
