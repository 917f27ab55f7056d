from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest

from nncli.inspection.gradcheck import TOLERANCE, compare_gradients
from nncli.nn.activations import ACTIVATIONS, Activation
from nncli.nn.gradients import GRADIENTS, backprop
from nncli.nn.losses import LOSSES, Loss
from nncli.nn.network import Layer, Network

HIDDEN = [name for name in ACTIVATIONS if name != "softmax"]


def legal(activation: str, loss: str) -> bool:
    link = LOSSES[loss]().link
    return link is None or link == activation


def worst(
    hidden: Activation, output: Activation, loss: Loss, *, width: int, depth: int, outputs: int
) -> float:
    """The worst relative error of backprop on a random network and random rows."""
    widths = [3, *[width] * depth, outputs]
    layers = [Layer(i, u, hidden) for i, u in pairwise(widths[:-1])]
    network = Network((*layers, Layer(widths[-2], outputs, output)))
    rng = np.random.default_rng(width * 100 + depth * 10 + outputs)
    parameters = rng.uniform(-1, 1, network.parameter_count)
    X, Y = rng.normal(size=(5, 3)), rng.uniform(size=(5, outputs))
    checks = compare_gradients(network, parameters, X, Y, loss, backprop())
    return max(entry.worst for entry in checks)


ALL_SIZES = list(product((1, 2, 5), (1, 3), (1, 3)))
SIZES = [(1, 3, 1), (2, 1, 3), (5, 3, 3)]  # each width, each depth and each number of outputs


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize(("output", "loss"), [pair for pair in product(ACTIVATIONS, LOSSES) if legal(*pair)])
def test_backprop_agrees_with_differences(output: str, loss: str, reduction: str, long: bool) -> None:
    for hidden, (width, depth, outputs) in product(HIDDEN, ALL_SIZES if long else SIZES):
        error = worst(
            ACTIVATIONS[hidden](),
            ACTIVATIONS[output](),
            LOSSES[loss](reduction=reduction),
            width=width,
            depth=depth,
            outputs=outputs,
        )
        assert error <= TOLERANCE, (hidden, width, depth, outputs)


def negated(activation: Activation) -> Activation:
    return replace(activation, backward=lambda dA, Z, A: -activation.backward(dA, Z, A))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_sign_error_in_an_activation_is_found(name: str) -> None:
    right, wrong = ACTIVATIONS["identity"](), negated(ACTIVATIONS[name]())
    hidden, output = (right, wrong) if name == "softmax" else (wrong, right)
    assert worst(hidden, output, LOSSES["mse"](), width=2, depth=1, outputs=2) > TOLERANCE


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("name", LOSSES)
def test_sign_error_in_a_loss_is_found(name: str, reduction: str) -> None:
    loss = LOSSES[name](reduction=reduction)
    wrong = replace(loss, slope=lambda U, Y: -loss.slope(U, Y))
    output = ACTIVATIONS[loss.link or "identity"]()
    assert worst(ACTIVATIONS["tanh"](), output, wrong, width=2, depth=1, outputs=2) > TOLERANCE


@pytest.mark.parametrize("name", LOSSES)
def test_forgotten_average_over_outputs_is_found(name: str) -> None:
    loss = LOSSES[name](reduction="mean")
    wrong = replace(loss, slope=lambda U, Y: loss.slope(U, Y) * Y.shape[1])
    output = ACTIVATIONS[loss.link or "identity"]()
    assert worst(ACTIVATIONS["tanh"](), output, wrong, width=2, depth=1, outputs=3) > TOLERANCE


@pytest.mark.parametrize("name", GRADIENTS)
def test_sign_error_in_a_gradient_method_is_found(name: str) -> None:
    network = Network((Layer(2, 2, ACTIVATIONS["tanh"]()), Layer(2, 1, ACTIVATIONS["identity"]())))
    method = GRADIENTS[name]()

    def wrong(*arguments: object) -> tuple[float, np.ndarray]:
        value, gradient = method(*arguments)  # type: ignore[arg-type]
        return value, -gradient

    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(4, 2)), rng.normal(size=(4, 1))
    parameters = rng.normal(size=network.parameter_count)
    for tried, agrees in ((method, True), (wrong, False)):
        checks = compare_gradients(network, parameters, X, Y, LOSSES["mse"](), tried)
        # Plain differences reach about 1e-9, far from a sign error and from the extrapolated ones.
        assert (max(entry.worst for entry in checks) < 1e-5) == agrees


def test_worst_entry_is_named() -> None:
    network = Network((Layer(2, 3, ACTIVATIONS["tanh"]()), Layer(3, 1, ACTIVATIONS["identity"]())))

    def one_wrong(*arguments: object) -> tuple[float, np.ndarray]:
        value, gradient = backprop()(*arguments)  # type: ignore[arg-type]
        network.tensors(gradient)["layers.0.weight"][2, 1] *= 1.5
        return value, gradient

    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(4, 2)), rng.normal(size=(4, 1))
    parameters = rng.normal(size=network.parameter_count)
    checks = compare_gradients(network, parameters, X, Y, LOSSES["mse"](), one_wrong)
    found = max(checks, key=lambda entry: entry.worst)
    assert (found.name, found.index) == ("layers.0.weight", (2, 1))
    assert found.worst == pytest.approx(1 / 3, rel=1e-6)  # |1.5 g - g| / |1.5 g|


def at_zero(slope_at_kink: float) -> list[int | float]:
    """Kinks and worst error of one relu unit whose z is exactly 0, with some slope taken there."""
    relu = ACTIVATIONS["relu"]()
    chosen = replace(relu, backward=lambda dA, Z, A: dA * np.where(Z == 0, slope_at_kink, Z > 0))
    network = Network((Layer(1, 1, chosen), Layer(1, 1, ACTIVATIONS["identity"]())))
    parameters = np.array([0.7, 0.0, 1.3, 0.2])
    X, Y = np.zeros((1, 1)), np.ones((1, 1))
    checks = compare_gradients(network, parameters, X, Y, LOSSES["mse"](), backprop())
    return [sum(int(entry.kinks.sum()) for entry in checks), max(entry.worst for entry in checks)]


@pytest.mark.parametrize("slope", [0.0, 0.3, 1.0])
def test_slope_between_both_sides_of_a_kink_is_right(slope: float) -> None:
    kinks, error = at_zero(slope)
    assert kinks == 1
    assert error < TOLERANCE


@pytest.mark.parametrize("slope", [-1.0, 1.5])
def test_slope_outside_both_sides_of_a_kink_is_wrong(slope: float) -> None:
    kinks, error = at_zero(slope)
    assert kinks == 0
    assert error > TOLERANCE
