"""Where words go: results to stdout; progress, notes, warnings and errors to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Output:
    """What the common switches ask for."""

    quiet: bool = False
    verbose: bool = False
    json: bool = False

    def result(self, text: str) -> None:
        """The result itself; always printed, unless --json puts an object in its place."""
        if not self.json:
            print(text)

    def detail(self, text: str) -> None:
        """Part of the result that -q leaves out."""
        if not self.quiet:
            self.result(text)

    def object(self, command: str, values: Mapping[str, Any]) -> None:
        """The one object of --json."""
        if self.json:
            from nncli.runs import finite

            print(json.dumps(finite({"schema": f"nncli.{command}/1", **values}), ensure_ascii=False))

    def note(self, text: str) -> None:
        """Good to know."""
        if not self.quiet:
            print(text, file=sys.stderr)

    def more(self, text: str) -> None:
        """Good to know for those who asked with -v."""
        if self.verbose:
            self.note(text)


def print_error(blocks: Sequence[str]) -> None:
    """Error blocks on stderr, the first word red where the terminal has colours."""
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for position, block in enumerate(blocks):
        if position:
            console.print()
        text = Text(_printable(block, sys.stderr.encoding))
        text.highlight_regex(r"^error:", "bold red")
        text.highlight_regex(r"(?m)^hint:", "bold")
        console.print(text)


def _printable(text: str, encoding: str | None) -> str:
    """The text with what a terminal cannot show or would obey written as escapes."""
    shown = "".join(c if c.isprintable() or c in "\n" else c.encode("unicode_escape").decode() for c in text)
    return shown.encode(encoding or "ascii", "backslashreplace").decode(encoding or "ascii")


def aligned(rows: Sequence[Sequence[str]], *, left: int = 1, gap: int = 2) -> str:
    """Rows of text as columns: the first `left` to the left, the others, which are numbers, to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append((" " * gap).join(cells).rstrip())
    return "\n".join(lines)
