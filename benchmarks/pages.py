"""Pages in Markdown, of which a part between two marks is measured."""

from __future__ import annotations

from pathlib import Path


def replaced(page: Path, marks: tuple[str, str], text: str) -> str:
    """Return a page with other text between two marks, which stay."""
    begin, end = marks
    before, rest = page.read_text(encoding="utf-8").split(begin)
    _, after = rest.split(end)
    return f"{before}{begin}\n{text}\n{end}{after}"
