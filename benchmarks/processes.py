"""A turn of a system: its process, and the files that the process reads and writes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import predict
from benchmarks.problem import Array, Problem, Recipe
from benchmarks.workloads import CORE, NUMBA, NUMBA_UPDATES, PYARROW, UPDATES, Workload
from nncli import api
from nncli.config import Config
from nncli.engines.batches import block_epochs, epoch_orders
from nncli.training.experiment import Experiment

# The arguments of `benchmarks.systems.nncli`: the engine, and what is timed.
OURS = {
    CORE: ("auto", "training"),
    NUMBA: ("numba", "training"),
    UPDATES: ("auto", "updates"),
    NUMBA_UPDATES: ("numba", "updates"),
    "alone": ("auto", "trainings"),
}
# The command with the core dependencies alone, of which pyarrow is none.
WITHOUT_PYARROW = "import sys; sys.modules['pyarrow'] = None; from nncli.cli import main; main()"
COMMANDS = {CORE: ["-c", WITHOUT_PYARROW], PYARROW: ["-m", "nncli"]}
CHUNK = 100_000  # rows of pandas at a time; it is slower with fewer


@dataclass(frozen=True)
class Turn:
    """Seconds and peak memory of one process, and the loss it ended at (None: it trains nothing)."""

    seconds: float
    memory: float
    loss: float | None
    kernel: str = ""


def prepare(workload: Workload, folder: Path) -> None:
    """Write what all systems of a workload read."""
    if workload.kind == "predict":
        prepare_prediction(folder)
    elif workload.kind == "read":
        prepare_table(folder)
    else:
        problem_of(workload).save(folder / "problem.npz")


def problem_of(workload: Workload) -> Problem:
    """The arrays of the experiment that a workload's config describes."""
    experiment = api.check(Config.of(workload.config))
    recipe, rows = experiment.recipe, experiment.rows.training
    gradient = recipe.gradient.options
    described = Recipe(
        workload.config,
        tuple(layer.activation.name for layer in experiment.network.layers),
        "cross_entropy" if "cross_entropy" in recipe.loss.name else "squared",
        recipe.loss.reduction == "mean",
        recipe.optimizer.name,
        recipe.optimizer.learning_rate,
        min(recipe.batch_size, len(rows)),
        float(gradient.get("epsilon", 0)) if recipe.gradient.name == "finite_difference" else 0.0,
        workload.style,
        workload.kind == "train",
        workload.copies,
    )
    weights = [(W, b) for W, b in experiment.network.views(experiment.initial) if b is not None]
    return Problem(described, rows.X, rows.Y, weights, orders(experiment))


def orders(experiment: Experiment) -> Array:
    """Each epoch's order of rows (epochs, n)."""
    rows, epochs = len(experiment.rows.training), experiment.epochs
    if not experiment.recipe.shuffle:
        return np.tile(np.arange(rows), (epochs, 1))
    blocks = range(-(-epochs // block_epochs(rows)))
    drawn = [epoch_orders(experiment.recipe.seed, block, rows) for block in blocks]
    return np.concatenate(drawn)[:epochs].astype(np.int64)


def turn(workload: Workload, system: str, folder: Path) -> Turn:
    """Run a system once, in a process of its own."""
    if workload.kind == "predict":
        return predicted(workload.config["format"], system, folder)
    if workload.kind == "read":
        return read(system, folder)
    problem, result = folder / "problem.npz", folder / "result.json"
    if workload.kind == "process" and system == CORE:
        return trained_by_command(workload, folder)
    module = "nncli" if system in OURS else system
    cost = cost_of(["-m", f"benchmarks.systems.{module}", problem, result, *OURS.get(system, ())])
    found = json.loads(result.read_text(encoding="utf-8"))
    is_whole = workload.kind == "process" and system != UPDATES
    seconds = cost.seconds if is_whole else found["seconds"]
    return Turn(seconds, cost.memory, found["loss"], found["kernel"])


def cost_of(arguments: Sequence[object]) -> predict.Cost:
    """The cost of a Python process; if it fails, its error ends the benchmark."""
    try:
        return predict.measure(arguments)
    except subprocess.CalledProcessError as failed:
        raise SystemExit(f"{' '.join(map(str, arguments[:2]))} failed:\n{failed.stderr}") from None


def trained_by_command(workload: Workload, folder: Path) -> Turn:
    """Run `nncli train` as a user would, and compute the loss of the weights that it saved."""
    config, run = folder / "config.yaml", folder / "run"  # JSON is YAML
    dataset = workload.config["dataset"]
    if isinstance(dataset, dict) and "rows" in dataset:  # too long for the text of a config
        lines = [dataset["columns"], *dataset["rows"]]
        (folder / "table.csv").write_text("".join(f"{','.join(map(str, line))}\n" for line in lines))
        kept = {key: value for key, value in dataset.items() if key not in ("columns", "rows")}
        dataset = {**kept, "path": "table.csv"}
    config.write_text(json.dumps({**workload.config, "dataset": dataset}), encoding="utf-8")
    cost = cost_of(["-m", "nncli", "train", config, "-o", run, "--overwrite", "-q"])
    with np.load(run / "weights.npz") as saved:
        layers = range(len(workload.config["network"]["layers"]))
        weights = [(saved[f"layers.{at}.weight"], saved[f"layers.{at}.bias"]) for at in layers]
    return Turn(cost.seconds, cost.memory, Problem.load(folder / "problem.npz").loss(weights))


def prepare_prediction(folder: Path, rows: int = 1_000_000) -> None:
    """Write a table to predict, and train the network that predicts it."""
    predict.write_rows(folder / "rows.csv", rows)
    api.train(predict.network(), output=folder / "run")


def prepare_table(folder: Path, rows: int = 1_000_000) -> None:
    """Write a table of 20 columns, and a config that takes the last as the target."""
    predict.write_rows(folder / "table.csv", rows, [f"x{index}" for index in range(20)])
    config = {"dataset": {"path": "table.csv", "targets": "x19"}, "network": {"hidden": [16]}}
    (folder / "config.yaml").write_text(json.dumps(config), encoding="utf-8")


def read(system: str, folder: Path) -> Turn:
    """Read the table in a process of its own: with `nncli check`, or with pandas into a frame."""
    program = "import pandas, sys; pandas.read_csv(sys.argv[1])"
    if system in COMMANDS:
        cost = cost_of([*COMMANDS[system], "check", folder / "config.yaml", "-q"])
    else:
        cost = cost_of(["-c", program, folder / "table.csv"])
    return Turn(cost.seconds, cost.memory, None)


def predicted(form: str, system: str, folder: Path) -> Turn:
    """Predict the table from file to file; the mean prediction stands for the loss.

    Parameters
    ----------
    form : of the result: csv, with the inputs, or npy, the predictions alone.
    """
    source, target, run = folder / "rows.csv", folder / f"predicted.{form}", folder / "run"
    if system in COMMANDS:
        command = [*COMMANDS[system], "predict", run, "-i", source, "-o", target, "-q"]
    else:
        program = {"csv": predict.PANDAS, "npy": predict.PANDAS_ALONE}[form]
        command = ["-c", program, source, target, run / "weights.npz", CHUNK]
    cost = cost_of(command)
    if form == "npy":
        predictions = np.load(target)
    else:
        predictions = np.loadtxt(target, delimiter=",", skiprows=1, usecols=len(predict.INPUTS))
    target.unlink()
    return Turn(cost.seconds, cost.memory, float(predictions.mean()))
