"""ARFF, the text format of Weka, as lines of CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

from nncli.messages.errors import DataError

_ATTRIBUTE = re.compile(r"@attribute\s+('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\S+)\s+\S", re.IGNORECASE)
_DATA = re.compile(r"@data\s*", re.IGNORECASE)


def csv_lines(chunks: Iterator[str], name: str) -> Iterator[str]:
    """Yield the rows as CSV below a header of the attributes, on the lines on which they stand.

    Raises
    ------
    DataError
        If there are no attributes, or the rows are sparse.
    """
    names: list[str] = []
    in_data = False
    for chunk in chunks:
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        for line in io.StringIO(chunk):
            if not in_data:
                in_data = _DATA.fullmatch(line) is not None
                if match := _ATTRIBUTE.match(line.lstrip()):
                    names.append(_unquoted(match[1]))
                _write(writer, out, names if in_data else [])
            elif line.lstrip().startswith("{"):
                raise DataError(f"{name}: sparse ARFF is not supported", hint="save it as CSV in Weka")
            else:
                _write(writer, out, [] if line.startswith("%") else _cells(line))
        yield out.getvalue()
    if not names:
        raise DataError(f"{name}: no @attribute line", hint="save it as CSV in Weka")


def _write(writer: Any, out: io.StringIO, cells: list[str]) -> None:
    if cells:
        writer.writerow(cells)
    else:
        out.write("\n")  # so that rows keep their line numbers


def _cells(line: str) -> list[str]:
    mark = '"' if '"' in line and "'" not in line else "'"
    reader = csv.reader([line.rstrip("\r\n")], quotechar=mark, escapechar="\\", skipinitialspace=True)
    return [cell.strip() for cell in next(reader, [])]


def _unquoted(name: str) -> str:
    return re.sub(r"\\(.)", r"\1", name[1:-1]) if name[0] in "'\"" else name
