"""Roles of a table's columns: inputs, targets, and the task that they set."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Literal

import numpy as np

from nncli.data.preprocessing import Preprocessing
from nncli.data.sources import evaluate_targets
from nncli.expressions import ExpressionError
from nncli.messages.errors import DataError
from nncli.messages.suggestions import suggestion
from nncli.messages.wording import counted, listed, shown
from nncli.nn.arrays import Array
from nncli.tables.column import BOOLEANS, INSTEAD_OF_TEXT, Column, is_number
from nncli.tables.notation import PLAIN_NOTATION, Notation
from nncli.tables.settings import DETECTED, ReadConfig
from nncli.tables.table import CellError, Misfit, Table, date_error

MOST_NUMBERED_CLASSES = 10  # different whole numbers in a target: the digits 0 to 9 are classes
ROWS_PER_CLASS = 5  # on average; few whole numbers in fewer rows are numbers

ABOUT_POSITIVE = ("precision", "recall", "f1", "auc")  # metrics of the positive class of a binary task

Task = Literal["regression", "binary", "multiclass", "multilabel"]


@dataclass(frozen=True)
class Roles:
    """Input and target columns, and the task.

    Attributes
    ----------
    task : meaning of the outputs: values, the probability of the second class, a probability for each of
        several exclusive classes, or a probability for each of several independent labels.
    classes : labels of a classification target in the order of their codes, sorted unless the positive one of
        two is chosen; for several 0/1 target columns, their names.
    formulas : target -> expression of the inputs, if the data come from formulas.
    notations : input or target -> how its numbers are written, unless that is plain.
    read : settings of the format of the file, for later tables too.
    threshold : probability from which a row of a binary task is predicted to be of the second class.
    """

    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    task: Task
    classes: tuple[str, ...] = ()
    id: str | None = None
    formulas: Mapping[str, str] = field(default_factory=dict)
    notations: Mapping[str, Notation] = field(default_factory=dict)
    read: ReadConfig = DETECTED
    threshold: float = 0.5

    @property
    def outputs(self) -> int:
        """Number of units of the last layer."""
        return len(self.classes) if self.task == "multiclass" else len(self.targets)

    @property
    def labelled(self) -> bool:
        """True if one target column names the class of each row."""
        return bool(self.classes) and len(self.targets) == 1

    @property
    def positive(self) -> str | None:
        """Class of a binary task whose probability is the output; None for other tasks."""
        return self.classes[1] if self.task == "binary" else None

    def named(self, metric: str) -> str:
        """Return the name of a metric with the class that it is about: `f1 (fraud)`.

        Classes 0 and 1 are not named, because 1 is expected to be the positive one.
        """
        about = metric.rpartition("_")[2] in ABOUT_POSITIVE and self.classes != ("0", "1")
        return f"{metric} ({shown(self.positive)})" if about and self.positive else metric

    def require_threshold(self, threshold: float | None) -> float:
        """Return the threshold to use; None is that of the roles.

        Raises
        ------
        DataError
            If one is given, and the task is not binary.
        """
        if threshold is None:
            return self.threshold
        if self.task != "binary":
            hint = "remove the threshold; it applies to two classes"
            problem = f"a threshold ({threshold:g}) cannot be used, because the task is {self.task}"
            raise DataError(problem, hint=hint)
        return threshold

    def require_probabilities(self) -> None:
        """Raise DataError if the outputs are not probabilities."""
        if self.task == "regression":
            raise DataError(
                "a regression network predicts values, not probabilities",
                hint="remove --proba (in Python: proba); it applies to classes",
            )

    def Y(self, table: Table) -> Array:
        """Return targets (n, outputs) in their own units; labels as 0/1 for two classes, one-hot for more.

        Raises
        ------
        DataError
            If a column is missing, a cell is not a number, or a label is not one of the classes.
        """
        table.require(self.targets)
        table = table.noted(self.notations)
        if self.task == "multilabel":
            _require_flags(table, self.targets)
        if not self.labelled:
            with _at_target():
                return np.column_stack([table.numbers(name) for name in self.targets])
        codes = self._codes(table)
        if self.task == "binary":
            return codes[:, np.newaxis].astype(np.float64)
        one_hot = np.zeros((len(codes), len(self.classes)))
        one_hot[np.arange(len(codes)), codes] = 1.0
        return one_hot

    def usable_targets(self, table: Table) -> Array:
        """Return a mask of the rows (n,) of a table whose targets `Y` can read."""
        table = table.noted(self.notations)
        if self.labelled:
            classes = {*self.classes}
            return np.array([label in classes for label in self._cells(table)], dtype=bool)
        values = np.column_stack([table.typed[name].numbers for name in self.targets])
        usable = np.isin(values, (0.0, 1.0)) if self.task == "multilabel" else np.isfinite(values)
        return np.asarray(usable.all(axis=1))

    def _cells(self, table: Table) -> Sequence[str]:
        """Return the cells of the target, written as the classes are where they are one of them."""
        # By the classes, not the cells: a part of a table may hold 1.0 alone where another has text too.
        labels = table.typed[self.targets[0]].labels(numeric=all(map(is_number, self.classes)))
        if {*self.classes} in BOOLEANS:  # in any case, as booleans are written
            return [label if label in self.classes else label.lower() for label in labels]
        return labels

    def _codes(self, table: Table) -> Array:
        (target,) = self.targets
        position = {label: code for code, label in enumerate(self.classes)}
        labels = self._cells(table)
        for row, label in enumerate(labels):
            if label not in position:
                raise table.cell_error(row, target, *_no_class(label, self.classes))
        return np.array([position[label] for label in labels])

    def labels(self, table: Table) -> list[str] | None:
        """Return the class of each row, or None if the target is not one column of labels."""
        return [self.classes[code] for code in self._codes(table)] if self.labelled else None

    def has_targets(self, table: Table) -> bool:
        """Tell whether a table has every target column."""
        return all(name in table.columns for name in self.targets)

    def expected(self, table: Table) -> Array | None:
        """Return the formulas' values (n, targets) at any inputs; None if inputs do not determine them."""
        if not self.formulas:
            return None
        try:
            values = evaluate_targets(self.formulas, {name: table.numbers(name) for name in self.inputs})
        except ExpressionError:  # a formula of a column that is not an input of this run
            return None
        return np.column_stack([values[name] for name in self.targets])


