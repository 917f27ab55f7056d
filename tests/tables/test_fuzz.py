"""A damaged CSV file gives the numbers that stand in it, or is refused."""

from __future__ import annotations

import codecs
import csv
import io
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nncli.config import load_config
from nncli.nn.arrays import Array
from nncli.tables.column import NO_VALUE
from nncli.tables.formats.dialect import SAMPLE, detect, evident
from nncli.tables.formats.foreign import FOREIGN
from nncli.tables.reading import decode
from nncli.tables.table import Table
from nncli.training.rows import read_rows

from ..config.endings import mutated, read_or_refused

CASES = 2_000
PARTS = 4  # tests that share the damaged tables, so that they run side by side

TEXTS = [
    "a,b,y\n1,2,3\n4,5,6\n7.5,-8e-3,9\n",
    'name,"x, in cm",y\n"Ann ""A""",1.5,0\nBob,2,1\n"Ce\ncil",3,1\n',
    " a , b\n 1 , 2\n\n,,\n3,4\n",
    "größe,漢,y\r\n1,2,3\r\n+4,.5,6.\r\n",
    "x\n" + "".join(f"{row / 7!r}\n" for row in range(30)),
]
NUMBERS = [
    "0", "-0.0", "1e400", "-1e400", "1e-400", "1e308", "nan", "NaN", "inf", "-Infinity", "1_000", "١٢",
    "１２", "1,5", "0x10", "1e", "e1", ".", "+", "--1", "1.2.3", "1d3", "5e-324", "1" * 400,
    "0." + "1" * 400, "1 2", "½", "1\xa0",
]  # fmt: skip
ODD = [
    *NUMBERS, "", ",", ",,", '"', '""', '"""', "'", ";", "\t", "\n", "\r", "\r\n", "\0", "\x1a", "\x0b",
    "\x0c", "\x1c", "\x85", "\u2028", "\ufeff", "\x1b[31m", "\u202e", "漢", "=1+1", "=cmd|' /C calc'!A0",
    "@SUM(A1)", "-2+3", "#", "a", "b", "y", "true", "NULL", "x" * 300, "x" * 140_000, "\\", "\\n",
    "[bold]", "None", "1,2,3\n" * 3,
]  # fmt: skip
ENCODINGS = [
    "utf-8", "utf-8", "utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1", "utf-32", "cp1252",
]  # fmt: skip
ENDS = ["\n", "\n", "\r\n", "\r"]

DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
NUMBER = re.compile(rf"{DECIMAL.pattern}|[+-]?(nan|inf|infinity)", re.IGNORECASE)

Columns = dict[str, list[str]]


def damaged(rng: random.Random) -> bytes:
    text = mutated(rng.choice(TEXTS), rng, ODD, NUMBERS)
    content = text.replace("\n", rng.choice(ENDS)).encode(rng.choice(ENCODINGS), errors="replace")
    if rng.random() < 0.1 and content:
        place = rng.randrange(len(content))
        content = content[:place] + rng.randbytes(rng.randint(0, 2)) + content[place + 1 :]
    return content


def expected(content: bytes) -> Columns | None:
    """The table as the csv module reads it in the detected layout, None where it is none."""
    try:
        utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = re.sub("^\ufeff", "", content.decode("utf-16" if utf16 else "utf-8"))
        lines = [*io.StringIO(text, newline="")]
        layout = evident(lines) or detect(lines[:SAMPLE])
        rows = list(
            csv.reader(lines[layout.above :], strict=True, delimiter=layout.separator, skipinitialspace=True)
        )
    except (UnicodeDecodeError, csv.Error):
        return None
    present = [[cell.strip() for cell in row] for row in rows if any(map(str.strip, row))]
    header = list(layout.names or present[:1][0]) if present else []
    body = [row for row in present[int(layout.has_header) :] if row != header][layout.below :]
    if "\0" in text or not body or any(len(row) != len(header) for row in body):
        return None
    names = [name for name in header if name]
    if len(set(names)) < len(names) or all(map(NUMBER.fullmatch, names)):
        return None
    if any(row[place] for row in body for place, name in enumerate(header) if not name):
        return None
    return {name: [row[place] for row in body] for place, name in enumerate(header) if name}


