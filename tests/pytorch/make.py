"""Loss histories by PyTorch, trained in float64 from the same weights on the same batches.

`python -m tests.pytorch.make` writes those of every case beside this file, a line each, with values
of activations and initialisers; what made them stands in the first line.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn, optim
from torch.optim import lr_scheduler

from nncli.engines.batches import epoch_orders
from tests.pytorch.cases import (
    ACTIVATIONS,
    DA,
    DRAWN,
    EPOCHS,
    INITIALIZERS,
    PROBLEMS,
    SEED,
    Case,
    Problem,
    Settings,
    Z,
    cases,
)

Term = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def main() -> None:
    """Write the golden files anew."""
    for table in PROBLEMS:
        write(table, [{"case": case.name, "loss": history(case)} for case in cases(table)])
    write("activations", [{"activation": each, **values(each)} for each in ACTIVATIONS])
    write("initializers", [{"initializer": each, **moments(each)} for each in INITIALIZERS])


def write(name: str, lines: list[dict[str, Any]]) -> None:
    """A golden file, after a line with what made it."""
    versions = {"torch": torch.__version__, "numpy": np.__version__, "python": platform.python_version()}
    text = "".join(f"{json.dumps(line)}\n" for line in [versions, *lines])
    Path(__file__).with_name(f"{name}.jsonl").write_text(text, encoding="utf-8")


def history(case: Case) -> list[float]:
    """The loss of each epoch, each batch measured before its update."""
    torch.set_num_threads(1)
    problem = case.problem
    X, Y = rows(problem)
    network = sequential(case)
    loss = loss_of(case)
    weights = row_weights(case, Y)
    optimizer, scheduler = optimizer_of(case.optimizer, network)
    shares = case.loss.get("reduction", "mean") == "mean"
    losses = []
    for epoch in range(EPOCHS):
        total = 0.0
        order = torch.tensor(epoch_orders(SEED, 0, len(X))[epoch].copy())
        for batch in order.split(problem.batch_size):
            optimizer.zero_grad()
            value = loss(network(X[batch]), Y[batch]) + penalty(network, **case.penalties)
            value.backward()
            if "clip_norm" in case.optimizer:
                nn.utils.clip_grad_norm_(network.parameters(), case.optimizer["clip_norm"])
            optimizer.step()
            total += value.item() * ((weights[batch].sum() / weights.sum()).item() if shares else 1.0)
        scheduler.step()
        losses.append(total)
    return losses


def rows(problem: Problem) -> tuple[torch.Tensor, torch.Tensor]:
    """Scaled inputs (n, inputs); scaled targets (n, k), 0/1 (n, 1), or class numbers (n,)."""
    X = standardised([[float(row[name]) for name in problem.inputs] for row in problem.cells])
    if problem.task == "regression":
        return X, standardised([[float(row[name]) for name in problem.targets] for row in problem.cells])
    labels = problem.labels
    numbers = torch.tensor([sorted(set(labels)).index(label) for label in labels])
    return X, numbers if problem.task == "multiclass" else numbers[:, None].to(torch.float64)


def standardised(numbers: list[list[float]]) -> torch.Tensor:
    """Columns less their mean, over their standard deviation; constant ones 0."""
    table = torch.tensor(numbers, dtype=torch.float64)
    deviation = table.std(dim=0, correction=0)
    return (table - table.mean(dim=0)) / torch.where(deviation > 0, deviation, 1.0)


MODULES: dict[str, Callable[..., nn.Module]] = {
    "identity": nn.Identity,
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": lambda: nn.GELU(approximate="tanh"),
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "softmax": lambda: nn.Softmax(dim=-1),
}


def module(settings: Settings) -> nn.Module:
    """An activation."""
    return MODULES[settings["name"]](**options(settings, slope="negative_slope"))


def sequential(case: Case) -> nn.Sequential:
    """The network at its start, up to its last sums: PyTorch's losses take these."""
    layers: list[nn.Module] = []
    for W, b in case.start():
        units, inputs = W.shape
        linear = nn.Linear(inputs, units, dtype=torch.float64)
        linear.load_state_dict({"weight": torch.tensor(W), "bias": torch.tensor(b)})
        layers += [linear, module(case.hidden)]
    return nn.Sequential(*layers[:-1])


LOSSES: dict[str, Callable[..., Term]] = {
    "mse": nn.MSELoss,
    "mae": nn.L1Loss,
    "huber": nn.HuberLoss,
    "binary_cross_entropy": nn.BCEWithLogitsLoss,
    "cross_entropy": nn.CrossEntropyLoss,
    "squared_error": lambda reduction="mean": lambda A, Y: getattr((A - Y) ** 2, reduction)(),
    "half_squared_error": lambda reduction="mean": lambda A, Y: getattr((A - Y) ** 2 / 2, reduction)(),
}


