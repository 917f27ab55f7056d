"""Predictions beside the rows they belong to, part after part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count

import numpy as np

from nncli.data.columns import Columns
from nncli.engines import threads
from nncli.inference.rejects import at_prediction, sound_rows
from nncli.nn.arrays import Array
from nncli.tables.column import Cells, is_number
from nncli.tables.table import CellError, RowError, Table
from nncli.tables.writing import Predictions
from nncli.training.model import Model


def beside(model: Model, table: Table, *, proba: bool) -> Predictions:
    """Predictions for a table's rows, with errors where it holds the targets: NaN where one cannot be read.

    For data from formulas errors stand at any other input too, with the expected value.

    Raises
    ------
    DataError
        If an input column is missing, or a cell of an input cannot be used.
    """
    roles = model.columns
    table = table.noted(roles.notations)
    with at_prediction(roles):
        X = roles.X(table)
    Y = _targets(roles, table)
    with threads.limited(threads.automatic(model.network)):
        A, predicted = model.predicted(X, proba=proba)
    compared: dict[str, Cells] = {}
    if Y is None:
        Y = roles.expected(table)
        if Y is not None:
            compared |= dict(zip((f"expected_{name}" for name in roles.targets), Y.T, strict=True))
    if Y is not None:
        single = len(roles.targets) == Y.shape[1]
        names = (f"error_{name}" for name in (roles.targets if single else roles.classes))
        compared |= dict(zip(names, (A - Y).T, strict=True))
    renamed = _renamed(roles, [*predicted, *compared])
    numeric = _numeric(roles, table, renamed)
    return Predictions(
        given=table.columns,
        predicted={renamed.get(name, name): cells for name, cells in predicted.items()},
        compared={renamed.get(name, name): cells for name, cells in compared.items()},
        numeric=numeric,
        source=table.source,
        renamed=renamed,
    )


def _renamed(roles: Columns, added: Iterable[str]) -> dict[str, str]:
    """Return other names for added columns named like an input, a target or the identifier: `pred_T_2`."""
    added = list(added)
    kept = {*roles.inputs, *roles.targets, roles.id}
    taken = {*kept, *added}
    names: dict[str, str] = {}
    for name in added:
        if name in kept:
            names[name] = next(new for k in count(2) if (new := f"{name}_{k}") not in taken)
            taken.add(names[name])
    return names


def _targets(roles: Columns, table: Table) -> Array | None:
    """Return the targets (n, outputs), NaN in rows where one cannot be read; None if the table has none."""
    if not roles.has_targets(table):
        return None
    usable = roles.usable_targets(table)
    if usable.all():
        return roles.Y(table)
    Y = np.full((len(table), roles.outputs), np.nan)
    if usable.any():
        Y[usable] = roles.Y(table.take(np.flatnonzero(usable)))
    return Y


def _text_labels(roles: Columns) -> bool:
    return roles.labelled and not all(map(is_number, roles.classes))


def _numeric(roles: Columns, table: Table, renamed: Mapping[str, str]) -> frozenset[str]:
    """The inputs that are numbers, and the targets with their predictions unless they are labels of text."""
    names = {
        column.name
        for column in roles.preprocessing.columns
        if column.kind == "number" and column.name not in roles.notations
    }
    if not _text_labels(roles):
        predicted = [f"pred_{name}" for name in roles.targets]
        names |= {renamed.get(name, name) for name in predicted}
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
            if sound := sound_rows(model.columns, table, on_bad):
                yield beside(model, table.take(sound), proba=proba)
