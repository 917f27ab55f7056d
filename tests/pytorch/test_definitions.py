"""Activations and initialisers have PyTorch's definitions and defaults."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from nncli.nn.activations import ACTIVATIONS
from nncli.nn.initializers import WEIGHT_INITIALIZERS
from tests.pytorch import cases
from tests.pytorch.cases import DA, DRAWN, Z, golden_lines, written

ACTIVATION_LINES = golden_lines("activations")
INITIALIZER_LINES = golden_lines("initializers")


def built(registry: dict[str, Any], settings: cases.Settings) -> Any:
    return registry[settings["name"]](**{key: value for key, value in settings.items() if key != "name"})


@pytest.mark.parametrize("line", ACTIVATION_LINES, ids=lambda line: written(line["activation"]))
def test_an_activation_and_its_derivative_are_pytorchs(line: dict[str, Any]) -> None:
    activation = built(ACTIVATIONS, line["activation"])
    A = activation.function(Z)
    # The tails of gelu, where 1 + tanh cancels, are right to their absolute rounding.
    np.testing.assert_allclose(A, line["A"], rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(activation.backward(DA, Z, A), line["dZ"], rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("line", INITIALIZER_LINES, ids=lambda line: written(line["initializer"]))
def test_an_initialiser_draws_from_pytorchs_distribution(line: dict[str, Any]) -> None:
    W = built(WEIGHT_INITIALIZERS, line["initializer"])(np.random.default_rng(0), DRAWN)
    # 150,000 numbers on each side; the largest of a normal distribution is between 4 and 5 deviations.
    assert W.std() == pytest.approx(line["std"], rel=0.01)
    assert W.mean() == pytest.approx(line["mean"], abs=0.02 * line["std"])
    assert np.abs(W - W.mean()).max() == pytest.approx(line["largest"], rel=0.15)


def test_every_activation_and_initialiser_is_compared() -> None:
    assert [line["activation"] for line in ACTIVATION_LINES] == cases.ACTIVATIONS
    assert [line["initializer"] for line in INITIALIZER_LINES] == cases.INITIALIZERS
    assert {settings["name"] for settings in cases.ACTIVATIONS} == set(ACTIVATIONS)
    assert {settings["name"] for settings in cases.INITIALIZERS} == set(WEIGHT_INITIALIZERS)


def test_the_installed_pytorch_has_the_golden_values(pytorch: ModuleType) -> None:
    for line in ACTIVATION_LINES:
        values = pytorch.values(line["activation"])
        np.testing.assert_allclose(values["A"], line["A"], rtol=1e-14, atol=1e-15)
        np.testing.assert_allclose(values["dZ"], line["dZ"], rtol=1e-14, atol=1e-15)
    for line in INITIALIZER_LINES:
        assert pytorch.moments(line["initializer"])["std"] == pytest.approx(line["std"], rel=0.01)
