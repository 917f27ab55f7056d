"""Constant factors between a student's gradient and another one, and the mistakes they stand for."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from nncli.inspection.student.problem import Problem
from nncli.nn.arrays import Array

AGREEMENT = 1e-7  # relative to the largest entry of a gradient
UNKNOWN = 3  # mistakes that an unexplained factor counts as


@dataclass(frozen=True)
class Factor:
    """A factor, and the mistakes that it stands for; none if it is 1.

    Attributes
    ----------
    fixes : one for each mistake.
    weight : how many mistakes it counts as, where explanations are compared.
    """

    mistakes: tuple[str, ...]
    fixes: tuple[str, ...]
    weight: int


def constant_factors(student: Sequence[Array], other: Sequence[Array]) -> Array | None:
    """Return the number c of each problem for which student = c * other; None if there is none.

    Entries of the student's that are NaN, because they were not returned, are left out. Where `other` is 0,
    any factor fits, and c is NaN.
    """
    factors = []
    for given, each in zip(student, other, strict=True):
        known = ~np.isnan(given)
        size = float(each[known] @ each[known])
        factor = float(given[known] @ each[known]) / size if size else 0.0
        off = np.abs(given[known] - factor * each[known])
        if not np.isfinite(factor) or (off > AGREEMENT * np.abs(given[known]).max(initial=1e-12)).any():
            return None
        factors.append(factor if size else np.nan)
    return np.array(factors)


def factor_of(factors: Array, problems: Sequence[Problem]) -> Factor:
    """Return the simplest explanation of the factors (problems,); where several are as simple, all."""
    known = np.isfinite(factors)
    tried = [problem for problem, each in zip(problems, known, strict=True) if each]
    fitting = [
        parts
        for parts in _combined(problems[0])
        if np.allclose(factors[known], [math.prod(part.value(each) for part in parts) for each in tried])
    ]
    if fitting:
        simplest = [parts for parts in fitting if len(parts) == len(fitting[0])]
        mistakes = (
            " or ".join(dict.fromkeys(part.mistake for part in each)) for each in zip(*simplest, strict=True)
        )
        fixes = (
            " or ".join(dict.fromkeys(part.fix for part in each)) for each in zip(*simplest, strict=True)
        )
        return Factor(tuple(mistakes), tuple(fixes), len(simplest[0]))
    first = float(factors[known][0])
    words = f"every gradient is {first:.4g} times the right one"
    if not np.allclose(factors[known], first, rtol=1e-6):
        words = f"every gradient is a multiple of the right one, {first:.4g} times for {len(tried[0].X)} rows"
    return Factor((words,), ("look for a number that is multiplied in",), UNKNOWN)


@dataclass(frozen=True)
class _Part:
    """A factor that stands for one mistake."""

    mistake: str
    fix: str
    value: Callable[[Problem], float]


SIGN = _Part(
    "the sign is wrong: backward returns -dL/dw, the direction in which the loss falls",
    "return dL/dw; the update subtracts it",
    lambda problem: -1.0,
)
TWOS = [
    _Part(
        "the factor 2 from the derivative of the square is missing",
        "use 2 (a - y), or set loss: half_squared_error",
        lambda problem: 0.5,
    ),
    _Part(
        "there is a factor 2 too many",
        "use a - y: of half the squared error, and of a cross-entropy, that is the whole derivative",
        lambda problem: 2.0,
    ),
]
MEAN = [
    _Part(
        "the division by N is missing: this is the gradient of the sum, not of the mean",
        "divide by the number of terms N, or set loss.reduction: sum",
        lambda problem: problem.loss.divisor(problem.Y),
    ),
    _Part(
        "the division by the number of rows is done twice",
        "divide once",
        lambda problem: 1.0 / len(problem.X),
    ),
]
MEAN_OVER_OUTPUTS = [
    _Part(
        "the sum is divided by the number of rows alone",
        "divide by rows times outputs, which is the number of terms",
        lambda problem: float(problem.Y.shape[1]),
    ),
    _Part(
        "the sum is divided by the number of outputs alone",
        "divide by rows times outputs, which is the number of terms",
        lambda problem: float(len(problem.X)),
    ),
]
SUM = [
    _Part(
        "it is divided by the number of rows: this is the gradient of a mean, not of the sum",
        "leave the division out, or set loss.reduction: mean",
        lambda problem: 1.0 / len(problem.X),
    ),
]
SUM_OVER_OUTPUTS = [
    _Part(
        "it is divided by rows times outputs: this is the gradient of a mean, not of the sum",
        "leave the division out, or set loss.reduction: mean",
        lambda problem: 1.0 / problem.Y.size,
    ),
]


def _combined(problem: Problem) -> list[tuple[_Part, ...]]:
    """Combine a divisor, a sign and a factor of 2, the fewest mistakes first."""
    several = problem.Y.shape[1] > 1 and not problem.loss.per_row
    if problem.loss.reduction == "mean":
        sizes = [*MEAN, *(MEAN_OVER_OUTPUTS if several else [])]
    else:
        sizes = [*SUM, *(SUM_OVER_OUTPUTS if several else [])]
    every = product((None, *sizes), (None, SIGN), (None, *TWOS))
    return sorted((tuple(part for part in each if part) for each in every), key=len)
