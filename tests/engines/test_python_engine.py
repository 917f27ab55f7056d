"""The straight-line engine computes the numbers of the reference engine."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncli import runs
from nncli.api import reproduce
from nncli.engines import ENGINES
from nncli.engines.contract import Recipe, start, updates_per_epoch
from nncli.nn.activations import ACTIVATIONS
from nncli.nn.gradients import GRADIENTS
from nncli.nn.losses import LOSSES
from nncli.nn.network import Layer, Network
from nncli.nn.optimizers import OPTIMIZERS
from nncli.nn.schedules import SCHEDULES
from nncli.runs import Run
from nncli.training import loop

from ..trained import xor

HIDDEN = sorted(set(ACTIVATIONS) - {"softmax"})
OPTIONS = {
    "sgd": [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}, {"weight_decay": 0.1}],
    "adam": [{}, {"weight_decay": 0.1}],
    "adamw": [{}],
    "rmsprop": [{}, {"momentum": 0.5}, {"centered": True}],
    "adagrad": [{}, {"learning_rate_decay": 0.1}],
}
RULES = [(name, options) for name, choices in OPTIONS.items() for options in choices]


@st.composite
def networks(draw: st.DrawFn, output: str) -> Network:
    sizes = draw(st.lists(st.integers(1, 4), min_size=2, max_size=4))
    last = len(sizes) - 2
    layers = [
        Layer(
            inputs,
            units,
            ACTIVATIONS[output if number == last else draw(st.sampled_from(HIDDEN))](),
            bias=draw(st.booleans()),
            l1=draw(st.sampled_from([0.0, 0.01])),
            l2=draw(st.sampled_from([0.0, 0.02])),
        )
        for number, (inputs, units) in enumerate(itertools.pairwise(sizes))
    ]
    return Network(tuple(layers))


@pytest.mark.parametrize("name", sorted(set(LOSSES) - {"cross_entropy"}))
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_ten_epochs_agree_with_the_reference_engine(name: str, data: st.DataObject) -> None:
    loss = LOSSES[name](data.draw(st.sampled_from(["mean", "sum"])))
    output = loss.link or data.draw(st.sampled_from(HIDDEN))
    network = data.draw(networks(output))
    optimizer, options = data.draw(st.sampled_from(RULES))
    rows, rng = data.draw(st.integers(1, 9)), np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    recipe = Recipe(
        loss=loss,
        gradient=GRADIENTS["backprop"](),
        optimizer=replace(
            OPTIMIZERS[optimizer](learning_rate=0.01, **options),
            clip_norm=data.draw(st.sampled_from([None, 0.3])),
        ),
        schedule=SCHEDULES["exponential"](gamma=0.9, warmup=2),
        batch_size=data.draw(st.integers(1, rows)),
        shuffle=data.draw(st.booleans()),
        seed=3,
    )
    X, Y = rng.normal(size=(rows, network.inputs)), rng.uniform(size=(rows, network.outputs))
    state = start(network, rng.normal(size=network.parameter_count), recipe)
    stops = [updates_per_epoch(rows, recipe) * epoch for epoch in (1, 4, 10)]
    reference, found = (
        ENGINES[engine].plan(network, X, Y, recipe).run(state, stops) for engine in ("numpy", "python")
    )
    for expected, value in zip(reference, found, strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-10, atol=1e-10)


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
    assert xor().on_engine("abacus").engine_name == "python"
    assert xor("training.dtype=float32").on_engine("python").engine_name == "numpy"
