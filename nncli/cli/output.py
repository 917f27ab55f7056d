"""Output of commands: results to stdout; progress, notes, warnings and errors to stderr."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TextIO

from nncli.messages.errors import ConfigError, NncliError
from nncli.messages.layout import wrapped
from nncli.messages.wording import printable

USUAL_COLUMNS = 80  # of a terminal that does not say


@dataclass
class Output:
    """Printer that respects the options every command shares."""

    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    json: bool = False
    command: str = field(default="", init=False)  # name of the running command
    reported: bool = field(default=False, init=False)  # whether the one object of --json is printed

    @property
    def columns(self) -> int | None:
        """Width of the terminal that shows the result; None if no terminal does."""
        return columns_of(sys.stdout)

    def result(self, text: str) -> None:
        """Print the result, fitted to a terminal, unless --json replaces it by an object."""
        self.verbatim(wrapped(text, self.columns))

    def verbatim(self, text: str) -> None:
        """Print a result that another program or a reader copies as it is: a path, a config."""
        if not self.json:
            # A program gets every byte of a path; on a terminal, control characters are escaped.
            print("\n".join(map(printable, text.split("\n"))) if sys.stdout.isatty() else text)

    def detail(self, text: str) -> None:
        """Print a part of the result that -q omits."""
        if not self.quiet:
            self.result(text)

    def object(self, command: str, values: Mapping[str, Any]) -> None:
        """Print the single object of --json."""
        if self.json:
            from nncli.storage.files import finite

            # In ASCII, which every encoding of stdout can hold.
            print(json.dumps(finite({"schema": f"nncli.{command}/1", **values})))
            self.reported = True

    def failure(self, error: NncliError, code: int) -> int:
        """Print an error on stderr and, with --json, as an object; return the exit code."""
        if self.debug:
            traceback.print_exc()
        print_blocks(error.blocks(columns=columns_of(sys.stderr)))
        mistakes = [error, *(error.others if isinstance(error, ConfigError) else ())]
        return self.ended(code, [{"message": one.message, "hint": one.hint} for one in mistakes])

    def ended(self, code: int, mistakes: Sequence[Mapping[str, Any]] = ()) -> int:
        """Return the exit code; with --json, print errors that were not yet reported as an object."""
        if code and not self.reported:
            with suppress(NncliError):  # stdout may be what failed
                self.object("error", {"code": code, "errors": mistakes})
                sys.stdout.flush()
        return code

    def note(self, text: str) -> None:
        """Print a note on stderr, unless -q hides it."""
        if not self.quiet:
            self.say(text)

    def say(self, text: str) -> None:
        """Print an essential message on stderr; -q does not hide it."""
        print(wrapped(printable(text), columns_of(sys.stderr)), file=sys.stderr)

    def warning(self, trouble: NncliError) -> None:
        """Print a warning on stderr; -q does not hide it."""
        print_blocks(trouble.blocks("warning", columns_of(sys.stderr)))

    def more(self, text: str) -> None:
        """Print a note that only -v shows."""
        if self.verbose:
            self.note(text)


def print_blocks(blocks: Sequence[str]) -> None:
    """Print errors or warnings on stderr, the first word in color if the terminal supports it."""
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for position, block in enumerate(blocks):
        if position:
            console.print()
        text = Text("\n".join(map(printable, block.split("\n"))))
        text.highlight_regex(r"^error:", "bold red")
        text.highlight_regex(r"^warning:", "bold yellow")
        text.highlight_regex(r"(?m)^hint:", "bold")
        console.print(text)


def columns_of(stream: TextIO) -> int | None:
    """Return the width of a terminal in characters, or None for a stream that is no terminal."""
    if not stream.isatty():
        return None
    if given := os.environ.get("COLUMNS"):
        return int(given)
    try:
        return os.get_terminal_size(stream.fileno()).columns or USUAL_COLUMNS
    except OSError:
        return USUAL_COLUMNS
