"""Numbers written as people write them, with commas or separators of thousands, and what YAML calls them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from operator import getitem
from typing import Any

from nncli.config import yaml12
from nncli.config.document import Document, Loc, Mistake

_GROUPED = {",": re.compile(r"[-+]?[1-9]\d{0,2}(,\d{3})+"), ".": re.compile(r"[-+]?[1-9]\d{0,2}(\.\d{3})+")}
_DIGITS = re.compile(r"\d+([.eE][-+\d.eE]*)?")  # the second half of a number with a decimal comma
_SPACES = re.compile(r"(?<=\d)[ _'\u00a0\u202f\u2019](?=\d{3})")


def meant_numbers(text: str, *, whole: bool) -> list[str]:
    """Return the numbers that a text can mean, as YAML writes them: `0,01` is `0.01`.

    `1,000` has two, one thousand and one, unless only a whole number fits.
    """
    mantissa, e, exponent = _SPACES.sub("", text.strip()).replace("E", "e").partition("e")
    found = [number + e + exponent for number in _mantissas(mantissa)]
    found = [number for number in dict.fromkeys(found) if yaml12.is_yaml_number(number)]
    if whole:
        found = [number for number in found if float(number).is_integer()]
        return [number for number in found if "." not in number] or found
    return found


def _mantissas(text: str) -> list[str]:
    comma, point = text.rfind(","), text.rfind(".")
    if comma >= 0 and point >= 0:
        thousands = "." if comma > point else ","
        whole, _, fraction = text.rpartition("," if comma > point else ".")
        if _GROUPED[thousands].fullmatch(whole) is None:
            return []
        return [f"{whole.replace(thousands, '')}.{fraction}"]
    mark = "," if comma >= 0 else "."
    grouped = [text.replace(mark, "")] if _GROUPED[mark].fullmatch(text) else []
    decimal = [text.replace(mark, ".")] if text.count(mark) <= 1 else []
    return grouped + decimal


def with_whole_numbers(
    values: dict[str, Any], mistakes: Sequence[Mistake], document: Document | None
) -> list[Mistake]:
    """Replace the mistakes that follow from a decimal comma between braces, which YAML reads as two entries.

    `{learning_rate: 0,01}` is a learning rate of 0 and a key `01` without a value.
    """
    split: dict[Loc, Mistake] = {}
    for mistake in mistakes:
        if mistake.at_key and mistake.loc and _DIGITS.fullmatch(str(mistake.loc[-1])):
            split.update(_split_number(values, mistake.loc, document))
    kept = [mistake for mistake in mistakes if mistake.loc not in split]
    return [*kept, *dict.fromkeys(split.values())]


def _split_number(values: dict[str, Any], loc: Loc, document: Document | None) -> dict[Loc, Mistake]:
    """Return both halves of a number, each with the mistake, if the key at `loc` is the second half."""
    *path, second = loc
    around: Any = reduce(getitem, path, values)  # type: ignore[arg-type]
    if not isinstance(around, dict) or around.get(second, "") is not None:
        return {}
    first = {after: before for before, after in pairwise(around)}.get(second)
    if first is None or type(around[first]) not in (int, float):
        return {}
    text = document and document.text_at((*path, first))
    found = meant_numbers(f"{text},{second}", whole=False) if text else []
    hint = f"write {' or '.join(found)}" if found else "write the number with a decimal point"
    mistake = Mistake((*path, first), "a decimal comma splits the number into two entries", hint)
    return {mistake.loc: mistake, loc: mistake}
