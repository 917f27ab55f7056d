"""Search for the mistakes that explain a wrong gradient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from nncli.inspection.student.factors import constant_factors, factor_of
from nncli.inspection.student.hypotheses import Hypothesis, hypotheses
from nncli.inspection.student.problem import Problem
from nncli.nn.arrays import Array

RIGHT = Hypothesis()
MOST = 4  # mistakes in an explanation; more would explain anything


@dataclass(frozen=True)
class Explanation:
    """Mistakes that lead to exactly the gradients that were returned.

    Attributes
    ----------
    weight : how many mistakes they count as.
    """

    mistakes: tuple[str, ...]
    fixes: tuple[str, ...]
    weight: int


def find_explanation(
    given: Sequence[Array], problems: Sequence[Problem], learning_rate: float
) -> Explanation | None:
    """Return the simplest explanation of gradients (P,); one without mistakes if they are right."""
    own = hypotheses(problems[0], learning_rate)
    found = [*_explanations([RIGHT, *own], given, problems)]
    if not found:
        pairs = (pair for pair in (a.combined(b) for a, b in combinations(own, 2)) if pair)
        alike = [pair for pair in pairs if _fits(pair, given[-1:], problems[-1:])]
        found = [*_explanations(alike, given, problems)]
    best = min(found, key=lambda each: each.weight, default=None)
    return best if best is None or best.weight <= MOST else None


def _explanations(
    tried: Sequence[Hypothesis], given: Sequence[Array], problems: Sequence[Problem]
) -> Iterator[Explanation]:
    for hypothesis in tried:
        factors = _factors(hypothesis, given, problems)
        if factors is None:
            continue
        factor = factor_of(factors, problems)
        own = hypothesis.named
        yield Explanation(
            (*(mistake for mistake, _ in own), *factor.mistakes),
            (*(fix for _, fix in own), *factor.fixes),
            len(hypothesis.named) + factor.weight,
        )


def _fits(hypothesis: Hypothesis, given: Sequence[Array], problems: Sequence[Problem]) -> bool:
    return _factors(hypothesis, given, problems) is not None


def _factors(hypothesis: Hypothesis, given: Sequence[Array], problems: Sequence[Problem]) -> Array | None:
    """Return the factor of each problem between the gradients and those of a hypothesis, or None."""
    predicted = []
    for problem in problems:
        gradient = hypothesis.gradient(problem)
        if gradient is None:
            return None
        predicted.append(gradient)
    return constant_factors(given, predicted)
