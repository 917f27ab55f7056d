"""Parquet gives what it holds, is refused in plain words, and without pyarrow in one sentence."""

from __future__ import annotations

import datetime
import decimal
import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncli.messages.errors import DataError, NncliError
from nncli.tables.reading import decode, read
from nncli.tables.table import Table

from ..config.endings import read_or_refused
from .files import outcome


def test_without_pyarrow_one_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    for name in ("t.parquet", "stdin"):
        with pytest.raises(NncliError) as caught:
            decode(b"PAR1", name) if name == "stdin" else read(tmp_path / name, name)
        assert caught.value.message == "Parquet needs pyarrow, which is not installed"
        assert caught.value.hint == "install it with: python -m pip install pyarrow"


@pytest.fixture(scope="module")
def arrow() -> Any:
    pytest.importorskip("pyarrow.parquet", reason="needs the extra `tables`")
    return sys.modules["pyarrow"]


def written(arrow: Any, columns: dict[str, Any], **options: Any) -> bytes:
    sink = io.BytesIO()
    arrow.parquet.write_table(arrow.table(columns), sink, **options)
    return sink.getvalue()


def table(arrow: Any, **columns: Any) -> Table:
    return decode(written(arrow, columns), "t.parquet")


def test_numbers_are_numbers_and_null_is_no_value(arrow: Any) -> None:
    found = table(
        arrow,
        f=[0.1, -0.0, None],
        half=arrow.array(np.array([0.5, 1.5, 2.5], np.float16)),
        i=[1, None, 3],
        u=arrow.array([0, 2, 255], "uint8"),
        large=[2**53 + 1, 2**53 + 3, 0],
    )
    assert found.typed["f"].texts == ["0.1", "0", ""]
    assert np.signbit(np.asarray(found.columns["f"])[1])
    assert found.typed["half"].texts == ["0.5", "1.5", "2.5"]
    assert found.typed["i"].texts == ["1", "", "3"]
    assert found.typed["u"].texts == ["0", "2", "255"]
    assert found.typed["large"].texts == ["9007199254740993", "9007199254740995", "0"]
    assert found.typed["f"].kind == found.typed["i"].kind == found.typed["large"].kind == "number"


def test_other_values_are_text(arrow: Any) -> None:
    found = table(
        arrow,
        flag=[True, None, False],
        text=[" a", None, "b,c"],
        codes=arrow.array(["x", "y", "x"]).dictionary_encode(),
        day=[datetime.date(2024, 2, 29), None, datetime.date(2025, 1, 1)],
        exact=[decimal.Decimal("1.50"), None, decimal.Decimal("-2.25")],
        time=arrow.array([1, None, 86_400_000_000_000 * 365], "timestamp[ns]"),
        far=arrow.array([2**45, None, 0], "timestamp[s]"),
        nested=[[1, 2], None, []],
        nothing=arrow.nulls(3),
    )
    assert found.typed["flag"].texts == ["true", "", "false"]
    assert found.typed["text"].texts == ["a", "", "b,c"]
    assert found.typed["codes"].texts == ["x", "y", "x"]
    assert found.typed["day"].texts == ["2024-02-29", "", "2025-01-01"]
    assert found.typed["exact"].texts == ["1.50", "", "-2.25"]
    assert found.typed["time"].texts == ["1970-01-01 00:00:00.000000001", "", "1971-01-01 00:00:00.000000000"]
    assert found.typed["far"].texts[1:] == ["", "1970-01-01 00:00:00.000"]
    assert (found.typed["day"].kind, found.typed["time"].kind) == ("date", "date")
    assert found.typed["nested"].texts == ["[1, 2]", "", "[]"]
    assert found.typed["nothing"].texts == ["", "", ""]
    assert (found.typed["flag"].kind, found.typed["codes"].kind, found.typed["exact"].kind) == (
        "boolean",
        "category",
        "number",
    )
    with pytest.raises(DataError, match=r"^t.parquet: row 1: day: '2024-02-29' is a date or time"):
        found.numbers("day")


def test_a_cell_that_cannot_be_used_is_reported_with_row_and_column(arrow: Any) -> None:
    with pytest.raises(DataError, match=r"^t.parquet: row 3: f: the cell is empty$"):
        table(arrow, f=[0.1, 1.0, None]).numbers("f")
    with pytest.raises(DataError, match=r"^t.parquet: row 2: f: 'inf' is not a finite number$"):
        table(arrow, f=[0.1, float("inf")]).numbers("f")


def test_text_that_is_not_utf_8_is_reported_with_rows_and_column(arrow: Any) -> None:
    wrong = arrow.array([b"x", b"\xff"]).view("string")
    with pytest.raises(DataError, match=r"^t.parquet: rows 1 to 2: a: cannot be read: 'utf-8' codec"):
        table(arrow, a=wrong)


def test_parts_are_the_whole(arrow: Any) -> None:
    rng = np.random.default_rng(0)
    columns = {"a": rng.normal(size=10_000), "b": rng.integers(0, 9, 10_000).astype(str)}
    content = written(arrow, columns, row_group_size=1_700)
    assert outcome(content, "t.parquet", 2**20).cells == outcome(content, "stdin", 1_000).cells
    found = outcome(content, "stdin", 1_000)  # which cannot be sought in
    assert found.lines == list(range(1, 10_001))
    assert found.cells == outcome(content, "t.parquet", 2**20).cells
    whole = decode(content, "t.parquet")
    assert [float(a) for a, _ in found.cells] == whole.numbers("a").tolist()
    assert [b for _, b in found.cells] == whole.typed["b"].texts


def test_what_is_no_table_is_refused(arrow: Any) -> None:
    for content, problem in {
        b"": "not valid Parquet",
        b"PAR1" * 5: "not valid Parquet",
        written(arrow, {}): "the table has no rows",
        written(arrow, {"a": []}): "the table has no rows",
        written(arrow, {" ": [1]}): "column names are empty or duplicated",
    }.items():
        assert outcome(content, "t.parquet", 2**20).reported.startswith(f"t.parquet: {problem}")


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_damaged_file_is_read_or_refused(arrow: Any, data: st.DataObject) -> None:
    content = bytearray(
        written(arrow, {"a": [1.5, 2.5, None], "b": ["x", "y", "z"], "c": [True, None, False]})
    )
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content))) if data.draw(st.booleans()) else len(content)
    read_or_refused(lambda: decode(bytes(content[:cut]), "t.parquet"), bytes(content[:cut]))
    assert outcome(bytes(content[:cut]), "t.parquet", 2**20).reported is not None
