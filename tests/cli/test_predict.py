"""`nncli predict` on the tables people have: every row answered or reported, in one process as in a pipe."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.predict import measure
from nncli import api
from nncli.config import Config
from nncli.tables.reading import decode
from tests.cli.conftest import Command

PEOPLE = 'name,age,colour,income\n"Ann, A.",20,red,1.5\nBob,40,blue,2.5\nCem,60,"dark, ""matt""",4\n'
PRICES = "a,b,p,q\n1,0,1,1e22\n0,1,0.5,-0.0\n1,1,0.1,7\n"


def config(table: str, targets: list[str], layers: list[dict[str, Any]], **dataset: Any) -> Config:
    header, *rows = csv.reader(io.StringIO(table))
    values = {
        "dataset": {"columns": header, "rows": rows, "targets": targets, **dataset},
        "network": {"layers": layers},
        "training": {"epochs": 1},
    }
    if layers[-1].get("activation") == "softmax":
        values["loss"] = "cross_entropy"
    return Config.of(values)


@pytest.fixture(scope="module")
def runs_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs: two targets of numbers, a target from numbers and categories, and labels of text."""
    folder = tmp_path_factory.mktemp("runs")
    scaled = {"scale": "standard", "scale_targets": "standard"}
    api.train(config(PRICES, ["p", "q"], [{"units": 2}], inputs=["a", "b"]), output=folder / "prices")
    people = {"id": "name", "preprocessing": scaled}
    api.train(config(PEOPLE, ["income"], [{"units": 1}], **people), output=folder / "people")
    labels: dict[str, Any] = {"id": "name", "inputs": ["age", "income"]}
    softmax = [{"units": 3, "activation": "softmax"}]
    api.train(config(PEOPLE, ["colour"], softmax, **labels), output=folder / "colours")
    return folder


@pytest.fixture
def predict(nncli: Command, runs_folder: Path, tmp_path: Path) -> Command:
    """`nncli predict` in a folder that holds the runs."""
    shutil.copytree(runs_folder, tmp_path, dirs_exist_ok=True)
    return lambda *words, **options: nncli("predict", *words, **options)


def process(*words: str, stdin: bytes = b"", **variables: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "nncli", "predict", *words],
        input=stdin,
        capture_output=True,
        check=False,
        env={**os.environ, **variables},
    )


def records(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_columns_are_found_by_name_in_any_order_among_others(predict: Command) -> None:
    plain = process("people", "-q", "-i", "-", stdin=b"age,colour\n20,red\n60,blue\n")
    other = b'colour,x,age\nred,"1,\n5",20\nblue,,60\n'
    moved = process("people", "-q", "-i", "-", stdin=other)
    assert (plain.returncode, moved.returncode) == (0, 0)
    answers = [row["pred_income"] for row in records(plain.stdout.decode())]
    assert len(set(answers)) == 2
    assert moved.stdout.decode().splitlines() == [
        "colour,x,age,pred_income",
        'red,"1,',
        f'5",20,{answers[0]}',
        f"blue,,60,{answers[1]}",
    ]


def test_a_missing_column_is_named(predict: Command) -> None:
    result = process("people", "-q", "-i", "-", stdin=b"colur,age\nred,20\n")
    assert (result.returncode, result.stdout) == (2, b"")
    assert result.stderr.decode() == (
        "error: stdin: no column named 'colour'\nhint: did you mean colur? columns: colur, age\n"
    )


def test_a_category_never_seen_is_reported_with_its_place(predict: Command) -> None:
    result = process("people", "-q", "-i", "-", stdin=b"age,colour\n20,red\n30,violet\n")
    assert (result.returncode, result.stdout) == (2, b"")
    error = "error: stdin:3:4: colour: unknown category 'violet'\n3 | 30,violet\n  |    ^^^^^^\n"
    assert result.stderr.decode().startswith(error)


def test_a_bad_row_in_the_millionth_line_is_reported_below_whole_rows(predict: Command) -> None:
    first = "20,red\n"
    Path("many.csv").write_text("age,colour\n" + first * 999_998 + "20,rot\n" + first * 10)
    with Path("out.csv").open("wb") as out:
        result = subprocess.run(
            [sys.executable, "-m", "nncli", "predict", "people", "-i", "many.csv", "-q"],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert result.returncode == 2
    assert result.stderr.startswith("error: many.csv:1000000:4: colour: unknown category 'rot'\n")
    written = Path("out.csv").read_text()
    header, row, _ = written.split("\n", 2)
    assert header == "age,colour,pred_income"
    count = written.count("\n") - 1
    assert 900_000 < count < 999_999
    assert written == f"{header}\n" + f"{row}\n" * count


BAD = 'age,colour\n20,red\nx,red\n40,violet\n"40"x,red\n1,2,3\n,blue\n\n60,blue\n'
REJECTED = [
    ("3", "age: 'x' is not a number", "x,red"),
    ("4", "colour: unknown category 'violet'", "40,violet"),
    ("5", "unexpected text after a closing quote", '"40"x,red'),
    ("6", "3 cells, but the header has 2 columns", "1,2,3"),
    ("7", "age: the cell is empty", ",blue"),
]


def test_the_first_row_that_cannot_be_used_is_reported_whatever_is_wrong_with_it(predict: Command) -> None:
    header, first, *rows = BAD.splitlines(keepends=True)
    for position, (line, reason, _) in enumerate(REJECTED):
        result = predict("people", "-q", "-i", "-", stdin="".join([header, first, *rows[position:]]))
        assert result.code == 2
        assert result.err.startswith("error: stdin:3:")
        assert f": {reason}\n" in result.err, line


@pytest.mark.parametrize("source", ["bad.csv", "bad.csv.gz", "-"])
@pytest.mark.parametrize("output", ["good.csv", "-"])
def test_rows_that_cannot_be_used_go_to_a_file_of_their_own(
    predict: Command, source: str, output: str
) -> None:
    Path("bad.csv").write_text(BAD)
    Path("bad.csv.gz").write_bytes(gzip.compress(BAD.encode()))
    stdin = BAD if source == "-" else ""
    result = predict("people", "-i", source, "-o", output, "--on-error", "skip", stdin=stdin)
    side = "rejected.csv" if output == "-" else "good.rejected.csv"
    assert (result.code, result.err.splitlines()[-1]) == (0, f"skipped 5 of 7 rows (see {side})")
    text = result.out if output == "-" else Path("good.csv").read_text()
    assert [(row["age"], row["colour"]) for row in records(text)] == [("20", "red"), ("60", "blue")]
    with Path(side).open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["line", "reason", "row"]
    assert list(map(tuple, rows)) == REJECTED


def test_json_counts_the_rows_left_out(predict: Command) -> None:
    words = ("people", "-i", "-", "-o", "good.jsonl", "--on-error", "skip", "--json")
    facts = json.loads(predict(*words, stdin=BAD).out)
    assert (facts["rows"], facts["rejected"], facts["rejected_file"]) == (2, 5, "good.rejected.csv")
    assert "rejected" not in json.loads(predict(*words, stdin=BAD[:18]).out)


@pytest.mark.parametrize("rows", ["1;5,red\n2;5,blue\n", '"1"x,red\n'])
def test_where_no_row_can_be_used_nothing_is_written(predict: Command, rows: str) -> None:
    before = sorted(Path().iterdir())
    words = ("people", "-q", "-i", "-", "-o", "good.csv", "--on-error", "skip")
    result = predict(*words, stdin=f"age,colour\n{rows}")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: stdin:2:")
    assert sorted(Path().iterdir()) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_prediction_that_is_stopped_leaves_no_part_of_a_file(
    predict: Command, number: signal.Signals
) -> None:
    Path("good.csv").write_text("what was there")
    before = sorted(Path().iterdir())
    words = ["people", "-i", "-", "-o", "good.csv", "--on-error", "skip"]
    started = subprocess.Popen([sys.executable, "-m", "nncli", "predict", *words], stdin=subprocess.PIPE)
    assert started.stdin is not None
    started.stdin.write(b"age,colour\n" + b"20,red\nx,y\n" * 10_000)  # more than a pipe holds: it is read
    started.send_signal(number)
    started.communicate(timeout=30)
    assert started.returncode in (128 + number, -number)
    assert Path("good.csv").read_text() == "what was there"
    assert sorted(Path().iterdir()) == before


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on files")
def test_a_file_that_does_not_fit_is_absent(predict: Command) -> None:
    Path("many.csv").write_text("age,colour\n" + "20,red\n" * 100_000)
    before = sorted(Path().iterdir())
    line = f"ulimit -f 100; '{sys.executable}' -m nncli predict people -q -i many.csv -o good.csv"
    result = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr.startswith(
        "error: good.csv: cannot be written: File too large\nhint: free some space"
    )
    assert sorted(Path().iterdir()) == before


def test_rows_on_stdout_are_utf_8_whatever_the_terminal(predict: Command) -> None:
    words = ("colours", "-q", "-i", "-", "--format")
    table = "age,income,größe\n20,1,漢\n".encode()
    result = process(*words, "csv", stdin=table, PYTHONIOENCODING="ascii")
    assert result.stdout.decode().startswith("age,income,größe,pred_colour\n20,1,漢,")
    rows = '{"age": 20, "income": 1, "größe": "漢"}\n'.encode()
    result = process(*words, "jsonl", stdin=rows, PYTHONIOENCODING="ascii")
    assert json.loads(result.stdout)["größe"] == "漢"


SOURCES = {
    "csv": 'id,b,a,note\n007,0.10,1e0,"x, ""y"""\nü ,-0.0,1e22,\n',
    "tsv": 'id\tb\ta\tnote\n007\t0.10\t1e0\t"x, ""y"""\nü \t-0.0\t1e22\t\n',
    "semicolons": 'id;b;a;note\n007;0.10;1e0;"x, ""y"""\nü ;-0.0;1e22;\n',
    "ndjson": '{"id": "007", "b": 0.10, "a": 1e0, "note": "x, \\"y\\""}\n'
    '{"id": "ü ", "b": -0.0, "a": 1e22, "note": null}\n',
}


