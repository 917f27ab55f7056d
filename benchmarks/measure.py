"""Rounds in which every system takes its turn in a process of its own, and the ratios turn by turn."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Literal

import numpy as np

from benchmarks import predict
from benchmarks.problem import Problem, Recipe
from benchmarks.systems import c
from benchmarks.workloads import Goal, Workload
from nncli import api, engines
from nncli.config import Config
from nncli.engines.batches import block_epochs, epoch_orders
from nncli.training.experiment import Experiment

CORE, NUMBA = "nncli", "nncli with numba"
NEEDS = {"sklearn": "sklearn", "pytorch": "torch", "jax": "jax", "pandas": "pandas"}
LIMITS = ("c", "products")
CHUNK = 100_000  # rows of pandas at a time; it is slower with fewer


@dataclass(frozen=True)
class Turn:
    """Seconds and peak memory of one process, and the loss it ended at (None: it trains nothing)."""

    seconds: float
    memory: float
    loss: float | None
    kernel: str = ""


@dataclass
class Measured:
    """The turns of each system in a workload, round by round."""

    workload: Workload
    turns: dict[str, list[Turn]] = field(default_factory=dict)

    def seconds(self, system: str) -> float:
        """The median of a system's seconds."""
        return median(turn.seconds for turn in self.turns[system])

    def memory(self, system: str) -> float:
        """The median of a system's peak memory."""
        return median(turn.memory for turn in self.turns[system])

    def loss(self, system: str) -> float | None:
        """The loss at which a system ended."""
        return self.turns[system][-1].loss

    def agrees(self, system: str) -> bool:
        """Tell whether a system always ended at nncli's loss; a limit without a loss is taken as it is."""
        expected = self.loss(CORE)
        found = [turn.loss for turn in self.turns[system] if turn.loss is not None]
        return all(
            expected is not None and abs(loss - expected) <= self.workload.tolerance * abs(expected)
            for loss in found
        )

    def ratio(
        self, system: str, ours: str, quantity: Literal["seconds", "memory"] = "seconds"
    ) -> float | None:
        """The median over the rounds of a system's seconds or memory, divided by nncli's in the same round.

        None if one of the two was not run or did not end at the same loss.
        """
        if not {system, ours} <= self.turns.keys() or not (self.agrees(system) and self.agrees(ours)):
            return None
        pairs = zip(self.turns[system], self.turns[ours], strict=True)
        return median(getattr(theirs, quantity) / getattr(mine, quantity) for theirs, mine in pairs)

    def reached(self, goal: Goal, ours: str) -> float | None:
        """The ratio that a goal asks for."""
        return self.ratio(goal.system, ours, goal.quantity)


def available(workload: Workload) -> list[str]:
    """The systems of a workload that can run here, nncli first."""
    ours = [CORE]
    if "numba" in engines.ENGINES and workload.kind == "train" and supported(workload, "numba"):
        ours.append(NUMBA)
    return [*ours, *(name for name in workload.systems if is_present(name))]


def supported(workload: Workload, engine: str) -> bool:
    experiment = api.check(Config.of(workload.config))
    rows = len(experiment.rows.training)
    return engines.ENGINES[engine].supports(experiment.network, experiment.recipe, rows) is None


def is_present(system: str) -> bool:
    """Tell whether what a system needs is installed."""
    if system == "c":
        return c.compiler() is not None
    return system not in NEEDS or importlib.util.find_spec(NEEDS[system]) is not None


def measured(workload: Workload, rounds: int, systems: Sequence[str], folder: Path) -> Measured:
    """Measure a workload: in each round every system takes one turn."""
    if workload.kind == "predict":
        prepare_prediction(folder)
    else:
        problem_of(workload).save(folder / "problem.npz")
    found = Measured(workload, {name: [] for name in systems})
    for _ in range(rounds):
        for name, turns in found.turns.items():
            turns.append(turn(workload, name, folder))
    return found


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
    )
    weights = [(W, b) for W, b in experiment.network.views(experiment.initial) if b is not None]
    return Problem(described, rows.X, rows.Y, weights, orders(experiment))


def orders(experiment: Experiment) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
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
        return predicted(system, folder)
    problem, result = folder / "problem.npz", folder / "result.json"
    if workload.kind == "process" and system == CORE:
        return trained_by_command(workload, folder)
    module = "nncli" if system in (CORE, NUMBA) else system
    engine = "numba" if system == NUMBA else "auto"
    cost = predict.measure(["-m", f"benchmarks.systems.{module}", problem, result, engine])
    found = json.loads(result.read_text(encoding="utf-8"))
    seconds = cost.seconds if workload.kind == "process" else found["seconds"]
    return Turn(seconds, cost.memory, found["loss"], found["kernel"])


def trained_by_command(workload: Workload, folder: Path) -> Turn:
    """Run `nncli train` as a user would, and compute the loss of the weights that it saved."""
    config, run = folder / "config.yaml", folder / "run"  # JSON is YAML
    config.write_text(json.dumps(workload.config), encoding="utf-8")
    cost = predict.measure(["-m", "nncli", "train", config, "-o", run, "--overwrite", "-q"])
    with np.load(run / "weights.npz") as saved:
        layers = range(len(workload.config["network"]["layers"]))
        weights = [(saved[f"layers.{at}.weight"], saved[f"layers.{at}.bias"]) for at in layers]
    return Turn(cost.seconds, cost.memory, Problem.load(folder / "problem.npz").loss(weights))


def prepare_prediction(folder: Path, rows: int = 1_000_000) -> None:
    """Write a table to predict, and train the network that predicts it."""
    predict.write_rows(folder / "rows.csv", rows)
    api.train(predict.network(), output=folder / "run")


def predicted(system: str, folder: Path) -> Turn:
    """Predict the table from file to file; the mean prediction stands for the loss."""
    source, target, run = folder / "rows.csv", folder / "predicted.csv", folder / "run"
    if system == CORE:
        command: list[object] = ["-m", "nncli", "predict", run, "-i", source, "-o", target, "-q"]
    else:
        command = ["-c", predict.PANDAS, source, target, run / "weights.npz", CHUNK]
    cost = predict.measure(command)
    column = 8
    mean = float(np.mean(np.loadtxt(target, delimiter=",", skiprows=1, usecols=column)))
    target.unlink()
    return Turn(cost.seconds, cost.memory, mean)


def machine() -> str:
    """The processor and how many cores this process may use."""
    from nncli.engines.threads import processors

    found = Path("/proc/cpuinfo")
    lines = found.read_text(encoding="utf-8").splitlines() if found.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else 'unknown processor'}, {processors()} cores"


def versions(packages: Mapping[str, str]) -> str:
    """The versions of the packages that are installed, by distribution name."""
    from importlib.metadata import PackageNotFoundError, version

    found = []
    for title, distribution in packages.items():
        try:
            found.append(f"{title} {version(distribution)}")
        except PackageNotFoundError:
            continue
    compiler = c.compiler()
    if compiler:
        words = subprocess.run([compiler, "-dumpfullversion"], capture_output=True, text=True, check=False)
        found.append(f"gcc {words.stdout.strip()}")
    return f"Python {sys.version.split()[0]}, " + ", ".join(found)
