"""The trace as LaTeX: what each kind of formula becomes, and a document whose equations can be set."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncli.inspection.latex import document, mathematics
from nncli.inspection.trace import trace
from nncli.nn.losses import LOSSES

from ..engines import oracle
from .test_trace import experiment_of

COMMANDS = {"cdot", "exp", "frac", "ge", "le", "log", "mathrm", "partial", "tanh"}


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
        for equation in block.split(" \\\\\n"):
            assert equation.count("&=") == 1
            assert set(re.findall(r"\\([A-Za-z]+)", equation)) <= COMMANDS
            assert re.fullmatch(r"[\w .,()+*/=<>&{}^\\-]+", equation.replace(r"\_", ""))
            depths = [
                equation[:end].count("{") - equation[:end].count("}") for end in range(len(equation) + 1)
            ]
            assert min(depths) == depths[-1] == 0