def given_as(source: str) -> tuple[str, bytes]:
    """A file's name and content."""
    if source == "parquet":
        arrow = pytest.importorskip("pyarrow")
        parquet = pytest.importorskip("pyarrow.parquet")
        columns = {"id": ["007", "ü "], "b": [0.1, -0.0], "a": [1.0, 1e22], "note": ['x, "y"', None]}
        sink = io.BytesIO()
        parquet.write_table(arrow.table(columns), sink)
        return "t.parquet", sink.getvalue()
    return f"t.{'csv' if source == 'semicolons' else source}", SOURCES[source].encode()


@pytest.mark.parametrize("compressed", ["", ".gz"])
@pytest.mark.parametrize("form", ["csv", "jsonl", "npy", "table", "parquet"])
@pytest.mark.parametrize("source", [*SOURCES, "parquet"])
def test_every_source_goes_to_every_format(predict: Command, source: str, form: str, compressed: str) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow")
    name, content = given_as(source)
    Path(name + compressed).write_bytes(gzip.compress(content) if compressed else content)
    result = predict("prices", "-q", "-i", name + compressed, "-o", "out", "--format", form)
    assert (result.code, result.out, result.err) == (0, "", "")
    model = api.open_run("prices").model
    expected = model.outputs(np.array([[1.0, 0.1], [1e22, -0.0]]))
    written = Path("out").read_bytes()
    if form == "npy":
        assert np.array_equal(np.load("out"), expected)
        return
    if form == "table":
        assert len(written.decode().splitlines()) == 3
        return
    table = decode(written, {"csv": "t.csv", "jsonl": "t.jsonl", "parquet": "t.parquet"}[form])
    assert table.names == ["id", "b", "a", "note", "pred_p", "pred_q"]
    assert table.typed["id"].texts == ["007", "ü"]
    assert table.typed["note"].texts == ['x, "y"', ""]
    assert np.array_equal(table.numbers("a"), [1.0, 1e22])
    assert np.array_equal(table.numbers("b"), [0.1, 0.0])
    assert np.array_equal(np.column_stack([table.numbers("pred_p"), table.numbers("pred_q")]), expected)


