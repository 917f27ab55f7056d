from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from nncli.advice.plateau import examine
from nncli.advice.trials import Advice
from nncli.config import Config, load_config
from nncli.nn.activations import ACTIVATIONS
from nncli.training import measure
from nncli.training.experiment import Experiment, build
from tests.golden import Golden
from tests.stepwise import train

from .test_divergence import LINE, PEOPLE, network, sgd, steady

TEMPLATES = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))
BCE = "binary_cross_entropy"


class Trained(NamedTuple):
    experiment: Experiment
    end: float
    advice: Advice | None


def trained(config: Config) -> Trained:
    experiment = build(config)
    reports = list(train(experiment))
    rows = [report for report in reports if "history" in report.recorded]
    epochs = np.array([row.epoch for row in rows], dtype=float)
    losses = np.array([row.loss for row in rows])
    parameters = reports[-1].parameters
    advice = examine(experiment, parameters, epochs, losses)
    return Trained(experiment, measure.loss(experiment, parameters), advice)


def config(**values: Any) -> Config:
    given = {"dataset": "xor", "network": network((4, "tanh"), (1, "sigmoid")), "loss": "mse"}
    return Config.of({**given, **values})


def table(*rows: tuple[float, float]) -> dict[str, Any]:
    return {"columns": ["x", "y"], "rows": [list(row) for row in rows], "targets": ["y"]}


def noisy_line(noise: float, rows: int = 100) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1.0, 1.0, rows)
    return table(*zip(x.tolist(), (2 * x + noise * rng.normal(size=rows)).tolist(), strict=True))


def biased(**layer: Any) -> dict[str, Any]:
    hidden = {"units": 8, "activation": "relu", **layer}
    return {"layers": [hidden, {"units": 1, "activation": "sigmoid"}]}


STALLED: dict[str, dict[str, Any]] = {
    "tanh on unscaled columns": {
        "dataset": PEOPLE,
        "network": network((8, "tanh"), (1, "sigmoid")),
        "loss": BCE,
    },
    "sigmoid on unscaled columns": {"dataset": PEOPLE, "network": network((8, "sigmoid"), (1, "sigmoid"))},
    "relus dead by their biases": {
        "network": biased(bias_init={"name": "constant", "value": -100.0}),
        "loss": BCE,
        "optimizer": sgd(0.5),
    },
    "relus dead by given biases": {
        "network": biased(biases=[-9.0] * 8),
        "loss": BCE,
        "optimizer": sgd(0.5),
    },
    "weights all 0": {
        "network": network((4, "tanh"), (1, "sigmoid"), weight_init="zeros"),
        "loss": BCE,
        "optimizer": sgd(1.0),
    },
    "weights far too large": {
        "network": network((8, "tanh"), (1, "sigmoid"), weight_init={"name": "normal", "std": 1000.0})
    },
    "weights far too large, two changes needed": {
        "network": network(
            (8, "sigmoid"), (8, "sigmoid"), (1, "sigmoid"), weight_init={"name": "normal", "std": 100.0}
        )
    },
    "adam with a learning rate of 10": {
        "network": network((4, "sigmoid"), (1, "sigmoid")),
        "loss": BCE,
        "optimizer": {"name": "adam", "learning_rate": 10.0},
    },
    "a learning rate near 0": {"optimizer": sgd(1e-9)},
    "no hidden layer": {"network": network((1, "sigmoid")), "optimizer": sgd(0.5)},
    "targets beyond a sigmoid": {"dataset": LINE, "network": network((1, "sigmoid"))},
    "targets below a relu": {
        "dataset": table(*((x / 50, -x / 50 - 1) for x in range(50))),
        "network": network((8, "tanh"), (1, "relu")),
    },
    "constant targets beyond a sigmoid": {
        "dataset": table(*((x / 50, 700.0) for x in range(50))),
        "network": network((1, "sigmoid")),
    },
}


@cache
def stalled(name: str) -> Trained:
    return trained(config(**STALLED[name]))


@pytest.mark.parametrize("name", STALLED)
def test_a_stalled_training_is_reported_why_and_what_to_change(golden: Golden, name: str) -> None:
    advice = stalled(name).advice
    assert advice is not None
    golden.check(steady(advice))


@pytest.mark.parametrize("name", STALLED)
def test_every_change_followed_for_longer_ends_well_below_the_stalled_loss(name: str) -> None:
    bad = stalled(name)
    assert bad.advice is not None
    for trial in bad.advice.trials:
        experiment = trial.variant.experiment
        longer = experiment.config.changed(("training", "epochs"), 2 * experiment.epochs)
        *_, last = train(replace(experiment, config=longer))
        end = measure.loss(experiment, last.parameters)
        assert end < 0.9 * (trial.baseline or bad.end)


def test_the_same_training_gets_the_same_advice(long: bool) -> None:
    for name in list(STALLED)[:: 1 if long else 3]:
        first, again = stalled(name).advice, trained(config(**STALLED[name])).advice
        assert first is not None
        assert again is not None
        assert (again.since, again.why, again.changes) == (first.since, first.why, first.changes)


