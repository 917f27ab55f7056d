from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli.advice import trials
from nncli.advice.divergence import advise
from nncli.advice.trials import Advice
from nncli.config import Config, load_config
from nncli.messages.wording import rounded
from nncli.nn.losses import LOSSES
from nncli.training import measure
from nncli.training.divergence import Diverged
from nncli.training.experiment import Experiment, build
from tests.golden import Golden
from tests.stepwise import train

CONFIGS = Path(__file__).parents[2] / "configs"
LINE = {"columns": ["x", "y"], "rows": [[x, 2 * x] for x in range(50)], "targets": ["y"]}
PEOPLE = {
    "columns": ["height", "weight", "y"],
    "rows": [[150 + i * 2 / 3, 45 + (i * 37) % 60, int(i + (i * 37) % 60 > 60)] for i in range(60)],
    "targets": ["y"],
}


def network(*layers: tuple[int, str], **more: Any) -> dict[str, Any]:
    return {"layers": [{"units": units, "activation": name} for units, name in layers], **more}


def sgd(rate: float, **more: Any) -> dict[str, Any]:
    return {"name": "sgd", "learning_rate": rate, **more}


def config(**values: Any) -> Config:
    return Config.of({"dataset": "xor", "network": network((1, "identity")), **values})


def diverged(experiment: Experiment) -> Diverged:
    with pytest.raises(Diverged) as caught:
        for _ in train(experiment):
            pass
    return caught.value


def advice_for(**values: Any) -> Advice:
    experiment = build(config(**values))
    return advise(experiment, diverged(experiment))


NUMBER = r"\d(?:[\d.,e+-]*\d)?"


def steady(advice: Advice) -> str:
    """What is reported, without the numbers of trainings: processors that round otherwise end elsewhere."""
    since = re.sub(NUMBER, "#", advice.since)
    why = re.sub(rf"{NUMBER} times their initial", "# times their initial", advice.why)
    hint = re.sub(r"\(tried: [^)]*\)", lambda found: re.sub(NUMBER, "#", found[0]), advice.hint)
    return "\n".join(line for line in (since, why, f"hint: {hint}") if line)


def end_of(experiment: Experiment, epochs: int) -> float:
    """The loss after training in full with what a variant changed."""
    config = experiment.config.changed(("training", "epochs"), epochs)
    longer = replace(experiment, config=config)
    *_, last = train(longer)
    return measure.loss(longer, last.parameters)


DIVERGING = {
    "sum": {
        "dataset": "linear_map",
        "network": network((2, "identity"), (2, "identity")),
        "loss": {"name": "mse", "reduction": "sum"},
    },
    "unscaled column": {"dataset": LINE},
    "unscaled columns": {"dataset": PEOPLE, "network": network((8, "relu"), (1, "identity"))},
    "learning rate": {"network": network((4, "tanh"), (1, "identity")), "optimizer": sgd(20.0)},
    "learning rate beyond measure": {
        "network": network((4, "tanh"), (1, "identity")),
        "optimizer": sgd(1e300),
    },
    "momentum": {"dataset": LINE, "optimizer": sgd(0.1, momentum=0.9), "training": {"batch_size": 5}},
    "adam": {
        "dataset": LINE,
        "network": network((8, "relu"), (1, "identity")),
        "optimizer": {"name": "adam", "learning_rate": 1e4},
    },
    "large weights": {
        "network": network((8, "relu"), (1, "identity"), weight_init={"name": "normal", "std": 100.0})
    },
    "large inputs": {"dataset": {**LINE, "rows": [[x * 1e200, x] for x in range(9)]}},
    "large targets": {
        "dataset": {**LINE, "rows": [[x / 50, x * 1e5] for x in range(50)]},
        "network": network((16, "relu"), (1, "identity")),
    },
}


