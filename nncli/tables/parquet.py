"""Parquet, read through pyarrow: the extra `tables`."""

from __future__ import annotations

import io
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any, BinaryIO

import numpy as np

from nncli.messages.errors import DataError, NncliError
from nncli.messages.wording import shown
from nncli.nn.arrays import Array
from nncli.tables.column import Cells
from nncli.tables.table import RowError, Source, Table

ROWS_PER_PART = 4096
WHOLE_FLOATS = 2**53  # integers beyond are not all float64


def pyarrow() -> Any:
    """The module pyarrow, with pyarrow.parquet.

    Raises
    ------
    NncliError
        If it is not installed.
    """
    try:
        import_module("pyarrow.parquet")
        return import_module("pyarrow")
    except ImportError:
        raise NncliError(
            "Parquet needs pyarrow, which is not installed",
            hint='in the folder of nncli: python -m pip install ".[tables]"',
        ) from None


@dataclass(frozen=True)
class ParquetSource:
    """Rows of a Parquet file.

    Attributes
    ----------
    batch : the rows, as pyarrow's record batch.
    """

    batch: Any
    lines: Sequence[int]
    form: str = "parquet"

    def rows(self) -> Sequence[str]:
        """Each row as JSON."""
        return [json.dumps(row, default=str) for row in self.batch.to_pylist()]

    def place(self, row: int, position: int, name: str, cell: str) -> tuple[str, None]:
        """The number of the row."""
        return f": row {self.lines[row]}", None

    def take(self, rows: Sequence[int]) -> Source:
        """That of some rows."""
        return ParquetSource(
            self.batch.take(pyarrow().array(rows, "int64")), [self.lines[row] for row in rows]
        )


def whole(content: bytes, name: str) -> Table:
    """All rows as one table."""
    file = _opened(io.BytesIO(content), name)
    tables = list(_tables(file, name, max(1, file.metadata.num_rows)))
    if len(tables) != 1:
        raise _damaged(name, "it does not hold the rows it says")
    return tables[0]


def tables(file: BinaryIO, name: str, on_bad: Callable[[RowError], None]) -> Iterator[Table]:
    """A table for every 4,096 rows; what cannot be sought in, such as a pipe, is first copied to the disk.

    Raises
    ------
    DataError
        If there is no row, or it is not Parquet.
    """
    if file.seekable():
        yield from _tables(_opened(file, name), name, ROWS_PER_PART)
        return
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(file, copy)
        yield from _tables(_opened(copy, name), name, ROWS_PER_PART)


def _opened(file: BinaryIO, name: str) -> Any:
    arrow = pyarrow()
    try:
        opened = arrow.parquet.ParquetFile(file)
        names = opened.schema_arrow.names
    except (arrow.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _damaged(name, str(error)) from None
    if len(set(names)) < len(names) or not all(map(str.strip, names)):
        raise DataError(f"{name}: a column without a name, or two of one name", hint="rename them")
    if not opened.metadata.num_rows or not names:
        raise DataError(f"{name}: no rows", hint="give a table that holds some")
    return opened


def _damaged(name: str, problem: str) -> DataError:
    return DataError(f"{name}: not readable as Parquet: {shown(problem)}", hint="write the file again")


def _tables(opened: Any, name: str, most: int) -> Iterator[Table]:
    """Tables of at most so many rows."""
    arrow, before = pyarrow(), 0
    batches = opened.iter_batches(batch_size=most)
    while True:
        try:
            batch = next(batches, None)
        except (arrow.ArrowException, OSError) as error:
            raise _damaged(name, str(error)) from None
        if batch is None:
            return
        rows = f"{name}: rows {before + 1:,} to {before + len(batch):,}"
        columns = {
            key: _cells(arrow, column, f"{rows}: {shown(key)}")
            for key, column in zip(batch.schema.names, batch, strict=True)
        }
        if len(batch):
            yield Table(name, columns, ParquetSource(batch, range(before + 1, before + len(batch) + 1)))
        before += len(batch)


def _cells(arrow: Any, column: Any, place: str) -> Cells:
    """Numbers that float64 holds as they are, NaN for null; all else as text, empty for null."""
    whole = arrow.types.is_integer(column.type) and _exact(column.drop_null().to_numpy(zero_copy_only=False))
    if whole or arrow.types.is_floating(column.type):
        return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)
    with suppress(arrow.ArrowException):  # nested columns have no text of their own
        column = column.cast(arrow.string())
    try:
        return ["" if value is None else str(value).strip() for value in column.to_pylist()]
    except (ValueError, OverflowError) as error:  # no UTF-8; inside nested ones, dates that Python has not
        raise DataError(f"{place}: cannot be read: {shown(str(error))}", hint="give text in UTF-8") from None


def _exact(values: Array) -> bool:
    """Whether every integer is a float64."""
    return not len(values) or (-WHOLE_FLOATS <= int(values.min()) and int(values.max()) <= WHOLE_FLOATS)
