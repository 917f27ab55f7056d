"""A quick trial of everything a training does: write, read back, predict, check gradients."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nncli import runs
from nncli.inference.evaluation import evaluate_rows
from nncli.inspection.directions import check_all_or_directions
from nncli.inspection.gradcheck import TOLERANCE
from nncli.messages.errors import CheckFailed, NncliError
from nncli.runs import Run
from nncli.training import measure
from nncli.training.experiment import Experiment

SMOKE_EPOCHS = 2
SMOKE_ROWS = 64


@dataclass(frozen=True)
class Smoke:
    """The result of a smoke test; `worst` is the largest relative error of a gradient."""

    epochs: int
    rows: int
    files: int
    worst: float
    metrics: Mapping[str, float]


def smoke(experiment: Experiment) -> Smoke:
    """Train at most 2 epochs on at most 64 rows in a temporary directory, and check what comes back.

    Raises
    ------
    CheckFailed
        If a gradient or a prediction read back does not agree.
    nncli.training.divergence.Diverged
        If even that diverges.
    """
    small = experiment.shortened(epochs=SMOKE_EPOCHS, rows=SMOKE_ROWS)
    with _temporary() as folder:
        run = Run(Path(folder))
        *_, report = runs.record(small, run)
        again = Run(Path(folder))
        predicted = again.model.outputs(small.rows.training.X)
        trained = measure.outputs(small, report.progress.parameters(small))
        # Threads may round otherwise: 1e-12 in float64.
        if not np.allclose(predicted, trained, rtol=4500 * np.finfo(small.initial.dtype).eps, atol=0):
            raise CheckFailed("smoke: the saved weights give other predictions than the trained ones")
        checks = check_all_or_directions(small)
        worst = checks.worst
        if worst.worst > TOLERANCE:
            raise CheckFailed(f"smoke: the gradient of {worst.name} is wrong by {worst.worst:.1e}")
        metrics = evaluate_rows(again, small.rows.training.table).metrics
        files = sum(1 for path in Path(folder).rglob("*") if path.is_file())
    return Smoke(report.epoch, len(small.rows.training), files, worst.worst, metrics)


def _temporary() -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory(prefix="nncli-smoke-")
    except OSError as error:
        raise NncliError(
            f"cannot create a temporary directory: {error.strerror}",
            hint="set TMPDIR to a writable directory",
        ) from None
