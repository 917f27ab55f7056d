"""The text of a file in chunks of whole lines, so that files of any size take the same memory."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from nncli.messages.errors import DataError
from nncli.messages.wording import excerpt
from nncli.tables.table import RowError

PIECE = 2**17  # bytes read at once, some 2,000 rows: what fits into caches is twice as fast
LONGEST_LINE = 2**24  # bytes
NO_TEXT = re.compile("[\0\ud800-\udfff]")  # surrogates stand for bytes that are not UTF-8


def text_chunks(file: BinaryIO, name: str) -> Iterator[str]:
    """Text that ends where a line ends; bytes that are no UTF-8 become lone surrogates, see `check_text`.

    Raises
    ------
    DataError
        If the file cannot be read, or a line is longer than any line of a table.
    """
    for content in _whole_lines(file, name):
        yield content.decode("utf-8", "surrogateescape")


def unmarked(chunks: Iterator[str]) -> Iterator[str]:
    """The same text without a byte order mark at its start."""
    yield next(chunks, "").removeprefix("\ufeff")
    yield from chunks


def _whole_lines(file: BinaryIO, name: str) -> Iterator[bytes]:
    begun: list[bytes] = []  # the pieces of a line that has not ended yet
    size = 0
    for piece in pieces(file, name):
        # Also after \r, unless its \n may come in the next piece.
        end = 1 + max(piece.rfind(b"\n"), piece.rfind(b"\r", 0, -1))
        if end:
            yield b"".join([*begun, piece[:end]])
            begun, size = [], 0
        begun.append(piece[end:])
        size += len(piece) - end
        if size > LONGEST_LINE:
            raise DataError(
                f"{name}: a line of more than {LONGEST_LINE // 10**6:,} MB",
                hint="put every row on its own line",
            )
    if rest := b"".join(begun):
        yield rest


def pieces(file: BinaryIO, name: str) -> Iterator[bytes]:
    """What a file holds, as soon as some of it can be read."""
    with reading(name):
        while piece := file.read1(PIECE):  # type: ignore[attr-defined]
            yield piece


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what may go wrong while a file is read into DataError."""
    try:
        yield
    except (EOFError, zlib.error):
        raise DataError(f"{name}: damaged: it ends early or is not compressed by gzip") from None
    except OSError as error:
        raise DataError(f"{name}: cannot be read: {error.strerror or error}") from None


def check_text(text: str, name: str, line: int) -> None:
    """Raise RowError where a row, which starts on `line`, is no text."""
    if found := NO_TEXT.search(text):
        char, hint = found.group(), "save the file as text in UTF-8"
        problem = "a NUL byte" if char == "\0" else f"not UTF-8 text (byte {ord(char) - 0xDC00:#x})"
        raise row_error(name, line, text, problem, hint, at=found.start())


_LINE_END = re.compile("\r\n|\r|\n")


def row_error(
    name: str, line: int, text: str, problem: str, hint: str | None = None, *, at: int = 0, width: int = 1
) -> RowError:
    """A row that cannot be read: the line it starts on, and where in its text the trouble is."""
    place, source = located(text, line, at, width)
    return RowError(f"{name}{place}: {problem}", line, text, problem, hint=hint, source=source)


def located(text: str, line: int, at: int, width: int) -> tuple[str, str]:
    """`:LINE:COLUMN`, both from 1, of a place in a row that starts on `line`, and its line with carets."""
    before = _LINE_END.split(text[:at])
    within, column = len(before) - 1, len(before[-1])
    shown = _LINE_END.split(text)[within]
    return f":{line + within}:{column + 1}", excerpt(shown, line + within, column, width)
