"""Rows with their predictions, and the formats they are written in."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Literal, TextIO, cast

import numpy as np

from nncli.messages.errors import NncliError
from nncli.messages.layout import aligned
from nncli.messages.wording import listed, shown
from nncli.storage import files
from nncli.tables.column import Cells, is_number, shortest, texts
from nncli.tables.formats import parquet
from nncli.tables.table import Source

OutputFormat = Literal["table", "csv", "jsonl", "parquet", "npy"]

LONGEST_WHOLE = 400  # characters; longer integers have leading zeros or exceed floats
GROUP = 65_536  # rows in a row group of a Parquet file


@dataclass(frozen=True)
class Predictions:
    """Rows with the predictions of a model, by column.

    Attributes
    ----------
    given : the table's own columns as they were read.
    predicted : `pred_*` and `proba_*`.
    compared : `expected_*` and `error_*`.
    numeric : the columns of text that the model reads as numbers; other text is unchanged.
    source : the rows as read, if from a file.
    renamed : usual -> new name of the added columns that the table has already, in another role.
    delimiter : separator of CSV; empty for that of the file the rows were read from.
    """

    given: Mapping[str, Cells]
    predicted: Mapping[str, Cells]
    compared: Mapping[str, Cells]
    numeric: frozenset[str]
    source: Source | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)
    delimiter: str = ""

    def __len__(self) -> int:
        return len(next(iter(self.predicted.values())))

    @property
    def added(self) -> dict[str, Cells]:
        """Columns added to the table's own."""
        return {**self.predicted, **self.compared}

    @property
    def columns(self) -> dict[str, Cells]:
        """All columns in the order written; an added column replaces one of the same name."""
        return {**self.given, **self.added}

    def plain(self) -> dict[str, list[Any]]:
        """Return all columns as lists for JSON: numbers as numbers, non-finite ones as None."""
        return {name: self.cells(name) for name in self.columns}

    def cells(self, name: str) -> list[Any]:
        """Return a column's cells for JSON."""
        column = self.columns[name]
        if isinstance(column, np.ndarray):
            return [cell if np.isfinite(cell) else None for cell in shortest(column)]
        return [_number(cell) for cell in column] if name in self.numeric else list(column)

    @property
    def separator(self) -> str:
        """The separator of the columns in CSV: as given, else as in the file, else a comma."""
        return self.delimiter or (self.source.separator if self.source else ",")

    def copied(self, form: str) -> Sequence[str] | None:
        """Return the rows as read if they have this format and no column is replaced, else None."""
        if self.source is None or self.source.form != form or self.given.keys() & self.added.keys():
            return None
        if form == "csv" and self.separator != self.source.separator:
            return None
        return self.source.rows()


def write_stream(parts: Iterable[Predictions], form: OutputFormat, out: TextIO) -> int:
    """Write predictions as text, each part as soon as it is available; return the number of rows.

    Raises
    ------
    NncliError
        If the format is not text, or a later part has columns that the first lacks.
    """
    if form not in FORMS:
        raise NncliError(f"{form} is a binary format", hint=f"write to a file: --output predictions.{form}")
    count = 0
    for part in _alike(parts) if form in HEADERS else parts:
        text = FORMS[form](part)
        out.write(text if count or form not in HEADERS else HEADERS[form](part) + text)
        out.flush()
        count += len(part)
    return count


def write_file(parts: Iterable[Predictions], form: OutputFormat, path: Path) -> int:
    """Write predictions to a file, atomically; return the number of rows.

    npy holds `pred_*` and `proba_*`, (n, c).

    Raises
    ------
    NncliError
        Like `write_stream`, or if the file cannot be written, or npy would have to hold labels.
    """
    with files.output(path) as file:
        if form == "npy":
            return _save_npy(parts, file)
        if form == "parquet":
            return _save_parquet(_alike(parts), file)
        # Bytes of the input that are not UTF-8, in columns that are not used, are written unchanged.
        text = io.TextIOWrapper(file, encoding="utf-8", errors="surrogateescape", newline="\n")
        count = write_stream(parts, form, text)
        text.detach()
        return count


def _alike(parts: Iterable[Predictions]) -> Iterator[Predictions]:
    """Yield the same parts; raise NncliError if one has other columns than the first."""
    names: list[str] | None = None
    for part in parts:
        names = names or [*part.columns]
        if names != [*part.columns]:
            new = [name for name in part.columns if name not in names]
            raise NncliError(
                f"columns missing from earlier rows: {listed(new)}",
                hint="include every column in the first row (null if it has no value), or use --format jsonl",
            )
        yield part


def _save_npy(parts: Iterable[Predictions], file: BinaryIO) -> int:
    count, width = 0, 0
    for part in parts:
        columns = [
            column if isinstance(column, np.ndarray) else np.asarray(part.cells(name))
            for name, column in part.predicted.items()
        ]
        if any(column.dtype.kind not in "fi" for column in columns):
            raise NncliError(
                "npy holds only numbers, but the predictions are labels", hint="use --format csv"
            )
        if not count:
            width = len(columns)
            _write_npy_header(file, (0, width))  # has room for any number of rows
        file.write(np.column_stack(columns).astype("<f8").tobytes())
        count += len(part)
    file.seek(0)
    _write_npy_header(file, (count, width))
    return count


