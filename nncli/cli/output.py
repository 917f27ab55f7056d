"""Output of commands: results to stdout; progress, notes, warnings and errors to stderr."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from nncli.messages.errors import ConfigError, NncliError
from nncli.messages.wording import printable, width


@dataclass
class Output:
    """Printer that respects the options every command shares."""

    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    json: bool = False
    command: str = field(default="", init=False)  # name of the running command
    reported: bool = field(default=False, init=False)  # whether the one object of --json is printed

    def result(self, text: str) -> None:
        """Print the result, unless --json replaces it by an object."""
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
        print_blocks(error.blocks())
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
        print(printable(text), file=sys.stderr)

    def warning(self, trouble: NncliError) -> None:
        """Print a warning on stderr; -q does not hide it."""
        print_blocks(trouble.blocks("warning"))

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


def aligned(rows: Sequence[Sequence[str]], *, left: int = 1, gap: int = 2) -> str:
    """Align rows of text in columns: the first `left` columns to the left, the others to the right."""
    widths = [max(width(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = []
        for column, cell in enumerate(row):
            space = " " * (widths[column] - width(cell))
            cells.append(cell + space if column < left else space + cell)
        lines.append((" " * gap).join(cells).rstrip())
    return "\n".join(lines)
