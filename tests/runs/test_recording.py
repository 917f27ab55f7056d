from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nncli import runs
from nncli.messages.errors import RunError
from nncli.runs import Run
from nncli.training import chunks
from tests.trained import record, xor


def test_command_of_any_bytes_is_recorded(tmp_path: Path) -> None:
    run = Run(tmp_path)
    for _ in runs.record(xor("training.epochs=1"), run, ["caf\udce9"]):
        pass
    assert Run(run.path).info["command"] == ["caf\udce9"]


def test_recording_nothing_leaves_empty_snapshots(tmp_path: Path) -> None:
    run = record(tmp_path / "run", "record={weights: none, errors: none}")
    assert run.snapshots.weights.shape == (0, 17)
    assert run.snapshots.errors.shape == (0, 4, 1)
    with pytest.raises(RunError, match="no weights were recorded"):
        run.model_at(0)


def test_stopping_the_generator_saves_what_was_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "KEPT", 0)  # one epoch in each report
    run = Run(tmp_path)
    reports = runs.record(xor(), run)
    for report in reports:
        if report.epoch == 7:
            break
    reports.close()
    again = Run(run.path)
    assert again.info["status"] == "interrupted"
    assert again.info["epochs"] == 7
    assert np.array_equal(again.model.parameters, report.state.parameters)
