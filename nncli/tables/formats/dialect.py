"""Layout of a delimited file, detected from its first rows: separator, header, lines above and below it."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from nncli.messages.wording import listed
from nncli.tables.column import is_number, reads_as_number
from nncli.tables.settings import DETECTED, ReadConfig
from nncli.tables.table import NO_HEADER

# Separators and their names, the more common ones first.
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars", " ": "spaces"}
BLANK = " \t,;|\r\n"  # characters of a line without any cell
SAMPLE = 200  # lines that are looked at
REGULAR = 0.9  # of the rows must have as many cells as most rows, or a separator is not one
ROW_NAMES = "Unnamed: 0"  # name that pandas gives to a column of row names without a header

_SEPARATOR_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Dialect:
    """The layout of a delimited file.

    Attributes
    ----------
    separator : between the cells of a row.
    above : lines above the header, which hold a title, comments or the separator.
    below : records between the header and the rows, which hold units.
    names : names of the columns if the header's cells are not; "" for an empty column, which is left out.
    has_header : False if the first line is a row.
    remarks : what was detected and is worth saying.
    """

    separator: str
    above: int = 0
    below: int = 0
    names: tuple[str, ...] | None = None
    has_header: bool = True
    remarks: tuple[str, ...] = ()

    @property
    def separated_by(self) -> str:
        """The separator in words, such as `tabs`."""
        return SEPARATORS.get(self.separator, repr(self.separator))


def evident(lines: Sequence[str]) -> Dialect | None:
    """Return the layout if the first two lines leave no doubt: names, then as many cells with a number.

    Rows that arrive one by one can then be read at once; otherwise the first `SAMPLE` lines decide.
    """
    first, second = [*lines, "", ""][:2]
    used = [mark for mark in SEPARATORS if mark in first and mark != " "]
    if len(used) != 1 or '"' in first + second or not second.endswith(("\n", "\r")):
        return None
    header, row = ([cell.strip() for cell in line.split(used[0])] for line in (first, second))
    numbers = any(map(reads_as_number, row)) and not any(map(reads_as_number, header))
    if len(header) != len(row) or not all(header) or not numbers or header[0].startswith("#"):
        return None
    return _noted(Dialect(used[0]))


def detect(lines: Sequence[str], given: ReadConfig = DETECTED) -> Dialect:
    """Return the layout of a file that starts with these lines, `SAMPLE` of them or all."""
    if given.skip_rows != "auto":
        return _found(lines, min(given.skip_rows, len(lines)), given)
    above = next((row for row, line in enumerate(lines) if line.strip(BLANK)), 0)
    if lines and (match := _SEPARATOR_LINE.fullmatch(lines[above])):
        return _Layout(given.separator_mark or match[1], lines, above + 1, given).dialect()
    below = above
    while below + 1 < len(lines) and lines[below].lstrip().startswith("#"):
        below += 1
    found = _found(lines, below, given)
    comments = (_skipped(above, below, "comments"),) if below > above else ()
    return replace(found, remarks=(*comments, *found.remarks))


def _found(lines: Sequence[str], above: int, given: ReadConfig) -> Dialect:
    """Return the likeliest layout of the lines below those that are skipped."""
    marks = [given.separator_mark] if given.separator_mark else [*SEPARATORS]
    layouts = [_Layout(mark, lines, above, given) for mark in marks]
    divided = [layout for layout in layouts if layout.divides]
    marked = [layout for layout in divided if layout.separator != " "]
    likely = marked or divided or layouts[:-1] or layouts
    return max(likely, key=lambda layout: layout.likelihood).dialect()


class _Layout:
    """The records below the line `above`, as one separator divides them."""

    def __init__(self, separator: str, lines: Sequence[str], above: int, given: ReadConfig) -> None:
        self.separator, self.above, self._given = separator, above, given
        self.records, self._ends = _records(lines[above:], separator)
        counts = Counter(len(cells) for cells in self.records[1:] or self.records)
        # As many cells as most rows have; of equally many rows, the larger number.
        self.width = max(counts, key=lambda count: (counts[count], count), default=0)

    @cached_property
    def start(self) -> int:
        """Position of the header, or of the first row where there is none, in the records."""
        if self._given.skip_rows != "auto":
            return 0
        start = next((row for row, cells in enumerate(self.records) if self._is_whole(cells)), 0)
        if start and abs(len(self.records[start - 1]) - self.width) == 1:
            above, first = self.records[start - 1 : start + 1]
            alone = start == 1 and self.separator != " "
            if alone or (any(map(reads_as_number, first)) and not any(map(reads_as_number, above))):
                start -= 1  # the header is a name short, or has one too many
        titles = self.separator == " " or all(map(self._is_title, self.records[:start]))
        return start if titles else 0

    def _is_whole(self, cells: Sequence[str]) -> bool:
        """Tell whether a record has the usual number of cells, and is no title with commas behind it."""
        title = self.width > 1 and bool(cells[0]) and not any(cells[1:])
        return len(cells) == self.width and not title

    def _is_title(self, cells: Sequence[str]) -> bool:
        """Tell whether a record above regular rows is no header: a single text, or counts and the like."""
        counts = abs(len(cells) - self.width) > 1 and any(map(is_number, cells))
        return sum(map(bool, cells)) == 1 or counts

    @property
    def header(self) -> list[str]:
        """The record of the column names, or the first row where there is none."""
        return self.records[self.start] if self.records else []

    @property
    def rows(self) -> list[list[str]]:
        """The records below the header, without those that repeat it."""
        return [cells for cells in self.records[self.start + 1 :] if cells != self.header]

    @property
    def divides(self) -> bool:
        """True if nearly every row has the same number of cells, at least two."""
        regular = sum(len(cells) == self.width for cells in self.rows)
        return len(self.header) > 1 and regular >= REGULAR * len(self.rows)

    @property
    def likelihood(self) -> tuple[bool, float, int, int]:
        """Larger for a likelier separator: a header of texts on the first line, then cells with numbers."""
        named = self.start == 0 and not any(map(reads_as_number, self.header))
        cells = [cell for row in self.rows for cell in row]
        numbers = sum(map(reads_as_number, cells)) / max(1, len(cells))
        return (
            named,
            round(numbers, 2),
            len(self.header),
            -[*SEPARATORS, self.separator].index(self.separator),
        )

    def dialect(self) -> Dialect:
        """Return the layout with the names of the columns."""
        if not self.records:
            return Dialect(self.separator, self.above)
        start = self._ends[self.start - 1] if self.start else 0
        found = Dialect(self.separator, self.above + start)
        if start:
            found = replace(found, remarks=(_skipped(self.above, found.above, "above the header"),))
        if not self._given.separator_mark and len(self.header) > 1:
            found = _noted(found)
        if self._given.header is False or (self._given.header == "auto" and _is_row(self.header, self.rows)):
            return _numbered(found, len(self.header))
        if _are_units(self.rows):
            units = listed(filter(None, self.rows[0]))
            remark = f"skipped the line below the header, because it has no numbers: {units}"
            found = replace(found, below=1, remarks=(*found.remarks, remark))
        return _named(found, self.header, self.rows[found.below :])


def _records(lines: Sequence[str], separator: str) -> tuple[list[list[str]], list[int]]:
    """Return the records of lines, stripped, without blank ones, and the line that each ends on."""
    stripped = (line.rstrip(" \r\n") + "\n" if separator == " " else line for line in lines)
    reader = csv.reader(stripped, delimiter=separator, skipinitialspace=True)
    records, ends = [], []
    try:
        for cells in reader:
            if any(cells := [cell.strip() for cell in cells]):
                records.append(cells)
                ends.append(reader.line_num)
    except csv.Error:  # reported by the reader of the rows, with its place
        pass
    return records, ends


def _noted(dialect: Dialect) -> Dialect:
    """Add a remark on a separator other than the comma."""
    if dialect.separator == ",":
        return dialect
    return replace(dialect, remarks=(*dialect.remarks, f"fields are separated by {dialect.separated_by}"))


def _skipped(above: int, below: int, what: str) -> str:
    lines = f"line {below}" if below == above + 1 else f"lines {above + 1} to {below}"
    return f"skipped {lines} ({what})"


def _is_row(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether a first line is a row rather than a header.

    It is one if it has numbers where all rows have them, and these are not names of a series, such as years:
    a fraction, or twice the same number.
    """
    numeric = [
        float(cell)
        for column, cell in enumerate(header)
        if is_number(cell) and all(len(row) > column and reads_as_number(row[column]) for row in rows)
    ]
    fractions = any(number % 1 != 0 for number in numeric)
    return bool(rows) and (fractions or len(set(numeric)) < len(numeric))


