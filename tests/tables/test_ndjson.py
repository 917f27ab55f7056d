"""NDJSON is read exactly, or refused with line and column of what cannot be used."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncli.messages.errors import DataError
from nncli.tables.reading import decode
from tests.golden import Golden, reported

REFUSED = {
    "nothing": ("", "t.jsonl"),
    "blank lines": ("\n \n", "t.jsonl"),
    "no JSON": ('{"a": 1}\n  {"a": x}\n', "t.jsonl:2:9"),
    "text after a row": ('{"a": 1} 2\n', "t.jsonl:1:10"),
    "a list": ("[1, 2]\n", "t.jsonl:1:1"),
    "a list in a row": ('{"a": 1, "b": [1]}\n', "t.jsonl:1:10"),
    "an object in a row": ('\n{"b": {"c": 1}}\n', "t.jsonl:2:2"),
    "two values": ('{"a": 1, "b": 2, "a": 3}\n', "t.jsonl:1:18"),
    "a NUL": ('{"a": "\\u0000"}\n', "t.jsonl:1:2"),
    "half a character": ('{"a": "\\ud800"}\n', "t.jsonl:1:2"),
    "no UTF-8": ('{"a": "\udcff"}\n', "t.jsonl:1:8"),
    "brackets without end": ("[" * 100_000 + "\n", "t.jsonl:1:1"),
}


@pytest.mark.parametrize(("text", "place"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_row_is_refused_at_its_place(golden: Golden, text: str, place: str) -> None:
    with pytest.raises(DataError) as caught:
        decode(text.encode("utf-8", "surrogateescape"), "t.jsonl")
    assert caught.value.message.startswith(f"{place}: ")
    golden.check(reported(caught.value))


def test_a_cell_that_is_no_number_is_refused_at_its_key() -> None:
    table = decode(b'{"a": 1, "b": 2}\n\n {"b": "x", "a": NaN}\n{"b": 1}\n', "t.jsonl")
    with pytest.raises(DataError, match=r"^t.jsonl:3:3: b: 'x' is not a number$"):
        table.numbers("b")
    with pytest.raises(DataError, match=r"^t.jsonl:3:13: a: 'NaN' is not a finite number$"):
        table.numbers("a")
    with pytest.raises(DataError, match=r"^t.jsonl:4:1: a: the cell is empty$"):
        table.take([2]).numbers("a")


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_characters="\0", codec="utf-8")),
)  # fmt: skip


@given(st.lists(st.dictionaries(st.text("abü", min_size=1), VALUES, min_size=1), min_size=1, max_size=6))
@settings(deadline=None)
def test_values_come_back_as_they_were_written(rows: list[dict[str, object]]) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    table = decode(text.encode(), "t.jsonl")
    assert set(table.names) == {name for row in rows for name in row}
    for name in table.names:
        for row, cell in zip(rows, table.typed[name].texts, strict=True):
            match row.get(name):
                case None:
                    assert cell == ""
                case bool(value):
                    assert cell == str(value).lower()
                case str(value):
                    assert cell == value.strip()
                case value:
                    assert type(value)(cell) == value  # type: ignore[call-arg]