def loss_of(case: Case) -> Term:
    """(outputs before the last activation, targets) -> loss."""
    given = options(case.loss)
    if given.pop("class_weight", None) is None:
        return LOSSES[case.loss["name"]](**given)
    if case.loss["name"] == "cross_entropy":
        return nn.CrossEntropyLoss(torch.tensor(case.class_weights, dtype=torch.float64), **given)

    def weighted(Z: torch.Tensor, Y: torch.Tensor) -> torch.Tensor:
        weights = row_weights(case, Y)[:, None]
        total = nn.functional.binary_cross_entropy_with_logits(Z, Y, weights, reduction="sum")
        return total / weights.sum() if given.get("reduction", "mean") == "mean" else total

    return weighted


def row_weights(case: Case, Y: torch.Tensor) -> torch.Tensor:
    """What each row counts, (n,)."""
    if case.class_weights is None:
        return torch.ones(len(Y), dtype=torch.float64)
    return torch.tensor(case.class_weights, dtype=torch.float64)[Y.flatten().long()]


def penalty(network: nn.Sequential, l1: float = 0.0, l2: float = 0.0) -> torch.Tensor:
    """What a batch's loss has besides: l1 sum |W| + l2/2 sum W^2, without the biases."""
    weights = [layer.weight for layer in network if isinstance(layer, nn.Linear)]
    return sum(((l1 * W.abs() + l2 / 2 * W**2).sum() for W in weights), torch.zeros(()))


OPTIMIZERS: dict[str, Callable[..., optim.Optimizer]] = {
    "sgd": optim.SGD,
    "adam": optim.Adam,
    "adamw": optim.AdamW,
    "rmsprop": optim.RMSprop,
    "adagrad": optim.Adagrad,
}
SCHEDULES: dict[str, Callable[..., lr_scheduler.LRScheduler]] = {
    "constant": lambda optimizer: lr_scheduler.ConstantLR(optimizer, factor=1.0),
    "step": lr_scheduler.StepLR,
    "exponential": lr_scheduler.ExponentialLR,
    "cosine": lr_scheduler.CosineAnnealingLR,
}


def optimizer_of(
    settings: Settings, network: nn.Sequential
) -> tuple[optim.Optimizer, lr_scheduler.LRScheduler]:
    """The optimiser, and the scheduler that steps after each epoch."""
    given = {key: value for key, value in settings.items() if key not in ("schedule", "clip_norm")}
    given = options(given, learning_rate="lr", epsilon="eps", learning_rate_decay="lr_decay")
    if "beta1" in given:
        given["betas"] = given.pop("beta1"), given.pop("beta2")
    optimizer = OPTIMIZERS[settings["name"]](network.parameters(), **given)
    return optimizer, scheduler_of(settings.get("schedule", {"name": "constant"}), optimizer)


def scheduler_of(settings: Settings, optimizer: optim.Optimizer) -> lr_scheduler.LRScheduler:
    """A schedule by epoch, after its warm-up."""
    given = options(settings, every="step_size", over="T_max")
    warmup = given.pop("warmup", 0)
    if not warmup:
        return SCHEDULES[settings["name"]](optimizer, **given)
    rise = lr_scheduler.LinearLR(optimizer, start_factor=1 / warmup, total_iters=warmup - 1)
    schedule = SCHEDULES[settings["name"]](optimizer, **given)
    return lr_scheduler.SequentialLR(optimizer, [rise, schedule], milestones=[warmup])


def options(settings: Settings, **renamed: str) -> dict[str, Any]:
    """All settings but the name, under PyTorch's names."""
    return {renamed.get(key, key): value for key, value in settings.items() if key != "name"}


def values(settings: Settings) -> dict[str, list[list[float]]]:
    """An activation of Z, and what it gives back of the derivative DA."""
    inputs = torch.tensor(Z, requires_grad=True)
    A = module(settings)(inputs)
    (dZ,) = torch.autograd.grad(A, inputs, torch.tensor(DA))
    return {"A": A.tolist(), "dZ": dZ.tolist()}


INITIALIZED: dict[str, Callable[..., torch.Tensor]] = {
    "glorot_uniform": nn.init.xavier_uniform_,
    "glorot_normal": nn.init.xavier_normal_,
    "he_uniform": partial(nn.init.kaiming_uniform_, nonlinearity="relu"),
    "he_normal": partial(nn.init.kaiming_normal_, nonlinearity="relu"),
    "zeros": nn.init.zeros_,
    "uniform": nn.init.uniform_,
    "normal": nn.init.normal_,
    "constant": nn.init.constant_,
}


def moments(settings: Settings) -> dict[str, float]:
    """Mean, standard deviation and largest distance from the mean of many drawn weights."""
    torch.manual_seed(SEED)
    W = torch.empty(DRAWN, dtype=torch.float64)
    INITIALIZED[settings["name"]](W, **options(settings, low="a", high="b", value="val"))
    mean = W.mean().item()
    return {"mean": mean, "std": W.std(correction=0).item(), "largest": (W - mean).abs().max().item()}


if __name__ == "__main__":
    main()
