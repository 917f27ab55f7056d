from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nncli import runs
from nncli.messages.errors import RunError
from nncli.runs import Run, weights
from nncli.storage import npz
from tests.trained import record


def test_model_read_back_is_the_one_trained(run: Run) -> None:
    again = weights.read_model(run.path / runs.WEIGHTS)
    assert np.array_equal(again.parameters, run.snapshots.weights[-1])
    assert again.columns == run.experiment.rows.training.columns
    assert [layer.activation.name for layer in again.network.layers] == ["sigmoid", "sigmoid"]


def test_model_read_back_keeps_options_of_activations(tmp_path: Path) -> None:
    run = record(tmp_path / "run", "network.layers[0].activation={name: leaky_relu, slope: 0.3}")
    assert run.model.network.layers[0].activation.options == {"slope": 0.3}
    assert np.array_equal(
        run.model.outputs(run.experiment.rows.training.X),
        run.experiment.network.predict(run.model.parameters, run.experiment.rows.training.X),
    )


def test_weights_are_plain_numpy_one_row_per_neuron(run: Run) -> None:
    with np.load(run.path / runs.WEIGHTS, allow_pickle=False) as archive:
        assert archive["layers.0.weight"].shape == (4, 2)
        assert archive["layers.0.bias"].shape == (4,)
        header = json.loads(archive["header"].tobytes())
    assert header["format"] == weights.FORMAT
    assert header["columns"]["inputs"] == ["x1", "x2"]


def forged(run: Run, **changes: np.ndarray) -> Path:
    """A file with a right digest but other content."""
    arrays = npz.read_npz(run.path / runs.WEIGHTS)
    npz.write_npz(run.path / runs.WEIGHTS, {**arrays, **changes})
    return run.path / runs.WEIGHTS


def header_with(run: Run, **changes: object) -> np.ndarray:
    header = json.loads(npz.read_npz(run.path / runs.WEIGHTS)["header"].tobytes())
    return np.frombuffer(json.dumps({**header, **changes}).encode(), dtype=np.uint8)


def test_model_of_a_later_format_asks_for_an_update(run: Run) -> None:
    with pytest.raises(RunError, match="newer than this version of nncli supports") as caught:
        weights.read_model(forged(run, header=header_with(run, format=99)))
    assert caught.value.hint == "update nncli"


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("layers.0.weight", np.zeros((2, 4)), "shapes"),
        ("layers.9.weight", np.zeros((2, 4)), "shapes"),
        ("layers.0.bias", np.full(4, np.nan), "not finite"),
        ("header", np.frombuffer(b"{}", dtype=np.uint8), "header"),
        ("header", np.frombuffer(b"\xff", dtype=np.uint8), "header"),
    ],
)
def test_forged_model_is_refused(run: Run, name: str, array: np.ndarray, message: str) -> None:
    with pytest.raises(RunError, match=message):
        weights.read_model(forged(run, **{name: array}))


@pytest.mark.parametrize(
    "layers",
    [
        [],
        [{"inputs": 2, "units": 4, "bias": True, "activation": {"name": "nope", "options": {}}}],
        [{"inputs": 2, "units": 4, "bias": True, "activation": {"name": "tanh", "options": {"slope": 1.0}}}],
        [{"inputs": -2, "units": 4, "bias": True, "activation": {"name": "tanh", "options": {}}}],
        [{"inputs": 2, "units": 10**12, "bias": True, "activation": {"name": "tanh", "options": {}}}],
    ],
)
def test_header_that_no_network_fits_is_refused_before_memory_is_taken(
    run: Run, layers: list[object]
) -> None:
    with pytest.raises(RunError):
        weights.read_model(forged(run, header=header_with(run, layers=layers)))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"targets": []}, "a column name is missing"),
        ({"inputs": []}, "a column name is missing"),
        ({"inputs": ["x1", "x1"]}, "is missing or duplicated"),
        ({"inputs": ["x1", "y"]}, "is missing or duplicated"),
        ({"inputs": ["x1", "x9"]}, "the preprocessing does not match the inputs"),
        ({"task": "multiclass"}, "the columns do not match the network"),
        ({"task": "regression"}, "2 classes with task regression"),
        ({"classes": ["0"]}, "1 class with task binary"),
        ({"classes": ["0", "0"]}, "2 classes with task binary"),
        ({"formulas": {"z": "x1"}}, "a target has no formula"),
        ({"notations": {"z": {"decimal": ","}}}, "a notation belongs to no column"),
    ],
)
def test_header_that_contradicts_itself_is_refused(
    run: Run, changes: dict[str, object], problem: str
) -> None:
    columns = json.loads(npz.read_npz(run.path / runs.WEIGHTS)["header"].tobytes())["columns"]
    with pytest.raises(RunError, match=f"its header contradicts itself: .*{problem}"):
        weights.read_model(forged(run, header=header_with(run, columns={**columns, **changes})))


def test_scaling_of_targets_that_are_classes_is_refused(run: Run) -> None:
    columns = json.loads(npz.read_npz(run.path / runs.WEIGHTS)["header"].tobytes())["columns"]
    scaling = {"zero": 0.0, "unit": 2.0}
    preprocessing = {**columns["preprocessing"], "targets": [scaling]}
    header = header_with(run, columns={**columns, "preprocessing": preprocessing})
    with pytest.raises(RunError, match="a target has no scaling"):
        weights.read_model(forged(run, header=header))
