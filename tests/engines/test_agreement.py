"""Every engine computes the numbers of `oracle`, and so of one another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncli.engines import ENGINES, backprop
from nncli.engines.contract import start, updates_per_epoch
from nncli.nn.losses import LOSSES

from . import oracle
from .oracle import Training

pytestmark = pytest.mark.usefixtures("sources_as_python")


def require_agreement(engine: str, training: Training, tolerance: float) -> None:
    """Ten epochs, stopped at three of them; a difference counts in relation to the loss, if it is above 1."""
    network, X, Y, recipe, parameters = training
    if ENGINES[engine].supports(network, recipe, len(X)):
        return
    state = start(network, parameters, recipe)
    stops = [updates_per_epoch(len(X), recipe) * epoch for epoch in (1, 4, 10)]
    expected = oracle.updates(network, X, Y, recipe, state, stops)
    found = ENGINES[engine].plan(network, X, Y, recipe).run(state, stops)
    least = tolerance * max(1.0, *np.abs(expected.losses))
    for value, by_hand in zip(found, expected, strict=True):
        np.testing.assert_allclose(value, by_hand, rtol=tolerance, atol=least)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("loss", LOSSES)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_ten_epochs_by_backprop_agree(engine: str, loss: str, data: st.DataObject) -> None:
    training = data.draw(oracle.trainings(loss))
    require_agreement(engine, training, 1e-10)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("loss", LOSSES)
@given(data=st.data())
@settings(max_examples=5, deadline=None)
def test_ten_epochs_by_finite_differences_agree(engine: str, loss: str, data: st.DataObject) -> None:
    training = data.draw(oracle.trainings(loss, "finite_difference"))
    require_agreement(engine, training, 1e-7)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("loss", LOSSES)
@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_ten_epochs_in_float32_agree(engine: str, loss: str, data: st.DataObject) -> None:
    drawn = data.draw(oracle.trainings(loss))
    training = drawn._replace(
        X=drawn.X.astype(np.float32),
        Y=drawn.Y.astype(np.float32),
        parameters=drawn.parameters.astype(np.float32),
        recipe=replace(drawn.recipe, dtype="float32"),
    )
    require_agreement(engine, training, 1e-3)


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_blocks_of_a_batch_add_up_to_its_gradient(data: st.DataObject) -> None:
    training = data.draw(oracle.trainings("mse").filter(lambda drawn: not drawn.network.has_dropout))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backprop, "UNDIVIDED", 2)
        patch.setattr(backprop, "WIDEST", 1)
        require_agreement("numpy", training, 1e-10)
