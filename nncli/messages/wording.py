"""Formatting of values, names and source lines in messages: short and safe to print."""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST_VALUE = 60  # characters of a value or name
MOST_NAMES = 20
CONTEXT = 60  # characters of a source line before the place
WINDOW = 100  # characters of a source line in all


def shown(text: str) -> str:
    """Any text as part of a message: cut, and with what a terminal would obey written as escapes."""
    return printable(text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 3] + "...")


def printable(text: str) -> str:
    """Any text with what a terminal would obey, line ends among it, written as escapes."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def shortened(text: str, longest: int) -> str:
    """At most so many characters: names of a kind often differ at their ends, so the middle goes."""
    half = longest // 2
    return text if len(text) <= longest else f"{text[: longest - half - 3]}...{text[-half:]}"


def listed(names: Iterable[str]) -> str:
    """`a, b, c`, with the number of those left out where there are many."""
    every = [shown(name) for name in names]
    more = f" and {len(every) - MOST_NAMES} more" if len(every) > MOST_NAMES else ""
    return ", ".join(every[:MOST_NAMES]) + more


def counted(number: int, noun: str) -> str:
    """`1 row`, `2 rows`; `1 class`, `2 classes`; `1 category`, `2 categories`."""
    if number == 1:
        return f"1 {noun}"
    plural = f"{noun}es" if noun.endswith("s") else f"{noun[:-1]}ies" if noun.endswith("ry") else f"{noun}s"
    return f"{number:,} {plural}"


def measured(value: float | None, digits: int = 4) -> str:
    """A loss or metric; `-` where it is unknown or not defined."""
    return "-" if value is None or value != value else f"{value:.{digits}g}"


def rounded(value: float) -> str:
    """A number with three significant digits, as prose writes it: 1,270 and not 1.27e+03."""
    text = f"{value:.3g}"
    return f"{float(text):,.0f}" if "e+" in text and abs(value) < 1e7 else text


def excerpt(line: str, number: int, column: int, length: int | None = None) -> str:
    """A line with carets below `length` characters (default: a word) from `column`, which counts from 0."""
    if length is None:
        word = re.match(r"[\w.+-]+|<<", line[column:])
        length = len(word.group()) if word else 1
    start = max(0, column - CONTEXT)
    clipped = "".join(char if char.isprintable() else " " for char in line[start : start + WINDOW])
    lead, tail = "..." if start else "", "..." if start + WINDOW < len(line) else ""
    visible, column = f"{lead}{clipped}{tail}", column - start + len(lead)
    before, marked = visible[:column], visible[column : min(column + length, len(lead) + len(clipped))]
    margin = f"{number} | "
    pad = " " * (len(margin) - 2) + "| " + " " * width(before)
    return f"{margin}{visible}\n{pad}{'^' * max(1, width(marked))}"


def width(text: str) -> int:
    """Return the number of terminal cells that a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # loads for 15 ms, which text in ASCII saves

    return cell_len(text)
