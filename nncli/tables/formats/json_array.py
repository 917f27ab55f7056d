"""JSON arrays of objects, as lines of NDJSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from nncli.messages.errors import DataError
from nncli.tables.formats.chunks import LONGEST_LINE

HINT = 'write an array of objects, as pandas does with DataFrame.to_json(orient="records")'

_scan = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str).raw_decode
_SPACE = re.compile(r"\s*")
_BREAKS = re.compile(r"\s*[\r\n]\s*")  # between tokens: texts have none unescaped


def lines(chunks: Iterator[str], name: str) -> Iterator[str]:
    """Yield each object of an array as a line, in pieces as the chunks come.

    Raises
    ------
    DataError
        If the text is not an array.
    """
    text, opened, found = "", False, ""
    for chunk in chunks:
        text = (text + chunk).lstrip()
        if not opened and text:
            text, opened = text.removeprefix("["), True
        lines, text = _objects(text, first=not found)
        if lines:
            found = lines
            yield lines
        if len(text) > LONGEST_LINE:
            break
    if text.strip() != "]":
        raise DataError(f"{name}: the JSON array is not complete or not valid", hint=HINT)


def _objects(text: str, *, first: bool) -> tuple[str, str]:
    """Return the complete objects at the start of a text as lines, and the rest."""
    found: list[str] = []
    at = 0
    while True:
        start = _SPACE.match(text, at).end()  # type: ignore[union-attr]
        if text.startswith(",", start) and (found or not first):
            start = _SPACE.match(text, start + 1).end()  # type: ignore[union-attr]
        if not text.startswith("{", start):
            break
        try:
            _, end = _scan(text, start)
        except (json.JSONDecodeError, RecursionError):
            break
        found.append(_BREAKS.sub(" ", text[start:end]) + "\n")
        at = end
    rest = text[at:].lstrip()
    return "".join(found), rest
