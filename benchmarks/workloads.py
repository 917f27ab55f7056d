"""The workloads as data: what is trained, how much of it, and which ratio to other systems is the goal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

CORE, NUMBA, PYARROW = "nncli", "nncli with numba", "nncli with pyarrow"
UPDATES, NUMBA_UPDATES = f"{CORE}, updates alone", f"{NUMBA}, updates alone"
OURS = {"training": (CORE, NUMBA), "updates": (UPDATES, NUMBA_UPDATES)}  # without and with numba

Kind = Literal["train", "process", "predict", "read"]
Style = Literal["batch", "rows", "scalars"]


@dataclass(frozen=True)
class Goal:
    """A ratio to reach: another system's seconds, or its memory, divided by those of nncli.

    Attributes
    ----------
    core, extra : the least ratio with nncli's core dependencies, and with the extra `fast` (numba), or in
        workloads that read tables `tables` (pyarrow); None where there is none.
    part : what of nncli is timed: a training with its record, or its updates alone, as the others do them.
    """

    system: str
    core: float | None
    extra: float | None = None
    quantity: Literal["seconds", "memory"] = "seconds"
    part: Literal["training", "updates"] = "training"


@dataclass(frozen=True)
class Workload:
    """A training, or a prediction, that several systems do alike.

    Attributes
    ----------
    config : nncli's config; every other system takes its numbers from the experiment that it describes.
    systems : those that can do the same arithmetic, nncli aside.
    tolerance : largest relative difference of two final losses.
    kind : whether the training alone, the whole process, a prediction from file to file, or reading a table
        is timed.
    style : how the plain loop is written: on whole batches, on rows, or on single numbers.
    copies : how many times it is trained; those who can, train all of them together.
    """

    name: str
    title: str
    config: dict[str, Any]
    systems: tuple[str, ...]
    goals: tuple[Goal, ...]
    tolerance: float = 1e-6
    kind: Kind = "train"
    style: Style = "batch"
    copies: int = 1


def network(*layers: tuple[int, str], bias: str = "zeros") -> dict[str, Any]:
    """Layers of a config, each as units and activation, with normal initial weights."""
    return {
        "layers": [{"units": units, "activation": activation} for units, activation in layers],
        "weight_init": {"name": "normal", "mean": 0, "std": 1 if bias == "normal" else 0.3},
        "bias_init": bias,
    }


def table(rows: int, inputs: int, kind: Literal["number", "class"]) -> dict[str, Any]:
    """A table of random inputs with a target that depends on them: a number, or one of ten classes."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, inputs)).round(4)
    scores = X @ rng.normal(size=(inputs, 10 if kind == "class" else 1)) / inputs**0.5
    Y = scores.argmax(axis=1) if kind == "class" else np.sin(scores[:, 0])
    columns = [*(f"x{index}" for index in range(inputs)), "y"]
    lines = [[*x, y] for x, y in zip(X.tolist(), Y.tolist(), strict=True)]
    task = "multiclass" if kind == "class" else "regression"
    return {"columns": columns, "rows": lines, "targets": ["y"], "task": task}


def xor(epochs: int) -> dict[str, Any]:
    return {
        "dataset": "xor",
        "network": network((4, "sigmoid"), (1, "sigmoid"), bias="normal"),
        "loss": {"name": "binary_cross_entropy", "reduction": "sum"},
        "optimizer": {"name": "sgd", "learning_rate": 0.1},
        "training": {"epochs": epochs, "batch_size": "full", "shuffle": False},
    }


def one_row_at_a_time() -> dict[str, Any]:
    return {
        "dataset": "height_weight",
        "network": network((2, "sigmoid"), (1, "sigmoid"), bias="normal"),
        "loss": "mse",
        "optimizer": {"name": "sgd", "learning_rate": 0.5},
        "training": {"epochs": 10_000, "batch_size": 1, "shuffle": False},
    }


def linear_map() -> dict[str, Any]:
    return {
        "dataset": {
            "function": {
                "inputs": {"q1": [-1, 1], "q2": [-1, 1]},
                "targets": {"X1": "q1 + q2 - 1", "X2": "q1 - q2 + 1"},
                "samples": 1000,
            }
        },
        "network": network(*[(2, "identity")] * 3),
        "loss": {"name": "squared_error", "reduction": "sum"},
        "gradient": {"name": "finite_difference", "scheme": "central", "epsilon": 1e-6},
        "optimizer": {"name": "sgd", "learning_rate": 1e-4},
        "training": {"epochs": 10, "batch_size": "full", "shuffle": False},
    }


def wide_differences() -> dict[str, Any]:
    return {
        **linear_map(),
        "dataset": table(500, 8, "number"),
        "network": network((32, "tanh"), (32, "tanh"), (1, "identity")),
    }


def digits() -> dict[str, Any]:
    return {
        "dataset": {"name": "digits", "preprocessing": {"scale": "standard"}},
        "network": {**network((128, "relu"), (10, "softmax")), "weight_init": "he_uniform"},
        "loss": "cross_entropy",
        "optimizer": {"name": "adam", "learning_rate": 0.001},
        "training": {"epochs": 20, "batch_size": 32, "shuffle": True},
    }


