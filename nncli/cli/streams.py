"""Stdin, stdout and stderr made reliable: open, able to print any text, and used by nncli alone."""

from __future__ import annotations

import io
import logging
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any, TextIO, cast

from nncli.messages.errors import NncliError

NARROWEST, WIDEST = 40, 400  # columns of help and bars


def prepare() -> None:
    """Replace closed streams by empty ones, and report failed writes as errors of nncli."""
    _silence_libraries()
    _bound_width()
    sys.stdin = sys.stdin or _nowhere("r")
    sys.stdout = cast(TextIO, _Written(_open(sys.stdout), _refuse))
    sys.stderr = cast(TextIO, _Written(_open(sys.stderr), _ignore))


class _Written:
    """Text stream that passes its first failure to `failed` and discards all later text."""

    def __init__(self, stream: TextIO, failed: Callable[[OSError], None]) -> None:
        self._stream = stream
        self._failed = failed
        self.gave_up = False

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError as error:
            self._give_up(error)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        # The interpreter flushes what is left when it ends, and must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
        self.gave_up = True
        self._failed(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def unread(stream: TextIO) -> bool:
    """Return True if the reader of a stream has closed it."""
    return isinstance(stream, _Written) and stream.gave_up


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
    for name in ("COLUMNS", "TERMINAL_WIDTH"):  # the second is typer's
        columns = os.environ.get(name, "")
        if columns.isascii() and columns.isdigit():
            os.environ[name] = str(int(min(max(float(columns), NARROWEST), WIDEST)))
        else:
            os.environ.pop(name, None)


def _refuse(error: OSError) -> None:
    """Raise an error for a failure of stdout, unless its reader closed the pipe."""
    if not isinstance(error, BrokenPipeError):
        raise NncliError(f"stdout: cannot be written: {error.strerror or error}")


def _ignore(error: OSError) -> None:
    """Ignore a failure of stderr, because it cannot be reported."""


def _open(stream: TextIO | None) -> TextIO:
    stream = stream or _nowhere("w")
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def _nowhere(mode: str) -> TextIO:
    return cast(TextIO, open(os.devnull, mode, encoding="utf-8"))
