"""What every child process does: read a problem, train it, and write seconds and loss."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.problem import Problem, Weights

Train = Callable[[Problem], tuple[float, Weights]]


def run(train: Train) -> None:
    """Train the problem that the command line names, and write the result to the file named there."""
    problem, result = Problem.load(Path(sys.argv[1])), Path(sys.argv[2])
    if problem.recipe.warm:
        train(problem.shortened(2))  # pays for caches and compilation
    seconds, weights = train(problem)
    loss = problem.loss(weights) if weights else None
    result.write_text(json.dumps({"seconds": seconds, "loss": loss, "kernel": kernel()}), encoding="utf-8")


def kernel() -> str:
    """The kernel of numpy's BLAS, such as SkylakeX; empty where it is unknown."""
    if "threadpoolctl" not in sys.modules and Problem.load(Path(sys.argv[1])).recipe.warm is False:
        return ""  # a whole process is timed, and this would be part of it
    from threadpoolctl import threadpool_info

    return next(
        (str(one.get("architecture", "")) for one in threadpool_info() if one["user_api"] == "blas"), ""
    )
