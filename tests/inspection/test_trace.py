"""The trace of a row: every printed number is the engine's, and can be computed again from the text."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncli import api
from nncli.config import Config
from nncli.engines.contract import start
from nncli.engines.numpy_engine import NumpyEngine
from nncli.inspection.formulas import digits, substituted, sum_of_products
from nncli.inspection.trace import FEW_WEIGHTS, trace
from nncli.inspection.traced import Trace, TraceLine, TraceSection
from nncli.messages.errors import NncliError
from nncli.nn.losses import LOSSES
from nncli.training.experiment import Experiment

from ..engines import oracle
from ..trained import xor

FUNCTIONS: dict[str, Any] = {
    **{name: getattr(math, name) for name in ("exp", "expm1", "log", "log1p", "sqrt", "tanh")},
    "abs": abs,
    "maximum": max,
    "minimum": min,
    "sign": np.sign,
}


def lines(found: Trace) -> list[TraceLine]:
    sections: list[TraceSection] = [*found.forward, found.terms, *found.backward, *found.update]
    return [line for section in sections for line in section.lines]


def computed(line: TraceLine) -> tuple[float, float]:
    """The value of a line's numbers, which have six digits, and how far rounding may take it."""
    text = re.sub(r" \((sum of \d+ smaller terms|penalties)\)", "", line.numbers).replace("^", "**")
    value = float(eval(text, dict(FUNCTIONS)))
    sizes = [abs(float(each)) for each in re.findall(r"\d+\.?\d*(?:e[-+]\d+)?", text)]
    return value, 1e-5 * (abs(line.value) + 1.0 + max(sizes) ** 2 * len(sizes))


def _is_shown_whole(drawn: oracle.Training) -> bool:
    return drawn.network.parameter_count <= FEW_WEIGHTS and not drawn.network.has_dropout


def experiment_of(training: oracle.Training) -> Experiment:
    """An experiment with the network, rows and recipe that were drawn."""
    base = xor()
    data = replace(base.rows.training, X=training.X, Y=training.Y)
    number, *_ = data.columns.preprocessing.columns
    inputs = tuple(replace(number, name=f"x{column}") for column in range(training.X.shape[1]))
    columns = replace(
        data.columns,
        preprocessing=replace(data.columns.preprocessing, columns=inputs),
        targets=tuple(f"y{unit}" for unit in range(training.Y.shape[1])),
    )
    return replace(
        base,
        network=training.network,
        recipe=training.recipe,
        initial=training.parameters,
        rows=base.rows._replace(training=replace(data, columns=columns)),
    )


@pytest.mark.parametrize("loss", LOSSES)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_every_number_is_the_engines_and_follows_from_the_text(loss: str, data: st.DataObject) -> None:
    training = data.draw(oracle.trainings(loss).filter(_is_shown_whole))
    network, X, Y, recipe, w = training
    row = data.draw(st.integers(0, len(X) - 1))
    found = trace(experiment_of(training), w, row)
    for line in lines(found):
        if 1e-4 < abs(line.value) < 1e4:
            value, tolerance = computed(line)
            assert value == pytest.approx(line.value, rel=1e-3, abs=tolerance), line
    alone = replace(recipe, batch_size=1, shuffle=False)
    plan = NumpyEngine().plan(network, X[[row]], Y[[row]], alone)
    chunk = plan.run(start(network, w, alone), [1])
    assert found.loss == pytest.approx(chunk.losses[0], rel=1e-10, abs=1e-12)
    moved = [line.value for line in lines(found) if line.name.startswith("new ")]
    np.testing.assert_allclose(moved, chunk.parameters[0], rtol=1e-10, atol=1e-10)


def test_a_2_2_1_network_by_hand() -> None:
    values = {
        "dataset": {"columns": ["x1", "x2", "y"], "rows": [[2.0, -1.0, 1.0]], "targets": ["y"]},
        "network": {
            "layers": [
                {"units": 2, "activation": "tanh", "weights": [[0.5, -0.25], [0.1, 0.3]], "biases": [0.2, 0]},
                {"units": 1, "activation": "identity", "weights": [[1.5, -2.0]], "biases": [0.1]},
            ]
        },
        "loss": "mse",
        "optimizer": {"name": "sgd", "learning_rate": 0.1},
    }
    found = api.trace(Config.of(values))
    h1, h2 = math.tanh(0.5 * 2.0 + 0.25 + 0.2), math.tanh(0.1 * 2.0 - 0.3)
    a = 1.5 * h1 - 2.0 * h2 + 0.1
    error = 2.0 * (a - 1.0)
    e1, e2 = error * 1.5 * (1.0 - h1 * h1), error * -2.0 * (1.0 - h2 * h2)
    forward = [line.value for section in found.forward for line in section.lines]
    np.testing.assert_allclose(forward, [1.45, h1, -0.1, h2, a, a], rtol=1e-14)
    assert found.loss == pytest.approx((a - 1.0) ** 2, rel=1e-14)
    output, first, second = found.backward
    named = {line.name: line.value for line in output.lines}
    assert named["dL/dz"] == pytest.approx(error, rel=1e-14)
    assert named["dL/dw[a0_0]"] == pytest.approx(error * h1, rel=1e-14)
    assert {line.name: line.value for line in first.lines}["dL/dw[x2]"] == pytest.approx(-e1, rel=1e-14)
    by_x1 = {line.name: line.value for line in second.lines}["dL/dw[x1]"]
    assert by_x1 == pytest.approx(2.0 * e2, rel=1e-14)
    assert found.update[0].lines[0].value == pytest.approx(0.5 - 0.1 * 2.0 * e1, rel=1e-14)
    assert found.update[0].lines[0].numbers == f"0.5 - 0.1 * {2.0 * e1:.6g}"


