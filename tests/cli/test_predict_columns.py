"""`nncli predict`: the input's own columns and separator are kept in the output."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command

SEPARATORS = {"commas": ",", "semicolons": ";", "tabs": "\t", "bars": "|"}
REGRESSION = "network: {layers: [{units: 1}]}\ntraining: {epochs: 3}\n"
CLASSES = (
    "network: {layers: [{units: 1, activation: sigmoid}]}\n"
    "loss: binary_cross_entropy\ntraining: {epochs: 3}\n"
)


def train(nncli: Command, header: str, rows: list[str], rest: str, target: str = "y") -> None:
    Path("t.csv").write_text("\n".join([header, *rows, ""]))
    Path("c.yaml").write_text(f"dataset: {{path: t.csv, targets: [{target}]}}\n{rest}")
    assert nncli("train", "c.yaml", "-q").code == 0


def records(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter=delimiter))


@pytest.mark.parametrize(
    ("column", "rest", "labels"),
    [
        ("pred_y", REGRESSION, ("1.5", "3.5")),
        ("error_y", REGRESSION, ("1.5", "3.5")),
        ("pred_y", CLASSES, ("a", "b")),
        ("error_y", CLASSES, ("a", "b")),
        ("proba_b", CLASSES, ("a", "b")),
    ],
)
@pytest.mark.parametrize("form", ["csv", "jsonl", "table", "json"])
def test_an_input_named_like_an_output_keeps_its_column(
    nncli: Command, column: str, rest: str, labels: tuple[str, str], form: str
) -> None:
    low, high = labels
    train(nncli, f"{column},x,y", [f"0.25,1,{low}", f"0.75,2,{high}"] * 3, rest)
    words = ["--json"] if form == "json" else ["--format", form]
    result = nncli("predict", "-i", "t.csv", *words)
    note = f"the table's own column {column} is kept; the new column is named {column}_2\n"
    assert result.err.count(note) == 1
    if form == "table":
        assert f" {column}_2" in result.out.splitlines()[0]
        return
    if form == "json":
        columns = json.loads(result.out)["columns"]
        values, names = columns[column][:2], [*columns]
    else:
        Path(f"again.{form}").write_text(result.out)
        rows = records(result.out) if form == "csv" else list(map(json.loads, result.out.splitlines()))
        values, names = [float(row[column]) for row in rows[:2]], [*rows[0]]
        assert nncli("predict", "-i", f"again.{form}", *words).out == result.out
    assert values == [0.25, 0.75]
    assert f"{column}_2" in names


def test_a_number_is_added_until_the_name_is_free(nncli: Command) -> None:
    train(nncli, "pred_y,pred_y_2,y", ["0.25,1,1.5", "0.75,2,3.5"], REGRESSION)
    assert [*records(nncli("predict", "-q").out)[0]] == ["pred_y", "pred_y_2", "y", "pred_y_3", "error_y"]


def test_a_text_input_named_like_a_prediction_stays_text(nncli: Command) -> None:
    train(nncli, "pred_y,y", ["low,1.5", "high,3.5"] * 3, REGRESSION)
    first = json.loads(nncli("predict", "--format", "jsonl", "-q").out.splitlines()[0])
    assert first["pred_y"] == "low"
    assert isinstance(first["pred_y_2"], float)


def test_columns_of_an_old_output_are_replaced(nncli: Command) -> None:
    train(nncli, "x,y", ["1,1.5", "2,3.5"], REGRESSION)
    once = nncli("predict", "-q").out
    again = nncli("predict", "-i", "-", stdin=once.replace("\n1,1.5,", "\n1,1.5,7"))
    assert (again.out, "is kept" in again.err) == (once, False)


@pytest.mark.parametrize("name", SEPARATORS)
def test_the_separator_of_the_input_is_kept(nncli: Command, name: str) -> None:
    mark = SEPARATORS[name]
    train(nncli, "x,kind", ['1,"a;|, \tb"', "2,c"] * 3, CLASSES, "kind")
    text = 'x,note\n1.50, as written\n2,"quoted, ; | \t"\n'.replace(",", mark, 2).replace("2,", f"2{mark}")
    text = text.replace("1.50,", f"1.50{mark}")
    Path("new.csv").write_text(text)
    to_stdout = nncli("predict", "-q", "-i", "new.csv").out
    assert nncli("predict", "-q", "-i", "new.csv", "-o", "out.csv").code == 0
    assert Path("out.csv").read_text() == to_stdout
    for before, after in zip(text.splitlines(), to_stdout.splitlines(), strict=True):
        assert after.startswith(before + mark)
    rows = records(to_stdout, mark)
    assert {row["pred_kind"] for row in rows} <= {"a;|, \tb", "c"}
    assert all(0 < float(row["proba_c"]) < 1 for row in rows)
    Path("again.csv").write_text(to_stdout)
    again = records(nncli("predict", "-q", "-i", "again.csv").out, mark)
    assert [{**row, "note": row["note"].strip()} for row in rows] == again


@pytest.mark.parametrize("name", SEPARATORS)
def test_a_tsv_file_has_tabs_and_the_cells_of_the_input(nncli: Command, name: str) -> None:
    mark = SEPARATORS[name]
    train(nncli, "x,y", ["1,1.5", "2,3.5"], REGRESSION)
    Path("new.csv").write_text(f'x{mark}note\n1{mark}a b\n2{mark}"c{mark}d"\n')
    assert nncli("predict", "-q", "-i", "new.csv", "-o", "out.tsv").code == 0
    rows = records(Path("out.tsv").read_text(), "\t")
    assert [(row["x"], row["note"]) for row in rows] == [("1", "a b"), ("2", f"c{mark}d")]
    assert [*rows[0]] == ["x", "note", "pred_y"]


def test_decimal_commas_of_the_input_stay_and_predictions_have_a_point(nncli: Command) -> None:
    train(nncli, "x,y", ["1,1.5", "2,3.5"], REGRESSION)
    (row,) = records(nncli("predict", "-q", "-i", "-", stdin="x;n\n2;1,5\n").out, ";")
    assert row["n"] == "1,5"
    assert "." in row["pred_y"]


def test_columns_aligned_with_spaces_are_written_with_commas(nncli: Command) -> None:
    train(nncli, "x,z,y", ["1,1,1.5", "2,1,3.5"], REGRESSION)
    out = nncli("predict", "-q", "-i", "-", stdin="x z\n1  2\n3  4\n5  6\n").out
    assert [(row["x"], row["z"]) for row in records(out)] == [("1", "2"), ("3", "4"), ("5", "6")]


def test_probabilities_of_a_regression_are_refused_and_nothing_is_written(nncli: Command) -> None:
    train(nncli, "x,y", ["1,1.5", "2,3.5"], REGRESSION)
    before = sorted(Path().rglob("*"))
    result = nncli("predict", "--proba", "-o", "out.csv")
    assert (result.code, result.out) == (2, "")
    assert "a regression network predicts values, not probabilities\nhint: remove --proba" in result.err
    assert sorted(Path().rglob("*")) == before
