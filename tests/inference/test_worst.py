"""The rows that are predicted worst: their order, place, id and numbers."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli import Run, evaluate, train

IRIS = list(csv.reader(Path("datasets/iris.csv").read_text().splitlines()))


def trained(folder: Path, **dataset: Any) -> Run:
    config = {
        "dataset": {"name": "iris", "split": {"test": 0.3}, **dataset},
        "network": {"hidden": [4], "activation": "tanh"},
        "training": {"epochs": 30},
    }
    return train(config, output=folder / "run")


def test_rows_with_the_largest_losses_come_first_with_their_line(tmp_path: Path) -> None:
    run = trained(tmp_path)
    rows = run.experiment.rows.held_out["test"]
    A = run.model.outputs(rows.X)
    losses = -np.log(A[rows.Y == 1.0])
    found = evaluate(run).worst(7)
    order = np.argsort(-losses, kind="stable")[:7]
    assert [row.loss for row in found] == pytest.approx(losses[order].tolist())
    assert [row.probability for row in found] == pytest.approx(np.exp(-losses[order]).tolist())
    for row in found:
        assert row.expected == (IRIS[row.line - 1][-1],)  # the line of the file
        assert row.predicted[0] in run.model.columns.classes
        assert row.id == ""
    assert len(evaluate(run).worst(1000)) == len(rows)


def test_ids_targets_and_labels_are_shown(tmp_path: Path) -> None:
    rows = [[f"id-{k}", float(k), float(k > 3), float(k % 2)] for k in range(8)]
    config: dict[str, Any] = {
        "dataset": {"columns": ["name", "x", "y", "z"], "rows": rows, "targets": ["y", "z"], "id": "name"},
        "network": {"layers": [{"units": 2}]},
        "training": {"epochs": 0},
        "loss": "mae",
    }
    run = train(config, output=tmp_path / "values")
    (first, *_) = evaluate(run).worst(3)
    A, Y = run.model.outputs(run.experiment.rows.training.X), np.array(rows)[:, 2:].astype(float)
    worst = int(np.abs(A - Y).sum(axis=1).argmax())
    assert (first.id, first.line, first.probability) == (f"id-{worst}", worst + 1, None)
    assert first.loss == pytest.approx(np.abs(A - Y).sum(axis=1)[worst])
    assert [float(cell) for cell in first.predicted] == pytest.approx(A[worst].tolist())
    labels = {**config, "network": {"layers": [{"units": 2, "activation": "sigmoid"}]}, "loss": "auto"}
    (row, *_) = evaluate(train(labels, output=tmp_path / "labels")).worst(1)
    assert {*row.expected, *row.predicted} <= {"0", "1"}
