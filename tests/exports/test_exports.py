"""Exported networks give nncli's outputs, for every activation, task and kind of column."""

from __future__ import annotations

import csv
import io
import json
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncli import CheckFailed, NncliError, check, exports, train
from nncli.exports import contract
from nncli.nn.activations import ACTIVATIONS
from nncli.runs import Run
from nncli.training.model import Model

NEEDED = {"torch": find_spec("torch"), "keras": find_spec("keras"), "c": shutil.which("cc")}
LIMITS = {"onnx": 1e-6, "keras": 1e-6}  # they compute in float32
RUNNING = [name for name in exports.EXPORT_TARGETS if NEEDED.get(name, True)]
HIDDEN = [name for name in ACTIVATIONS if name != "softmax"]
ENDS = {"regression": "identity", "binary": "sigmoid", "multiclass": "softmax", "multilabel": "sigmoid"}

# Keras turns tensors of PyTorch into arrays in a way that NumPy has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

LARGEST: dict[str, float] = {}  # difference of each target on random networks

Cells = Sequence[Any]

# A number with gaps, a number, a boolean with a gap, and a category with a comma, a quote and a gap.
COLUMNS = ["size", "x", "is new", 'color, "main"']
ROWS: list[Cells] = [
    [1.5, 0.25, "true", 'sea, "deep" green'],
    ["", -3.0, "no", "red"],
    [2e5, 0.0, "yes", "blå"],
    [-7.0, 1e-3, "", "red"],
    [3.0, 8.0, "false", ""],
    [4.0, 2.0, "true", "red"],
]
TARGETS: dict[str, list[Cells]] = {
    "regression": [[1.0, 100.0], [2.0, 300.0], [3.5, -50.0], [0.0, 0.0], [9.0, 1.0], [2.0, 7.0]],
    "binary": [["yes"], ["no"], ["no"], ["yes"], ["no"], ["yes"]],
    "multiclass": [["a"], ["b,c"], ['"d"'], ["a"], ["b,c"], ['"d"']],
    "multilabel": [[0, 1], [1, 1], [1, 0], [0, 0], [1, 0], [0, 1]],
}


def model_of(
    task: str, layers: list[dict[str, Any]], dtype: str = "float64", seed: int = 0
) -> tuple[Model, Any]:
    """An untrained network of a table with every kind of column, and that table."""
    names = [f"t{k}" for k in range(len(TARGETS[task][0]))]
    width = {"multiclass": 3}.get(task, len(names))
    config = {
        "seed": seed,
        "dataset": {
            "columns": [*COLUMNS, *names],
            "rows": [[*row, *target] for row, target in zip(ROWS, TARGETS[task], strict=True)],
            "targets": names,
            "task": task,
            "preprocessing": {
                "scale": "standard",
                "missing": "most_frequent",
                **({"scale_targets": "standard"} if task == "regression" else {}),
            },
        },
        "network": {"layers": [*layers, {"units": width, "activation": ENDS[task]}]},
        "training": {"dtype": dtype},
    }
    experiment = check(config)
    columns = experiment.rows.training.columns
    return Model(experiment.network, experiment.initial, columns), experiment.rows.whole.table


@pytest.fixture(scope="module", autouse=True)
def largest_differences() -> Iterator[None]:
    """Print the largest difference of each target on random networks; `pytest -s` shows it."""
    yield
    print("largest differences:", {to: f"{value:.2g}" for to, value in LARGEST.items()})


hidden_layers = st.lists(
    st.fixed_dictionaries(
        {"units": st.integers(1, 6), "activation": st.sampled_from(HIDDEN), "bias": st.booleans()}
    ),
    max_size=3,
)


@pytest.mark.parametrize("to", RUNNING)
@settings(deadline=None, max_examples=20)
@given(task=st.sampled_from(sorted(ENDS)), layers=hidden_layers, seed=st.integers(0, 99))
def test_an_exported_network_gives_the_same_outputs(
    to: str, task: str, layers: list[dict[str, Any]], seed: int
) -> None:
    model, table = model_of(task, layers, seed=seed)
    difference = difference_of(to, model, table)
    LARGEST[to] = max(LARGEST.get(to, 0.0), difference)
    assert difference <= LIMITS.get(to, 1e-12)


@pytest.mark.parametrize(
    "activation", [*HIDDEN, {"name": "leaky_relu", "slope": 0.3}, {"name": "elu", "alpha": 2.5}]
)
@pytest.mark.parametrize("to", RUNNING)
def test_every_activation_is_exported(to: str, activation: Any) -> None:
    model, table = model_of("regression", [{"units": 5, "activation": activation}])
    model.parameters[:] *= 3.0  # far into both tails
    assert difference_of(to, model, table) <= LIMITS.get(to, 1e-12)


@pytest.mark.parametrize("to", RUNNING)
def test_a_float32_network_is_exported(to: str) -> None:
    model, table = model_of("multiclass", [{"units": 4, "activation": "tanh"}], dtype="float32")
    assert difference_of(to, model, table) <= 1e-6


def difference_of(to: str, model: Model, table: Any) -> float:
    """The largest difference of an output, in units of the largest output or 1."""
    target = exports.EXPORT_TARGETS[to]
    difference, missing = exports.largest_difference(target, target.write(model, "network"), model, table)
    assert not missing
    assert difference is not None
    return difference / max(1.0, float(np.abs(model.outputs(model.columns.X(table))).max()))


