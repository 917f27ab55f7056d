"""CSV and TSV: a header, then one row per line, with fields separated by commas, semicolons or tabs."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

import numpy as np

from nncli.messages.errors import DataError
from nncli.messages.wording import counted, listed, shown
from nncli.nn.arrays import Array
from nncli.tables.column import is_number
from nncli.tables.formats import arrow
from nncli.tables.formats.block import Block, ByColumn
from nncli.tables.formats.chunks import check_text, located, row_error, unmarked
from nncli.tables.formats.dialect import BLANK, SAMPLE, SEPARATORS, Dialect, detect, evident
from nncli.tables.formats.foreign import refuse_text
from nncli.tables.formats.records import CsvLines, CsvRecord, CsvRecords, cell_start
from nncli.tables.numeric import NumberCells
from nncli.tables.settings import DETECTED, ReadConfig
from nncli.tables.sources import Selection
from nncli.tables.table import RowError, Source, Table

LARGE = 10_000_000  # characters, of which pyarrow saves as much time as importing it takes

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
    kept : positions of the table's columns in a row; None if they are all.
    """

    text: str
    lines: Sequence[int]
    delimiter: str
    copies: Sequence[str] | None = None
    kept: Sequence[int] | None = None

    @property
    def form(self) -> str:
        """`csv` if all columns belong to the table and are not aligned with spaces, else `delimited`."""
        return "csv" if self.delimiter != " " and self.kept is None else "delimited"

    @property
    def separator(self) -> str:
        """The separator for writing: that of the file, or a comma instead of spaces."""
        return "," if self.delimiter == " " else self.delimiter

    def rows(self) -> Sequence[str]:
        """Return each row as written in the file, without its line end."""
        return self._rows

    @cached_property
    def _rows(self) -> Sequence[str]:
        return self.text.removesuffix("\n").split("\n") if self.copies is None else self.copies

    def place(self, row: int, position: int, name: str, cell: str) -> tuple[str, str]:
        """Return `:LINE:COLUMN` of a cell, and its line with carets."""
        text = self.rows()[row]
        position = position if self.kept is None else self.kept[position]
        return located(text, self.lines[row], cell_start(text, position, self.delimiter), len(cell))

    def take(self, rows: Sequence[int] | Array) -> Source:
        """Return the source of some rows."""
        return Selection(self, np.asarray(rows, dtype=np.intp))


def tables(chunks: Iterator[str], name: str, on_bad: OnBad, given: ReadConfig = DETECTED) -> Iterator[Table]:
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
    text, dialect, rest = _sample(_uncommented(unmarked(chunks), given.comment), name, given)
    lines = CsvLines(rest)
    begin = "".join(islice(io.StringIO(text, newline=""), SAMPLE + dialect.above))
    lines.open(begin, text[len(begin) :])  # only its lines are parted: the text may be the whole file
    for _ in range(dialect.above):
        next(lines)
    records = CsvRecords(lines, dialect.separator, name)
    header = _header(records, dialect, name, numbers=given.header is True)
    for _ in range(dialect.below):
        records.next()
    body = _Body(name, header, dialect.separator, on_bad, "; ".join(dialect.remarks))
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


def _uncommented(chunks: Iterator[str], mark: str) -> Iterator[str]:
    """Yield the same text with blank lines in place of those that begin with the mark."""
    if mark == "auto":
        return chunks
    comment = re.compile(rf"^[ \t]*{re.escape(mark)}[^\r\n]*", re.MULTILINE)
    return (comment.sub("", text) for text in chunks)


def _sample(chunks: Iterator[str], name: str, given: ReadConfig) -> tuple[str, Dialect, Iterator[str]]:
    """Return the first chunks, the layout detected from their first lines, and what follows.

    The layout does not depend on where chunks end.
    """
    passed, size = "", SAMPLE + (0 if given.skip_rows == "auto" else given.skip_rows)
    for text in chunks:
        passed += text
        lines = [*islice(io.StringIO(passed, newline=""), size)]
        if given.detects_layout and (dialect := evident(lines)):
            return passed, dialect, chunks
        if len(lines) == size and passed.strip(BLANK):
            break
    if not passed.strip(BLANK):
        raise _empty(name)
    return passed, detect([*islice(io.StringIO(passed, newline=""), size)], given), chunks


def _empty(name: str) -> DataError:
    return DataError(f"{name}: the file is empty", hint="add a header row with the column names")


def _header(records: CsvRecords, dialect: Dialect, name: str, *, numbers: bool) -> list[str]:
    """Return the names of the columns, "" for a column that is left out; all may be numbers if `numbers`."""
    if not dialect.has_header:
        return list(dialect.names or ())
    while record := records.next():
        if any(record.cells):
            check_text(record.text, name, record.line)
            refuse_text(name, record.text)
            names = [name for name in dialect.names or record.cells if name]
            if all(map(is_number, names)) and not numbers:
                raise _no_header(record, name)
            if dialect.names is None:
                _check_header(record, dialect.separator, name)
                return record.cells
            named = record._replace(cells=[each for each in dialect.names if each])
            _check_header(named, dialect.separator, name)
            return list(dialect.names)
    raise _empty(name)


