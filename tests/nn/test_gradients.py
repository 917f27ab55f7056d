"""Backprop against finite differences, and finite differences against a loop over the parameters."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from nncli.nn import gradients
from nncli.nn.activations import ACTIVATIONS, Array
from nncli.nn.gradients import GRADIENTS, SCHEMES, central_differences
from nncli.nn.losses import LOSSES, Loss
from nncli.nn.network import Layer, Network

HIDDEN = [name for name, make in ACTIVATIONS.items() if make().derivative is not None]
WIDTHS, DEPTHS, OUTPUTS, REDUCTIONS = (1, 2, 5), (1, 3), (1, 3), ("mean", "sum")
INPUTS, ROWS = 2, 3
# Rounding of a central difference: 2e-16 / 6e-6; truncation: h^2 f''' / 6.
STEP, ABSOLUTE, RELATIVE = 6e-6, 1e-8, 1e-6


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


def legal_losses(output: str) -> list[str]:
    return [name for name, make in LOSSES.items() if make().link in (None, output)]


def disagreement(network: Network, parameters: Array, X: Array, Y: Array, loss: Loss) -> float:
    """How far backprop is from central differences; above 1 is too far."""
    value, exact = GRADIENTS["backprop"]()(network, parameters, X, Y, loss)
    steps = STEP * np.maximum(1.0, np.abs(parameters))
    base, difference = central_differences(network, parameters, X, Y, loss, steps)
    assert value == pytest.approx(base, rel=1e-12)
    allowed = ABSOLUTE + RELATIVE * np.maximum(np.abs(exact), np.abs(difference))
    return float((np.abs(exact - difference) / allowed).max())


@pytest.mark.parametrize("output", ACTIVATIONS)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_backprop_matches_central_differences(hidden: str, output: str) -> None:
    for width, depth, outputs in itertools.product(WIDTHS, DEPTHS, OUTPUTS):
        network = network_of(hidden, output, width=width, depth=depth, outputs=outputs)
        case = smooth_case(network)
        for name, reduction in itertools.product(legal_losses(output), REDUCTIONS):
            off = disagreement(network, *case, LOSSES[name](reduction))
            assert off < 1, f"{name} {reduction}, width {width}, depth {depth}, outputs {outputs}: {off:.1f}"


@pytest.mark.parametrize("hidden", HIDDEN)
def test_backprop_matches_central_differences_without_biases(hidden: str) -> None:
    network = network_of(hidden, "identity", width=3, depth=2, outputs=2, bias=False)
    assert disagreement(network, *smooth_case(network), LOSSES["mse"]()) < 1


# A sign error must not pass


def check_of(hidden: str, output: str, loss: str) -> float:
    network = network_of(hidden, output, width=5, depth=3, outputs=3)
    return disagreement(network, *smooth_case(network), LOSSES[loss]())


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_sign_error_in_an_activation_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place = (name, "identity") if name in HIDDEN else ("tanh", name)
    assert check_of(*place, "mse") < 1
    right = ACTIVATIONS[name]()
    wrong = dataclasses.replace(right, backward=lambda dA, Z, A: -right.backward(dA, Z, A))
    monkeypatch.setitem(ACTIVATIONS, name, lambda: wrong)
    assert check_of(*place, "mse") > 1000


@pytest.mark.parametrize("name", LOSSES)
def test_a_sign_error_in_a_loss_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = LOSSES[name]()
    place = ("tanh", right.link or "identity", name)
    assert check_of(*place) < 1
    wrong = dataclasses.replace(right, slope=lambda U, Y: -right.slope(U, Y))
    monkeypatch.setitem(LOSSES, name, lambda: wrong)
    assert check_of(*place) > 1000


def test_a_sign_error_in_backprop_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = GRADIENTS["backprop"]()

    def wrong(*arguments: object) -> tuple[float, Array]:
        value, gradient = right(*arguments)  # type: ignore[arg-type]
        return value, -gradient

    monkeypatch.setitem(GRADIENTS, "backprop", lambda: wrong)
    assert check_of("tanh", "identity", "mse") > 1000


def test_a_gradient_averaged_once_too_little_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    # The mistake of dividing the value by the outputs, but not the slope: k times the gradient.
    right = LOSSES["mse"]()
    wrong = dataclasses.replace(right, slope=lambda A, Y: Y.shape[1] * right.slope(A, Y))
    monkeypatch.setitem(LOSSES, "mse", lambda: wrong)
    assert check_of("tanh", "identity", "mse") > 1000


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
