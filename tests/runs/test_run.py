from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import nncli
from nncli import runs
from nncli.messages.errors import RunError
from nncli.runs import Run
from nncli.storage import npz
from nncli.storage.npz import read_npz, write_npz
from tests.trained import record, xor


@pytest.mark.parametrize("file", [runs.HISTORY, runs.RUN, runs.RESULTS, runs.SNAPSHOTS])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b"a,b\n1,2,3\n", b"a\nx\n"])
def test_damaged_files_are_reported_with_their_path(run: Run, file: str, content: bytes) -> None:
    (run.path / file).write_bytes(content)
    readers = {
        runs.HISTORY: lambda: Run(run.path).history["loss"],
        runs.RUN: lambda: Run(run.path).info,
        runs.RESULTS: lambda: Run(run.path).results["loss"],
        runs.SNAPSHOTS: lambda: Run(run.path).snapshots,
    }
    with pytest.raises(RunError, match=file):
        readers[file]()


def test_history_holds_what_was_measured(run: Run) -> None:
    history = run.history
    assert history["epoch"].tolist() == list(range(41))
    assert history["loss"][0] == history["loss"][1]  # full batch: epoch 1 is measured before its update
    assert np.isnan(history["gradient_norm"][0])
    assert np.isfinite(history["gradient_norm"][1:]).all()
    model = run.model
    assert (
        history["mse"][-1]
        == np.square(model.outputs(run.experiment.rows.training.X) - run.experiment.rows.training.Y).mean()
    )


def test_snapshots_with_other_arrays_are_refused(run: Run) -> None:
    npz.write_npz(run.path / runs.SNAPSHOTS, {"weights": np.zeros(3)})
    with pytest.raises(RunError, match=r"snapshots\.npz: damaged: it holds weights"):
        _ = Run(run.path).snapshots


def test_other_versions_are_named(run: Run) -> None:
    assert run.other_versions == {}
    info = json.loads((run.path / runs.RUN).read_text())
    for versions in (None, {}):
        (run.path / runs.RUN).write_text(json.dumps({**info, "versions": versions}))
        assert Run(run.path).other_versions == {}
    (run.path / runs.RUN).write_text(json.dumps({**info, "versions": {"numpy": "1.0"}}))
    assert Run(run.path).other_versions == {"numpy": ("1.0", np.__version__)}


def other(tmp_path: Path, *settings: str) -> Run:
    return record(tmp_path / "other", *settings)


@pytest.mark.parametrize("setting", ["seed=1", "network.layers[0].units=5", "optimizer.learning_rate=1"])
def test_snapshots_of_another_run_are_refused(run: Run, tmp_path: Path, setting: str) -> None:
    shutil.copy(other(tmp_path, setting).path / runs.SNAPSHOTS, run.path)
    with pytest.raises(RunError, match=r"snapshots\.npz: belongs to another run"):
        Run(run.path).model_at(3)


def test_snapshots_of_the_same_training_go_together_whatever_its_length(run: Run, tmp_path: Path) -> None:
    shutil.copy(other(tmp_path, "training.epochs=50").path / runs.SNAPSHOTS, run.path)
    assert Run(run.path).snapshots.weight_epochs[-1] == 50


def test_snapshots_without_a_name_must_fit_the_network(run: Run) -> None:
    arrays = read_npz(run.path / runs.SNAPSHOTS)
    arrays.pop("header")
    write_npz(run.path / runs.SNAPSHOTS, arrays)
    assert Run(run.path).snapshots.fit(run.model.network)  # as of an earlier nncli
    arrays["weights"] = arrays["weights"][:, :-1]
    write_npz(run.path / runs.SNAPSHOTS, arrays)
    with pytest.raises(RunError, match=r"snapshots\.npz: belongs to another run"):
        Run(run.path).model_at(3)


def test_null_in_run_json_is_a_missing_value(run: Run) -> None:
    info = json.loads((run.path / runs.RUN).read_text())
    (run.path / runs.RUN).write_text(json.dumps({**info, "seconds": None, "best_epoch": None}))
    assert "seconds" not in Run(run.path).info
    assert Run(run.path).status == "completed"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"seconds": "x"}', b'{"status": 3}'])
def test_damaged_run_json_stops_no_resume(tmp_path: Path, run: Run, content: bytes) -> None:
    interrupted = record(tmp_path / "short", "training.epochs=20")
    (interrupted.path / runs.RUN).write_bytes(content)
    with runs.reopen(interrupted.path) as opened:
        list(runs.Recording.resumed(xor(), opened).reports())
    for name in (runs.WEIGHTS, runs.HISTORY, runs.SNAPSHOTS, runs.CHECKPOINT, runs.RESULTS):
        assert (interrupted.path / name).read_bytes() == (run.path / name).read_bytes()
    assert Run(interrupted.path).status == "completed"


@pytest.mark.parametrize(
    "cut", [slice(1, None), slice(1000, None), slice(None, -1), slice(None, 100), slice(0)]
)
@pytest.mark.parametrize("name", [runs.WEIGHTS, runs.SNAPSHOTS, runs.CHECKPOINT])
def test_file_whose_head_or_end_is_missing_is_called_damaged(run: Run, name: str, cut: slice) -> None:
    (run.path / name).write_bytes((run.path / name).read_bytes()[cut])
    with pytest.raises(RunError, match=f"{name}: damaged") as caught:
        read_npz(run.path / name)
    assert caught.value.hint == "restore the file from a copy, or train again"


@pytest.mark.parametrize("setting", ["network.layers[0].units=5", "network.layers[0].activation=tanh"])
@pytest.mark.parametrize("use", ["evaluate", "gradcheck", "plot"])
def test_weights_of_another_network_are_not_used(run: Run, tmp_path: Path, setting: str, use: str) -> None:
    shutil.copy(other(tmp_path, setting).path / runs.WEIGHTS, run.path)
    with pytest.raises(
        RunError, match=r"weights\.npz: does not match the network in config\.yaml and its data"
    ):
        getattr(nncli, use)(Run(run.path))


def test_snapshots_stay_those_of_the_run_where_its_data_move(tmp_path: Path) -> None:
    table = "x1,x2,y\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n"
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(table)
    first, second = (
        record(tmp_path / name[0], f"dataset={{path: {tmp_path / name}, targets: [y]}}")
        for name in ("a.csv", "b.csv")
    )
    shutil.copy(second.path / runs.SNAPSHOTS, first.path)
    assert np.array_equal(Run(first.path).model_at(3).parameters, first.model_at(3).parameters)
