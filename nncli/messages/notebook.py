"""HTML that notebooks show for a value instead of its repr."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence


def html_text(tag: str, text: str) -> str:
    """Return an HTML element, such as a paragraph or a heading, that holds a text."""
    return f"<{tag}>{html.escape(text)}</{tag}>"


def html_table(rows: Iterable[Sequence[str]], header: Sequence[str] = (), *, left: bool = False) -> str:
    """Return rows of text as an HTML table; the first cell of a row is its heading.

    Parameters
    ----------
    left : align cells to the left, as text; notebooks align them to the right, as numbers.
    """
    style = ' style="text-align: left"' if left else ""
    lines = [f"<tr>{''.join(map(_heading, header))}</tr>"] if header else []
    for first, *others in rows:
        cells = "".join(f"<td{style}>{html.escape(cell)}</td>" for cell in others)
        lines.append(f"<tr><th{style}>{html.escape(first)}</th>{cells}</tr>")
    return f"<table>{''.join(lines)}</table>"


def html_image(content: bytes, media_type: str, caption: str) -> str:
    """Return an image with its caption, embedded so that the notebook needs no other file."""
    from base64 import b64encode

    source = f"data:{media_type};base64,{b64encode(content).decode('ascii')}"
    words = html.escape(caption)
    return f'<figure><img src="{source}" alt="{words}"><figcaption>{words}</figcaption></figure>'


def _heading(text: str) -> str:
    return f"<th>{html.escape(text)}</th>"
