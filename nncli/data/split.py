"""Which rows are for training, which for validation and which for the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import cycle
from math import floor
from typing import Literal

import numpy as np

from nncli.data.settings import SplitConfig
from nncli.messages.suggestions import suggestion
from nncli.messages.wording import counted, shown
from nncli.nn.arrays import Array
from nncli.nn.randomness import random_stream
from nncli.tables.table import Misfit, Table

Part = Literal["train", "validation", "test"]

# What a cell of a column of parts may say, in any case.
PART_NAMES: dict[str, Part] = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}


@dataclass(frozen=True)
class Parts:
    """Rows of a table, from 0 and in file order: each in one part, none in two."""

    train: Array
    validation: Array
    test: Array


def divide(table: Table, labels: Sequence[str] | None, split: SplitConfig, seed: int) -> Parts:
    """The parts of a table, drawn or as its column says; `labels` are the rows' classes, if any.

    Raises
    ------
    Misfit
        If a part that is asked for would be empty, or a class cannot be in every part.
    CellError
        If a cell of the column names no part.
    """
    if split.column is not None:
        return by_column(table, split.column)
    return drawn(len(table), labels, split, seed)


def by_column(table: Table, column: str) -> Parts:
    """The parts that the cells of a column name, see PART_NAMES."""
    key = ("split", "column")
    if column not in table.columns:
        problem = f"no column '{shown(column)}' in {table.origin}"
        raise Misfit(key, problem, hint=suggestion(column, table.names, "columns"))
    rows: dict[Part, list[int]] = {"train": [], "validation": [], "test": []}
    for row, cell in enumerate(table.typed[column].texts):
        part = PART_NAMES.get(cell.lower())
        if part is None:
            problem = f"'{shown(cell)}' is no part" if cell else "the cell is empty"
            raise table.cell_error(row, column, problem, "write train, validation or test")
        rows[part].append(row)
    if not rows["train"]:
        raise Misfit(key, f"'{shown(column)}' leaves no row for training", hint="write train in some rows")
    return Parts(**{part: np.array(found, dtype=np.intp) for part, found in rows.items()})


def drawn(rows: int, labels: Sequence[str] | None, split: SplitConfig, seed: int) -> Parts:
    """Parts of exactly the sizes asked for, drawn from a random stream of their own.

    The test part is drawn first, so that it stays as it is whatever is asked for validation. Stratified,
    each class gives its share of a part, rounded by largest remainders, and keeps a row for training.
    """
    stratified = split.stratify is True or (split.stratify == "auto" and labels is not None)
    classes = labels if stratified else None
    if stratified and classes is None:
        raise Misfit(
            ("split", "stratify"),
            "stratify needs one target column that names the class of each row",
            hint="set stratify: auto or false",
        )
    sizes = {
        "test": _size("test", split.test, rows),
        "validation": _size("validation", split.validation, rows),
    }
    held_out = sum(sizes.values())
    if held_out >= rows:
        problem = (
            f"{counted(held_out, 'row')} for validation and test, of {rows:,}: none is left for training"
        )
        raise Misfit(("split",), problem, hint="give smaller parts")
    groups = _shuffled(rows, classes, seed)
    if classes is not None and held_out:
        _check_classes(groups, classes, sizes, rows)
    chosen: dict[str, list[Array]] = {"test": [], "validation": []}
    for part, size in sizes.items():
        taken = _allotted([len(group) for group in groups], size)
        chosen[part] = [group[:count] for group, count in zip(groups, taken, strict=True)]
        groups = [group[count:] for group, count in zip(groups, taken, strict=True)]
    return Parts(_in_order(groups), _in_order(chosen["validation"]), _in_order(chosen["test"]))


def _size(part: str, asked: float, rows: int) -> int:
    if asked == 0 or asked >= 1:
        return int(asked)
    # The share as it is written: 0.145 of 100 rows are 14.5 rows, as a float a little less.
    size = floor(Fraction(str(float(asked))) * rows + Fraction(1, 2))
    if size == 0:
        problem = f"{asked:g} of {counted(rows, 'row')} is less than half a row"
        raise Misfit(("split", part), problem, hint="give a larger share, or a number of rows")
    return size


def _shuffled(rows: int, labels: Sequence[str] | None, seed: int) -> list[Array]:
    """The rows of each class in random order, classes by their first row in it; one group without labels."""
    order = random_stream(seed, "split").permutation(rows)
    if labels is None:
        return [order]
    numbers: dict[str, int] = {}
    codes = [numbers.setdefault(labels[row], len(numbers)) for row in order.tolist()]
    by_class = order[np.argsort(codes, kind="stable")]
    return np.split(by_class, np.cumsum(np.bincount(codes))[:-1])


def _check_classes(groups: list[Array], labels: Sequence[str], sizes: dict[str, int], rows: int) -> None:
    """Raise Misfit where a class cannot be in every part, or not in training."""
    parts = 1 + sum(size > 0 for size in sizes.values())
    smallest = min(groups, key=len)
    if len(smallest) < parts:
        label = shown(labels[int(smallest[0])])
        raise Misfit(
            ("split", "stratify"),
            f"class '{label}' has {counted(len(smallest), 'row')} for {parts} parts",
            hint="give more rows of that class, leave it out, or set stratify: false",
        )
    left = rows - sum(sizes.values())
    if left < len(groups):
        problem = f"{counted(left, 'row')} left for training, for {counted(len(groups), 'class')}"
        raise Misfit(("split",), problem, hint="give smaller parts: each class needs a row to learn from")


def _allotted(counts: Sequence[int], size: int) -> list[int]:
    """How many of its rows each class gives to a part of `size` rows, by largest remainders: never the last.

    `size` is at most sum(counts) - len(counts). Of equal remainders the earlier class comes first.
    """
    total = sum(counts)
    taken = [size * count // total for count in counts]
    by_remainder = sorted(range(len(counts)), key=lambda index: -(size * counts[index] % total))
    with_room = (index for index in cycle(by_remainder) if taken[index] + 1 < counts[index])
    for _ in range(size - sum(taken)):
        taken[next(with_room)] += 1
    return taken


def _in_order(groups: Sequence[Array]) -> Array:
    return np.sort(np.concatenate(groups)).astype(np.intp)
