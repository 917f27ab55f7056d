"""Rows that cannot be used: they are skipped and written to a separate file, with the reason."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np

from nncli.data.columns import Columns
from nncli.data.preprocessing import BEYOND
from nncli.messages.errors import NncliError
from nncli.messages.wording import listed
from nncli.storage import files
from nncli.tables.column import INSTEAD_OF_DATES, INSTEAD_OF_TEXT
from nncli.tables.table import CellError, RowError, Table

Item = TypeVar("Item")

HEADER = ["line", "reason", "row"]


class Rejects:
    """Rows left out so far; the file is made with the first, and whole or absent.

    Attributes
    ----------
    count : how many.
    first : why the first was.
    """

    def __init__(self, path: Path, stack: ExitStack) -> None:
        self.path, self.count = path, 0
        self.first: RowError | None = None
        self._stack = stack
        self._out: io.TextIOWrapper | None = None

    def add(self, error: RowError) -> None:
        """Leave a row out."""
        if self._out is None:
            file = self._stack.enter_context(files.output(self.path))
            self._out = io.TextIOWrapper(file, encoding="utf-8", errors="surrogateescape", newline="")
            self._stack.callback(self._out.detach)
            csv.writer(self._out, lineterminator="\n").writerow(HEADER)
        csv.writer(self._out, lineterminator="\n").writerow([error.line, error.problem, error.text])
        self.count += 1
        self.first = self.first or error

    def not_all(self, parts: Iterable[Item]) -> Iterator[Item]:
        """The same parts of what is left.

        Raises
        ------
        RowError
            If nothing is, for then the trouble is not the rows: that of the first.
        """
        empty = True
        for part in parts:
            yield part
            empty = False
        if empty and self.first:
            raise self.first


@contextmanager
def rejects(path: Path) -> Iterator[Rejects]:
    """Open the file of rejected rows, written at the end of the block unless it fails.

    Raises
    ------
    NncliError
        If something else than such a file stands there already.
    """
    if os.path.lexists(path) and not _is_rejects(path):
        raise NncliError(
            f"{path}: already exists, and the skipped rows would replace it",
            hint="move it, or choose another --output",
        )
    with ExitStack() as stack:
        yield Rejects(path, stack)


def _is_rejects(path: Path) -> bool:
    if not files.is_plain(path):
        return False
    with path.open("rb") as stream:
        return stream.readline().rstrip() == ",".join(HEADER).encode()


@contextmanager
def at_prediction(columns: Columns) -> Iterator[None]:
    """Replace hints that only help before training, such as to change the kind of a column."""
    try:
        yield
    except CellError as error:
        if (error.hint or "").startswith((INSTEAD_OF_TEXT, INSTEAD_OF_DATES, BEYOND)):
            in_order = f"give the values in this order: {listed(columns.inputs)}"
            in_file = "correct the cell, or skip such rows with --on-error skip"
            error.hint = in_order if error.source is None else in_file
        raise


def sound_rows(columns: Columns, table: Table, on_bad: Callable[[RowError], None]) -> list[int]:
    """Return the rows of a table whose inputs can be read; `on_bad` is called with each of the others."""
    usable = columns.preprocessing.usable(table.noted(columns.notations))
    for row in np.flatnonzero(~usable).tolist():
        try:
            columns.X(table.take([row]))
        except CellError as error:
            on_bad(_as_row(error, table, row))
    return np.flatnonzero(usable).tolist()


def _as_row(error: CellError, table: Table, row: int) -> RowError:
    line, text = row + 1, ""
    if table.source is not None:
        line, text = table.source.lines[row], table.source.rows()[row]
    return RowError(
        error.message, line, text, f"{error.column}: {error.problem}", hint=error.hint, source=error.source
    )