@pytest.mark.parametrize(("source", "form"), [("csv", "csv"), ("ndjson", "jsonl")])
def test_rows_of_the_same_form_are_carried_over_to_the_character(
    predict: Command, source: str, form: str
) -> None:
    text = SOURCES[source]
    out = predict("prices", "-q", "-i", "-", "--format", form, stdin=text).out
    for row, given in zip(out.splitlines(), text.splitlines(), strict=True):
        assert row.startswith(given.removesuffix("}") + ",")


def test_labels_of_text_come_out_as_they_went_in(predict: Command) -> None:
    table = "income,name,age\n1.5,x,20\n4,y,60\n"
    for form in ("csv", "jsonl"):
        found = decode(
            predict("colours", "-q", "-i", "-", "--format", form, stdin=table).out.encode(), "stdin"
        )
        assert set(found.typed["pred_colour"].texts) <= {"red", "blue", 'dark, "matt"'}
    matt = 'name,age,income,colour\nx,20,1.5,"dark, ""matt"""\n'
    (row,) = records(predict("colours", "-q", "--proba", "-i", "-", stdin=matt).out)
    assert [name for name in row if name.startswith("proba_")] == [
        "proba_blue",
        'proba_dark, "matt"',
        "proba_red",
    ]
    assert float(row['error_dark, "matt"']) == float(row['proba_dark, "matt"']) - 1


