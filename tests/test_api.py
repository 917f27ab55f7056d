from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nncli
from nncli.config import Config


def test_plot_refuses_what_the_command_refuses(tmp_path: Path) -> None:
    config = Config.of({"dataset": "iris", "network": {"layers": [{"units": 3, "activation": "softmax"}]}})
    run = nncli.train(config.changed(("training", "epochs"), 2), output=tmp_path / "run")
    for kinds, words in ((["bad"], "unknown kind of plot 'bad'"), (["parity"], "cannot plot parity")):
        with pytest.raises(nncli.NncliError, match=words):
            nncli.plot(run, kinds)
    with pytest.raises(nncli.NncliError, match=r"cannot write a '\.jpg' plot"):
        nncli.plot(run, ["loss"], format="jpg")  # type: ignore[arg-type]
    assert not run.plots.exists() or not any(run.plots.iterdir())
    assert list(map(str, nncli.plot(run, ["loss"]))) == [str(run.plots / "loss.svg")]


def test_python_users_train_predict_and_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = Config.of({"dataset": "xor", "network": {"layers": [{"units": 1}]}, "training": {"epochs": 2}})
    run = nncli.train(config)
    assert nncli.open_run().path == run.path
    assert set(run.model.predict(run.experiment.rows.training.table)) == {"pred_y"}
    assert sorted(nncli.__all__) == nncli.__all__
    assert all(hasattr(nncli, name) for name in nncli.__all__)


COLUMNS = {"x1": [0, 0, 1, 1], "x2": [0, 1, 0, 1], "y": [0, 1, 1, 0]}
VALUES: dict[str, Any] = {
    "dataset": {"targets": ["y"]},
    "network": {"layers": [{"units": 3, "activation": "tanh"}, {"units": 1, "activation": "sigmoid"}]},
    "training": {"epochs": 5},
}


class Frame:
    """What data frames have in common: names of columns, and columns by name."""

    def __init__(self, columns: dict[str, Any]) -> None:
        self.columns, self._columns = list(columns), columns

    def __getitem__(self, name: str) -> Any:
        return np.array(self._columns[name])


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> nncli.Run:
    monkeypatch.chdir(tmp_path)
    return nncli.train(VALUES, COLUMNS)


def test_data_in_memory_train_like_the_same_data_in_a_file(run: nncli.Run, tmp_path: Path) -> None:
    rows = zip(*COLUMNS.values(), strict=True)
    Path("t.csv").write_text("x1,x2,y\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
    config = {**VALUES, "dataset": {"targets": ["y"], "path": "t.csv"}}
    for other in (nncli.train(config), nncli.train(VALUES, Frame(COLUMNS))):
        assert np.array_equal(other.model.parameters, run.model.parameters)


def test_booleans_and_missing_values_in_memory_are_those_of_a_file(tmp_path: Path) -> None:
    y = [0.5, 1.5, 2.5] * 4
    data = {
        "on": [True, False, None] * 4,
        "size": [1.5, float("nan"), np.float32(2.0)] * 4,
        "kind": ["a", None, "b"] * 4,
        "y": y,
    }
    file = tmp_path / "t.csv"
    file.write_text("on,size,kind,y\n" + "true,1.5,a,0.5\nfalse,,,1.5\n,2.0,b,2.5\n" * 4)
    preprocessing = {"missing": "most_frequent"}
    dataset = {"targets": ["y"], "preprocessing": preprocessing}
    config = {"network": {"hidden": [2]}, "training": {"epochs": 2}}
    ours = nncli.train({**config, "dataset": dataset}, data, output=tmp_path / "ours")
    theirs = nncli.train({**config, "dataset": {**dataset, "path": str(file)}}, output=tmp_path / "theirs")
    assert np.array_equal(ours.model.parameters, theirs.model.parameters)
    assert nncli.open_run(ours.path).config.dataset.rows is not None


def test_more_rows_in_memory_than_a_config_can_keep_are_refused_before_training(tmp_path: Path) -> None:
    data = {"x": np.random.default_rng(0).normal(size=60_000), "y": [0.5] * 60_000}
    config = {"dataset": {"targets": ["y"]}, "network": {"hidden": [2]}}
    with pytest.raises(nncli.DataError, match="60,000 rows are too many") as found:
        nncli.train(config, data, output=tmp_path / "run")
    assert "dataset.path" in str(found.value.hint)
    assert not (tmp_path / "run").exists()


def test_rows_are_predicted_alike_however_they_come(run: nncli.Run) -> None:
    Path("new.csv").write_text("x2,x1\n1,0\n1,1\n")
    columns = {"x1": [0.0, 1.0], "x2": [1.0, 1.0]}
    expected = nncli.predict(run, columns)
    assert list(expected) == ["pred_y", "proba_1"]
    for data in ("new.csv", Path("new.csv"), Frame(columns), np.array([[0, 1], [1, 1]]), [[0, 1], [1, 1]]):
        found = nncli.predict(run, data)
        assert found["pred_y"] == expected["pred_y"]
        assert np.array_equal(found["proba_1"], expected["proba_1"])
    assert len(nncli.predict("run")["pred_y"]) == 4
    assert list(nncli.predict(run, columns, proba=True)) == ["pred_y", "proba_0", "proba_1"]


def test_functions_and_commands_give_the_same_numbers(run: nncli.Run) -> None:
    def reported(*words: str) -> Any:
        command = [sys.executable, "-m", "nncli", *words, "--json"]
        return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)

    assert reported("evaluate", "run")["metrics"] == dict(nncli.evaluate(run).metrics)
    tensors = reported("gradcheck", "run")["tensors"]
    assert [tensor["worst"] for tensor in tensors] == [check.worst for check in nncli.gradcheck(run)]
    assert reported("predict", "run")["columns"]["proba_1"] == nncli.predict(run)["proba_1"].tolist()  # type: ignore[union-attr]
    assert [entry["run"] for entry in reported("runs")["runs"]] == [
        str(each.path) for each in nncli.list_runs()
    ]
    assert reported("init", "xor", "-o", "-")["text"] == nncli.init("xor")
    assert nncli.check(VALUES, COLUMNS).network.parameter_count == run.model.network.parameter_count


