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

from nncli.messages.errors import DataError, missing_package
from nncli.messages.wording import shown
from nncli.nn.arrays import Array
from nncli.tables.column import Cells
from nncli.tables.table import RowError, Source, Table

ROWS_PER_PART = 4096
WHOLE_FLOATS = 2**53  # not every larger integer is a float64


def pyarrow() -> Any:
    """Return the module pyarrow, with pyarrow.parquet loaded.

    Raises
    ------
    NncliError
        If it is not installed.
    """
    try:
        import_module("pyarrow.parquet")
        return import_module("pyarrow")
    except ImportError:
        raise missing_package("Parquet", "pyarrow") from None


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
    separator: str = ","

    def rows(self) -> Sequence[str]:
        """Return each row as JSON."""
        return [json.dumps(row, default=str) for row in self.batch.to_pylist()]

    def place(self, row: int, position: int, name: str, cell: str) -> tuple[str, None]:
        """Return the number of the row."""
        return f": row {self.lines[row]}", None

    def take(self, rows: Sequence[int] | Array) -> Source:
        """Return the source of some rows."""
        return ParquetSource(
            self.batch.take(pyarrow().array(rows, "int64")), [self.lines[row] for row in rows]
        )


def whole(content: bytes, name: str) -> Table:
    """Return all rows as one table."""
    file = _opened(io.BytesIO(content), name)
    tables = list(_tables(file, name, max(1, file.metadata.num_rows)))
    if len(tables) != 1:
        raise _damaged(name, "its number of rows differs from its metadata")
    return tables[0]


def tables(file: BinaryIO, name: str, on_bad: Callable[[RowError], None]) -> Iterator[Table]:
    """Yield a table for every 4,096 rows; a stream without seek, such as a pipe, is first copied to disk.

    Raises
    ------
    DataError
        If there is no row, or the file is not Parquet.
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
        raise DataError(
            f"{name}: column names are empty or duplicated", hint="give every column a unique name"
        )
    if not opened.metadata.num_rows or not names:
        raise DataError(f"{name}: the table has no rows", hint="use a table with rows")
    return opened


def _damaged(name: str, problem: str) -> DataError:
    return DataError(f"{name}: not valid Parquet: {shown(problem)}", hint="export the file again")


def _tables(opened: Any, name: str, most: int) -> Iterator[Table]:
    """Yield tables of at most `most` rows."""
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
    """Return numbers that float64 holds exactly, NaN for null; all else as text, empty for null."""
    whole = arrow.types.is_integer(column.type) and _exact(column.drop_null().to_numpy(zero_copy_only=False))
    if whole or arrow.types.is_floating(column.type):
        return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)
    with suppress(arrow.ArrowException):  # nested columns have no text of their own
        column = column.cast(arrow.string())
    try:
        return ["" if value is None else str(value).strip() for value in column.to_pylist()]
    except (ValueError, OverflowError) as error:  # not UTF-8; or nested dates beyond the range of Python
        raise DataError(f"{place}: cannot be read: {shown(str(error))}", hint="save text as UTF-8") from None


def _exact(values: Array) -> bool:
    """Tell whether float64 holds every integer exactly."""
    return not len(values) or (-WHOLE_FLOATS <= int(values.min()) and int(values.max()) <= WHOLE_FLOATS)
