"""Preprocessing agrees with scikit-learn, and reads later tables as it read the first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from nncli.data.encoding import ALL_DIFFERENT, FITTERS, MOST_CATEGORIES
from nncli.data.preprocessing import DType, Preprocessing, complete, fit, treatments
from nncli.data.scaling import FILLS, SCALERS, Missing, Scale
from nncli.data.settings import ColumnConfig, PreprocessingConfig
from nncli.messages.errors import DataError
from nncli.nn.arrays import Array
from nncli.tables.column import ValueKind
from nncli.tables.reading import parse_csv
from nncli.tables.table import CellError, Misfit, Table
from tests.golden import Golden, refusal, reported

MIXED = """size,colour,old,code
1,red,yes,07
2,green,no,7
4,red,no,12
9,blue,yes,7.0
"""
SPREADS: list[Scale] = ["standard", "minmax"]
FILLED: list[Missing] = ["mean", "median", "most_frequent"]


def csv(text: str) -> Table:
    return parse_csv(text, "t.csv")


def numbers(*values: float) -> Table:
    return Table("t", {"x": np.array(values, dtype=np.float64)})


def fitted(table: Table, Y: Array | None = None, **settings: Any) -> Preprocessing:
    return of(table, table.names, Y, **settings)


def of(table: Table, inputs: Sequence[str], Y: Array | None = None, **settings: Any) -> Preprocessing:
    chosen = treatments(table, inputs, PreprocessingConfig(**settings))
    return fit(table, chosen, Y, settings.get("scale_targets", "none"))


def column(text: str) -> Table:
    """A table of one column with the cells between the spaces; `_` is an empty one."""
    return csv("x,other\n" + "".join(f"{cell.strip('_')},1\n" for cell in text.split()))


def only_x(table: Table, **settings: Any) -> Preprocessing:
    return of(table, ["x"], **settings)


def test_every_choice_has_its_entry() -> None:
    assert set(SCALERS) == set(get_args(Scale))
    assert set(FILLS) == set(get_args(Missing))
    assert set(FITTERS) == set(get_args(ValueKind))


# What comes out, by hand


def test_numbers_booleans_and_categories_are_distinguished_and_encoded_in_order() -> None:
    preprocessing = fitted(csv(MIXED), columns={"code": ColumnConfig(kind="category")})
    assert tuple(column.name for column in preprocessing.columns) == ("size", "colour", "old", "code")
    assert preprocessing.encoded == (
        "size",
        "colour=blue",
        "colour=green",
        "colour=red",
        "old",
        "code=7",
        "code=12",
    )
    assert preprocessing.X(csv(MIXED)).tolist() == [
        [1, 0, 0, 1, 1, 1, 0],
        [2, 0, 1, 0, 0, 1, 0],
        [4, 0, 0, 1, 0, 0, 1],
        [9, 1, 0, 0, 1, 1, 0],
    ]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ("1 -2.5e3 _ NA", "number"),
        ("1 2 3 4more", "number"),
        ("true False TRUE null", "boolean"),
        ("yes No", "boolean"),
        ("yes", "boolean"),
        ("0 1", "number"),
        ("yes true", "category"),
        ("y n", "category"),
        ("a 1 b", "category"),
        ("none mild", "category"),
        ("10.0.0.1 10.0.0.2", "category"),
    ],
)
def test_the_kind_of_a_column_is_detected_from_its_cells(cells: str, kind: str) -> None:
    assert only_x(column(cells)).columns[0].kind == kind


def test_the_kind_can_be_given_instead() -> None:
    as_number = only_x(column("yes 1 0"), columns={"x": ColumnConfig(kind="boolean")})
    assert as_number.X(column("0 No 1 TRUE")).tolist() == [[0], [0], [1], [1]]
    as_names = only_x(column("2020-01-31 2020-02-01"), columns={"x": ColumnConfig(kind="category")})
    assert as_names.encoded == ("x=2020-01-31", "x=2020-02-01")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_inputs_stand_in_the_order_of_their_columns_in_the_type_asked_for(dtype: DType) -> None:
    table = csv("color,size,old\nred,0.1,yes\ngreen,2,no\nred,-3,no\n")
    chosen = treatments(table, table.names, PreprocessingConfig(scale="none"))
    X = fit(table, chosen, None, "none", dtype).X(table)
    expected = np.array([[0, 1, 0.1, 1], [1, 0, 2, 0], [0, 1, -3, 0]], dtype)
    assert (X.dtype, X.flags.c_contiguous) == (expected.dtype, True)
    assert X.tolist() == expected.tolist()


def test_scaling_as_worked_by_hand() -> None:
    table = numbers(1, 3, 5, 7)  # mean 4, variance (9 + 1 + 1 + 9) / 4 = 5; range 1 to 7
    assert fitted(table, scale="minmax").X(numbers(1, 4, 13)).tolist() == [[0], [0.5], [2]]
    assert np.allclose(fitted(table, scale="standard").X(numbers(4, 4 + 5**0.5)).ravel(), [0, 1], rtol=1e-15)
    assert fitted(table).X(table).tolist() == [[1], [3], [5], [7]]


@pytest.mark.parametrize(
    ("missing", "fill"), [("mean", 3.5), ("median", 2.5), ("most_frequent", 1)], ids=FILLED
)
def test_missing_numbers_are_filled_as_worked_by_hand(missing: Missing, fill: float) -> None:
    table = column("8 1 _ 2 3")  # 1 is the smallest of four that are equally frequent
    assert only_x(table, missing=missing).X(column("NaN n/a ? 5")).tolist() == [[fill], [fill], [fill], [5]]


@pytest.mark.parametrize("missing", FILLED)
def test_missing_booleans_and_categories_take_the_most_frequent_value(missing: Missing) -> None:
    assert only_x(column("yes yes no _"), missing=missing).X(column("_ no")).tolist() == [[1], [0]]
    assert only_x(column("b c c b a _"), missing=missing).X(column("_")).tolist() == [[0, 1, 0]]


def test_settings_of_a_column_override_the_general_ones() -> None:
    table = csv("a,b\n0,0\n_,4\n".replace("_", ""))
    own = {"a": ColumnConfig(missing="median", scale="none"), "b": ColumnConfig(missing="error")}
    preprocessing = fitted(table, scale="minmax", columns=own)
    assert preprocessing.X(csv("a,b\n,4\n7,2\n")).tolist() == [[0, 1], [7, 0.5]]
    assert [column.missing for column in preprocessing.columns] == ["median", "error"]


def test_unseen_categories_are_an_error_or_zeros(golden: Golden) -> None:
    later = column("red violet")
    golden.check(refusal(CellError, lambda: only_x(column("red green")).X(later)))
    assert only_x(column("red green"), unseen="ignore").X(later).tolist() == [[0, 1], [0, 0]]


def test_numbers_as_categories_are_one_however_they_are_written() -> None:
    as_names = {"x": ColumnConfig(kind="category")}
    preprocessing = only_x(column("10 9 09"), columns=as_names)
    assert preprocessing.encoded == ("x=9", "x=10")
    assert preprocessing.X(column("9.0 1e1")).tolist() == [[1, 0], [0, 1]]
    assert preprocessing.X(Table("t", {"x": np.array([9.0])})).tolist() == [[1, 0]]
    text = only_x(column("007 7 a"), columns=as_names)
    assert text.encoded == ("x=007", "x=7", "x=a")


def kept(table: Table, inputs: Sequence[str], targets: Sequence[str] = (), **settings: Any) -> list[int]:
    return complete(table, treatments(table, inputs, PreprocessingConfig(**settings)), targets).tolist()


def test_rows_that_miss_a_value_are_dropped_and_cannot_be_predicted(golden: Golden) -> None:
    table = csv("a,b\n0,5\n,6\n4,7\n2,\n")
    assert kept(table, "ab", missing="drop") == [0, 2]
    preprocessing = fitted(table.take([0, 2]), missing="drop", scale="minmax")
    golden.check(refusal(CellError, lambda: preprocessing.X(table)))


def test_rows_without_a_target_are_dropped_and_those_with_gaps_in_columns_set_to_drop() -> None:
    table = csv("a,b,y,z\n0,5,1,p\n,6,1,p\n4,,1,p\n4,5,NA,p\n4,5,1,\n")
    own = {"a": ColumnConfig(missing="drop")}
    assert kept(table, "ab", missing="median", columns=own) == [0, 2, 3, 4]
    assert kept(table, "ab", "yz", missing="median", columns=own) == [0, 2]
    assert kept(table, "ab", "yz", missing="median") == [0, 1, 2]


# Against scikit-learn

TRAINING = np.random.default_rng(0).lognormal(3, 2, (50, 3)) - 40
LATER = np.random.default_rng(1).normal(0, 100, (20, 3))
HOLES = np.where(np.random.default_rng(2).random((50, 3)) < 0.2, np.nan, TRAINING.round())


def table_of(X: Array) -> Table:
    return Table("t", {f"x{index}": column for index, column in enumerate(X.T)})


@pytest.mark.parametrize("scale", SPREADS)
def test_scaling_agrees_with_scikit_learn(scale: Scale) -> None:
    module = pytest.importorskip("sklearn.preprocessing")
    theirs = {"standard": module.StandardScaler, "minmax": module.MinMaxScaler}[scale]().fit(TRAINING)
    ours = fitted(table_of(TRAINING), scale=scale)
    assert np.allclose(ours.X(table_of(LATER)), theirs.transform(LATER), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("scale", SPREADS)
def test_constant_columns_become_zeros_as_in_scikit_learn(scale: Scale) -> None:
    module = pytest.importorskip("sklearn.preprocessing")
    X = np.array([[0.1, 3.0], [0.1, 3.0], [0.1, 3.0]])
    theirs = {"standard": module.StandardScaler, "minmax": module.MinMaxScaler}[scale]().fit(X)
    ours = fitted(table_of(X), scale=scale)
    assert ours.X(table_of(X)).tolist() == [[0, 0]] * 3
    assert np.allclose(ours.X(table_of(X + 2)), theirs.transform(X + 2), rtol=1e-15)


@pytest.mark.parametrize("missing", FILLED)
@pytest.mark.parametrize("scale", SPREADS)
def test_filling_then_scaling_agrees_with_a_pipeline_of_scikit_learn(missing: Missing, scale: Scale) -> None:
    module = pytest.importorskip("sklearn.preprocessing")
    impute = pytest.importorskip("sklearn.impute")
    pipeline = pytest.importorskip("sklearn.pipeline")
    scaler = {"standard": module.StandardScaler, "minmax": module.MinMaxScaler}[scale]()
    theirs = pipeline.make_pipeline(impute.SimpleImputer(strategy=missing), scaler).fit(HOLES)
    ours = fitted(table_of(HOLES), missing=missing, scale=scale)
    assert np.allclose(ours.X(table_of(HOLES)), theirs.transform(HOLES), rtol=1e-12, atol=1e-12)


def test_one_hot_agrees_with_scikit_learn() -> None:
    module = pytest.importorskip("sklearn.preprocessing")
    training = ["red", "green", "Blue", "red"]
    later = ["green", "violet", "Blue"]
    theirs = module.OneHotEncoder(sparse_output=False, handle_unknown="ignore").fit([[c] for c in training])
    ours = only_x(column(" ".join(training)), unseen="ignore")
    assert ours.X(column(" ".join(later))).tolist() == theirs.transform([[c] for c in later]).tolist()
    assert list(ours.encoded) == [name.replace("x_", "x=") for name in theirs.get_feature_names_out(["x"])]


# Numbers at the edge of what a float can hold

HUGE = 1.7e308


@pytest.mark.parametrize(
    "values",
    [
        (HUGE, -HUGE),
        (HUGE, HUGE, HUGE),
        (HUGE, 0.0, 1e-300),
        (1e300, np.nextafter(1e300, 2e300)),
        (5e-324, 0.0),
        (0.0, 0.0),
        (1e-200, 2e-200, 3e-200),
    ],
    ids=str,
)
def test_columns_of_any_size_are_standardised_without_overflow(values: tuple[float, ...]) -> None:
    X = fitted(numbers(*values), scale="standard").X(numbers(*values))
    assert np.abs(X).max() <= 1.01 * np.sqrt(len(values))  # no value is further from the mean than that


def test_a_column_too_wide_for_minmax_is_refused(golden: Golden) -> None:
    Y = np.array([[-HUGE], [HUGE]])
    inputs = refusal(Misfit, lambda: fitted(numbers(-HUGE, HUGE), scale="minmax"))
    targets = refusal(Misfit, lambda: fitted(numbers(1, 2), Y, scale_targets="minmax"))
    golden.check(f"{inputs}\n{targets}")


def test_small_spreads_around_a_large_mean_are_not_taken_for_constant() -> None:
    X = fitted(numbers(1e9, 1e9 + 1e-6), scale="standard").X(numbers(1e9, 1e9 + 1e-6))
    assert np.allclose(X.ravel(), [-1, 1], rtol=1e-12)


def test_a_number_too_far_from_the_training_rows_is_reported(golden: Golden) -> None:
    preprocessing = only_x(column("1e-300 2e-300"), scale="standard")
    golden.check(refusal(CellError, lambda: preprocessing.X(column("1e-300 1e300"))))


# Properties

finite = st.floats(allow_nan=False, allow_infinity=False)
moderate = st.floats(-1e6, 1e6)
cell = st.one_of(
    finite.map(repr), st.sampled_from(["", "NA", "yes", "no", "red", "green", "1", "1.0", "x_1"])
)
settings = st.builds(
    PreprocessingConfig,
    scale=st.sampled_from(get_args(Scale)),
    missing=st.sampled_from(get_args(Missing)),
    unseen=st.sampled_from(["error", "ignore"]),
)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    rows = draw(st.lists(st.tuples(cell, cell, moderate.map(repr)), min_size=2, max_size=12))
    return Table("t", dict(zip("abc", map(list, zip(*rows, strict=True)), strict=True)))


def fit_or_refused(table: Table, chosen: PreprocessingConfig) -> Preprocessing | None:
    try:
        return fit(table, treatments(table, "abc", chosen))
    except DataError:
        return None


def X_or_refused(preprocessing: Preprocessing, table: Table) -> Array | CellError:
    try:
        return preprocessing.X(table)
    except CellError as error:
        return error


@given(tables(), settings)
def test_what_is_fitted_survives_the_header_exactly(table: Table, chosen: PreprocessingConfig) -> None:
    preprocessing = fit_or_refused(table, chosen)
    if preprocessing is not None:
        assert HEADER.validate_json(HEADER.dump_json(preprocessing)) == preprocessing


@given(tables(), settings, st.permutations("abcz"))
def test_each_row_is_encoded_by_itself_or_the_first_bad_one_reported(
    table: Table, chosen: PreprocessingConfig, order: list[str]
) -> None:
    preprocessing = fit_or_refused(table, chosen)
    if preprocessing is None:
        return
    shuffled = Table("t", {name: {**table.columns, "z": [""] * len(table)}[name] for name in order})
    alone = [X_or_refused(preprocessing, shuffled.take([row])) for row in range(len(table))]
    bad = [row for row, result in enumerate(alone) if isinstance(result, CellError)]
    whole = X_or_refused(preprocessing, table)
    if bad:
        assert isinstance(whole, CellError)
        assert whole.row == bad[0]
    else:
        assert np.array_equal(np.asarray(whole), np.concatenate([np.asarray(each) for each in alone]))
        assert np.asarray(whole).shape == (len(table), len(preprocessing.encoded))


@given(st.lists(st.tuples(moderate, moderate), min_size=1, max_size=10), st.sampled_from(get_args(Scale)))
def test_scaled_targets_turn_back_into_their_own_units(rows: list[tuple[float, float]], scale: Scale) -> None:
    Y = np.array(rows)
    preprocessing = fitted(Table("t", {"x": np.zeros(len(Y))}), Y, scale_targets=scale)
    scaled = preprocessing.scaled(Y)
    assert scaled.shape == Y.shape
    # Two roundings each way, of numbers as large as the column's largest.
    assert (np.abs(preprocessing.unscaled(scaled) - Y) <= 2e-15 * np.abs(Y).max(axis=0) + 1e-323).all()


def test_targets_without_scaling_stay_the_same_array() -> None:
    Y = np.array([[0.1], [0.2]])
    for given_ in (Y, None):
        preprocessing = fitted(numbers(1, 2), given_, scale="standard")
        assert preprocessing.scaled(Y) is Y
        assert preprocessing.unscaled(Y) is Y


# Refusals


@pytest.mark.parametrize("missing", ["error", "drop"])
@pytest.mark.parametrize(
    ("training", "later"),
    [
        ("1 2", "1 _"),
        ("1 2", "1 NA"),
        ("yes no", "yes _"),
        ("yes no", "yes none"),
        ("a b", "a _"),
        ("1 2", "1 2x"),
        ("1 2", "1 1_000"),
        ("1 2", "1 ٣"),
        ("1 2", "1 1e999"),
        ("1 2", "1 inf"),
        ("yes no", "yes maybe"),
    ],
)
def test_cells_that_cannot_be_used_are_reported_with_their_place(
    golden: Golden, missing: Missing, training: str, later: str
) -> None:
    preprocessing = only_x(column(training), missing=missing)
    with pytest.raises(CellError) as caught:
        preprocessing.X(column(later))
    assert caught.value.hint
    golden.check(reported(caught.value))


@pytest.mark.parametrize("missing", FILLED)
def test_filling_leaves_no_slip_unseen(golden: Golden, missing: Missing) -> None:
    table = column("1 2 3 4more")
    golden.check(refusal(CellError, lambda: only_x(table, missing=missing).X(table)))


def test_numbers_of_a_table_without_text_can_be_missing_or_infinite(golden: Golden) -> None:
    preprocessing = fitted(numbers(1, 2, np.nan, np.inf), missing="mean")
    assert preprocessing.X(numbers(np.nan)).tolist() == [[1.5]]
    golden.check(refusal(CellError, lambda: preprocessing.X(numbers(1, np.inf))))


@pytest.mark.parametrize(
    "cells", ["2020-01-31 _", "31.12.2020 1/2/20 x", "2020-01-31T12:00:00Z", "12:30 12:31:59"]
)
def test_dates_and_times_are_refused_with_a_workaround(golden: Golden, cells: str) -> None:
    golden.check(refusal(CellError, lambda: only_x(column(cells))))


MEANINGLESS: list[tuple[str, dict[str, Any]]] = [
    ("red green", {"scale": "standard"}),
    ("red green", {"missing": "mean"}),
    ("yes no", {"scale": "minmax"}),
    ("yes no", {"missing": "median"}),
    ("1 2", {"unseen": "ignore"}),
]


@pytest.mark.parametrize(
    ("cells", "own"), MEANINGLESS, ids=[f"{cells}-{next(iter(own))}" for cells, own in MEANINGLESS]
)
def test_a_setting_without_meaning_for_its_column_is_refused(
    golden: Golden, cells: str, own: dict[str, Any]
) -> None:
    with pytest.raises(Misfit) as caught:
        only_x(column(cells), columns={"x": ColumnConfig(**own)})
    assert caught.value.hint
    golden.check(reported(caught.value))


def test_settings_of_a_column_that_is_no_input_are_refused(golden: Golden) -> None:
    golden.check(refusal(Misfit, lambda: only_x(column("1"), columns={"y": ColumnConfig()})))


@pytest.mark.parametrize("kind", get_args(ValueKind))
def test_a_column_without_any_value_is_refused(golden: Golden, kind: ValueKind) -> None:
    golden.check(refusal(Misfit, lambda: only_x(column("_ _"), columns={"x": ColumnConfig(kind=kind)})))


def test_dropping_every_row_is_refused(golden: Golden) -> None:
    golden.check(refusal(Misfit, lambda: kept(csv("a,b\n1,\n,2\n"), "ab", missing="drop")))


def test_a_text_of_its_own_in_each_row_is_refused_unless_asked_for(golden: Golden) -> None:
    names = column(" ".join(f"n{row}" for row in range(ALL_DIFFERENT)))
    golden.check(refusal(Misfit, lambda: only_x(names)))
    assert len(only_x(names, columns={"x": ColumnConfig(kind="category")}).encoded) == ALL_DIFFERENT
    assert len(only_x(names.head(ALL_DIFFERENT - 1)).encoded) == ALL_DIFFERENT - 1


def test_more_categories_than_a_network_could_learn_from_are_refused(golden: Golden) -> None:
    most = " ".join(f"n{row}" for row in range(MOST_CATEGORIES)) + " n0"
    assert len(only_x(column(most)).encoded) == MOST_CATEGORIES
    golden.check(refusal(Misfit, lambda: only_x(column(most + " another"))))


def test_a_missing_column_is_named(golden: Golden) -> None:
    golden.check(refusal(DataError, lambda: only_x(column("1")).X(csv("y\n1\n"))))


# The header

HEADER = TypeAdapter(Preprocessing)
SOUND = HEADER.dump_python(
    fitted(
        csv(MIXED), np.arange(4.0)[:, np.newaxis], scale="minmax", missing="median", scale_targets="standard"
    ),
    mode="json",
)


def changed(path: list[str | int], value: Any) -> dict[str, Any]:
    header = json.loads(json.dumps(SOUND))
    place = header
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return dict(header)


FORGED: dict[str, tuple[list[str | int], Any]] = {
    "an unknown key": (["more"], 1),
    "an unknown key of a column": (["columns", 0, "more"], 1),
    "no columns": (["columns"], []),
    "a kind nobody knows": (["columns", 0, "kind"], "date"),
    "text for a number": (["columns", 0, "fill"], "1"),
    "not a number": (["columns", 0, "fill"], float("nan")),
    "a division by zero": (["columns", 0, "scaling", "unit"], 0.0),
    "two columns of one name": (["columns", 0, "name"], "colour"),
    "a fill that is missing": (["columns", 0, "fill"], None),
    "a fill without use": (["columns", 2, "missing"], "error"),
    "a fill that is no category": (["columns", 1, "fill"], "violet"),
    "a category twice": (["columns", 1, "categories"], ["red", "red"]),
    "an empty category": (["columns", 1, "categories"], ["", "red"]),
    "no categories": (["columns", 1, "categories"], []),
    "an infinite scaling of targets": (["targets", 0, "zero"], float("inf")),
}


def test_the_header_under_test_is_sound() -> None:
    assert HEADER.validate_json(json.dumps(SOUND)).encoded == (
        "size",
        "colour=blue",
        "colour=green",
        "colour=red",
        "old",
        "code",
    )


@pytest.mark.parametrize(("path", "value"), FORGED.values(), ids=FORGED)
def test_a_header_that_was_not_written_by_nncli_is_refused(path: list[str | int], value: Any) -> None:
    with pytest.raises(ValidationError):
        HEADER.validate_json(json.dumps(changed(path, value)))
