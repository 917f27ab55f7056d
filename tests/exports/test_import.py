"""Weights of other programs become runs that give the same outputs."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from nncli import (
    NncliError,
    Run,
    evaluate,
    export,
    gradcheck,
    import_weights,
    predict,
    reproduce,
    resume,
    trace,
    train,
)
from nncli.nn.arrays import Array

DATA = {"path": str(Path(__file__).parents[2] / "datasets" / "iris.csv"), "targets": ["species"]}


def config(*units: int, **changes: Any) -> dict[str, Any]:
    layers: list[dict[str, Any]] = [{"units": count, "activation": "tanh", **changes} for count in units]
    return {
        "name": "iris",
        "dataset": DATA,
        "network": {"layers": [*layers, {"units": 3, "activation": "softmax"}]},
        "training": {"epochs": 5},
        "metrics": ["accuracy"],
    }


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(config(6, 6), output=tmp_path_factory.mktemp("runs") / "iris")


def outputs(run: Run) -> Array:
    return run.model.outputs(run.experiment.rows.whole.X)


@pytest.mark.parametrize("to", ["safetensors", "json"])
def test_an_export_is_imported_to_the_last_bit(trained: Run, to: str, tmp_path: Path) -> None:
    file = export(trained, to, tmp_path / f"iris.{to}").files[0]
    run = import_weights(file, config(6, 6), output=tmp_path / "run")
    np.testing.assert_array_equal(run.model.parameters, trained.model.parameters)
    np.testing.assert_array_equal(outputs(run), outputs(trained))


def test_a_weights_file_of_a_run_is_imported_and_looked_into(trained: Run, tmp_path: Path) -> None:
    run = import_weights(trained.path / "weights.npz", config(6, 6), output=tmp_path / "run")
    np.testing.assert_array_equal(outputs(run), outputs(trained))
    assert evaluate(run).metrics == evaluate(trained).metrics
    assert gradcheck(run).worst.worst < 1e-6
    assert trace(run).loss == trace(trained).loss
    assert len(predict(run)["pred_species"]) == 150


def test_a_network_of_scikit_learn_is_imported(tmp_path: Path) -> None:
    rows = np.genfromtxt(DATA["path"], delimiter=",", skip_header=1, usecols=range(4))
    labels = np.genfromtxt(DATA["path"], delimiter=",", skip_header=1, usecols=4, dtype=str)
    theirs = MLPClassifier((7,), activation="tanh", max_iter=30, random_state=0)
    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
        theirs.fit(rows, labels)
    arrays = {f"coefs_{k}": W for k, W in enumerate(theirs.coefs_)}
    arrays |= {f"intercepts_{k}": b for k, b in enumerate(theirs.intercepts_)}
    np.savez(tmp_path / "mlp.npz", **arrays)
    run = import_weights(tmp_path / "mlp.npz", config(7), output=tmp_path / "run")
    np.testing.assert_allclose(outputs(run), theirs.predict_proba(rows), atol=1e-14)


def test_layers_of_a_state_dict_are_ordered_by_their_numbers(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    sizes = [4, *[5] * 10, 3]
    tensors = {}
    for index in range(11):
        tensors[f"net.{2 * index}.weight"] = rng.normal(size=(sizes[index + 1], sizes[index]))
        tensors[f"net.{2 * index}.bias"] = rng.normal(size=sizes[index + 1])
    save_file(tensors, tmp_path / "net.safetensors")
    run = import_weights(tmp_path / "net.safetensors", config(*[5] * 10), output=tmp_path / "run")
    found = run.model.network.tensors(run.model.parameters)
    for index in range(11):
        np.testing.assert_array_equal(found[f"layers.{index}.weight"], tensors[f"net.{2 * index}.weight"])
        np.testing.assert_array_equal(found[f"layers.{index}.bias"], tensors[f"net.{2 * index}.bias"])


def test_an_imported_run_is_trained_further_and_reproduced(trained: Run, tmp_path: Path) -> None:
    run = import_weights(trained.path / "weights.npz", config(6, 6), output=tmp_path / "run")
    assert reproduce(run).identical
    longer = resume(run, epochs=3)
    assert longer.epoch == 3
    assert longer.history["loss"][-1] < trained.history["loss"][0]


W, b = np.ones((6, 4)), np.zeros(6)
LAST = {"b.1.weight": np.ones((3, 6)), "b.1.bias": np.zeros(3)}
WRONG: dict[str, tuple[dict[str, Array], str]] = {
    "a layer too few": ({"b.0.weight": W, "b.0.bias": b}, "1 layer, but the config has 2"),
    "other sizes": ({"b.0.weight": W.T, "b.0.bias": b[:4], **LAST}, r"\(4, 6\), not \(6, 4\)"),
    "no biases": ({"b.0.weight": W, **LAST}, "has no biases"),
    "a convolution": ({"b.0.weight": np.ones((6, 4, 1)), **LAST}, r"has shape \(6, 4, 1\)"),
    "not finite": ({"b.0.weight": W * np.inf, "b.0.bias": b, **LAST}, "not finite"),
    "no weights": ({"kernel": W}, "no name ends in .weight"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_weights_that_do_not_fit_are_refused_and_nothing_is_written(wrong: str, tmp_path: Path) -> None:
    tensors, problem = WRONG[wrong]
    save_file(
        {name: np.ascontiguousarray(each) for name, each in tensors.items()}, tmp_path / "b.safetensors"
    )
    with pytest.raises(NncliError, match=problem):
        import_weights(tmp_path / "b.safetensors", config(6), output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_biases_of_a_layer_without_are_refused(tmp_path: Path) -> None:
    save_file({"b.0.weight": W, "b.0.bias": b, **LAST}, tmp_path / "b.safetensors")
    with pytest.raises(NncliError, match="unlike bias: false"):
        import_weights(tmp_path / "b.safetensors", config(6, bias=False), output=tmp_path / "run")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("b.safetensors", b"\0" * 9),
        ("b.npz", b"PK\3\4"),
        ("b.npz", b"x"),
        ("b.json", b"{"),
        ("b.json", b"[]"),
        ("b.json", json.dumps({"layers": [{"biases": [1]}]}).encode()),
        ("b.json", json.dumps({"layers": [{"weights": [[1], [1, 2]]}]}).encode()),
        ("b.pt", b"x"),
    ],
)
def test_files_without_weights_are_refused(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(NncliError, match=name):
        import_weights(tmp_path / name, config(6), output=tmp_path / "run")
    with pytest.raises(NncliError, match="missing"):
        import_weights(tmp_path / f"missing-{name}", config(6), output=tmp_path / "run")
