"""Guessed roles and kinds of a table's columns, the basis of a generated config."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nncli.data.columns import (
    ROWS_PER_CLASS,
    Task,
    are_few_whole_numbers,
    are_flags,
    assign,
    is_index,
    other_sums,
    task_of_numbers,
)
from nncli.data.encoding import MOST_CATEGORIES
from nncli.data.split import PART_NAMES
from nncli.messages.errors import DataError
from nncli.messages.wording import counted, listed, shown
from nncli.nn.arrays import Array
from nncli.scaffold.findings import findings
from nncli.tables.column import Column, ValueKind, is_number
from nncli.tables.dates import are_compact
from nncli.tables.table import Table

FIRST_COMPACT = 19_000_101  # the first date of eight digits
FEWEST_ROWS = 4
MOST_CATEGORIES_UNASKED = 50  # in a column, unless each has ROWS_PER_CATEGORY on average
ROWS_PER_CATEGORY = 20
MOST_REASONS = 5  # shown if no column is left as input
LARGEST_WHOLE = 2.0**53  # beyond it, float64 does not hold every integer
COUNTING_ROWS = 20  # from which a first column of 1, 2, 3 ... counts as row numbers

_NAMES_OF_IDS = re.compile(r"(?i:(.*[ _-])?(id|uuid|guid)|index|row_?names?)|.*[a-z](Id|ID)")
NAMED, TEXT, NUMBERED = "named like an id, unique values", "unique text in every row", "row numbers"
INDEX = "the index of a data frame"


@dataclass(frozen=True)
class InputProfile:
    """Profile of an input column.

    Attributes
    ----------
    missing : number of missing values.
    distinct : number of different values.
    codes : true if it has so few integers that they may be category codes.
    guessed : false if training would not detect the kind, so that the config must name it.
    """

    kind: ValueKind
    missing: int
    distinct: int
    codes: bool = False
    guessed: bool = True


@dataclass(frozen=True)
class Profile:
    """Roles of a table's columns, guesses with their reasons.

    Attributes
    ----------
    rows : number of rows with every target; `without_target` other rows lack one.
    why_task, why_id : reason of the guess; empty if set by the user.
    classes : class or label -> rows, in the order of the outputs; empty for a regression.
    left_out : column -> why it is not an input.
    split : column that divides the rows into sets, if there is one.
    positive : the rarer of two classes that are not numbers; None for other targets.
    notes : what is worth a look before training.
    """

    rows: int
    without_target: int
    targets: tuple[str, ...]
    task: Task
    why_task: str
    classes: Mapping[str, int]
    id: str | None
    why_id: str
    inputs: Mapping[str, InputProfile]
    left_out: Mapping[str, str]
    split: str | None = None
    positive: str | None = None
    notes: tuple[str, ...] = ()


def profile(table: Table, targets: Sequence[str], id: str | None = None, task: Task | None = None) -> Profile:
    """Guess the role and kind of every column.

    Parameters
    ----------
    id, task : as set by the user; None to guess.

    Raises
    ------
    DataError
        If a column is missing or has two roles, a target is not suitable, no column is left as input,
        or a cell is invalid.
    """
    table.require([*targets, *([id] if id else [])])
    twice = [name for name, count in Counter([*targets, id]).items() if count > 1]
    if twice:
        message = f"{table.origin}: {shown(str(twice[0]))} is named twice"
        raise DataError(message, hint="give every column one role")
    rows = _with_targets(table, targets)
    without_target = len(table) - len(rows)
    whole, table = table, table.take(rows) if without_target else table
    _check_targets(table, targets)
    split = _split_column(table, targets, id)
    inputs, left_out, named, why_id = _inputs(table, targets, id, split)
    # Rows without a target are predicted later, so their missing values count too.
    inputs = {
        name: replace(column, missing=int(whole.typed[name].missing(column.kind).sum()))
        for name, column in inputs.items()
    }
    guess, why_task = _task(table, targets, task)
    classes = _classes(table, targets, guess, list(inputs))
    return Profile(
        rows=len(table),
        without_target=without_target,
        targets=tuple(targets),
        task=guess,
        why_task=why_task,
        classes=classes,
        id=named,
        why_id=why_id,
        inputs=inputs,
        left_out=left_out,
        split=split,
        positive=_rarer(classes) if guess == "binary" else None,
        notes=tuple(findings(table, targets, inputs, guess)),
    )


def _with_targets(table: Table, targets: Sequence[str]) -> Sequence[int]:
    """Return the rows that have a value in every target."""
    known = np.ones(len(table), dtype=bool)
    for name in targets:
        missing = table.typed[name].missing(table.typed[name].kind_as_target)
        if 2 * missing.sum() > len(table):
            found = f"no value in {missing.sum():,} of {counted(len(table), 'row')}"
            message = f"{table.origin}: {shown(name)}: {found}"
            raise DataError(message, hint="use a target with a value in most rows")
        known &= ~missing
    rows: list[int] = np.flatnonzero(known).tolist()
    if len(rows) < FEWEST_ROWS:
        raise DataError(
            f"{table.origin}: {counted(len(rows), 'row')} with a target, too few to train on",
            hint=f"use at least {FEWEST_ROWS}; a network is useful from a few dozen rows",
        )
    return rows


def _check_targets(table: Table, targets: Sequence[str]) -> None:
    for name in targets:
        column = table.typed[name]
        if len(np.unique(column.numbers)) > 1:
            continue
        values = set(column.texts)
        if len(values) == 1:
            raise DataError(
                f"{table.origin}: {shown(name)}: '{shown(values.pop())}' in every row",
                hint="use another --target, because a constant needs no network",
            )


def _task(table: Table, targets: Sequence[str], asked: Task | None) -> tuple[Task, str]:
    """Return the task, and the reason if it is a guess."""
    if len(targets) > 1:
        return _task_of_several(table, targets, asked)
    if asked == "multilabel":
        raise DataError("multilabel needs at least two targets, found 1", hint="give --target for each label")
    (target,) = targets
    kind = table.typed[target].kind
    if asked == "regression" or (asked is None and kind in ("number", "date")):
        values = np.unique(table.numbers(target))
        if asked:
            return asked, ""
        return _task_of_numbers(values, len(table))
    different = 2 if kind == "boolean" else len(set(table.typed[target].texts))
    if 2 * different > len(table):
        found = f"{different:,} different values in {counted(len(table), 'row')} are too many for classes"
        message = f"{table.origin}: {shown(target)}: {found}"
        raise DataError(
            message, hint="use --task regression for numbers, or another --target; a class needs several rows"
        )
    if asked == "binary" and different != 2:
        hint = "use --task multiclass"
        raise DataError(
            f"{table.origin}: {shown(target)}: binary needs 2 classes, found {different}", hint=hint
        )
    if asked:
        return asked, ""
    return "binary" if different == 2 else "multiclass", f"the target has {different:,} different text values"


def _task_of_several(table: Table, targets: Sequence[str], asked: Task | None) -> tuple[Task, str]:
    """Return the task of several targets, and the reason: one-hot classes, labels, or values."""
    if asked == "binary":
        raise DataError(f"binary takes one target, found {len(targets)}", hint="give --target once")
    for name in targets:
        table.numbers(name)
    if asked == "regression":
        return asked, ""
    flags = are_flags(table, targets)
    mixed = other_sums(table, targets)
    if asked == "multiclass" and (mixed or not flags):
        raise _no_one_hot(table, targets, flags=flags, rows=mixed)
    if asked:
        return asked, ""
    if not flags:
        return "regression", "several targets"
    if mixed:
        return "multilabel", f"0/1 columns; in {counted(mixed, 'row')}, none or several of them are 1"
    return "multiclass", "0/1 columns, exactly one of them 1 in every row"


def _no_one_hot(table: Table, targets: Sequence[str], *, flags: bool, rows: int) -> DataError:
    """Return the error of targets that are not one-hot: numbers other than 0 and 1, or rows of other sums."""
    message = (
        f"{table.origin}: multiclass needs exactly one of {listed(targets)} to be 1 in every row, else 0"
    )
    if not flags:
        return DataError(message, hint="use --task regression for targets that are numbers")
    found = f"{message}; {rows:,} of {counted(len(table), 'row')} have none or several"
    return DataError(found, hint="use --task multilabel")


def _task_of_numbers(values: Array, rows: int) -> tuple[Task, str]:
    """Return the task of a target with these different numbers (k,), ascending, and the reason."""
    task = task_of_numbers(values, rows)
    reasons = {
        "binary": f"the target has only {values[0]:g} and {values[-1]:g}",
        "multiclass": f"the target has {len(values)} different whole numbers",
    }
    return task, reasons.get(task, f"the target has {len(values):,} different numbers")


def _classes(table: Table, targets: Sequence[str], task: Task, inputs: Sequence[str]) -> Mapping[str, int]:
    """Return the number of rows of each label, as read in training."""
    roles = assign(
        table, inputs=inputs, targets=targets, id=None, task=task, output_activation="", formulas={}
    )
    labels = roles.labels(table)
    if labels is None:
        return {name: int(table.numbers(name).sum()) for name in roles.classes}
    counts = Counter(labels)
    return {label: counts[label] for label in roles.classes}


def _rarer(classes: Mapping[str, int]) -> str | None:
    """Return the rarer of two classes, of equal ones the second; None if they are numbers."""
    if all(map(is_number, classes)):
        return None
    first, second = classes
    return first if classes[first] < classes[second] else second


def _inputs(
    table: Table, targets: Sequence[str], id: str | None, split: str | None
) -> tuple[Mapping[str, InputProfile], Mapping[str, str], str | None, str]:
    """Return the inputs, the columns left out with reasons, the id and its reason."""
    inputs: dict[str, InputProfile] = {}
    left_out: dict[str, str] = {}
    why_id = ""
    for name in table.names:
        if name in targets or name in (id, split):
            continue
        if split is not None and names_sets(table, name):
            left_out[name] = "names the training and other sets, too"
            continue
        if is_index(name):
            left_out[name] = INDEX
            continue
        if reason := _names_the_rows(table, name):
            if id is None:
                id, why_id = name, reason
            else:
                left_out[name] = reason
            continue
        found = _input(table, name)
        if isinstance(found, InputProfile):
            inputs[name] = found
        else:
            left_out[name] = found
    if not inputs and id is not None and why_id == NUMBERED:
        inputs, id, why_id = {id: InputProfile("number", 0, len(table))}, None, ""
    if not inputs:
        reasons = {**({id: why_id or "the id"} if id else {}), **left_out}
        hint = "; ".join(f"{shown(name)}: {why}" for name, why in list(reasons.items())[:MOST_REASONS])
        raise DataError(f"{table.origin}: no column is left as input", hint=hint or "add input columns")
    return inputs, left_out, id, why_id


def _names_the_rows(table: Table, name: str) -> str:
    """Return why a column seems to identify the rows; empty if it does not."""
    column = table.typed[name]
    if _NAMES_OF_IDS.fullmatch(name):
        return NAMED if _all_different(column.texts) else ""
    if column.kind == "category":
        return TEXT if _all_different(column.texts) else ""
    if column.kind == "number" and name == table.names[0] and len(column) >= COUNTING_ROWS:
        values = column.numbers
        if values[0] in (0.0, 1.0) and (np.diff(values) == 1.0).all():
            return NUMBERED
    return ""


def _all_different(cells: Sequence[str]) -> bool:
    """Tell whether each cell has a text that no other has."""
    return all(cells) and len(set(cells)) == len(cells)


def _input(table: Table, name: str) -> InputProfile | str:
    """Return the profile of an input column, or why it is not an input."""
    column, rows = table.typed[name], len(table)
    kind = column.kind
    if kind == "number" and column.numbers.min() >= FIRST_COMPACT and are_compact(column.texts):
        kind = "date"
    missing = column.missing(kind)
    count = int(missing.sum())
    if 2 * count > rows:
        return f"no value in {count:,} of {counted(rows, 'row')}"
    if kind == "number":
        found = _number(table, name, missing)
        if isinstance(found, str):
            return found
        kind = found.kind
    else:
        given = _given(column, missing)
        different = len({cell.lower() for cell in given} if kind == "boolean" else set(given))
        found = InputProfile(kind, count, different, guessed=kind != "date")
    if found.distinct == 1:
        return f"'{shown(_given(column, missing)[0])}' in every row" + (" that has a value" if count else "")
    if kind == "category" and 2 * found.distinct > rows:
        return f"{found.distinct:,} different text values in {counted(rows, 'row')}"
    most = max(MOST_CATEGORIES_UNASKED, min(MOST_CATEGORIES, rows // ROWS_PER_CATEGORY))
    if kind == "category" and found.distinct > most:
        return f"{found.distinct:,} categories in {counted(rows, 'row')}"
    return found


def _given(column: Column, missing: Array) -> list[str]:
    """Return the cells that have a value; not for all numbers, whose text takes ten times their memory."""
    return [cell for cell, none in zip(column.texts, missing, strict=True) if not none]


def _number(table: Table, name: str, missing: Array) -> InputProfile | str:
    """Return the profile of a column of numbers, or why it is not an input.

    A few texts among the numbers make it categories, if each has several rows.
    """
    values = table.typed[name].numbers
    invalid = np.flatnonzero(~np.isfinite(values) & ~missing)
    if len(invalid):
        cell = table.text(int(invalid[0]), name)
        if is_number(cell):
            return f"'{shown(cell)}' among its numbers"
        different = len({*table.typed[name].texts})
        if different > MOST_CATEGORIES_UNASKED or ROWS_PER_CLASS * different > len(table):
            return f"text among its numbers, such as '{shown(cell)}'"
        return InputProfile("category", int(missing.sum()), different, guessed=False)
    distinct = np.unique(values[~missing])
    if np.abs(distinct).max(initial=0.0) >= LARGEST_WHOLE:
        written = len({*_given(table.typed[name], missing)})
        if len(distinct) < written:
            return f"{written:,} different numbers, of which float64 distinguishes {len(distinct):,}"
    codes = are_few_whole_numbers(distinct, len(table))
    return InputProfile("number", int(missing.sum()), len(distinct), codes)


def _split_column(table: Table, targets: Sequence[str], id: str | None) -> str | None:
    """Return the column whose cells name the training, validation or test set, if there is one."""
    for name in table.names:
        if name not in targets and name != id and names_sets(table, name):
            return name
    return None


def names_sets(table: Table, name: str) -> bool:
    """Tell whether the cells of a column name the training, validation or test set."""
    column = table.typed[name]
    parts = {PART_NAMES.get(cell.lower()) for cell in {*column.texts}} if column.kind == "category" else set()
    return None not in parts and "train" in parts and len(parts) > 1
