"""Text and tables fitted to a number of columns: words are kept whole, and rows stay on one line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nncli.messages.wording import listed, shortened, width

SHORTEST_CELL = 16  # characters that a shortened cell keeps
LABEL = re.compile(r"\s*(?:(?:error|warning|hint|why|next): )?")
CARETS = re.compile(r" *\| *\^+")
CLIPPED = "..."  # where a line of source goes on


def wrapped(text: str, columns: int | None) -> str:
    """Break lines that are wider than `columns` between words, never inside one; None leaves all as it is.

    Continuation lines start below the text of their line, after its indent and a label such as `hint: `.
    The lines of a source excerpt are clipped around the caret instead.
    """
    if columns is None:
        return text
    lines = text.split("\n")
    fitted: list[str] = []
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if CARETS.fullmatch(line) and fitted:
            excerpt, marks = _clipped(fitted.pop(), line, columns)
            fitted += [excerpt, marks]
        elif width(line) <= columns or CARETS.fullmatch(below):
            fitted.append(line)
        else:
            fitted += _wrapped_line(line, columns)
    return "\n".join(fitted)


def aligned(rows: Sequence[Sequence[str]], *, left: int = 1) -> str:
    """Align rows of text in columns: the first `left` columns to the left, the others to the right."""
    return "\n".join(_aligned_lines(rows, left))


def fitted_table(
    rows: Sequence[Sequence[str]], *, left: int = 1, columns: int | None = None, last: int = 0
) -> str:
    """Align a header and rows as `aligned` does, no wider than `columns`; None sets no limit.

    Where they are wider, the texts in the columns at the left are shortened first; then columns are left out,
    which a line below names: from the right, those before the `last` columns first, and never the first.
    """
    shown, hidden = [list(row) for row in rows], list[str]()
    while columns is not None and (excess := _total(shown) - columns) > 0:
        widest = max(range(min(left, len(shown[0]))), key=lambda column: _widest(shown, column), default=None)
        if widest is not None and (longest := _widest(shown, widest)) > SHORTEST_CELL:
            limit = max(SHORTEST_CELL, longest - excess)
            for row in shown:
                row[widest] = shortened(row[widest], limit)
        elif (count := len(shown[0])) > 2:
            superfluous = count - 1 - last if count - 1 > last else count - 1
            hidden.append(shown[0][superfluous])
            for row in shown:
                del row[superfluous]
        else:
            break
    lines = _aligned_lines(shown, left)
    if hidden and columns is not None:
        lines += _wrapped_line(f"(no room for {listed(hidden)}; --json shows all)", columns)
    return "\n".join(lines)


def definitions(
    rows: Sequence[tuple[str, str]], columns: int | None = None, *, indent: str = "", widest: int = 0
) -> str:
    """Align terms and their descriptions, which wrap in a column of their own; None sets no limit.

    Where the terms would take more than 40 % of the width, each stands on a line of its own.

    Parameters
    ----------
    widest : width of the terms at least, for lists that stand below each other.
    """
    if columns is None:
        return "\n".join(indent + line for line in _aligned_lines(rows, 2))
    widest = max(widest, *(width(term) for term, _ in rows))
    beside = len(indent) + widest + 2 <= 0.4 * columns
    start = len(indent) + (widest + 2 if beside else 4)
    lines = []
    for term, description in rows:
        words = _filled(description, columns - start)
        if beside:
            padded = indent + term + " " * (start - len(indent) - width(term))
            lines.append((padded + (words[0] if words else "")).rstrip())
            words = words[1:]
        else:
            lines += [indent + line for line in _hanging(term, columns - len(indent))]
        lines += [" " * start + line for line in words]
    return "\n".join(lines)


def _aligned_lines(rows: Sequence[Sequence[str]], left: int) -> list[str]:
    widths = [_widest(rows, column) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = []
        for column, cell in enumerate(row):
            space = " " * (widths[column] - width(cell))
            cells.append(cell + space if column < left else space + cell)
        lines.append("  ".join(cells).rstrip())
    return lines


def _widest(rows: Sequence[Sequence[str]], column: int) -> int:
    return max(width(row[column]) for row in rows)


def _total(rows: Sequence[Sequence[str]]) -> int:
    """Width of rows that are aligned with two blanks between the columns."""
    return sum(_widest(rows, column) + 2 for column in range(len(rows[0]))) - 2


def _wrapped_line(line: str, columns: int) -> list[str]:
    """Break a line; where it is in pieces separated by wide gaps, such as commands, between these."""
    label = LABEL.match(line)
    indent = label.end() if label else 0
    pieces = re.split(r" {3,}", line[indent:].strip())
    words = [each for piece in pieces for each in _filled(piece, columns - indent)]
    return [(line[:indent] if not position else " " * indent) + each for position, each in enumerate(words)]


def _hanging(text: str, columns: int) -> list[str]:
    """Break a text that is too wide between words; further lines are indented."""
    if width(text) <= columns:
        return [text]
    first, *others = _filled(text, columns - 4)
    return [first, *("    " + line for line in others)]


def _filled(text: str, columns: int) -> list[str]:
    """Fill lines with words; a word wider than `columns` has a line of its own."""
    lines: list[str] = []
    for word in text.split():
        if lines and width(lines[-1]) + 1 + width(word) <= columns:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _clipped(excerpt: str, carets: str, columns: int) -> tuple[str, str]:
    """Clip a line of source and the carets below it, so that the marked place stays visible."""
    margin = carets.index("|") + 2
    text, first, count = excerpt[margin:], carets.index("^") - margin, carets.count("^")
    room = columns - margin
    if width(text) <= room:
        return excerpt, carets
    most = width(text) - room
    start = 0 if first + count + len(CLIPPED) <= room else min(max(0, first - room // 3), most)
    visible = _cells(text, start, room)
    if start:
        visible = CLIPPED + visible[len(CLIPPED) :]
    if start < most:
        visible = visible[: -len(CLIPPED)] + CLIPPED
    marks = "^" * min(count, room - (first - start))
    return excerpt[:margin] + visible, carets[:margin] + " " * (first - start) + marks


def _cells(text: str, start: int, room: int) -> str:
    """The part of a text that fills `room` terminal cells from a cell on."""
    position, visible = 0, ""
    for char in text:
        if start <= position and position + width(char) <= start + room:
            visible += char
        position += width(char)
    return visible
