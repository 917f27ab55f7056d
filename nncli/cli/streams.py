"""Stdin, stdout and stderr made reliable: open, able to print any text, and used by nncli alone."""

from __future__ import annotations

import codecs
import io
import logging
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any, TextIO, cast

from nncli.messages.errors import NncliError

NARROWEST, WIDEST = 40, 400  # columns of help and charts

SPELLED = "nncli.spelled"  # name of the handler below
ASCII_SPELLINGS = {
    "\N{MINUS SIGN}": "-",
    "\N{PLUS-MINUS SIGN}": "+/-",
    "\N{GREEK SMALL LETTER LAMDA}": "lambda",
}
SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True))


def prepare() -> None:
    """Replace closed streams by empty ones, and report failed writes as errors of nncli."""
    _silence_libraries()
    _bound_width()
    sys.stdin = sys.stdin or _nowhere("r")
    sys.stdout = cast(TextIO, _Written(_open(sys.stdout), _refuse))
    sys.stderr = cast(TextIO, _Written(_open(sys.stderr), _ignore))


class _Written:
    """Text stream that passes its failure to `failed`, at later writes too, and discards later text.

    Once would not do: libraries write nothing to learn what a stream accepts, and suppress what happens.
    """

    def __init__(self, stream: TextIO, failed: Callable[[OSError], None]) -> None:
        self._stream = stream
        self._failed = failed
        self.failure: OSError | None = None

    def write(self, text: str) -> int:
        if self.failure is not None:
            self._failed(self.failure)
        else:
            self._try(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        if self.failure is None:
            self._try(self._stream.flush)

    def _try(self, call: Callable[[], object]) -> None:
        try:
            call()
        except OSError as error:
            # The interpreter flushes what is left when it ends, and must not fail again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
            self.failure = error
            self._failed(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def unread(stream: TextIO) -> bool:
    """Return True if the reader of a stream has closed it."""
    return isinstance(stream, _Written) and stream.failure is not None


def shows_braille(stream: TextIO) -> bool:
    """Tell whether a stream can show braille: by its encoding, and unless the locale is explicitly ASCII."""
    locale = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_CTYPE", "LANG"))), "")
    if locale in ("C", "POSIX"):  # here Python writes UTF-8 nevertheless
        return False
    try:
        "\N{BRAILLE PATTERN DOTS-12345678}".encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def encode_as_utf_8(stream: Any) -> None:
    """Encode a stream as UTF-8, like files: rows are written for programs that expect it."""
    stream.reconfigure(encoding="utf-8")


def _silence_libraries() -> None:
    """Keep warnings and log messages, which speak to developers, from the terminal."""
    # After filters that a program sets, a test runner for one, but before those of PYTHONWARNINGS.
    warnings.simplefilter("ignore", append=not sys.warnoptions)
    logging.lastResort = logging.NullHandler()


def _bound_width() -> None:
    """Limit the width given in the environment to a readable one, and ignore values that are not numbers."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isascii() and columns.isdigit():
        os.environ["COLUMNS"] = str(int(min(max(float(columns), NARROWEST), WIDEST)))
    else:
        os.environ.pop("COLUMNS", None)


def _refuse(error: OSError) -> None:
    """Raise an error for a failure of stdout, unless its reader closed the pipe."""
    if not isinstance(error, BrokenPipeError):
        raise NncliError(f"stdout: cannot be written: {error.strerror or error}")


def _ignore(error: OSError) -> None:
    """Ignore a failure of stderr, because it cannot be reported."""


def _spelled(error: UnicodeError) -> tuple[str | bytes, int]:
    """Spell characters that an encoding lacks: R² as R^2; those without a spelling as escapes."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    if all(char in SUPERSCRIPTS for char in text):
        return "^" + "".join(map(SUPERSCRIPTS.__getitem__, text)), error.end
    escaped = (char.encode("ascii", "backslashreplace").decode("ascii") for char in text)
    return "".join(
        ASCII_SPELLINGS.get(char, escape) for char, escape in zip(text, escaped, strict=True)
    ), error.end


codecs.register_error(SPELLED, _spelled)


def _open(stream: TextIO | None) -> TextIO:
    stream = stream or _nowhere("w")
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors=SPELLED)
    return stream


def _nowhere(mode: str) -> TextIO:
    return cast(TextIO, open(os.devnull, mode, encoding="utf-8"))
