"""Table files: a reader for each format, whole or in parts of constant memory."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import AnyStr, BinaryIO, cast

from nncli.messages.errors import DataError
from nncli.storage.lookup import COMPRESSION
from nncli.tables.formats import arff, delimited, json_array, ndjson, parquet, workbook
from nncli.tables.formats.chunks import grouped, peeked, pieces, text_chunks, text_pieces
from nncli.tables.formats.compression import ZIP, decompressed
from nncli.tables.formats.foreign import refuse_foreign
from nncli.tables.settings import DETECTED, ReadConfig
from nncli.tables.sources import one_table
from nncli.tables.table import RowError, Table

LARGEST_FILE = 1_000_000_000  # bytes read at once
ROWS = 1_000  # at least, in each part of a whole table: a column of a part takes as much memory as 50 numbers
SMALLER = "use fewer rows or columns"

OnBad = Callable[[RowError], None]
Text = Callable[[BinaryIO, str, ReadConfig], Iterator[str]]
Tables = Callable[[Iterator[str], str, OnBad, ReadConfig], Iterator[Table]]


@dataclass(frozen=True)
class TableFormat:
    """Readers for one kind of file.

    Attributes
    ----------
    name : its name in help.
    whole : an open file, its name, and settings -> one table.
    parts : an open file, its name, what to do with bad rows, and settings -> tables of some thousand rows.
    """

    name: str
    whole: Callable[[BinaryIO, str, ReadConfig], Table]
    parts: Callable[[BinaryIO, str, OnBad, ReadConfig], Iterator[Table]]


def refuse(error: RowError) -> None:
    """Raise the error of a row that cannot be read."""
    raise error


def _of_text(name: str, text: Text, tables: Tables) -> TableFormat:
    """Return a format that is text, or is read as text, of which each chunk gives tables."""

    def whole(file: BinaryIO, name: str, given: ReadConfig) -> Table:
        joined = "".join(_limited(text(file, name, given), name))
        (table,) = tables(iter([joined]), name, refuse, given)
        return table

    def parts(file: BinaryIO, name: str, on_bad: OnBad, given: ReadConfig) -> Iterator[Table]:
        return tables(text(file, name, given), name, on_bad, given)

    return TableFormat(name, whole, parts)


def _buffered(content: bytes) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(io.BytesIO(content)))


def _text(file: BinaryIO, name: str, given: ReadConfig) -> Iterator[str]:
    return text_chunks(file, name, given.encoding)


def _ndjson(chunks: Iterator[str], name: str, on_bad: OnBad, given: ReadConfig) -> Iterator[Table]:
    return ndjson.tables(chunks, name, on_bad)


def _commas(chunks: Iterator[str], name: str, on_bad: OnBad, given: ReadConfig) -> Iterator[Table]:
    """Read CSV that was made from another format."""
    return delimited.tables(chunks, name, on_bad, given.model_copy(update={"separator": ","}))


def _of_lines(name: str, text: Text, tables: Tables) -> TableFormat:
    """Return a format like `_of_text` whose header names all columns, so that parts can be joined."""

    def whole(file: BinaryIO, name: str, given: ReadConfig) -> Table:
        chunks = grouped(_limited(text(file, name, given), name), ROWS)
        return one_table(tables(chunks, name, refuse, given))

    return replace(_of_text(name, text, tables), whole=whole)


CSV = _of_lines("CSV", _text, delimited.tables)
NDJSON = _of_text("NDJSON", _text, _ndjson)
JSON = _of_text(
    "JSON",
    lambda file, name, given: json_array.lines(text_pieces(file, name, given.encoding), name),
    _ndjson,
)
ARFF = _of_lines("ARFF", lambda file, name, given: arff.csv_lines(_text(file, name, given), name), _commas)
EXCEL = _of_lines("Excel", lambda file, name, given: workbook.csv_chunks(file, name), _commas)
PARQUET = TableFormat(
    "Parquet",
    lambda file, name, given: parquet.whole(_content(file, name), name),
    lambda file, name, on_bad, given: parquet.tables(file, name, on_bad),
)

# By extension; other files are read as what their first bytes say, as CSV if these say nothing.
TABLE_FORMATS = {
    ".csv": CSV,
    ".tsv": CSV,
    ".txt": CSV,
    ".tab": CSV,
    ".data": CSV,
    ".dat": CSV,
    ".ndjson": NDJSON,
    ".jsonl": NDJSON,
    ".json": JSON,
    ".parquet": PARQUET,
    ".xlsx": EXCEL,
    ".arff": ARFF,
}
BEGINNINGS = {b"PAR1": PARQUET, ZIP: EXCEL, b"[": JSON, b"{": NDJSON, b"@relation": ARFF, b"@RELATION": ARFF}


def ending(path: str) -> str:
    """Return the extension of a file, without that of compression, which determines its format."""
    name = path.lower()
    for compression in COMPRESSION:
        name = name.removesuffix(compression)
    return Path(name).suffix


def parse_csv(text: str, name: str) -> Table:
    """Parse the text of a CSV file as a table; `name` is its name in errors."""
    return one_table(delimited.tables(iter([text]), name, refuse))


def decode(content: bytes, name: str, given: ReadConfig = DETECTED) -> Table:
    """Parse the bytes of a file as a table; the extension of `name` gives the format, else its first bytes.

    Raises
    ------
    DataError
        If it has no header or no rows, or a row cannot be read.
    """
    return _whole(_buffered(content), name, given)


def read(path: Path, name: str, given: ReadConfig = DETECTED) -> Table:
    """Read a file as one table.

    Parameters
    ----------
    given : settings of the format; what they leave open is detected.

    Raises
    ------
    DataError
        Like `decode`, or if it cannot be opened or is too large.
    """
    with opened(path, name) as file:
        if os.fstat(file.fileno()).st_size > LARGEST_FILE:
            raise _too_much(name)
        return _whole(file, name, given)


def _whole(file: BinaryIO, name: str, given: ReadConfig) -> Table:
    try:
        plain = decompressed(file, name)
        return _format(name, peeked(plain, name)).whole(plain, name, given)
    except MemoryError:
        hint = SMALLER
        raise DataError(f"{name}: the file does not fit into memory", hint=hint) from None


def read_parts(
    file: BinaryIO, name: str, on_bad: OnBad = refuse, given: ReadConfig = DETECTED
) -> Iterator[Table]:
    """Yield the tables of an open file, each of some thousand rows, in constant memory.

    Parameters
    ----------
    on_bad : called with each row that cannot be read; unless it raises, the row is skipped.
    given : settings of the format; what they leave open is detected.

    Raises
    ------
    DataError
        Like `decode`.
    """
    buffered = file if hasattr(file, "peek") else cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, file)))
    plain = decompressed(buffered, name)
    return _format(name, peeked(plain, name)).parts(plain, name, on_bad, given)


def _format(name: str, begin: bytes) -> TableFormat:
    """Return the format of a file by its extension, else by its first bytes.

    Raises
    ------
    DataError
        If it is a kind of file that is not read.
    """
    refuse_foreign(name, ending(name), begin)
    text = begin.lstrip(b"\xef\xbb\xbf \t\r\n")
    found = next((form for mark, form in BEGINNINGS.items() if text.startswith(mark)), CSV)
    known = TABLE_FORMATS.get(ending(name), found)
    return found if found in (PARQUET, EXCEL) and known not in (PARQUET, EXCEL) else known


@contextmanager
def opened(path: Path, name: str) -> Iterator[BinaryIO]:
    """Open a file for reading.

    Raises
    ------
    DataError
        If it cannot be opened.
    """
    try:
        file = path.open("rb")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or "not a path"
        raise DataError(
            f"{name}: {reason}", hint="check the path; it is relative to the current directory"
        ) from None
    with file:
        yield file


def _content(file: BinaryIO, name: str) -> bytes:
    """Return all bytes."""
    return b"".join(_limited(pieces(file, name), name))


def _limited(pieces: Iterator[AnyStr], name: str) -> Iterator[AnyStr]:
    """Yield the same pieces; raise DataError after `LARGEST_FILE`, because some files never end."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > LARGEST_FILE:
            raise _too_much(name)
        yield piece


def _too_much(name: str) -> DataError:
    return DataError(f"{name}: the file is larger than {LARGEST_FILE // 10**6:,} MB", hint=SMALLER)
