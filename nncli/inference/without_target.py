"""Rows whose target is missing or cannot be read: they are predicted, but not evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from nncli.data.columns import Columns
from nncli.messages.errors import DataError, NncliError
from nncli.messages.wording import counted, listed, shown
from nncli.nn.arrays import Array
from nncli.tables.column import ValueKind, is_number
from nncli.tables.table import CellError, Table


@dataclass
class WithoutTarget:
    """The rows whose target cannot be read, among the rows looked at so far.

    Attributes
    ----------
    total : number of rows looked at.
    empty, invalid : number of rows without a target, and with one that cannot be read.
    first : the error of the first such row; None if there is none.
    """

    columns: Columns
    total: int = 0
    empty: int = 0
    invalid: int = 0
    first: DataError | None = None

    @property
    def rows(self) -> int:
        """Number of rows whose target cannot be read."""
        return self.empty + self.invalid

    def removed_from(self, tables: Iterable[Table]) -> Iterator[Table]:
        """Yield the rest of each table, if any, and count the rows that are removed."""
        for table in tables:
            self.total += len(table)
            if not self.columns.has_targets(table):
                self._add(table, np.arange(len(table)), self._absent(table))
                continue
            table = table.noted(self.columns.notations)
            usable = self.columns.usable_targets(table)
            if usable.all():
                yield table
                continue
            self._add(table, np.flatnonzero(~usable), None)
            if usable.any():
                yield table.take(np.flatnonzero(usable))

    @property
    def warning(self) -> NncliError | None:
        """The warning to show; None if every target can be read."""
        if self.first is None:
            return None
        kinds = {"empty": self.empty, "invalid": self.invalid}
        why = " and ".join(f"{count:,} {kind}" for kind, count in kinds.items() if count)
        rows = f"{self.rows:,} of {counted(self.total, 'row')}"
        have = "has" if self.rows == 1 else "have"
        return NncliError(
            f"left out {rows}, which {have} no usable target ({why}); the first is at {self.first.message}"
        )

    @property
    def error(self) -> DataError:
        """The error if no row at all is left."""
        if self.first is None or not isinstance(self.first, CellError):
            return self.first or DataError("no row to evaluate")
        rows = "the only row has no" if self.total == 1 else f"none of {self.total:,} rows has a"
        return DataError(
            f"{rows} usable target; the first is at {self.first.message}",
            hint=f"fill {listed(self.columns.targets)}, or use nncli predict, which needs no targets",
            source=self.first.source,
        )

    def _add(self, table: Table, rows: Array, absent: DataError | None) -> None:
        empty = len(rows) if absent else int(self._is_empty(table)[rows].sum())
        self.empty += empty
        self.invalid += len(rows) - empty
        self.first = self.first or absent or self._problem(table, int(rows[0]))

    def _is_empty(self, table: Table) -> Array:
        """Return a mask of the rows (n,) that miss a value of some target."""
        text = self.columns.labelled and not all(map(is_number, self.columns.classes))
        kind: ValueKind = "category" if text else "number"
        return np.asarray(np.any([table.typed[name].missing(kind) for name in self.columns.targets], axis=0))

    def _problem(self, table: Table, row: int) -> DataError | None:
        try:
            self.columns.Y(table.take([row]))
        except DataError as error:
            return error
        return None

    def _absent(self, table: Table) -> DataError:
        name = next(name for name in self.columns.targets if name not in table.columns)
        return DataError(
            f"{table.origin}: no column named '{shown(name)}' to compare predictions with",
            hint=f"{table.columns_like(name)}; nncli predict needs no targets",
        )
