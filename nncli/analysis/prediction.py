"""Predictions beside the rows they belong to, and the forms they are written in."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TextIO

import numpy as np

from nncli import files
from nncli.data.columns import Columns
from nncli.data.table import Table
from nncli.errors import NncliError
from nncli.model import Model, as_text
from nncli.nn.activations import Array
from nncli.wording import shown

Column = Sequence[str] | Array
Format = Literal["table", "csv", "jsonl", "npy"]


@dataclass(frozen=True)
class Predictions:
    """Rows with what a model says of them, by column.

    Attributes
    ----------
    given : the table's own columns as they were read.
    predicted : `pred_*` and `proba_*`.
    compared : `expected_*` and `error_*`.
    numeric : the columns of text that the model reads as numbers; all other text stays as it is.
    """

    given: Mapping[str, Column]
    predicted: Mapping[str, Column]
    compared: Mapping[str, Column]
    numeric: frozenset[str]

    @property
    def columns(self) -> dict[str, Column]:
        """All of them, in the order they are written."""
        return {**self.given, **self.predicted, **self.compared}

    def plain(self) -> dict[str, list[Any]]:
        """All columns as lists for JSON: numbers as numbers, those that are not finite as None."""
        return {name: self.cells(name) for name in self.columns}

    def cells(self, name: str) -> list[Any]:
        """A column's cells for JSON."""
        column = self.columns[name]
        if isinstance(column, np.ndarray):
            return [cell if np.isfinite(cell) else None for cell in column.tolist()]
        return [_number(cell) for cell in column] if name in self.numeric else list(column)


def beside(model: Model, table: Table, *, proba: bool) -> Predictions:
    """Predictions for a table's rows, with errors where it holds the targets.

    For data from formulas errors stand at any other input too, with the expected value.

    Raises
    ------
    DataError
        If an input column is missing or holds no numbers.
    """
    roles = model.columns
    X = roles.X(table)
    A = model.outputs(X)
    compared: dict[str, Column] = {}
    if roles.has_targets(table):
        Y: Array | None = roles.Y(table)
    else:
        Y = roles.expected(X)
        if Y is not None:
            compared |= dict(zip((f"expected_{name}" for name in roles.targets), Y.T, strict=True))
    if Y is not None:
        single = len(roles.targets) == Y.shape[1]
        names = (f"error_{name}" for name in (roles.targets if single else roles.classes))
        compared |= dict(zip(names, (A - Y).T, strict=True))
    predicted = model.labelled(A, proba=proba)
    return Predictions(table.columns, predicted, compared, _numeric(roles, table))


def _numeric(roles: Columns, table: Table) -> frozenset[str]:
    """The inputs, and the targets with their predictions unless they are labels of text."""
    names = {*roles.inputs}
    if not roles.labelled or not Table("", {"class": roles.classes}).is_text("class"):
        names |= {f"pred_{name}" for name in roles.targets}
        if roles.has_targets(table):
            names |= {*roles.targets}
    return frozenset(names)


def stream(predictions: Predictions, form: Format, out: TextIO) -> None:
    """Write predictions as text."""
    if form == "npy":
        raise NncliError("npy is no text", hint="write it to a file: --output predictions.npy")
    out.write(FORMS[form](predictions))


def save(predictions: Predictions, form: Format, path: Path) -> None:
    """Write predictions to a file, whole or not at all; npy takes `pred_*` and `proba_*`, (n, c)."""
    if form != "npy":
        files.write_text(path, FORMS[form](predictions))
        return
    columns = [
        column if isinstance(column, np.ndarray) else np.asarray(predictions.cells(name))
        for name, column in predictions.predicted.items()
    ]
    if any(column.dtype.kind not in "fi" for column in columns):
        raise NncliError("npy holds numbers, but the predictions are labels", hint="use --format csv")
    buffer = io.BytesIO()
    np.save(buffer, np.column_stack(columns), allow_pickle=False)
    files.write_bytes(path, buffer.getvalue())


def _csv(predictions: Predictions) -> str:
    columns = predictions.columns
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*map(as_text, columns.values()), strict=True))
    return text.getvalue()


def _jsonl(predictions: Predictions) -> str:
    columns = predictions.plain()
    rows = zip(*columns.values(), strict=True)
    # In ASCII, which every encoding of stdout can hold.
    return "".join(json.dumps(dict(zip(columns, row, strict=True))) + "\n" for row in rows)


def _table(predictions: Predictions) -> str:
    columns = [
        [shown(name), *(_short(cell) for cell in (col.tolist() if isinstance(col, np.ndarray) else col))]
        for name, col in predictions.columns.items()
    ]
    widths = [max(map(len, column)) for column in columns]
    return "".join(
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) + "\n"
        for row in zip(*columns, strict=True)
    )


FORMS = {"csv": _csv, "jsonl": _jsonl, "table": _table}


def _short(cell: str | float) -> str:
    return shown(cell) if isinstance(cell, str) else f"{cell:.6g}"


def _number(cell: str) -> float | int:
    return int(cell) if cell.lstrip("+-").isdigit() else float(cell)
