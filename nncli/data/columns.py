"""What the columns of a table mean to a network: which go in, which come out, and as what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Literal

import numpy as np

from nncli.data.preprocessing import Preprocessing
from nncli.data.sources import evaluate_targets
from nncli.expressions import ExpressionError
from nncli.messages.wording import counted, listed, shown
from nncli.nn.arrays import Array
from nncli.tables.column import Column, is_number
from nncli.tables.table import Misfit, Table, date_error

Task = Literal["regression", "binary", "multiclass", "multilabel"]


@dataclass(frozen=True)
class Roles:
    """Which columns go in, which come out, and what the targets mean.

    Attributes
    ----------
    task : what the outputs are: values, the probability of the second class, a share for each class of
        which a row has one, or a probability for each label of which a row may have any number.
    classes : the labels of a class task, sorted; with several 0/1 target columns their names.
    formulas : target -> expression of the inputs, where the data came from a formula.
    """

    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    task: Task
    classes: tuple[str, ...] = ()
    id: str | None = None
    formulas: Mapping[str, str] = field(default_factory=dict)

    @property
    def outputs(self) -> int:
        """How many units the last layer needs."""
        return len(self.classes) if self.task == "multiclass" else len(self.targets)

    @property
    def labelled(self) -> bool:
        """Whether one target column names the class of each row."""
        return bool(self.classes) and len(self.targets) == 1

    def Y(self, table: Table) -> Array:
        """The targets (n, outputs) in their own units; labels as 0/1 for two classes, one-hot for more.

        Raises
        ------
        DataError
            If a column is missing, a cell is no number, or a label was not among the classes.
        """
        table.require(self.targets)
        if self.task == "multilabel":
            _require_flags(table, self.targets)
        if not self.labelled:
            return np.column_stack([table.numbers(name) for name in self.targets])
        codes = self._codes(table)
        if self.task == "binary":
            return codes[:, np.newaxis].astype(np.float64)
        one_hot = np.zeros((len(codes), len(self.classes)))
        one_hot[np.arange(len(codes)), codes] = 1.0
        return one_hot

    def _codes(self, table: Table) -> Array:
        (target,) = self.targets
        position = {label: code for code, label in enumerate(self.classes)}
        # By the classes, not the cells: a part of a table may hold 1.0 alone where another has text too.
        labels = table.typed[target].labels(numeric=all(map(is_number, self.classes)))
        for row, label in enumerate(labels):
            if label not in position:
                raise table.cell_error(row, target, *_no_class(label, self.classes))
        return np.array([position[label] for label in labels])

    def labels(self, table: Table) -> list[str] | None:
        """The class of each row, where rows have one class each."""
        return [self.classes[code] for code in self._codes(table)] if self.labelled else None

    def has_targets(self, table: Table) -> bool:
        """Whether a table holds what the outputs can be compared with."""
        return all(name in table.columns for name in self.targets)

    def expected(self, table: Table) -> Array | None:
        """The formulas' values (n, targets) at any inputs; None where inputs do not tell them."""
        if not self.formulas:
            return None
        try:
            values = evaluate_targets(self.formulas, {name: table.numbers(name) for name in self.inputs})
        except ExpressionError:  # a formula of a column that is no input of this run
            return None
        return np.column_stack([values[name] for name in self.targets])


@dataclass(frozen=True)
class Columns(Roles):
    """Roles with what was fitted on the training rows: enough to read any later table in the same way."""

    _: KW_ONLY
    preprocessing: Preprocessing

    @property
    def encoded(self) -> tuple[str, ...]:
        """The names of the network's inputs."""
        return self.preprocessing.encoded

    def X(self, table: Table) -> Array:
        """What the network gets (n, encoded), columns found by name.

        Raises
        ------
        DataError
            If a column is missing, or at the first cell that cannot be used.
        """
        return self.preprocessing.X(table)

    def unscaled(self, A: Array) -> Array:
        """Outputs (n, outputs) in the targets' own units; of classes as they are."""
        return self.preprocessing.unscaled(A)


@dataclass(frozen=True)
class Dataset:
    """A table read as arrays, rows in file order.

    Attributes
    ----------
    X : what the network gets, (n, encoded).
    Y : what it learns to give, (n, outputs).
    expected : the same in the targets' own units.
    """

    table: Table
    columns: Columns
    X: Array
    Y: Array
    expected: Array

    def __len__(self) -> int:
        return len(self.X)

    @classmethod
    def read(cls, table: Table, columns: Columns) -> Dataset:
        """Both sides of a table."""
        expected = columns.Y(table)
        return cls(table, columns, columns.X(table), columns.preprocessing.scaled(expected), expected)

    def part(self, rows: Array) -> Dataset:
        """Some rows, by their positions."""
        if len(rows) == len(self):
            return self
        table = self.table.take(rows)
        return Dataset(table, self.columns, self.X[rows], self.Y[rows], self.expected[rows])


