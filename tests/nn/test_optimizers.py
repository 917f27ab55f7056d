"""Optimisers against steps worked by hand, and on two functions they must bring to their minimum."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nncli.nn.arrays import Array
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


# PyTorch's definitions once more, with its names, number by number and as sums over all past
# gradients instead of recurrences.


def decayed_sum(decay: float, terms: list[float]) -> float:
    """x_t + decay x_(t-1) + decay^2 x_(t-2) + ..."""
    return math.fsum(term * decay**age for age, term in enumerate(reversed(terms)))


def adam_move(beta1: float, beta2: float, eps: float, g: list[float]) -> float:
    t = len(g)
    m_hat = (1 - beta1) * decayed_sum(beta1, g) / (1 - beta1**t)
    v_hat = (1 - beta2) * decayed_sum(beta2, [x**2 for x in g]) / (1 - beta2**t)
    return m_hat / (math.sqrt(v_hat) + eps)


def torch_sgd(
    gradients: list[float], w: float, *, lr: float, momentum: float, nesterov: bool, weight_decay: float
) -> list[float]:
    path: list[float] = []
    seen: list[float] = []
    for gradient in gradients:
        seen.append(gradient + weight_decay * w)
        b = decayed_sum(momentum, seen)
        w -= lr * (seen[-1] + momentum * b if nesterov else b)
        path.append(w)
    return path


def torch_adam(
    gradients: list[float],
    w: float,
    *,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
) -> list[float]:
    path: list[float] = []
    seen: list[float] = []
    for gradient in gradients:
        seen.append(gradient + weight_decay * w)
        w -= lr * adam_move(beta1, beta2, eps, seen)
        path.append(w)
    return path


def torch_adamw(
    gradients: list[float],
    w: float,
    *,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
) -> list[float]:
    path = []
    for t in range(1, len(gradients) + 1):
        w = w - lr * weight_decay * w - lr * adam_move(beta1, beta2, eps, gradients[:t])
        path.append(w)
    return path


def torch_rmsprop(
    gradients: list[float],
    w: float,
    *,
    lr: float,
    alpha: float,
    eps: float,
    weight_decay: float,
    momentum: float,
    centered: bool,
) -> list[float]:
    path: list[float] = []
    seen: list[float] = []
    moves: list[float] = []
    for gradient in gradients:
        seen.append(gradient + weight_decay * w)
        v = (1 - alpha) * decayed_sum(alpha, [x**2 for x in seen])
        g_ave = (1 - alpha) * decayed_sum(alpha, seen)
        moves.append(seen[-1] / (math.sqrt(v - g_ave**2 if centered else v) + eps))
        w -= lr * decayed_sum(momentum, moves)
        path.append(w)
    return path


def torch_adagrad(
    gradients: list[float],
    w: float,
    *,
    lr: float,
    lr_decay: float,
    weight_decay: float,
    initial_accumulator_value: float,
    eps: float,
) -> list[float]:
    path: list[float] = []
    seen: list[float] = []
    for t, gradient in enumerate(gradients, start=1):
        seen.append(gradient + weight_decay * w)
        std = math.sqrt(initial_accumulator_value + math.fsum(x**2 for x in seen)) + eps
        w -= lr / (1 + (t - 1) * lr_decay) * seen[-1] / std
        path.append(w)
    return path


TORCH: dict[str, Callable[..., list[float]]] = {
    "sgd": torch_sgd,
    "adam": torch_adam,
    "adamw": torch_adamw,
    "rmsprop": torch_rmsprop,
    "adagrad": torch_adagrad,
}
# PyTorch's names and defaults; the step of sgd is nncli's own.
DEFAULTS: dict[str, dict[str, Any]] = {
    "sgd": {"lr": 0.1, "momentum": 0, "nesterov": False, "weight_decay": 0},
    "adam": {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0},
    "adamw": {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 1e-2},
    "rmsprop": {
        "lr": 1e-2,
        "alpha": 0.99,
        "eps": 1e-8,
        "weight_decay": 0,
        "momentum": 0,
        "centered": False,
    },
    "adagrad": {
        "lr": 1e-2,
        "lr_decay": 0,
        "weight_decay": 0,
        "initial_accumulator_value": 0,
        "eps": 1e-10,
    },
}
OWN_NAMES = {"lr": "learning_rate", "eps": "epsilon", "lr_decay": "learning_rate_decay"}
OPTIONS: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in OPTIMIZERS),
    ("sgd", {"momentum": 0.9}),
    ("sgd", {"momentum": 0.9, "nesterov": True}),
    ("sgd", {"weight_decay": 0.3}),
    ("sgd", {"weight_decay": 0.3, "momentum": 0.9}),
    ("sgd", {"weight_decay": 0.3, "momentum": 0.9, "nesterov": True}),
    ("adam", {"weight_decay": 0.3}),
    ("adam", {"lr": 0.3, "beta1": 0.5, "beta2": 0.6, "eps": 0.1}),
    ("adamw", {"lr": 0.3, "beta1": 0.5, "beta2": 0.6, "eps": 0.1, "weight_decay": 0.5}),
    ("adamw", {"weight_decay": 0}),
    ("rmsprop", {"lr": 0.1, "alpha": 0.5, "eps": 0.1}),
    ("rmsprop", {"weight_decay": 0.3}),
    ("rmsprop", {"momentum": 0.9}),
    ("rmsprop", {"centered": True}),
    ("rmsprop", {"weight_decay": 0.3, "momentum": 0.9, "centered": True}),
    ("adagrad", {"lr": 0.1, "eps": 0.1}),
    ("adagrad", {"lr_decay": 0.25}),
    ("adagrad", {"weight_decay": 0.3}),
    ("adagrad", {"initial_accumulator_value": 2}),
    ("adagrad", {"lr_decay": 0.25, "weight_decay": 0.3, "initial_accumulator_value": 2}),
]


@pytest.mark.parametrize(("name", "options"), OPTIONS)
def test_twenty_updates_are_those_of_pytorchs_documentation(name: str, options: dict[str, Any]) -> None:
    optimizer = OPTIMIZERS[name](**{OWN_NAMES.get(key, key): value for key, value in options.items()})
    rng = np.random.default_rng(5)
    w = rng.normal(size=6)
    gradients = rng.normal(size=(20, 6)) * np.logspace(-6, 3, 6)
    expected = [
        TORCH[name](list(column), start, **{**DEFAULTS[name], **options})
        for column, start in zip(gradients.T, w, strict=True)
    ]
    slots, path = optimizer.init(w), []
    for update, g in enumerate(gradients, start=1):
        w, slots = optimizer.step(w, g, slots, update, optimizer.learning_rate)
        path.append(w)
    # Rounding of up to twenty updates, each feeding the next through weight decay and momentum.
    np.testing.assert_allclose(np.transpose(path), expected, rtol=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_rate_of_a_step_replaces_the_learning_rate(name: str) -> None:
    # What a schedule does; weight decay and the decay over updates follow the rate too.
    options = {"weight_decay": 0.5} if name == "adamw" else {}
    make = OPTIMIZERS[name]
    whole, half = make(learning_rate=0.2, **options), make(learning_rate=0.1, **options)
    moved, _ = whole.step(W, G1, whole.init(W), 1, 0.1)
    np.testing.assert_array_equal(moved, half.step(W, G1, half.init(W), 1, 0.1)[0])


def test_adamw_takes_weights_back_even_where_the_gradient_is_zero() -> None:
    adamw = OPTIMIZERS["adamw"](learning_rate=0.1, weight_decay=0.5)
    moved, _ = adamw.step(W, np.zeros(2), adamw.init(W), 1, 0.1)
    np.testing.assert_allclose(moved, 0.95 * W, rtol=1e-15)


def test_adagrad_starts_from_the_sum_of_squares_it_is_given() -> None:
    # sqrt(8 + 1) = 3: the step is a third of the rate.
    adagrad = OPTIMIZERS["adagrad"](learning_rate=0.3, initial_accumulator_value=8.0)
    slots = adagrad.init(np.zeros(1))
    np.testing.assert_array_equal(slots, [[8.0]])
    moved, slots = adagrad.step(np.zeros(1), np.ones(1), slots, 1, 0.3)
    assert moved[0] == pytest.approx(-0.1, rel=1e-9)
    np.testing.assert_array_equal(slots, [[9.0]])


def test_centred_rmsprop_stays_finite_under_a_constant_gradient() -> None:
    # v - m^2 falls to zero, and by rounding below it, where its root would be no number.
    rmsprop = OPTIMIZERS["rmsprop"](alpha=0.5, centered=True)
    w = np.zeros(50)
    slots, g = rmsprop.init(w), np.random.default_rng(0).normal(size=50)
    with np.errstate(invalid="raise"):
        for update in range(1, 101):
            w, slots = rmsprop.step(w, g, slots, update, 0.01)
    assert np.isfinite(w).all()


VARIANTS: dict[str, Callable[[float], Optimizer]] = {
    **{name: (lambda rate, make=make: make(learning_rate=rate)) for name, make in OPTIMIZERS.items()},
    "momentum": lambda rate: OPTIMIZERS["sgd"](learning_rate=rate, momentum=0.9),
    "nesterov": lambda rate: OPTIMIZERS["sgd"](learning_rate=rate, momentum=0.9, nesterov=True),
    "rmsprop with momentum": lambda rate: OPTIMIZERS["rmsprop"](learning_rate=rate, momentum=0.9),
    "centred rmsprop": lambda rate: OPTIMIZERS["rmsprop"](learning_rate=rate, centered=True),
    "centred rmsprop with momentum": lambda rate: OPTIMIZERS["rmsprop"](
        learning_rate=rate, momentum=0.9, centered=True
    ),
    "decaying adagrad": lambda rate: OPTIMIZERS["adagrad"](
        learning_rate=rate, learning_rate_decay=1e-4, initial_accumulator_value=0.1
    ),
}
RATES = {
    "sgd": (0.1, 1e-3),
    "momentum": (0.01, 1e-4),
    "nesterov": (0.01, 1e-4),
    "adam": (0.01, 0.01),
    "adamw": (0.1, 3e-4),  # its decay shifts the minimum a little
    "rmsprop": (0.01, 3e-4),  # near a minimum it swings by about half the rate
    "rmsprop with momentum": (1e-3, 1e-4),
    "centred rmsprop": (1e-3, 3e-4),
    "centred rmsprop with momentum": (1e-3, 1e-4),
    "adagrad": (0.5, 0.5),
    "decaying adagrad": (0.5, 0.5),
}


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
