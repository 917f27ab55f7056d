"""Columns that are read as arrays are what they would be as text, cell by cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncli.messages.errors import NncliError
from nncli.scaffold.from_table import draft
from nncli.tables import reading
from nncli.tables.column import Column, no_number
from nncli.tables.formats import block, chunks
from nncli.tables.numeric import Gathering, NumberCells, typed
from nncli.tables.reading import decode
from nncli.tables.settings import ReadConfig
from nncli.tables.table import Table
from tests.tables.test_fuzz import NUMBERS, ODD, TEXTS

SETTINGS = [
    ReadConfig.model_validate(given)
    for given in (
        {},
        {"decimal": ","},
        {"thousands": "."},
        {"thousands": ",", "decimal": "."},
        {"missing_values": ["1", "-999"]},
        {"separator": ";"},
        {"header": False},
    )
]
WRITTEN = ["007", "1.018", "981", "12", "1e5", "-0", "9007199254740993", "1" * 30, "-999", "+1", "1.", "0.1"]
CELLS = st.sampled_from([*NUMBERS, *WRITTEN, *WRITTEN, *WRITTEN, "", "NA", "nan", "-", "true", "2020-01-01"])
ENDS = st.sampled_from(["\n", "\n", "\r\n", "\r"])


@st.composite
def contents(draw: st.DrawFn) -> str:
    """Rows of numbers as one meets them, with odd ones among them, and perhaps something odd anywhere."""
    rows = draw(st.lists(st.tuples(CELLS, CELLS, st.sampled_from(WRITTEN)), min_size=1, max_size=12))
    mark, end = draw(st.sampled_from(",;\t|")), draw(ENDS)
    text = end.join(mark.join(row) for row in [("a", "b", "y"), *rows])
    if draw(st.booleans()):
        place, odd = draw(st.integers(0, len(text))), draw(st.sampled_from(ODD))
        text = text[:place] + odd + text[place:]
    return draw(st.sampled_from(["", "", "\ufeff"])) + text + draw(st.sampled_from(["", end]))


def seen(column: Column, settings: ReadConfig) -> list[Any]:
    """All that a column tells of itself."""
    notation = column.detected(settings)
    own = Column(column.cells, notation)
    return [
        notation, [*own.texts], own.numbers.tobytes(), own.is_text, own.is_numeric, own.kind,
        own.kind_as_target, own.example, own.doubtful, [*own.labels(numeric=True)],
        [*own.labels(numeric=False)], *(own.missing(kind).tolist() for kind in ("number", "category")),
        *map(no_number, own.texts),
    ]  # fmt: skip


def all_of(table: Table, settings: ReadConfig) -> list[Any]:
    """All that a table tells of itself and of its last rows in reverse."""
    found: list[Any] = []
    for part in (table, table.take(np.arange(len(table))[::-1][:3])):
        detected = part.detected(settings)
        found += [part.names, detected.remarks, detected.notations]
        assert part.source is not None
        found += [[*part.source.rows()], [*part.source.lines], part.source.form, part.source.separator]
        for name, column in part.typed.items():
            found.append(seen(column, settings))
            found.append([part.cell_error(row, name, "odd").message for row in range(len(part))])
            found.append([part.cell_error(row, name, "odd").source for row in range(len(part))])
            found.append([part.text(row, name) for row in range(len(part))])
    return found


def outcome(content: bytes, settings: ReadConfig) -> Any:
    """What a file gives, or its error."""
    try:
        return all_of(decode(content, "t.csv", settings), settings)
    except NncliError as error:
        return error.message, error.hint, error.source


@given(
    st.one_of(contents(), contents(), st.sampled_from(TEXTS), st.lists(st.sampled_from(ODD)).map("".join)),
    st.sampled_from(SETTINGS),
    st.sampled_from([7, 30, 2**17]),
    st.sampled_from([1, 3, 1000]),
)
@settings(max_examples=400, deadline=None)
def test_a_file_is_the_same_as_arrays_in_parts_and_as_text_at_once(
    text: str, given: ReadConfig, piece: int, rows: int
) -> None:
    content = text.encode("utf-8", "surrogateescape")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "PIECE", piece)
        patch.setattr(reading, "ROWS", rows)
        arrays = outcome(content, given)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(block, "typed", lambda cells, spelling: cells)
        patch.setattr(block, "decimals", lambda text, width, delimiter: None)
        text_alone = outcome(content, given)
    assert arrays == text_alone


@pytest.mark.parametrize(
    "cell", ["1", "-1.50", "007", "1e5", ".5", "5.", "+1", "inf", "1e400", "9007199254740993"]
)
def test_plain_numbers_become_an_array_and_keep_their_text(cell: str) -> None:
    table = decode(f"x,y\n{cell},1\n{cell},2\n".encode(), "t.csv")
    cells = table.columns["x"]
    assert isinstance(cells, NumberCells)
    assert cells.numbers.tolist() == [float(cell)] * 2
    assert (cells[0], cells[-1], cells[:1], [*cells]) == (cell, cell, [cell], [cell] * 2)


@pytest.mark.parametrize("cell", ["", "nan", "1_000", "١", "1,5", "0x10", "-", ".", "$1", "a", "1 2"])
def test_all_else_stays_text(cell: str) -> None:
    assert typed(["1", cell], lambda rows: []) == ["1", cell]


def test_a_column_whose_later_part_has_text_is_text() -> None:
    numbers = typed(["1", "2.0"], lambda rows: [["1", "2.0"][row] for row in rows])
    gathering = Gathering(2)
    for cells in (numbers, ["a"], numbers):
        gathering.add([cells, typed(["5"] * len(cells), lambda rows: ["5"] * len(rows))])
    text, array = gathering.columns()
    assert text == ["1", "2.0", "a", "1", "2.0"]
    assert isinstance(array, NumberCells)
    assert (array.numbers.tolist(), [*array]) == ([5.0] * 5, ["5"] * 5)


def test_parts_of_numbers_are_joined_without_their_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block, "_lines", lambda text: pytest.fail("split again"))
    monkeypatch.setattr(chunks, "PIECE", 64)
    monkeypatch.setattr(reading, "ROWS", 5)
    text = "x,y\n" + "".join(f"{row},{row / 7}\n" for row in range(100))
    table = decode(text.encode(), "t.csv").detected()
    assert table.typed["x"].numbers.tolist() == [*range(100)]
    assert table.take(np.array([99, 5])).typed["y"].numbers.tolist() == [99 / 7, 5 / 7]
    assert not table.typed["y"].missing("number").any()
    assert table.typed["y"].kind == "number"
    assert table.remarks == []


def test_fractions_without_a_point_separate_no_thousands() -> None:
    assert decode(b"x,y\n150,1\n5e-1,2\n", "t.csv").detected().remarks == []


def test_a_config_is_drafted_without_the_text_of_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(block, "_lines", lambda text: pytest.fail("split again"))
    path = tmp_path / "t.csv"
    rows = "".join(f"{row},{row % 7},{row / 7:.4f},{row**2 % 101}\n" for row in range(1, 100))
    path.write_text("row,a,b,y\n" + rows)
    assert "id: row" in draft(path, ["y"], None, None).text


@pytest.mark.parametrize("quote", ["", '"'])
def test_rows_in_any_order_have_their_text_though_one_block_is_kept(
    monkeypatch: pytest.MonkeyPatch, quote: str
) -> None:
    monkeypatch.setattr(chunks, "PIECE", 64)
    monkeypatch.setattr(reading, "ROWS", 5)
    written = [(f"{row}", f"{quote}{row}.50{quote}", f" {row}e0") for row in range(100)]
    table = decode(("a,b,c\n" + "".join(",".join(row) + "\n" for row in written)).encode(), "t.csv")
    order = np.random.default_rng(0).permutation(100)
    chosen = table.take(order)
    for name, forms in zip("abc", zip(*written, strict=True), strict=True):
        assert isinstance(table.columns[name], NumberCells)
        assert [*chosen.columns[name]] == [forms[row].strip(' "') for row in order]
    assert block._lines.cache_info().currsize == 1
    assert block._lines.cache_info().misses > 30


def test_the_text_of_a_column_splits_no_cell_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    table = decode(b"a,b,c\n1,2,3\n4,5,6\n", "t.csv")
    monkeypatch.setattr(block.Block, "_split", lambda self, body: pytest.fail("split whole"))
    assert [[*cells] for cells in table.columns.values()] == [["1", "4"], ["2", "5"], ["3", "6"]]