@pytest.mark.parametrize("epochs", [None, 0, 1, 3, 9, 10, 20, 100])
@pytest.mark.parametrize(
    "template",
    [path for path in TEMPLATES if not path.stem.startswith("broken_") and "published" not in path.stem],
    ids=lambda path: path.stem,
)
def test_no_template_is_warned_of_at_any_length(template: Path, epochs: int | None) -> None:
    config = load_config(template)
    if epochs is not None:
        config = config.changed(("training", "epochs"), epochs)
    assert trained(config).advice is None


SOUND: dict[str, dict[str, Any]] = {
    "a line without noise": {"dataset": noisy_line(0.0)},
    "a line with noise": {"dataset": noisy_line(0.1)},
    "a line with more noise than slope": {"dataset": noisy_line(3.0)},
    "a line by single rows": {"dataset": noisy_line(1.0), "training": {"batch_size": 1, "epochs": 100}},
    "targets that never vary": {"dataset": table(*((x / 50, 7.0) for x in range(50)))},
    "targets of 0": {"dataset": table(*((x / 50, 0.0) for x in range(50)))},
    "a perfect start": {
        "dataset": noisy_line(0.0),
        "network": {"layers": [{"units": 1, "weights": [[2.0]]}]},
    },
    "a start that noise keeps from being perfect": {
        "dataset": noisy_line(0.1),
        "network": {"layers": [{"units": 1, "weights": [[2.0]]}]},
    },
    "a slow fall from afar": {
        "dataset": table(*((x / 50, 100.0 + x) for x in range(50))),
        "optimizer": sgd(1e-4),
    },
    "one row": {"dataset": table((1.0, 3.0))},
    "weights all 0 without a hidden layer": {
        "dataset": noisy_line(0.1),
        "network": network((1, "identity"), weight_init="zeros"),
    },
}


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_training_is_not_warned_of(name: str) -> None:
    values = {"network": network((1, "identity")), **SOUND[name]}
    assert trained(config(**values)).advice is None


def test_a_loss_below_guessing_that_never_moved_is_reported_if_a_change_moves_it(golden: Golden) -> None:
    layer = {"units": 1, "weights": [[1.8]]}
    advice = trained(config(dataset=noisy_line(0.0), network={"layers": [layer]}, optimizer=sgd(1e-9))).advice
    assert advice is not None
    assert advice.trials[0].variant.key == "optimizer.learning_rate"
    assert " 1% " in advice.since
    assert " 1,000 " in advice.since
    golden.check(steady(advice))


def test_inputs_that_say_nothing_are_reported_without_a_change(golden: Golden) -> None:
    # Each x has both targets, so nothing can beat their mean.
    rows = [(x, y) for x in (-1.0, 0.0, 1.0) for y in (0.0, 1.0)]
    advice = trained(config(dataset=table(*rows), network=network((1, "identity")))).advice
    assert advice is not None
    assert advice.changes == ()
    golden.check(steady(advice))


@pytest.mark.parametrize(
    ("units", "rate", "epochs"),
    [(4, 1e-4, 1000), (4, 1e-3, 1000), (4, 0.01, 1000), (3, 1e-3, 2000), (2, 1e-3, 2000), (2, 1e-3, 10_000)],
)
def test_far_too_small_a_learning_rate_is_reported_whether_the_loss_stands_or_creeps(
    units: int, rate: float, epochs: int
) -> None:
    bad = trained(
        config(
            network=network((units, "sigmoid"), (1, "sigmoid")),
            optimizer=sgd(rate),
            training={"epochs": epochs},
        )
    )
    assert bad.advice is not None
    (best, *_) = bad.advice.trials
    assert best.variant.key == "optimizer.learning_rate"
    assert best.variant.new > rate
    *_, last = train(best.variant.experiment)
    assert last.metrics["accuracy"] == 1.0


def test_the_line_of_the_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text(
        "dataset: xor\n"
        "loss: binary_cross_entropy\n"
        "network:\n"
        "  weight_init: zeros\n"
        "  layers: [{units: 4, activation: tanh}, {units: 1, activation: sigmoid}]\n"
        "optimizer: {name: sgd, learning_rate: 1}\n"
    )
    advice = trained(load_config("c.yaml")).advice
    assert advice is not None
    assert " in c.yaml:4 (" in advice.changes[0]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_driven_flat_is_seen(name: str) -> None:
    """Where any z has a derivative near 0, units driven there are named; elsewhere nothing is."""
    Z = np.array([-1e3, 1e3])
    derivative = ACTIVATIONS[name]().derivative
    far = None if derivative is None else Z[np.abs(derivative(Z, ACTIVATIONS[name]().function(Z))) < 1e-3]
    if far is None or not far.size:
        return
    hidden = {"units": 3, "activation": name, "biases": [float(far[0])] * 3, "weights": [[1.0, -1.0]] * 3}
    output = {"units": 1, "activation": "sigmoid", "weights": [[1e-3, 2e-3, -3e-3]]}
    advice = trained(config(network={"layers": [hidden, output]}, loss=BCE, training={"epochs": 100})).advice
    assert advice is not None
    assert re.search(rf"\b{name}\b.* layers\.0|layers\.0 .*\b{name}\b", advice.why)
