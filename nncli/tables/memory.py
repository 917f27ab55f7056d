"""Tables from values in memory: a mapping of columns, an array, or a data frame."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nncli.messages.errors import DataError
from nncli.messages.wording import listed
from nncli.tables import reading
from nncli.tables.column import Cells
from nncli.tables.settings import DETECTED, ReadConfig
from nncli.tables.table import Table


def table(data: Any, inputs: Sequence[str], given: ReadConfig = DETECTED) -> Table:
    """Return data in memory, or a file, as a table.

    Parameters
    ----------
    data : a path, a `Table`, a mapping of columns, an array (rows, inputs) or a data frame.
    inputs : the names of an array's columns.
    given : settings of the format of a file.

    Raises
    ------
    DataError
        If a file cannot be read, columns differ in length, or an array has another width.
    """
    if isinstance(data, Table):
        return data
    if isinstance(data, str | os.PathLike):
        return reading.read(Path(data), os.fspath(data), given)
    if isinstance(data, np.ndarray | list | tuple):
        return _of_array(data, inputs)
    return Table("data", {name: _cells(column) for name, column in _columns(data).items()})


def rows(data: Any) -> tuple[list[str], list[list[Any]]]:
    """Return the column names and rows of a mapping or data frame, as a config holds them."""
    columns = _columns(data)
    cells = [[_written(value) for value in _plain(column)] for column in columns.values()]
    return [*columns], [list(row) for row in zip(*cells, strict=True)]


def _of_array(data: Any, inputs: Sequence[str]) -> Table:
    try:
        values = np.asarray(data, dtype=np.float64)
    except ValueError:
        raise DataError("data: the array is not numeric", hint="pass text as a mapping of columns") from None
    if values.ndim != 2 or values.shape[1] != len(inputs):
        raise DataError(
            f"data: expected an array of shape (rows, {len(inputs)}), found {values.shape}",
            hint=f"give one column per input: {listed(inputs)}",
        )
    return Table("data", dict(zip(inputs, values.T, strict=True)))


def _columns(data: Any) -> dict[str, Any]:
    """Return the columns of a mapping or a data frame (pandas, polars), by name."""
    if not isinstance(data, Mapping) and not hasattr(data, "columns"):
        raise DataError(
            f"data: {type(data).__name__} is not a table",
            hint="pass a path, a mapping of columns, an array or a data frame",
        )
    columns = {str(name): data[name] for name in (data if isinstance(data, Mapping) else data.columns)}
    if len({len(column) for column in columns.values()}) != 1:
        lengths = listed(f"{name} {len(column)}" for name, column in columns.items())
        found = f"columns differ in length: {lengths}" if columns else "no columns"
        raise DataError(f"data: {found}", hint="give every column one value per row")
    return columns


def _plain(column: Any) -> list[Any]:
    """Return a column's values as Python numbers and strings."""
    values = column.tolist() if hasattr(column, "tolist") else list(column)
    return [value.item() if isinstance(value, np.generic) else value for value in values]


def _written(value: Any) -> float | str:
    """Return a value as a config holds it: a number, else text, which is empty for a missing value."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or value != value:
        return ""
    return value if isinstance(value, int | float) else str(value)


def _cells(column: Any) -> Cells:
    """Return a column's values as table cells: float64 for numbers, else text, empty for a missing value."""
    values = _plain(column)
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return np.array(values, dtype=np.float64)
    return ["" if value is None or value != value else str(value) for value in values]
