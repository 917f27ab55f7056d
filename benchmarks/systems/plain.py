"""Plain loops as a first program has them: on whole batches, on rows, or on single numbers."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.problem import Array, Problem, Weights, activate
from benchmarks.systems import child


def train(problem: Problem) -> tuple[float, Weights]:
    """Train in the style of the problem."""
    if problem.recipe.epsilon:
        return by_differences(problem)
    return by_scalars(problem) if problem.recipe.style == "scalars" else by_batches(problem)


def by_batches(problem: Problem) -> tuple[float, Weights]:
    """Backprop with sigmoids and cross-entropy, on all rows at once."""
    X, Y, rate = problem.X, problem.Y, problem.recipe.rate
    (W1, b1), (W2, b2) = ((W.copy(), b.copy()) for W, b in problem.weights)
    began = time.perf_counter()
    for _ in problem.orders:
        hidden = sigmoid(X @ W1.T + b1)
        output = sigmoid(hidden @ W2.T + b2)
        error = output - Y
        below = error @ W2 * hidden * (1 - hidden)
        W2 -= rate * error.T @ hidden
        b2 -= rate * np.sum(error, axis=0)
        W1 -= rate * below.T @ X
        b1 -= rate * np.sum(below, axis=0)
    return time.perf_counter() - began, [(W1, b1), (W2, b2)]


def sigmoid(z: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-z)))


def by_scalars(problem: Problem) -> tuple[float, Weights]:
    """Backprop through 2-2-1 with a variable for each weight, row after row, on the squared error."""

    def squash(z: float) -> float:
        return 1 / (1 + np.exp(-z))  # type: ignore[no-any-return]

    def slope(z: float) -> float:
        value = squash(z)
        return value * (1 - value)

    (W1, B1), (W2, B2) = problem.weights
    w1, w2, w3, w4 = W1.ravel()
    b1, b2 = B1
    w5, w6 = W2.ravel()
    b3 = B2[0]
    rate = problem.recipe.rate
    began = time.perf_counter()
    for _ in problem.orders:
        for x, target in zip(problem.X, problem.Y[:, 0], strict=True):
            z1 = w1 * x[0] + w2 * x[1] + b1
            h1 = squash(z1)
            z2 = w3 * x[0] + w4 * x[1] + b2
            h2 = squash(z2)
            z3 = w5 * h1 + w6 * h2 + b3
            output = squash(z3)
            error = -2 * (target - output)
            to_w5, to_w6, to_b3 = h1 * slope(z3), h2 * slope(z3), slope(z3)
            to_h1, to_h2 = w5 * slope(z3), w6 * slope(z3)
            to_w1, to_w2, to_b1 = x[0] * slope(z1), x[1] * slope(z1), slope(z1)
            to_w3, to_w4, to_b2 = x[0] * slope(z2), x[1] * slope(z2), slope(z2)
            w1 -= rate * error * to_h1 * to_w1
            w2 -= rate * error * to_h1 * to_w2
            b1 -= rate * error * to_h1 * to_b1
            w3 -= rate * error * to_h2 * to_w3
            w4 -= rate * error * to_h2 * to_w4
            b2 -= rate * error * to_h2 * to_b2
            w5 -= rate * error * to_w5
            w6 -= rate * error * to_w6
            b3 -= rate * error * to_b3
    seconds = time.perf_counter() - began
    first = np.array([[w1, w2], [w3, w4]]), np.array([b1, b2])
    return seconds, [first, (np.array([[w5, w6]]), np.array([b3]))]


def by_differences(problem: Problem) -> tuple[float, Weights]:
    """Central differences, one parameter after the other."""
    weights = [(W.copy(), b.copy()) for W, b in problem.weights]
    measure = sum_over_rows if problem.recipe.style == "rows" else sum_at_once
    epsilon = problem.recipe.epsilon
    began = time.perf_counter()
    for _ in problem.orders:
        gradients = []
        for tensor in (tensor for pair in weights for tensor in pair):
            gradient = np.zeros_like(tensor)
            for place in np.ndindex(*tensor.shape):
                kept = tensor[place]
                tensor[place] = kept + epsilon
                above = measure(problem, weights)
                tensor[place] = kept - epsilon
                below = measure(problem, weights)
                tensor[place] = kept
                gradient[place] = (above - below) / (2 * epsilon)
            gradients.append(gradient)
        for tensor, gradient in zip((tensor for pair in weights for tensor in pair), gradients, strict=True):
            tensor -= problem.recipe.rate * gradient
    return time.perf_counter() - began, weights


def sum_over_rows(problem: Problem, weights: Weights) -> float:
    """The squared error of one row after the other."""
    total = 0.0
    for x, y in zip(problem.X, problem.Y, strict=True):
        for (W, b), activation in zip(weights, problem.recipe.activations, strict=True):
            x = activate(activation, np.dot(W, x) + b)
        total += np.sum((x - y) ** 2)
    return total


def sum_at_once(problem: Problem, weights: Weights) -> float:
    """The squared error of all rows."""
    A = problem.X
    for (W, b), activation in zip(weights, problem.recipe.activations, strict=True):
        A = activate(activation, A @ W.T + b)
    return float(np.sum((A - problem.Y) ** 2))


if __name__ == "__main__":
    child.run(train)
