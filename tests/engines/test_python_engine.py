"""The straight-line engine: what it leaves to numpy, and how a run keeps its engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nncli import runs
from nncli.api import reproduce
from nncli.engines import ENGINES
from nncli.engines.contract import start
from nncli.runs import Run
from nncli.training import loop

from ..trained import xor


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("gradient=finite_difference", "gradient finite_difference"),
        ("training.dtype=float32", "float32"),
        ("network.layers[0].dropout=0.5", "dropout"),
        ("network.layers[0].units=400", "more than 1,000 parameters"),
    ],
)
def test_what_it_does_not_support_trains_with_numpy(setting: str, reason: str) -> None:
    system = xor(setting)
    assert ENGINES["python"].supports(system.network, system.recipe, 4) == reason
    assert system.engine_name == "numpy"


def test_rows_that_would_fill_the_memory_as_python_floats_are_left_to_numpy() -> None:
    system = xor()
    supports = ENGINES["python"].supports
    assert supports(system.network, system.recipe, 333_333) is None
    reason = "more than 1,000,000 numbers in the training rows"
    assert supports(system.network, system.recipe, 333_334) == reason


def test_numbers_that_overflow_raise_nothing() -> None:
    system = xor(
        "training.engine=python",
        "network.layers=[3, 1]",
        "loss=mse",
        "metrics=[mse]",
        "optimizer.learning_rate=1e300",
    )
    chunk = system.plan().run(start(system.network, system.initial, system.recipe), [5])
    assert not np.isfinite(chunk.parameters).all()


def test_a_run_keeps_the_engine_that_began_it(tmp_path: Path) -> None:
    # As if it had been begun where only numpy was there to choose.
    began = xor("training.epochs=20").on_engine("numpy")
    assert began.engine_name == "numpy"
    list(runs.Recording(began, Run(tmp_path)).reports())
    resumed = runs.Recording.resumed(xor(), Run(tmp_path))
    assert resumed.experiment.engine_name == "numpy"
    list(resumed.reports())
    whole = list(loop.train(xor().on_engine("numpy")))[-1]
    np.testing.assert_array_equal(Run(tmp_path).model.parameters, whole.state.parameters)
    assert reproduce(Run(tmp_path)).identical


def test_an_engine_that_is_named_or_unknown_is_not_replaced() -> None:
    assert xor("training.engine=python").on_engine("numpy").engine_name == "python"
    assert xor().on_engine("abacus").engine_name == xor().engine_name
    assert xor("training.dtype=float32").on_engine("python").engine_name == "numpy"
