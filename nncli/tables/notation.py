"""Writing of the numbers of a column: decimal mark, thousands separator, and a constant sign or unit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np
from pydantic import ConfigDict

from nncli.messages.wording import shown
from nncli.nn.arrays import Array

Decimal = Literal[".", ","]
Thousands = Literal["", ",", ".", " ", "'"]

# Decimal mark and thousands separator; of equally good ones the earlier is taken.
NUMBER_MARKS: tuple[tuple[Decimal, Thousands], ...] = (
    (".", ""), (".", ","), (",", ""), (",", "."), (".", " "), (",", " "), (".", "'"), (",", "'"),
)  # fmt: skip
MARK_NAMES: dict[str, str] = {",": "commas", ".": "points", " ": "spaces", "'": "apostrophes"}
CERTAIN = 0.9  # share of a column's cells that must be numbers in a notation other than the plain one
FIRST = 200  # cells that are tried before all are
FEWEST_UNITS = 3  # cells with the same unit; fewer may be slips, such as 2x

_SPACES = " \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}"
_APOSTROPHES = "'\N{RIGHT SINGLE QUOTATION MARK}"
_SIGN = "[+\\-\N{MINUS SIGN}]?"
_CURRENCY = r"[$€£¥₹₽₩₺₪฿₫₴]|(?:US|A|C|NZ|HK|R)\$|EUR|USD|GBP|CHF|JPY|CNY|INR|Rs\.?|Fr\.|kr\.?|zł"
_UNIT = r"[^\W\d_]{1,12}\.?[²³]?(?:/[^\W\d_]{1,6}[²³23]?)?"
_DRESSED = re.compile(
    rf"{_SIGN}(?P<before>(?:{_CURRENCY})[{_SPACES}]?)?{_SIGN}"
    rf"(?P<body>[.,]?[0-9](?:[0-9.,{_APOSTROPHES}{_SPACES}]*[0-9])?[.,]?)"
    rf"(?:[eE][+-]?[0-9]+|[{_SPACES}]?(?P<after>[%‰°]|°[CF]|{_CURRENCY}|{_UNIT}))?"
)


@dataclass(frozen=True)
class Notation:
    """Writing of a column's numbers.

    Attributes
    ----------
    before, after : constant text around the numbers, such as $ or %, which may also be absent.
    missing : own spellings of a missing value.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)

    decimal: Decimal = "."
    thousands: Thousands = ""
    before: str = ""
    after: str = ""
    missing: tuple[str, ...] = ()

    @property
    def is_plain(self) -> bool:
        """True if numbers are written as in program code."""
        return replace(self, missing=()) == PLAIN_NOTATION

    def number(self, cell: str) -> float:
        """Return the number in a cell, NaN if there is none."""
        match = self._pattern.fullmatch(cell)
        if match is None:
            return float("nan")
        digits = match["whole"] or match["body"]
        for mark in _spellings(self.thousands):
            digits = digits.replace(mark, "")
        signs = match["sign"] + match["sign_within"]
        text = (
            signs.replace("\N{MINUS SIGN}", "-") + digits.replace(self.decimal, ".") + (match["power"] or "")
        )
        return float(text) if len(signs) <= 1 else float("nan")

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return _pattern(self.decimal, self.thousands, self.before, self.after)

    def numbers(self, cells: Sequence[str]) -> Array:
        """Return the numbers in cells (n,), NaN where there is none."""
        return np.fromiter(map(self.number, cells), np.float64, len(cells))

    def remark(self, cell: str) -> str:
        """Return how the numbers are written, with a cell as an example."""
        parts = [f"{mark!r}" if len(mark) > 3 else mark for mark in (self.before, self.after) if mark]
        if self.thousands:
            parts.append(f"{MARK_NAMES[self.thousands]} between thousands")
        if self.decimal == ",":
            parts.append("decimal commas")
        example = f"{shown(_spaced(cell))} is {format_number(self.number(cell))}"
        return f"numbers with {' and '.join(parts)}; {example}"


PLAIN_NOTATION = Notation()


