"""The text of a file in chunks of whole lines, so that files of any size take the same memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO

from nncli.data.table import RowError
from nncli.errors import DataError
from nncli.wording import excerpt

PIECE = 2**17  # bytes read at once, some 2,000 rows: what fits into caches is twice as fast
LONGEST_LINE = 2**24  # bytes


def text_chunks(file: BinaryIO, name: str) -> Iterator[str]:
    """Text that ends where a line ends; bytes that are no UTF-8 become lone surrogates, see `check_text`.

    Raises
    ------
    DataError
        If the file cannot be read, or a line is longer than any line of a table.
    """
    mark = b"\xef\xbb\xbf"
    for content in _whole_lines(file, name):
        yield content.removeprefix(mark).decode("utf-8", "surrogateescape")
        mark = b""


def _whole_lines(file: BinaryIO, name: str) -> Iterator[bytes]:
    begun: list[bytes] = []  # the pieces of a line that has not ended yet
    for piece in pieces(file, name):
        # Also after \r, unless its \n may come in the next piece.
        end = 1 + max(piece.rfind(b"\n"), piece.rfind(b"\r", 0, -1))
        if end:
            yield b"".join([*begun, piece[:end]])
            begun = []
        begun.append(piece[end:])
        if sum(map(len, begun)) > LONGEST_LINE:
            raise DataError(
                f"{name}: a line of more than {LONGEST_LINE // 10**6:,} MB",
                hint="put every row on its own line",
            )
    if rest := b"".join(begun):
        yield rest


def pieces(file: BinaryIO, name: str) -> Iterator[bytes]:
    """What a file holds, as soon as some of it can be read."""
    try:
        while piece := file.read1(PIECE):  # type: ignore[attr-defined]
            yield piece
    except (EOFError, zlib.error):
        raise DataError(f"{name}: damaged: it ends early or is not compressed by gzip") from None
    except OSError as error:
        raise DataError(f"{name}: cannot be read: {error.strerror or error}") from None


def check_text(text: str, name: str, line: int) -> None:
    """Raise RowError where a row, which starts on `line`, is no text."""
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        problem = f"not UTF-8 text (line {line})"
        raise RowError(f"{name}: {problem}", line, text, problem, hint="save the file as UTF-8")
    if "\0" in text:
        line += text[: text.index("\0")].count("\n")
        raise row_error(name, line, text, "a NUL byte: this is no text", "export the table as CSV in UTF-8")


def row_error(name: str, line: int, text: str, problem: str, hint: str | None = None) -> RowError:
    """A row that cannot be read, and the line it starts on."""
    return RowError(f"{name}:{line}: {problem}", line, text, problem, hint=hint)


def marked(line: str, number: int, column: int, width: int) -> tuple[str, str]:
    """`:LINE:COLUMN`, both from 1, and the line with carets; `column` counts from 0."""
    return f":{number}:{column + 1}", excerpt(line, number, column, width)