def _numbered(dialect: Dialect, width: int) -> Dialect:
    names = tuple(f"column_{number}" for number in range(1, width + 1))
    remark = f"{NO_HEADER}, so the columns are named {names[0]} to {names[-1]}"
    return replace(dialect, names=names, has_header=False, remarks=(*dialect.remarks, remark))


def _are_units(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the first row holds units: text in most columns, where all other rows have numbers."""
    if len(rows) < 4:
        return False
    units, others = rows[0], rows[1:]
    unlike = [
        column
        for column, cell in enumerate(units)
        if cell
        and not reads_as_number(cell)
        and all(len(row) > column and reads_as_number(row[column]) for row in others)
    ]
    return 2 * len(unlike) > len(units) and not any(map(is_number, units))


def _named(dialect: Dialect, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Dialect:
    """Add the names of the columns if the header does not give them as they are."""
    names, remarks = list(header), list(dialect.remarks)
    width = len(rows[0]) if len({len(row) for row in rows}) == 1 else len(names)
    if len(names) == width + 1 and not names[-1]:
        names.pop()
    elif len(names) == width - 1 and not any(row[-1] for row in rows):
        names.append("")
    elif len(names) == width - 1 and _are_row_names([row[0] for row in rows]):
        names.insert(0, ROW_NAMES)
        remarks.append(f"the header is one name short, so column 1 is named {ROW_NAMES}")
    if not names[0] and any(names[1:]) and any(row[0] for row in rows):
        names[0] = ROW_NAMES
        remarks.append(f"column 1 has no name, so it is named {ROW_NAMES}")
    nameless = [column for column, name in enumerate(names) if not name]
    if any(len(row) > column and row[column] for row in rows for column in nameless):
        return dialect  # the reader of the header reports the column that needs a name
    as_written = names == list(header) and all(names)
    return replace(dialect, names=None if as_written else tuple(names), remarks=tuple(remarks))


def _are_row_names(cells: Sequence[str]) -> bool:
    """Tell whether cells can be names of rows: present, and no two alike."""
    return len(cells) > 1 and all(cells) and len(set(cells)) == len(cells)