def assign(
    table: Table,
    *,
    inputs: Sequence[str] | None,
    targets: Sequence[str],
    id: str | None,
    task: Task | Literal["auto"],
    output_activation: str,
    formulas: Mapping[str, str],
    split: str | None = None,
) -> Roles:
    """Give every column its role; inputs default to all that are neither target, id nor name the part.

    `task: auto`: softmax or several text labels -> multiclass; one sigmoid with two labels or 0/1 -> binary;
    sigmoids for several 0/1 columns that do not sum to 1 in every row -> multilabel; else regression.

    Raises
    ------
    Misfit
        If a column is missing, or the targets do not fit the task.
    CellError
        If a target holds dates, unless the task says that they are names.
    """
    chosen = input_names(table, inputs, targets, id, split)
    if task == "auto":
        for name in targets:
            if table.typed[name].kind == "date":
                raise date_error(table, name, "task: multiclass")
        task = _guess(table, targets, output_activation)
    elif task == "multiclass" and len(targets) > 1 and output_activation == "sigmoid":
        _refuse_labels(table, targets)
    classes = _classes(table, targets, task)
    roles = Roles(chosen, tuple(targets), task, classes, id)
    return roles if roles.labelled else replace(roles, formulas=dict(formulas))


def input_names(
    table: Table, inputs: Sequence[str] | None, targets: Sequence[str], id: str | None, split: str | None
) -> tuple[str, ...]:
    """The columns that go in: those given, else all that are neither target, id nor name the part.

    Raises
    ------
    DataError
        If a column is missing, or none is left.
    """
    table.require([*(inputs or ()), *targets, *([id] if id else [])])
    chosen = tuple(inputs or (name for name in table.names if name not in {*targets, id, split}))
    if not chosen:
        raise Misfit(("targets",), f"no column is left as input; {table.origin} has {listed(table.names)}")
    return chosen


def _guess(table: Table, targets: Sequence[str], output_activation: str) -> Task:
    if output_activation == "softmax":
        return "multiclass"
    if len(targets) > 1:
        flags = output_activation == "sigmoid" and are_flags(table, targets)
        return "multilabel" if flags and other_sums(table, targets) else "regression"
    (target,) = targets
    column = table.typed[target]
    numeric = column.is_numeric
    if output_activation == "sigmoid":
        labels = set(column.texts if numeric and column.is_text else _labels(table, target))
        if labels <= {"0", "1"} or (len(labels) == 2 and not numeric):
            return "binary"
    return "regression" if numeric else "multiclass"


def _classes(table: Table, targets: Sequence[str], task: Task) -> tuple[str, ...]:
    if task == "regression":
        return ()
    if task == "multilabel":
        if len(targets) == 1:
            raise Misfit(
                ("task",), "multilabel needs at least two target columns, found 1", hint="set task: binary"
            )
        _require_flags(table, targets)
    if len(targets) > 1:
        if task == "binary":
            raise Misfit(
                ("task",),
                f"binary takes one target column, found {len(targets)}",
                hint="leave task out, or name one column",
            )
        return tuple(targets)
    labels = set(_labels(table, targets[0]))
    if task == "binary" and labels <= {"0", "1"}:
        return ("0", "1")  # also where only one of them occurs
    if task == "binary" and len(labels) != 2:
        raise Misfit(
            ("task",),
            f"binary needs two classes, but {shown(targets[0])} has {counted(len(labels), 'class')}:"
            f" {listed(_sorted(labels))}",
            hint="multiclass takes any number, with softmax and a unit for each",
        )
    return _sorted(labels)


def are_flags(table: Table, names: Sequence[str]) -> bool:
    """Whether every cell of these columns is 0 or 1."""
    return all(
        table.typed[name].is_numeric and bool(np.isin(table.typed[name].numbers, (0.0, 1.0)).all())
        for name in names
    )


def other_sums(table: Table, names: Sequence[str]) -> int:
    """In how many rows these columns of numbers do not sum to 1; 0 for one-hot columns."""
    sums = np.sum([table.numbers(name) for name in names], axis=0)
    return int((sums != 1.0).sum())


def _refuse_labels(table: Table, targets: Sequence[str]) -> None:
    """Raise Misfit where rows of 0/1 columns have no class or several, under a sigmoid for each."""
    if are_flags(table, targets) and (rows := other_sums(table, targets)):
        raise Misfit(
            ("task",),
            f"multiclass needs exactly one class in each row, but {rows:,} of {counted(len(table), 'row')}"
            f" have none or several of {listed(targets)}",
            hint="set task: multilabel",
        )


def _require_flags(table: Table, names: Sequence[str]) -> None:
    """Raise CellError at the first cell that is neither 0 nor 1."""
    for name in names:
        values = table.numbers(name)
        for row in np.flatnonzero(~np.isin(values, (0.0, 1.0))).tolist():
            raise table.cell_error(
                row,
                name,
                f"expected 0 or 1, found {values[row]:g}",
                "a label is 1 in rows that have it, else 0",
            )


def _labels(table: Table, name: str) -> Sequence[str]:
    """The column as labels: numbers in one form (1, 1.0 and 01 are one class), text as it stands."""
    if not table.typed[name].is_text:
        return Column(table.numbers(name)).texts
    labels = table.typed[name].texts
    for row, label in enumerate(labels):
        if not label:
            raise table.cell_error(row, name, *_no_class(label))
    return labels


def _no_class(label: str, classes: Sequence[str] = ()) -> tuple[str, str]:
    """Why a cell names no class, and what to do."""
    if not label:
        return "the cell is empty", "every row needs a class"
    return f"class '{shown(label)}' is unknown", f"classes: {listed(classes)}"


def _sorted(labels: set[str]) -> tuple[str, ...]:
    try:
        return tuple(sorted(labels, key=float))
    except ValueError:
        return tuple(sorted(labels))
