"""Backprop against finite differences, and finite differences against a loop over the parameters."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from nncli.nn import gradients
from nncli.nn.activations import ACTIVATIONS
from nncli.nn.arrays import Array
from nncli.nn.gradients import GRADIENTS, SCHEMES, central_differences
from nncli.nn.losses import LOSSES, Loss
from nncli.nn.network import Layer, Network

HIDDEN = [name for name, make in ACTIVATIONS.items() if make().derivative is not None]
REDUCTIONS = ("mean", "sum")
INPUTS, ROWS = 2, 3


def network_of(
    hidden: str, output: str, *, width: int, depth: int, outputs: int, bias: bool = True
) -> Network:
    widths = [INPUTS, *[width] * depth, outputs]
    names = [*[hidden] * depth, output]
    return Network(
        tuple(
            Layer(before, after, ACTIVATIONS[name](), bias)
            for (before, after), name in zip(itertools.pairwise(widths), names, strict=True)
        )
    )


def smooth_case(network: Network) -> tuple[Array, Array, Array]:
    """Parameters, X and Y away from every kink: no sum near 0, no error near 0 or 1."""
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        parameters = rng.normal(0.0, 1.0, network.parameter_count)
        X, Y = rng.normal(size=(ROWS, INPUTS)), rng.uniform(0.0, 1.0, (ROWS, network.outputs))
        activities = network.forward(parameters, X)
        E = np.abs(activities[-1].A - Y)
        if (
            all((np.abs(Z) > 1e-3).all() for Z, _ in activities)
            and (E > 1e-3).all()
            and (np.abs(E - 1) > 1e-3).all()
        ):
            return parameters, X, Y
    raise AssertionError("no start away from the kinks")


# That backprop agrees with differences over all registries: tests/inspection/test_gradcheck.py


@pytest.mark.parametrize("hidden", HIDDEN)
def test_backprop_matches_central_differences_without_biases(hidden: str) -> None:
    network = network_of(hidden, "identity", width=3, depth=2, outputs=2, bias=False)
    parameters, X, Y = smooth_case(network)
    value, exact = GRADIENTS["backprop"]()(network, parameters, X, Y, LOSSES["mse"]())
    steps = 6e-6 * np.maximum(1.0, np.abs(parameters))
    base, difference = central_differences(network, parameters, X, Y, LOSSES["mse"](), steps)
    assert value == pytest.approx(base, rel=1e-12)
    # Rounding of a central difference: 2e-16 / 6e-6; truncation: h^2 times a third derivative.
    np.testing.assert_allclose(exact, difference, rtol=1e-6, atol=1e-8)


# Layer-wise finite differences are the textbook's, only faster


def full_forward_differences(
    network: Network, parameters: Array, X: Array, Y: Array, loss: Loss, steps: Array, scheme: str
) -> Array:
    """One parameter after the other, each with whole forward passes."""

    def terms(moved: Array) -> Array:
        output = network.forward(moved, X)[-1]
        return loss.terms_of(output.Z, output.A, Y)

    gradient = np.empty_like(parameters)
    for index, step in enumerate(steps):
        up, down = parameters.copy(), parameters.copy()
        up[index] += step
        if scheme == "central":
            down[index] -= step
        span = 2 * step if scheme == "central" else step
        gradient[index] = (terms(up) - terms(down)).sum() / loss.divisor(Y) / span
    return gradient


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("output", ACTIVATIONS)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_layer_wise_differences_equal_a_loop_over_parameters(hidden: str, output: str, scheme: str) -> None:
    names = ["mse", *(name for name, make in LOSSES.items() if make().link == output)]
    for depth, bias, name in itertools.product((1, 3), (True, False), names):
        network = network_of(hidden, output, width=3, depth=depth, outputs=2, bias=bias)
        case = smooth_case(network)
        steps = np.linspace(5e-5, 1e-4, network.parameter_count)
        loss = LOSSES[name]("mean")
        _, found = SCHEMES[scheme](network, *case, loss, steps)
        expected = full_forward_differences(network, *case, loss, steps, scheme)
        # The same steps, so the same truncation; rounding is 2e-16 x terms / 5e-5.
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("name", LOSSES)
def test_layer_wise_differences_equal_a_loop_for_every_loss(name: str) -> None:
    for reduction, scheme in itertools.product(REDUCTIONS, SCHEMES):
        loss = LOSSES[name](reduction)
        network = network_of("tanh", loss.link or "identity", width=4, depth=2, outputs=3)
        case = smooth_case(network)
        steps = np.full(network.parameter_count, 1e-4)
        _, found = SCHEMES[scheme](network, *case, loss, steps)
        expected = full_forward_differences(network, *case, loss, steps, scheme)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_chunks_of_parameters_do_not_change_the_differences(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = network_of("tanh", "softmax", width=5, depth=2, outputs=3)
    parameters, X, Y = smooth_case(network)
    method, loss = GRADIENTS["finite_difference"](scheme=scheme), LOSSES["cross_entropy"]()
    _, whole = method(network, parameters, X, Y, loss)
    monkeypatch.setattr(gradients, "CHUNK", 1)
    _, single = method(network, parameters, X, Y, loss)
    np.testing.assert_allclose(single, whole, rtol=0, atol=1e-9)  # rounding / epsilon


@pytest.mark.parametrize("scheme", SCHEMES)
def test_finite_difference_takes_scheme_and_epsilon_from_its_options(scheme: str) -> None:
    network = network_of("sigmoid", "identity", width=2, depth=1, outputs=1)
    case = smooth_case(network)
    loss, steps = LOSSES["mse"](), np.full(network.parameter_count, 1e-3)
    _, found = GRADIENTS["finite_difference"](scheme=scheme, epsilon=1e-3)(network, *case, loss)
    np.testing.assert_array_equal(found, SCHEMES[scheme](network, *case, loss, steps)[1])


@pytest.mark.parametrize(("scheme", "order"), [("forward", 1), ("central", 2)])
def test_the_truncation_error_falls_with_the_order_of_the_scheme(scheme: str, order: int) -> None:
    network = network_of("tanh", "identity", width=3, depth=1, outputs=1)
    case = smooth_case(network)
    loss = LOSSES["mse"]()
    _, exact = GRADIENTS["backprop"]()(network, *case, loss)
    far, near = (
        np.abs(SCHEMES[scheme](network, *case, loss, np.full(network.parameter_count, h))[1] - exact).max()
        for h in (1e-2, 1e-3)
    )
    assert far / near == pytest.approx(10**order, rel=0.2)


@pytest.mark.parametrize("name", GRADIENTS)
def test_a_gradient_leaves_its_arguments_as_they_are(name: str) -> None:
    network = network_of("tanh", "sigmoid", width=2, depth=2, outputs=2)
    case = smooth_case(network)
    before = [array.copy() for array in case]
    GRADIENTS[name]()(network, *case, LOSSES["mse"]())
    for array, copy in zip(case, before, strict=True):
        np.testing.assert_array_equal(array, copy)
