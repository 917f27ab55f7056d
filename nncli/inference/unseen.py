"""Rows with a category that no training row had, which a config may let pass as none of the known ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nncli.data.columns import Columns
from nncli.messages.errors import NncliError
from nncli.messages.wording import counted, shown
from nncli.tables.table import Table


@dataclass
class UnseenCategories:
    """The rows with an unknown category so far.

    Attributes
    ----------
    first : the first such cell with its place; empty where there is none.
    """

    columns: Columns
    rows: int = 0
    first: str = ""

    def watch(self, tables: Iterable[Table]) -> Iterator[Table]:
        """The same tables, their rows counted."""
        for table in tables:
            self.add(table)
            yield table

    def add(self, table: Table) -> None:
        """Count the rows of a table that lacks no column."""
        cells = [
            (row, column.name)
            for column in self.columns.preprocessing.columns
            if column.name in table.columns
            for row in column.unseen_rows(table.typed[column.name])
        ]
        if cells and not self.first:
            row, name = min(cells, key=lambda cell: cell[0])
            problem = f"'{shown(table.text(row, name))}'"
            self.first = table.cell_error(row, name, problem).message
        self.rows += len({row for row, _ in cells})

    @property
    def warning(self) -> NncliError | None:
        """The warning to show; None if every category is known."""
        if not self.rows:
            return None
        some = "a category" if self.rows == 1 else "categories"
        return NncliError(
            f"{counted(self.rows, 'row')} with {some} not in the training set, encoded as none of the "
            f"known ones; first: {self.first}",
            hint="set dataset.preprocessing.unseen: error to reject such rows, or train on some",
        )
