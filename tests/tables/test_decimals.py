"""Numbers parsed all at once are what `float` makes of each cell, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncli.tables.decimals import decimals
from nncli.tables.reading import decode
from nncli.tables.settings import ReadConfig

DIGITS = st.text("0123456789", max_size=9)
MINUS = st.sampled_from(["", "", "-"])
SHORT = st.builds("{}{}{}{}".format, MINUS, DIGITS, st.sampled_from(["", "."]), DIGITS)
ODD = [
    "", "-", ".", "-.", "1_0", "nan", "inf", "+1", "--1", "1-", "1-1", ".5", "-.5", "5.", "1.2.3", "1..2",
    "0x10", "1e400", "1e5", "1d5", "١", "１", "é", " 1", "1 ", "\t1", '"1"', "1\r", "\0", "-0", "-0.0", "007",
    "12345678.9", "123456789", "0.12345678", "0.123456789", "99999999.99999999", "90071992.54740993", "1\n2",
    "\n", "1,2", "1;",
]  # fmt: skip
CELL = st.one_of(SHORT, SHORT, SHORT, st.floats(-1e7, 1e7).map("{:.4f}".format), st.sampled_from(ODD))


def one_by_one(text: str, width: int, delimiter: str) -> list[list[float]] | None:
    """The numbers of each line, None if one is odd."""
    rows = [line.split(delimiter) for line in text.removesuffix("\n").split("\n")]
    if any(len(cells) != width for cells in rows) or not text.isascii():
        return None
    if set(text) - set(f"0123456789-.{delimiter}\n"):
        return None
    try:
        return [[float(cell) for cell in cells] for cells in rows]
    except ValueError:
        return None


@given(st.integers(1, 3), st.sampled_from([*",;\t| .-1éx"]), st.booleans(), st.data())
@settings(max_examples=600, deadline=None)
def test_numbers_are_those_of_float_to_the_bit(
    width: int, delimiter: str, ended: bool, data: st.DataObject
) -> None:
    cells = data.draw(st.one_of(st.just(SHORT), st.just(CELL)))
    rows = data.draw(st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=6))
    text = "\n".join(map(delimiter.join, rows)) + "\n" * ended
    found, expected = decimals(text, width, delimiter), one_by_one(text, width, delimiter)
    if found is not None:
        assert expected is not None
        assert found.tobytes() == np.array(expected).tobytes()


@pytest.mark.parametrize(
    "cell", ["0", "-0", "-1.50", "007", ".5", "-.5", "5.", "12345678", "0.12345678", "12345678.1234567"]
)
@pytest.mark.parametrize("end", ["", "\n"])
def test_short_numbers_are_parsed(cell: str, end: str) -> None:
    found = decimals(f"{cell},1\n2.5,{cell}{end}", 2, ",")
    assert found is not None
    assert found.tobytes() == np.array([[float(cell), 1.0], [2.5, float(cell)]]).tobytes()


@pytest.mark.parametrize("cell", [cell for cell in ODD if not one_by_one(cell, 1, ",")])
def test_other_cells_are_left(cell: str) -> None:
    assert decimals(f"{cell},1\n2,3\n", 2, ",") is None
    assert decimals(f"2,3\n1,{cell}\n", 2, ",") is None


@pytest.mark.parametrize("cell", ["123456789", "0.123456789", "90071992.54740993"])
def test_numbers_of_more_digits_are_left(cell: str) -> None:
    assert decimals(f"1,2\n3,{cell}\n", 2, ",") is None


MISSHAPEN = ["", "\n", "1,2\n3\n", "1,2\n3,4,5\n", "1\n2,3,4\n", "1,2\n\n3,4\n", "1,2,\n3,4\n"]


@pytest.mark.parametrize("text", MISSHAPEN)
def test_lines_of_another_width_are_left(text: str) -> None:
    assert decimals(text, 2, ",") is None


def test_a_header_of_numbers_is_found_again_among_numbers() -> None:
    given = ReadConfig.model_validate({"header": True})
    assert decode(b"1,2\n3,4\n1,2\n5,6\n", "t.csv", given).columns["1"] == ("3", "5")


@pytest.mark.parametrize("text", ["1.2.3,4444\n", "1,2.2.2\n", "4444,1.2.3\n55,5.5\n"])
def test_points_of_one_cell_are_not_those_of_another(text: str) -> None:
    assert decimals(text, 2, ",") is None


@pytest.mark.parametrize(
    ("text", "delimiter"), [("21x\n", "1"), ("2.x\n", "."), ("2-x\n", "-"), ("2é3\n", "é")]
)
def test_separators_that_may_be_part_of_a_number_are_left(text: str, delimiter: str) -> None:
    assert decimals(text, 2, delimiter) is None
