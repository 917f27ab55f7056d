"""Derivatives along random directions: they agree for right gradients, and a wrong one shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nncli.api import check
from nncli.inspection import directions
from nncli.inspection.directions import check_directions
from nncli.inspection.gradcheck import TOLERANCE
from nncli.nn.activations import ACTIVATIONS
from nncli.nn.gradients import GradientMethod, backprop
from nncli.training.experiment import Experiment

HIDDEN = [name for name in ACTIVATIONS if name != "softmax"]


def experiment(activation: str, **layer: float) -> Experiment:
    layers = [{"units": 16, "activation": activation, **layer}, {"units": 3, "activation": "softmax"}]
    return check({"dataset": "iris", "network": {"layers": layers}, "loss": "cross_entropy"})


@pytest.mark.parametrize("activation", HIDDEN)
def test_backprop_agrees_along_directions(activation: str) -> None:
    checks = check_directions(experiment(activation, l1=0.01, l2=0.1), None, 10)
    assert [check.shape for check in checks] == [(16, 4), (16,), (3, 16), (3,)]
    assert checks.worst.worst < TOLERANCE
    assert checks.worst.error.shape == (10,)


@pytest.mark.parametrize("tensor", range(4))
def test_a_wrong_gradient_shows_in_its_tensor(tensor: int, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = experiment("tanh")
    name = list(prepared.network.tensors(prepared.initial))[tensor]

    def wrong() -> GradientMethod:
        def function(network, parameters, X, Y, loss):  # type: ignore[no-untyped-def]
            value, gradient = backprop()(network, parameters, X, Y, loss)
            network.tensors(gradient)[name].flat[1] += 0.01
            return value, gradient

        return replace(backprop(), function=function)

    monkeypatch.setattr(directions, "backprop", wrong)
    checks = check_directions(prepared, None, 3)
    assert {check.name for check in checks if check.worst > TOLERANCE} == {name}


@pytest.mark.parametrize("loss", ["mse", "mae"])
def test_gradients_are_checked_beside_kinks(loss: str) -> None:
    hidden = {"units": 4, "activation": "relu", "bias_init": "zeros", "l1": 0.1}
    layers = [hidden, {"units": 1, "activation": "identity", "bias_init": "zeros"}]
    # Of the row (0, 0) every relu is at exactly 0, and so is the error.
    prepared = check({"dataset": "xor", "network": {"layers": layers}, "loss": loss})
    assert check_directions(prepared, None, 5).worst.worst < TOLERANCE
