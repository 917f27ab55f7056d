from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nncli.analysis.divergence import Advice, advise
from nncli.config import Config
from nncli.experiment import build
from nncli.training import Diverged, train

CONFIGS = Path(__file__).parents[2] / "configs"


def advice_for(**values: Any) -> Advice:
    config = {"dataset": "xor", "network": {"layers": [{"units": 1}]}, **values}
    experiment = build(Config.of(config))
    with pytest.raises(Diverged) as caught:
        for _ in train(experiment):
            pass
    return advise(experiment, caught.value)


LINE = {"columns": ["x", "y"], "rows": [[x, 2 * x] for x in range(50)], "targets": ["y"]}


def test_sum_is_named_with_what_it_does_to_the_learning_rate() -> None:
    advice = advice_for(
        loss={"name": "mse", "reduction": "sum"}, optimizer={"name": "sgd", "learning_rate": 3.0}
    )
    assert "sum over 4 terms a batch, so learning_rate 3 acts like 12 on the mean" in advice.why


def test_unscaled_column_is_named_with_its_largest_value() -> None:
    advice = advice_for(dataset=LINE, optimizer={"name": "sgd", "learning_rate": 0.1})
    assert "input column 'x' reaches 49" in advice.why


def test_advised_learning_rate_trains_from_the_same_start() -> None:
    advice = advice_for(dataset=LINE, optimizer={"name": "sgd", "learning_rate": 0.1})
    (change,) = advice.changes
    assert change.startswith("set optimizer.learning_rate: ")
    rate = float(change.split()[2])
    experiment = build(
        Config.of(
            {
                "dataset": LINE,
                "network": {"layers": [{"units": 1}]},
                "optimizer": {"name": "sgd", "learning_rate": rate},
                "training": {"epochs": 500},
            }
        )
    )
    losses = [report.loss for report in train(experiment)]
    assert losses[-1] < losses[0]


def test_since_tells_epoch_and_losses() -> None:
    assert advice_for(optimizer={"name": "sgd", "learning_rate": 1e3}).since.startswith("epoch ")


def test_start_that_overflows_is_not_blamed_on_the_learning_rate() -> None:
    layer = {"units": 1, "weights": [[1e300, 1e300]]}
    advice = advice_for(network={"layers": [layer]}, optimizer={"name": "sgd", "learning_rate": 0.1})
    assert "not finite at the start already" in advice.why


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
