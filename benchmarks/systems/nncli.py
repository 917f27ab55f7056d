"""nncli: its own training loop with the record of a run, on the engine that it chooses or on one by name."""

from __future__ import annotations

import sys
import time

from benchmarks.problem import Problem, Weights
from benchmarks.systems import child
from nncli import api, engines
from nncli.config import Config
from nncli.engines import threads
from nncli.runs.record import Record
from nncli.training import loop


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


if __name__ == "__main__":
    if sys.argv[3] == "auto":
        engines.ENGINES.pop("numba", None)  # as with the core dependencies alone
    child.run(train)
