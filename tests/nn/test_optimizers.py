"""Optimisers against steps worked by hand, and on two functions they must bring to their minimum."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from nncli.nn.activations import Array
from nncli.nn.optimizers import OPTIMIZERS, Optimizer

W, G1, G2 = np.array([1.0, -2.0]), np.array([0.5, -4.0]), np.array([1.0, 2.0])


def two_steps(optimizer: Optimizer) -> tuple[Array, Array]:
    rate = optimizer.learning_rate
    first, slots = optimizer.step(W, G1, optimizer.init(W), 1, rate)
    second, _ = optimizer.step(first, G2, slots, 2, rate)
    return first, second


def test_sgd_steps_against_the_gradient() -> None:
    first, second = two_steps(OPTIMIZERS["sgd"](learning_rate=0.1))
    np.testing.assert_allclose(first, [0.95, -1.6], rtol=1e-15)
    np.testing.assert_allclose(second, [0.85, -1.8], rtol=1e-15)


def test_momentum_keeps_a_share_of_the_velocity() -> None:
    # v1 = g1; v2 = 0.5 g1 + g2 = (1.25, 0)
    first, second = two_steps(OPTIMIZERS["sgd"](learning_rate=0.1, momentum=0.5))
    np.testing.assert_allclose(first, [0.95, -1.6], rtol=1e-15)
    np.testing.assert_allclose(second, [0.825, -1.6], rtol=1e-15)


def test_nesterov_looks_ahead_along_the_velocity() -> None:
    # step 1: g1 + 0.5 v1 = 1.5 g1 = (0.75, -6); step 2: g2 + 0.5 v2 = (1.625, 2)
    first, second = two_steps(OPTIMIZERS["sgd"](learning_rate=0.1, momentum=0.5, nesterov=True))
    np.testing.assert_allclose(first, [0.925, -1.4], rtol=1e-15)
    np.testing.assert_allclose(second, [0.7625, -1.6], rtol=1e-15)


def test_nesterov_without_momentum_is_refused() -> None:
    with pytest.raises(ValueError, match="momentum"):
        OPTIMIZERS["sgd"](nesterov=True)


def test_adam_corrects_its_moments_for_their_start_at_zero() -> None:
    # Step 1: m_hat = g1, v_hat = g1^2. Step 2: m_hat = (0.9 g1 + g2) 0.1 / 0.19, v_hat likewise.
    first, second = two_steps(OPTIMIZERS["adam"](learning_rate=0.1))
    by_hand = [w - 0.1 * g / (abs(g) + 1e-8) for w, g in zip(W, G1, strict=True)]
    np.testing.assert_allclose(first, by_hand, rtol=1e-14)
    for index in range(2):
        m_hat = (0.9 * 0.1 * G1[index] + 0.1 * G2[index]) / (1 - 0.9**2)
        v_hat = (0.999 * 0.001 * G1[index] ** 2 + 0.001 * G2[index] ** 2) / (1 - 0.999**2)
        assert second[index] == pytest.approx(
            by_hand[index] - 0.1 * m_hat / (math.sqrt(v_hat) + 1e-8), rel=1e-13
        )


def test_adam_adds_epsilon_after_the_bias_correction() -> None:
    adam = OPTIMIZERS["adam"](learning_rate=1.0, epsilon=1.0)
    first, _ = adam.step(W, G1, adam.init(W), 1, 1.0)
    np.testing.assert_allclose(first, [1 - 0.5 / 1.5, -2 + 4 / 5], rtol=1e-14)


VARIANTS: dict[str, Callable[[float], Optimizer]] = {
    **{name: (lambda rate, make=make: make(learning_rate=rate)) for name, make in OPTIMIZERS.items()},
    "momentum": lambda rate: OPTIMIZERS["sgd"](learning_rate=rate, momentum=0.9),
    "nesterov": lambda rate: OPTIMIZERS["sgd"](learning_rate=rate, momentum=0.9, nesterov=True),
}
RATES = {"sgd": (0.1, 1e-3), "momentum": (0.01, 1e-4), "nesterov": (0.01, 1e-4), "adam": (0.01, 0.01)}


def parabola(w: Array) -> Array:
    """The gradient of (w - (1, 1))^2."""
    return 2.0 * (w - 1.0)


def rosenbrock(w: Array) -> Array:
    """The gradient of (1 - x)^2 + 100 (y - x^2)^2, whose minimum (1, 1) lies in a curved valley."""
    x, y = w
    return np.array([-2.0 * (1.0 - x) - 400.0 * x * (y - x * x), 200.0 * (y - x * x)])


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize(("gradient", "which", "steps"), [(parabola, 0, 2000), (rosenbrock, 1, 20_000)])
def test_optimiser_converges(name: str, gradient: Callable[[Array], Array], which: int, steps: int) -> None:
    optimizer = VARIANTS[name](RATES[name][which])
    w = np.array([-0.5, 0.5])
    slots = optimizer.init(w)
    for update in range(1, steps + 1):
        w, slots = optimizer.step(w, gradient(w), slots, update, optimizer.learning_rate)
    np.testing.assert_allclose(w, [1.0, 1.0], atol=1e-3)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_step_leaves_its_arguments_as_they_are(name: str) -> None:
    optimizer = VARIANTS[name](0.1)
    w, g = W.copy(), G1.copy()
    slots = optimizer.init(w) + 0.25
    kept = slots.copy()
    moved, new_slots = optimizer.step(w, g, slots, 3, 0.1)
    assert new_slots.shape == slots.shape == (len(slots), w.size)
    assert not np.array_equal(moved, w)
    for array, copy in ((w, W), (g, G1), (slots, kept)):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_learning_rate_of_a_step_is_its_argument(name: str) -> None:
    optimizer = VARIANTS[name](0.1)
    moved, _ = optimizer.step(W, G1, optimizer.init(W), 1, 0.0)
    np.testing.assert_array_equal(moved, W)
