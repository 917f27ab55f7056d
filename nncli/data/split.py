"""Split of a table's rows into training, validation and test set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import cycle
from math import floor
from typing import Literal

import numpy as np

from nncli.data.settings import SplitConfig
from nncli.messages.wording import counted, shown
from nncli.nn.arrays import Array
from nncli.nn.randomness import random_stream
from nncli.tables.table import Misfit, Table

Part = Literal["train", "validation", "test"]

# Values allowed in a split column, in any case.
PART_NAMES: dict[str, Part] = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "eval": "validation",
    "test": "test",
    "testing": "test",
    "holdout": "test",
}


@dataclass(frozen=True)
class Parts:
    """Rows (from 0, in file order) of the training, validation and test set, which do not overlap."""

    train: Array
    validation: Array
    test: Array


def divide(table: Table, labels: Sequence[str] | None, split: SplitConfig, seed: int) -> Parts:
    """Split a table at random or by its split column; `labels` are the rows' classes, if any.

    Raises
    ------
    Misfit
        If a requested set would be empty, or a class cannot be in every set.
    CellError
        If a cell of the split column is not in PART_NAMES.
    """
    if split.column is not None:
        return by_column(table, split.column)
    return drawn(len(table), labels, split, seed)


def by_column(table: Table, column: str) -> Parts:
    """Split by the cells of a column, see PART_NAMES."""
    key = ("split", "column")
    if column not in table.columns:
        problem = f"no column named '{shown(column)}' in {table.origin}"
        raise Misfit(key, problem, hint=table.columns_like(column))
    rows: dict[Part, list[int]] = {"train": [], "validation": [], "test": []}
    for row, cell in enumerate(table.typed[column].texts):
        part = PART_NAMES.get(cell.lower())
        if part is None:
            problem = f"unknown set '{shown(cell)}'" if cell else "the cell is empty"
            raise table.cell_error(row, column, problem, "write train, validation or test")
        rows[part].append(row)
    if not rows["train"]:
        raise Misfit(
            key, f"'{shown(column)}' assigns no row to the training set", hint="write train in some rows"
        )
    return Parts(**{part: np.array(found, dtype=np.intp) for part, found in rows.items()})


def drawn(rows: int, labels: Sequence[str] | None, split: SplitConfig, seed: int) -> Parts:
    """Draw sets of exactly the requested sizes, from a separate random stream.

    The test set is drawn first, so that it does not depend on the size of the validation set. If stratified,
    each class gives its share of a set, rounded by largest remainders, and keeps a row for training.
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
            f"validation and test take {counted(held_out, 'row')} of {rows:,}; none are left for training"
        )
        raise Misfit(("split",), problem, hint="reduce split.validation or split.test")
    groups = _shuffled(rows, classes, seed)
    if classes is not None and held_out:
        _check_classes(groups, classes, sizes, rows)
    chosen: dict[str, list[Array]] = {"test": [], "validation": []}
    for part, size in sizes.items():
        counts = _allotted([len(group) for group in groups], size)
        chosen[part] = [group[:count] for group, count in zip(groups, counts, strict=True)]
        groups = [group[count:] for group, count in zip(groups, counts, strict=True)]
    return Parts(_in_order(groups), _in_order(chosen["validation"]), _in_order(chosen["test"]))


def _size(part: str, asked: float, rows: int) -> int:
    if asked == 0 or asked >= 1:
        return int(asked)
    # The share as it is written: 0.145 of 100 rows are 14.5 rows, as a float a little less.
    size = floor(Fraction(str(float(asked))) * rows + Fraction(1, 2))
    if size == 0:
        problem = f"{asked:g} of {counted(rows, 'row')} rounds to 0 rows"
        raise Misfit(("split", part), problem, hint="use a larger fraction, or a number of rows")
    return size


def _shuffled(rows: int, labels: Sequence[str] | None, seed: int) -> list[Array]:
    """Return each class's rows in random order, classes by first occurrence; one group without labels."""
    order = random_stream(seed, "split").permutation(rows)
    if labels is None:
        return [order]
    numbers: dict[str, int] = {}
    codes = [numbers.setdefault(labels[row], len(numbers)) for row in order.tolist()]
    by_class = order[np.argsort(codes, kind="stable")]
    return np.split(by_class, np.cumsum(np.bincount(codes))[:-1])


def _check_classes(groups: list[Array], labels: Sequence[str], sizes: dict[str, int], rows: int) -> None:
    """Raise Misfit if a class has too few rows for every set, or for training."""
    parts = 1 + sum(size > 0 for size in sizes.values())
    smallest = min(groups, key=len)
    if len(smallest) < parts:
        label = shown(labels[int(smallest[0])])
        raise Misfit(
            ("split", "stratify"),
            f"class '{label}' has {counted(len(smallest), 'row')}, too few for {parts} sets",
            hint="add rows of that class, remove it, or set stratify: false",
        )
    left = rows - sum(sizes.values())
    if left < len(groups):
        problem = f"{counted(left, 'row')} left for training, too few for {counted(len(groups), 'class')}"
        raise Misfit(
            ("split",), problem, hint="reduce split.validation or split.test; each class needs a training row"
        )


def _allotted(counts: Sequence[int], size: int) -> list[int]:
    """Return the rows that each class gives to a set of `size` rows, by largest remainders: never its last.

    `size` is at most sum(counts) - len(counts). Of equal remainders the earlier class comes first.
    """
    total = sum(counts)
    allotted = [size * count // total for count in counts]
    by_remainder = sorted(range(len(counts)), key=lambda index: -(size * counts[index] % total))
    with_room = (index for index in cycle(by_remainder) if allotted[index] + 1 < counts[index])
    for _ in range(size - sum(allotted)):
        allotted[next(with_room)] += 1
    return allotted


def _in_order(groups: Sequence[Array]) -> Array:
    return np.sort(np.concatenate(groups)).astype(np.intp)