def _write_npy_header(file: BinaryIO, shape: tuple[int, int]) -> None:
    np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": shape})


def _save_parquet(parts: Iterable[Predictions], file: BinaryIO) -> int:
    arrow = parquet.pyarrow()
    writer, waiting, count = None, [], 0
    for part in chain(parts, [None]):
        if part is not None:
            waiting.append(_arrow_batch(arrow, part))
            count += len(part)
        if waiting and (part is None or len(waiting) * len(waiting[0]) >= GROUP):
            writer = writer or arrow.parquet.ParquetWriter(file, waiting[0].schema)
            writer.write_table(arrow.Table.from_batches(waiting))
            waiting = []
    if writer:
        writer.close()
    return count


def _arrow_batch(arrow: Any, part: Predictions) -> Any:
    """Return all columns as a record batch; those of a Parquet file as read."""
    batch = getattr(part.source, "batch", None)
    columns = {
        name: arrow.array(part.cells(name), arrow.float64() if _of_numbers(part, name) else arrow.string())
        for name in part.columns
        if batch is None or name in part.added
    }
    if batch is not None:
        columns = {**dict(zip(batch.schema.names, batch, strict=True)), **columns}
    return arrow.RecordBatch.from_pydict(columns)


def _of_numbers(part: Predictions, name: str) -> bool:
    return name in part.numeric or isinstance(part.columns[name], np.ndarray)


def _csv(predictions: Predictions) -> str:
    rows, separator = predictions.copied("csv"), predictions.separator
    if rows is None:
        columns = map(_texts, predictions.columns.values())
        return _csv_lines(zip(*columns, strict=True), separator)
    added = (_quoted(column, separator) for column in predictions.added.values())
    return "\n".join(map(separator.join, zip(rows, *added, strict=True))) + "\n"


def _texts(column: Cells) -> list[str]:
    return list(texts(column))


def _quoted(column: Cells, separator: str) -> Iterable[str]:
    if isinstance(column, np.ndarray):
        return texts(column)
    quoted = {label: _csv_lines([[label, ""]], separator)[:-2] for label in set(column)}
    return [quoted[label] for label in column]


def _csv_lines(rows: Iterable[Iterable[str]], separator: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _csv_header(predictions: Predictions) -> str:
    return _csv_lines([predictions.columns], predictions.separator)


def _jsonl(predictions: Predictions) -> str:
    # In ASCII, which every encoding of stdout can hold.
    rows = predictions.copied("jsonl")
    if rows is None:
        columns = predictions.plain()
        values = zip(*columns.values(), strict=True)
        return "".join(json.dumps(dict(zip(columns, row, strict=True))) + "\n" for row in values)
    added = {name: predictions.cells(name) for name in predictions.added}
    prefixes = (row.rstrip().removesuffix("}").rstrip() for row in rows)
    return "".join(
        f"{row}{'' if row.endswith('{') else ', '}{json.dumps(dict(zip(added, cells, strict=True)))[1:]}\n"
        for row, cells in zip(prefixes, zip(*added.values(), strict=True), strict=True)
    )


def _table(predictions: Predictions) -> str:
    _, *rows = aligned(short_rows(predictions), left=0).split("\n")
    return "".join(f"{row}\n" for row in rows)


def _table_header(predictions: Predictions) -> str:
    header, *_ = aligned(short_rows(predictions), left=0).split("\n")
    return f"{header}\n"


def short_rows(predictions: Predictions, most: int | None = None) -> list[tuple[str, ...]]:
    """Return the names of the columns and at most so many rows below them, as short texts for a table."""
    columns = []
    for name, every in predictions.columns.items():
        column = every[:most]
        cells = cast(Iterable[str | float], column.tolist() if isinstance(column, np.ndarray) else column)
        columns.append([shown(name), *map(_short, cells)])
    return list(zip(*columns, strict=True))


# Writers of rows, and of the header above them; with a header, all rows have the same columns.
FORMS: dict[str, Callable[[Predictions], str]] = {"csv": _csv, "jsonl": _jsonl, "table": _table}
HEADERS: dict[str, Callable[[Predictions], str]] = {"csv": _csv_header, "table": _table_header}


def _short(cell: str | float) -> str:
    if isinstance(cell, str):
        return shown(cell)
    return "" if np.isnan(cell) else f"{cell:.6g}"


def _number(cell: str) -> float | int | None:
    """Return a cell as a number for JSON; None for a missing value."""
    value = float(cell) if is_number(cell) else np.nan
    if not np.isfinite(value):
        return None
    whole = cell.lstrip("+-").isdigit() and len(cell) < LONGEST_WHOLE and not (value == 0 and "-" in cell)
    return int(cell) if whole else value
