"""What `nncli evaluate` tells of classes and targets, and when it fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from nncli import runs
from tests.cli.conftest import Command, Result


def evaluated(nncli: Command, classes: list[str], rows: list[tuple[str, str]], *words: str) -> Result:
    """`evaluate` on rows of true and predicted class: the network predicts the class whose input is 1."""
    k = len(classes)
    names = [f"x{index}" for index in range(k)]
    columns = [*names, "kind", "part"]
    given = [
        [*map(float, [predicted == name for name in classes]), true, "train"] for true, predicted in rows
    ]
    given += [[*map(float, [one == name for name in classes]), one, "test"] for one in classes]
    weights = [[100.0 * (row == column) for column in range(k)] for row in range(k)]
    layer: dict[str, Any] = {"units": k, "activation": "softmax", "weights": weights, "biases": [0.0] * k}
    config = {
        "dataset": {"columns": columns, "rows": given, "targets": ["kind"], "split": {"column": "part"}},
        "network": {"layers": [layer]},
        "loss": "cross_entropy",
        "training": {"epochs": 0},
    }
    Path("c.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    assert nncli("train", "c.yaml", "-q", "-o", "c", "--overwrite").code == 0
    return nncli("evaluate", "c", "--part", "train", *words)


THREE = ["cat", "dog", "eel"]
ROWS = [("cat", "cat"), ("cat", "dog"), ("dog", "dog"), ("eel", "eel"), ("eel", "eel")]


def test_classes_are_listed_one_by_one_and_against_each_other(nncli: Command) -> None:
    assert evaluated(nncli, THREE, ROWS).out.partition("\n\n")[2] == (
        "class     precision  recall     f1  rows\n"
        "cat           1.000   0.500  0.667     2\n"
        "dog           0.500   1.000  0.667     1\n"
        "eel           1.000   1.000  1.000     2\n"
        "macro         0.833   0.833  0.778     5\n"
        "weighted      0.900   0.800  0.800     5\n"
        "\n"
        "true class in rows, predicted in columns\n"
        "     cat  dog  eel\n"
        "cat    1    1    0\n"
        "dog    0    1    0\n"
        "eel    0    0    2\n"
    )


def test_few_classes_fit_a_narrow_terminal(nncli: Command) -> None:
    assert max(map(len, evaluated(nncli, THREE, ROWS).out.splitlines())) <= 40


def test_class_without_a_row_has_no_shares(nncli: Command) -> None:
    lines = evaluated(nncli, THREE, ROWS[:3]).out.splitlines()
    assert "eel               -       -      -     0" in lines
    assert "macro         0.750   0.750  0.667     3" in lines


def test_wide_names_stand_beside_the_matrix_under_numbers(nncli: Command) -> None:
    classes = [f"{letter} name of a class that is long, {letter}" for letter in "abcde"]
    out = evaluated(nncli, classes, [(classes[0], classes[4])]).out
    matrix = out.split("\n\n")[-1].splitlines()
    assert matrix[1:3] == [f"{'':32}  1  2  3  4  5", "1 a name of a ...that is long, a  0  0  0  0  1"]
    assert max(map(len, out.splitlines())) <= 80


def test_of_many_classes_the_most_frequent_mistakes_are_reported(nncli: Command) -> None:
    classes = [f"class {index:02}" for index in range(40)]
    rows = [(name, name) for name in classes] + [("class 07", "class 08")] * 3
    rows += [("class 20", classes[index]) for index in range(12)]
    out = evaluated(nncli, classes, rows).out
    assert "showing the 20 of 40 classes with the lowest f1" in out
    mistakes = out.split("\n\n")[-1].splitlines()
    assert mistakes[:2] == ["true      predicted  rows", "class 07  class 08      3"]
    assert mistakes[-1] == "and 3 more kinds of mistake"
    assert len(mistakes) == 12


def test_quiet_leaves_the_metrics(nncli: Command) -> None:
    out = evaluated(nncli, THREE, ROWS, "-q").out
    assert [line.split()[0] for line in out.splitlines()] == ["loss", "mse", "accuracy", "rows"]


def test_json_has_what_the_tables_have(nncli: Command) -> None:
    reported = json.loads(evaluated(nncli, THREE, ROWS[:3], "--json").out)
    assert (reported["part"], reported["rows"]) == ("train", 3)
    assert reported["confusion"] == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert reported["classes"][0] == {
        "class": "cat",
        "precision": 1.0,
        "recall": 0.5,
        "f1": 2 / 3,
        "support": 2,
    }
    assert reported["classes"][2] == {
        "class": "eel",
        "precision": None,
        "recall": None,
        "f1": None,
        "support": 0,
    }
    assert reported["averages"]["macro"] == {"precision": 0.75, "recall": 0.75, "f1": pytest.approx(2 / 3)}


def test_part_names_the_rows_and_what_a_condition_is_on(nncli: Command) -> None:
    assert evaluated(nncli, THREE, ROWS, "--fail-if", "train_accuracy < 0.9").code == 4
    result = nncli("evaluate", "c", "--fail-if", "test_accuracy < 0.9")
    assert (result.code, result.err) == (0, "evaluated on the test set\n")


def test_part_of_another_table_is_refused(nncli: Command) -> None:
    assert "cannot be combined" in evaluated(nncli, THREE, ROWS, "--input", "x.csv").err


def test_part_without_rows_is_refused(trained: Command) -> None:
    result = trained("evaluate", "--part", "test")
    assert result.code == 2
    assert "no test set, only train" in result.err


def test_targets_are_listed_one_by_one(nncli: Command) -> None:
    assert nncli("init", "linear_map").code == 0
    assert nncli("train", "linear_map.yaml", "-q", "--epochs", "1").code == 0
    lines = nncli("evaluate").out.split("\n\n")[1].splitlines()
    assert [line.split()[0] for line in lines] == ["target", "X1", "X2"]
    reported = json.loads(nncli("evaluate", "--json").out)
    assert list(reported["targets"]) == ["X1", "X2"]
    mean = sum(metrics["mse"] for metrics in reported["targets"].values()) / 2
    assert reported["metrics"]["mse"] == pytest.approx(mean)


def labeled(nncli: Command, rows: list[tuple[str, str]], k: int = 3) -> None:
    """Train on rows of true and predicted labels, each a string of 0 and 1; inputs determine them."""
    names = [f"tag {index}" for index in range(k)]
    columns = [*(f"x{index}" for index in range(k)), *names]
    given = [[*map(float, predicted), *map(int, true)] for true, predicted in rows]
    weights = [[100.0 * (row == column) for column in range(k)] for row in range(k)]
    layer = {"units": k, "activation": "sigmoid", "weights": weights, "biases": [-50.0] * k}
    config = {
        "dataset": {"columns": columns, "rows": given, "targets": names},
        "network": {"layers": [layer]},
        "loss": "binary_cross_entropy",
        "metrics": ["accuracy", "f1"],
        "training": {"epochs": 0},
    }
    Path("tags.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    assert nncli("train", "tags.yaml", "-q", "-o", "tags").code == 0


TAGS = [("100", "110"), ("010", "010"), ("110", "000"), ("000", "000")]


def test_labels_are_listed_one_by_one_with_their_counts(nncli: Command) -> None:
    labeled(nncli, TAGS)
    out = nncli("evaluate", "tags").out
    assert [line.split()[:2] for line in out.partition("\n\n")[0].splitlines()][2:] == [
        ["accuracy", "0.5"],
        ["f1", "0.388889"],
        ["rows", "4"],
    ]
    assert out.partition("\n\n")[2] == (
        "label     precision  recall     f1  rows with label\n"
        "tag 0         1.000   0.500  0.667                2\n"
        "tag 1         0.500   0.500  0.500                2\n"
        "tag 2         0.000   0.000  0.000                0\n"
        "macro         0.500   0.333  0.389                4\n"
        "weighted      0.750   0.500  0.583                4\n"
        "micro         0.667   0.500  0.571                4\n"
        "\n"
        "TP true positives, FP false positives, FN false negatives, TN true negatives\n"
        "label  TP  FP  FN  TN\n"
        "tag 0   1   0   1   2\n"
        "tag 1   1   1   1   1\n"
        "tag 2   0   0   0   4\n"
    )


def test_json_has_the_counts_of_labels(nncli: Command) -> None:
    labeled(nncli, TAGS)
    reported = json.loads(nncli("evaluate", "tags", "--json").out)
    assert "classes" not in reported
    assert reported["labels"][0] == {
        "label": "tag 0",
        "precision": 1.0,
        "recall": 0.5,
        "f1": pytest.approx(2 / 3),
        "support": 2,
        "true_positives": 1,
        "false_positives": 0,
        "false_negatives": 1,
        "true_negatives": 2,
    }
    assert reported["averages"]["macro"]["f1"] == pytest.approx(reported["metrics"]["f1"])


def test_of_many_labels_the_lowest_are_reported(nncli: Command) -> None:
    labeled(nncli, [("1" * 30, "1" * 15 + "0" * 15), ("0" * 30, "0" * 30)], k=30)
    out = nncli("evaluate", "tags").out
    assert "showing the 20 of 30 labels with the lowest f1" in out
    assert len(out.split("\n\n")[-1].splitlines()) == 22
    assert max(map(len, out.splitlines())) <= 80


def test_condition_is_on_the_metric_of_labels(nncli: Command) -> None:
    labeled(nncli, TAGS)
    assert nncli("evaluate", "tags", "--fail-if", "accuracy < 0.6").code == 4
    assert nncli("evaluate", "tags", "--fail-if", "accuracy < 0.4").code == 0


def test_evaluate_measures_the_runs_own_data(trained: Command) -> None:
    values = json.loads(trained("evaluate", "--json").out)
    assert values["metrics"] == runs.find("xor").results


def test_evaluate_measures_other_data(trained: Command) -> None:
    result = trained("evaluate", "--input", "-", "--json", stdin="y,x1,x2\n1,0,1\n1,1,1\n")
    assert json.loads(result.out)["metrics"]["accuracy"] == 0.5


def test_evaluate_without_targets_names_the_column(trained: Command) -> None:
    assert "stdin: no column named 'y'" in trained("evaluate", "--input", "-", stdin="x1,x2\n1,1\n").err


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("mse > 0.01", 0),
        ("mse<0.01", 4),
        ("train_accuracy >= 1", 4),
        ("loss <= 0.1", 0),
        ("mse == 3", 2),
        ("mse > x", 2),
    ],
)
def test_fail_if_decides_the_exit_code(trained: Command, condition: str, code: int) -> None:
    assert trained("evaluate", "--fail-if", condition).code == code


def test_results_stand_beside_those_of_a_constant_and_of_a_linear_model(trained: Command) -> None:
    header, *rows = trained("evaluate", "xor").out.partition("\n\n")[0].splitlines()
    assert header.split() == ["network", "baseline", "linear"]
    assert rows[2].split() == ["accuracy", "1", "0.5", "0.5"]
    found = json.loads(trained("evaluate", "xor", "--json").out)
    assert found["baseline"] == pytest.approx({"loss": 4 * np.log(2), "mse": 0.25, "accuracy": 0.5})
    assert "baseline" not in trained("evaluate", "xor", "-q").out
    *_, accuracy = [line for line in trained("train", "xor.yaml").out.splitlines() if "accuracy" in line]
    assert accuracy.split()[-2:] == ["0.5", "0.5"]


@pytest.mark.parametrize(
    ("condition", "code", "words"),
    [
        ("accuracy < baseline + 0.02", 0, ""),
        ("accuracy < baseline", 0, ""),
        ("accuracy<linear+0.5", 0, ""),
        ("train_accuracy > baseline + 0.4", 4, "train_accuracy is 1, baseline 0.5"),
        ("mse >= linear - 0.3", 4, "'mse >= linear - 0.3' is true: mse is 0.00451685, linear 0.25"),
        ("mse > baseline -", 2, "expected NAME OP NUMBER, or NAME OP baseline + NUMBER"),
        ("mse > baseline 0.1", 2, "expected NAME OP NUMBER, or NAME OP baseline + NUMBER"),
        ("mse > baselin", 2, "expected NAME OP NUMBER, or NAME OP baseline + NUMBER"),
    ],
)
@pytest.mark.parametrize("command", ["evaluate xor", "train xor.yaml --overwrite -o runs/new", "resume xor"])
def test_a_condition_may_compare_with_a_baseline(
    trained: Command, command: str, condition: str, code: int, words: str
) -> None:
    result = trained(*command.split(), "-q", "--fail-if", condition)
    assert result.code == code
    assert words in result.err


def test_a_failed_condition_names_the_set_that_it_judged(nncli: Command) -> None:
    nncli("init", "iris")
    words = [
        "train",
        "iris.yaml",
        "-q",
        "--epochs",
        "1",
        "--set",
        "dataset.split={validation: 0.2, test: 0.2}",
    ]
    assert "test_accuracy is 0." in nncli(*words, "--fail-if", "accuracy < 1").err
    assert ": test_accuracy is 0." in nncli("evaluate", "--fail-if", "accuracy < 1").err
    assert (
        ": val_accuracy is 0." in nncli("evaluate", "--part", "validation", "--fail-if", "accuracy < 1").err
    )


def test_worst_rows_are_listed_below_the_metrics(nncli: Command) -> None:
    nncli("init", "xor")
    nncli("train", "xor.yaml", "-q")
    out = nncli("evaluate", "--worst", "2", "-q").out
    header, *rows = out.partition("\n\n")[2].splitlines()
    assert header.split() == ["line", "y", "pred_y", "probability", "loss"]
    assert len(rows) == 2
    worst = json.loads(nncli("evaluate", "--worst", "2", "--json").out)["worst"]
    assert [str(row["line"]) for row in worst] == [row.split()[0] for row in rows]
    Path("more.csv").write_text("x1,x2,y\n0,0,1\n1,1,0\n")
    table = nncli("evaluate", "-i", "more.csv", "--worst", "1").out.strip().splitlines()[-1]
    assert table.split()[:3] == ["2", "1", "0"]
    refused = nncli("evaluate", "-i", "more.csv", "--worst", "1", "--on-error", "skip")
    assert (refused.code, refused.out) == (2, "")
    assert "--worst and --on-error skip cannot be combined" in refused.err
    assert nncli("evaluate", "--worst", "0").code == 2


@pytest.mark.parametrize("words", [["evaluate", "xor"], ["predict", "xor", "--values", "1,0"]])
def test_a_run_that_diverged_is_warned_of(nncli: Command, words: list[str]) -> None:
    nncli("init", "xor")
    linear = ("--set", "network.layers[1].activation=identity", "--set", "loss=mse", "--set", "metrics=[mse]")
    assert nncli("train", "xor.yaml", "--learning-rate", "1e5", *linear).code == 3
    result = nncli(*words)
    assert result.code == 0
    assert "the training of runs/xor diverged, and its weights are those of epoch 0" in result.err


def test_settings_of_a_run_cannot_be_changed(trained: Command) -> None:
    result = trained("evaluate", "xor", "--set", "metrics=[auc]")
    assert result.code == 2
    assert "evaluate has no --set: it uses the settings of the run" in result.err


def test_columns_that_differ_in_case_are_to_be_renamed(trained: Command) -> None:
    Path("upper.csv").write_text("X1,X2,y\n0,1,1\n")
    assert "rename X1 to x1, X2 to x2 in the table" in trained("evaluate", "-i", "upper.csv").err
