"""Predictions beside the rows they belong to, part after part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from nncli.data.columns import Columns
from nncli.engines import threads
from nncli.nn.arrays import Array
from nncli.tables.column import BOOLEANS, Cells, ValueKind, is_number
from nncli.tables.table import CellError, RowError, Table
from nncli.tables.writing import Predictions
from nncli.training.model import Model


def beside(model: Model, table: Table, *, proba: bool) -> Predictions:
    """Predictions for a table's rows, with errors where it holds the targets: NaN where it misses one.

    For data from formulas errors stand at any other input too, with the expected value.

    Raises
    ------
    DataError
        If an input column is missing, or a cell of an input or a target cannot be used.
    """
    roles = model.columns
    table = table.noted(roles.notations)
    X, Y = _read(roles, table)
    with threads.limited(threads.automatic(model.network)):
        A = model.outputs(X)
    compared: dict[str, Cells] = {}
    if Y is None:
        Y = roles.expected(table)
        if Y is not None:
            compared |= dict(zip((f"expected_{name}" for name in roles.targets), Y.T, strict=True))
    if Y is not None:
        single = len(roles.targets) == Y.shape[1]
        names = (f"error_{name}" for name in (roles.targets if single else roles.classes))
        compared |= dict(zip(names, (A - Y).T, strict=True))
    predicted = model.labelled(A, proba=proba)
    return Predictions(table.columns, predicted, compared, _numeric(roles, table), table.source)


def _read(roles: Columns, table: Table) -> tuple[Array, Array | None]:
    return roles.X(table), _targets(roles, table) if roles.has_targets(table) else None


def _targets(roles: Columns, table: Table) -> Array:
    """Return the targets (n, outputs), NaN in rows that miss a value of some target."""
    kind: ValueKind = "category" if _text_labels(roles) else "number"
    if {label.lower() for label in roles.classes} in BOOLEANS:
        kind = "boolean"
    missing = np.any([table.typed[name].missing(kind) for name in roles.targets], axis=0)
    if not missing.any():
        return roles.Y(table)
    Y = np.full((len(table), roles.outputs), np.nan)
    if not missing.all():
        Y[~missing] = roles.Y(table.take(np.flatnonzero(~missing)))
    return Y


def _text_labels(roles: Columns) -> bool:
    return roles.labelled and not all(map(is_number, roles.classes))


def _numeric(roles: Columns, table: Table) -> frozenset[str]:
    """The inputs that are numbers, and the targets with their predictions unless they are labels of text."""
    names = {
        column.name
        for column in roles.preprocessing.columns
        if column.kind == "number" and column.name not in roles.notations
    }
    if not _text_labels(roles):
        names |= {f"pred_{name}" for name in roles.targets}
        if roles.has_targets(table):
            names |= {*roles.targets} - {*roles.notations}
    return frozenset(names)


def in_parts(
    model: Model,
    tables: Iterable[Table],
    *,
    proba: bool,
    on_bad: Callable[[RowError], None] | None = None,
) -> Iterator[Predictions]:
    """Predictions for one table after the other.

    Parameters
    ----------
    on_bad : called with each row that the model cannot read, which is left out; None makes it an error.

    Raises
    ------
    DataError
        Like `beside`.
    """
    for table in tables:
        try:
            yield beside(model, table, proba=proba)
        except CellError:
            if on_bad is None:
                raise
            if sound := _sound(model.columns, table, on_bad):
                yield beside(model, table.take(sound), proba=proba)


def _sound(roles: Columns, table: Table, on_bad: Callable[[RowError], None]) -> list[int]:
    """The rows that can be used; `on_bad` is called with the others in their order."""
    bad: list[RowError] = []
    table = table.noted(roles.notations)
    usable = roles.preprocessing.usable(table)
    for row in np.flatnonzero(~usable).tolist():
        _comparable(roles, table, [row], bad)
    sound = _comparable(roles, table, np.flatnonzero(usable).tolist(), bad)
    for error in sorted(bad, key=lambda error: error.line):
        on_bad(error)
    return sound


def _comparable(roles: Columns, table: Table, rows: Sequence[int], bad: list[RowError]) -> list[int]:
    """Those rows that can be read with their targets, found by halves: few reads where few are bad."""
    if not rows:
        return []
    try:
        _read(roles, table.take(rows))
        return list(rows)
    except CellError as error:
        if len(rows) == 1:
            bad.append(_as_row(error, table, rows[0]))
            return []
    middle = len(rows) // 2
    return _comparable(roles, table, rows[:middle], bad) + _comparable(roles, table, rows[middle:], bad)


def _as_row(error: CellError, table: Table, row: int) -> RowError:
    line, text = row + 1, ""
    if table.source is not None:
        line, text = table.source.lines[row], table.source.rows()[row]
    return RowError(
        error.message, line, text, f"{error.column}: {error.problem}", hint=error.hint, source=error.source
    )
