"""Columns parsed by pyarrow are the same as those parsed without it."""

from __future__ import annotations

import io
import random
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncli.messages.errors import NncliError
from nncli.tables.formats import arrow, chunks, delimited
from nncli.tables.numeric import NumberCells
from nncli.tables.reading import read_parts
from nncli.tables.table import RowError, Table

from .test_fuzz import NUMBERS, ODD, damaged

pytest.importorskip("pyarrow")

NUMBER = st.one_of(
    st.floats(allow_nan=False).map(repr),
    st.floats(-1e6, 1e6).map(lambda value: f"{value:.3f}"),
    st.integers(-(10**30), 10**30).map(str),
    st.sampled_from(NUMBERS),
)
WORDS = ["red", "dark blue", " ü ", "nan", "", "2024-01-31", "true", "c0"]
WORD = st.one_of(st.sampled_from(WORDS), st.text(max_size=5))
CELL = st.one_of(NUMBER, WORD, st.sampled_from(ODD))
COLUMN = st.tuples(st.sampled_from([NUMBER, NUMBER, WORD]), st.booleans())


def read(content: bytes, *, piece: int) -> list[Any]:
    """All that a reader sees who reads a table in pieces: cells, their numbers, rows, lines and errors."""
    seen: list[Any] = []

    def report(error: RowError) -> None:
        seen.append((str(error), error.source))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "LARGE", 0)
        patch.setattr(chunks, "PIECE", piece)
        try:
            file = io.BufferedReader(io.BytesIO(content))  # type: ignore[arg-type]
            seen += described(read_parts(file, "t.csv", report))
        except NncliError as error:
            seen.append((str(error), error.source))
    return seen


def described(tables: Iterable[Table]) -> Iterator[Any]:
    for table in tables:
        assert table.source is not None
        yield table.source.form, [*table.source.rows()], [*table.source.lines]
        for position, (name, column) in enumerate(table.typed.items()):
            cells = column.cells
            numbers = cells.numbers.tobytes() if isinstance(cells, NumberCells) else None
            yield name, column.kind, column.is_text, [*cells], numbers
            yield table.source.place(0, position, name, str(cells[0]))


def assert_same(content: bytes, piece: int) -> None:
    """Assert that a table is read as without pyarrow."""
    found = read(content, piece=piece)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrow, "is_installed", lambda: False)
        assert found == read(content, piece=piece)


@given(
    separator=st.sampled_from([",", ";", "\t", "|"]),
    columns=st.lists(COLUMN, min_size=1, max_size=4),
    piece=st.sampled_from([1, 20, 100]),
    data=st.data(),
)
@settings(max_examples=300, deadline=None)
def test_any_cells(separator: str, columns: list[Any], piece: int, data: st.DataObject) -> None:
    header = [f"c{position}" for position in range(len(columns))]
    row = st.tuples(*(st.one_of(cell, CELL) if is_odd else cell for cell, is_odd in columns))
    rows = [header, ["1.5"] * len(columns), *data.draw(st.lists(row, min_size=2, max_size=12))]
    text = "".join(f"{separator.join(cells)}\n" for cells in rows)
    assert_same(text.encode("utf-8", "surrogatepass"), piece)


@pytest.mark.parametrize("part", range(4))
def test_damaged_tables(part: int) -> None:
    rng = random.Random(part)
    for _ in range(300):
        assert_same(damaged(rng), rng.choice([1, 10, 100]))


def parsed_by_arrow(content: str, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each chunk that pyarrow was given, whether it could parse it."""
    found: list[bool] = []
    parsed_columns = arrow.parsed_columns

    def watched(*given: Any) -> Any:
        result = parsed_columns(*given)
        found.append(result is not None)
        return result

    monkeypatch.setattr(arrow, "parsed_columns", watched)
    assert_same(content.encode(), 1000)
    return found


def test_numbers_beside_text_are_parsed_by_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"{row / 7!r},{'red' if row % 3 else 'dark blue'},{row},1e-{row % 300}" for row in range(2000)]
    found = parsed_by_arrow("\n".join(["x,color,n,tiny", *lines]), monkeypatch)
    assert len(found) > 50
    assert all(found)


def test_a_missing_value_costs_pyarrow_one_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"{row},{'' if row == 1000 else row / 3!r}" for row in range(2000)]
    found = parsed_by_arrow("\n".join(["a,b", *lines]), monkeypatch)
    assert len(found) > 20
    assert found.count(False) == 1


def test_a_small_table_does_not_import_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow, "is_installed", lambda: pytest.fail("asked for pyarrow"))
    text = "a,b\n" + "1,x\n" * 200_000
    parts = read_parts(io.BufferedReader(io.BytesIO(text.encode())), "t.csv")  # type: ignore[arg-type]
    assert sum(map(len, parts)) == 200_000


def test_without_pyarrow_a_large_table_is_read_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    arrow.is_installed.cache_clear()
    try:
        assert not arrow.is_installed()
        assert_same(b"a,b\n" + b"1,x\n" * 1000, 100)
    finally:
        arrow.is_installed.cache_clear()