@pytest.mark.parametrize("name", DIVERGING)
def test_every_change_followed_for_longer_ends_below_guessing(name: str) -> None:
    advice = advice_for(**DIVERGING[name])
    assert advice.trials
    for trial in advice.trials:
        assert trial.beats_baseline
        assert end_of(trial.variant.experiment, 3 * int(np.ceil(trial.epochs))) < 0.95 * trial.baseline


def test_the_same_config_gets_the_same_advice(long: bool) -> None:
    for name in list(DIVERGING)[:: 1 if long else 3]:
        assert advice_for(**DIVERGING[name]).changes == advice_for(**DIVERGING[name]).changes


def test_the_published_linear_map_is_reported_both_lines_to_change(
    golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CONFIGS)
    experiment = build(load_config("linear_map_published.yaml"))
    advice = advise(experiment, diverged(experiment))
    golden.check(steady(advice))
    assert [trial.variant.key for trial in advice.trials] == ["loss.reduction", "optimizer.learning_rate"]
    for trial in advice.trials:
        assert end_of(trial.variant.experiment, 300) < 1e-10 * trial.before


def test_sum_is_named_with_what_it_does_to_the_learning_rate(golden: Golden) -> None:
    golden.check(steady(advice_for(loss={"name": "mse", "reduction": "sum"}, optimizer=sgd(3.0))))


def test_unscaled_column_is_named_with_its_largest_value(golden: Golden) -> None:
    golden.check(steady(advice_for(**DIVERGING["unscaled columns"])))


def test_large_weights_are_named_with_their_layer(golden: Golden) -> None:
    golden.check(steady(advice_for(**DIVERGING["large weights"])))


def test_large_targets_are_named(golden: Golden) -> None:
    golden.check(steady(advice_for(**DIVERGING["large targets"])))


def test_the_curvature_proves_the_learning_rate_of_a_line() -> None:
    # The loss of y = w x + b is mean (w x + b - y)^2, with the second derivatives 2 mean of x^2, x and 1.
    x = np.array([row[0] for row in LINE["rows"]], dtype=float)
    largest = np.linalg.eigvalsh(2 * np.array([[(x * x).mean(), x.mean()], [x.mean(), 1.0]]))[-1]
    advice = advice_for(dataset=LINE)
    assert f" {rounded(largest)} " in advice.why
    (change,) = (trial for trial in advice.trials if trial.variant.key == "optimizer.learning_rate")
    assert change.variant.new < 2 / largest < 3.4 * change.variant.new  # the rung below, not one far below


def test_change_that_ends_no_better_than_guessing_is_no_cure(golden: Golden) -> None:
    # A line cannot do XOR: its best is 0.5 for every row.
    advice = advice_for(optimizer=sgd(1e3))
    assert advice.changes == ()
    golden.check(steady(advice))


@pytest.mark.parametrize("scheme", ["central", "forward"])
@pytest.mark.parametrize("epsilon", [1e-17, 1e-30, 1e-300])
def test_epsilon_below_rounding_is_named_and_cured(golden: Golden, epsilon: float, scheme: str) -> None:
    gradient = {"name": "finite_difference", "epsilon": epsilon, "scheme": scheme}
    values = DIVERGING["learning rate"] | {"optimizer": sgd(0.3), "gradient": gradient}
    experiment = build(config(**values))
    outcome = diverged(experiment)
    advice = advise(experiment, outcome)
    golden.check(f"{outcome.reason}\n{steady(advice)}")
    (first, *_) = advice.trials
    assert (first.variant.key, first.variant.new) == ("gradient.epsilon", 1e-6)


def test_weight_that_grew_too_large_for_epsilon_is_not_blamed_on_epsilon() -> None:
    layer = {"units": 1, "weights": [[1e12, 1.0]]}
    gradient = {"name": "finite_difference", "epsilon": 1e-6}
    experiment = build(config(network={"layers": [layer]}, gradient=gradient, optimizer=sgd(1e-30)))
    outcome = diverged(experiment)
    assert " 1e+12" in outcome.reason
    assert "gradient.epsilon" not in advise(experiment, outcome).why


