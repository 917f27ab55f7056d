"""Small runs of every shape that pictures meet, trained once."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli import runs
from nncli.config import Config
from nncli.runs import Run
from nncli.training import experiment
from nncli.training.divergence import Diverged

SIGMOID = {"units": 1, "activation": "sigmoid"}
HOSTILE = ["$x_1$", "[bold]", "<b>&\"'</b>", "😀 smile\n" + "very long " * 15, "目標$^{"]

LONG = [f"a name of a class that is {'very ' * 6}long, {ending}" for ending in ("one", "two", "three")]
SPLIT = {"validation": 6, "test": 6}


def _xor(**changes: Any) -> dict[str, Any]:
    return {
        "seed": 1,
        "dataset": {"name": "xor"},
        "network": {"layers": [{"units": 4, "activation": "sigmoid"}, SIGMOID]},
        "loss": {"name": "binary_cross_entropy", "reduction": "sum"},
        "optimizer": {"name": "sgd", "learning_rate": 0.5},
        "training": {"epochs": 300},
        **changes,
    }


def _inline(
    names: list[str], rows: list[list[Any]], layers: list[dict[str, Any]], **changes: Any
) -> dict[str, Any]:
    given = {key: changes.pop(key) for key in ("split", "targets", "task", "preprocessing") if key in changes}
    data = {"columns": names, "rows": rows, "targets": [names[-1]], **given}
    return {"dataset": data, "network": {"layers": layers}, "training": {"epochs": 30}, **changes}


def _formula(rate: float) -> dict[str, Any]:
    return {
        "dataset": {"name": "linear_map_nonlinear"},
        "network": {"layers": [{"units": 2, "activation": "tanh"}, {"units": 2}]},
        "loss": "mse",
        "optimizer": {"name": "sgd", "learning_rate": rate},
        "training": {"epochs": 40},
    }


def _shapes() -> dict[str, dict[str, Any]]:
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(30, 200)).round(3).tolist()
    binary = {"loss": "binary_cross_entropy"}
    softmax = [{"units": 40, "activation": "relu"}, {"units": 3, "activation": "softmax"}]
    return {
        "xor": _xor(),
        "formula": _formula(0.1),
        "diverged": _formula(1e6),
        "not": _xor(dataset={"name": "not"}, network={"layers": [SIGMOID]}),
        "perceptron": _xor(dataset={"name": "perceptron"}, network={"layers": [{**SIGMOID, "bias": False}]}),
        "height weight": _xor(dataset={"name": "height_weight"}, loss="mse"),
        "nothing kept": _xor(record={"weights": "none", "errors": "none"}),
        "no epoch": _xor(training={"epochs": 0}),
        "one epoch": _xor(training={"epochs": 1}),
        "classes": _inline(
            ["a", "b", "kind"],
            [[*row[:2], "xyz"[i % 3]] for i, row in enumerate(numbers)],
            softmax,
            loss="cross_entropy",
        ),
        "held out": _inline(
            ["a", "b", "y"],
            [[*row[:2], "no" if row[0] < 0.1 else "yes"] for row in numbers],
            [{"units": 3, "activation": "tanh"}, SIGMOID],
            split=SPLIT,
            loss="binary_cross_entropy",
        ),
        "classes held out": _inline(
            ["a", "b", "kind"],
            [[*row[:2], LONG[i % 3]] for i, row in enumerate(numbers)],
            softmax,
            split=SPLIT,
            loss="cross_entropy",
        ),
        "one class held out": _inline(
            ["a", "b", "part", "kind"],
            [
                [*row[:2], "test" if i < 3 else "train", "x" if i < 5 else "y"]
                for i, row in enumerate(numbers)
            ],
            [{"units": 2, "activation": "softmax"}],
            split={"column": "part"},
            loss="cross_entropy",
        ),
        "two of three classes held out": _inline(
            ["a", "b", "part", "kind"],
            [[*row[:2], "test" if i % 3 else "train", "xyz"[i % 3 or i % 2]] for i, row in enumerate(numbers)]
            + [[0.0, 1.0, "train", "z"]],
            softmax,
            split={"column": "part"},
            loss="cross_entropy",
        ),
        "many classes": _inline(
            ["a", "b", "kind"],
            [[*row[:2], f"kind {i}"] for i, row in enumerate(numbers)],
            [{"units": 30, "activation": "softmax"}],
            loss="cross_entropy",
        ),
        "labels held out": _inline(
            ["a", "b", *LONG],
            [[*row[:2], int(row[0] > 0), int(row[1] > 0.5), int(row[2] > 0)] for row in numbers],
            [{**SIGMOID, "units": 3}],
            split=SPLIT,
            targets=LONG,
            **binary,
        ),
        "many labels": _inline(
            ["a", "b", *(f"label {index}" for index in range(40))],
            [[*row[:2], *(int(cell > 0) for cell in row[2:42])] for row in numbers],
            [{**SIGMOID, "units": 40}],
            targets=[f"label {index}" for index in range(40)],
            **binary,
        ),
        "labels on all rows or none held out": _inline(
            ["a", "part", "p", "q"],
            [[i / 10, "test" if i < 3 else "train", int(i % 2 or i < 3), int(i > 9)] for i in range(30)],
            [{**SIGMOID, "units": 2}],
            split={"column": "part"},
            targets=["p", "q"],
            **binary,
        ),
        "not probabilities": _inline(
            ["a", "kind"],
            [[i / 10, "xyz"[i % 3]] for i in range(30)],
            [{"units": 3, "weights": [[2.0], [-1.0], [0.0]]}],
            task="multiclass",
        ),
        "values held out": _inline(
            ["a", "b", "c", "d"],
            [row[:4] for row in numbers],
            [{"units": 3, "activation": "tanh"}, {"units": 2}],
            split=SPLIT,
            targets=["c", "d"],
        ),
        "scaled targets": _inline(
            ["a", "y"],
            [[row[0], 500 + 100 * row[0]] for row in numbers],
            [{"units": 1}],
            preprocessing={"scale": "standard", "scale_targets": "standard"},
        ),
        "four targets": _inline(
            [f"column {index}" for index in range(5)],
            [row[:5] for row in numbers],
            [{"units": 4}],
            targets=[f"column {index}" for index in range(1, 5)],
        ),
        "eight targets": _inline(
            [f"column {index}" for index in range(9)],
            [row[:9] for row in numbers],
            [{"units": 8}],
            split=SPLIT,
            targets=[f"column {index}" for index in range(1, 9)],
        ),
        "beyond all floats": _inline(
            ["a", "part", "y"],
            [[1.0, "train", 1.0], [1e200, "test", 2.0]],
            [{"units": 1, "weights": [[1e200]]}],
            split={"column": "part"},
            training={"epochs": 0},
        ),
        "constant outputs": _inline(
            ["a", "y"],
            [[row[0], 3.0] for row in numbers],
            [{"units": 1, "weights": [[0.0]], "biases": [3.0]}],
            split=SPLIT,
        ),
        "constant outputs of two inputs": _inline(
            ["a", "b", "y"],
            [[*row[:2], 3.0] for row in numbers],
            [{"units": 1, "weights": [[0.0, 0.0]], "biases": [3.0]}],
            training={"epochs": 0},
        ),
        "30 inputs": _inline(
            [*(f"x{i}" for i in range(30)), "y"],
            [[*row[:30], row[0] + row[7]] for row in numbers],
            [{"units": 1}],
        ),
        "many categories": _inline(
            ["kind", "day", "clock", "old", "y"],
            [
                [
                    *(f"kind {chr(48 + (i % 25 if i % 25 < 15 else i % 25 - 15))}", f"2024-01-{i + 1:02}"),
                    *(f"{i % 24:02}:30", "yes" if i % 3 else "no", row[0]),
                ]
                for i, row in enumerate(numbers)
            ],
            [{"units": 1}],
            preprocessing={"columns": {name: {"kind": "date"} for name in ("day", "clock")}},
        ),
        "held out, diverged": _inline(
            ["a", "y"],
            [[row[0], row[1]] for row in numbers],
            [{"units": 1}],
            split=SPLIT,
            optimizer={"name": "sgd", "learning_rate": 1e5},
        ),
        "one row": _inline(["a", "b", "y"], [[1.0, 2.0, 3.0]], [{"units": 1}]),
        "200 inputs": _inline(
            [*(f"x{i}" for i in range(200)), "y"],
            [[*row, i % 2] for i, row in enumerate(numbers)],
            [SIGMOID],
            **binary,
        ),
        "hostile $^{ <&> 😀": _inline(
            HOSTILE, [row[:5] for row in numbers], [{"units": 3, "activation": "elu"}, {"units": 1}]
        ),
        "single weight": _inline(["x", "y"], [[1.0, 2.0], [2.0, 4.0]], [{"units": 1, "bias": False}]),
    }


SHAPES = _shapes()
# Those that differ in what is predicted alone, of no interest to pictures of inputs and weights.
OF_OUTCOMES = {
    *("held out", "classes held out", "one class held out", "two of three classes held out"),
    *("many labels", "labels on all rows or none held out"),
    *("many classes", "not probabilities", "values held out", "scaled targets", "constant outputs"),
    *("constant outputs of two inputs", "30 inputs", "many categories"),
    *("four targets", "eight targets", "beyond all floats", "held out, diverged"),
}


def train(path: Path, values: dict[str, Any]) -> Run:
    with runs.create_at(path, overwrite=False) as run, suppress(Diverged):
        for _ in runs.record(experiment.build(Config.of(values)), run):
            pass
    return Run(path)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("runs")
    return {name: train(folder / name, values) for name, values in SHAPES.items()}
