"""Every activation against its own expressions, against differences, and against numbers known elsewhere."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nncli.expressions import parse
from nncli.nn.activations import ACTIVATIONS, Activation
from nncli.nn.arrays import Array

# Each default, and options other than the default where there are any.
VARIANTS: dict[str, Activation] = {name: make() for name, make in ACTIVATIONS.items()} | {
    "leaky_relu slope 0.1": ACTIVATIONS["leaky_relu"](slope=0.1),
    "elu alpha 0.5": ACTIVATIONS["elu"](alpha=0.5),
}
ELEMENTWISE = [name for name, entry in VARIANTS.items() if entry.derivative is not None]
# Both tails, the neighbourhood of the kink at 0, and no kink itself.
Z = np.concatenate([np.linspace(-30.0, 30.0, 241), [-1e-3, 1e-3, -750.0, 750.0]])
EXTREMES = np.array([-1.7e308, -1e200, -750.0, -37.0, -5e-324, 0.0, 5e-324, 37.0, 750.0, 1e200, 1.7e308])


def derivative_of(activation: Activation, Z: Array) -> Array:
    assert activation.derivative is not None
    return activation.derivative(Z, activation.function(Z))


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_function_and_derivative_equal_their_scalar_expressions(name: str) -> None:
    activation = VARIANTS[name]
    assert activation.expression is not None
    assert activation.derivative_expression is not None
    A = activation.function(Z)
    value = parse(activation.expression, ["z"])
    slope = parse(activation.derivative_expression, ["z", "a"])
    # A few units in the last place: the same formula, operations in another order.
    np.testing.assert_allclose(A, [value({"z": z}) for z in Z], rtol=1e-14)
    expected = [slope({"z": z, "a": a}) for z, a in zip(Z, A, strict=True)]
    np.testing.assert_allclose(derivative_of(activation, Z), expected, rtol=1e-13, atol=1e-16)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_derivative_matches_central_differences(name: str) -> None:
    activation = VARIANTS[name]
    points = Z[(np.abs(Z) < 100) & (Z != 0)]
    h = 1e-5
    difference = (activation.function(points + h) - activation.function(points - h)) / (2 * h)
    # Rounding of values up to 30: 30 x 2e-16 / 1e-5; truncation h^2 f''' / 6 is below it.
    np.testing.assert_allclose(derivative_of(activation, points), difference, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_backward_is_the_chain_rule_element_by_element(name: str) -> None:
    activation = VARIANTS[name]
    dA = np.linspace(-2.0, 3.0, len(Z))
    expected = dA * derivative_of(activation, Z)
    np.testing.assert_array_equal(activation.backward(dA, Z, activation.function(Z)), expected)


def test_softmax_backward_is_the_product_with_its_jacobian() -> None:
    softmax = VARIANTS["softmax"]
    z, dA = np.array([0.3, -1.2, 2.0]), np.array([1.0, -0.5, 0.25])
    a = softmax.function(z)
    jacobian = np.diag(a) - np.outer(a, a)
    np.testing.assert_allclose(softmax.backward(dA, z, a), dA @ jacobian, rtol=1e-14)


@pytest.mark.parametrize("name", VARIANTS)
def test_any_float_input_gives_finite_values_without_a_warning(name: str) -> None:
    activation = VARIANTS[name]
    Z = EXTREMES[:, np.newaxis] * np.ones(2)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        A = activation.function(Z)
        dZ = activation.backward(np.ones_like(Z), Z, A)
    assert np.isfinite(A).all()
    assert np.isfinite(dZ).all()


def test_softmax_of_extremes_in_one_row_is_finite_and_sums_to_one() -> None:
    with np.errstate(over="raise", invalid="raise"):
        A = VARIANTS["softmax"].function(np.array([[-1.7e308, 0.0, 1.7e308], [-750.0, 0.0, 750.0]]))
    np.testing.assert_array_equal(A, [[0.0, 0.0, 1.0], [0.0, math.exp(-750), 1.0]])


def test_sigmoid_keeps_its_relative_precision_in_the_far_tail() -> None:
    # 1 / (1 + e^700) = e^-700 to the last bit; 1 - sigmoid(-z) would be 0.
    assert VARIANTS["sigmoid"].function(np.array([-700.0]))[0] == pytest.approx(math.exp(-700.0), rel=1e-15)


# PyTorch's functions of these names, worked out from its documented formulas:
# sigmoid(2) = 1 / (1 + e^-2), silu(2) = 2 sigmoid(2), softplus(2) = log(1 + e^2), and so on
@pytest.mark.parametrize(
    ("name", "z", "a"),
    [
        ("identity", -1.5, -1.5),
        ("relu", -1.5, 0.0),
        ("relu", 1.5, 1.5),
        ("leaky_relu", -1.5, -0.015),
        ("leaky_relu slope 0.1", -1.5, -0.15),
        ("elu", -1.0, -0.6321205588285577),
        ("elu alpha 0.5", -1.0, -0.31606027941427883),
        ("gelu", 1.0, 0.8411919906082768),
        ("gelu", -0.5, -0.15428599017485606),
        ("silu", 2.0, 1.7615941559557649),
        ("softplus", 2.0, 2.1269280110429727),
        ("sigmoid", 2.0, 0.8807970779778823),
        ("tanh", 0.5, 0.46211715726000973),
    ],
)
def test_values_are_pytorchs(name: str, z: float, a: float) -> None:
    assert VARIANTS[name].function(np.array([z]))[0] == pytest.approx(a, rel=1e-14)


def test_softmax_of_one_two_three_is_pytorchs() -> None:
    A = VARIANTS["softmax"].function(np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(A, [0.09003057317038046, 0.24472847105479764, 0.6652409557748218], rtol=1e-14)


@pytest.mark.parametrize(("name", "slope"), [("relu", 0.0), ("leaky_relu", 0.01), ("elu", 1.0)])
def test_derivative_at_the_kink_is_pytorchs(name: str, slope: float) -> None:
    assert derivative_of(VARIANTS[name], np.array([0.0]))[0] == slope
