"""Charts in a terminal, character by character, and what must hold for every chart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncli.nn.arrays import Array
from nncli.plots.chart import chart
from tests.golden import Golden

EPOCHS = np.arange(0, 1001, 5)
FALLING = 0.7 * np.exp(-EPOCHS / 150) + 0.004
OVERFITTED = 0.7 * np.exp(-EPOCHS / 150) + 0.1 + 1e-4 * EPOCHS

Curves = dict[str, tuple[Array, Array]]

BOTH: Curves = {"loss": (EPOCHS, FALLING), "val_loss": (EPOCHS, OVERFITTED)}
SHAPES: dict[str, list[float]] = {
    "constant": [0.5, 0.5, 0.5],
    "one point": [0.5],
    "nothing finite": [np.nan, np.inf],
    "a gap": [3, np.nan, np.inf, 2, 1],
    "reaches zero": [1, 1e-3, 0],
    "zero throughout": [0, 0, 0],
    "negative": [40, 3, -5],
    "huge range": [1e200, 1, 1e-300],
    "beyond the axis": [1, 1e300, 2],
    "narrow range": [0.69312, 0.69311, 0.69313],
}


def one(values: list[float]) -> Curves:
    return {"loss": (np.arange(len(values)), np.array(values, float))}


def text(curves: Curves, width: int, height: int = 7, *, braille: bool = True) -> str:
    return "\n".join(chart(curves, "loss", width=width, height=height, braille=braille))


@pytest.mark.parametrize("braille", [True, False], ids=["braille", "ascii"])
@pytest.mark.parametrize("width", [40, 80, 200])
def test_one_curve(golden: Golden, width: int, braille: bool) -> None:
    golden.check(text({"loss": (EPOCHS, FALLING)}, width, braille=braille))


@pytest.mark.parametrize("braille", [True, False], ids=["braille", "ascii"])
@pytest.mark.parametrize("width", [40, 80, 200])
def test_two_curves_differ_without_color(golden: Golden, width: int, braille: bool) -> None:
    golden.check(text(BOTH, width, braille=braille))


@pytest.mark.parametrize("braille", [True, False], ids=["braille", "ascii"])
@pytest.mark.parametrize("shape", SHAPES)
def test_shapes(golden: Golden, shape: str, braille: bool) -> None:
    golden.check(text(one(SHAPES[shape]), 40, 5, braille=braille))


def test_names_of_curves_with_the_same_end_stand_on_two_rows(golden: Golden) -> None:
    falling = np.linspace(1, 0.5, len(EPOCHS))
    golden.check(text({"loss": (EPOCHS, falling), "val_loss": (EPOCHS, falling)}, 60, 5))


def test_rarely_measured_values_are_connected(golden: Golden) -> None:
    rare = np.where(EPOCHS % 250 == 0, OVERFITTED, np.nan)
    golden.check(text({"loss": (EPOCHS, FALLING), "val_loss": (EPOCHS, rare)}, 60))


@pytest.mark.parametrize(("largest", "named"), [(29.9, "loss"), (30.1, "loss, log scale")])
def test_title_names_a_logarithmic_scale(largest: float, named: str) -> None:
    assert chart(one([largest, 1]), "loss", width=40, height=5, braille=True)[0].strip() == named


@pytest.mark.parametrize(
    ("title", "line"),
    [
        ("loss: mse (mean)", "         loss: mse (mean), log scale"),
        ("loss: cross_entropy (mean)", "   loss: cross_entropy (mean), log scale"),
        ("loss: binary_cross_entropy (sum)", "loss: binary..._entropy (sum), log scale"),
    ],
)
def test_long_title_is_shortened_and_keeps_its_scale(title: str, line: str) -> None:
    assert chart(one([100, 1]), title, width=40, height=5, braille=True)[0] == line


@given(
    st.lists(st.floats(), min_size=1, max_size=30),
    st.lists(st.floats(), min_size=1, max_size=30),
    st.integers(40, 200),
    st.integers(2, 15),
    st.booleans(),
)
def test_any_curves_fit(
    first: list[float], second: list[float], width: int, height: int, braille: bool
) -> None:
    curves = {"loss": one(first)["loss"], "val_loss": one(second)["loss"]}
    lines = chart(curves, "loss", width=width, height=height, braille=braille)
    assert len(lines) == height + 2
    assert max(map(len, lines)) <= width
    assert braille or "".join(lines).isascii()
