"""Files that are no tables nncli reads, refused by name, with how to make one of them."""

from __future__ import annotations

import re
from typing import NamedTuple

from nncli.messages.errors import DataError


class Foreign(NamedTuple):
    """A kind of file: its name with an article, its extensions and first bytes, and what to do instead."""

    name: str
    endings: tuple[str, ...]
    begin: tuple[bytes, ...]
    remedy: str


_IN_PANDAS = "convert it with pandas: pandas.read_{0}(...).to_csv('table.csv', index=False)"
_IN_OFFICE = "open it in a spreadsheet program and save it as .xlsx or CSV UTF-8"
_IN_NUMPY = "convert it with NumPy: numpy.savetxt('table.csv', data, delimiter=',', header='a,b,...')"

FOREIGN = (
    Foreign("an old Excel workbook", (".xls",), (b"\xd0\xcf\x11\xe0",), _IN_OFFICE),
    Foreign("a binary Excel workbook", (".xlsb",), (), _IN_OFFICE),
    Foreign("an OpenDocument spreadsheet", (".ods",), (), _IN_OFFICE),
    Foreign(
        "a Feather or Arrow file",
        (".feather", ".arrow", ".ipc"),
        (b"ARROW1", b"FEA1"),
        _IN_PANDAS.format("feather"),
    ),
    Foreign("an ORC file", (".orc",), (b"ORC",), _IN_PANDAS.format("orc")),
    Foreign("an Avro file", (".avro",), (b"Obj\x01",), "convert it to CSV or Parquet"),
    Foreign(
        "a pickle",
        (".pkl", ".pickle", ".p", ".joblib"),
        (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"),
        _IN_PANDAS.format("pickle"),
    ),
    Foreign("a NumPy array", (".npy",), (b"\x93NUMPY",), _IN_NUMPY),
    Foreign("a NumPy archive", (".npz",), (), _IN_NUMPY),
    Foreign("an HDF5 file", (".h5", ".hdf5", ".hdf"), (b"\x89HDF",), _IN_PANDAS.format("hdf")),
    Foreign("a MATLAB file", (".mat",), (b"MATLAB",), "save it as CSV in MATLAB: writetable(T, 'table.csv')"),
    Foreign("a Stata file", (".dta",), (b"<stata_dta>",), _IN_PANDAS.format("stata")),
    Foreign("an SPSS file", (".sav", ".por"), (b"$FL2", b"$FL3"), _IN_PANDAS.format("spss")),
    Foreign("a SAS file", (".sas7bdat", ".xpt"), (), _IN_PANDAS.format("sas")),
    Foreign(
        "an R data file",
        (".rds", ".rda", ".rdata"),
        (b"RDX", b"RDA"),
        "save it as CSV in R: write.csv(data, 'table.csv', row.names = FALSE)",
    ),
    Foreign(
        "an SQLite database",
        (".db", ".sqlite", ".sqlite3"),
        (b"SQLite format 3",),
        "export a table: sqlite3 -header -csv FILE.db 'select * from TABLE' > table.csv",
    ),
    Foreign("a PDF", (".pdf",), (b"%PDF",), "use the table that it was made from"),
    Foreign(
        "an HTML page",
        (".html", ".htm"),
        (b"<!doctype html", b"<!DOCTYPE html", b"<!DOCTYPE HTML", b"<html"),
        "download the file itself, not the page that shows it",
    ),
    Foreign("an XML file", (".xml",), (b"<?xml",), _IN_PANDAS.format("xml")),
    Foreign("a Zstandard file", (".zst",), (b"\x28\xb5\x2f\xfd",), "decompress it first: zstd -d FILE"),
    Foreign("a 7-Zip archive", (".7z",), (b"7z\xbc\xaf",), "extract the table from it first"),
    Foreign("an archive", (".tar", ".tgz", ".rar"), (b"Rar!",), "extract the table from it first"),
    Foreign(
        "a Word document", (".doc", ".docx"), (), "copy the table into a spreadsheet and save it as CSV UTF-8"
    ),
    Foreign(
        "an image",
        (".png", ".jpg", ".jpeg", ".gif"),
        (b"\x89PNG", b"\xff\xd8\xff", b"GIF8"),
        "use a table with a row for each image",
    ),
    Foreign("a Git LFS pointer", (), (b"version https://git-lfs",), "fetch the file itself: git lfs pull"),
)


_ROWS = "write one row per line, with a header of column names"
TEXTS = {
    re.compile(r"\d+ \d+ \d+\s*"): ("a FANN training file", _ROWS),
    re.compile(r"\S+( \d+:\S+)+\s*"): ("a LIBSVM file", _ROWS),
}


def refuse_text(name: str, line: str) -> None:
    """Raise DataError if the first line of a text file is that of a kind that is not read."""
    for form, (kind, remedy) in TEXTS.items():
        if form.fullmatch(line):
            raise DataError(f"{name}: {kind}, which nncli does not read", hint=remedy)


def refuse_foreign(name: str, ending: str, begin: bytes) -> None:
    """Raise DataError if the extension or the first bytes of a file are of a kind that is not read."""
    for kind in FOREIGN:
        if ending in kind.endings or begin.startswith(kind.begin or (b"\0\0no such file",)):
            raise DataError(f"{name}: {kind.name}, which nncli does not read", hint=kind.remedy)