def _no_header(record: CsvRecord, name: str) -> RowError:
    problem = f"no header: the first line contains only numbers ({listed(record.cells)})"
    hint = "add a header row with the column names, or set dataset.read.header: false"
    return row_error(name, record.line, record.text, problem, hint, width=len(record.text))


def _check_header(record: CsvRecord, delimiter: str, name: str) -> None:
    header, text, line = record.cells, record.text, record.line
    for position, column in enumerate(header):
        if not column or column in header[:position]:
            at = cell_start(text, position, delimiter)
            problem, hint = f"column {position + 1} has no name", "name every column in the header"
            hint += "; if lines stand above it, set dataset.read.skip_rows to their number"
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
    numeric : which columns were numbers in the last chunk: in the next one, the same are likely to be. None
        before the first.
    is_long : True after a chunk of numbers with more digits than are parsed without pyarrow at its speed.
    passed : number of characters parsed.
    """

    name: str
    header: list[str]
    delimiter: str
    on_bad: OnBad
    remark: str = ""
    bad: int = 0
    numeric: Sequence[bool] | None = None
    is_long: bool = False
    passed: int = 0

    def plain(self, text: str, before: int) -> Table | None:
        """Parse one-line rows at once; return None if a row may need the csv module or is malformed."""
        text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
        block = Block(text, len(self.header), self.delimiter)
        self.passed += len(text)
        ways = (self._by_arrow, self._numbers) if self.is_long else (self._numbers, self._by_arrow)
        columns = ways[0](block) or ways[1](block) or self._columns(block)
        if columns is None:
            return None
        self.numeric = [isinstance(cells, NumberCells) for cells in columns]
        lines = range(before + 1, before + len(columns[0]) + 1)
        source = DelimitedSource(text, lines, self.delimiter, kept=self.kept)
        return self._table(columns, source)

    def _by_arrow(self, block: Block) -> ByColumn | None:
        """Return columns of any kind, parsed by pyarrow if the file is large enough to import it."""
        numeric = self.numeric or ()
        if self.passed < LARGE or not any(numeric) or not arrow.is_installed():
            return None
        columns = block.by_arrow(numeric)
        return columns if columns and self._are_rows(columns) else None

    def _numbers(self, block: Block) -> ByColumn | None:
        """Return columns that are all numbers, none of them a header again."""
        if not all(self.numeric or ()) or all(map(is_number, self.header)):
            return None
        columns = block.numbers()
        self.is_long = columns is None
        return columns

    def _columns(self, block: Block) -> ByColumn | None:
        """Return columns of any kind; None if a row has no value or is the header again."""
        columns = block.parsed()
        return block.typed(columns) if columns and self._are_rows(columns) else None

    def _are_rows(self, columns: ByColumn) -> bool:
        """Tell whether each row has a value and none is the header again."""
        named = zip(self.header, columns, strict=True)
        if any(isinstance(cells, NumberCells) and not is_number(name) for name, cells in named):
            return True  # a number is a value, and not the name of its column
        if "" in columns[0] and any(not any(row) for row in zip(*columns, strict=True) if not row[0]):
            return False
        return self.header[0] not in columns[0] or tuple(self.header) not in zip(*columns, strict=True)

    @cached_property
    def kept(self) -> Sequence[int] | None:
        """Positions of the columns that have a name; None if all have one."""
        named = [position for position, name in enumerate(self.header) if name]
        return None if len(named) == len(self.header) else named

    def quoted(self, records: CsvRecords, lines: CsvLines) -> Iterator[Table]:
        """Yield the rows of the open chunk, parsed by the csv module; rows before a bad one come first."""
        lines.recent.clear()
        rows: list[CsvRecord] = []
        while len(lines):
            try:
                record = records.next()
                # Files that were joined have the header again.
                if record is not None and any(record.cells) and record.cells != self.header:
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

    def _of_records(self, rows: Sequence[CsvRecord]) -> Table:
        columns = list(zip(*(row.cells for row in rows), strict=True))
        numbers, copies = [row.line for row in rows], [row.text for row in rows]
        return self._table(columns, DelimitedSource("", numbers, self.delimiter, copies, self.kept))

    def _check(self, record: CsvRecord) -> None:
        check_text(record.text, self.name, record.line)
        if len(record.cells) != len(self.header):
            separator = (
                ""
                if self.delimiter == ","
                else f", separated by {SEPARATORS.get(self.delimiter, self.delimiter)}"
            )
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
                at=cell_start(record.text, len(self.header), self.delimiter),
            )

    def _table(self, columns: Sequence[Sequence[str]], source: DelimitedSource) -> Table:
        for position, name in enumerate(self.header):
            if not name and any(columns[position]):
                row, cell = next((row, cell) for row, cell in enumerate(columns[position]) if cell)
                place, excerpt = replace(source, kept=None).place(row, position, name, cell)
                raise DataError(
                    f"{self.name}{place}: column {position + 1} has no name",
                    hint="name every column in the header",
                    source=excerpt,
                )
        named = {name: cells for name, cells in zip(self.header, columns, strict=True) if name}
        return Table(self.name, named, source, self.remark)
