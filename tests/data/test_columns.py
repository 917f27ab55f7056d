"""The roles of columns read any table alike, and say which targets a task cannot have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nncli.data.columns import Roles, assign
from nncli.data.sources import data_file, from_function
from nncli.messages.errors import DataError
from nncli.tables.reading import parse_csv
from nncli.tables.settings import DETECTED
from nncli.tables.table import Misfit, Table
from tests.golden import Golden, refusal, reported


def roles(table: Table, *targets: str, task: str = "auto", output: str = "identity") -> Roles:
    return assign(
        table,
        inputs=None,
        targets=targets,
        id=None,
        task=task,  # type: ignore[arg-type]
        output_activation=output,
        formulas={},
    )


LABELS = parse_csv("x,y\n1,b\n2,a\n3,c\n4,a\n", "t.csv")
FLAGS = parse_csv("x,p,q\n1,0,1\n2,1,0\n", "t.csv")


def test_labels_become_sorted_classes_of_which_each_row_has_one() -> None:
    columns = roles(LABELS, "y")
    assert (columns.task, columns.classes, columns.outputs) == ("multiclass", ("a", "b", "c"), 3)
    assert columns.Y(LABELS).tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1], [1, 0, 0]]
    assert columns.labels(LABELS) == ["b", "a", "c", "a"]


def test_of_two_labels_the_second_is_the_positive_one() -> None:
    table = parse_csv("x,y\n1,no\n2,yes\n", "t.csv")
    columns = roles(table, "y", output="sigmoid")
    assert (columns.task, columns.classes) == ("binary", ("no", "yes"))
    assert columns.Y(table).tolist() == [[0.0], [1.0]]


def test_several_targets_under_softmax_are_the_classes_themselves() -> None:
    columns = roles(FLAGS, "p", "q", output="softmax")
    assert (columns.task, columns.classes, columns.labelled) == ("multiclass", ("p", "q"), False)
    assert columns.Y(FLAGS).tolist() == [[0.0, 1.0], [1.0, 0.0]]


LABELED = parse_csv("x,p,q\n1,0,1\n2,1,1\n3,0,0\n", "t.csv")


@pytest.mark.parametrize("task", ["auto", "multilabel"])
def test_several_flags_of_which_a_row_has_any_number_are_labels(task: str) -> None:
    columns = roles(LABELED, "p", "q", task=task, output="sigmoid")
    assert (columns.task, columns.classes, columns.outputs) == ("multilabel", ("p", "q"), 2)
    assert (columns.labelled, columns.labels(LABELED)) == (False, None)
    assert columns.Y(LABELED).tolist() == [[0, 1], [1, 1], [0, 0]]


def test_flags_of_one_class_per_row_can_be_labels_when_the_config_says_so() -> None:
    assert roles(FLAGS, "p", "q", task="multilabel", output="sigmoid").task == "multilabel"


@pytest.mark.parametrize(
    ("text", "output", "task"),
    [
        ("x,p,q\n1,0,1\n2,1,1\n", "softmax", "multiclass"),
        ("x,p,q\n1,0,1\n2,1,1\n", "identity", "regression"),
        ("x,p,q\n1,0,0.5\n2,1,1\n", "sigmoid", "regression"),
        ("x,p,q\n1,0,2\n2,1,1\n", "sigmoid", "regression"),
    ],
)
def test_other_outputs_and_other_numbers_are_no_labels(text: str, output: str, task: str) -> None:
    assert roles(parse_csv(text, "t.csv"), "p", "q", output=output).task == task


def test_multiclass_is_refused_where_rows_have_several_classes_under_sigmoids(
    golden: Golden,
) -> None:
    with pytest.raises(Misfit) as caught:
        roles(LABELED, "p", "q", task="multiclass", output="sigmoid")
    assert caught.value.key == ("task",)
    golden.check(reported(caught.value))
    assert roles(FLAGS, "p", "q", task="multiclass", output="sigmoid").task == "multiclass"


def test_multilabel_is_refused_for_one_column_and_for_cells_that_are_no_flags(
    golden: Golden,
) -> None:
    half = parse_csv("x,p,q\n1,0,1\n2,1,0.5\n", "t.csv")
    one = refusal(Misfit, lambda: roles(LABELED, "p", task="multilabel"))
    golden.check(f"{one}\n{refusal(DataError, lambda: roles(half, 'p', 'q', task='multilabel'))}")


def test_labels_of_a_later_table_must_be_flags_too(golden: Golden) -> None:
    columns = roles(LABELED, "p", "q", output="sigmoid")
    golden.check(refusal(DataError, lambda: columns.Y(parse_csv("x,p,q\n1,3,1\n", "later.csv"))))


@pytest.mark.parametrize("output", ["identity", "sigmoid"])
def test_several_targets_are_values_under_any_other_output(output: str) -> None:
    assert roles(FLAGS, "p", "q", output=output).task == "regression"


def test_numbers_written_differently_are_one_class_and_sorted_as_numbers() -> None:
    table = parse_csv("x,y\n1,10\n2,9\n3,9.0\n4,09\n", "t.csv")
    assert roles(table, "y", output="softmax").classes == ("9", "10")


def test_binary_is_refused_for_several_columns_and_for_other_than_two_classes(golden: Golden) -> None:
    several = refusal(Misfit, lambda: roles(FLAGS, "p", "q", task="binary"))
    golden.check(f"{several}\n{refusal(Misfit, lambda: roles(LABELS, 'y', task='binary'))}")


def test_a_label_the_classes_do_not_hold_is_refused_at_its_cell(golden: Golden) -> None:
    later = parse_csv("x,y\n1,a\n2,d\n", "later.csv")
    golden.check(refusal(DataError, lambda: roles(LABELS, "y").Y(later)))


def test_a_row_without_a_class_is_refused(golden: Golden) -> None:
    table = parse_csv("x,y\n1,a\n2,\n3,b\n", "t.csv")
    golden.check(refusal(DataError, lambda: roles(table, "y")))


def test_a_table_can_be_without_targets(golden: Golden) -> None:
    columns = roles(LABELS, "y")
    table = parse_csv("x\n5\n", "t.csv")
    assert columns.has_targets(LABELS)
    assert not columns.has_targets(table)
    golden.check(refusal(DataError, lambda: columns.Y(table)))


def test_a_target_alone_leaves_no_input(golden: Golden) -> None:
    golden.check(refusal(Misfit, lambda: roles(parse_csv("y\n1\n", "t.csv"), "y")))


def test_formulas_tell_what_to_expect_at_any_input_and_other_data_do_not() -> None:
    formulas = {"y": "q**2", "z": "3"}
    table = from_function({"q": (0.0, 1.0)}, formulas, samples=5, noise=0.0, seed=1)
    columns = assign(
        table,
        inputs=None,
        targets=["y", "z"],
        id=None,
        task="auto",
        output_activation="identity",
        formulas=formulas,
    )
    later = parse_csv("q\n2\n-3\n", "t.csv")
    assert np.array_equal(np.array(columns.expected(later)), [[4.0, 3.0], [9.0, 3.0]])
    assert roles(LABELS, "y").expected(LABELS) is None


def test_a_file_of_another_kind_is_refused(golden: Golden, tmp_path: Path) -> None:
    (tmp_path / "t.pkl").touch()
    golden.check(refusal(DataError, lambda: data_file(tmp_path / "t.pkl", "t.pkl", DETECTED)))


def test_a_label_is_read_alike_in_every_part_of_a_table() -> None:
    columns = roles(parse_csv("x,y\n1,1.0\n2,2\n3,x\n", "t.csv"), "y", output="softmax")
    assert columns.classes == ("1.0", "2", "x")
    assert columns.labels(parse_csv("x,y\n1,1.0\n", "t.csv")) == ["1.0"]
    numbers = roles(parse_csv("x,y\n1,1.0\n2,2\n3,3\n", "t.csv"), "y", output="softmax")
    assert numbers.labels(parse_csv("x,y\n1,01\n", "t.csv")) == ["1"]
