"""The trace as LaTeX: what each kind of formula becomes, and a document whose equations can be set."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncli.inspection.latex import document, equation, mathematics
from nncli.inspection.trace import trace
from nncli.inspection.traced import TraceLine
from nncli.nn.losses import LOSSES

from ..engines import oracle
from .test_trace import experiment_of

COMMANDS = {"quad", "cdot", "exp", "frac", "ge", "le", "log", "mathrm", "partial", "tanh"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dL/dw[a0_1]", r"\frac{\partial L}{\partial w_{\mathrm{a0\_1}}}"),
        ("dL/dz * x1", r"\frac{\partial L}{\partial z} \cdot \mathrm{x1}"),
        ("da/dz", r"\frac{\partial a}{\partial z}"),
        ("1 - a^2", "1 - a^{2}"),
        ("1 / (1 + exp(-z))", r"1 / (1 + \exp(-z))"),
        ("0.5 * (-3e-07)", r"0.5 \cdot (-3 \cdot 10^{-7})"),
        ("z if z > 0 else 0", r"z \mathrm{if} z > 0 \mathrm{else} 0"),
        ("beta1 * m + (1 - beta1) * g", r"\mathrm{beta1} \cdot m + (1 - \mathrm{beta1}) \cdot g"),
        ("w[100%_a]", r"w_{\mathrm{100\%\_a}}"),
    ],
)
def test_formulas_become_mathematics(text: str, expected: str) -> None:
    assert mathematics(text).replace(r"\ ", " ") == expected


@pytest.mark.parametrize("loss", LOSSES)
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_every_equation_of_a_document_can_be_set(loss: str, data: st.DataObject) -> None:
    training = data.draw(oracle.trainings(loss).filter(lambda drawn: not drawn.network.has_dropout))
    text = document(trace(experiment_of(training), training.parameters, 0))
    assert text.count(r"\begin{") == text.count(r"\end{")
    for block in re.findall(r"\\begin{align\*}\n(.*?)\n\\end{align\*}", text, re.DOTALL):
        for line in block.split(" \\\\\n"):
            assert line.count("&=") == 1 or line.startswith(r"&\quad {} + ")
            assert set(re.findall(r"\\([A-Za-z]+)", line)) <= COMMANDS
            assert re.fullmatch(r"[\w .,()+*/=<>&{}^\\-]+", line.replace(r"\_", ""))
            depths = [line[:end].count("{") - line[:end].count("}") for end in range(len(line) + 1)]
            assert min(depths) == depths[-1] == 0


def test_long_sums_are_broken_before_plus_signs_outside_parentheses() -> None:
    term = f"(1 + {'2 * ' * 12}3)"
    line = TraceLine("z", "", " + ".join([term] * 6), 1.0)
    text = equation(line)
    assert text.count(r"&\quad {} + (1 + 2") == 5  # each term is more than half as long as a line
    assert max(map(len, text.splitlines())) < 400
    assert text.count("(") == text.count(")")
    assert equation(TraceLine("z", "", "1 + 2", 3.0)) == "z &= 1 + 2 \\\\\n&= 3"
