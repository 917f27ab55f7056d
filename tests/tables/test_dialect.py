"""The layout of delimited files as people write them, detected from their first rows."""

from __future__ import annotations

import csv
import io
from itertools import product

import pytest

from nncli.messages.errors import DataError
from nncli.tables.formats.dialect import SEPARATORS, detect
from nncli.tables.reading import parse_csv, read_parts

ROWS = [
    [f"{126.1 + 7 * k:.1f}", str(k % 5 + 1), ("Linz", "Graz", "Wien")[k % 3], str(300_000 + 811 * k)]
    for k in range(40)
]
NAMES = ["area", "rooms", "city", "price"]


def written(rows: list[list[str]], separator: str = ",") -> str:
    """Rows as a program writes them: quoted where a cell holds the separator."""
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="\n").writerows(rows)
    return out.getvalue()


def columns(text: str) -> dict[str, list[str]]:
    return {name: list(cells) for name, cells in parse_csv(text, "t.csv").columns.items()}


EXPECTED = dict(zip(NAMES, map(list, zip(*ROWS, strict=True)), strict=True))

# What stands above the header; "" is nothing.
ABOVE = {
    "nothing": "",
    "a blank line": "\n",
    "a title": "Houses of 2024\n\n",
    "a title of two lines": "Houses\nPrices in EUR\n",
    "comments": "# made by hand\n# on Monday\n",
}


@pytest.mark.parametrize(("separator", "above"), list(product(SEPARATORS, ABOVE)), ids=str)
def test_every_separator_is_found_below_whatever_stands_above(separator: str, above: str) -> None:
    assert columns(ABOVE[above] + written([NAMES, *ROWS], separator)) == EXPECTED


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_separator_line_is_followed(separator: str) -> None:
    assert columns(f"sep={separator}\n" + written([NAMES, *ROWS], separator)) == EXPECTED


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_decimal_commas_and_commas_in_names_do_not_separate(separator: str) -> None:
    rows = [[row[0].replace(".", ","), *row[1:]] for row in ROWS]
    table = columns(written([["area, m2", *NAMES[1:]], *rows], separator))
    assert table["area, m2"] == [row[0] for row in rows]


def test_row_names_of_a_data_frame_are_a_column_of_their_own() -> None:
    """pandas writes them below an empty name, R below none."""
    numbered = [[str(k), *row] for k, row in enumerate(ROWS)]
    for header in (["", *NAMES], NAMES):
        assert columns(written([header, *numbered])) == {
            "Unnamed: 0": [row[0] for row in numbered],
            **EXPECTED,
        }


@pytest.mark.parametrize("width", [len(NAMES), 1], ids=["all columns", "one column"])
@pytest.mark.parametrize(("header_too", "rows_too"), [(True, True), (True, False), (False, True)])
def test_a_trailing_comma_makes_no_column(header_too: bool, rows_too: bool, width: int) -> None:
    names, rows = NAMES[-width:], [row[-width:] for row in ROWS]
    header = [*names, ""] if header_too else names
    table = columns(written([header, *([*row, ""] if rows_too else row for row in rows)]))
    assert table == {name: EXPECTED[name] for name in names}


def test_nothing_is_said_of_separators_where_there_are_none() -> None:
    assert detect(["x\n", ",5\n", ",25\n"]).remarks == ()


def test_a_column_without_a_name_that_gets_a_value_later_is_refused_there() -> None:
    rows = [[*row, ""] for row in ROWS * 20]
    rows[500][-1] = "x"
    with pytest.raises(DataError, match=r"^t\.csv:502:\d+: column 5 has no name$"):
        columns(written([[*NAMES, ""], *rows]))


def test_a_line_of_units_is_skipped() -> None:
    rows = [[row[0], row[1], row[3]] for row in ROWS]
    table = columns(written([["area", "rooms", "price"], ["m2", "", "EUR"], *rows]))
    assert table["area"] == EXPECTED["area"]


def test_a_repeated_header_is_no_row() -> None:
    assert columns(written([NAMES, *ROWS[:20], NAMES, *ROWS[20:]])) == EXPECTED


def test_without_a_header_the_columns_are_numbered() -> None:
    table = parse_csv(written(ROWS), "t.csv")
    assert table.names == ["column_1", "column_2", "column_3", "column_4"]
    assert len(table) == len(ROWS)
    assert "no header row" in table.remark


def test_years_are_names_of_columns() -> None:
    text = written([["country", "2019", "2020"], *([f"c{k}", str(k), str(2 * k)] for k in range(9))])
    assert list(columns(text)) == ["country", "2019", "2020"]


@pytest.mark.parametrize("row", ['-0.6, "Linz",-0.6', '-0.6,"Linz" ,-0.6', '-0.6 , "Linz" , -0.6'])
def test_spaces_around_quotes_are_around_the_cell(row: str) -> None:
    assert columns(f"x,city,y\n{row}\n") == {"x": ["-0.6"], "city": ["Linz"], "y": ["-0.6"]}


@pytest.mark.parametrize("size", [1, 7, 100, 10_000])
@pytest.mark.parametrize("above", ABOVE)
def test_the_layout_does_not_depend_on_the_pieces_in_which_a_file_comes(size: int, above: str) -> None:
    content = (ABOVE[above] + written([NAMES, *ROWS], ";")).encode()

    class Pieces(io.BufferedReader):
        def read1(self, _: int = -1) -> bytes:  # type: ignore[override]
            return super().read1(size)

    tables = list(read_parts(Pieces(io.BytesIO(content)), "t.csv"))  # type: ignore[arg-type]
    joined = {name: [cell for table in tables for cell in table.columns[name]] for name in tables[0].names}
    assert joined == EXPECTED


def test_a_nameless_index_beside_one_column_is_no_title() -> None:
    table = columns(written([["", "x"], *([str(row), str(row * row)] for row in range(1, 30))]))
    assert list(table) == ["Unnamed: 0", "x"]


def test_a_line_of_counts_above_rows_is_no_header() -> None:
    """scikit-learn's own tables start with the number of rows and columns and the names of the classes."""
    rows = [[*row[:2], *row[3:], row[0]] for row in ROWS]
    table = parse_csv("40,4,malignant,benign,x,y,z\n" + written(rows), "t.csv")
    assert table.names == ["column_1", "column_2", "column_3", "column_4"]
    assert len(table) == len(ROWS)
    assert table.remark.startswith("skipped line 1 (above the header)")
