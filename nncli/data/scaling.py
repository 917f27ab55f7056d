"""Scaling of numbers, its inverse, and fill values.

Definitions are those of scikit-learn's StandardScaler (ddof 0), MinMaxScaler and SimpleImputer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal, cast

import numpy as np
from pydantic import ConfigDict, Field

from nncli.nn.arrays import Array

Scale = Literal["none", "standard", "minmax"]
Missing = Literal["error", "mean", "median", "most_frequent", "drop"]


@dataclass(frozen=True)
class Scaling:
    """Linear scaling (x - zero) / unit, and its inverse.

    Attributes
    ----------
    zero, unit : the value that becomes 0, and the difference that becomes 1, in the column's units.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    zero: float = 0.0
    unit: Annotated[float, Field(gt=0)] = 1.0

    @property
    def leaves(self) -> bool:
        """True if values stay unchanged."""
        return self == AS_THEY_ARE

    def forward(self, x: Array) -> Array:
        """Return scaled values; not finite where the result overflows."""
        with np.errstate(all="ignore"):
            return cast(Array, (x - self.zero) / self.unit)

    def inverse(self, z: Array) -> Array:
        """Return values in the column's units."""
        with np.errstate(all="ignore"):
            return cast(Array, z * self.unit + self.zero)


AS_THEY_ARE = Scaling()


def none(values: Array) -> Scaling:
    """Return the scaling that leaves values unchanged."""
    return AS_THEY_ARE


def standard(values: Array) -> Scaling:
    """Return the scaling to mean 0 and standard deviation 1 (ddof 0); a constant becomes 0."""
    exponent = int(np.frexp(np.abs(values).max())[1])
    within_one = np.ldexp(values, -exponent)  # exact, and squares neither overflow nor vanish
    return _scaling(values, *np.ldexp([within_one.mean(), within_one.std()], exponent))


def minmax(values: Array) -> Scaling:
    """Return the scaling to the range from 0 to 1; a constant becomes 0."""
    return _scaling(values, values.min(), np.ptp(values))


def _scaling(values: Array, zero: float, unit: float) -> Scaling:
    # The mean of equal numbers can be off by a rounding, and their deviation then is not 0.
    if values.min() == values.max():
        return Scaling(float(values[0]))
    return Scaling(float(zero), float(unit) or 1.0)  # half of the smallest float rounds to 0


def most_frequent(values: Array) -> float:
    """Return the most frequent value; of several, the smallest."""
    distinct, counts = np.unique(values, return_counts=True)
    return float(distinct[counts.argmax()])


SCALERS: dict[Scale, Callable[[Array], Scaling]] = {"none": none, "standard": standard, "minmax": minmax}

# Fill for missing values, computed from the values (n,) present; None if nothing is filled in.
FILLS: dict[Missing, Callable[[Array], float] | None] = {
    "error": None,
    "mean": lambda values: float(values.mean()),
    "median": lambda values: float(np.median(values)),
    "most_frequent": most_frequent,
    "drop": None,
}