@dataclass(frozen=True)
class Columns(Roles):
    """Roles with the preprocessing fitted on the training set, to read any later table in the same way."""

    _: KW_ONLY
    preprocessing: Preprocessing

    @property
    def encoded(self) -> tuple[str, ...]:
        """Names of the network's inputs."""
        return self.preprocessing.encoded

    def X(self, table: Table) -> Array:
        """Return the network's inputs (n, encoded); columns are found by name.

        Raises
        ------
        DataError
            If a column is missing, or at the first invalid cell.
        """
        return self.preprocessing.X(table.noted(self.notations))

    def unscaled(self, A: Array) -> Array:
        """Return outputs (..., n, outputs) in the targets' own units; unchanged for classes."""
        return self.preprocessing.unscaled(A)


@dataclass(frozen=True)
class Dataset:
    """Table as arrays, rows in file order.

    Attributes
    ----------
    X : the network's inputs, (n, encoded).
    Y : scaled targets, (n, outputs).
    expected : targets in their own units, (n, outputs).
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
        """Return the inputs and targets of a table as arrays."""
        expected = columns.Y(table)
        return cls(table, columns, columns.X(table), columns.preprocessing.scaled(expected), expected)

    def part(self, rows: Array) -> Dataset:
        """Return some rows, by their positions."""
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
    output_activation: str | None,
    formulas: Mapping[str, str],
    others: Collection[str | None] = (),
    read: ReadConfig = DETECTED,
    positive: bool | float | str | None = None,
) -> Roles:
    """Give every column its role.

    Inputs default to all columns but targets, id, `others` and the index of a data frame.

    `task: auto`: softmax or several text labels -> multiclass; one sigmoid with two labels or 0/1 -> binary;
    sigmoids for several 0/1 columns that do not sum to 1 in every row -> multilabel; else regression.
    Without an output activation, the targets alone decide, as for `nncli init`.

    `positive` names the second class of a binary task (default: the second in sorted order).

    Raises
    ------
    Misfit
        If a column is missing, or the targets do not fit the task.
    CellError
        If a target holds dates, unless the task treats them as names.
    """
    chosen = input_names(table, inputs, targets, id, others)
    if task == "auto":
        for name in targets:
            if table.typed[name].kind == "date":
                raise date_error(
                    table,
                    name,
                    "choose another target, or set task: multiclass to treat each date as a class",
                )
        task = _guess(table, targets, output_activation)
    elif task == "multiclass" and len(targets) > 1 and output_activation == "sigmoid":
        _refuse_labels(table, targets)
    classes = _classes(table, targets, task)
    if positive is not None:
        classes = _with_positive_last(classes, positive, task)
    notations = _notations(table, (*chosen, *targets))
    roles = Roles(chosen, tuple(targets), task, classes, id, notations=notations, read=read)
    return roles if roles.labelled else replace(roles, formulas=dict(formulas))


def _with_positive_last(
    classes: tuple[str, ...], positive: bool | float | str, task: Task
) -> tuple[str, ...]:
    """Return the two classes of a binary task, the positive one last."""
    if task != "binary":
        raise Misfit(
            ("positive",),
            f"positive needs a target with two classes, but the task is {task}",
            hint="remove the key",
        )
    same = [label for label in classes if _is_same_label(label, positive)]
    if not same:
        given = str(positive).lower() if isinstance(positive, bool) else _number_as_text(positive)
        raise Misfit(
            ("positive",), f"no class named '{shown(given)}'", hint=suggestion(given, classes, "classes")
        )
    return (*(label for label in classes if label != same[0]), same[0])


@contextmanager
def _at_target() -> Iterator[None]:
    """Replace the hints for an input that is not a number, such as to remove its column."""
    try:
        yield
    except CellError as error:
        if (error.hint or "").startswith(INSTEAD_OF_TEXT):
            error.hint = "write a number, or remove the row; for classes, remove task: regression"
        raise


def _is_same_label(label: str, given: bool | float | str) -> bool:
    """Tell whether a label is the one that a config gives as text, number or boolean."""
    if isinstance(given, bool):
        return label.lower() == str(given).lower()
    text = _number_as_text(given)
    if is_number(label) and is_number(text):
        return float(label) == float(text)
    return label == text


def _number_as_text(given: float | str) -> str:
    return given if isinstance(given, str) else f"{given:.17g}"


def _notations(table: Table, names: Sequence[str]) -> Mapping[str, Notation]:
    found = {name: table.typed[name].notation for name in names}
    return {name: notation for name, notation in found.items() if notation != PLAIN_NOTATION}


def input_names(
    table: Table,
    inputs: Sequence[str] | None,
    targets: Sequence[str],
    id: str | None,
    others: Collection[str | None],
) -> tuple[str, ...]:
    """Return the input columns: those given, else all but targets, id, `others` and a data frame's index.

    Raises
    ------
    DataError
        If a column is missing, or no input is left.
    """
    table.require([*(inputs or ()), *targets, *([id] if id else [])])
    without = {*targets, id, *others}
    chosen = tuple(inputs or (name for name in table.names if name not in without and not is_index(name)))
    if not chosen:
        raise Misfit(
            ("targets",),
            f"no column is left as input; the only columns of {table.origin} are {listed(table.names)}",
        )
    return chosen


def is_index(name: str) -> bool:
    """Tell whether a column has a name that pandas gives to the index of a data frame."""
    return re.fullmatch(r"Unnamed: \d+(\.\d+)*|__index_level_\d+__", name) is not None


def _guess(table: Table, targets: Sequence[str], output_activation: str | None) -> Task:
    if output_activation is None:
        return _task_of(table, targets)
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


def _task_of(table: Table, targets: Sequence[str]) -> Task:
    """Guess the task from the targets alone: text, two whole numbers or a few of them are classes."""
    if len(targets) > 1:
        if not are_flags(table, targets):
            return "regression"
        return "multilabel" if other_sums(table, targets) else "multiclass"
    (target,) = targets
    column = table.typed[target]
    if column.kind != "number":
        return "binary" if len(set(_labels(table, target))) == 2 else "multiclass"
    values = np.unique(column.numbers)
    return task_of_numbers(values, len(table))


def task_of_numbers(values: Array, rows: int) -> Task:
    """Guess the task of a target with these different numbers (k,) in so many rows."""
    if len(values) == 2 and are_whole(values):
        return "binary"
    return "multiclass" if are_few_whole_numbers(values, rows) else "regression"


def are_few_whole_numbers(values: Array, rows: int) -> bool:
    """Tell whether different numbers (k,), at least three, may be class codes in so many rows."""
    few = 2 < len(values) <= MOST_NUMBERED_CLASSES and ROWS_PER_CLASS * len(values) <= rows
    return few and are_whole(values)


def are_whole(values: Array) -> bool:
    """Tell whether all numbers (k,) are whole."""
    return bool((values == np.trunc(values)).all())


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
                hint="remove task, or keep one target column",
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
            hint="use task: multiclass, with softmax and one unit per class",
        )
    return _sorted(labels)


def are_flags(table: Table, names: Sequence[str]) -> bool:
    """Tell whether every cell of these columns is 0 or 1."""
    return all(
        table.typed[name].is_numeric and bool(np.isin(table.typed[name].numbers, (0.0, 1.0)).all())
        for name in names
    )


def other_sums(table: Table, names: Sequence[str]) -> int:
    """Return the number of rows in which these numbers do not sum to 1; 0 for one-hot columns."""
    sums = np.sum([table.numbers(name) for name in names], axis=0)
    return int((sums != 1.0).sum())


def _refuse_labels(table: Table, targets: Sequence[str]) -> None:
    """Raise Misfit if rows of 0/1 columns have no class or several."""
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
                "write 1 in rows that have the label, else 0",
            )


def _labels(table: Table, name: str) -> Sequence[str]:
    """Return the column as labels: numbers in one form (1, 1.0 and 01 are one class), text unchanged."""
    if not table.typed[name].is_text:
        return Column(table.numbers(name)).texts
    column = table.typed[name]
    labels = column.texts
    if column.kind == "boolean" and len({*labels}) > 2:  # true, True and TRUE are one class
        labels = [label.lower() for label in labels]
    for row, label in enumerate(labels):
        if not label:
            raise table.cell_error(row, name, *_no_class(label))
    return labels


def _no_class(label: str, classes: Sequence[str] = ()) -> tuple[str, str]:
    """Return the problem of a cell that is not a class, and a hint."""
    if not label:
        return "the cell is empty", "give every row a class"
    return f"unknown class '{shown(label)}'", f"choose from the classes {listed(classes)}"


def _sorted(labels: set[str]) -> tuple[str, ...]:
    try:
        return tuple(sorted(labels, key=float))
    except ValueError:
        return tuple(sorted(labels))