def number(cell: str) -> float | None:
    """The double nearest to a decimal number in ASCII, by exact arithmetic; None for anything else."""
    try:
        value = float(Decimal(cell)) if DECIMAL.fullmatch(cell) else float("inf")
    except InvalidOperation:  # an exponent of hundreds of digits
        return None
    return value if np.isfinite(value) else None


def judge(content: bytes, table: Table | None) -> None:
    """A table holds what csv and decimal arithmetic find in it, and is refused only where they find none."""
    if re.search(rb'" +([,;|]|\s|$)', content):  # the csv module refuses spaces after a quote, nncli does not
        return
    columns = expected(content)
    assert (table is None) == (columns is None), content
    if table is None or columns is None:
        return
    assert {name: list(table.typed[name].texts) for name in table.names} == columns
    for name, cells in columns.items():
        numbers = read_or_refused(lambda name=name: table.numbers(name), content)
        assert as_list(numbers) == all_or_none(map(number, cells)), (content, name)


def judge_as_data(content: bytes, X: list[list[float]] | None) -> None:
    """One column goes in and one comes out, refused where one of them is no column of numbers.

    Rows without a target are left out.
    """
    cells = expected(content) or {}
    given = [row for row, cell in enumerate(cells.get("y", ())) if cell.lower() not in NO_VALUE["number"]]
    columns = {name: all_or_none(number(column[row]) for row in given) for name, column in cells.items()}
    inputs = columns.get("x, in cm") or None
    if inputs is None or columns.get("y") is None:
        assert X is None, content
    else:
        assert X == [[value] for value in inputs], content


def all_or_none(values: Iterable[float | None]) -> list[float] | None:
    found = list(values)
    return None if None in found else found


def as_list(array: Array | None) -> list[float] | None:
    return None if array is None else array.tolist()


@pytest.mark.parametrize("part", range(PARTS))
def test_a_damaged_table_is_refused_or_read_as_it_stands(
    part: int, tmp_path: Path, tally: Callable[[str, Counter[str]], None]
) -> None:
    rng = random.Random(part)
    endings: Counter[str] = Counter(read=0, refused=0)
    (tmp_path / "c.yaml").write_text(
        "dataset:\n  {path: t.csv, inputs: ['x, in cm'], targets: [y], task: regression,"
        " preprocessing: {columns: {'x, in cm': {kind: number}}}}\n"
        "network: {layers: [{units: 1}]}"
    )
    config = load_config(tmp_path / "c.yaml")
    for _ in range(CASES // PARTS):
        content = damaged(rng)
        (tmp_path / "t.csv").write_bytes(content)
        table = read_or_refused(lambda content=content: decode(content, "t.csv"), content)
        judge(content, table)
        rows = read_or_refused(lambda: read_rows(config), content)
        judge_as_data(content, None if rows is None else rows.whole.X.tolist())
        endings["refused" if table is None else "read"] += 1
    tally("mutated CSV files", endings)
    assert endings["read"] > CASES // PARTS // 10  # or nothing was judged


PIECES = st.sampled_from([*ODD[:40], "a", "b", "1", "2.5", ",", "\n", '"', " "])


@given(st.lists(PIECES, max_size=30).map("".join))
@settings(max_examples=300, deadline=None)
def test_any_text_is_refused_or_read_as_it_stands(text: str) -> None:
    # What a first line of marks alone says of the mark in use, nobody can tell.
    assume(not re.match(r"[\s,;]*[,;\t][\s,;]*[\r\n]", text))
    content = text.encode()
    judge(content, read_or_refused(lambda: decode(content, "t.csv"), content))


@given(st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_refused_or_read_as_they_stand(content: bytes) -> None:
    assume(not content.startswith(tuple(mark for kind in FOREIGN for mark in kind.begin)))
    judge(content, read_or_refused(lambda: decode(content, "t.csv"), content))
