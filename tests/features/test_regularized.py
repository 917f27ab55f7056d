"""Training against overfitting, from the config to the history: penalties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nncli.config import Config
from nncli.nn.gradients import GRADIENTS
from nncli.training import measure
from nncli.training.experiment import Experiment, build
from tests import stepwise

ROWS = [[x / 20, (x / 20) ** 2] for x in range(20)]
DATASET = {"columns": ["x", "y"], "rows": ROWS, "targets": ["y"], "split": {"validation": 5}}
PAYING = [{"units": 3, "activation": "tanh", "l1": 0.01, "l2": 0.1}, {"units": 1, "l2": 0.02}]
FREE = [{"units": 3, "activation": "tanh"}, {"units": 1}]


def experiment(layers: list[dict[str, Any]], **changes: Any) -> Experiment:
    values = {"dataset": DATASET, "network": {"layers": layers}, "training": {"epochs": 3}, **changes}
    return build(Config.of(values))


def cost(system: Experiment, parameters: np.ndarray) -> float:
    first, last = (view.W for view in system.network.views(parameters))
    return float(0.01 * abs(first).sum() + 0.05 * (first**2).sum() + 0.01 * (last**2).sum())


@pytest.mark.parametrize("gradient", GRADIENTS)
def test_loss_of_the_history_has_the_penalties(gradient: str) -> None:
    paying, free = (next(stepwise.train(experiment(each, gradient=gradient))) for each in (PAYING, FREE))
    system = experiment(PAYING)
    assert paying.loss - free.loss == pytest.approx(cost(system, system.initial))
    first = [next(r for r in stepwise.train(experiment(PAYING, gradient=gradient)) if r.epoch == 1)]
    assert first[0].loss == pytest.approx(paying.loss)  # one full batch, measured before its update


def test_loss_of_held_out_rows_has_them_too() -> None:
    system = experiment(PAYING)
    held_out = system.rows.held_out["validation"]
    free = measure.measure(experiment(FREE), system.initial, held_out)["loss"]
    found = measure.measure(system, system.initial, held_out)["loss"]
    assert found - free == pytest.approx(cost(system, system.initial))


@pytest.mark.parametrize(("reduction", "times"), [("mean", 1), ("sum", 3)])
def test_every_batch_pays_once(reduction: str, times: int) -> None:
    still = {
        "loss": {"name": "mse", "reduction": reduction},
        "optimizer": {"name": "sgd", "learning_rate": 1e-300},
        "training": {"epochs": 1, "batch_size": 5},
    }
    paying, free = ([*stepwise.train(experiment(each, **still))][-1] for each in (PAYING, FREE))
    system = experiment(PAYING)
    assert paying.loss - free.loss == pytest.approx(times * cost(system, system.initial))


def test_gradient_is_clipped_with_its_penalties() -> None:
    layers = [{"units": 1, "l2": 1e6, "weights": [[1.0]], "bias": False}]
    system = experiment(layers, optimizer={"name": "sgd", "learning_rate": 0.5, "clip_norm": 0.1})
    _, first, *_ = stepwise.train(system)
    assert first.gradient_norm == pytest.approx(1e6, rel=1e-3)
    assert first.parameters[0] == pytest.approx(1.0 - 0.5 * 0.1, rel=1e-6)


def test_weights_that_pay_end_smaller() -> None:
    sizes = []
    for layers in (FREE, PAYING):
        *_, last = stepwise.train(experiment(layers, training={"epochs": 200}))
        sizes.append(float(np.abs(last.parameters).sum()))
    assert sizes[1] < 0.8 * sizes[0]


def test_l2_steps_as_weight_decay_where_there_are_no_biases() -> None:
    free = [{**layer, "bias": False} for layer in FREE]
    *_, penalised = stepwise.train(experiment([{**layer, "l2": 0.03} for layer in free]))
    *_, decayed = stepwise.train(experiment(free, optimizer={"name": "sgd", "weight_decay": 0.03}))
    np.testing.assert_allclose(penalised.parameters, decayed.parameters, rtol=1e-12)
