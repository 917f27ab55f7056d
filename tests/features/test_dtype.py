"""`training.dtype`: in float32 every array is, from data to files, and the numbers agree with float64's."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli.config import Config
from nncli.inference.evaluation import evaluate_rows
from nncli.inference.prediction import beside
from nncli.inspection.gradcheck import TOLERANCE, check_gradients
from nncli.inspection.smoke import smoke
from nncli.messages.errors import ConfigError, DataError, RunError
from nncli.nn.activations import ACTIVATIONS
from nncli.nn.arrays import Array
from nncli.nn.losses import LOSSES
from nncli.nn.optimizers import OPTIMIZERS
from nncli.runs import CHECKPOINT, SNAPSHOTS, WEIGHTS, Run, create_at, record
from nncli.runs.recording import Recording
from nncli.storage.npz import read_npz, write_npz
from nncli.tables.column import shortest
from nncli.tables.table import Table
from nncli.tables.writing import write_file
from nncli.training.experiment import Experiment, build
from tests import stepwise
from tests.trained import xor

EPOCHS = 6
AGREE = 2e-4  # some hundred roundings of 6e-8 a step, over EPOCHS x 4 steps
RNG = np.random.default_rng(5)
ROWS = np.column_stack([RNG.normal(size=(14, 2)), RNG.random(14) < 0.5])  # targets are 0 and 1: for any loss

# Everything that adds factors of its own to the numbers of an update.
EXTRAS: dict[str, dict[str, Any]] = {
    "penalties": {"network.layers[0]": {"l1": 0.01, "l2": 0.02}},
    "dropout": {"network.layers[0]": {"dropout": 0.4}},
    "clip_norm": {"optimizer": {"name": "adam", "clip_norm": 0.05}},
    "schedule": {"optimizer": {"name": "adam", "schedule": {"name": "cosine", "over": 9, "warmup": 2}}},
    "weight_decay": {"optimizer": {"name": "adamw", "weight_decay": 0.1}},
    "momentum": {"optimizer": {"name": "sgd", "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}},
    "rmsprop": {"optimizer": {"name": "rmsprop", "momentum": 0.5, "centered": True}},
    "sum": {"loss": {"name": "squared_error", "reduction": "sum"}},
    "class_weight": {"loss": {"name": "binary_cross_entropy", "class_weight": "balanced"}},
    "class_weight of three": {
        "loss": {"name": "cross_entropy", "class_weight": {"0": 1.0, "1": 2.5}},
    },
    "scaling": {"dataset.preprocessing": {"scale": "standard"}},
}


def config(
    dtype: str, loss: str = "mse", optimizer: str = "adam", activation: str = "tanh"
) -> dict[str, Any]:
    last = {"binary_cross_entropy": ("sigmoid", 1), "cross_entropy": ("softmax", 2)}
    output, units = last.get(loss, ("identity", 1))
    return {
        "name": "small",
        "dataset": {
            "columns": ["a", "b", "y"],
            "rows": ROWS.tolist(),
            "targets": ["y"],
            "task": "multiclass" if loss == "cross_entropy" else "auto",
            "split": {"validation": 2},
        },
        "network": {
            "layers": [{"units": 3, "activation": activation}, {"units": units, "activation": output}]
        },
        "loss": {"name": loss},
        "optimizer": {"name": optimizer, "learning_rate": 0.02},
        "training": {"epochs": EPOCHS, "batch_size": 3, "dtype": dtype},
    }


def with_extra(dtype: str, extra: str) -> dict[str, Any]:
    given = EXTRAS[extra]
    made = config(dtype, given.get("loss", {}).get("name", "mse"))
    for key, value in given.items():
        if key == "network.layers[0]":
            made["network"]["layers"][0].update(value)
        elif key == "dataset.preprocessing":
            made["dataset"]["preprocessing"] = value
        else:
            made[key] = value
    return made


def trained(given: dict[str, Any]) -> tuple[Experiment, list[stepwise.Epoch]]:
    experiment = build(Config.of(given))
    return experiment, list(stepwise.train(experiment))


def assert_float32_throughout(experiment: Experiment, reports: list[stepwise.Epoch]) -> None:
    for dataset in (experiment.rows.training, experiment.rows.whole, *experiment.rows.held_out.values()):
        assert dataset.X.dtype == dataset.Y.dtype == np.float32
    assert experiment.initial.dtype == np.float32
    for report in reports:
        state = report.report.state
        assert report.parameters.dtype == state.parameters.dtype == state.slots.dtype == np.float32
        assert report.outputs.dtype == np.float32
        assert isinstance(report.loss, float)
        assert type(state.partial_loss) is float


def assert_agreement(narrow: list[stepwise.Epoch], wide: list[stepwise.Epoch]) -> None:
    for a, b in zip(narrow, wide, strict=True):
        assert a.loss == pytest.approx(b.loss, rel=AGREE)
        assert a.parameters == pytest.approx(b.parameters, rel=AGREE, abs=AGREE)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_and_loss_trains_in_float32_and_agrees_with_float64(
    optimizer: str, loss: str
) -> None:
    experiment, narrow = trained(config("float32", loss, optimizer))
    _, wide = trained(config("float64", loss, optimizer))
    assert_float32_throughout(experiment, narrow)
    assert_agreement(narrow, wide)


@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if name != "softmax"])
def test_every_activation_trains_in_float32(activation: str) -> None:
    experiment, narrow = trained(config("float32", activation=activation))
    _, wide = trained(config("float64", activation=activation))
    assert_float32_throughout(experiment, narrow)
    assert_agreement(narrow, wide)


@pytest.mark.parametrize("extra", EXTRAS)
def test_what_is_added_to_an_update_leaves_it_in_float32(extra: str) -> None:
    experiment, narrow = trained(with_extra("float32", extra))
    _, wide = trained(with_extra("float64", extra))
    assert_float32_throughout(experiment, narrow)
    assert_agreement(narrow, wide)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_activations_and_their_derivatives_keep_the_dtype(name: str, dtype: str) -> None:
    activation = ACTIVATIONS[name]()
    largest = np.finfo(dtype).max
    Z = np.array([[-largest, -2.0, -0.0, 0.5, 30.0, largest]], dtype)
    with np.errstate(over="ignore"):
        A = activation.function(Z)
        assert A.dtype == activation.backward(np.ones_like(Z), Z, A).dtype == dtype
    assert not np.isnan(A).any()


def test_both_dtypes_start_from_the_same_numbers() -> None:
    narrow, wide = (build(Config.of(config(dtype))) for dtype in ("float32", "float64"))
    assert (narrow.initial == wide.initial.astype(np.float32)).all()
    assert (narrow.rows.training.X == wide.rows.training.X.astype(np.float32)).all()
    assert (narrow.rows.training.expected == wide.rows.training.expected).all()


def written(folder: Path, given: dict[str, Any]) -> Run:
    with create_at(folder, overwrite=False) as run:
        list(record(build(Config.of(given)), run))
    return Run(folder)


def test_every_file_holds_float32(tmp_path: Path) -> None:
    run = written(tmp_path / "run", config("float32"))
    arrays = {file: read_npz(run.path / file) for file in (WEIGHTS, CHECKPOINT, SNAPSHOTS)}
    wide = {
        f"{file}: {name}"
        for file, content in arrays.items()
        for name, array in content.items()
        if array.dtype == np.float64
    }
    assert wide == {"checkpoint.npz: history", "checkpoint.npz: partial_losses"}
    assert {"parameters", "slots", "weights", "errors"} <= arrays[CHECKPOINT].keys()
    assert run.info["dtype"] == "float32"
    assert run.model.parameters.dtype == run.model.outputs(run.experiment.rows.training.X).dtype == np.float32


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_stopping_and_resuming_changes_no_byte(tmp_path: Path, optimizer: str) -> None:
    given = with_extra("float32", "dropout") | {"optimizer": {"name": optimizer}}
    whole = written(tmp_path / "whole", given)
    short = {**given, "training": {**given["training"], "epochs": 3}}
    written(tmp_path / "parts", short)
    list(Recording.resumed(build(Config.of(given)), Run(tmp_path / "parts")).reports())
    for file in (WEIGHTS, SNAPSHOTS, CHECKPOINT, "history.csv"):
        assert (tmp_path / "parts" / file).read_bytes() == (whole.path / file).read_bytes(), file


def test_a_run_does_not_go_on_in_another_dtype(tmp_path: Path) -> None:
    run = written(tmp_path / "run", config("float32"))
    with pytest.raises(RunError, match=r"training\.dtype changed from float32 to float64"):
        Recording.resumed(build(Config.of(config("float64"))), run)


def test_weights_of_another_dtype_than_the_header_states_are_refused(tmp_path: Path) -> None:
    run = written(tmp_path / "run", config("float32"))
    arrays = read_npz(run.path / WEIGHTS)
    write_npz(run.path / WEIGHTS, {n: a.astype(a.dtype.str.replace("f4", "f8")) for n, a in arrays.items()})
    with pytest.raises(RunError, match="the shapes or dtype of its arrays do not match its header"):
        _ = run.model


def test_predictions_have_the_digits_of_float32(tmp_path: Path) -> None:
    run = written(tmp_path / "run", config("float32"))
    table = run.experiment.rows.whole.table
    A = run.model.outputs(run.experiment.rows.whole.X)[:, 0]
    predictions = beside(run.model, table, proba=False)
    write_file([predictions], "csv", tmp_path / "p.csv")
    write_file([predictions], "jsonl", tmp_path / "p.jsonl")
    with open(tmp_path / "p.csv", encoding="utf-8", newline="") as file:
        texts = [row["pred_y"] for row in csv.DictReader(file)]
    assert texts == [str(value) for value in A]
    assert (np.array(texts, np.float32) == A).all()
    lines = (tmp_path / "p.jsonl").read_text(encoding="utf-8").splitlines()
    assert [repr(json.loads(line)["pred_y"]) for line in lines] == texts


def test_the_shortest_text_of_a_float32_reads_back_as_it() -> None:
    bits = np.random.default_rng(1).integers(0, 2**32, 3000, dtype=np.uint32)
    values: Array = bits.view(np.float32)
    values = values[np.isfinite(values)]
    assert (np.array(shortest(values)).astype(np.float32) == values).all()
    assert shortest(np.float32([0.1, 1e-30, 16777216.0])) == [0.1, 1e-30, 16777216.0]


def test_evaluation_finds_what_training_measured(tmp_path: Path) -> None:
    run = written(tmp_path / "run", config("float32"))
    assert evaluate_rows(run, run.experiment.rows.training.table).metrics == run.results


def test_smoke_and_gradient_check_of_a_float32_training_hold() -> None:
    experiment = xor("training.dtype=float32")
    assert smoke(experiment).worst <= TOLERANCE  # out of reach of float32
    assert max(check.worst for check in check_gradients(experiment)) <= TOLERANCE


def test_finite_differences_need_float64() -> None:
    with pytest.raises(ConfigError, match="finite differences require dtype float64") as caught:
        build(Config.of(config("float32") | {"gradient": "finite_difference"}))
    assert "dtype: float64, or gradient: backprop" in str(caught.value.hint)


def test_scaled_targets_come_back_in_float64() -> None:
    given = config("float32")
    given["dataset"] |= {
        "rows": [[*row[:2], 1.7e9 + row[2]] for row in ROWS.tolist()],  # float32 knows but every 128th there
        "preprocessing": {"scale_targets": "standard"},
    }
    given["training"]["epochs"] = 200
    experiment, reports = trained(given)
    assert np.abs(reports[-1].outputs - experiment.rows.training.expected).max() < 1.5


def test_an_input_beyond_float32_is_reported_at_its_cell() -> None:
    given = config("float32")
    given["dataset"]["rows"][4] = [0.5, 1e39, 1.0]
    with pytest.raises(ConfigError, match=r"rows\[4\]\[1\]: b: '1e\+39' is too large for float32"):
        build(Config.of(given))


def test_a_target_beyond_float32_is_reported() -> None:
    given = config("float32")
    given["dataset"]["rows"][4] = [0.5, 0.5, 1e39]
    with pytest.raises(ConfigError, match=r"target of 1e\+39 is too large for float32"):
        build(Config.of(given))


def test_a_weight_beyond_float32_is_reported() -> None:
    given = config("float32")
    given["network"]["bias_init"] = {"name": "constant", "value": 1e39}
    with pytest.raises(ConfigError, match=r"weight of 1e\+39 is too large for float32"):
        build(Config.of(given))


def test_an_unusable_row_of_a_later_table_is_reported(tmp_path: Path) -> None:
    run = written(tmp_path / "run", config("float32"))
    with pytest.raises(DataError, match="too large for float32"):
        beside(run.model, Table("later", {"a": ["1"], "b": ["4e38"]}), proba=False)
