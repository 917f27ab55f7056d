"""A file read in parts gives what it gives as a whole, wherever the parts end and however it comes."""

from __future__ import annotations

import gzip
import os
import re
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncli.messages.errors import DataError, NncliError
from nncli.tables.formats.chunks import LONGEST_LINE
from nncli.tables.reading import decode, opened, read, read_parts
from nncli.tables.table import Table

from ..config.endings import assert_clean
from .files import Outcome, outcome

LARGE = 2**20

CSV_PIECES = st.sampled_from(
    ["a,b\n", "1,2\n", "3,4\r\n", "5,6\r", '"7","8"\n', '"9\n9",1\n', '"""x""",ü\n', "\n", ",,\n", "1;2\n",
     '"', '1,"2\n', '"3"x,4\n', "1,2,3\n", "1\n", "\ufeff", "\0", "\udcff", "\u2028", " 1 ,\t2\n", ",", "\t"]
)  # fmt: skip
JSON_PIECES = st.sampled_from(
    ['{"a": 1, "b": 2}\n', '{"b": "x", "a": true}\r\n', '{"a": null}\n', "{}\n", "\n", " ", '{"a": [1]}\n',
     '{"a": 1, "a": 2}\n', '{"a": 1', "}", "[1]\n", "nonsense\n", "\ufeff", "\0", "\udcff",
     '{"a": "\\u0000"}\n', '{"a": "\\ud800", "ü": 1}\n', '{"a": NaN, "b": -Infinity}\n', "\r",
     '{"": 1}\n', "1" * 5000 + "\n"]
)  # fmt: skip
TEXTS = st.one_of(
    st.tuples(st.just("t.csv"), st.lists(CSV_PIECES, max_size=20).map("".join)),
    st.tuples(st.just("t.ndjson"), st.lists(JSON_PIECES, max_size=20).map("".join)),
    st.tuples(st.just("stdin"), st.lists(st.one_of(CSV_PIECES, JSON_PIECES), max_size=20).map("".join)),
)


def as_whole(content: bytes, name: str) -> Outcome:
    found = Outcome()
    try:
        found.take(decode(content, name))
    except NncliError as error:
        found.error = error
    return found


@given(TEXTS, st.integers(1, 20), st.booleans())
@settings(max_examples=250, deadline=None)
def test_where_parts_end_makes_no_difference(given: tuple[str, str], piece: int, skip: bool) -> None:
    name, text = given
    content = text.encode("utf-8", "surrogateescape")
    large, small = outcome(content, name, LARGE, skip=skip), outcome(content, name, piece, skip=skip)
    assert large.reported == small.reported
    assert large.bad == small.bad
    if not large.reported:
        assert (large.names, large.cells) == (small.names, small.cells)
        assert (large.rows, large.lines) == (small.rows, small.lines)
    if not skip:
        whole = as_whole(content, name)
        assert whole.reported == large.reported
        assert (whole.cells, whole.rows, whole.lines) == (
            large.cells,
            large.rows,
            large.lines,
        ) or whole.reported


@given(TEXTS)
@settings(max_examples=250, deadline=None)
def test_every_row_is_reported_with_the_line_it_stands_on(given: tuple[str, str]) -> None:
    name, text = given
    found = outcome(text.encode("utf-8", "surrogateescape"), name, LARGE, skip=True)
    lines = re.split("\r\n|\r|\n", text.removeprefix("\ufeff"))
    if found.error is not None:
        assert_clean(found.error, text)
    for row, line in [*zip(found.rows, found.lines, strict=True), *((bad[1], bad[0]) for bad in found.bad)]:
        assert lines[line - 1].startswith(re.split("\r\n|\r|\n", row)[0])
    for line, _, message in found.bad:
        place = re.match(r"[\w.]+:(\d+):(\d+): ", message)
        assert place is not None, message
        assert int(place[1]) >= line
        assert int(place[2]) <= len(lines[int(place[1]) - 1]) + 1


def test_one_bad_row_costs_no_other() -> None:
    rows = [f"{row},{row}" for row in range(50_000)]
    rows[20_000] = '1,"2'
    found = outcome("\n".join(["a,b", *rows]).encode(), "t.csv", LARGE, skip=True)
    assert [(line, text) for line, text, _ in found.bad] == [(20_002, '1,"2')]
    reported = "t.csv:20002:3: unclosed quote within 131,072 characters"
    assert found.bad[0][2] == reported
    assert found.rows == rows[:20_000] + rows[20_001:]
    assert found.lines == [line for line in range(2, 50_002) if line != 20_002]


