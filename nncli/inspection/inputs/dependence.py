"""Partial dependence: how predictions change as one input column is set to other values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nncli.data.columns import Dataset
from nncli.data.encoding import TRUTH, Boolean, Category, Date, Encoding
from nncli.data.preprocessing import as_dtype
from nncli.inference import evaluation
from nncli.inspection.inputs.importance import importance_of, some_rows
from nncli.nn.arrays import Array
from nncli.runs import Run
from nncli.tables.column import Column
from nncli.tables.dates import days

MOST_VALUES = 50
MOST_SINGLE_ROWS = 24
PERCENTILES = (2.5, 97.5)


@dataclass(frozen=True)
class InputValues:
    """Values that an input is set to, and how often they occur.

    Attributes
    ----------
    column : the input.
    values : numbers, or days since 1970, in ascending order, (values,); positions for categories.
    categories : names of the categories or of both truth values; empty for numbers and dates.
    occurring : known values of the evaluated rows, (rows,), as in `values`.
    """

    column: Encoding
    values: Array
    categories: tuple[str, ...]
    occurring: Array

    @property
    def name(self) -> str:
        """Name of the input."""
        return self.column.name

    @property
    def encoded(self) -> Array:
        """Network inputs of the values, (values, encoded)."""
        if isinstance(self.column, Date):
            return self.column.encode_days(self.values)
        return self.column.encode(Column(list(self.categories) if self.categories else self.values))


@dataclass(frozen=True)
class Dependence:
    """Predictions of the evaluated rows as one input is set to each of several values.

    Attributes
    ----------
    over : the input and its values.
    means : mean predictions over the rows, (values, outputs).
    curves : predictions of some of the rows, (values, curves, outputs).
    rows : positions of these rows among all that were evaluated, (curves,).
    used : number of evaluated rows, fewer than the set has if it is very large.
    """

    over: InputValues
    means: Array
    curves: Array
    rows: Array
    used: int


def partial_dependence(run: Run, inputs: Sequence[str]) -> list[Dependence]:
    """Predict the held-out rows with one input at a time set to each of its values.

    The rows are those of the test set, without one of the validation set, else of the training set. The
    values of a number or a date are all that occur, or if there are many, 50 from the 2.5 to the 97.5
    percentile. Those of other inputs are all categories of the training set.

    References
    ----------
    Friedman (2001), Greedy function approximation, Annals of Statistics 29(5); Goldstein, Kapelner, Bleich &
    Pitkin (2015), Peeking inside the black box, Journal of Computational and Graphical Statistics 24(1);
    `sklearn.inspection.partial_dependence`, with `method="brute", kind="both"`.
    """
    _, held_out = evaluation.part(run)
    columns = {column.name: column for column in run.model.columns.preprocessing.columns}
    chosen = [input_values(columns[name], held_out) for name in inputs]
    data = some_rows(run, held_out, passes=sum(len(over.values) for over in chosen))
    return [_dependence(run, data, over) for over in chosen]


def most_important(run: Run, count: int) -> list[str]:
    """Return the names of the inputs with the largest permutation importance, the first one first."""
    inputs = run.model.columns.inputs
    if len(inputs) == 1:
        return list(inputs)
    found = importance_of(run)
    return [found.inputs[position] for position in found.order[:count]]


def input_values(column: Encoding, data: Dataset) -> InputValues:
    """Return the values that an input is set to, chosen from those of a data set."""
    cells = data.table.typed[column.name]
    if isinstance(column, Category):
        labels = cells.labels(numeric=column.numeric)
        at = {name: float(position) for position, name in enumerate(column.categories)}
        return _of_categories(column, column.categories, [at[label] for label in labels if label in at])
    if isinstance(column, Boolean):
        truth = [(cell, TRUTH[cell.lower()]) for cell in cells.texts if cell.lower() in TRUTH]
        spellings = (
            _most_frequent([cell for cell, value in truth if value == 0.0], "false"),
            _most_frequent([cell for cell, value in truth if value == 1.0], "true"),
        )
        return _of_categories(column, spellings, [value for _, value in truth])
    values = days(cells.texts, column.order) if isinstance(column, Date) else cells.numbers
    known = values[np.isfinite(values)]
    if not len(known):  # all are missing, so all rows have the value that replaces them
        known = np.array([column.fill or 0.0])
    return InputValues(column, _spread(known, whole=_in_days(column)), (), known)


def _of_categories(column: Encoding, names: tuple[str, ...], occurring: Sequence[float]) -> InputValues:
    return InputValues(column, np.arange(float(len(names))), names, np.array(occurring, dtype=np.float64))


def _most_frequent(cells: Sequence[str], default: str) -> str:
    return Counter(cells).most_common(1)[0][0] if cells else default


def _in_days(column: Encoding) -> bool:
    return isinstance(column, Date) and "hour" not in column.parts


def _spread(known: Array, *, whole: bool) -> Array:
    """Return the different values, or if there are many, evenly spaced ones between two percentiles."""
    different = np.unique(known)
    if len(different) <= MOST_VALUES:
        return different
    low, high = np.percentile(known, PERCENTILES)
    if low == high:  # nearly all values are the same
        return different[np.unique(np.linspace(0, len(different) - 1, MOST_VALUES).astype(np.intp))]
    values = np.linspace(low, high, MOST_VALUES)
    return np.unique(np.round(values)) if whole else values


def _dependence(run: Run, data: Dataset, over: InputValues) -> Dependence:
    block = run.model.columns.preprocessing.blocks[over.name]
    rows = np.unique(np.linspace(0, len(data) - 1, min(len(data), MOST_SINGLE_ROWS)).astype(np.intp))
    X, means, curves = data.X.copy(), [], []
    for encoded in as_dtype(over.encoded, run.model.columns.preprocessing.dtype):
        X[:, block] = encoded
        A = run.model.outputs(X)
        means.append(A.mean(axis=0))
        curves.append(A[rows])
    return Dependence(over, np.array(means), np.array(curves), rows, len(data))
