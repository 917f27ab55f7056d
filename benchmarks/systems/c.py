"""The limit: a C program of our own with every size compiled in."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.problem import Array, Problem, Weights
from benchmarks.systems import child

CODES = {"identity": 0, "sigmoid": 1, "tanh": 2}
FLAGS = ["-O3", "-march=native", "-ffast-math"]


def compiler() -> str | None:
    """The C compiler that is present, if any."""
    return shutil.which("gcc") or shutil.which("cc")


def train(problem: Problem) -> tuple[float, Weights]:
    """Compile the program for the problem's sizes, run it and read its weights."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        program = place / "limit"
        source = Path(__file__).with_name("limit.c")
        found = compiler()
        if found is None:
            raise SystemExit("there is no C compiler")
        subprocess.run([found, *FLAGS, *sizes(problem), source, "-o", program, "-lm"], check=True)
        write(problem, place / "in")
        printed = subprocess.run(
            [program, place / "in", place / "out"], capture_output=True, text=True, check=True
        )
        return float(printed.stdout), read(problem, np.fromfile(place / "out"))


def sizes(problem: Problem) -> list[str]:
    """The sizes and options, as definitions for the compiler."""
    recipe = problem.recipe
    counts = [W.size + b.size for W, b in problem.weights]
    offsets = [sum(counts[:at]) for at in range(len(counts))]
    known = {
        "SIZES": ",".join(map(str, problem.sizes)),
        "ACTIVATIONS": ",".join(str(CODES[name]) for name in recipe.activations),
        "OFFSETS": ",".join(map(str, offsets)),
        "LAYERS": len(recipe.activations),
        "WIDEST": max(problem.sizes),
        "ROWS": len(problem.X),
        "BATCH": recipe.batch,
        "EPOCHS": len(problem.orders),
        "RATE": recipe.rate,
        "FACTOR": problem.factor(recipe.batch),  # every batch is of this size
        "SQUARED": int(recipe.loss == "squared"),
        "EPSILON": recipe.epsilon,
        "DIFFERENCES": int(recipe.epsilon > 0),
        "PARAMETERS": sum(counts),
    }
    return [f"-D{name}={value}" for name, value in known.items()]


def write(problem: Problem, path: Path) -> None:
    weights = [tensor.ravel() for pair in problem.weights for tensor in pair]
    numbers = np.concatenate([*weights, problem.X.ravel(), problem.Y.ravel()]).astype(np.float64)
    path.write_bytes(numbers.tobytes() + problem.orders.astype(np.int32).tobytes())


def read(problem: Problem, numbers: Array) -> Weights:
    weights, start = [], 0
    for W, b in problem.weights:
        middle, end = start + W.size, start + W.size + b.size
        weights.append((numbers[start:middle].reshape(W.shape), numbers[middle:end]))
        start = end
    return weights


if __name__ == "__main__":
    child.run(train)
