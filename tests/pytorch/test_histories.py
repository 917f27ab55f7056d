"""Training gives the losses that PyTorch gives, epoch by epoch, from the config to the history."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from nncli import runs
from nncli.config import Config
from nncli.engines import threads
from nncli.nn.activations import ACTIVATIONS
from nncli.nn.losses import LOSSES
from nncli.nn.optimizers import OPTIMIZERS
from nncli.nn.schedules import SCHEDULES
from nncli.runs import Run
from nncli.training.experiment import Experiment, build
from tests.pytorch.cases import (
    DATASETS,
    EPOCHS,
    OUTPUTS,
    PROBLEMS,
    SEED,
    Case,
    Problem,
    Settings,
    cases,
    combinations,
    golden_lines,
)
from tests.stepwise import train

AGREEMENT = 1e-9  # rounding alone, grown over some hundred updates; measured: up to 2e-13

CASES = [case for table in PROBLEMS for case in cases(table)]


@cache
def golden(table: str) -> dict[str, list[float]]:
    return {line["case"]: line["loss"] for line in golden_lines(table)}


def config(case: Case) -> Config:
    activations = [case.hidden] * (len(case.problem.units) - 1) + [{"name": OUTPUTS[case.problem.task]}]
    layers = [
        {
            "units": len(b),
            "activation": activation,
            "weights": W.tolist(),
            "biases": b.tolist(),
            **case.penalties,
        }
        for (W, b), activation in zip(case.start(), activations, strict=True)
    ]
    values = {
        "seed": SEED,
        "dataset": dataset(case.problem),
        "network": {"layers": layers},
        "loss": case.loss,
        "metrics": [],
        "optimizer": case.optimizer,
        "training": {"epochs": EPOCHS, "batch_size": case.problem.batch_size},
        "record": {"weights": "none", "errors": "none"},
    }
    return Config.of(values, folder=DATASETS)


def dataset(problem: Problem) -> dict[str, Any]:
    source: dict[str, Any] = {"path": f"{problem.table}.csv"}
    if problem.classes:
        columns = [*problem.inputs, *problem.targets]
        source = {"columns": columns, "rows": [[row[name] for name in columns] for row in problem.cells]}
    scale_targets = "standard" if problem.task == "regression" else "none"
    return {
        **source,
        "inputs": problem.inputs,
        "targets": list(problem.targets),
        "task": problem.task,
        "preprocessing": {"scale": "standard", "scale_targets": scale_targets},
    }


@cache
def first(problem: Problem) -> Experiment:
    """Any experiment on a problem: others take over its rows."""
    return build(config(next(case for case in CASES if case.problem == problem)))


def history(case: Case) -> list[float]:
    experiment = first(case.problem).changed(config(case))
    with threads.limited(experiment.threads):
        _, *reports = train(experiment)
    return [report.loss for report in reports]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.table}: {case.name}")
def test_the_loss_history_is_pytorchs(case: Case) -> None:
    np.testing.assert_allclose(history(case), golden(case.table)[case.name], rtol=AGREEMENT, atol=0)


@pytest.mark.parametrize("table", PROBLEMS)
def test_a_run_keeps_these_losses(table: str, tmp_path: Path) -> None:
    case = cases(table)[0]
    with runs.create_at(tmp_path / "run", overwrite=False) as run:
        for _ in runs.record(build(config(case)), run):
            pass
    kept = Run(run.path).history["loss"][1:]  # the first is of the start
    np.testing.assert_allclose(kept, golden(table)[case.name], rtol=AGREEMENT, atol=0)


@pytest.mark.parametrize("table", PROBLEMS)
def test_every_golden_history_is_of_a_case(table: str) -> None:
    assert list(golden(table)) == [case.name for case in cases(table)]


def given(choices: list[Settings]) -> set[tuple[str, str]]:
    """Every entry and option that appears: (sgd, name), (sgd, momentum) ..."""
    return {(settings["name"], key) for settings in choices for key in settings}


def options(registry: Mapping[str, Callable[..., Any]]) -> set[tuple[str, str]]:
    return {
        (name, key)
        for name, entry in registry.items()
        for key in ("name", *inspect.signature(entry).parameters)
    }


@pytest.mark.parametrize("table", PROBLEMS)
def test_every_entry_and_option_of_the_registries_is_compared(table: str) -> None:
    compared = cases(table)
    schedules = [case.optimizer["schedule"] for case in compared if "schedule" in case.optimizer]
    activations = {name: entry for name, entry in ACTIVATIONS.items() if name != "softmax"}
    assert options(OPTIMIZERS) <= given([case.optimizer for case in compared])
    assert options(LOSSES) <= given([case.loss for case in compared])
    assert options(SCHEDULES) <= given(schedules)
    assert options(activations) <= given([case.hidden for case in compared])


@pytest.mark.parametrize("table", PROBLEMS)
def test_the_installed_pytorch_gives_the_golden_histories(table: str, pytorch: ModuleType) -> None:
    for case in cases(table):
        np.testing.assert_allclose(
            pytorch.history(case), golden(table)[case.name], rtol=AGREEMENT, atol=0, err_msg=case.name
        )


@pytest.mark.parametrize("table", PROBLEMS)
def test_every_combination_has_the_history_of_the_installed_pytorch(table: str, pytorch: ModuleType) -> None:
    for case in combinations(table):
        np.testing.assert_allclose(
            history(case), pytorch.history(case), rtol=AGREEMENT, atol=0, err_msg=case.name
        )
