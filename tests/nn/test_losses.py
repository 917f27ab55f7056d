"""Losses against values worked by hand, their fused forms against the textbook's."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nncli.nn.activations import ACTIVATIONS
from nncli.nn.arrays import Array
from nncli.nn.losses import LOSSES, Loss

REDUCTIONS = ["mean", "sum"]

# Errors -1, 0.5; 3, 0 in two rows of two outputs.
A = np.array([[0.0, 1.5], [3.0, 2.0]])
Y = np.array([[1.0, 1.0], [0.0, 2.0]])


@pytest.mark.parametrize(
    ("name", "total"),
    [
        ("squared_error", 1 + 0.25 + 9 + 0),
        ("mse", 1 + 0.25 + 9 + 0),
        ("half_squared_error", (1 + 0.25 + 9 + 0) / 2),
        ("mae", 1 + 0.5 + 3 + 0),
        ("huber", 0.5 + 0.125 + 2.5 + 0),  # delta 1: e^2/2, e^2/2, 1 (3 - 1/2), 0
    ],
)
def test_losses_of_outputs_are_those_worked_by_hand(name: str, total: float) -> None:
    assert LOSSES[name](reduction="sum").value(A, A, Y) == pytest.approx(total, rel=1e-15)
    assert LOSSES[name](reduction="mean").value(A, A, Y) == pytest.approx(total / 4, rel=1e-15)


def test_huber_takes_its_border_from_delta() -> None:
    # delta 2: 1/2, 1/8, 2 (3 - 1), 0
    assert LOSSES["huber"](reduction="sum", delta=2.0).value(A, A, Y) == pytest.approx(4.625)


@pytest.mark.parametrize("name", LOSSES)
def test_the_default_reduction_is_the_mean(name: str) -> None:
    assert LOSSES[name]().reduction == "mean"


def forward(loss: Loss, Z: Array) -> Array:
    return ACTIVATIONS[loss.link or "identity"]().function(Z)


def test_binary_cross_entropy_equals_the_textbook_formula() -> None:
    Z = np.array([[-3.0, 0.0], [0.7, 8.0]])
    Y = np.array([[0.0, 1.0], [0.25, 1.0]])
    loss = LOSSES["binary_cross_entropy"]("sum")
    A = forward(loss, Z)
    expected = -(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    np.testing.assert_allclose(loss.terms_of(Z, A, Y), expected, rtol=1e-12)
    assert loss.value(Z, A, Y) == pytest.approx(expected.sum(), rel=1e-13)
    assert LOSSES["binary_cross_entropy"]("mean").value(Z, A, Y) == pytest.approx(
        expected.sum() / 4, rel=1e-13
    )
    # At z = 0 the output is 1/2, whatever the target: log 2.
    assert loss.value(np.zeros((1, 1)), np.full((1, 1), 0.5), np.ones((1, 1))) == pytest.approx(math.log(2))


def test_cross_entropy_equals_the_textbook_formula_and_is_averaged_over_rows_alone() -> None:
    Z = np.array([[-3.0, 0.0, 1.0], [0.7, 8.0, 8.0]])
    Y = np.array([[0.0, 1.0, 0.0], [0.2, 0.3, 0.5]])
    loss = LOSSES["cross_entropy"]("sum")
    A = forward(loss, Z)
    expected = -(Y * np.log(A)).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(loss.terms_of(Z, A, Y), expected, rtol=1e-13)
    assert loss.value(Z, A, Y) == pytest.approx(expected.sum(), rel=1e-13)
    assert LOSSES["cross_entropy"]("mean").value(Z, A, Y) == pytest.approx(expected.sum() / 2, rel=1e-13)


@pytest.mark.parametrize("name", [name for name, make in LOSSES.items() if make().link])
def test_a_fused_output_error_equals_the_chain_rule_through_the_activation(name: str) -> None:
    loss = LOSSES[name]("sum")
    activation = ACTIVATIONS[loss.link or ""]()
    Z = np.array([[-2.0, 0.5, 1.0], [0.3, 1.1, -0.4]])
    Y = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    A = activation.function(Z)
    slope = {"sigmoid": (A - Y) / (A * (1 - A)), "softmax": -Y / A}[activation.name]
    expected = activation.backward(slope, Z, A)
    np.testing.assert_allclose(loss.output_error(activation, Z, A, Y), expected, rtol=1e-12, atol=1e-15)


def test_cross_entropy_gradient_allows_rows_that_do_not_sum_to_one() -> None:
    loss = LOSSES["cross_entropy"]("sum")
    z, y, h = np.array([[0.2, -0.4, 0.9]]), np.array([[2.0, 0.5, 0.0]]), 1e-6
    activation = ACTIVATIONS["softmax"]()
    steps = h * np.eye(3)
    difference = [
        (loss.value(z + step, z, y) - loss.value(z - step, z, y)) / (2 * h) for step in steps[:, np.newaxis]
    ]
    np.testing.assert_allclose(
        loss.output_error(activation, z, forward(loss, z), y)[0], difference, atol=1e-9
    )


@pytest.mark.parametrize("size", [1e3, 1e308])
def test_binary_cross_entropy_of_large_sums_is_exact_and_warning_free(size: float) -> None:
    loss = LOSSES["binary_cross_entropy"]("sum")
    Z, Y = np.array([[size, -size, size, -size]]), np.array([[1.0, 0.0, 0.0, 1.0]])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        A = forward(loss, Z)
        terms = loss.terms_of(Z, A, Y)
        error = loss.output_error(ACTIVATIONS["sigmoid"](), Z, A, Y)
    # Right answers cost nothing, wrong ones |z|; both to the last bit.
    assert terms.tolist() == [[0.0, 0.0, size, size]]
    assert error.tolist() == [[0.0, 0.0, 1.0, -1.0]]


@pytest.mark.parametrize("size", [1e3, 1e308])
def test_cross_entropy_of_large_sums_is_exact_and_warning_free(size: float) -> None:
    loss = LOSSES["cross_entropy"]("sum")
    Z, Y = np.array([[size, 0.0, -size], [size, 0.0, -size]]), np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        A = forward(loss, Z)
        terms = loss.terms_of(Z, A, Y)
        error = loss.output_error(ACTIVATIONS["softmax"](), Z, A, Y)
    # Beyond the range of floats the wrong answer's cost stops growing, but stays finite.
    assert terms[0, 0] == 0.0
    assert min(2 * size, 1e308) <= terms[1, 0] <= 2 * size
    assert error.tolist() == [[0.0, 0.0, 0.0], [1.0, 0.0, -1.0]]


def test_huber_of_huge_errors_is_linear_and_does_not_overflow() -> None:
    huge = np.array([[1e300, -1e300]])
    with np.errstate(over="raise"):
        assert LOSSES["huber"]("sum").value(huge, huge, np.zeros((1, 2))) == pytest.approx(2e300)


def test_absolute_error_has_no_slope_where_it_is_zero() -> None:
    loss, identity = LOSSES["mae"]("sum"), ACTIVATIONS["identity"]()
    np.testing.assert_array_equal(loss.output_error(identity, A, A, Y), [[-1.0, 1.0], [1.0, 0.0]])


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", LOSSES)
def test_terms_keep_leading_axes(name: str, reduction: str) -> None:
    loss = LOSSES[name](reduction)
    stack = np.stack([A, 2 * A, -A])
    expected = [loss.terms_of(Z, Z, Y) for Z in stack]
    np.testing.assert_array_equal(loss.terms_of(stack, stack, Y), expected)
