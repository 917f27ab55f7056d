"""Predictions beside the rows they belong to, and the forms they are written in."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TextIO

import numpy as np

from nncli import runs
from nncli.data.table import Table
from nncli.errors import NncliError
from nncli.model import Model, as_text
from nncli.nn.activations import Array

Column = Sequence[str] | Array
Format = Literal["table", "csv", "jsonl", "npy"]


def beside(model: Model, table: Table, *, proba: bool) -> dict[str, Column]:
    """The table's own columns as they were read, then `pred_*`, `proba_*`, `expected_*` and `error_*`.

    Errors stand where the table holds the targets; for data from formulas also at any other input,
    with the expected value.

    Raises
    ------
    DataError
        If an input column is missing or holds no numbers.
    """
    X = model.columns.X(table)
    A = model.outputs(X)
    columns: dict[str, Column] = {**table.columns, **model.labelled(A, proba=proba)}
    if model.columns.has_targets(table):
        Y: Array | None = model.columns.Y(table)
    else:
        Y = model.columns.expected(X)
        if Y is not None:
            names = (f"expected_{name}" for name in model.columns.targets)
            columns |= dict(zip(names, Y.T, strict=True))
    if Y is not None:
        single = len(model.columns.targets) == Y.shape[1]
        names = (f"error_{name}" for name in (model.columns.targets if single else model.columns.classes))
        columns |= dict(zip(names, (A - Y).T, strict=True))
    return columns


def plain(columns: Mapping[str, Column]) -> dict[str, list[Any]]:
    """Columns as lists for JSON; text that is a finite number becomes one."""
    return {name: [_value(cell) for cell in _cells(column)] for name, column in columns.items()}


def stream(columns: Mapping[str, Column], form: Format, out: TextIO) -> None:
    """Write columns as text."""
    if form == "npy":
        raise NncliError("npy is no text", hint="write it to a file: --output predictions.npy")
    out.write(FORMS[form](columns))


def save(columns: Mapping[str, Column], form: Format, path: Path) -> None:
    """Write columns to a file, whole or not at all; npy holds `pred_*` and `proba_*` as numbers (n, c)."""
    if form != "npy":
        runs.write_text(path, FORMS[form](columns))
        return
    chosen = [column for name, column in columns.items() if name.startswith(("pred_", "proba_"))]
    numeric = [np.asarray([_value(cell) for cell in _cells(column)]) for column in chosen]
    if any(column.dtype.kind not in "fi" for column in numeric):
        raise NncliError("npy holds numbers, but the predictions are labels", hint="use --format csv")
    buffer = io.BytesIO()
    np.save(buffer, np.column_stack(numeric), allow_pickle=False)
    runs.write_bytes(path, buffer.getvalue())


def _csv(columns: Mapping[str, Column]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*map(as_text, columns.values()), strict=True))
    return text.getvalue()


def _jsonl(columns: Mapping[str, Column]) -> str:
    names = list(columns)
    rows = zip(*plain(columns).values(), strict=True)
    return "".join(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n" for row in rows)


def _table(columns: Mapping[str, Column]) -> str:
    shown = [[name, *(_short(cell) for cell in _cells(column))] for name, column in columns.items()]
    widths = [max(map(len, column)) for column in shown]
    return "".join(
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) + "\n"
        for row in zip(*shown, strict=True)
    )


FORMS = {"csv": _csv, "jsonl": _jsonl, "table": _table}


def _cells(column: Column) -> list[Any]:
    return column.tolist() if isinstance(column, np.ndarray) else list(column)


def _short(cell: str | float) -> str:
    return cell if isinstance(cell, str) else f"{cell:.6g}"


def _value(cell: str | float) -> str | float | int | None:
    if isinstance(cell, str):
        try:
            number = float(cell)
        except ValueError:
            return cell
        cell = int(number) if number.is_integer() and "." not in cell else number
    return cell if np.isfinite(cell) else None
