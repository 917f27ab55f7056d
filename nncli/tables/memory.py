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
from nncli.tables.table import Table


def table(data: Any, inputs: Sequence[str]) -> Table:
    """Rows as a table.

    Parameters
    ----------
    data : a path, a `Table`, a mapping of columns, an array (rows, inputs) or a data frame.
    inputs : the names of an array's columns.

    Raises
    ------
    DataError
        If a file cannot be read, columns differ in length, or an array has another width.
    """
    if isinstance(data, Table):
        return data
    if isinstance(data, str | os.PathLike):
        return reading.read(Path(data), os.fspath(data))
    if isinstance(data, np.ndarray | list | tuple):
        return _of_array(data, inputs)
    return Table("data", {name: _cells(column) for name, column in _columns(data).items()})


def rows(data: Any) -> tuple[list[str], list[list[Any]]]:
    """The names of columns and the rows of a mapping of columns or a data frame, as a config has them."""
    columns = _columns(data)
    return [*columns], [list(row) for row in zip(*map(_plain, columns.values()), strict=True)]


def _of_array(data: Any, inputs: Sequence[str]) -> Table:
    try:
        values = np.asarray(data, dtype=np.float64)
    except ValueError:
        raise DataError("data: not an array of numbers", hint="give text as a mapping of columns") from None
    if values.ndim != 2 or values.shape[1] != len(inputs):
        raise DataError(
            f"data: an array of shape {values.shape}; expected (rows, {len(inputs)})",
            hint=f"one column for each input: {listed(inputs)}",
        )
    return Table("data", dict(zip(inputs, values.T, strict=True)))


def _columns(data: Any) -> dict[str, Any]:
    """The columns of a mapping, or of a data frame such as those of pandas and polars, by name."""
    if not isinstance(data, Mapping) and not hasattr(data, "columns"):
        raise DataError(
            f"data: {type(data).__name__} is not a table",
            hint="give a path, a mapping of columns, an array or a data frame",
        )
    columns = {str(name): data[name] for name in (data if isinstance(data, Mapping) else data.columns)}
    if len({len(column) for column in columns.values()}) != 1:
        lengths = listed(f"{name} {len(column)}" for name, column in columns.items())
        found = f"columns of different lengths: {lengths}" if columns else "no columns"
        raise DataError(f"data: {found}", hint="give every column one value for each row")
    return columns


def _plain(column: Any) -> list[Any]:
    """A column's values as Python's own numbers and texts."""
    values = column.tolist() if hasattr(column, "tolist") else list(column)
    return [value.item() if isinstance(value, np.generic) else value for value in values]


def _cells(column: Any) -> Cells:
    """A column's values as a table has them: numbers as float64, all else as text, empty for no value."""
    values = _plain(column)
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return np.array(values, dtype=np.float64)
    return ["" if value is None or value != value else str(value) for value in values]
