"""The loss picture of a long history: few points, and every extreme among them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nncli.plots import KINDS, View
from nncli.plots.kinds import loss
from nncli.runs import Run

from ..trained import record


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run with a history of 30,000 epochs, one of them far above all others and one far below."""
    folder = record(tmp_path / "run", "record.history=all").path
    header, *_ = (folder / "history.csv").read_text().splitlines()
    epochs = np.arange(30_001)
    losses = 1.0 + 0.1 * np.sin(epochs)
    losses[12_345], losses[23_456] = 7.0, 0.25
    rows = [f"{epoch},{value!r},,,0.1,0.5" for epoch, value in zip(epochs, losses.tolist(), strict=True)]
    assert header == "epoch,loss,mse,accuracy,learning_rate,gradient_norm"
    (folder / "history.csv").write_text("\n".join([header, *rows, ""]))
    return Run(folder)


def test_extremes_and_both_ends_are_among_the_few_epochs_that_are_shown(run: Run) -> None:
    curves = loss.numbers(run, View())
    assert {0, 12_345, 23_456, 30_000} <= set(curves.epochs.astype(int))
    assert len(curves.epochs) <= 4 * loss.STRETCHES + 2
    assert all(len(values) == len(curves.epochs) for values in curves.columns.values())
    KINDS["loss"].draw(curves)


def test_a_history_of_the_usual_length_is_shown_whole(tmp_path: Path) -> None:
    run = record(tmp_path / "run")
    np.testing.assert_array_equal(loss.numbers(run, View()).epochs, run.history["epoch"])


def test_empty_cells_are_unknown_wherever_they_stand(run: Run) -> None:
    assert np.isnan(run.history["mse"]).all()
    assert np.isnan(run.history["accuracy"]).all()
    file = run.path / "history.csv"
    lines = file.read_text().splitlines()[:4]
    lines[2] = "1,0.5,,,,"
    file.write_bytes("\r\n".join([*lines, ""]).encode())
    again = Run(run.path).history
    assert np.isnan(again["gradient_norm"]).tolist() == [False, True, False]
    assert again["loss"][1] == 0.5