def test_of_a_large_network_one_unit_of_each_layer_is_shown_and_the_rest_is_counted() -> None:
    hidden = "{units: 30, activation: tanh}, {units: 20, activation: relu}"
    system = xor(f"network.layers=[{hidden}, {{units: 1, activation: sigmoid}}]")
    found = trace(system, system.initial, 0)
    assert [len(found.forward), len(found.backward), len(found.update)] == [3, 3, 3]
    assert found.left_out == "48 of 51 units"
    assert "(sum of 15 smaller terms)" in found.forward[2].lines[0].numbers
    assert found.backward[1].left_out == "26 weights with smaller derivatives"
    chosen = trace(system, system.initial, 0, layer=0, unit=7)
    assert [section.title for section in chosen.forward] == ["layers.0, unit 7 (a0_7), tanh"]
    assert len(trace(system, system.initial, 0, layer=1).forward) == 20


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ({"row": 0}, "row 0: the training set has 4 rows"),
        ({"row": 5}, "row 5: the training set has 4 rows"),
        ({"layer": 2}, "layer 2: the network has 2 layers"),
        ({"unit": 0}, "unit 0 needs a layer"),
        ({"layer": 1, "unit": 1}, "unit 1: layer 1 has 1 unit"),
        ({"epoch": 3}, "epoch 3: a config has the weights of epoch 0 alone"),
    ],
)
def test_a_place_that_does_not_exist_is_named(place: dict[str, int], message: str) -> None:
    with pytest.raises(NncliError) as caught:
        api.trace(xor(), **place)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1234567, "0.123457"),
        (0.9567891, "0.956789"),
        (0.9987654321, "0.99876543"),  # so that 1 - a has six digits too
        (-0.9987654321, "-0.99876543"),
        (1.0 - 2.0**-53, "0.9999999999999999"),
        (0.999, "0.999"),
        (1.0, "1"),
        (-0.0, "0"),
        (1.0005, "1.0005"),
    ],
)
def test_a_number_has_six_digits_and_just_below_1_those_that_a_subtraction_needs(
    value: float, text: str
) -> None:
    assert digits(value) == text


def test_of_a_sum_of_products_only_the_inner_negative_numbers_have_parentheses() -> None:
    assert sum_of_products([(-2.0, -3.0), (-1.0, 0.5)], -4.0) == "-2 * (-3) + (-1) * 0.5 + (-4)"
    assert substituted("w - rate * g", {"w": -1.0, "rate": 0.1, "g": -2.0}) == "-1 - 0.1 * (-2)"
    assert substituted("square(a)", {"a": -1.0}) == "(-1)^2"
    assert substituted("where(z > 0, z, 0)", {"z": -1.0}) == "((-1) if (-1) > 0 else 0)"


def test_the_divisor_of_a_mean_is_in_the_formula_and_in_the_names() -> None:
    two = {"columns": ["x", "u", "v"], "rows": [[1, 0, 1]], "targets": ["u", "v"], "task": "regression"}
    found = api.trace(Config.of({"dataset": two, "network": {"layers": [{"units": 2}]}, "loss": "mse"}))
    assert found.terms.lines[-1].formula == "(sum of terms) / outputs"
    assert found.backward[0].lines[0].formula == "(2 * (a - y)) / outputs"
    assert found.names["outputs"] == "number of outputs"


def test_a_trace_reads_well_at_a_prompt_and_in_a_notebook() -> None:
    data = {"columns": ["a<b", "y"], "rows": [[2, 1]], "targets": ["y"]}
    found = api.trace(Config.of({"dataset": data, "network": {"layers": [{"units": 1, "weights": [[0.5]]}]}}))
    assert repr(found) == str(found) == "<Trace of row 1: a<b = 2 -> y = 1, 1 unit, loss 0>"
    text = found._repr_html_()
    tags = re.findall(r"<(\w+)", text)
    assert set(tags) == {"p", "h4", "h5", "table", "tr", "th", "td"}
    assert re.findall("<h4>(.*?)</h4>", text) == [title for title, _ in found.parts]
    assert text.count("<h5>layers.0, unit 0 (a0_0)") == 3
    rows = re.findall("<tr>(.*?)</tr>", text)
    cells = [re.findall("<t[hd][^>]*>(.*?)</t", row) for row in rows[len(found.names) :]]
    assert cells[0] == ["z", "= w[a&lt;b] * a&lt;b + bias", "= 0.5 * 2 + 0", "= 1"]
    assert {len(each) for each in cells} == {4}
    assert "a<b" not in text
    assert "http" not in text
