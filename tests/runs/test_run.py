from __future__ import annotations

import json

import numpy as np
import pytest

from nncli import npz, runs
from nncli.errors import RunError
from nncli.runs import Run


@pytest.mark.parametrize("file", [runs.HISTORY, runs.RUN, runs.RESULTS, runs.SNAPSHOTS])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b"a,b\n1,2,3\n", b"a\nx\n"])
def test_damaged_files_are_told_with_their_path(run: Run, file: str, content: bytes) -> None:
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
        == np.square(model.outputs(run.experiment.dataset.X) - run.experiment.dataset.Y).mean()
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