def test_start_that_overflows_is_not_blamed_on_the_learning_rate(golden: Golden) -> None:
    layer = {"units": 1, "weights": [[1e300, 1e300]]}
    rows = [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 2]]
    data = {"columns": ["a", "b", "y"], "rows": rows, "targets": ["y"]}
    advice = advice_for(dataset=data, network={"layers": [layer]}, optimizer=sgd(0.1))
    golden.check(steady(advice))


def test_since_tells_epoch_and_losses() -> None:
    experiment = build(config(optimizer=sgd(1e3)))
    outcome = diverged(experiment)
    assert re.findall(NUMBER, advise(experiment, outcome).since)[0] == f"{outcome.epoch:,}"


def test_an_update_that_takes_too_long_is_not_tried(golden: Golden, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = build(config(**DIVERGING["learning rate"]))
    outcome = diverged(experiment)
    monkeypatch.setattr(trials, "WORK", 2 * trials.work(experiment))
    advice = advise(experiment, outcome)
    assert advice.changes == ()
    golden.check(f"hint: {advice.hint}")


def test_trials_stay_within_the_work_allowed() -> None:
    experiment = build(config(network=network((4, "tanh"), (1, "identity"))))
    budget, variant = trials.Trials(), trials.learning_rate(experiment, 0.2)
    runs = [budget.run(variant, epochs=10**9, share=0.3) for _ in range(5)]
    assert [run is None for run in runs] == [False, False, False, False, True]
    assert 0 <= budget.left < trials.FEWEST_UPDATES * trials.work(experiment)


@pytest.mark.parametrize("name", LOSSES)
def test_guessing_costs_as_much_as_the_best_constant_of_a_search(name: str) -> None:
    linked = {"binary_cross_entropy": "sigmoid", "cross_entropy": "softmax"}
    table = {"columns": ["x", "y"], "rows": [[0, 0], [1, 1], [2, 1], [3, 1], [4, 1]], "targets": ["y"]}
    if name == "cross_entropy":
        table = {**table, "rows": [[x, "ab"[y]] for x, y in table["rows"]]}
    outputs = 2 if name == "cross_entropy" else 1
    experiment = build(
        config(dataset=table, network=network((outputs, linked.get(name, "identity"))), loss=name)
    )
    Y, loss = experiment.rows.training.Y, experiment.recipe.loss
    shares = np.linspace(0.001, 0.999, 999)
    if name == "cross_entropy":
        costs = [loss.value(U := np.tile(np.log([1 - p, p]), (5, 1)), U, Y) for p in shares]
    elif name == "binary_cross_entropy":
        costs = [loss.value(U := np.full_like(Y, np.log(p / (1 - p))), U, Y) for p in shares]
    else:
        costs = [loss.value(U := np.full_like(Y, p), U, Y) for p in shares]
    assert trials.baseline(experiment) == pytest.approx(min(costs), rel=0.01)  # steps of the search


@pytest.mark.parametrize(
    ("rows", "weight", "bias"),
    [([[1, 2], [2, 2]], 1e-9, 2.0), ([[1, 0], [2, 0]], 1e-9, 0.0), ([[1, 1e6], [2, 1e6]], 0.0, 1e6)],
)
def test_good_start_with_constant_targets_is_no_divergence(
    rows: list[list[float]], weight: float, bias: float
) -> None:
    config = {
        "dataset": {"columns": ["x", "y"], "rows": rows, "targets": ["y"]},
        "network": {"layers": [{"units": 1, "weights": [[weight]], "biases": [bias]}]},
        "optimizer": {"name": "adam", "learning_rate": 0.1},
        "training": {"epochs": 200},
    }
    losses = [report.loss for report in train(build(Config.of(config)))]
    assert len(losses) == 201