def test_a_run_reads_well_at_a_prompt_and_in_a_notebook(run: nncli.Run) -> None:
    assert repr(run).startswith("<Run runs/run: status completed, epochs 5, loss 0.")
    assert run._repr_html_().startswith("<table><tr><th>run</th><td>runs/run</td></tr>")
    (run.path / "run.json").write_text("{")
    assert "status unknown" in repr(nncli.Run(run.path))


def test_results_show_their_numbers_in_a_notebook(run: nncli.Run) -> None:
    evaluation, checks = nncli.evaluate(run), nncli.gradcheck(run)
    assert f"<tr><th>loss</th><td>{evaluation.metrics['loss']:.6g}</td><td>" in evaluation._repr_html_()
    assert (
        "<tr><th></th><th>precision</th><th>recall</th><th>f1</th><th>rows</th></tr>"
        in evaluation._repr_html_()
    )
    assert f"<td>{checks.worst.worst:.1e}</td>" in checks._repr_html_()


def test_pictures_show_in_a_notebook_without_their_files(run: nncli.Run) -> None:
    for suffix, start in (("svg", b"<?xml"), ("png", b"\x89PNG")):
        picture = nncli.plot(run, ["loss"], format=suffix)  # type: ignore[arg-type]
        (embedded,) = re.findall(r"base64,([^\"]+)", picture._repr_html_())
        assert base64.b64decode(embedded).startswith(start)
        assert picture[0].caption in picture._repr_html_()
    assert "loss.pdf" in nncli.plot(run, ["loss"], format="pdf")._repr_html_()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"x1": [1, 2], "x2": [1]}, "columns differ in length: x1 2, x2 1"),
        ({}, "no columns"),
        (np.zeros((2, 3)), r"expected an array of shape \(rows, 2\), found \(2, 3\)"),
        ([["a", "b"]], "the array is not numeric"),
        (3, "int is not a table"),
        ({"x1": [1]}, "no column named 'x2'"),
        ("nix.csv", "nix.csv: No such file"),
        ({"x1": [1, None], "x2": [1, 2]}, "the cell is empty"),
    ],
)
def test_data_that_are_no_rows_are_refused_in_words(run: nncli.Run, data: Any, message: str) -> None:
    with pytest.raises(nncli.DataError, match=message):
        nncli.predict(run, data)


def test_every_error_can_be_caught_by_its_name() -> None:
    for name in ("ConfigError", "DataError", "RunError", "DivergedError", "CheckFailed"):
        assert issubclass(getattr(nncli, name), nncli.NncliError)
