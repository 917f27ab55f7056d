"""NDJSON: an object a line, its keys the columns."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from nncli.data.formats.chunks import NO_TEXT, PIECE, check_text, located, row_error, unmarked
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
    names: dict[str, None] = {}
    before, bad, found = 0, 0, False
    for text in _filled(unmarked(chunks)):
        objects, copies, numbers = [], [], []
        for line in io.StringIO(text, newline=None):
            before += 1
            if line.isspace():
                continue
            try:
                objects.append(_row(line.rstrip("\n"), name, before))
            except RowError as error:
                bad += 1
                on_bad(error)
                continue
            copies.append(line.rstrip("\n"))
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
        raise row_error(name, number, line, f"not JSON: {error.msg}", FLAT, at=error.pos) from None
    except RecursionError:
        raise row_error(name, number, line, "nested too deeply", FLAT) from None
    if not isinstance(found, _Object):
        raise row_error(name, number, line, "not a JSON object", FLAT)
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
        raise row_error(name, number, line, f"{shown(key)}: {problem}", FLAT, at=at, width=width)
    return text
