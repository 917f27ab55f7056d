"""PyTorch in eager mode, as its tutorials write a training loop."""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import nn

from benchmarks.problem import Problem, Weights
from benchmarks.systems import child

ACTIVATIONS = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU}


def train(problem: Problem) -> tuple[float, Weights]:
    """Train with an optimizer of torch.optim; Adam is the fused one."""
    recipe = problem.recipe
    torch.set_num_threads(1)
    model = network(problem)
    if recipe.optimizer == "adam":
        optimizer: torch.optim.Optimizer = torch.optim.Adam(model.parameters(), lr=recipe.rate, fused=True)
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=recipe.rate)
    loss_of = criterion(problem)
    X, Y = torch.from_numpy(problem.X), torch.from_numpy(problem.Y)
    targets = Y.argmax(dim=1) if recipe.activations[-1] == "softmax" else Y
    rows, whole = len(X), recipe.batch >= len(X)
    began = time.perf_counter()
    for order in torch.from_numpy(problem.orders):
        for first in range(0, rows, recipe.batch):
            chosen = order[first : first + recipe.batch]
            x, y = (X, targets) if whole else (X[chosen], targets[chosen])
            optimizer.zero_grad()
            loss_of(model(x), y).backward()
            optimizer.step()
    seconds = time.perf_counter() - began
    trained = [tensor.detach().numpy().copy() for tensor in model.parameters()]
    return seconds, list(zip(trained[::2], trained[1::2], strict=True))


def network(problem: Problem) -> nn.Sequential:
    """The layers with the initial weights; what the loss includes of the last activation is left to it."""
    layers: list[nn.Module] = []
    for (W, b), activation in zip(problem.weights, problem.recipe.activations, strict=True):
        layer = nn.Linear(W.shape[1], W.shape[0], dtype=torch.from_numpy(np.ascontiguousarray(W)).dtype)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(np.ascontiguousarray(W)))
            layer.bias.copy_(torch.from_numpy(np.ascontiguousarray(b)))
        layers.append(layer)
        if activation in ACTIVATIONS:
            layers.append(ACTIVATIONS[activation]())
    if problem.recipe.loss == "cross_entropy" and problem.recipe.activations[-1] == "sigmoid":
        layers.pop()
    return nn.Sequential(*layers)


def criterion(problem: Problem) -> nn.Module:
    """The loss, with the logits as its input if it is a cross-entropy."""
    reduction = "mean" if problem.recipe.mean else "sum"
    if problem.recipe.loss == "squared":
        return nn.MSELoss(reduction=reduction)
    if problem.recipe.activations[-1] == "sigmoid":
        return nn.BCEWithLogitsLoss(reduction=reduction)
    return nn.CrossEntropyLoss(reduction=reduction)


if __name__ == "__main__":
    child.run(train)