CUTS = {
    "in its first bytes": (slice(0, 5), "damaged: the compressed file is truncated"),
    "in its middle": (slice(0, -20), "damaged: the compressed file is truncated"),
    "in its checksum": (slice(0, -3), "damaged: the compressed file is truncated"),
}


@pytest.mark.parametrize(("cut", "problem"), CUTS.values(), ids=CUTS)
@pytest.mark.parametrize("piece", [1, 100, LARGE])
def test_a_gzip_file_that_is_cut_is_refused_after_what_it_held(cut: slice, problem: str, piece: int) -> None:
    text = "a,b\n" + "".join(f"{row},{row * row % 977}\n" for row in range(20_000))
    found = outcome(gzip.compress(text.encode())[cut], "t.csv.gz", piece)
    assert found.reported.startswith(f"t.csv.gz: {problem}")
    assert "\n".join(["a,b", *found.rows]) in text or not found.rows
    assert as_whole(gzip.compress(text.encode())[cut], "t.csv.gz").reported == found.reported


def test_a_gzip_file_may_be_empty_wrong_or_of_several_members() -> None:
    assert outcome(gzip.compress(b""), "t.csv.gz", 10).reported == "t.csv.gz: the file is empty"
    assert outcome(b"\x1f\x8b" + b"x" * 50, "t.csv.gz", 10).reported.startswith("t.csv.gz: damaged: ")
    damaged = bytearray(gzip.compress(b"a,b\n" + b"1,2\n" * 1000))
    damaged[20] ^= 255
    assert re.match("t.csv.gz: (damaged|cannot be read)", outcome(bytes(damaged), "t.csv.gz", 10).reported)
    both = gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n")
    assert outcome(both, "stdin", 7).rows == ["1,2", "3,4"]


def test_what_a_file_holds_is_detected_by_its_ending_else_by_its_start() -> None:
    assert outcome(b'\xef\xbb\xbf \n{"a": 1}\n', "stdin", 100).names == ["a"]
    assert outcome(b'{"a": 1}\n', "t.unknown", 100).names == ["a"]
    assert outcome(b'{"a"\n1\n', "t.txt", 100).names == ['{"a"']
    assert outcome(gzip.compress(b'{"a": 1}\n'), "stdin", 100).names == ["a"]


@pytest.mark.parametrize("mark", [";", "\t"])
def test_cells_separated_otherwise_are_read_and_that_is_reported(mark: str) -> None:
    table = decode(f'a{mark}"b{mark}c"\n1,5{mark}2\n'.encode(), "t.csv")
    assert table.names == ["a", f"b{mark}c"]
    assert table.remark == f"fields are separated by {'semicolons' if mark == ';' else 'tabs'}"
    assert table.numbers("a").tolist() == [1.5]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe_is_read_as_it_is_written(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    heard = threading.Event()

    def write() -> None:
        with (tmp_path / "pipe").open("wb", buffering=0) as pipe:
            pipe.write(b"a,b\n1,2\n")
            heard.wait(timeout=10)  # the second row comes only after the first was read
            pipe.write(b"3,4")

    writer = threading.Thread(target=write)
    writer.start()
    rows: list[str] = []
    with opened(tmp_path / "pipe", "pipe") as file:
        for table in read_parts(file, "pipe"):
            assert isinstance(table, Table)
            assert table.source is not None
            rows += table.source.rows()
            heard.set()
    writer.join()
    assert rows == ["1,2", "3,4"]


def test_a_line_without_end_is_refused_in_constant_memory() -> None:
    found = outcome(b"a,b\n" + b"1" * (LONGEST_LINE + 2 * LARGE), "t.csv", LARGE)
    assert found.reported == "t.csv: a line is longer than 16 MB"


def test_a_file_may_grow_shrink_or_vanish_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n" + b"1,2\n" * 100_000)
    for change in (lambda: path.write_bytes(b"a,b\n1,2\n"), path.unlink):
        with opened(path, "t.csv") as file:
            tables = read_parts(file, "t.csv")
            count = len(next(tables))
            change()
            count += sum(map(len, tables))
        assert 0 < count <= 100_000
    with pytest.raises(DataError, match="No such file"):
        read(path, "t.csv")
