"""A CSV file is read exactly, or refused with the place of the first cell that cannot be used."""

from __future__ import annotations

import contextlib
import csv
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncli.messages.errors import DataError
from nncli.tables.reading import parse_csv, read
from nncli.tables.table import Table
from tests.golden import Golden, reported

FILES = {
    "empty": ("", "t.csv"),
    "blank": ("\n \n,,\n", "t.csv"),
    "no rows": ("a,b\n", "t.csv"),
    "no header": ("1,2\n3,4\n", "t.csv:1:1"),
    "a short row": ("a,b\n1,2\n3\n", "t.csv:3:2"),
    "a long row": ("a,b\n1,2,3\n", "t.csv:2:5"),
    "a long row after a break in quotes": ('a,b\n"1\n2",3\n4,5,6\n', "t.csv:4:5"),
    "a column without a name": ("a,,c\n1,2,3\n", "t.csv:1:3"),
    "two columns of a name": ("a,b,a\n1,2,3\n", "t.csv:1:5"),
    "a short row of semicolons": ("a;b\n1;2\n3\n", "t.csv:3:2"),
    "an open quote": ('a,b\n1,"2\n3,4\n', "t.csv:2:3"),
    "text after a quote": ('a,b\n"1"x,2\n', "t.csv:2:4"),
    "a NUL": ("a,b\n1,\0\n", "t.csv:2:3"),
}


@pytest.mark.parametrize(("text", "place"), FILES.values(), ids=FILES)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, golden: Golden, text: str, place: str) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes(text.encode())
    with pytest.raises(DataError) as caught:
        read(file, "t.csv")
    assert caught.value.message.startswith(f"{place}: ")
    assert caught.value.hint
    golden.check(reported(caught.value))


CELLS = {
    "text": ("a,b\n1,2\n3,«x»\n", "'x' is not a number"),
    "nothing": ("a,b\n1,2\n3,«»\n", "the cell is empty"),
    "spaces before": ("a,b\n1,   «x»\n", "'x' is not a number"),
    "NaN": ("a,b\n1,«NaN»\n", "'NaN' is not a finite number"),
    "infinity": ("a,b\n1,«-inf»\n", "'-inf' is not a finite number"),
    "beyond floats": ("a,b\n1,«1e999»\n", "'1e999' is not a finite number"),
    "underscores": ("a,b\n1,«1_0»\n", "'1_0' is not a number"),
    "other digits": ("a,b\n1,«٣»\n", "'٣' is not a number"),
    "after a comma in quotes": ('a,b\n"1,5",«x»\n', "'x' is not a number"),
    "after quotes in quotes": ('a,b\n"1"",",«x»\n', "'x' is not a number"),
    "after a blank line": ("a,b\n\n1,«x»\n", "'x' is not a number"),
    "after a break in quotes": ('a,b\n"1\n2",«x»\n', "'x' is not a number"),
}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize(("text", "problem"), CELLS.values(), ids=CELLS)
def test_a_cell_that_is_no_number_is_refused_at_its_place(text: str, problem: str, end: str) -> None:
    before = text.partition("«")[0].split("\n")
    place = f"t.csv:{len(before)}:{len(before[-1]) + 1}"
    table = parse_csv(text.replace("«", "").replace("»", "").replace("\n", end), "t.csv")
    with pytest.raises(DataError) as caught:
        table.numbers("b")
    assert caught.value.message == f"{place}: b: {problem}"
    assert caught.value.source is not None
    line, carets = caught.value.source.splitlines()
    assert carets.index("^") == len(f"{len(before)} | ") + len(before[-1])
    assert line.startswith(f"{len(before)} | {before[-1]}")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="t: Is a directory"):
        read(tmp_path, "t")
    with pytest.raises(DataError, match="t: No such file"):
        read(tmp_path / "t.csv", "t")
    with pytest.raises(DataError, match="t: not a path"):
        read(Path("a\0b"), "t")


def test_text_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes("a,größe\n1,2\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"t:1:5: not UTF-8 text \(byte 0xf6\)"):
        read(file, "t")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["", "BOM"])
def test_line_ends_and_byte_order_marks_make_no_difference(tmp_path: Path, end: str, mark: str) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes((mark + "a, b\n1,2\n\n 3 ,4").replace("\n", end).encode())
    table = read(file, "t")
    assert table.names == ["a", "b"]
    assert table.numbers("a").tolist() == [1.0, 3.0]
    assert table.numbers("b").tolist() == [2.0, 4.0]
    assert list(table.lines or ()) == [2, 4]


@given(st.data())
def test_numbers_come_back_as_they_were_written(data: st.DataObject) -> None:
    width = data.draw(st.integers(1, 4))
    row = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=width, max_size=width)
    rows = data.draw(st.lists(row, min_size=1, max_size=5))
    text = io.StringIO()
    csv.writer(text).writerows([[f"c{position}" for position in range(width)], *rows])
    table = parse_csv(text.getvalue(), "t")
    assert [
        list(values) for values in zip(*(table.numbers(name) for name in table.names), strict=True)
    ] == rows


@given(st.text(st.characters(codec="utf-8"), max_size=80))
def test_any_text_is_a_table_or_refused(text: str) -> None:
    with contextlib.suppress(DataError):
        table = parse_csv(text, "t")
        for name in table.names:
            assert np.isfinite(table.numbers(name)).all()


def test_a_part_keeps_places() -> None:
    table = parse_csv("a,b\n1,x\n2,3\n", "t").take([0])
    with pytest.raises(DataError, match="t:2:3: b: 'x'"):
        table.numbers("b")


def test_columns_without_a_header_say_where_their_names_come_from() -> None:
    with pytest.raises(DataError) as caught:
        parse_csv("1.5,2\n2.5,3\n3.5,4\n", "t").require(["price"])
    assert caught.value.hint == (
        "no header row, so the columns are named column_1 to column_2; "
        "use one of these names, or add a header row"
    )


def test_a_missing_column_is_named_with_those_there_are() -> None:
    with pytest.raises(DataError) as caught:
        Table("t", {f"column{number}": ["1"] for number in range(300)}).require(["colum7"])
    assert caught.value.message == "t: no column named 'colum7'"
    assert str(caught.value.hint).startswith("did you mean column7? columns: column0, column1, ")
    assert str(caught.value.hint).endswith(" and 280 more")
