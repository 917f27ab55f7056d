"""Rows whose target is missing or cannot be read: `predict` predicts them, `evaluate` leaves them out."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.conftest import Command


class Task(NamedTuple):
    """Training rows of x and a target, and cells of the target that are empty, invalid and good."""

    cells: tuple[str, str]
    output: str
    loss: str
    empty: str
    invalid: str


TASKS = {
    "numbers": Task(("1.5", "2.5"), "identity", "mse", "", "abc"),
    "numbers with a word for no value": Task(("1.5", "2.5"), "identity", "mse", "NA", "inf"),
    "classes": Task(("cat", "dog"), "sigmoid", "binary_cross_entropy", "", "eel"),
    "booleans": Task(("no", "yes"), "sigmoid", "binary_cross_entropy", "", "maybe"),
    "0 and 1": Task(("0", "1"), "sigmoid", "binary_cross_entropy", "?", "2"),
}


@pytest.fixture(params=TASKS)
def task(request: pytest.FixtureRequest, nncli: Command) -> Task:
    chosen = TASKS[request.param]
    low, high = chosen.cells
    Path("t.csv").write_text("x,y\n" + f"0,{low}\n1,{high}\n" * 3)
    Path("c.yaml").write_text(
        "dataset: {path: t.csv, targets: [y]}\n"
        f"network: {{layers: [{{units: 1, activation: {chosen.output}}}]}}\n"
        f"loss: {chosen.loss}\ntraining: {{epochs: 5}}\n"
    )
    assert nncli("train", "c.yaml", "-q").code == 0
    return chosen


def table(cells: list[str], form: str, x: str = "1") -> str:
    if form == "csv":
        return "x,y\n" + "".join(f"{x},{cell}\n" for cell in cells)
    return "".join(json.dumps({"x": x, "y": cell}) + "\n" for cell in cells)


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize("on_error", ["stop", "skip"])
def test_predict_predicts_them_with_an_empty_error(
    nncli: Command, task: Task, form: str, on_error: str
) -> None:
    Path(f"new.{form}").write_text(table([task.empty, task.invalid, task.cells[0]], form))
    result = nncli("predict", "-i", f"new.{form}", "--format", "csv", "--on-error", on_error, "-q")
    assert (result.code, result.err) == (0, "")
    rows = list(csv.DictReader(io.StringIO(result.out)))
    assert [row["y"] for row in rows] == [task.empty, task.invalid, task.cells[0]]
    assert len({row["pred_y"] for row in rows}) == 1
    assert [bool(row["error_y"]) for row in rows] == [False, False, True]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_evaluate_leaves_them_out_and_reports_how_many_and_why(nncli: Command, task: Task, form: str) -> None:
    good = list(task.cells)
    Path(f"good.{form}").write_text(table(good, form))
    Path(f"new.{form}").write_text(table([good[0], task.empty, task.invalid, task.empty, good[1]], form))
    result = nncli("evaluate", "-i", f"new.{form}", "--json")
    values, whole = json.loads(result.out), json.loads(nncli("evaluate", "-i", f"good.{form}", "--json").out)
    assert result.code == 0
    assert (values["rows"], values["without_target"], whole["without_target"]) == (2, 3, 0)
    assert values["metrics"] == whole["metrics"]
    words = "left out 3 of 5 rows, which have no usable target (2 empty and 1 invalid); the first is at "
    assert f"warning: {words}new.{form}:{3 if form == 'csv' else 2}:" in result.err


def test_evaluate_without_any_usable_target_is_one_error(nncli: Command, task: Task) -> None:
    result = nncli("evaluate", "-i", "-", stdin=table([task.empty, task.invalid], "csv"))
    assert (result.code, result.out) == (2, "")
    assert "error: none of 2 rows has a usable target; the first is at stdin:2:3: y: " in result.err
    assert "hint: fill y, or use nncli predict" in result.err


def test_evaluate_stops_at_a_wrong_input_unless_it_is_skipped(nncli: Command, task: Task) -> None:
    good = task.cells[0]
    text = f"x,y\n1,{good}\nz,{good}\n1,{task.invalid}\n1\n0,{good}\n"
    Path("new.csv").write_text(text)
    assert nncli("evaluate", "-i", "new.csv").code == 2
    result = nncli("evaluate", "-i", "new.csv", "--on-error", "skip", "--json")
    values = json.loads(result.out)
    assert (values["rows"], values["without_target"]) == (2, 1)
    assert (values["rejected"], values["rejected_file"]) == (2, "rejected.csv")
    assert "skipped 2 of 5 rows (see rejected.csv)" in result.err
    rejected = list(csv.DictReader(io.StringIO(Path("rejected.csv").read_text())))
    assert {row["line"] for row in rejected} == {"3", "5"}


def test_evaluate_that_skips_every_row_reports_the_first(nncli: Command, task: Task) -> None:
    result = nncli("evaluate", "-i", "-", "--on-error", "skip", stdin=table([task.cells[0]], "csv", x="z"))
    assert result.code == 2
    assert "stdin:2:1: x: 'z' is not a number" in result.err
    assert not Path("rejected.csv").exists()


def test_a_wrong_input_beside_a_missing_target_does_not_stop_evaluate(nncli: Command, task: Task) -> None:
    text = f"x,y\nz,{task.empty}\n1,{task.cells[0]}\n"
    assert nncli("evaluate", "-i", "-", stdin=text).code == 0
    assert nncli("predict", "-i", "-", stdin=text).code == 2


def test_labels_that_are_neither_0_nor_1_are_left_out(nncli: Command) -> None:
    rows = "[[0, 0, 0], [1, 1, 1], [1, 0, 1], [0, 0, 0]]"
    Path("c.yaml").write_text(
        f"dataset: {{columns: [x, a, b], rows: {rows}, targets: [a, b], task: multilabel}}\n"
        "network: {layers: [{units: 2, activation: sigmoid}]}\nloss: binary_cross_entropy\n"
    )
    assert nncli("train", "c.yaml", "-q").code == 0
    text = "x,a,b\n1,1,1\n1,2,1\n0,,0\n"
    values = json.loads(nncli("evaluate", "-i", "-", "--json", stdin=text).out)
    assert (values["rows"], values["without_target"]) == (1, 2)
    predicted = list(csv.DictReader(io.StringIO(nncli("predict", "-i", "-", stdin=text).out)))
    assert [bool(row["error_a"]) for row in predicted] == [True, False, False]
