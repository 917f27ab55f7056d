"""Formulas are read as arithmetic and as nothing else."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncli.expressions import FUNCTIONS, ExpressionError, parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("q1 + q2**2 - 1", 2 + 9 - 1),
        ("-q1**2", -4),
        ("2**-1", 0.5),
        ("(q1 > 1) - (q2 > 5)", 1),
        ("-(q1 < 0)", 0),
        ("where(q1 >= 2, q2, 0)", 3),
        ("pi * q1", math.tau),
        ("e", math.e),
        ("q1 /\n q2 * 3", 2),
        ("arctan2(q1, q2)", math.atan2(2, 3)),
        ("1e3", 1000),
    ],
)
def test_a_formula_has_its_value_on_numbers_and_arrays(text: str, value: float) -> None:
    expression = parse(text, ["q1", "q2"])
    assert float(expression({"q1": 2.0, "q2": 3.0})) == pytest.approx(value, rel=1e-15)
    arrays = {"q1": np.array([2.0, 2.0]), "q2": np.array([3.0, 3.0])}
    assert np.broadcast_to(expression(arrays), 2) == pytest.approx([value, value], rel=1e-15)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_can_be_called(name: str) -> None:
    arguments = {"where": "q, q, q"}.get(name, ", ".join(["q"] * getattr(FUNCTIONS[name], "nin", 1)))
    assert (
        np.isfinite(parse(f"{name}({arguments})", ["q"])({"q": np.array([0.5])})).all() or name == "arccosh"
    )


def test_what_is_undefined_is_not_finite_and_does_not_warn() -> None:
    assert np.isnan(parse("sqrt(q)", ["q"])({"q": -1.0}))
    assert np.isinf(parse("1 / q", ["q"])({"q": 0.0}))
    assert np.isinf(parse("9**9**9**9", [])({}))


@pytest.mark.parametrize("name", ["µ", "ﬁ", "größe", "ｑ", "é"])
def test_a_name_is_the_same_however_unicode_writes_it(name: str) -> None:
    assert float(parse(f"{name} + 1", [name])({name: 2.0})) == 3.0


def test_a_variable_hides_a_constant() -> None:
    assert float(parse("e", ["e"])({"e": 7.0})) == 7.0


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("q + x", 4),
        ("  q + x", 6),
        ("é * é * x", 8),
        ("'a'", 0),
        ("q +\n x", 5),
        ("exp(x)", 4),
        ("q q", 2),
        ("q +", 2),
    ],
)
def test_the_column_counts_characters(text: str, column: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text, ["q", "é"])
    assert caught.value.column == column


@given(st.text(st.sampled_from(list("q12.e+-*/()<>=, xpi\n'\"[]{}:_^%@!~&|\\#é漢\0")), max_size=40))
@settings(max_examples=300)
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        expression = parse(text, ["q", "x"])
    except ExpressionError as error:
        refused = error
    else:
        assert np.asarray(expression({"q": 0.5, "x": np.array([1.0, 2.0])})).dtype == np.float64
        return
    assert 0 <= refused.column <= len(text)
    assert "\n" not in refused.message
