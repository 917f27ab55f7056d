"""JAX: the whole training compiled as one scan over the updates."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.problem import Problem, Weights
from benchmarks.systems import child

ACTIVATIONS = {"sigmoid": jax.nn.sigmoid, "tanh": jnp.tanh, "relu": jax.nn.relu}


def train(problem: Problem) -> tuple[float, Weights]:
    """Compile the training, which is not timed, and run it."""
    jax.config.update(  # type: ignore[no-untyped-call]
        "jax_enable_x64", problem.X.dtype == np.float64
    )
    start = [(jnp.asarray(W), jnp.asarray(b)) for W, b in problem.weights]
    orders = jnp.asarray(problem.orders)
    X, Y = jnp.asarray(problem.X), jnp.asarray(problem.Y)
    train_one = partial(trained, problem)
    if (copies := problem.recipe.copies) > 1:
        start = jax.tree.map(lambda w: jnp.stack([w] * copies), start)
        train_one = jax.vmap(train_one, in_axes=(0, None, None, None))
    program = jax.jit(train_one).lower(start, orders, X, Y).compile()
    began = time.perf_counter()
    weights = jax.block_until_ready(  # type: ignore[no-untyped-call]
        program(start, orders, X, Y)
    )
    seconds = time.perf_counter() - began
    last = [(np.asarray(W), np.asarray(b)) for W, b in weights]
    return seconds, [(W[-1], b[-1]) for W, b in last] if copies > 1 else last


def trained(problem: Problem, start: Any, orders: Any, X: Any, Y: Any) -> Any:
    """The weights after an update for each batch of each order."""
    batch, rows = problem.recipe.batch, len(X)
    even = rows - rows % batch
    slope = jax.grad(lambda weights, x, y: loss(problem, weights, x, y))

    def update(state: Any, chosen: Any) -> tuple[Any, None]:
        x, y = (X, Y) if batch == rows else (X[chosen], Y[chosen])
        return step(problem, state, slope(state[0], x, y)), None

    def epoch(state: Any, order: Any) -> tuple[Any, None]:
        state, _ = jax.lax.scan(update, state, order[:even].reshape(-1, batch))
        if even < rows:
            state, _ = update(state, order[even:])
        return state, None

    nothing = jax.tree.map(jnp.zeros_like, start)
    (weights, *_), _ = jax.lax.scan(epoch, (start, nothing, nothing, 0), orders)
    return weights


def loss(problem: Problem, weights: Any, x: Any, y: Any) -> Any:
    """The loss of a batch."""
    recipe, A = problem.recipe, x
    for (W, b), activation in zip(weights, recipe.activations, strict=True):
        Z = A @ W.T + b
        A = ACTIVATIONS.get(activation, lambda z: z)(Z)
    if recipe.loss == "squared":
        terms = (A - y) ** 2
    elif recipe.activations[-1] == "sigmoid":
        terms = jax.nn.softplus(Z) - y * Z
    else:
        terms = -(y * jax.nn.log_softmax(Z)).sum(axis=1)
    return terms.mean() if recipe.mean else terms.sum()


def step(problem: Problem, state: Any, gradient: Any) -> Any:
    """The state (weights, first and second moments, updates) after an update of SGD or Adam."""
    weights, m, v, done = state
    rate = problem.recipe.rate
    if problem.recipe.optimizer == "sgd":
        return jax.tree.map(lambda w, g: w - rate * g, weights, gradient), m, v, done + 1
    m = jax.tree.map(lambda m, g: 0.9 * m + (1 - 0.9) * g, m, gradient)
    v = jax.tree.map(lambda v, g: 0.999 * v + (1 - 0.999) * g * g, v, gradient)
    first, second = 1 - 0.9 ** (done + 1.0), 1 - 0.999 ** (done + 1.0)
    moved = jax.tree.map(
        lambda w, m, v: w - rate * (m / first) / (jnp.sqrt(v / second) + 1e-8), weights, m, v
    )
    return moved, m, v, done + 1


if __name__ == "__main__":
    child.run(train, together=True)
