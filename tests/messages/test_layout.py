"""Text and tables fitted to a width: words whole, rows on one line, marked places visible."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncli.messages.layout import aligned, definitions, fitted_table, wrapped
from nncli.messages.wording import excerpt, width

WORD = st.text(st.sampled_from("abcdefgh.,-=日本"), min_size=1, max_size=12)
TEXT = st.lists(WORD, min_size=1, max_size=30).map(" ".join)


@given(TEXT, st.integers(20, 60))
def test_wrapping_keeps_every_word_and_fits(text: str, columns: int) -> None:
    result = wrapped(text, columns)
    assert result.split() == text.split()
    assert all(width(line) <= columns for line in result.split("\n"))


def test_further_lines_start_below_the_text_of_a_label() -> None:
    assert wrapped("hint: one two three four", 16) == "hint: one two\n      three four"
    assert wrapped("  a b c d", 5) == "  a b\n  c d"
    assert wrapped("next: nncli predict    nncli plot", 20) == "next: nncli predict\n      nncli plot"
    assert wrapped("one two", None) == "one two"


@pytest.mark.parametrize("column", [0, 30, 55, 90])
def test_an_excerpt_is_clipped_around_its_place(column: int) -> None:
    line = "".join(chr(97 + position % 26) for position in range(100))
    shown = wrapped(excerpt(line, 12, column, 3), 40)
    source, carets = shown.split("\n")
    assert width(source) <= 40
    marked = source[carets.index("^") : carets.index("^") + 3]
    assert marked == line[column : column + 3]
    assert ("..." in source) is True


def test_an_excerpt_that_fits_is_left_as_it_is() -> None:
    short = excerpt("a: b", 1, 3)
    assert wrapped(short, 40) == short


ROWS = [
    ["name", "shape", "error", "at"],
    ["layers.0.weight", "4x2", "1e-09", "[0,1]"],
    ["b", "4", "1e-10", "[2]"],
]


def test_a_table_that_fits_is_aligned() -> None:
    assert fitted_table(ROWS, columns=40) == fitted_table(ROWS) == aligned(ROWS)


def test_columns_without_room_are_left_out_from_the_right_and_named() -> None:
    table, note = fitted_table(ROWS, columns=30).split("\n(")
    assert table == aligned([row[:3] for row in ROWS])
    assert note == "no room for at; --json shows\nall)"


def test_the_last_columns_stay_longest() -> None:
    assert "at" in fitted_table(ROWS, columns=30, last=1).split("\n")[0]


def test_long_names_are_shortened_first() -> None:
    rows = [["name", "error"], ["a_name_that_is_far_too_long_for_this", "1"]]
    first, second = fitted_table(rows, columns=30).split("\n")
    assert width(second) == 30
    assert "..." in second
    assert first.endswith("error")


@given(st.lists(st.tuples(WORD, TEXT), min_size=1, max_size=5), st.integers(30, 120))
def test_definitions_keep_every_word_and_fit(rows: list[tuple[str, str]], columns: int) -> None:
    result = definitions(rows, columns, indent="  ")
    assert result.split() == [word for row in rows for word in " ".join(row).split()]
    assert all(width(line) <= columns for line in result.split("\n"))
