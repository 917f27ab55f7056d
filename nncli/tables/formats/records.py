"""CsvRecords of a delimited file, parsed one by one: quoted fields, line breaks in them, and their errors."""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import NamedTuple

from nncli.tables.formats.chunks import row_error
from nncli.tables.table import RowError


def _cells(text: str, delimiter: str) -> Iterator[re.Match[str]]:
    """Yield the cells of a record as written; group 1 of a quoted one is its closing quote, if any."""
    start, cell = 0, _cell(delimiter)
    while start <= len(text) and (match := cell.match(text, start)):
        yield match
        start = match.end() + 1


@cache
def _cell(delimiter: str) -> re.Pattern[str]:
    spaces = "" if delimiter == " " else " *"
    return re.compile(rf'{spaces}"(?:[^"]|"")*+("?){spaces}|[^{re.escape(delimiter)}\r\n]*')


def cell_start(text: str, position: int, delimiter: str) -> int:
    """Return the position of a cell in a record, after leading spaces; the end if there are too few cells."""
    cell = next(islice(_cells(text, delimiter), position, None), None)
    return len(text) if cell is None else cell.end() - len(cell.group().lstrip())


class CsvRecord(NamedTuple):
    """One row: its cells, the line it starts on, and its text without the line end."""

    cells: list[str]
    line: int
    text: str


class CsvLines:
    """Iterator over the lines of chunks; lines can be given back.

    Attributes
    ----------
    consumed : number of lines read so far.
    recent : the lines read since it was last cleared.
    """

    def __init__(self, chunks: Iterator[str]) -> None:
        self._chunks = chunks
        self._waiting: deque[str] = deque()
        self._unopened = ""
        self.consumed = 0
        self.recent: list[str] = []

    def __iter__(self) -> CsvLines:
        return self

    def __next__(self) -> str:
        if not self._waiting:
            self.open(self._unopened or next(self._chunks))
        self.consumed += 1
        line = self._waiting.popleft()
        self.recent.append(line)
        return line

    def __len__(self) -> int:
        """Return the number of lines left in the chunk."""
        return len(self._waiting)

    def open(self, text: str, unopened: str = "") -> None:
        """Queue the lines of a text to be read next; `unopened` follows them in the same chunk."""
        self._waiting.extend(io.StringIO(text, newline=""))
        self._unopened = unopened

    def chunk(self) -> str:
        """Return the rest of the chunk, or the next one; empty at the end."""
        text = "".join([*self._waiting, self._unopened]) or next(self._chunks, "")
        self._waiting.clear()
        self._unopened = ""
        return text

    def give_back(self, count: int) -> None:
        """Put the last lines back, to be read again."""
        if count:
            self._waiting.extendleft(reversed(self.recent[-count:]))
            del self.recent[-count:]
            self.consumed -= count


class CsvRecords:
    """CsvRecords that the csv module parses from lines."""

    def __init__(self, lines: CsvLines, delimiter: str, name: str) -> None:
        self._lines, self._delimiter, self._name = lines, delimiter, name
        self._reader = csv.reader(lines, strict=True, delimiter=delimiter, skipinitialspace=True)

    def next(self) -> CsvRecord | None:
        """Return the next record, its cells stripped; None at the end.

        Raises
        ------
        RowError
            If it cannot be read; reading then continues on the line after its first.
        """
        lines = self._lines
        before, start = lines.consumed, len(lines.recent)
        try:
            cells = next(self._reader, None)
        except csv.Error as error:
            text = "".join(lines.recent[start:]).rstrip("\r\n")
            if spaced := _spaced_quotes(text, self._delimiter):
                return CsvRecord(spaced, before + 1, text)
            lines.give_back(lines.consumed - before - 1)
            first = lines.recent[start].rstrip("\r\n")
            raise _unreadable(self._name, before + 1, first, text, self._delimiter, str(error)) from None
        if cells is None:
            return None
        text = "".join(lines.recent[start:]).rstrip("\r\n")
        if self._delimiter == " " and text.endswith(" "):
            cells.pop()
        return CsvRecord([cell.strip() for cell in cells], before + 1, text)


def _spaced_quotes(text: str, delimiter: str) -> list[str] | None:
    """Return the cells of a line whose quotes are followed by spaces, which the csv module rejects."""
    if "\n" in text or not re.search(r'" +', text):
        return None
    cells = [*_cells(text, delimiter)]
    if any(cell[1] == "" or text[cell.end() : cell.end() + 1] not in (delimiter, "") for cell in cells):
        return None  # a quote is not closed, or text follows it
    return [_unquoted(cell.group().strip()) for cell in cells]


def _unquoted(cell: str) -> str:
    return cell[1:-1].replace('""', '"').strip() if cell.startswith('"') else cell


def _unreadable(name: str, line: int, first: str, text: str, delimiter: str, problem: str) -> RowError:
    """Return the error of a malformed record: `first` is its first line, `text` all that was parsed of it."""
    limit = csv.field_size_limit()
    for cell in _cells(text, delimiter):
        large = cell.end() - cell.start() > limit
        if cell[1] == "":
            within = f" within {limit:,} characters" if large else ""
            problem = f"unclosed quote{within}"
            return row_error(name, line, first, problem, 'close it with "', at=cell.start())
        if large:
            problem = f"the cell is longer than {limit:,} characters"
            return row_error(name, line, first, problem, "shorten it", at=cell.start())
        if cell[1] and text[cell.end() :][:1] not in (delimiter, "\r", "\n", ""):
            hint = 'escape a quote inside quotes by doubling it: ""'
            return row_error(name, line, first, "unexpected text after a closing quote", hint, at=cell.end())
    return row_error(name, line, first, f"not valid CSV: {problem}")
