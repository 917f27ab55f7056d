"""NDJSON: one object per line, whose keys are the columns."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from nncli.messages.errors import DataError
from nncli.messages.wording import shown
from nncli.nn.arrays import Array
from nncli.tables.formats.chunks import NO_TEXT, PIECE, check_text, located, row_error, unmarked
from nncli.tables.table import RowError, Source, Table

NAMES = {True: "true", False: "false", None: ""}
FLAT_OBJECT = 'write every row as {"column": value, ...} with numbers, strings, true, false or null'


@dataclass(frozen=True)
class JsonSource:
    """Rows of an NDJSON file, unchanged."""

    copies: Sequence[str]
    lines: Sequence[int]
    form: str = "jsonl"
    separator: str = ","

    def rows(self) -> Sequence[str]:
        """Return each row as written in the file."""
        return self.copies

    def place(self, row: int, position: int, name: str, cell: str) -> tuple[str, str]:
        """Return `:LINE:COLUMN` of a key, and its line with carets."""
        at, width = _key(self.copies[row], name)
        return located(self.copies[row], self.lines[row], at, width)

    def take(self, rows: Sequence[int] | Array) -> Source:
        """Return the source of some rows."""
        return JsonSource([self.copies[row] for row in rows], [self.lines[row] for row in rows])


def _key(text: str, name: str) -> tuple[int, int]:
    """Return the position of the last key of a name in a row, if unescaped, and its width."""
    key = json.dumps(name, ensure_ascii=False)
    return max(0, text.rfind(key)), len(key)


class _Object(tuple[tuple[str, Any], ...]):
    """The keys and values of a JSON object."""

    __slots__ = ()


_decode = json.JSONDecoder(
    object_pairs_hook=_Object, parse_float=str, parse_int=str, parse_constant=str
).decode


def tables(chunks: Iterator[str], name: str, on_bad: Callable[[RowError], None]) -> Iterator[Table]:
    """Yield a table for each chunk of text, with all columns found so far; numbers stay as written.

    Parameters
    ----------
    name : the name of the file in errors.
    on_bad : called with each row that cannot be read; unless it raises, the row is skipped.

    Raises
    ------
    DataError
        If there is no row.
    """
    body = _Body(name, on_bad)
    found = False
    for text in _filled(unmarked(chunks)):
        for table in body.tables(text):
            found = True
            yield table
    if not found and not body.bad:
        raise DataError(f"{name}: the file has no rows", hint=FLAT_OBJECT)


@dataclass
class _Body:
    """Parser of the rows of a file.

    Attributes
    ----------
    names : the columns found so far, in order.
    before : number of lines read so far.
    bad : number of rows that could not be read.
    """

    name: str
    on_bad: Callable[[RowError], None]
    names: dict[str, None] = field(default_factory=dict)
    before: int = 0
    bad: int = 0

    def tables(self, text: str) -> Iterator[Table]:
        """Yield the rows of a chunk; rows before a bad one come before its error is reported."""
        rows: list[_Row] = []
        for line in io.StringIO(text, newline=None):
            self.before += 1
            if line.isspace():
                continue
            try:
                rows.append(_Row(_cells(line.rstrip("\n"), self.name, self.before), self.before, line))
                self.names.update(dict.fromkeys(rows[-1].cells))
            except RowError as error:
                yield from self._of_rows(rows)
                rows = []
                self.bad += 1
                self.on_bad(error)
        yield from self._of_rows(rows)

    def _of_rows(self, rows: Sequence[_Row]) -> Iterator[Table]:
        if rows and self.names:
            columns = {key: [row.cells.get(key, "") for row in rows] for key in self.names}
            copies = [row.text.rstrip("\n") for row in rows]
            yield Table(self.name, columns, JsonSource(copies, [row.line for row in rows]))


class _Row(NamedTuple):
    cells: dict[str, str]
    line: int
    text: str


def _filled(chunks: Iterator[str]) -> Iterator[str]:
    """Yield the same text with a large first chunk, because its keys fix the columns of the output."""
    first = ""
    for text in chunks:
        first += text
        if len(first) >= PIECE // 2:
            break
    if first:
        yield first
    yield from chunks


def _cells(line: str, name: str, number: int) -> dict[str, str]:
    check_text(line, name, number)
    try:
        found = _decode(line)
    except json.JSONDecodeError as error:
        raise row_error(name, number, line, f"invalid JSON: {error.msg}", FLAT_OBJECT, at=error.pos) from None
    except RecursionError:
        raise row_error(name, number, line, "nested too deeply", FLAT_OBJECT) from None
    if not isinstance(found, _Object):
        raise row_error(name, number, line, "not a JSON object", FLAT_OBJECT)
    row = dict(found)
    if len(row) < len(found):
        keys = [key for key, _ in found]
        key = next(key for key in keys if keys.count(key) > 1)
        at, width = _key(line, key)
        problem, hint = f"duplicate key '{shown(key)}'", "use every key once"
        raise row_error(name, number, line, problem, hint, at=at, width=width)
    return {key: _cell(value, key, line, name, number) for key, value in row.items()}


def _cell(value: Any, key: str, line: str, name: str, number: int) -> str:
    text, problem = "", ""
    if isinstance(value, str):
        text = value.strip()
    elif isinstance(value, bool) or value is None:
        text = NAMES[value]
    else:
        problem = "the value is a list or an object"
    if NO_TEXT.search(key + text):
        problem = "the text has an escape sequence for NUL or for half of a character"
    if problem:
        at, width = _key(line, key)
        raise row_error(name, number, line, f"{shown(key)}: {problem}", FLAT_OBJECT, at=at, width=width)
    return text
