"""NDJSON: an object a line, its keys the columns."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from nncli.messages.errors import DataError
from nncli.messages.wording import shown
from nncli.tables.chunks import NO_TEXT, PIECE, check_text, located, row_error, unmarked
from nncli.tables.table import RowError, Source, Table

NAMES = {True: "true", False: "false", None: ""}
FLAT_OBJECT = 'give every row as {"column": value, ...} with numbers, texts, true, false or null'


@dataclass(frozen=True)
class JsonSource:
    """Rows as they stand in an NDJSON file."""

    copies: Sequence[str]
    lines: Sequence[int]
    form: str = "jsonl"

    def rows(self) -> Sequence[str]:
        """Each row as it stands in the file."""
        return self.copies

    def place(self, row: int, position: int, name: str, cell: str) -> tuple[str, str]:
        """`:LINE:COLUMN` of a key, and its line with carets."""
        at, width = _key(self.copies[row], name)
        return located(self.copies[row], self.lines[row], at, width)

    def take(self, rows: Sequence[int]) -> Source:
        """That of some rows."""
        return JsonSource([self.copies[row] for row in rows], [self.lines[row] for row in rows])


def _key(text: str, name: str) -> tuple[int, int]:
    """Where the last key of that name stands in a row, as far as it is written plainly, and its width."""
    key = json.dumps(name, ensure_ascii=False)
    return max(0, text.rfind(key)), len(key)


class _Object(tuple[tuple[str, Any], ...]):
    """The keys and values of a JSON object."""

    __slots__ = ()


_decode = json.JSONDecoder(
    object_pairs_hook=_Object, parse_float=str, parse_int=str, parse_constant=str
).decode


def tables(chunks: Iterator[str], name: str, on_bad: Callable[[RowError], None]) -> Iterator[Table]:
    """A table for each chunk of text, with the columns that occurred so far; numbers stay as written.

    Parameters
    ----------
    name : what errors call the file.
    on_bad : called with each row that cannot be read; unless it raises, the row is left out.

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
        raise DataError(f"{name}: no rows", hint=FLAT_OBJECT)


@dataclass
class _Body:
    """The rows of a file as they come.

    Attributes
    ----------
    names : the columns that occurred so far, in order.
    before : how many lines are behind.
    bad : how many rows could not be read.
    """

    name: str
    on_bad: Callable[[RowError], None]
    names: dict[str, None] = field(default_factory=dict)
    before: int = 0
    bad: int = 0

    def tables(self, text: str) -> Iterator[Table]:
        """The rows of a chunk, those above a bad one before it is told."""
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
    """The same text, the first chunk as large as can be: what its rows do not name no output has room for."""
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
        raise row_error(name, number, line, f"not JSON: {error.msg}", FLAT_OBJECT, at=error.pos) from None
    except RecursionError:
        raise row_error(name, number, line, "nested too deeply", FLAT_OBJECT) from None
    if not isinstance(found, _Object):
        raise row_error(name, number, line, "not a JSON object", FLAT_OBJECT)
    row = dict(found)
    if len(row) < len(found):
        keys = [key for key, _ in found]
        key = next(key for key in keys if keys.count(key) > 1)
        at, width = _key(line, key)
        problem, hint = f"two values of '{shown(key)}'", "name every column once"
        raise row_error(name, number, line, problem, hint, at=at, width=width)
    return {key: _cell(value, key, line, name, number) for key, value in row.items()}


def _cell(value: Any, key: str, line: str, name: str, number: int) -> str:
    text, problem = "", ""
    if isinstance(value, str):
        text = value.strip()
    elif isinstance(value, bool) or value is None:
        text = NAMES[value]
    else:
        problem = "a list or an object inside the row"
    if NO_TEXT.search(key + text):
        problem = "an escape that stands for no text"
    if problem:
        at, width = _key(line, key)
        raise row_error(name, number, line, f"{shown(key)}: {problem}", FLAT_OBJECT, at=at, width=width)
    return text
