"""Rows with a category that no training row had, which a config may let pass as none of the known ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from nncli.data.columns import Columns
from nncli.messages.errors import NncliError
from nncli.messages.wording import counted, shown
from nncli.tables.table import Table

MOST_EXAMPLES = 3  # of each column


@dataclass
class UnseenCategories:
    """The rows with an unknown category so far.

    Attributes
    ----------
    first : the first such cell with its place; empty where there is none.
    examples : up to three such categories of each column, in the order of the rows.
    """

    columns: Columns
    rows: int = 0
    first: str = ""
    examples: dict[str, list[str]] = field(default_factory=dict)

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
            self.first = table.place(row, name)
        for row, name in cells:
            self._remember(name, table.typed[name].texts[row])
        self.rows += len({row for row, _ in cells})

    def _remember(self, name: str, category: str) -> None:
        known = self.examples.setdefault(name, [])
        if len(known) < MOST_EXAMPLES and category not in known:
            known.append(category)

    @property
    def warning(self) -> NncliError | None:
        """The warning to show; None if every category is known."""
        if not self.rows:
            return None
        words = (
            "has a category that is not in the training set and is"
            if self.rows == 1
            else "have categories that are not in the training set and are"
        )
        columns = "; ".join(
            f"{shown(name)}: {', '.join(map(shown, categories))}"
            for name, categories in self.examples.items()
        )
        return NncliError(
            f"{counted(self.rows, 'row')} {words} encoded as unknown ({columns}); "
            f"the first such cell is at {self.first}",
            hint="to reject such rows, train again with dataset.preprocessing.unseen: error; or train on "
            "rows that have these categories",
        )
