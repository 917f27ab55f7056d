"""What nncli and PyTorch both compute: real tables, losses and optimisers, each with its settings.

A loss and an optimiser are written as in a config, and only what is written is given to either side:
defaults are compared as well.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np

EPOCHS = 20
SEED = 5
DATASETS = Path(__file__).parents[2] / "datasets"

Settings = dict[str, Any]


def golden_lines(name: str) -> list[dict[str, Any]]:
    """What PyTorch came to, from the file of that name; its first line says which PyTorch."""
    text = Path(__file__).with_name(f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()[1:]]


@dataclass(frozen=True)
class Problem:
    """Columns of a table to learn from the others.

    Attributes
    ----------
    task : as in a config; `regression` scales its targets to mean 0 and standard deviation 1.
    classes : the only ones whose rows are taken; none: all rows.
    """

    table: str
    task: str
    targets: tuple[str, ...]
    units: tuple[int, ...]
    batch_size: int
    classes: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    @property
    def cells(self) -> list[dict[str, str]]:
        """The rows as they are written."""
        rows = _rows(self.table)
        return [row for row in rows if row[self.targets[0]] in self.classes] if self.classes else rows

    @property
    def labels(self) -> list[str]:
        """The class of each row."""
        return [row[self.targets[0]] for row in self.cells]

    @property
    def inputs(self) -> list[str]:
        """The other columns that are used."""
        return [name for name in _rows(self.table)[0] if name not in {*self.targets, *self.unused}]


@cache
def _rows(table: str) -> list[dict[str, str]]:
    with open(DATASETS / f"{table}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# By table: what its regression, its two classes and its several classes are.
PROBLEMS = {
    "iris": {
        "regression": Problem(
            "iris", "regression", ("petal_length", "petal_width"), (6, 2), 20, unused=("species",)
        ),
        "binary": Problem("iris", "binary", ("species",), (6, 1), 20, ("versicolor", "virginica")),
        "multiclass": Problem("iris", "multiclass", ("species",), (6, 5, 3), 20),
    },
    "diabetes": {
        "regression": Problem("diabetes", "regression", ("progression", "glucose"), (8, 5, 2), 60),
        "binary": Problem("diabetes", "binary", ("sex",), (8, 1), 60),
        "multiclass": Problem("diabetes", "multiclass", ("sex",), (8, 2), 60),
    },
    "digits": {
        "regression": Problem("digits", "regression", ("p27", "p36"), (12, 2), 200),
        "binary": Problem("digits", "binary", ("digit",), (12, 1), 50, ("3", "8")),
        "multiclass": Problem("digits", "multiclass", ("digit",), (16, 10), 200),
    },
}

TASKS = {"binary_cross_entropy": "binary", "cross_entropy": "multiclass"}
OUTPUTS = {"regression": "identity", "binary": "sigmoid", "multiclass": "softmax"}


@dataclass(frozen=True)
class Case:
    """A training: a table, and the parts of a config that differ from case to case.

    Attributes
    ----------
    hidden : the activation of the hidden layers.
    penalties : `l1` and `l2` of every layer.
    """

    table: str
    loss: Settings
    optimizer: Settings
    hidden: Settings = field(default_factory=lambda: {"name": "tanh"})
    penalties: Settings = field(default_factory=dict)

    @property
    def name(self) -> str:
        """All settings in a line."""
        parts = [self.loss, self.optimizer, self.hidden]
        if self.penalties:
            parts.append({"name": "penalties", **self.penalties})
        return ", ".join(written(part) for part in parts)

    @property
    def problem(self) -> Problem:
        """What the loss is for."""
        return PROBLEMS[self.table][TASKS.get(self.loss["name"], "regression")]

    @property
    def class_weights(self) -> list[float] | None:
        """Of the classes in order."""
        given = self.loss.get("class_weight")
        return None if given is None else [given[label] for label in sorted(set(self.problem.labels))]

    def start(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """The weights (units, inputs) and biases (units,) of each layer before training."""
        rng = np.random.default_rng(SEED)
        layers = []
        for inputs, units in pairwise((len(self.problem.inputs), *self.problem.units)):
            bound = 1.0 / np.sqrt(inputs)
            layers.append((rng.uniform(-bound, bound, (units, inputs)), rng.uniform(-bound, bound, units)))
        return layers


def written(settings: Settings) -> str:
    """`adam`, `huber delta=0.5`, `sgd momentum=0.9 schedule=(step every=6)`."""
    options = (
        f"{key}=({written(value)})" if isinstance(value, dict) and "name" in value else f"{key}={value}"
        for key, value in settings.items()
        if key != "name"
    )
    return " ".join((settings["name"], *options))


DECAY = {"weight_decay": 0.02}
SGD = {"name": "sgd", "learning_rate": 0.05}
MOMENTUM = {**SGD, "momentum": 0.9}
ADAM = {"name": "adam", "learning_rate": 0.02}
RMSPROP = {"name": "rmsprop", "learning_rate": 0.005}
ADAGRAD = {"name": "adagrad", "learning_rate": 0.05}

OPTIMIZERS: list[Settings] = [
    SGD,
    MOMENTUM,
    {**MOMENTUM, "nesterov": True},
    {**SGD, **DECAY},
    {**MOMENTUM, **DECAY},
    {**MOMENTUM, "nesterov": True, **DECAY},
    {"name": "adam"},
    {**ADAM, **DECAY},
    {**ADAM, "beta1": 0.8, "beta2": 0.99, "epsilon": 1e-4},
    {"name": "adamw"},
    {"name": "adamw", "learning_rate": 0.02, "weight_decay": 0.5},
    {"name": "adamw", "beta1": 0.8, "beta2": 0.99, "epsilon": 1e-4, "weight_decay": 0.0},
    {"name": "rmsprop"},
    {**RMSPROP, **DECAY},
    {**RMSPROP, "momentum": 0.8},
    {**RMSPROP, "alpha": 0.9, "epsilon": 1e-3, "momentum": 0.8, "centered": True, **DECAY},
    {"name": "adagrad"},
    {**ADAGRAD, **DECAY},
    {**ADAGRAD, "learning_rate_decay": 0.01, "initial_accumulator_value": 0.1, "epsilon": 1e-3},
    *({**optimizer, "clip_norm": 0.3} for optimizer in (MOMENTUM, ADAM)),
]

SCHEDULES: list[Settings] = [
    {"name": "constant", "warmup": 4},
    {"name": "step", "every": 6},
    {"name": "step", "every": 6, "gamma": 0.5, "warmup": 4},
    {"name": "exponential", "gamma": 0.8},
    {"name": "exponential", "gamma": 0.8, "warmup": 4},
    {"name": "cosine", "over": 20},
    {"name": "cosine", "over": 16, "warmup": 4},
]

LOSSES: list[Settings] = [
    {"name": "mse"},
    {"name": "mae"},
    {"name": "huber"},
    {"name": "huber", "delta": 0.5},
    {"name": "binary_cross_entropy"},
    {"name": "cross_entropy"},
    {"name": "squared_error"},
    {"name": "half_squared_error"},
]

HIDDEN: list[Settings] = [
    {"name": "identity"},
    {"name": "relu"},
    {"name": "leaky_relu"},
    {"name": "leaky_relu", "slope": 0.2},
    {"name": "elu"},
    {"name": "elu", "alpha": 0.5},
    {"name": "gelu"},
    {"name": "silu"},
    {"name": "softplus"},
    {"name": "sigmoid"},
]

ACTIVATIONS: list[Settings] = [*HIDDEN, {"name": "tanh"}, {"name": "softmax"}]
# In rows of three for softmax. No 0, where relu has a kink, and nothing above 20, where PyTorch's
# softplus is z itself, 2e-9 below the function.
Z = np.array([[-30.0, -6.0, 15.0], [-2.5, -1.0, 6.0], [-0.3, -0.001, 2.5], [0.001, 0.3, 1.0]])
DA = np.linspace(-2.0, 3.0, 12).reshape(Z.shape)

INITIALIZERS: list[Settings] = [
    {"name": "glorot_uniform"},
    {"name": "glorot_normal"},
    {"name": "he_uniform"},
    {"name": "he_normal"},
    {"name": "zeros"},
    {"name": "uniform", "low": -1.0, "high": 3.0},
    {"name": "normal", "mean": 2.0, "std": 0.5},
    {"name": "constant", "value": 0.25},
]
DRAWN = (300, 500)  # units and inputs

PENALTIES: list[Settings] = [{"l1": 0.002}, {"l2": 0.02}, {"l1": 0.001, "l2": 0.01}]

# The loss that optimisers, schedules and activations are compared on, by table.
MAIN = {"iris": {"name": "cross_entropy"}, "diabetes": {"name": "mse"}, "digits": {"name": "cross_entropy"}}


def uneven(problem: Problem) -> dict[str, float]:
    """A weight of its own for each class."""
    return {label: 0.5 + number for number, label in enumerate(sorted(set(problem.labels)))}


def cases(table: str) -> list[Case]:
    """Every optimiser, schedule, loss, reduction, hidden activation, penalty and class weight on a table."""
    main = MAIN[table]
    summed = [{**loss, "reduction": "sum"} for loss in LOSSES]
    slow = {**MOMENTUM, "learning_rate": 0.0005}  # a sum's gradient is as many times larger as it has terms
    chosen = [
        *(Case(table, main, optimizer) for optimizer in OPTIMIZERS),
        *(
            Case(table, main, {**optimizer, "schedule": schedule})
            for optimizer in (MOMENTUM, ADAM)
            for schedule in SCHEDULES
        ),
        *(Case(table, loss, optimizer) for optimizer in (MOMENTUM, ADAM) for loss in LOSSES),
        *(Case(table, loss, optimizer) for optimizer in (slow, ADAM) for loss in summed),
        *(Case(table, main, MOMENTUM, hidden) for hidden in HIDDEN),
        *(
            Case(table, {**loss, "class_weight": weights}, optimizer)
            for name in TASKS
            for weights in [uneven(PROBLEMS[table][TASKS[name]])]
            for loss, optimizer in (({"name": name}, MOMENTUM), ({"name": name, "reduction": "sum"}, ADAM))
        ),
        *(
            Case(table, loss, {**optimizer, "clip_norm": 0.5}, penalties=penalties)
            for loss, optimizer in ((main, MOMENTUM), ({**main, "reduction": "sum"}, ADAM))
            for penalties in PENALTIES
        ),
    ]
    return [*{case.name: case for case in chosen}.values()]


# RMSprop at its default step makes some trainings on digits chaotic: PyTorch's own losses differ by
# 1e-7 after 20 epochs where the start is moved by one rounding.
GENTLE = {"sgd": 0.05, "adam": 0.002, "adamw": 0.002, "rmsprop": 0.001, "adagrad": 0.02}


def combinations(table: str) -> list[Case]:
    """Every loss with every optimiser and every schedule after a warm-up."""
    schedules = [schedule for schedule in SCHEDULES if "warmup" in schedule]
    return [
        Case(table, loss, {**optimizer, "learning_rate": GENTLE[optimizer["name"]], "schedule": schedule})
        for loss, optimizer, schedule in product(LOSSES, OPTIMIZERS, schedules)
    ]
