"""What every child process does: read a problem, train it, and write seconds and loss."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.problem import Problem, Weights

Train = Callable[[Problem], tuple[float, Weights]]


def run(train: Train, *, together: bool = False) -> None:
    """Train the problem that the command line names, and write the result to the file named there.

    Parameters
    ----------
    together : whether `train` itself trains all copies of a problem that has several.
    """
    problem, result = Problem.load(Path(sys.argv[1])), Path(sys.argv[2])
    if problem.recipe.warm:
        train(problem.shortened(2))  # pays for caches and compilation
    turns = [train(problem) for _ in range(1 if together else problem.recipe.copies)]
    seconds, weights = sum(seconds for seconds, _ in turns), turns[-1][1]
    loss = problem.loss(weights) if weights else None
    result.write_text(
        json.dumps({"seconds": seconds, "loss": loss, "kernel": kernel(problem)}), encoding="utf-8"
    )


def kernel(problem: Problem) -> str:
    """The kernel of numpy's BLAS, such as SkylakeX; empty where the whole process is timed."""
    if not problem.recipe.warm:
        return ""
    from threadpoolctl import threadpool_info

    libraries = [one for one in threadpool_info() if one["user_api"] == "blas"]
    return str(libraries[0].get("architecture", "")) if libraries else ""
