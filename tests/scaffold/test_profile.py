"""What the columns of a table seem to be for: task, id, inputs and what is left out, each with its reason."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from nncli.data.columns import Task
from nncli.messages.errors import DataError
from nncli.scaffold.findings import findings
from nncli.scaffold.profile import Profile, profile
from nncli.tables.reading import parse_csv
from nncli.tables.table import Table

ROWS = 60


def table(**columns: Sequence[object]) -> Table:
    rows = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
    return parse_csv("\n".join(rows), "t.csv")


def cycled(*cells: object, rows: int = ROWS) -> list[object]:
    return [cells[row % len(cells)] for row in range(rows)]


X = [f"{row * row % 17}.5" for row in range(ROWS)]
Y = [f"{row}.25" for row in range(ROWS)]


NAMES = [f"N{row}" for row in range(ROWS)]
DAYS = cycled("2020-01-02", "2020-01-03")


def with_target(cells: Sequence[object]) -> Profile:
    return profile(table(x=X[: len(cells)], y=cells), ["y"])


@pytest.mark.parametrize(
    ("cells", "task", "why"),
    [
        (Y, "regression", "the target has 60 different numbers"),
        (cycled(0, 1), "binary", "the target has only 0 and 1"),
        (cycled(1, 2), "binary", "the target has only 1 and 2"),
        (cycled("0.5", "1.5"), "regression", "the target has 2 different numbers"),
        (cycled(*range(10)), "multiclass", "the target has 10 different whole numbers"),
        (cycled(*range(11)), "regression", "the target has 11 different numbers"),
        (cycled(*range(10), rows=49), "regression", "the target has 10 different numbers"),
        (cycled("red", "green"), "binary", "the target has 2 different text values"),
        (cycled("red", "green", "blue"), "multiclass", "the target has 3 different text values"),
        (cycled("yes", "no"), "binary", "the target has 2 different text values"),
        ([2, 4, 6, 8], "regression", "the target has 4 different numbers"),
        ([0, 1, 1, 0], "binary", "the target has only 0 and 1"),
    ],
)
def test_the_task_is_detected_from_the_target(cells: Sequence[object], task: str, why: str) -> None:
    found = with_target(cells)
    assert (found.task, found.why_task) == (task, why)


def test_a_person_knows_the_task_better() -> None:
    assert profile(table(x=X, y=cycled(1, 2, 3)), ["y"], task="regression").task == "regression"
    found = profile(table(x=X, y=cycled("1.5", "2", "3")), ["y"], task="multiclass")
    assert (found.task, found.why_task) == ("multiclass", "")
    assert dict(found.classes) == {"1.5": 20, "2": 20, "3": 20}


def test_several_targets_are_a_regression() -> None:
    found = profile(table(x=X, y=Y, z=cycled(0, 1)), ["y", "z"])
    assert (found.task, found.targets, list(found.inputs)) == ("regression", ("y", "z"), ["x"])


FLAGS = {"x": X, "a": cycled(1, 0, 0), "b": cycled(0, 1, 0), "c": cycled(0, 0, 1)}


@pytest.mark.parametrize(
    ("targets", "task", "why", "classes"),
    [
        (
            ["a", "b", "c"],
            "multiclass",
            "0/1 columns, exactly one of them 1 in every row",
            {"a": 20, "b": 20, "c": 20},
        ),
        (
            ["c", "a"],
            "multilabel",
            "0/1 columns; in 20 rows, none or several of them are 1",
            {"c": 20, "a": 20},
        ),
        (["a", "y"], "regression", "several targets", {}),
    ],
)
def test_several_flags_are_one_class_per_row_or_labels(
    targets: list[str], task: str, why: str, classes: dict[str, int]
) -> None:
    found = profile(table(**FLAGS, y=Y), targets)
    assert (found.task, found.why_task, dict(found.classes)) == (task, why, classes)


@pytest.mark.parametrize(
    ("task", "classes"), [("regression", {}), ("multilabel", {"a": 20, "b": 20, "c": 20})]
)
def test_a_person_knows_better_what_flags_are(task: Task, classes: dict[str, int]) -> None:
    found = profile(table(**FLAGS), ["a", "b", "c"], task=task)
    assert (found.task, found.why_task, dict(found.classes)) == (task, "", classes)


@pytest.mark.parametrize(
    ("task", "targets", "message", "hint"),
    [
        ("binary", ["a", "b"], "binary takes one target, found 2", "give --target once"),
        ("multilabel", ["a"], "multilabel needs at least two targets, found 1", "give --target for each"),
        ("multilabel", ["a", "y"], "t.csv:2:11: y: expected 0 or 1, found 0.25", "write 1 in rows"),
        (
            "multiclass",
            ["a", "b"],
            "t.csv: multiclass needs exactly one of a, b to be 1 in every row, else 0; 20 of 60 rows",
            "use --task multilabel",
        ),
        ("multiclass", ["a", "y"], "t.csv: multiclass needs exactly one of a, y", "use --task regression"),
    ],
)
def test_a_task_that_several_targets_do_not_fit_is_refused(
    task: Task, targets: list[str], message: str, hint: str
) -> None:
    with pytest.raises(DataError) as caught:
        profile(table(**FLAGS, y=Y), targets, task=task)
    assert caught.value.message.startswith(message)
    assert (caught.value.hint or "").startswith(hint)


@pytest.mark.parametrize(
    ("name", "cells", "why"),
    [
        ("id", [row * 7 for row in range(ROWS)], "named like an id, unique values"),
        ("customer_ID", [row * 7 for row in range(ROWS)], "named like an id, unique values"),
        ("orderId", [row * 7 for row in range(ROWS)], "named like an id, unique values"),
        ("who", NAMES, "unique text in every row"),
        ("n", range(1, ROWS + 1), "row numbers"),
        ("n", range(ROWS), "row numbers"),
    ],
)
def test_a_column_that_names_the_rows_is_the_id(name: str, cells: Sequence[object], why: str) -> None:
    found = profile(table(**{name: cells, "x": X, "y": Y}), ["y"])
    assert (found.id, found.why_id, list(found.inputs)) == (name, why, ["x"])


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("paid", [row * 7 for row in range(ROWS)]),  # ends in id, but is a word of its own
        ("id", cycled(1, 2, 3)),  # names several rows alike
        ("year", range(1960, 1960 + ROWS)),  # counts, but not the rows
    ],
)
def test_other_numbers_are_inputs(name: str, cells: Sequence[object]) -> None:
    found = profile(table(**{name: cells, "x": X, "y": Y}), ["y"])
    assert (found.id, list(found.inputs)) == (None, [name, "x"])


def test_counting_is_an_input_where_it_is_the_only_one() -> None:
    found = profile(table(t=range(ROWS), y=Y), ["y"])
    assert (found.id, list(found.inputs)) == (None, ["t"])


def test_the_id_a_person_names_leaves_others_out() -> None:
    found = profile(table(id=range(ROWS), who=NAMES, x=X, y=Y), ["y"], id="who")
    assert (found.id, found.why_id, dict(found.left_out)) == (
        "who",
        "",
        {"id": "named like an id, unique values"},
    )


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (cycled(7), "'7' in every row"),
        (cycled("FR"), "'FR' in every row"),
        (cycled("yes", ""), "'yes' in every row that has a value"),
        ([""] * 31 + ["5"] * 29, "no value in 31 of 60 rows"),
        ([f"c{row // 2}" for row in range(58)] + ["p", "q"], "31 different text values in 60 rows"),
    ],
)
def test_a_column_that_teaches_nothing_is_left_out(cells: Sequence[object], why: str) -> None:
    assert dict(profile(table(x=X, c=cells, y=Y), ["y"]).left_out) == {"c": why}


@pytest.mark.parametrize(("distinct", "rows", "kept"), [(50, 120, True), (51, 120, False), (51, 1020, True)])
def test_many_categories_need_many_rows(distinct: int, rows: int, kept: bool) -> None:
    cells = cycled(*(f"c{code}" for code in range(distinct)), rows=rows)
    found = profile(table(x=range(1, 2 * rows, 2), c=cells, y=[f"{row}.5" for row in range(rows)]), ["y"])
    assert ("c" in found.inputs) is kept
    assert dict(found.left_out) == ({} if kept else {"c": f"{distinct} categories in {rows} rows"})


def test_kinds_gaps_and_codes_of_inputs_are_reported() -> None:
    columns = {"b": cycled("yes", "no", ""), "c": cycled("p", "q", "r"), "d": cycled(1, 2, 3)}
    found = profile(table(a=X, **columns, y=Y), ["y"])
    assert [(one.kind, one.missing, one.distinct, one.codes) for one in found.inputs.values()] == [
        ("number", 0, len(set(X)), False),
        ("boolean", 20, 2, False),
        ("category", 0, 3, False),
        ("number", 0, 3, True),
    ]


def test_rows_without_a_target_are_reported_and_not_counted() -> None:
    found = profile(table(x=X, y=["", "NA", *Y[2:]]), ["y"])
    assert (found.rows, found.without_target) == (58, 2)


@pytest.mark.parametrize(
    ("columns", "targets", "message", "hint"),
    [
        ({"x": X, "y": Y}, ["why"], "t.csv: no column named 'why'", "columns: x, y"),
        ({"x": X, "yield": Y}, ["yeild"], "t.csv: no column named 'yeild'", "did you mean yield?"),
        ({"x": X, "y": Y}, ["y", "y"], "t.csv: y is named twice", "give every column one role"),
        ({"x": X, "y": cycled(3)}, ["y"], "t.csv: y: '3' in every row", "use another --target"),
        ({"x": X[:3], "y": Y[:3]}, ["y"], "t.csv: 3 rows with a target, too few", "use at least 4"),
        ({"x": X, "y": [""] * 40 + Y[40:]}, ["y"], "t.csv: y: no value in 40 of 60 rows", "use a target"),
        ({"x": X, "y": NAMES}, ["y"], "t.csv: y: 60 different values in 60 rows", "use --task regression"),
        ({"x": X, "y": DAYS}, ["y"], "t.csv:2:5: y: '2020-01-02' is a date", "set kind: date"),
        ({"x": X, "y": ["1;5", *Y[1:]]}, ["y"], "t.csv:2:5: y: '1;5' is not a number", ""),
        ({"x": [*X[:-1], "inf"], "y": Y}, ["y"], "t.csv: no column is left as input", "x: 'inf' among its"),
        ({"id": range(ROWS), "x": cycled(5), "y": Y}, ["y"], "t.csv: no column is left", "id: named like"),
        ({"y": Y}, ["y"], "t.csv: no column is left as input", "add input columns"),
        ({"x": X, "y": cycled("a", "b"), "z": Y}, ["y", "z"], "t.csv:2:5: y: 'a' is not a number", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_learned_is_refused(
    columns: dict[str, Sequence[object]], targets: list[str], message: str, hint: str
) -> None:
    with pytest.raises(DataError) as caught:
        profile(table(**columns), targets)
    assert caught.value.message.startswith(message)
    assert (caught.value.hint or "").startswith(hint)


@pytest.mark.parametrize(
    ("task", "cells", "message"),
    [
        ("binary", cycled(1, 2, 3), "t.csv: y: binary needs 2 classes"),
        ("regression", cycled("a", "b"), "t.csv:2:5: y: 'a' is not a number"),
        ("multiclass", Y, "t.csv: y: 60 different values in 60 rows"),
    ],
)
def test_a_task_that_the_target_does_not_fit_is_refused(
    task: Task, cells: Sequence[object], message: str
) -> None:
    with pytest.raises(DataError) as caught:
        profile(table(x=X, y=cells), ["y"], task=task)
    assert caught.value.message.startswith(message)


def test_whole_numbers_that_float64_cannot_tell_apart_are_left_out_as_such() -> None:
    big = [str(2**60 + i) for i in range(40)]
    numbers = [str(i % 7) for i in range(40)]
    found = profile(Table("t", {"big": big, "x": numbers, "y": [str(i / 3) for i in range(40)]}), ["y"])
    assert found.left_out == {"big": "40 different numbers, of which float64 distinguishes 1"}
    assert list(found.inputs) == ["x"]


def test_numbers_that_are_all_days_are_dates() -> None:
    days = [f"202301{1 + row % 28:02}" for row in range(ROWS)]
    found = profile(table(day=days, x=X, y=Y), ["y"])
    assert (found.inputs["day"].kind, found.inputs["x"].kind) == ("date", "number")


@pytest.mark.parametrize(
    ("cells", "how"),
    [(Y, "is a copy of the target"), ([f"{cell}0" for cell in Y], "is a linear function of the target")],
)
def test_the_target_under_another_name_is_told_by_its_text(cells: Sequence[str], how: str) -> None:
    assert [*findings(table(x=cells, y=Y), ["y"], ["x"], "regression")] == [
        f"input x {how} y; exclude it unless it is known for new rows"
    ]
