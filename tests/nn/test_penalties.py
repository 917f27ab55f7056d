"""What large weights cost: by hand, and its slope against differences of it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from nncli.inspection.gradcheck import TOLERANCE, compare_gradients
from nncli.nn.activations import ACTIVATIONS
from nncli.nn.gradients import GRADIENTS, backprop
from nncli.nn.losses import LOSSES
from nncli.nn.network import Layer, Network

TANH, IDENTITY = ACTIVATIONS["tanh"](), ACTIVATIONS["identity"]()
X, Y = np.array([[0.3, -0.7], [1.1, 0.4]]), np.array([[0.5], [-0.2]])


def network(*, l1: float = 0.0, l2: float = 0.0) -> Network:
    """Its first layer pays, its last does not."""
    return Network((Layer(2, 1, TANH, l1=l1, l2=l2), Layer(1, 1, IDENTITY)))


PARAMETERS = np.array([3.0, -4.0, 9.0, 7.0, 5.0])  # two weights and a bias, then a weight and a bias


def test_penalty_of_a_layer_is_l1_times_the_sizes_and_half_l2_times_the_squares_of_its_weights() -> None:
    assert network(l1=0.1).cost(PARAMETERS) == pytest.approx(0.1 * (3 + 4))
    assert network(l2=0.1).cost(PARAMETERS) == pytest.approx(0.05 * (9 + 16))
    assert network(l1=0.1, l2=0.1).cost(PARAMETERS) == pytest.approx(0.7 + 1.25)
    assert network().cost(PARAMETERS) == 0.0


@pytest.mark.parametrize("method", GRADIENTS)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_loss_and_gradient_of_a_batch_have_the_penalty_once(method: str, reduction: str) -> None:
    loss, gradient_of = LOSSES["mse"](reduction=reduction), GRADIENTS[method]()
    plain_value, plain = gradient_of(network(), PARAMETERS, X, Y, loss)
    value, gradient = gradient_of(network(l1=0.1, l2=0.01), PARAMETERS, X, Y, loss)
    assert value - plain_value == pytest.approx(0.7 + 0.125)
    slope = [0.1 + 0.01 * 3.0, -0.1 - 0.01 * 4.0, 0.0, 0.0, 0.0]
    np.testing.assert_allclose(gradient - plain, slope, atol=1e-6 * max(1.0, plain_value))


@pytest.mark.parametrize("method", GRADIENTS)
def test_size_of_a_weight_has_no_slope_at_zero(method: str) -> None:
    parameters = np.array([0.0, -4.0, 9.0, 7.0, 5.0])
    gradients = [GRADIENTS[method]()(network(l1=l1), parameters, X, Y, LOSSES["mse"]())[1] for l1 in (0, 1)]
    np.testing.assert_allclose(gradients[1] - gradients[0], [0, -1, 0, 0, 0], atol=1e-6)


@pytest.mark.parametrize(("l1", "l2"), [each for each in product((0.0, 0.3), repeat=2) if any(each)])
def test_backprop_agrees_with_differences_of_the_penalties(l1: float, l2: float) -> None:
    layers = (Layer(2, 3, TANH, l1=l1, l2=l2), Layer(3, 2, TANH, False, l2=l2), Layer(2, 1, IDENTITY, l1=l1))
    paying = Network(layers)
    parameters = np.random.default_rng(1).normal(size=paying.parameter_count)
    checks = compare_gradients(paying, parameters, X, Y, LOSSES["mse"](), backprop())
    assert max(check.worst for check in checks) <= TOLERANCE


@pytest.mark.parametrize("penalty", ["l1", "l2"])
def test_forgotten_penalty_is_found(penalty: str) -> None:
    free, paying = network(), network(**{penalty: 0.1})

    def forgetful(_: Network, *rest: object) -> tuple[float, np.ndarray]:
        return backprop()(free, *rest)  # type: ignore[arg-type]

    checks = compare_gradients(paying, PARAMETERS / 10, X, Y, LOSSES["mse"](), forgetful)
    assert max(check.worst for check in checks) > TOLERANCE


def test_check_passes_where_a_weight_that_pays_its_size_is_zero() -> None:
    parameters = np.array([0.0, -0.4, 0.9, 0.7, 0.5])
    checks = compare_gradients(network(l1=10.0), parameters, X, Y, LOSSES["mse"](), backprop())
    assert max(check.worst for check in checks) <= TOLERANCE