@pytest.mark.parametrize(("run", "target"), [("people", "income"), ("colours", "colour")])
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_rows_without_a_target_are_predicted_without_an_error(
    predict: Command, run: str, target: str, form: str
) -> None:
    full = records(PEOPLE)
    for empty in ({1}, {0, 1, 2}):
        text = io.StringIO()
        writer = csv.DictWriter(text, full[0])
        writer.writeheader()
        writer.writerows({**row, target: "" if k in empty else row[target]} for k, row in enumerate(full))
        result = predict(run, "-q", "-i", "-", "--format", form, stdin=text.getvalue())
        assert result.code == 0
        found = decode(result.out.encode(), "stdin")
        plain = decode(predict(run, "-q", "-i", "-", "--format", form, stdin=PEOPLE).out.encode(), "stdin")
        for name in found.names:
            before = plain.typed[name].texts
            if name == target or name.startswith("error_"):
                before = ["" if k in empty else cell for k, cell in enumerate(before)]
            assert found.typed[name].texts == before


def test_semicolons_are_reported(predict: Command) -> None:
    table = "age;colour\n20;red\n"
    assert predict("people", "-i", "-", stdin=table).err == "stdin: fields are separated by semicolons\n"
    assert predict("people", "-q", "-i", "-", stdin=table).err == ""


def test_values_may_hold_commas_in_quotes(predict: Command) -> None:
    (row,) = records(predict("people", "-q", "--values", '20, "dark, ""matt"""').out)
    assert (row["age"], row["colour"]) == ("20", 'dark, "matt"')
    assert predict("people", "-q", "--values", "20").err.startswith(
        "error: --values 20: expected 2 values, found 1"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="measured as Unix does it")
@pytest.mark.parametrize("form", ["csv", "jsonl", "npy"])
def test_memory_does_not_grow_with_the_table(predict: Command, form: str) -> None:
    words = ["-m", "nncli", "predict", "people", "-q", "-i", "t.csv", "-o", "out", "--format", form]
    peaks = []
    for rows in (30_000, 300_000):
        Path("t.csv").write_text("age,colour\n" + "20.5,red\n" * rows)
        peaks.append(measure(words).memory)
    assert peaks[1] - peaks[0] < 3e6  # bytes; 270,000 rows more are as many in text


