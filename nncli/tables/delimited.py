"""CSV and TSV: a header, then one row per line, with fields separated by commas, semicolons or tabs."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from typing import NamedTuple

import numpy as np

from nncli.messages.errors import DataError
from nncli.messages.wording import counted, listed, shown
from nncli.tables.chunks import check_text, located, row_error, unmarked
from nncli.tables.column import is_number
from nncli.tables.table import RowError, Source, Table

# Delimiters and their names; if a header has several, the most frequent counts, or else the first.
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}

OnBad = Callable[[RowError], None]


def refuse(error: RowError) -> None:
    """Raise the error of a row that cannot be read."""
    raise error


@dataclass(frozen=True)
class DelimitedSource:
    """Rows of a CSV file, unchanged.

    Attributes
    ----------
    copies : the rows; None if each is a line of `text`.
    """

    text: str
    lines: Sequence[int]
    delimiter: str
    copies: Sequence[str] | None = None

    @property
    def form(self) -> str:
        """`csv` if fields are separated by commas, else `delimited`."""
        return "csv" if self.delimiter == "," else "delimited"

    def rows(self) -> Sequence[str]:
        """Return each row as written in the file, without its line end."""
        return self._rows

    @cached_property
    def _rows(self) -> Sequence[str]:
        return self.text.removesuffix("\n").split("\n") if self.copies is None else self.copies

    def place(self, row: int, position: int, name: str, cell: str) -> tuple[str, str]:
        """Return `:LINE:COLUMN` of a cell, and its line with carets."""
        text = self.rows()[row]
        return located(text, self.lines[row], _start(text, position, self.delimiter), len(cell))

    def take(self, rows: Sequence[int]) -> Source:
        """Return the source of some rows."""
        copies = self.rows()
        lines, copies = [self.lines[row] for row in rows], [copies[row] for row in rows]
        return DelimitedSource("", lines, self.delimiter, copies)


def _cells(text: str, delimiter: str) -> Iterator[re.Match[str]]:
    """Yield the cells of a record as written; group 1 of a quoted one is its closing quote, if any."""
    start, cell = 0, _CELL[delimiter]
    while match := cell.match(text, start):
        yield match
        start = match.end() + 1


_CELL = {mark: re.compile(rf'"(?:[^"]|"")*+("?)|[^{mark}\r\n]*') for mark in DELIMITERS}


def _start(text: str, position: int, delimiter: str) -> int:
    """Return the position of a cell in a record, after leading spaces; the end if there are too few cells."""
    cell = next(islice(_cells(text, delimiter), position, None), None)
    return len(text) if cell is None else cell.end() - len(cell.group().lstrip())


class _Record(NamedTuple):
    cells: list[str]
    line: int
    text: str


class _Lines:
    """Iterator over the lines of chunks; lines can be given back.

    Attributes
    ----------
    consumed : number of lines read so far.
    recent : the lines read since it was last cleared.
    """

    def __init__(self, chunks: Iterator[str]) -> None:
        self._chunks = chunks
        self._waiting: deque[str] = deque()
        self.consumed = 0
        self.recent: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if not self._waiting:
            self.open(next(self._chunks))
        self.consumed += 1
        line = self._waiting.popleft()
        self.recent.append(line)
        return line

    def __len__(self) -> int:
        """Return the number of lines left in the chunk."""
        return len(self._waiting)

    def open(self, text: str) -> None:
        """Queue the lines of a text to be read next."""
        self._waiting.extend(io.StringIO(text, newline=""))

    def chunk(self) -> str:
        """Return the rest of the chunk, or the next one; empty at the end."""
        text = "".join(self._waiting) or next(self._chunks, "")
        self._waiting.clear()
        return text

    def give_back(self, count: int) -> None:
        """Put the last lines back, to be read again."""
        if count:
            self._waiting.extendleft(reversed(self.recent[-count:]))
            del self.recent[-count:]
            self.consumed -= count


class _Records:
    """Records that the csv module parses from lines."""

    def __init__(self, lines: _Lines, delimiter: str, name: str) -> None:
        self._lines, self._delimiter, self._name = lines, delimiter, name
        self._reader = csv.reader(lines, strict=True, delimiter=delimiter)

    def next(self) -> _Record | None:
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
            lines.give_back(lines.consumed - before - 1)
            first = lines.recent[start].rstrip("\r\n")
            raise _unreadable(self._name, before + 1, first, text, self._delimiter, str(error)) from None
        if cells is None:
            return None
        text = "".join(lines.recent[start:]).rstrip("\r\n")
        return _Record([cell.strip() for cell in cells], before + 1, text)


def _unreadable(name: str, line: int, first: str, text: str, delimiter: str, problem: str) -> RowError:
    """Return the error of a malformed record: `first` is its first line, `text` all that was parsed of it."""
    limit = csv.field_size_limit()
    for cell in _cells(text, delimiter):
        large = cell.end() - cell.start() > limit
        if cell.group().startswith('"') and not cell[1]:
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


def tables(chunks: Iterator[str], name: str, on_bad: OnBad) -> Iterator[Table]:
    """Yield a table for each chunk of text; blank rows are skipped.

    Parameters
    ----------
    name : the name of the file in errors.
    on_bad : called with each row that cannot be read; unless it raises, the row is skipped.

    Raises
    ------
    DataError
        If there is no header or no row.
    """
    first, rest = _first_line(unmarked(chunks), name)
    delimiter = _delimiter(first)
    lines = _Lines(rest)
    lines.open(first)
    records = _Records(lines, delimiter, name)
    body = _Body(name, _header(records, delimiter, name), delimiter, on_bad)
    found = False
    while text := lines.chunk():
        table = body.plain(text, lines.consumed)
        if table is not None:
            lines.consumed += len(table)
            found = True
            yield table
            continue
        lines.open(text)
        for table in body.quoted(records, lines):
            found = True
            yield table
    if not found and not body.bad:
        raise DataError(
            f"{name}: the table has a header but no rows", hint="add one row per line below the header"
        )


def _first_line(chunks: Iterator[str], name: str) -> tuple[str, Iterator[str]]:
    """Return the text up to the end of the first nonblank line, and what follows."""
    passed = ""
    for text in chunks:
        passed += text
        if match := _NOT_BLANK.match(passed):
            return match.group(), chain(filter(None, [passed[match.end() :]]), chunks)
    raise _empty(name)


_NOT_BLANK = re.compile(r"[\s,;]*[^\s,;][^\r\n]*(\r\n|\r|\n|$)")


def _empty(name: str) -> DataError:
    return DataError(f"{name}: the file is empty", hint="add a header row with the column names")


def _delimiter(first: str) -> str:
    """Return the delimiter: the most frequent one outside quotes."""
    counts = Counter(re.sub('"[^"]*"?', "", first))
    return max(DELIMITERS, key=lambda mark: counts[mark])


def _header(records: _Records, delimiter: str, name: str) -> list[str]:
    while record := records.next():
        if any(record.cells):
            check_text(record.text, name, record.line)
            _check_header(record, delimiter, name)
            return record.cells
    raise _empty(name)


def _check_header(record: _Record, delimiter: str, name: str) -> None:
    header, text, line = record.cells, record.text, record.line
    if all(is_number(column) for column in header):
        problem = f"no header: the first line contains only numbers ({listed(header)})"
        hint = "add a header row with the column names"
        raise row_error(name, line, text, problem, hint, width=len(text))
    if len(header) == 1 and "|" in header[0]:
        hint = "separate fields with commas"
        raise row_error(name, line, text, "the header has no commas", hint, at=text.index("|"))
    for position, column in enumerate(header):
        if not column or column in header[:position]:
            at = _start(text, position, delimiter)
            problem, hint = f"column {position + 1} has no name", "name every column in the header"
            if column:
                problem = f"{header.count(column)} columns are named '{shown(column)}'"
                hint = "rename all but one"
            raise row_error(name, line, text, problem, hint, at=at, width=len(column))


@dataclass
class _Body:
    """The rows below a header.

    Attributes
    ----------
    bad : number of rows that could not be read.
    """

    name: str
    header: list[str]
    delimiter: str
    on_bad: OnBad
    bad: int = 0

    def plain(self, text: str, before: int) -> Table | None:
        """Parse one-line rows at once; return None if a row may need the csv module or is malformed."""
        if "\0" in text or not _is_text(text):
            return None
        text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
        body = text.removesuffix("\n")
        columns = self._parsed(body) if '"' in body else self._split(body)
        if columns is None:
            return None
        if not text.isascii() or any(space in text for space in SPACES):
            columns = [list(map(str.strip, cells)) for cells in columns]
        if any(not any(row) for row in zip(*columns, strict=True) if not row[0]):
            return None
        source = DelimitedSource(text, range(before + 1, before + len(columns[0]) + 1), self.delimiter)
        return self._table(dict(zip(self.header, columns, strict=True)), source)

    def _split(self, body: str) -> Sequence[Sequence[str]] | None:
        """Return the columns of lines without quotes, split at once rather than by character."""
        width = len(self.header)
        if not _regular(body, body.count("\n") + 1, width, self.delimiter):
            return None
        cells = body.replace("\n", self.delimiter).split(self.delimiter)
        return [cells[position::width] for position in range(width)]

    def _parsed(self, body: str) -> Sequence[Sequence[str]] | None:
        """Return the columns of lines with quotes; 4 times faster than record by record."""
        lines = body.split("\n")
        try:
            records = list(csv.reader(lines, strict=True, delimiter=self.delimiter))
        except csv.Error:
            return None
        if len(records) != len(lines) or any(len(cells) != len(self.header) for cells in records):
            return None
        return list(zip(*records, strict=True))

    def quoted(self, records: _Records, lines: _Lines) -> Iterator[Table]:
        """Yield the rows of the open chunk, parsed by the csv module; rows before a bad one come first."""
        lines.recent.clear()
        rows: list[_Record] = []
        while len(lines):
            try:
                record = records.next()
                if record is not None and any(record.cells):
                    self._check(record)
                    rows.append(record)
            except RowError as error:
                if rows:
                    yield self._of_records(rows)
                rows = []
                self.bad += 1
                self.on_bad(error)
        if rows:
            yield self._of_records(rows)

    def _of_records(self, rows: Sequence[_Record]) -> Table:
        cells = zip(*(row.cells for row in rows), strict=True)
        columns = dict(zip(self.header, cells, strict=True))
        numbers, copies = [row.line for row in rows], [row.text for row in rows]
        return self._table(columns, DelimitedSource("", numbers, self.delimiter, copies))

    def _check(self, record: _Record) -> None:
        check_text(record.text, self.name, record.line)
        if len(record.cells) != len(self.header):
            separator = "" if self.delimiter == "," else f", separated by {DELIMITERS[self.delimiter]}"
            problem = (
                f"{counted(len(record.cells), 'cell')}, but the header has"
                f" {counted(len(self.header), 'column')}"
            )
            raise row_error(
                self.name,
                record.line,
                record.text,
                problem,
                f"write one cell for each column: {listed(self.header)}{separator}",
                at=_start(record.text, len(self.header), self.delimiter),
            )

    def _table(self, columns: Mapping[str, Sequence[str]], source: DelimitedSource) -> Table:
        remark = "" if self.delimiter == "," else f"fields are separated by {DELIMITERS[self.delimiter]}"
        return Table(self.name, columns, source, remark)


SPACES = " \t\x0b\x0c\x1c\x1d\x1e\x1f"  # what str.strip removes from an ASCII cell, except line ends


def _is_text(text: str) -> bool:
    return text.isascii() or not re.search("[\ud800-\udfff]", text)


def _regular(text: str, rows: int, width: int, delimiter: str) -> bool:
    """Tell whether every line has `width` cells, none over the size limit of the csv module."""
    content = np.frombuffer(f"{text}\n".encode(), dtype=np.uint8)
    ends = content == ord("\n")
    parts = ends[ends | (content == ord(delimiter))]  # for each delimiter or line end, whether it ends a line
    if len(parts) != rows * width or not parts[width - 1 :: width].all() or ends.sum() != rows:
        return False
    longest = np.diff(np.flatnonzero(ends), prepend=-1).max()
    return bool(longest <= csv.field_size_limit())
