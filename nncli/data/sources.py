"""Sources of tables: built-in data sets, files, formulas and rows in the config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nncli.expressions import parse
from nncli.messages import wording
from nncli.nn.randomness import random_stream
from nncli.storage import resources
from nncli.tables.reading import parse_csv, read
from nncli.tables.settings import ReadConfig
from nncli.tables.table import Misfit, Table

# Each built-in name, as the equivalent mapping in a config.
LINEAR_INPUTS = {"q1": (-1.0, 1.0), "q2": (-1.0, 1.0)}
BUILTIN: dict[str, dict[str, Any]] = {
    "xor": {"file": "xor.csv", "targets": ["y"]},
    "not": {"file": "not.csv", "targets": ["y"]},
    "linear_map": {
        "function": {"inputs": LINEAR_INPUTS, "targets": {"X1": "q1 + q2 - 1", "X2": "q1 - q2 + 1"}}
    },
    "linear_map_nonlinear": {
        "function": {"inputs": LINEAR_INPUTS, "targets": {"X1": "q1 + q2**2 - 1", "X2": "q1 - q2 + 1"}}
    },
    "perceptron": {"file": "perceptron.csv", "targets": ["y"]},
    "worked_example": {"file": "worked_example.csv", "targets": ["t1", "t2"]},
    "height_weight": {"file": "height_weight.csv", "targets": ["class"], "id": "name"},
    "iris": {"file": "iris.csv", "targets": ["species"]},
    "diabetes": {"file": "diabetes.csv", "targets": ["progression"]},
    "digits": {"file": "digits.csv", "targets": ["digit"]},
    "voices": {"file": "voices.csv", "targets": ["disease"], "id": "patient"},
}
SAMPLES = 1000


def builtin_file(name: str) -> Table:
    """Return a table that ships with nncli."""
    text = (resources.folder("datasets") / name).read_text(encoding="utf-8")
    return parse_csv(text, f"datasets/{name}")


def data_file(path: Path, shown: str, given: ReadConfig) -> Table:
    """Read a user's file; `shown` is the path as written in the config."""
    return read(path, shown, given).detected(given)


def from_function(
    inputs: Mapping[str, tuple[float, float]],
    targets: Mapping[str, str],
    *,
    samples: int,
    noise: float,
    seed: int,
) -> Table:
    """Draw inputs uniformly from their ranges and compute the targets from their formulas.

    `noise` is the standard deviation of a normal error added to every target, in its units.

    Raises
    ------
    Misfit
        If a formula is not finite at a drawn input.
    ExpressionError
        If a formula cannot be parsed.
    """
    rng = random_stream(seed, "data")
    columns: dict[str, Any] = {name: rng.uniform(low, high, samples) for name, (low, high) in inputs.items()}
    for name, values in evaluate_targets(targets, columns).items():
        columns[name] = values + rng.normal(0.0, noise, samples) if noise else values
        if not np.isfinite(columns[name]).all():
            row = int(np.flatnonzero(~np.isfinite(columns[name]))[0])
            at = ", ".join(f"{key} = {columns[key][row]:.6g}" for key in inputs)
            raise Misfit(
                ("function", "targets", name),
                f"'{wording.shown(targets[name])}' is not finite at {at}",
                hint="narrow the input ranges to where the formula is finite, or correct it",
            )
    return Table("dataset.function", columns)


def evaluate_targets(targets: Mapping[str, str], columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of each formula at the given inputs, (n,)."""
    rows = len(next(iter(columns.values())))
    return {
        name: np.broadcast_to(np.asarray(parse(text, columns)(columns), dtype=np.float64), (rows,)).copy()
        for name, text in targets.items()
    }


def from_rows(columns: Sequence[str], rows: Sequence[Sequence[float | str]]) -> Table:
    """Return the table of rows written in the config; a column is text if one of its cells is."""
    cells: dict[str, Any] = {}
    for position, name in enumerate(columns):
        column = [row[position] for row in rows]
        if any(isinstance(cell, str) for cell in column):
            cells[name] = [str(cell) for cell in column]
        else:
            cells[name] = np.array(column, dtype=np.float64)
    return Table("dataset.rows", cells)
