"""Initialisers draw from the distributions their names promise."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from nncli.nn.arrays import Array
from nncli.nn.initializers import BIAS_INITIALIZERS, WEIGHT_INITIALIZERS

UNITS, INPUTS = 300, 500
OPTIONS: dict[str, dict[str, Any]] = {
    "uniform": {"low": -1.0, "high": 3.0},
    "normal": {"mean": 2.0, "std": 0.5},
    "constant": {"value": 0.25},
}
# mean, standard deviation, and the bound on |w - mean| where there is one
EXPECTED: dict[str, tuple[float, float, float]] = {
    "glorot_uniform": (0.0, math.sqrt(2 / 800), math.sqrt(6 / 800)),
    "glorot_normal": (0.0, math.sqrt(2 / 800), math.inf),
    "he_uniform": (0.0, math.sqrt(2 / 500), math.sqrt(6 / 500)),
    "he_normal": (0.0, math.sqrt(2 / 500), math.inf),
    "zeros": (0.0, 0.0, 0.0),
    "uniform": (1.0, 4 / math.sqrt(12), 2.0),
    "normal": (2.0, 0.5, math.inf),
    "constant": (0.25, 0.0, 0.0),
}


def draw(name: str, shape: tuple[int, ...] = (UNITS, INPUTS), seed: int = 0) -> Array:
    return WEIGHT_INITIALIZERS[name](**OPTIONS.get(name, {}))(np.random.default_rng(seed), shape)


@pytest.mark.parametrize("name", WEIGHT_INITIALIZERS)
def test_moments_and_bounds_are_those_of_the_definition(name: str) -> None:
    mean, std, bound = EXPECTED[name]
    W = draw(name)
    assert W.shape == (UNITS, INPUTS)
    # 150,000 numbers: the mean is within 5 / sqrt(n) standard deviations, the deviation within 1 %.
    assert W.mean() == pytest.approx(mean, abs=5 * std / math.sqrt(W.size) + 1e-15)
    assert W.std() == pytest.approx(std, rel=0.01, abs=1e-15)
    largest = np.abs(W - mean).max()
    assert largest <= bound
    if std:
        # A uniform reaches its bound almost; a normal that is not truncated leaves 4 deviations.
        assert largest > (0.999 * bound if math.isfinite(bound) else 4 * std)


@pytest.mark.parametrize("name", WEIGHT_INITIALIZERS)
def test_the_same_generator_gives_the_same_numbers(name: str) -> None:
    np.testing.assert_array_equal(draw(name, seed=7), draw(name, seed=7))
    if EXPECTED[name][1]:
        assert not np.array_equal(draw(name, seed=7), draw(name, seed=8))


@pytest.mark.parametrize("name", BIAS_INITIALIZERS)
def test_a_bias_initialiser_draws_one_number_per_unit(name: str) -> None:
    assert draw(name, shape=(4,)).shape == (4,)
    assert BIAS_INITIALIZERS[name] is WEIGHT_INITIALIZERS[name]