def wide(optimizer: Literal["sgd", "adam"]) -> dict[str, Any]:
    return {
        "dataset": table(2048, 784, "class"),
        "network": {**network((512, "relu"), (512, "relu"), (10, "softmax")), "weight_init": "he_uniform"},
        "loss": "cross_entropy",
        "optimizer": {"name": optimizer, "learning_rate": {"sgd": 0.05, "adam": 0.001}[optimizer]},
        "training": {"epochs": 20, "batch_size": 128, "shuffle": True, "dtype": "float32", "threads": 1},
    }


def shuffled_rows() -> dict[str, Any]:
    return {
        "dataset": table(1000, 8, "number"),
        "network": network((16, "tanh"), (1, "identity")),
        "loss": "mse",
        "optimizer": {"name": "sgd", "learning_rate": 0.01},
        "training": {"epochs": 100, "batch_size": 1, "shuffle": True},
    }


def workloads() -> list[Workload]:
    """Every workload, in the order of the table."""
    return [
        Workload(
            "W1",
            "XOR, 2-4-1, full batch, 10,000 epochs",
            xor(10_000),
            ("sklearn", "pytorch", "jax", "plain", "c"),
            (
                Goal("sklearn", 12, 50),
                Goal("pytorch", 25, 120),
                Goal("c", None, 1 / 4, part="updates"),
            ),
        ),
        Workload(
            "W2",
            "2-2-1, one row at a time, 40,000 updates",
            one_row_at_a_time(),
            ("pytorch", "jax", "plain", "c"),
            (Goal("plain", 10, 40), Goal("pytorch", 200, 800), Goal("c", None, 1 / 2, part="updates")),
            style="scalars",
        ),
        Workload(
            "W3a",
            "finite differences, 2-2-2-2, 1,000 rows, 10 epochs",
            linear_map(),
            ("plain", "c"),
            (Goal("plain", 1000, 3500),),
            style="rows",
        ),
        Workload(
            "W3b",
            "finite differences, 8-32-32-1 tanh, 500 rows, 10 epochs",
            wide_differences(),
            ("plain", "c"),
            (Goal("plain", 7, 12),),
        ),
        Workload(
            "W4",
            "digits, 64-128-10, batch 32, Adam, 20 epochs",
            digits(),
            ("sklearn", "pytorch", "jax", "products"),
            (
                Goal("sklearn", 2.5, 4),
                Goal("sklearn", 2.5, 4, part="updates"),
                Goal("pytorch", 3, 5),
                Goal("pytorch", 3, 5, part="updates"),
                Goal("jax", None, 1),
                Goal("jax", None, 1, part="updates"),
            ),
            tolerance=1e-4,  # scikit-learn adds epsilon before it corrects the moments
        ),
        Workload(
            "W5",
            "784-512-512-10, float32, batch 128, 320 updates",
            wide("sgd"),
            ("sklearn", "pytorch", "jax", "products"),
            (
                Goal("pytorch", 1),
                Goal("pytorch", 1, part="updates"),
                Goal("products", 1 / 1.3),
                Goal("products", 1 / 1.3, part="updates"),
            ),
            tolerance=1e-3,
        ),
        Workload(
            "W5b",
            "the same with Adam",
            wide("adam"),
            ("sklearn", "pytorch", "jax"),
            (Goal("pytorch", None, 1.3), Goal("pytorch", None, 1.3, part="updates")),
            tolerance=1e-2,
        ),
        Workload(
            "W5c",
            "whole process: the training of W5 from a CSV file",
            wide("sgd"),
            (),
            (Goal(UPDATES, 1 / 1.3),),
            tolerance=1e-3,
            kind="process",
        ),
        Workload(
            "W6",
            "8-16-1 tanh, one row at a time, 100,000 shuffled updates",
            shuffled_rows(),
            ("pytorch", "jax", "c"),
            (Goal("pytorch", 25, 400), Goal("jax", None, 2)),
        ),
        Workload(
            "W7",
            "whole process: XOR, 1,000 epochs",
            xor(1000),
            ("sklearn", "pytorch"),
            (Goal("sklearn", 4), Goal("pytorch", 8)),
            kind="process",
        ),
        Workload(
            "W8",
            "whole process: predict 1,000,000 x 8, CSV to CSV",
            {"format": "csv"},
            ("pandas",),
            (Goal("pandas", 3), Goal("pandas", 2.5, quantity="memory")),
            tolerance=1e-9,
            kind="predict",
        ),
        Workload(
            "W8b",
            "whole process: predict 1,000,000 x 8, CSV to predictions as npy",
            {"format": "npy"},
            ("pandas",),
            (Goal("pandas", None, 2),),
            tolerance=1e-9,
            kind="predict",
        ),
        Workload(
            "W9",
            "50 trainings of XOR, 2-4-1, full batch, 1,000 epochs",
            xor(1000),
            ("alone", "sklearn", "jax", "c"),
            (Goal("alone", 50, 50),),
            copies=50,
        ),
        Workload(
            "W10",
            "whole process: read and check 1,000,000 x 20, CSV",
            {},
            ("read_csv",),
            (Goal("read_csv", 1 / 3, 1 / 1.2), Goal("read_csv", 1, quantity="memory")),
            kind="read",
        ),
    ]
