from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nncli.advice.trials import Advice
from nncli.advice.underfit import examine
from nncli.config import Config
from nncli.nn.arrays import Array
from nncli.training.experiment import build
from tests.stepwise import train

Curve = Callable[[Array], Array]
ROWS = 100


def advice(x: Array, y: Array, decay: float = 0.3, epochs: int = 200) -> Advice | None:
    values: dict[str, Any] = {
        "dataset": {
            "columns": ["x", "y"],
            "rows": np.column_stack([x, y]).tolist(),
            "targets": ["y"],
            "preprocessing": {"scale": "standard", "scale_targets": "standard"},
        },
        "network": {
            "layers": [{"units": 64, "activation": "relu"}, {"units": 1, "activation": "identity"}],
            "weight_init": "he_uniform",
        },
        "optimizer": {
            "name": "adamw",
            "learning_rate": 0.01,
            "weight_decay": decay,
            "schedule": {"name": "cosine", "over": epochs},
        },
        "training": {"epochs": epochs, "batch_size": 32},
    }
    experiment = build(Config.of(values))
    *_, last = train(experiment)
    return examine(experiment, last.parameters)


CURVES: dict[str, tuple[float, Curve]] = {
    "sine": (6.28, np.sin),
    "cosine": (6.28, np.cos),
    "cubic": (1.5, lambda x: x**3 - x),
}


@pytest.mark.parametrize("name", CURVES)
def test_weight_decay_on_a_curve_without_noise_is_reported_if_the_rows_are_not_fitted(name: str) -> None:
    end, curve = CURVES[name]
    x = np.linspace(-end, end, ROWS)
    found = advice(x, curve(x))
    if name == "cubic" and found is None:
        return  # fitted well enough with weight decay
    assert found is not None
    (change,) = found.changes
    assert change.startswith("set optimizer.weight_decay: 0 instead of 0.3 and set training.epochs: ")
    assert found.trials[0].after < 0.05


@pytest.mark.parametrize("noise", [0.5, 1.0, 3.0])
def test_noise_is_no_reason_to_drop_weight_decay(noise: float) -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1.0, 1.0, ROWS)
    assert advice(x, x + noise * rng.normal(size=ROWS)) is None


def test_nothing_is_said_without_weight_decay_or_after_a_few_epochs() -> None:
    x = np.linspace(-6.28, 6.28, ROWS)
    assert advice(x, np.sin(x), decay=0.0) is None
    assert advice(x, np.sin(x), epochs=5) is None


def test_fitted_rows_are_left_alone() -> None:
    x = np.linspace(-1.0, 1.0, ROWS)
    assert advice(x, 2 * x) is None
