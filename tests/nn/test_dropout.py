"""Dropout leaves the units out that its stream says, scales the others, and differentiates what is left."""

from __future__ import annotations

import numpy as np
import pytest

from nncli.nn.activations import ACTIVATIONS
from nncli.nn.dropout import dropped
from nncli.nn.gradients import backprop
from nncli.nn.losses import LOSSES
from nncli.nn.network import Layer, Network

HIDDEN = [name for name in ACTIVATIONS if name != "softmax"]
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(7, 3)), RNG.normal(size=(7, 2))


def network(name: str, *, dropout: float) -> Network:
    hidden, identity = ACTIVATIONS[name](), ACTIVATIONS["identity"]()
    first = Layer(3, 40, hidden, dropout=dropout)
    return Network((first, Layer(40, 5, hidden, dropout=dropout), Layer(5, 2, identity)))


@pytest.mark.parametrize("name", HIDDEN)
def test_a_unit_is_left_out_or_over_the_share_that_is_saved(name: str) -> None:
    whole = network(name, dropout=0.25)
    parameters = RNG.normal(size=whole.parameter_count)
    A = whole.forward(parameters, X)[0].A
    masked = dropped(whole, np.random.default_rng(1), len(X)).forward(parameters, X)[0].A
    left_out = np.random.default_rng(1).random((7, 40)) >= 0.75
    assert 0.15 < left_out.mean() < 0.35
    assert np.allclose(masked, np.where(left_out, 0.0, A / 0.75), rtol=1e-15)


@pytest.mark.parametrize("name", HIDDEN)
def test_the_gradient_is_that_of_the_network_with_units_left_out(name: str) -> None:
    part = dropped(network(name, dropout=0.5), np.random.default_rng(2), len(X))
    parameters = 0.3 * RNG.normal(size=part.parameter_count)
    loss, method = LOSSES["mse"](), backprop()
    _, gradient = method(part, parameters, X, Y, loss)
    step = 1e-6
    for index in range(0, len(parameters), 13):
        moved = [parameters.copy() for _ in range(2)]
        moved[0][index] += step
        moved[1][index] -= step
        high, low = (method(part, each, X, Y, loss)[0] for each in moved)
        assert gradient[index] == pytest.approx((high - low) / (2 * step), abs=1e-8)


def test_no_dropout_is_the_network_itself() -> None:
    whole = network("tanh", dropout=0.0)
    assert not whole.has_dropout
    assert dropped(whole, np.random.default_rng(0), 7) == whole
