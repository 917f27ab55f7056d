"""Table files: a reader for each extension, whole or in parts of constant memory."""

from __future__ import annotations

import gzip
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from nncli.messages.errors import DataError
from nncli.tables import delimited, ndjson, parquet
from nncli.tables.chunks import pieces, reading, text_chunks
from nncli.tables.table import RowError, Table

LARGEST_FILE = 1_000_000_000  # bytes read at once
SMALLER = "use fewer rows or columns"
GZIP, PARQUET = b"\x1f\x8b", b"PAR1"  # first bytes of such files

OnBad = Callable[[RowError], None]


@dataclass(frozen=True)
class TableFormat:
    """Readers for one kind of file.

    Attributes
    ----------
    whole : its bytes and name -> one table.
    parts : an open file, its name and what to do with bad rows -> tables of some thousand rows.
    """

    whole: Callable[[bytes, str], Table]
    parts: Callable[[BinaryIO, str, OnBad], Iterator[Table]]


def _of_text(tables: Callable[[Iterator[str], str, OnBad], Iterator[Table]]) -> TableFormat:
    def whole(content: bytes, name: str) -> Table:
        text = content.decode("utf-8", "surrogateescape")
        (table,) = tables(iter([text]), name, refuse)
        return table

    def parts(file: BinaryIO, name: str, on_bad: OnBad) -> Iterator[Table]:
        return tables(text_chunks(file, name), name, on_bad)

    return TableFormat(whole, parts)


def refuse(error: RowError) -> None:
    """Raise the error of a row that cannot be read."""
    raise error


CSV, NDJSON = _of_text(delimited.tables), _of_text(ndjson.tables)
TABLE_FORMATS = {
    ".csv": CSV,
    ".tsv": CSV,
    ".txt": CSV,
    ".ndjson": NDJSON,
    ".jsonl": NDJSON,
    ".parquet": TableFormat(parquet.whole, parquet.tables),
}


def ending(path: str) -> str:
    """Return the extension of a file, without .gz, which determines its format."""
    return Path(path.lower().removesuffix(".gz")).suffix


def parse_csv(text: str, name: str) -> Table:
    """Parse the text of a CSV file as a table; `name` is its name in errors."""
    (table,) = delimited.tables(iter([text]), name, refuse)
    return table


def decode(content: bytes, name: str) -> Table:
    """Parse the bytes of a file as a table; the extension of `name` gives the format, else its first bytes.

    Raises
    ------
    DataError
        If it has no header or no rows, or a row cannot be read.
    """
    try:
        if content.startswith(GZIP):
            content = _content(cast(BinaryIO, gzip.GzipFile(fileobj=io.BytesIO(content))), name)
        return _format(name, content).whole(content, name)
    except MemoryError:
        raise _too_large(name) from None


def read(path: Path, name: str) -> Table:
    """Read a file as one table.

    Raises
    ------
    DataError
        Like `decode`, or if it cannot be opened or is too large.
    """
    with opened(path, name) as file:
        try:
            content = _content(file, name)
        except MemoryError:
            raise _too_large(name) from None
    return decode(content, name)


def read_parts(file: BinaryIO, name: str, on_bad: OnBad = refuse) -> Iterator[Table]:
    """Yield the tables of an open file, each of some thousand rows, in constant memory.

    Parameters
    ----------
    on_bad : called with each row that cannot be read; unless it raises, the row is skipped.

    Raises
    ------
    DataError
        Like `decode`.
    """
    buffered = file if hasattr(file, "peek") else io.BufferedReader(cast(io.RawIOBase, file))
    begin = _peeked(buffered, name)
    if begin.startswith(GZIP):
        buffered = cast(BinaryIO, gzip.GzipFile(fileobj=buffered))
        begin = _peeked(buffered, name)
    return _format(name, begin).parts(buffered, name, on_bad)


def _peeked(file: BinaryIO, name: str) -> bytes:
    with reading(name):
        return bytes(file.peek(16))  # type: ignore[attr-defined]


def _format(name: str, begin: bytes) -> TableFormat:
    known = TABLE_FORMATS.get(ending(name))
    if known is not None:
        return known
    if begin.startswith(PARQUET):
        return TABLE_FORMATS[".parquet"]
    return NDJSON if begin.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else CSV


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
    """Return all bytes, read in pieces because some files never end and report a size of 0."""
    too_much = DataError(f"{name}: the file is larger than {LARGEST_FILE // 10**6:,} MB", hint=SMALLER)
    if not isinstance(file, gzip.GzipFile) and os.fstat(file.fileno()).st_size > LARGEST_FILE:
        raise too_much
    content = []
    size = 0
    for piece in pieces(file, name):
        content.append(piece)
        size += len(piece)
        if size > LARGEST_FILE:
            raise too_much
    return b"".join(content)


def _too_large(name: str) -> DataError:
    return DataError(f"{name}: the file does not fit into memory", hint=SMALLER)
