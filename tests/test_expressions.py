"""Formulas are read as arithmetic and as nothing else."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping

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
@settings(max_examples=300, deadline=None)
def test_any_text_is_refused_or_a_number_which_python_makes_too(text: str) -> None:
    try:
        expression = parse(text, VARIABLES)
    except ExpressionError as error:
        refused = error
    else:
        value = expression(VARIABLES)
        assert np.asarray(value).dtype == np.float64
        wanted = python_value(re.sub(r"\s", " ", text), VARIABLES)
        assert wanted is None or float(value) == pytest.approx(wanted, rel=1e-9)
        return
    assert 0 <= refused.column <= len(text)
    assert "\n" not in refused.message


def test_text_that_the_parser_of_python_cannot_hold_is_refused() -> None:
    for text in ("\0", "(" * 500, "\ud800", "1" * 999 + "q", "f'" * 300, "9" * 1000):
        with pytest.raises(ExpressionError) as caught:
            parse(text, ["q"])
        assert len(caught.value.message) < 120


def test_huge_powers_cost_nothing() -> None:
    for text in ("9**9**9**9", "(((9**9)**9)**9)**9", "2**(2**(2**(2**(2**2))))", "-9**9**9 * q"):
        assert not np.isnan(parse(text, ["q"])({"q": 1.0}))


def python_value(text: str, variables: Mapping[str, float]) -> float | None:
    """What Python makes of the text with floats throughout; None where it raises or has no finite float."""
    tree = ast.parse(text.strip(), mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            node.value = float(node.value)
    try:
        value = eval(compile(tree, "formula", "eval"), {"__builtins__": {}}, {**PYTHON, **variables})
        return float(value) if math.isfinite(value) else None
    except (ArithmeticError, ValueError, TypeError):  # TypeError: complex, of a negative number's root
        return None


PYTHON: dict[str, object] = {
    "pi": math.pi,
    "e": math.e,
    "where": lambda condition, yes, no: yes if condition else no,
    "square": lambda value: value * value,
    "sign": lambda value: float((value > 0) - (value < 0)),
    "minimum": min,
    "maximum": max,
    "abs": abs,
    **{name: getattr(math, name) for name in FUNCTIONS if hasattr(math, name)},
    **{name: getattr(math, name.replace("arc", "a")) for name in FUNCTIONS if name.startswith("arc")},
}
VARIABLES = {"q": 0.5, "x": -3.0}


def test_python_knows_every_function_in_its_own_words() -> None:
    assert FUNCTIONS.keys() <= PYTHON.keys()


@pytest.mark.parametrize("name", FUNCTIONS)
@given(st.lists(st.floats(-20, 20), min_size=3, max_size=3))
def test_a_function_has_the_value_python_gives_it(name: str, numbers: list[float]) -> None:
    arguments = {"where": 3}.get(name, getattr(FUNCTIONS[name], "nin", 0))
    text = f"{name}({', '.join(map(repr, numbers[:arguments]))})"
    wanted = python_value(text, {})
    if wanted is not None:
        assert float(parse(text, [])({})) == pytest.approx(wanted, rel=1e-12, abs=1e-300), text


def binary(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Terms put together without brackets, so that the order of operations counts, or with them."""
    operators = st.sampled_from(["+", "-", "*", "/", " + ", " - ", " * ", "\n/ "])
    compared = st.sampled_from(["<", "<=", ">", ">="])
    return (
        st.tuples(inner, operators, inner).map("".join)
        | inner.map("({})".format)
        | inner.map("-{}".format)
        | st.tuples(inner, compared, inner).map("({0[0]} {0[1]} {0[2]})".format)
        | st.tuples(inner, inner).map("minimum({0[0]}, {0[1]})".format)
        | st.tuples(inner, inner, inner).map("where({0[0]}, {0[1]}, {0[2]})".format)
    )


atoms = st.sampled_from(["q", "x", "pi", "e", "2", "3", "0.1", "1e-3", "7.25", "1e300", "0x10", "1_0", "0"])


@given(st.recursive(atoms, binary, max_leaves=12))
@settings(max_examples=300, deadline=None)
def test_arithmetic_agrees_with_python_to_the_last_bit(text: str) -> None:
    wanted = python_value(text.replace("\n", " "), VARIABLES)
    if wanted is not None:
        assert float(parse(text, VARIABLES)(VARIABLES)) == wanted


powers = st.recursive(
    st.sampled_from(["q", "2", "3", "0.1", "1.5"]),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["**", "*", " + ", "/"]), inner).map("".join)
        | inner.map("({})".format)
        | inner.map("sqrt({})".format)
    ),
    max_leaves=6,
)


@given(st.sampled_from(["", "-", "1/"]), powers)
@settings(max_examples=200, deadline=None)
def test_powers_bind_as_in_python(sign: str, text: str) -> None:
    wanted = python_value(sign + text, VARIABLES)  # sums of positive terms alone: nothing cancels
    if wanted is not None:
        found = float(parse(sign + text, VARIABLES)(VARIABLES))
        assert found == pytest.approx(wanted, rel=1e-9, abs=1e-300)