@lru_cache(maxsize=256)
def _pattern(decimal: str, thousands: str, before: str, after: str) -> re.Pattern[str]:
    mark = "".join(map(re.escape, _spellings(thousands)))
    # A point may end a number, as in 5. of program code; a comma that ends one separates cells.
    fraction = r"\.\d*" if decimal == "." else r",\d+"
    # Groups of three digits; commas may also stand as in India: 12,34,567.
    later = rf"(?:[{mark}]\d{{2,3}})*[{mark}]\d{{3}}" if thousands == "," else rf"(?:[{mark}]\d{{3}})+"
    grouped = rf"(?P<whole>[1-9]\d{{0,2}}{later}(?:{fraction})?)|" if thousands else "(?P<whole>(?!))|"
    body = rf"(?:{grouped}(?P<body>\d+(?:{fraction})?|{re.escape(decimal)}\d+))"
    signs = f"(?P<sign>{_SIGN})", f"(?P<sign_within>{_SIGN})"
    around = [rf"(?:{re.escape(text)})?[{_SPACES}]?" if text else "" for text in (before, after)]
    pattern = rf"{signs[0]}{around[0]}{signs[1]}{body}(?P<power>[eE][+-]?\d+)?"
    return re.compile(pattern + (rf"[{_SPACES}]?{around[1]}" if after else ""), re.ASCII)


def _spellings(thousands: str) -> str:
    """Return the characters that stand for a thousands separator."""
    return {" ": _SPACES, "'": _APOSTROPHES}.get(thousands, thousands)


def detect(cells: Iterable[str], marks: Sequence[tuple[Decimal, Thousands]] = NUMBER_MARKS) -> Notation:
    """Return the notation in which nearly all cells are numbers; the plain one if there is none.

    Parameters
    ----------
    marks : the decimal marks and thousands separators to choose from, the first of equally good ones.
    """
    present = list(cells)
    for part in (present[:FIRST], present):
        found = _detected(part, marks)
        if found.is_plain:
            break
    return found


def _detected(cells: Sequence[str], marks: Sequence[tuple[Decimal, Thousands]]) -> Notation:
    matches = [match for cell in cells if (match := _DRESSED.fullmatch(cell))]
    if not matches or len(matches) < CERTAIN * len(cells):
        return PLAIN_NOTATION
    around = Counter(((match["before"] or "").strip(), match["after"] or "") for match in matches)
    before, after = max(around, key=lambda pair: (around[pair] if any(pair) else 0, pair))
    fewest = FEWEST_UNITS if after[:1].isalpha() else 1
    if around[before, after] < fewest or 2 * around[before, after] <= len(matches):
        before = after = ""
    best = max(
        (Notation(decimal, thousands, before, after) for decimal, thousands in marks),
        key=lambda notation: int(np.isfinite(notation.numbers(cells)).sum()),
    )
    certain = np.isfinite(best.numbers(cells)).sum() >= CERTAIN * len(cells)
    return best if certain else PLAIN_NOTATION


def looks_like_number(cell: str) -> bool:
    """Tell whether a cell is a number with marks that only numbers have: no unit, as a code may have it."""
    match = _DRESSED.fullmatch(cell)
    return match is not None and not (match["after"] or "").isalpha() and bool(readings(cell))


def thousandfold(cell: str) -> str:
    """Return a number such as 1.018 with its point between thousands, 1018; empty if it cannot be so."""
    return cell.replace(".", "") if re.fullmatch(r"\D*[1-9]\d{0,2}(\.\d{3})+\D*", cell) else ""


def readings(cell: str) -> list[str]:
    """Return the numbers that one cell may mean, as one writes them plainly; the likelier first."""
    match = _DRESSED.fullmatch(cell)
    if match is None:
        return []
    before, after = (match["before"] or "").strip(), match["after"] or ""
    numbers = [Notation(decimal, mark, before, after).number(cell) for decimal, mark in NUMBER_MARKS]
    return list(dict.fromkeys(format_number(number) for number in numbers if np.isfinite(number)))


def _spaced(cell: str) -> str:
    return re.sub(f"[{_SPACES}]", " ", cell)


def format_number(value: float) -> str:
    """Return the shortest text that parses to the same float64; integers without a point."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