def test_predictions_do_not_depend_on_the_environments_threads(nncli: Command) -> None:
    rng = np.random.default_rng(0)
    names = [f"x{column}" for column in range(8)]
    with Path("t.csv").open("w") as file:
        file.write(",".join([*names, "y"]) + "\n")
        np.savetxt(file, rng.normal(size=(20_000, 9)), fmt="%.5f", delimiter=",")
    values = {
        "dataset": {"path": "t.csv", "targets": ["y"]},
        "network": {"layers": [{"units": 200, "activation": "tanh"}, {"units": 1}]},
        "training": {"epochs": 0},
    }
    api.train(Config.of(values), output="wide")
    one, two = (process("wide", "-q", "-i", "t.csv", OPENBLAS_NUM_THREADS=number) for number in "12")
    assert one.returncode == 0
    assert one.stdout == two.stdout


TAGS = "x,p,q\n-2,0,0\n-1,0,1\n1,1,1\n2,1,1\n"


@pytest.fixture
def tags(nncli: Command) -> Command:
    """`nncli predict` of two labels: the first from 0 on, the second from -1 on."""
    layer = {"units": 2, "activation": "sigmoid", "weights": [[4.0], [4.0]], "biases": [0.0, 4.0]}
    values = config(TAGS, ["p", "q"], [layer])
    api.train(values, output="tags")
    Path("t.csv").write_text(TAGS, encoding="utf-8")
    Path("new.csv").write_text("x\n-3\n-0.5\n3\n", encoding="utf-8")
    return lambda *words, **options: nncli("predict", "tags", "-q", *words, **options)


LABELS = ["pred_p", "proba_p", "pred_q", "proba_q"]
TOLD = [("0", "0"), ("0", "1"), ("1", "1")]


def test_each_label_comes_with_its_probability_beside_it(tags: Command) -> None:
    rows = records(tags("-i", "new.csv").out)
    assert list(rows[0]) == ["x", *LABELS]
    assert [(row["pred_p"], row["pred_q"]) for row in rows] == TOLD
    for row in rows:
        assert (float(row["proba_p"]) >= 0.5, float(row["proba_q"]) >= 0.5) == (
            row["pred_p"] == "1",
            row["pred_q"] == "1",
        )


def test_errors_of_labels_compare_outputs_with_targets(tags: Command) -> None:
    rows = records(tags("-i", "t.csv").out)
    assert list(rows[0]) == ["x", "p", "q", *LABELS, "error_p", "error_q"]
    for row in rows:
        assert float(row["error_q"]) == float(row["proba_q"]) - float(row["q"])


def test_labels_are_the_same_in_every_format(tags: Command) -> None:
    reported = [tuple(map(int, pair)) for pair in TOLD]
    lines = [json.loads(line) for line in tags("-i", "new.csv", "--format", "jsonl").out.splitlines()]
    assert [(line["pred_p"], line["pred_q"]) for line in lines] == reported
    table = tags("-i", "new.csv", "--format", "table").out.splitlines()
    assert table[0].split() == ["x", *LABELS]
    assert [(row.split()[1], row.split()[3]) for row in table[1:]] == TOLD
    assert tags("-i", "new.csv", "-o", "p.npy").code == 0
    array = np.load("p.npy")
    assert array.shape == (3, 4)
    assert array[:, [0, 2]].tolist() == [list(map(float, pair)) for pair in reported]
    parquet = pytest.importorskip("pyarrow.parquet")
    assert tags("-i", "new.csv", "-o", "p.parquet").code == 0
    read = parquet.read_table("p.parquet")
    assert read.column_names == ["x", *LABELS]
    assert list(zip(read["pred_p"].to_pylist(), read["pred_q"].to_pylist(), strict=True)) == reported
