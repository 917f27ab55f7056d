"""Linear and logarithmic scales, their ticks, and numbers as text in labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nncli.nn.arrays import Array

SPANS_DECADES = 30.0  # largest / smallest value from which an axis is logarithmic
DRAWABLE = 1e290  # beyond it, and below its inverse, an axis has no room for a margin
FARTHEST = 1e150  # coordinate on two axes, whose squares must be finite
DEEPEST = 12.0  # decades of a surface that are distinguished below its largest value
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class AxisScale:
    """Linear or logarithmic scale with a range.

    Attributes
    ----------
    log : whether the log10 of the values is drawn.
    low, high : range of the drawn values (of the logarithms if `log`); low < high.
    """

    log: bool
    low: float
    high: float

    @classmethod
    def of(cls, values: Array, deepest: float = DEEPEST) -> AxisScale:
        """Choose a logarithmic scale for positive values whose largest is over 30 times the smallest."""
        finite = drawable(values)
        if (
            finite.size
            and finite.min() > 0
            and finite.max() / SPANS_DECADES > max(finite.min(), 1 / DRAWABLE)
        ):
            low, high = np.log10(max(finite.min(), 1 / DRAWABLE)), np.log10(finite.max())
            return cls(True, float(max(low, high - deepest)), float(high))
        return cls.linear(finite)

    @classmethod
    def linear(cls, values: Array) -> AxisScale:
        """Return the linear scale from the smallest to the largest value that can be drawn."""
        finite = drawable(values)
        return (
            cls(False, *_apart(float(finite.min()), float(finite.max())))
            if finite.size
            else cls(False, 0.0, 1.0)
        )

    def drawn(self, values: Array) -> Array:
        """Convert values to positions on the scale: NaN if impossible, at least `low` if logarithmic."""
        with np.errstate(all="ignore"):
            heights = np.log10(values) if self.log else values
            heights = np.where(np.isfinite(heights) & (np.abs(values) < DRAWABLE), heights, np.nan)
        return np.maximum(heights, self.low) if self.log else heights

    def ticks(self, most: int = 7) -> tuple[list[float], list[str]]:
        """Return positions on the scale and their labels."""
        return _log_ticks(self.low, self.high, most) if self.log else _linear_ticks(self.low, self.high, most)

    @property
    def name(self) -> str:
        """Ending of a label: `, log scale`, or nothing on a linear scale."""
        return ", log scale" if self.log else ""


def drawable(values: Array) -> Array:
    """Return the values, (n,), that an axis can represent."""
    return np.asarray(values[np.abs(values) < DRAWABLE])


def power(exponent: int) -> str:
    """Format 10^exponent for a label: 0.01, 1, 100, or 10⁻³."""
    return f"{10.0**exponent:,g}" if -2 <= exponent <= 3 else f"10{str(exponent).translate(SUPERSCRIPT)}"


def number(value: float, digits: int = 3) -> str:
    """Format a number with so many significant digits and thousands separators: 0.0123, 1,270, 1.27e+06."""
    text = f"{value:,.{digits}g}"
    if "e+" in text and abs(value) < 1e6:
        text = f"{float(text):,.0f}"
    return text.replace("-", "\N{MINUS SIGN}")


def decades(low: float, high: float) -> str:
    """Format the distance between two positive values in decades."""
    return f"{np.log10(high) - np.log10(low):.1f}"


def _apart(low: float, high: float) -> tuple[float, float]:
    """Return the range, widened if it is too narrow to be drawn."""
    if high - low > max(1e-9 * max(abs(low), abs(high)), 1 / DRAWABLE):
        return low, high
    reach = max(1e-6, 0.1 * abs(low)) if low else 1.0
    return low - reach, high + reach


def _log_ticks(low: float, high: float, most: int) -> tuple[list[float], list[str]]:
    first, last = int(np.ceil(low - 1e-9)), int(np.floor(high + 1e-9))
    step = max(1, int(np.ceil((last - first + 1) / most)))
    exponents = [exponent for exponent in range(first, last + 1) if exponent % step == 0]
    positions, labels = [float(e) for e in exponents], [power(e) for e in exponents]
    if len(positions) < 3 and high - low < 3:
        fine = [(e, d) for e in range(first - 1, last + 1) for d in (2, 5) if low <= e + np.log10(d) <= high]
        if len(positions) == 2 and len(positions) + len(fine) > most:
            return positions, labels
        positions += [e + float(np.log10(d)) for e, d in fine]
        labels += [number(d * 10.0**e) for e, d in fine]
    return positions, labels


def _linear_ticks(low: float, high: float, most: int) -> tuple[list[float], list[str]]:
    rough = (high - low) / most
    magnitude = 10.0 ** np.floor(np.log10(rough))
    step = next(
        magnitude * factor for factor in (1, 2, 2.5, 5, 10) if magnitude * factor >= rough * (1 - 1e-9)
    )
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    positions = [float(index * step) for index in range(first, last + 1)]
    digits = 3
    while digits < 15 and len({number(p, digits) for p in positions}) < len(positions):
        digits += 1
    return positions, [number(0.0 if abs(p) < step / 1e6 else p, digits) for p in positions]
