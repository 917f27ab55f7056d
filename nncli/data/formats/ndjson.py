"""NDJSON: an object a line, its keys the columns."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from nncli.data.formats.chunks import PIECE, check_text, marked, row_error
from nncli.data.table import RowError, Source, Table
from nncli.errors import DataError
from nncli.wording import shown

NAMES = {True: "true", False: "false", None: ""}
FLAT = 'give every row as {"column": value, ...} with numbers, texts, true, false or null'


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
        key = json.dumps(name, ensure_ascii=False)
        column = max(0, self.copies[row].find(key))
        return marked(self.copies[row], self.lines[row], column, len(key))

    def take(self, rows: Sequence[int]) -> Source:
        """That of some rows."""
        return JsonSource([self.copies[row] for row in rows], [self.lines[row] for row in rows])


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
    names: dict[str, None] = {}
    before, bad, found = 0, 0, False
    for text in _filled(chunks):
        objects, copies, numbers = [], [], []
        for line in io.StringIO(text.removeprefix("\ufeff"), newline=None):
            before += 1
            if line.isspace():
                continue
            try:
                objects.append(_row(line.strip(), name, before))
            except RowError as error:
                bad += 1
                on_bad(error)
                continue
            copies.append(line.strip())
            numbers.append(before)
            names.update(dict.fromkeys(objects[-1]))
        if objects and names:
            found = True
            columns = {key: [row.get(key, "") for row in objects] for key in names}
            yield Table(name, columns, JsonSource(copies, numbers))
    if not found and not bad:
        raise DataError(f"{name}: no rows", hint=FLAT)


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


def _row(line: str, name: str, number: int) -> dict[str, str]:
    check_text(line, name, number)
    try:
        found = _decode(line)
    except json.JSONDecodeError as error:
        raise row_error(name, number, line, f"not JSON: {error.msg} (column {error.colno})", FLAT) from None
    except RecursionError:
        raise row_error(name, number, line, "nested too deeply", FLAT) from None
    if not isinstance(found, _Object):
        raise row_error(name, number, line, "not a JSON object", FLAT)
    row = dict(found)
    if len(row) < len(found):
        keys = [key for key, _ in found]
        key = next(key for key in keys if keys.count(key) > 1)
        raise row_error(name, number, line, f"two values of '{shown(key)}'", "name every column once")
    return {key: _cell(value, key, line, name, number) for key, value in row.items()}


def _cell(value: Any, key: str, line: str, name: str, number: int) -> str:
    if isinstance(value, str):
        text = value.strip()
    elif isinstance(value, bool) or value is None:
        text = NAMES[value]
    else:
        raise row_error(name, number, line, f"{shown(key)}: a list or an object inside the row", FLAT)
    check_text(key + text, name, number)
    return text
