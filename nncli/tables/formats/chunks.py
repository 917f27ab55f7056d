"""Chunks of whole lines of a file, so that reading takes constant memory."""

from __future__ import annotations

import codecs
import lzma
import re
import zipfile
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


def text_chunks(file: BinaryIO, name: str, encoding: str = "auto") -> Iterator[str]:
    """Yield the text in chunks that end at a line end.

    UTF-8 is detected, and UTF-16 by its byte order mark. Bytes that are not UTF-8 become lone surrogates, see
    `check_text`.

    Raises
    ------
    DataError
        If the file cannot be read, or a line is longer than `LONGEST_LINE`.
    """
    if encoding == "auto":
        encoding = encoding_of(peeked(file, name))
    if encoding == "utf-8":
        for content in _whole_lines(file, name):
            yield content.decode("utf-8", "surrogateescape")
    else:
        yield from _decoded(file, name, encoding)


def text_pieces(file: BinaryIO, name: str, encoding: str = "auto") -> Iterator[str]:
    """Yield the text in pieces that end anywhere, for formats that are not made of lines."""
    decoder = codecs.getincrementaldecoder(
        encoding_of(peeked(file, name)) if encoding == "auto" else encoding
    )("surrogateescape")
    with _as(encoding, name):
        for piece in pieces(file, name):
            yield decoder.decode(piece)
        yield decoder.decode(b"", final=True)


def encoding_of(begin: bytes) -> str:
    """Return the encoding of a text by its first bytes."""
    return "utf-16" if begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"


def peeked(file: BinaryIO, name: str) -> bytes:
    """Return the first bytes of a buffered file, which stay to be read."""
    with reading(name):
        return bytes(file.peek(16))  # type: ignore[attr-defined]


def _decoded(file: BinaryIO, name: str, encoding: str) -> Iterator[str]:
    decoder, rest = codecs.getincrementaldecoder(encoding)(errors="strict"), ""
    with _as(encoding, name):
        for piece in pieces(file, name):
            rest += decoder.decode(piece)
            end = 1 + rest.rfind("\n")
            if end:
                yield rest[:end]
                rest = rest[end:]
        rest += decoder.decode(b"", final=True)
    if rest:
        yield rest


@contextmanager
def _as(encoding: str, name: str) -> Iterator[None]:
    """Turn bytes that are not of an encoding into DataError."""
    try:
        yield
    except UnicodeError:
        hint = "set dataset.read.encoding to the encoding in which it was saved"
        raise DataError(f"{name}: not {encoding} text", hint=hint) from None


def grouped(chunks: Iterator[str], lines: int) -> Iterator[str]:
    """Yield the same text in chunks that have at least so many lines, except for the last one."""
    waiting: list[str] = []
    count = 0
    for text in chunks:
        waiting.append(text)
        count += max(text.count("\n"), text.count("\r"))
        if count >= lines:
            yield "".join(waiting)
            waiting, count = [], 0
    if waiting:
        yield "".join(waiting)


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
    except (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile):
        raise _damaged(name) from None
    except OSError as error:
        if error.strerror is None:  # from gzip and bz2
            raise _damaged(name) from None
        raise DataError(f"{name}: cannot be read: {error.strerror or error}") from None


def _damaged(name: str) -> DataError:
    return DataError(
        f"{name}: damaged: the compressed file is truncated or not valid", hint="download or create it again"
    )


def check_text(text: str, name: str, line: int) -> None:
    """Raise RowError if a row, which starts on `line`, is not valid text."""
    if found := NO_TEXT.search(text):
        char, hint = found.group(), "save the file as UTF-8 text"
        if char != "\0":
            hint += ", or set dataset.read.encoding, such as cp1252 (Western Windows)"
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
