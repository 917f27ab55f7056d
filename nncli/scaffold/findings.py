"""Findings in a table that are worth a look before training: leaks, doubtful classes and ambiguous dates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from nncli.data.columns import Task
from nncli.messages.wording import counted, shown
from nncli.nn.arrays import Array
from nncli.tables.column import NO_VALUE
from nncli.tables.dates import is_date, order_of
from nncli.tables.table import Table

ROWS_PER_VALUE = 5  # on average; in fewer rows a column determines the target by chance
PROPORTIONAL = 1 - 1e-9  # correlation from which one column is another in other units
MOST_PAIRS = 5  # of texts that differ only in case


def findings(table: Table, targets: Sequence[str], inputs: Iterable[str], task: Task) -> Iterator[str]:
    """Yield what may be a mistake in a table, or be read otherwise than it is meant."""
    names = [name for name in inputs if table.typed[name].kind == "category"]
    if task != "regression":
        names += [name for name in targets if table.typed[name].kind == "category"]
    for name in names:
        role = "class" if name in targets else "category"
        yield from _words_for_missing(table, name, role)
        yield from _alike(table, name, role)
    for name in inputs:
        yield from _ambiguous_dates(table, name)
        for target in targets:
            if how := _given_away(table, name, target):
                yield f"input {shown(name)} {how} {shown(target)}; exclude it unless it is known for new rows"


def _words_for_missing(table: Table, name: str, role: str) -> Iterator[str]:
    """Yield the classes or categories that may stand for a missing value."""
    counts = Counter(table.typed[name].texts)
    for cell in sorted(counts):
        if cell.lower() in NO_VALUE["number"] - NO_VALUE["category"]:
            found = f"{shown(name)}: '{shown(cell)}' ({counted(counts[cell], 'row')}) is read as a {role}"
            yield f"{found}; if it means no value, set dataset.read.missing_values: ['{shown(cell)}']"


def _alike(table: Table, name: str, role: str) -> Iterator[str]:
    """Yield the classes or categories that differ only in case or spaces."""
    groups: dict[str, list[str]] = {}
    for cell in sorted({*table.typed[name].texts}):
        groups.setdefault(" ".join(cell.casefold().split()), []).append(f"'{shown(cell)}'")
    same = [" and ".join(group) for group in groups.values() if len(group) > 1]
    if same:
        plural = "classes" if role == "class" else "categories"
        pairs = "; ".join(same[:MOST_PAIRS])
        yield f"{shown(name)}: {pairs} differ only in case or spaces, but are different {plural}"


def _ambiguous_dates(table: Table, name: str) -> Iterator[str]:
    column = table.typed[name]
    if column.kind == "date":
        order, proven = order_of(column.texts)
        if not proven:
            cell = next(filter(is_date, column.texts))
            yield f"{shown(name)}: {cell} is read with the {order}; if that is wrong, write YYYY-MM-DD"


def _given_away(table: Table, name: str, target: str) -> str:
    """Return how an input determines a target; empty if it does not."""
    column, numbers = table.typed[name], table.typed[target]
    same = np.array_equal(column.numbers, numbers.numbers, equal_nan=True)
    if same and list(column.texts) == list(numbers.texts):
        return "is a copy of the target"
    if column.kind == numbers.kind == "number":
        return "is a linear function of the target" if _proportional(column.numbers, numbers.numbers) else ""
    cells, answers = column.texts, numbers.texts
    pairs, values = Counter(zip(cells, answers, strict=True)), {*cells}
    few = 2 <= len(values) and ROWS_PER_VALUE * len(values) <= len(cells)
    return "determines the target" if few and len(pairs) == len(values) and len({*answers}) > 1 else ""


def _proportional(x: Array, y: Array) -> bool:
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if len(x) < 3 or len(np.unique(y)) < 3 or len(np.unique(x)) < 3:
        return False
    with np.errstate(all="ignore"):
        return bool(abs(np.corrcoef(x, y)[0, 1]) > PROPORTIONAL)
