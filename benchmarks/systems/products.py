"""A limit: the matrix products that a training needs, by numpy's BLAS, and nothing else."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np

from benchmarks.problem import Problem, Weights
from benchmarks.systems import child


def train(problem: Problem) -> tuple[float, Weights]:
    """Multiply as often as training does: forward, gradients of weights, and errors of hidden layers."""
    batch = problem.recipe.batch
    updates = len(problem.orders) * len(problem.X) // batch
    rng = np.random.default_rng(0)
    layers = []
    for inputs, units in pairwise(problem.sizes):
        shapes = [(batch, inputs), (batch, units), (units, inputs)]
        layers.append([rng.normal(size=shape).astype(problem.X.dtype) for shape in (*shapes, *shapes)])
    began = time.perf_counter()
    for _ in range(updates):
        for at, (A, Z, W, below, _, G) in enumerate(layers):
            A.dot(W.T, Z)
            Z.T.dot(A, G)
            if at:
                Z.dot(W, below)
    return time.perf_counter() - began, []


if __name__ == "__main__":
    child.run(train)
