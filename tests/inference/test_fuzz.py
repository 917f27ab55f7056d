"""Whatever stands in a condition, it compares as it reads, or is refused."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from nncli.inference.conditions import Condition
from nncli.messages.errors import CheckFailed

from ..config.endings import read_or_refused

NAMES = ["mse", "loss", "train_mse", " loss ", "train_", "mean", "ms e", "", "\x1b[31m", "m" * 200]
COMPARISONS = ["<", "<=", ">", ">=", " > ", "=", "==", "<>", "!", "", " "]
BOUNDS = ["1", "-1.5", ".5", "5.", "1e-3", "1e400", "inf", "nan", "1_0", "٣", "0x1", "1 2", "\n1", "\0", ""]
DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?inf(inity)?", re.I)

parts = st.tuples(st.sampled_from(NAMES), st.sampled_from(COMPARISONS), st.sampled_from(BOUNDS))
texts = parts.map("".join) | st.text(max_size=20)


@given(texts, st.floats(allow_nan=False))
@settings(max_examples=400, deadline=None)
def test_any_condition_is_refused_or_holds_as_it_reads(text: str, value: float) -> None:
    condition = read_or_refused(lambda: Condition.parse(text, ["mse", "loss"]), text)
    if condition is None:
        return
    name, operator, number = re.split("([<>]=?)", text)
    assert name.strip().removeprefix("train_") == condition.name
    assert DECIMAL.fullmatch(number.strip()), text
    bound = float(number)
    holds = {"<": value < bound, "<=": value <= bound, ">": value > bound, ">=": value >= bound}[operator]
    assert holds == fails(condition, value)


def fails(condition: Condition, value: float) -> bool:
    try:
        condition.check({"mse": value, "loss": value})
    except CheckFailed:
        return True
    return False
