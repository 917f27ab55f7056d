"""A table as it was read: named columns of text or numbers, each cell with its place."""

from __future__ import annotations

import csv
import io
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from nncli.errors import DataError
from nncli.nearest import suggestion
from nncli.nn.activations import Array
from nncli.wording import counted, excerpt, listed, shown

LARGEST_FILE = 1_000_000_000  # bytes
PIECE = 1_000_000  # bytes read at once
SMALLER = "give fewer rows, or fewer columns"


@dataclass(frozen=True)
class Table:
    """Rows under a header.

    Attributes
    ----------
    origin : what errors call it: a file, or where in the config it stands.
    columns : name -> cells, text as it stood in the file or numbers as they were made.
    lines : the line on which each row starts in its file, where it comes from one.
    text : that file's content.
    """

    origin: str
    columns: Mapping[str, Sequence[str] | Array]
    lines: Sequence[int] | None = None
    text: str = field(default="", repr=False)

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
            self.text,
        )

    def require(self, names: Sequence[str]) -> None:
        """Raise DataError unless every name is a column."""
        for name in names:
            if name not in self.columns:
                raise DataError(
                    f"{self.origin}: no column '{shown(name)}'", hint=suggestion(name, self.names, "columns")
                )

    def is_text(self, name: str) -> bool:
        """Whether some cell of a column is no number."""
        cells = self.columns[name]
        return not isinstance(cells, np.ndarray) and any(_number(cell) is None for cell in cells)

    def is_numeric(self, name: str) -> bool:
        """Whether a column is meant as numbers: most of its cells are, the others perhaps slips."""
        cells = self.columns[name]
        return isinstance(cells, np.ndarray) or 2 * sum(_number(cell) is not None for cell in cells) > len(
            cells
        )

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
        values = np.array([_or_nan(cell) for cell in cells])
        for row in np.flatnonzero(~np.isfinite(values)).tolist():
            found = (
                f"'{shown(str(cells[row]))}' is not a finite number" if cells[row] else "the cell is empty"
            )
            hint = "every cell of an input or target column must hold a number"
            raise self.cell_error(row, name, found, hint)
        return values

    def cell_error(self, row: int, name: str, problem: str, hint: str | None = None) -> CellError:
        """A mistake in one cell, with its place and, for a file, the line it stands on."""
        place, source = f"{self.origin}: row {row + 1}", None
        if self.lines is not None:
            line, column = _place(self.text, self.lines[row], self.names.index(name))
            place = f"{self.origin}:{line + 1}:{column + 1}"
            source = excerpt(_lines(self.text)[line], line + 1, column, len(self.columns[name][row]))
        return CellError(f"{place}: {shown(name)}: {problem}", row, name, problem, hint=hint, source=source)


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


def _place(text: str, line: int, position: int) -> tuple[int, int]:
    """Line and column, from 0, of the cell at `position` in the record that starts on `line` (from 1)."""
    lines = _lines(text)
    quoted, passed = False, 0
    for number in range(line - 1, len(lines)):
        for column, char in enumerate(lines[number]):
            if passed == position and not char.isspace():
                return number, column
            if char == '"':
                quoted = not quoted
            passed += char == "," and not quoted
        if not quoted:
            break
    return number, len(lines[number])


def _lines(text: str) -> list[str]:
    """The lines as the CSV reader counts them."""
    return io.StringIO(text, newline=None).read().split("\n")


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


def read_csv(path: Path, name: str) -> Table:
    """Read a comma-separated file with a header; `name` is what errors call it.

    Raises
    ------
    DataError
        If it cannot be read, is too large, has no header or no rows, or a row is short or long.
    """
    try:
        content = _content(path)
    except MemoryError:
        raise _too_large(name) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or "not a path"
        raise DataError(f"{name}: {reason}", hint="paths are relative to the config") from None
    if content is None:
        raise DataError(f"{name}: more than {LARGEST_FILE // 10**6:,} MB", hint=SMALLER)
    return decode_csv(content, name)


def _content(path: Path) -> bytes | None:
    """A file's bytes, or None where it is too large."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size > LARGEST_FILE:
            return None
        # In pieces, since some files never end, and say that they hold nothing.
        pieces = iter(partial(file.read, PIECE), b"")
        content = b"".join(islice(pieces, LARGEST_FILE // PIECE + 1))
    return content if len(content) <= LARGEST_FILE else None


def _too_large(name: str) -> DataError:
    return DataError(f"{name}: too large for the memory there is", hint=SMALLER)


def decode_csv(content: bytes, name: str) -> Table:
    """Like `read_csv`, for bytes already in memory."""
    try:
        return parse_csv(content.decode("utf-8-sig"), name)
    except UnicodeDecodeError as error:
        raise DataError(
            f"{name}: not UTF-8 text (byte {error.start})", hint="save the file as UTF-8"
        ) from None
    except MemoryError:
        raise _too_large(name) from None


def parse_csv(text: str, name: str) -> Table:
    """Like `read_csv`, for text already in memory."""
    text = text.removeprefix("\ufeff")
    rows, lines = _records(text, name)
    if not rows:
        raise DataError(f"{name}: the file is empty", hint="the first line must name the columns")
    header, *body = rows
    _check_header(header, name, lines[0])
    if not body:
        raise DataError(f"{name}: a header but no rows", hint="write one row per line below the header")
    for cells, line in zip(body, lines[1:], strict=True):
        if len(cells) != len(header):
            raise DataError(
                f"{name}:{line}: {counted(len(cells), 'cell')}, but the header names"
                f" {counted(len(header), 'column')}",
                hint=f"columns: {listed(header)}",
                source=excerpt(_lines(text)[line - 1], line, 0, len(_lines(text)[line - 1])),
            )
    return Table(name, dict(zip(header, zip(*body, strict=True), strict=True)), lines[1:], text)


def _records(text: str, name: str) -> tuple[list[list[str]], list[int]]:
    """The records that hold anything, and the line each starts on."""
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise DataError(
            f"{name}:{line}: a NUL byte: this is no text", hint="export the table as CSV in UTF-8"
        )
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
        raise _unreadable(name, line, str(error)) from None
    return rows, lines


def _unreadable(name: str, line: int, problem: str) -> DataError:
    if "unexpected end of data" in problem:
        return DataError(f"{name}:{line}: a quote is opened and never closed", hint='close it with "')
    if "expected after" in problem:
        return DataError(
            f"{name}:{line}: text after a closing quote", hint='write a quote inside quotes twice: ""'
        )
    return DataError(f"{name}:{line}: not readable as CSV: {problem}")


def _check_header(header: Sequence[str], name: str, line: int) -> None:
    if all(_number(column) is not None for column in header):
        raise DataError(
            f"{name}:{line}: no header: the first line holds numbers ({listed(header)})",
            hint="put a line with the names of the columns on top",
        )
    if len(header) == 1 and re.search(r"[;\t|]", header[0]):
        raise DataError(f"{name}:{line}: no commas in the header", hint="separate the cells by commas")
    if "" in header:
        message = f"{name}:{line}: column {header.index('') + 1} has no name"
        raise DataError(message, hint="name every column in the first line")
    for column, count in Counter(header).items():
        if count > 1:
            message = f"{name}:{line}: {count} columns are called '{shown(column)}'"
            raise DataError(message, hint="rename all but one")
