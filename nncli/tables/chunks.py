"""Chunks of whole lines of a file, so that reading takes constant memory."""

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
    """Yield the text in chunks that end at a line end.

    Bytes that are not UTF-8 become lone surrogates, see `check_text`.

    Raises
    ------
    DataError
        If the file cannot be read, or a line is longer than `LONGEST_LINE`.
    """
    for content in _whole_lines(file, name):
        yield content.decode("utf-8", "surrogateescape")


def unmarked(chunks: Iterator[str]) -> Iterator[str]:
    """Yield the same text without a byte order mark at its start."""
    yield next(chunks, "").removeprefix("\ufeff")
    yield from chunks


def _whole_lines(file: BinaryIO, name: str) -> Iterator[bytes]:
    incomplete: list[bytes] = []  # the pieces of a line that has not ended yet
    size = 0
    for piece in pieces(file, name):
        # Also after \r, unless its \n may come in the next piece.
        end = 1 + max(piece.rfind(b"\n"), piece.rfind(b"\r", 0, -1))
        if end:
            yield b"".join([*incomplete, piece[:end]])
            incomplete, size = [], 0
        incomplete.append(piece[end:])
        size += len(piece) - end
        if size > LONGEST_LINE:
            raise DataError(
                f"{name}: a line is longer than {LONGEST_LINE // 10**6:,} MB",
                hint="write each row on its own line",
            )
    if rest := b"".join(incomplete):
        yield rest


def pieces(file: BinaryIO, name: str) -> Iterator[bytes]:
    """Yield the bytes of a file as soon as some of them can be read."""
    with reading(name):
        while piece := file.read1(PIECE):  # type: ignore[attr-defined]
            yield piece


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn errors of reading a file into DataError."""
    try:
        yield
    except (EOFError, zlib.error):
        raise DataError(f"{name}: damaged: the file is truncated or is not valid gzip") from None
    except OSError as error:
        raise DataError(f"{name}: cannot be read: {error.strerror or error}") from None


def check_text(text: str, name: str, line: int) -> None:
    """Raise RowError if a row, which starts on `line`, is not valid text."""
    if found := NO_TEXT.search(text):
        char, hint = found.group(), "save the file as UTF-8 text"
        problem = "contains a NUL byte" if char == "\0" else f"not UTF-8 text (byte {ord(char) - 0xDC00:#x})"
        raise row_error(name, line, text, problem, hint, at=found.start())


_LINE_END = re.compile("\r\n|\r|\n")


def row_error(
    name: str, line: int, text: str, problem: str, hint: str | None = None, *, at: int = 0, width: int = 1
) -> RowError:
    """Return the error of an unreadable row that starts on `line`; `at` and `width` mark the cause."""
    place, source = located(text, line, at, width)
    return RowError(f"{name}{place}: {problem}", line, text, problem, hint=hint, source=source)


def located(text: str, line: int, at: int, width: int) -> tuple[str, str]:
    """Return `:LINE:COLUMN` (from 1) of a place in a row that starts on `line`, and its line with carets."""
    before = _LINE_END.split(text[:at])
    within, column = len(before) - 1, len(before[-1])
    shown = _LINE_END.split(text)[within]
    return f":{line + within}:{column + 1}", excerpt(shown, line + within, column, width)
