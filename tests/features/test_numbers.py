"""The largest and smallest numbers there are, and data without variety: finite results or a clean refusal.

Warnings are errors here, so that no number may overflow unnoticed.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from nncli import api, plots
from nncli.config import Config
from nncli.inference import prediction
from nncli.inference.evaluation import evaluate_rows
from nncli.inspection.gradcheck import check_gradients
from nncli.messages.errors import ConfigError
from nncli.nn.activations import ACTIVATIONS
from nncli.nn.gradients import GRADIENTS
from nncli.nn.losses import LOSSES
from nncli.nn.optimizers import OPTIMIZERS
from nncli.runs import Run
from nncli.tables import writing
from nncli.training import experiment
from nncli.training.divergence import Diverged
from nncli.training.experiment import Experiment
from tests import stepwise

MOST, LEAST = 1.7e308, 5e-324

ROWS: dict[str, list[list[float]]] = {  # two inputs and a target
    "huge": [[MOST, -MOST, MOST], [-MOST, MOST, -MOST], [1, 0, 0]],
    "huge inputs": [[MOST, LEAST, 1], [1, 1, 0], [-MOST, 1, 1]],
    "large": [[1e160, -1e160, 1e160], [1, 1, 1], [-1e155, 1, -1e160]],
    "tiny": [[LEAST, -LEAST, LEAST], [0, LEAST, 0], [LEAST, 0, LEAST]],
    "constant": [[3, 7, 1], [3, 7, 1], [3, 7, 1]],
    "zeros": [[0, 0, 0], [0, 0, 0]],
    "one row": [[1, 2, 1]],
    "one class": [[0, 1, 1], [1, 0, 1], [2, 1, 1]],
    "duplicates": [[0, 1, 1], [0, 1, 0], [0, 1, 1], [0, 1, 0]],
}
COMMANDS = ["train c.yaml -o runs/r", "predict r", "evaluate r", "gradcheck r", "runs", "plot --run r"]
ORDINARY = {"zeros", "one row", "one class", "duplicates"}  # of which no training diverges
LINKS = {"binary_cross_entropy": ["sigmoid"], "cross_entropy": ["softmax"]}
OUTPUTS = {loss: LINKS.get(loss, list(ACTIVATIONS)) for loss in LOSSES}
STARTS = [None, 1e308, -1e308, 1e154]


def config(rows: list[list[float]], **changes: Any) -> dict[str, Any]:
    """A 2-2-1 network on rows, in batches that do not divide them; a softmax has two outputs."""
    softmax = changes.get("output") == "softmax"
    columns, targets = (["a", "b", "y", "z"], ["y", "z"]) if softmax else (["a", "b", "y"], ["y"])
    start = changes.get("start")
    initial = (
        {}
        if start is None
        else {f"{part}_init": {"name": "constant", "value": start} for part in ("weight", "bias")}
    )
    layers = [
        {"units": 2, "activation": changes.get("hidden", "tanh")},
        {"units": len(targets), "activation": changes.get("output", "identity")},
    ]
    return {
        "dataset": {
            "columns": columns,
            "rows": [[*row, row[2]] if softmax else row for row in rows],
            "targets": targets,
        },
        "network": {"layers": layers, **initial},
        "loss": changes.get("loss", "mse"),
        "metrics": ["mse", "rmse", "mae", "max_error", "r2"],
        "gradient": changes.get("gradient", "backprop"),
        "optimizer": {"name": changes.get("optimizer", "sgd"), "learning_rate": changes.get("rate", 0.1)},
        "training": {"epochs": changes.get("epochs", 3), "batch_size": changes.get("batch_size", 2)},
    }


def built(values: dict[str, Any]) -> Experiment | None:
    """The experiment of a config; None where its targets are none that the loss can be given."""
    try:
        return experiment.build(Config.of(values))
    except ConfigError as error:
        if "needs targets between 0 and 1" in str(error):
            return None
        raise


def ends_finite(prepared: Experiment) -> bool:
    """Whether training came to its end; the weights are finite either way, and can be checked."""
    parameters = prepared.initial
    try:
        with closing(stepwise.train(prepared)) as reports:
            for report in reports:
                parameters = report.parameters
                assert report.metrics.keys() == prepared.metrics.keys()
                assert np.isfinite(report.loss) or report.epoch == 0
                assert np.isfinite(parameters).all()
        completed = True
    except Diverged as outcome:
        parameters, completed = outcome.last_good.parameters, False
    assert np.isfinite(parameters).all()
    check_gradients(prepared, parameters)
    return completed


@pytest.mark.parametrize("gradient", GRADIENTS)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("rows", ROWS)
def test_training_ends_finite_or_diverges(rows: str, loss: str, gradient: str) -> None:
    given = np.abs(ROWS[rows]).tolist() if loss == "cross_entropy" else ROWS[rows]
    for output in OUTPUTS[loss]:
        for reduction in ("mean", "sum"):
            chosen = {"name": loss, "reduction": reduction}
            prepared = built(config(given, output=output, loss=chosen, gradient=gradient))
            if prepared is not None:
                assert ends_finite(prepared) or rows not in ORDINARY


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("hidden", [name for name in ACTIVATIONS if name != "softmax"])
def test_no_start_and_no_learning_rate_is_too_large(hidden: str, optimizer: str) -> None:
    for rows in ("huge", "one class"):
        for start in STARTS:
            for rate in (1e300, 1e-300):
                prepared = built(
                    config(ROWS[rows], hidden=hidden, start=start, optimizer=optimizer, rate=rate)
                )
                assert prepared is not None
                ends_finite(prepared)


def recorded(path: Path, values: dict[str, Any]) -> Run:
    try:
        return api.train(Config.of(values), output=path)
    except Diverged:
        return Run(path)


def test_commands_say_what_is_undefined_by_a_dash(tmp_path: Path) -> None:
    one_row = config([[1e200, -1e200, 1.0]], rate=1e300)  # diverges in epoch 2
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(one_row))
    said = [
        subprocess.run(
            [sys.executable, "-m", "nncli", *words.split()],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        for words in COMMANDS
    ]
    assert [process.returncode for process in said] == [3, 0, 0, 0, 0, 0]
    for process in said:
        assert not re.search(r"Warning|Traceback|\bnan\b", process.stdout + process.stderr)
    assert re.search(r"^r2( +-)+$", said[2].stdout, re.MULTILINE)


def extremes() -> Iterator[tuple[str, dict[str, Any]]]:
    """Runs whose weights, errors and losses reach what floats can hold."""
    for rows in ("huge", "large", "tiny", "one row"):
        yield rows, {"rows": ROWS[rows]}
    yield "huge weights", {"rows": ROWS["duplicates"], "start": 1e308}
    yield "large weights", {"rows": ROWS["duplicates"], "start": 1e150, "rate": 1e-9}
    yield (
        "weights that jump",
        {"rows": ROWS["one row"], "output": "sigmoid", "loss": "binary_cross_entropy", "rate": 1e300},
    )
    yield "one class", {"rows": ROWS["one class"], "output": "sigmoid", "loss": "binary_cross_entropy"}
    yield "an absent class", {"rows": ROWS["zeros"], "output": "softmax", "loss": "cross_entropy"}
    yield "no epoch", {"rows": ROWS["huge"], "epochs": 0, "batch_size": 100}


@pytest.mark.parametrize("changes", [pytest.param(changes, id=name) for name, changes in extremes()])
def test_what_was_saved_can_be_used(changes: dict[str, Any], tmp_path: Path) -> None:
    run = recorded(tmp_path / "run", config(**changes))
    assert np.isfinite(run.model.parameters).all()
    table = run.experiment.rows.training.table
    predictions = prediction.beside(run.model, table, proba=True)
    for form in writing.FORMS.values():
        assert form(predictions).count("\n") >= len(table)
    evaluate_rows(run, table)
    check_gradients(run.experiment, run.model.parameters)
    for kind in plots.fitting(run, plots.View()):
        picture = plots.draw(kind, run, plots.View())
        picture.figure.set_dpi(20)
        picture.figure.canvas.draw()
        assert picture.caption.isprintable()
        assert not re.search("nan|inf", picture.caption)