@pytest.mark.parametrize("task", sorted(ENDS))
@pytest.mark.parametrize("to", [name for name in ("python", "c", "torch", "keras") if name in RUNNING])
def test_its_main_prints_what_predict_prints(to: str, task: str, tmp_path: Path) -> None:
    model, table = model_of(task, [{"units": 3, "activation": "tanh"}])
    done = exports.write_export(model, table, to, tmp_path / f"network{exports.EXPORT_TARGETS[to].suffix}")
    command = [sys.executable, str(done.files[0])]
    if to == "c":
        program = tmp_path / "network"
        flags = ["-std=c99", "-Wall", "-Wextra", "-Werror"]
        subprocess.run(["cc", *flags, str(done.files[0]), "-o", str(program), "-lm"], check=True)
        command = [str(program)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["other", *COLUMNS])
    writer.writerows([["7", *row] for row in ROWS])
    printed = subprocess.run(command, input=text.getvalue().encode(), capture_output=True, check=True).stdout
    found = [*csv.DictReader(io.StringIO(printed.decode()))]
    expected = model.predict(table, proba=True)
    for name, column in expected.items():
        if to == "c" and name not in found[0]:
            continue  # the probability of the first of two classes
        texts = [row[name] for row in found]
        if isinstance(column, list):
            assert texts == column
        else:
            limit = LIMITS.get(to, 1e-12)
            assert [float(cell) for cell in texts] == pytest.approx(column, abs=limit, rel=limit)


def test_exported_to_pytorch_it_is_trained_further_as_by_nncli(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    config = {
        "dataset": "perceptron",
        "network": {"layers": [{"units": 1, "activation": "sigmoid", "bias": False}]},
        "loss": {"name": "half_squared_error", "reduction": "sum"},
        "optimizer": {"name": "sgd", "learning_rate": 1},
    }
    short, long = (
        train({**config, "training": {"epochs": epochs, "engine": "numpy"}}, output=tmp_path / f"{epochs}")
        for epochs in (400, 500)
    )
    file = exports.write_export(
        short.model, short.experiment.rows.whole.table, "torch", tmp_path / "r.py"
    ).files[0]
    network = runpy.run_path(str(file))["load"]()
    X, Y = (torch.tensor(values) for values in (short.experiment.rows.whole.X, short.experiment.rows.whole.Y))
    optimizer = torch.optim.SGD(network.parameters(), lr=1.0)
    for _ in range(100):
        optimizer.zero_grad()
        (0.5 * (network(X) - Y) ** 2).sum().backward()
        optimizer.step()
    weights = network.layers[0].weight.detach().numpy()
    np.testing.assert_allclose(
        weights, long.model.network.views(long.model.parameters)[0].W, rtol=0, atol=1e-9
    )


def test_a_missing_or_unknown_cell_is_refused_as_by_nncli(tmp_path: Path) -> None:
    run = train(
        {
            "dataset": {
                "columns": ["size", "color", "y"],
                "rows": [[1, "red", 0.5], [2, "green", 1.5], [3, "red", 2.0]],
                "targets": ["y"],
            },
            "network": {"layers": [{"units": 1}]},
        },
        output=tmp_path / "run",
    )
    exported = exports.write_export(
        run.model, run.experiment.rows.whole.table, "python", tmp_path / "network.py"
    )
    names: dict[str, Any] = {"__name__": "network"}
    exec(exported.files[0].read_text(encoding="utf-8"), names)
    for row in (
        {"size": "", "color": "red"},
        {"size": "1", "color": "blue"},
        {"size": "nan", "color": "red"},
    ):
        with pytest.raises(ValueError, match=r"size|color|could not convert"):
            names["predict"](row)


def test_dates_are_refused_with_the_reason(tmp_path: Path) -> None:
    config = {
        "dataset": {
            "columns": ["day", "y"],
            "rows": [["2024-01-01", 1.0], ["2024-02-01", 2.0], ["2024-03-05", 3.0]],
            "targets": ["y"],
            "preprocessing": {"columns": {"day": {"kind": "date"}}},
        },
        "network": {"layers": [{"units": 1}]},
        "training": {"epochs": 1},
    }
    run = train(config, output=tmp_path / "run")
    table = run.experiment.rows.whole.table
    for to in ("python", "c", "onnx", "torch"):
        with pytest.raises(NncliError, match="'day' holds dates"):
            exports.write_export(run.model, table, to, tmp_path / "network")
    assert exports.write_export(run.model, table, "json", tmp_path / "network.json").difference == 0.0


def test_a_network_that_differs_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, table = model_of("regression", [])
    target = exports.EXPORT_TARGETS["json"]

    def wrong(model: Model, name: str) -> dict[str, bytes]:
        content = json.loads(target.write(model, name)[f"{name}.json"])
        content["layers"][0]["weights"][0][0] += 1e-9
        return {f"{name}.json": json.dumps(content).encode()}

    spoiled = contract.ExportTarget(target.suffix, target.summary, wrong, target.run)
    monkeypatch.setitem(exports.EXPORT_TARGETS, "json", spoiled)
    with pytest.raises(CheckFailed, match="differs from nncli's outputs by"):
        exports.write_export(model, table, "json", tmp_path / "network.json")
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("compiler", "reason"),
    [("no-such-compiler", "no C compiler"), ("false", "false cannot compile the file")],
)
def test_without_a_compiler_that_works_a_c_file_is_written_and_not_checked(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiler: str, reason: str
) -> None:
    monkeypatch.setenv("CC", compiler)
    exported = exports.write_export(run.model, run.experiment.rows.whole.table, "c", tmp_path / "xor.c")
    assert (exported.unchecked, exported.difference) == (reason, None)
    assert exported.files == (tmp_path / "xor.c",)
    assert exported.files[0].exists()
