"""Table files of every format, compression and encoding, and those that are refused by name."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import pickle
import sqlite3
import sys
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from nncli.messages.errors import DataError, NncliError
from nncli.tables.formats.foreign import FOREIGN
from nncli.tables.reading import decode, read_parts
from nncli.tables.settings import ReadConfig

NAMES = ["area", "a town's name", "sold", "new", "price"]
TOWNS = ("Linz", "St. Pölten", 'the "old" one')
ROWS = [
    [f"{60.5 + 3 * row}", TOWNS[row % 3], f"2024-01-{row % 28 + 1:02}", "true", str(row)]
    for row in range(3_000)
]
EXPECTED = dict(zip(NAMES, map(list, zip(*ROWS, strict=True)), strict=True))


def as_csv() -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([NAMES, *ROWS])
    return out.getvalue().encode()


def as_objects() -> list[dict[str, object]]:
    return [
        {"area": float(row[0]), "a town's name": row[1], "sold": row[2], "new": True, "price": int(row[4])}
        for row in ROWS
    ]


def as_workbook() -> bytes:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(NAMES)
    for row in ROWS:
        day = datetime.fromisoformat(row[2])
        sheet.append([float(row[0]), row[1], day, True, int(row[4])])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_arff() -> bytes:
    def quoted(text: str) -> str:
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    kinds = ["numeric", "string", "date yyyy-MM-dd", "{true,false}", "numeric"]
    lines = ["% made for a test", "@RELATION flats", ""]
    lines += [f"@attribute {quoted(name)} {kind}" for name, kind in zip(NAMES, kinds, strict=True)]
    lines += ["", "@data", "% rows"]
    lines += [f"{row[0]}, {quoted(row[1])},{row[2]},{row[3]},{row[4]}" for row in ROWS]
    return "\n".join(lines).encode()


FORMATS: dict[str, Callable[[], bytes]] = {
    "t.csv": as_csv,
    "t.tsv": lambda: as_csv().replace(b",", b"\t"),
    "t.data": as_csv,
    "no extension": as_csv,
    "t.json": lambda: json.dumps(as_objects()).encode(),
    "t.indented.json": lambda: json.dumps(as_objects(), indent=2, ensure_ascii=False).encode(),
    "stdin": lambda: json.dumps(as_objects()).encode(),
    "t.ndjson": lambda: "\n".join(map(json.dumps, as_objects())).encode(),
    "t.xlsx": as_workbook,
    "a workbook without its extension": as_workbook,
    "t.arff": as_arff,
    "an ARFF file without its extension": lambda: as_arff().split(b"\n", 1)[1],
}
COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zip": lambda content: zipped({"t.csv": content}),
}


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def joined(content: bytes, name: str, given: ReadConfig | None = None) -> dict[str, list[str]]:
    """The columns as they come in parts, in place of numbers their texts."""
    file = io.BufferedReader(io.BytesIO(content))  # type: ignore[arg-type]
    tables = list(read_parts(file, name, given=given or ReadConfig.model_validate({})))
    return {
        column: [cell for table in tables for cell in table.typed[column].texts] for column in tables[0].names
    }


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_table_whole_and_in_parts(name: str, compression: str) -> None:
    content = COMPRESSIONS[compression](FORMATS[name]())
    whole = decode(content, name + compression)
    assert {column: list(whole.typed[column].texts) for column in whole.names} == EXPECTED
    assert joined(content, name + compression) == EXPECTED


def test_only_a_part_of_a_json_array_is_in_memory() -> None:
    file = io.BufferedReader(io.BytesIO(json.dumps(as_objects() * 10).encode()))  # type: ignore[arg-type]
    assert len(list(read_parts(file, "t.json"))) > 3


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1", "mac-roman"]
)
def test_text_is_read_in_its_encoding(encoding: str) -> None:
    content = as_csv().decode().encode(encoding)
    given = ReadConfig.model_validate({"encoding": encoding})
    assert joined(content, "t.csv", given) == EXPECTED
    if encoding.startswith("utf-8") or encoding == "utf-16":  # with a byte order mark
        assert joined(content, "t.csv") == EXPECTED


def test_another_encoding_is_answered_with_the_key_that_sets_it() -> None:
    with pytest.raises(DataError, match="not UTF-8 text") as caught:
        joined(as_csv().decode().encode("cp1252"), "t.csv")
    assert "dataset.read.encoding, such as cp1252" in str(caught.value.hint)
    with pytest.raises(DataError, match="not ascii text"):
        joined(as_csv(), "t.csv", ReadConfig.model_validate({"encoding": "ascii"}))


@pytest.mark.parametrize("kind", FOREIGN, ids=lambda kind: kind.name)
def test_files_of_other_kinds_are_refused_by_name_with_a_remedy(kind: object, tmp_path: Path) -> None:
    assert isinstance(kind, type(FOREIGN[0]))
    for ending in kind.endings:
        with pytest.raises(DataError, match=kind.name):
            decode(b"anything", f"t{ending}")
    for begin in kind.begin:
        for name in ("t.csv", "stdin"):
            with pytest.raises(DataError, match=kind.name) as caught:
                decode(begin + b" and more", name)
            assert caught.value.hint == kind.remedy


def test_real_files_of_other_kinds_are_recognized(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "t.sqlite")
    connection.execute("create table t (a)")
    connection.commit()
    connection.close()
    array = io.BytesIO()
    np.save(array, np.eye(2))
    real = {
        "a pickle": pickle.dumps({"a": [1]}),
        "a NumPy array": array.getvalue(),
        "an SQLite database": (tmp_path / "t.sqlite").read_bytes(),
        "a FANN training file": b"2 1 1\n0.5\n1\n0.25\n0\n",
        "a LIBSVM file": b"1 1:0.5 3:1.25\n-1 2:1\n",
    }
    for name, content in real.items():
        with pytest.raises(DataError, match=name):
            decode(content, "t.dat")


@pytest.mark.parametrize(
    ("content", "name", "problem"),
    [
        (zipped({"a.csv": b"a\n1\n", "b.csv": b"a\n1\n"}), "t.zip", "a zip archive of 2 files: a.csv, b.csv"),
        (zipped({}), "t.zip", "a zip archive of 0 files"),
        (as_csv()[:9], "t.zip.xlsx", "the Excel workbook cannot be read"),
        (b"PK\x03\x04 cut", "t.csv", "damaged: not a valid zip archive"),
        (b'[{"a": 1}, {"a": ', "t.json", "the JSON array is not complete or not valid"),
        (b'[{"a": 1} {"b" 2}]', "t.json", "the JSON array is not complete or not valid"),
        (b"[1, 2]", "t.json", "the JSON array is not complete or not valid"),
        (b"@relation x\n@data\n1\n", "t.arff", "no @attribute line"),
        (b"@attribute a numeric\n@data\n{0 1}\n", "t.arff", "sparse ARFF is not supported"),
        (lzma.compress(as_csv())[:-40], "t.csv.xz", "damaged"),
        (bz2.compress(as_csv())[:-40], "t.csv.bz2", "damaged"),
    ],
)
def test_damaged_files_are_refused(content: bytes, name: str, problem: str) -> None:
    for read in (decode, joined):
        with pytest.raises(DataError, match=problem) as caught:
            read(content, name)
        assert caught.value.message.startswith(f"{name}: ")
        assert caught.value.hint


def test_a_title_above_the_header_of_a_sheet_is_skipped() -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "empty"
    sheet = book.create_sheet("data")
    for row in (["Flats 2024"], [], ["area", "price"], *([60 + row, 1000.5 * row] for row in range(20))):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    table = decode(out.getvalue(), "t.xlsx")
    assert table.names == ["area", "price"]
    assert table.numbers("price").tolist() == [1000.5 * row for row in range(20)]


def test_a_missing_openpyxl_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    workbook = as_workbook()
    monkeypatch.setitem(sys.modules, "openpyxl", None)  # as if it were not installed
    with pytest.raises(NncliError, match=r"t\.xlsx: reading Excel workbooks needs openpyxl") as caught:
        decode(workbook, "t.xlsx")
    assert caught.value.hint == (
        "install it with: python -m pip install openpyxl; or save the sheet as CSV UTF-8 in Excel"
    )
