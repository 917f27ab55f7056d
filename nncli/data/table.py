"""A table as it was read: named columns of text or numbers, each cell with its place."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nncli.errors import DataError
from nncli.nearest import nearest
from nncli.nn.activations import Array


@dataclass(frozen=True)
class Table:
    """Rows under a header.

    Attributes
    ----------
    origin : what errors call it: a file, or where in the config it stands.
    columns : name -> cells, text as it stood in the file or numbers as they were made.
    lines : the line of each row in its file, where it comes from one.
    """

    origin: str
    columns: Mapping[str, Sequence[str] | Array]
    lines: Sequence[int] | None = None

    @property
    def names(self) -> list[str]:
        """The header."""
        return list(self.columns)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def head(self, rows: int) -> Table:
        """The first `rows` rows."""
        return Table(
            self.origin,
            {name: cells[:rows] for name, cells in self.columns.items()},
            self.lines[:rows] if self.lines is not None else None,
        )

    def require(self, names: Sequence[str]) -> None:
        """Raise DataError unless every name is a column."""
        for name in names:
            if name not in self.columns:
                near = nearest(name, self.names)
                raise DataError(
                    f"{self.origin}: no column '{name}'; it has {', '.join(self.names)}",
                    hint=f"did you mean {near}?" if near else None,
                )

    def is_text(self, name: str) -> bool:
        """Whether some cell of a column is no number."""
        cells = self.columns[name]
        return not isinstance(cells, np.ndarray) and any(_number(cell) is None for cell in cells)

    def texts(self, name: str) -> list[str]:
        """A column as text, numbers in their shortest form."""
        cells = self.columns[name]
        if isinstance(cells, np.ndarray):
            return [format_number(value) for value in cells.tolist()]
        return list(cells)

    def numbers(self, name: str) -> Array:
        """A column as finite float64 (n,).

        Raises
        ------
        DataError
            With file, line and column of the first cell that is empty, text or not finite.
        """
        cells = self.columns[name]
        if isinstance(cells, np.ndarray):
            return cells
        values = [_number(cell) for cell in cells]
        for row, value in enumerate(values):
            if value is None or not math.isfinite(value):
                found = f"'{cells[row]}' is not a finite number" if cells[row] else "the cell is empty"
                raise DataError(
                    f"{self.place(row, name)}: {name}: {found}",
                    hint="every cell of an input or target column must hold a number",
                )
        return np.array(values, dtype=np.float64)

    def place(self, row: int, name: str) -> str:
        """`file:line:column` of a cell, or the origin and the row's number."""
        if self.lines is None:
            return f"{self.origin}: row {row}"
        before = [cells[row] for column, cells in self.columns.items() if self.names.index(column) < self.names.index(name)]
        return f"{self.origin}:{self.lines[row]}:{len(_csv_line(before)) + 1}"


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


def _csv_line(cells: Sequence[object]) -> str:
    """`cells` as they would stand before a further cell on a line."""
    if not cells:
        return ""
    text = io.StringIO()
    csv.writer(text, lineterminator=",").writerow(cells)
    return text.getvalue()


def read_csv(path: Path, shown: str) -> Table:
    """Read a comma-separated file with a header; `shown` is what errors call it.

    Raises
    ------
    DataError
        If it cannot be read, has no header or no rows, or a row is short or long.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"{shown}: {error.strerror or error}", hint="paths are relative to the config") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{shown}: not UTF-8 text (byte {error.start})", hint="save the file as UTF-8") from None
    return parse_csv(text, shown)


def parse_csv(text: str, shown: str) -> Table:
    """Like `read_csv`, for text already in memory."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append([cell.strip() for cell in cells])
                lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{shown}:{reader.line_num}: {error}") from None
    if not rows:
        raise DataError(f"{shown}: the file is empty", hint="the first line must name the columns")
    header, *body = rows
    _check_header(header, shown, lines[0])
    if not body:
        raise DataError(f"{shown}: a header but no rows")
    for cells, line in zip(body, lines[1:], strict=True):
        if len(cells) != len(header):
            raise DataError(
                f"{shown}:{line}: {len(cells)} cells, but the header names {len(header)} columns",
                hint=f"columns: {', '.join(header)}",
            )
    return Table(shown, dict(zip(header, zip(*body, strict=True), strict=True)), lines[1:])


def _check_header(header: Sequence[str], shown: str, line: int) -> None:
    if all(_number(name) is not None for name in header):
        raise DataError(
            f"{shown}:{line}: no header: the first line holds numbers ({', '.join(header[:5])})",
            hint="put a line with the names of the columns on top",
        )
    for position, name in enumerate(header):
        if not name:
            raise DataError(f"{shown}:{line}: column {position + 1} has no name")
        if name in header[:position]:
            raise DataError(f"{shown}:{line}: two columns are called '{name}'")
