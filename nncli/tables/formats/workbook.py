"""Excel workbooks (.xlsx), their first sheet with rows as CSV; read by openpyxl."""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import islice
from typing import Any, BinaryIO

from nncli.messages.errors import DataError, missing_package
from nncli.tables.notation import format_number

ROWS = 2000  # per chunk


def csv_chunks(file: BinaryIO, name: str) -> Iterator[str]:
    """Yield the rows of the first sheet that has any, as CSV, row by row on the lines of their numbers.

    Raises
    ------
    NncliError
        If openpyxl is not installed.
    DataError
        If the file cannot be read.
    """
    rows = _rows(file, name)
    while part := list(islice(rows, ROWS)):
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(part)
        yield out.getvalue()


def _rows(file: BinaryIO, name: str) -> Iterator[list[str]]:
    try:
        from openpyxl import load_workbook
        from openpyxl.utils.exceptions import InvalidFileException
    except ImportError:
        purpose, otherwise = f"{name}: reading Excel workbooks", "save the sheet as CSV UTF-8 in Excel"
        raise missing_package(purpose, "openpyxl", otherwise) from None
    content = file if file.seekable() else io.BytesIO(file.read())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on styles and extensions, which do not matter here
            book = load_workbook(content, read_only=True, data_only=True)
            for sheet in book.worksheets:
                cells = ([_text(cell) for cell in row] for row in sheet.iter_rows(values_only=True))
                rows = _filled(iter(cells))
                if first := list(islice(rows, 1)):
                    yield from first
                    yield from rows
                    return
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(
            f"{name}: the Excel workbook cannot be read: {reason}",
            hint="open it in Excel and save it again, as .xlsx or CSV UTF-8",
        ) from None


def _filled(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """Yield the rows from the first with a cell, below as many blank ones as stand above it."""
    for blank, row in enumerate(rows):
        if any(row):
            yield from ([] for _ in range(blank))
            yield row
            break
    yield from rows


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return format_number(float(cell))
    if isinstance(cell, datetime):
        return (cell.date() if cell.time() == time() else cell).isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    return " ".join(str(cell).split("\n"))
