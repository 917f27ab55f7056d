"""Dropout in a training: in its updates alone, and the same whenever it is repeated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nncli.config import Config
from nncli.inspection.gradcheck import check_gradients
from nncli.messages.errors import ConfigError
from nncli.nn.dropout import dropped
from nncli.nn.gradients import backprop
from nncli.nn.randomness import random_stream
from nncli.training.experiment import Experiment, build
from tests import stepwise


def experiment(**more: Any) -> Experiment:
    hidden = {"units": 6, "activation": "tanh", "dropout": 0.3}
    function = {"inputs": {"x": [-1, 1]}, "targets": {"y": "x**2"}, "samples": 20}
    values = {
        "dataset": {"function": function, "split": {"validation": 5}},
        "network": {"layers": [hidden, {"units": 1}]},
        "training": {"epochs": 3, "batch_size": 4},
        **more,
    }
    return build(Config.of(values))


def test_each_update_is_a_step_with_the_units_of_its_own_stream() -> None:
    system = experiment(training={"epochs": 4, "shuffle": False})
    data, parameters, losses = system.rows.training, system.initial, []
    for update in range(4):
        part = dropped(system.network, random_stream(0, f"dropout {update}"), len(data))
        value, gradient = backprop()(part, parameters, data.X, data.Y, system.recipe.loss)
        losses.append(value)
        parameters = parameters - 0.1 * gradient
    reports = list(stepwise.train(system))
    np.testing.assert_allclose(reports[-1].parameters, parameters, rtol=1e-12)
    np.testing.assert_allclose([report.loss for report in reports[1:]], losses, rtol=1e-12)
    assert reports[0].loss != losses[0]  # measured with all units


def test_measuring_predicting_and_checking_leave_no_unit_out() -> None:
    system = experiment()
    (*_, report) = stepwise.train(system)
    plain = [{"units": 6, "activation": "tanh"}, {"units": 1}]
    whole = experiment(network={"layers": plain})
    held_out, parameters = whole.rows.held_out["validation"], report.parameters
    A = whole.network.predict(parameters, held_out.X)
    assert report.values["val_mse"] == pytest.approx(float(np.square(A - held_out.Y).mean()), rel=1e-12)
    assert max(check.worst for check in check_gradients(system)) < 1e-6


@pytest.mark.parametrize(
    ("layers", "more", "said"),
    [
        ([{"units": 1, "dropout": 0.5}], {}, r"layers\[0\]\.dropout: .* output layer"),
        (
            [{"units": 2, "dropout": 0.5}, {"units": 1}],
            {"gradient": "finite_difference"},
            r"layers\[0\]\.dropout: .*finite_difference",
        ),
        ([{"units": 2, "dropout": 1.0}, {"units": 1}], {}, r"layers\[0\]\.dropout"),
    ],
)
def test_where_dropout_cannot_be_it_is_refused(layers: list[Any], more: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        experiment(network={"layers": layers}, **more)
