"""Blocks of short decimal numbers, such as -12.5, parsed all at once without a string for each cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nncli.nn.arrays import Array

WORD = 8  # digits that are parsed together, a byte each
INEXACT = 2.0**53  # whole numbers below it are exact in float64, so that one division rounds correctly
NEWLINE, MINUS, POINT, ZERO = b"\n-.0"

_TENS = 10.0 ** np.arange(WORD + 1)
# By how many of the last bytes of a word are digits: a mask of these.
_LAST = np.array([(1 << 64) - (1 << 8 * (WORD - count)) for count in range(WORD + 1)], np.uint64)
# Neighbors are added up in pairs: 8 digits are 4 numbers of two, then 2 of four, then one of eight.
_PAIRS = [
    (np.uint64(mask), np.uint64((base << shift) + 1), np.uint64(shift))
    for mask, base, shift in (
        (0x0F0F0F0F0F0F0F0F, 10, 8),
        (0x00FF00FF00FF00FF, 100, 16),
        (0x0000FFFF0000FFFF, 10_000, 32),
    )
]


def decimals(text: str, width: int, delimiter: str) -> Array | None:
    """Return the numbers in lines of `width` cells (rows, width), the same as `float` of each cell.

    None unless all have at most 8 digits before a point, at most 8 after one, and perhaps a minus.
    A cell takes 0.06 us, and 0.26 us if the text is split and each string given to `float`.
    """
    if not text.isascii() or not delimiter.isascii() or delimiter in "0123456789-.":
        return None
    content = b"0" * WORD + text.removesuffix("\n").encode() + b"\n"
    cells = _Cells.found(content, width, ord(delimiter))
    return None if cells is None else cells.numbers(content)


@dataclass(frozen=True)
class _Cells:
    """Places of the parts of each cell of a text.

    Attributes
    ----------
    ends, points : the place after each cell, and of its point; its end if it has none.
    negative : mask of the cells with a minus.
    whole, fraction : how many digits each has before and after its point.
    """

    width: int
    ends: Array
    points: Array
    negative: Array
    whole: Array
    fraction: Array

    @classmethod
    def found(cls, content: bytes, width: int, delimiter: int) -> _Cells | None:
        """Find the cells after the first `WORD` bytes; None if a line or a cell has another form."""
        characters = np.frombuffer(content, np.uint8, offset=WORD)
        line_ends = np.flatnonzero(characters == NEWLINE)
        ends = np.flatnonzero((characters == delimiter) | (characters == NEWLINE))
        if len(ends) != len(line_ends) * width or (ends[width - 1 :: width] != line_ends).any():
            return None
        lengths = np.diff(ends, prepend=-1) - 1
        negative = characters[ends - lengths] == MINUS
        places = np.flatnonzero(characters == POINT)
        digits = np.count_nonzero(characters - np.uint8(ZERO) < 10)
        if digits + np.count_nonzero(negative) + len(places) + len(ends) != len(characters):
            return None
        points = _by_cell(places, ends)
        if points is None:
            return None
        pointed = points < ends
        fraction = ends - points - pointed
        whole = lengths - negative - pointed - fraction
        if max(whole.max(), fraction.max()) > WORD or (whole + fraction).min() < 1:
            return None
        return cls(width, ends, points, negative, whole, fraction)

    def numbers(self, content: bytes) -> Array | None:
        """Return the numbers (rows, width); None if some are not exact."""
        words = np.ndarray(len(content) - WORD, "<u8", content, strides=(1,))  # each ends before its place
        tens = _TENS[self.fraction]
        values = _last_digits(words[self.points], self.whole).astype(np.float64)
        values *= tens
        values += _last_digits(words[self.ends], self.fraction)
        if values.max() >= INEXACT:
            return None
        values /= tens
        np.negative(values, out=values, where=self.negative)  # -0 keeps its sign
        return values.reshape(-1, self.width)


def _by_cell(places: Array, ends: Array) -> Array | None:
    """Return the place of the point in each cell, its end if it has none; None if a cell has several."""
    if len(places) == len(ends) and (places < ends).all() and (places[1:] > ends[:-1]).all():
        return places
    cells = np.searchsorted(ends, places)
    if (cells[1:] == cells[:-1]).any():
        return None
    points = ends.copy()
    points[cells] = places
    return points


def _last_digits(words: Array, counts: Array) -> Array:
    """Return the number that the last digits of each word are; all arithmetic is within the words."""
    numbers: Array = words & _LAST[counts]
    for mask, factor, shift in _PAIRS:
        numbers &= mask
        numbers *= factor
        numbers >>= shift
    return numbers
