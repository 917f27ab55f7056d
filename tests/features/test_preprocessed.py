"""Preprocessing is fitted on training rows, kept with the weights and undone in what users see."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli import runs
from nncli.config import Config, load_config
from nncli.inference import prediction
from nncli.messages.errors import ConfigError, DataError
from nncli.runs import Run
from nncli.tables.reading import parse_csv
from nncli.training.experiment import Experiment, build

ROWS = [
    [34, "red", "yes", 1200, "train"],
    ["", "blue", "no", 900, "train"],
    [51, "red", "yes", 2100, "train"],
    [28, "green", "no", 800, "validation"],
    [61, "blue", "yes", 2500, "train"],
    [45, "red", "no", 1500, "test"],
]
SETTINGS = {"scale": "standard", "missing": "median", "unseen": "ignore", "scale_targets": "standard"}


def experiment(rows: list[list[Any]] = ROWS, **settings: Any) -> Experiment:
    dataset = {
        "columns": ["age", "colour", "member", "income", "part"],
        "rows": rows,
        "targets": ["income"],
        "split": {"column": "part"},
        "preprocessing": {**SETTINGS, **settings},
    }
    layers = [{"units": 3, "activation": "tanh"}, {"units": 1}]
    values = {
        "dataset": dataset,
        "network": {"layers": layers},
        "metrics": ["mse", "mae"],
        "training": {"epochs": 30},
    }
    return build(Config.of(values))


def trained(folder: Path) -> Run:
    run = Run(folder)
    for _ in runs.record(experiment(), run):
        pass
    return Run(folder)


def test_the_network_gets_scaled_numbers_and_an_input_for_each_category() -> None:
    system = experiment()
    assert system.rows.whole.columns.encoded == ("age", "colour=blue", "colour=red", "member")
    ages = np.array([34, 51, 51, 61.0])  # the median of the training rows fills the second
    assert np.allclose(system.rows.training.X[:, 0], (ages - ages.mean()) / ages.std())
    assert system.rows.training.X[:, 1:].tolist() == [[0, 1, 1], [1, 0, 0], [0, 1, 1], [1, 0, 1]]
    income = np.array([1200, 900, 2100, 2500.0])
    assert np.allclose(system.rows.training.Y[:, 0], (income - income.mean()) / income.std())
    assert system.rows.training.expected[:, 0].tolist() == income.tolist()
    assert system.rows.held_out["validation"].X[0, 1:].tolist() == [0, 0, 0]  # green is in no training row


def test_rows_that_are_held_out_change_nothing_of_training() -> None:
    others = [row if row[4] == "train" else [1e6, "violet", "yes", -1e6, row[4]] for row in ROWS]
    one, other = experiment(), experiment(others)
    assert np.array_equal(one.rows.training.X, other.rows.training.X)
    assert np.array_equal(one.rows.training.Y, other.rows.training.Y)
    assert np.array_equal(one.initial, other.initial)


def test_losses_are_of_what_is_learned_and_metrics_in_own_units(tmp_path: Path) -> None:
    run = trained(tmp_path)
    data = run.experiment.rows.training
    learnt = run.model.network.predict(run.model.parameters, data.X)
    assert run.results["loss"] == pytest.approx(float(np.square(learnt - data.Y).mean()), rel=1e-12)
    income = np.array([1200, 900, 2100, 2500.0])
    predicted = learnt[:, 0] * income.std() + income.mean()
    assert run.results["mae"] == pytest.approx(np.abs(predicted - income).mean(), rel=1e-12)
    assert run.results["mse"] == pytest.approx(run.results["loss"] * income.var(), rel=1e-9)


def test_the_weights_alone_read_any_table_as_training_did(tmp_path: Path) -> None:
    run = trained(tmp_path)
    model = Run(tmp_path).model
    later = parse_csv("member,extra,colour,age\nyes,9,red,34\nno,9,blue,NA\nno,9,violet,45\n", "later.csv")
    predicted = model.predict(later)["pred_income"]
    reported = run.model.outputs(run.experiment.rows.whole.X)[:, 0]
    assert np.array_equal(np.asarray(predicted)[:2], reported[[0, 1]])
    part = prediction.beside(
        model, parse_csv("age,colour,member,income\n34,red,yes,1000\n", "t.csv"), proba=False
    )
    assert part.columns["error_income"] == pytest.approx(reported[0] - 1000)


def test_a_column_that_is_missing_or_a_category_nobody_saw_is_reported_with_its_place(tmp_path: Path) -> None:
    model = trained(tmp_path).model
    with pytest.raises(DataError, match=r"later\.csv: no column named 'colour'"):
        model.predict(parse_csv("age,member\n34,yes\n", "later.csv"))
    strict = experiment(rows=[row for row in ROWS if row[1] != "green"], unseen="error")
    with pytest.raises(DataError, match=r"^later\.csv:3:1: colour: unknown category 'violet'"):
        strict.rows.whole.columns.X(parse_csv("colour,age,member\nred,1,no\nviolet,2,no\n", "later.csv"))


def test_a_category_of_a_held_out_row_alone_is_unseen() -> None:
    with pytest.raises(ConfigError, match=r"^dataset\.rows\[3\]\[1\]: colour: unknown category 'green'"):
        experiment(unseen="error")


def test_a_row_without_a_label_is_dropped_before_the_classes_are_reported() -> None:
    rows = [[row % 7, ("a", "b", "")[row % 3]] for row in range(12)]
    dataset = {"columns": ["x", "y"], "rows": rows, "targets": ["y"], "preprocessing": {"missing": "drop"}}
    layers = [{"units": 2, "activation": "softmax"}]
    system = build(Config.of({"dataset": dataset, "network": {"layers": layers}}))
    assert (len(system.rows.whole), system.rows.left_out, system.rows.whole.columns.classes) == (
        8,
        4,
        ("a", "b"),
    )


def test_rows_that_miss_a_value_are_left_out_of_every_part() -> None:
    system = experiment(missing="drop")
    assert (len(system.rows.training), len(system.rows.whole), system.rows.left_out) == (3, 5, 1)


def test_scaling_targets_that_are_classes_is_refused() -> None:
    values = {
        "dataset": {"name": "xor", "preprocessing": {"scale_targets": "standard"}},
        "network": {"layers": [{"units": 1, "activation": "sigmoid"}]},
    }
    with pytest.raises(
        ConfigError, match=r"^dataset\.preprocessing\.scale_targets: the targets are classes \(0, 1\)"
    ):
        build(Config.of(values))


TABLES = {
    "dates as input": (
        "day,y\n2024-01-02,1\n2024-01-03,2\n",
        "t.csv:2:1: day: '2024-01-02' is a date or time",
    ),
    "times as target": ("x,y\n1,12:30\n2,13:45\n", "t.csv:2:3: y: '12:30' is a date or time, not a number"),
    "points and decimal commas": ('x,y\n1.25,1\n3.5,1\n"2,5",2\n', "t.csv:4:1: x: '2,5' is not a number"),
    "points and commas in targets": ('x,y\n1,1.5\n3,1.5\n3,"2,5"\n', "t.csv:4:3: y: '2,5' is not a number"),
}


@pytest.mark.parametrize(("text", "message"), TABLES.values(), ids=TABLES)
def test_what_is_no_number_is_reported_with_its_place_and_a_remedy(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "t.csv").write_text(text)
    (tmp_path / "c.yaml").write_text(
        "dataset: {path: t.csv, targets: [y]}\nnetwork: {layers: [{units: 1}]}\n"
    )
    with pytest.raises(DataError) as caught:
        build(load_config(tmp_path / "c.yaml"))
    assert caught.value.message.startswith(message)
    assert re.search(r"write 2.5|kind: date|task: multiclass", str(caught.value.hint))


def test_dates_may_be_names_where_the_config_says_so(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("day,y\n2024-01-02,12:30\n2024-01-03,13:45\n")
    (tmp_path / "c.yaml").write_text(
        "dataset: {path: t.csv, targets: [y], task: multiclass,"
        " preprocessing: {columns: {day: {kind: category}}}}\n"
        "network: {layers: [{units: 2, activation: softmax}]}\nloss: cross_entropy\n"
    )
    columns = build(load_config(tmp_path / "c.yaml")).rows.training.columns
    assert columns.classes == ("12:30", "13:45")
    assert columns.encoded == ("day=2024-01-02", "day=2024-01-03")
