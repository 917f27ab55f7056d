"""nncli: its own training loop with the record of a run, on the engine that it chooses or on one by name."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from benchmarks.problem import Problem, Weights
from benchmarks.systems import child
from nncli import api, engines
from nncli.config import Config
from nncli.engines import threads
from nncli.many.stacked import Way
from nncli.many.trainings import train_one, train_together
from nncli.runs.record import Record
from nncli.training import loop

WAY: Way = "lanes" if sys.argv[3] == "numba" else "numpy"


def train(problem: Problem) -> tuple[float, Weights]:
    """Train and record, without writing files."""
    settings = problem.recipe.config
    training = {**settings["training"], "epochs": len(problem.orders), "engine": sys.argv[3]}
    experiment = api.check(Config.of({**settings, "training": training}))
    with threads.limited(experiment.threads):
        experiment.plan()  # compiles, if the engine does
        began = time.perf_counter()
        record = Record(experiment)
        for report in loop.train(experiment):
            record.add(report)
        seconds = time.perf_counter() - began
    views = experiment.network.views(report.state.parameters)
    return seconds, [(W, b) for W, b in views if b is not None]


def train_copies(problem: Problem) -> tuple[float, Weights]:
    """Train all copies without run directories, as `nncli seeds` does."""
    settings = problem.recipe.config
    training = {**settings["training"], "epochs": len(problem.orders), "threads": 1}
    experiment = api.check(Config.of({**settings, "training": training}))
    copies = [experiment] * problem.recipe.copies
    for _ in range(2):  # the first time, the way that is compiled compiles
        began = time.perf_counter()
        results = list(map(train_one, copies) if sys.argv[3] == "alone" else train_together(copies, WAY))
        seconds = time.perf_counter() - began
    views = experiment.network.views(results[-1].parameters)
    return seconds, [(W, b) for W, b in views if b is not None]


if __name__ == "__main__":
    if sys.argv[3] != "numba":
        engines.ENGINES.pop("numba", None)  # as with the core dependencies alone
    problem = Problem.load(Path(sys.argv[1]))
    child.run(train if problem.recipe.copies == 1 else train_copies, together=True)
