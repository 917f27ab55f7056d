"""nncli: its own training loop with the record of a run, on the engine that it chooses or on one by name."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from benchmarks.problem import Array, Problem, Weights
from benchmarks.systems import child
from nncli import api, engines
from nncli.config import Config
from nncli.engines import threads
from nncli.engines.contract import start
from nncli.many.stacked import Way
from nncli.many.trainings import train_one, train_together
from nncli.runs.record import Record
from nncli.training import loop
from nncli.training.experiment import Experiment

ENGINE, TIMED = sys.argv[3:5]
WAY: Way = "lanes" if ENGINE == "numba" else "numpy"


def experiment_of(problem: Problem) -> Experiment:
    """The experiment of a problem, on the engine that the command line names."""
    settings = problem.recipe.config
    training = {**settings["training"], "epochs": len(problem.orders), "engine": ENGINE}
    return api.check(Config.of({**settings, "training": training}))


def train(problem: Problem) -> tuple[float, Weights]:
    """Train and record, without writing files."""
    experiment = experiment_of(problem)
    with threads.limited(experiment.threads):
        experiment.plan()  # compiles, if the engine does
        began = time.perf_counter()
        record = Record(experiment)
        for report in loop.train(experiment):
            record.add(report)
        seconds = time.perf_counter() - began
    return seconds, weights_of(experiment, report.state.parameters)


def update(problem: Problem) -> tuple[float, Weights]:
    """Do the updates alone, all in one chunk, of which nothing but the end is kept."""
    experiment = experiment_of(problem)
    with threads.limited(experiment.threads):
        plan, beginning = experiment.plan(), start(experiment.network, experiment.initial, experiment.recipe)
        began = time.perf_counter()
        chunk = plan.run(beginning, [experiment.epochs * experiment.updates_per_epoch])
        seconds = time.perf_counter() - began
    return seconds, weights_of(experiment, chunk.state().parameters)


def train_copies(problem: Problem) -> tuple[float, Weights]:
    """Train all copies without run directories, as `nncli seeds` does."""
    settings = problem.recipe.config
    training = {**settings["training"], "epochs": len(problem.orders), "threads": 1}
    experiment = api.check(Config.of({**settings, "training": training}))
    copies = [experiment] * problem.recipe.copies
    for _ in range(2):  # the first time, the way that is compiled compiles
        began = time.perf_counter()
        results = list(map(train_one, copies) if TIMED == "trainings" else train_together(copies, WAY))
        seconds = time.perf_counter() - began
    return seconds, weights_of(experiment, results[-1].parameters)


def weights_of(experiment: Experiment, parameters: Array) -> Weights:
    """Weights and biases of each layer."""
    return [(W, b) for W, b in experiment.network.views(parameters) if b is not None]


if __name__ == "__main__":
    if ENGINE != "numba":
        engines.ENGINES.pop("numba", None)  # as with the core dependencies alone
    copies = Problem.load(Path(sys.argv[1])).recipe.copies
    child.run(train_copies if copies > 1 else update if TIMED == "updates" else train, together=True)
