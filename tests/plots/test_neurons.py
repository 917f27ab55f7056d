"""Maps of what each neuron computes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli import plots
from nncli.plots import KINDS, View
from nncli.plots.kinds import neurons
from nncli.runs import Run
from tests.plots.conftest import train


def test_the_maps_are_the_activations_of_the_units_and_the_output(trained: dict[str, Run]) -> None:
    run = trained["xor"]
    columns = dict(plots.draw("neurons", run, View()).numbers.columns)
    X = np.column_stack([columns["x1"], columns["x2"]])
    hidden, output = run.model.network.forward(run.model.parameters, X)
    for unit in range(4):
        np.testing.assert_allclose(columns[f"layers.0.unit[{unit}]"], hidden.A[:, unit])
    np.testing.assert_allclose(columns["layers.1.output[0]"], output.A[:, 0])


def test_each_unit_has_a_panel_and_the_output_comes_last(trained: dict[str, Run]) -> None:
    figure = plots.draw("neurons", trained["xor"], View()).figure
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == ["unit 0", "unit 1", "unit 2", "unit 3", "probability of y = 1"]


def test_of_many_units_the_first_are_drawn_and_the_caption_says_so(trained: dict[str, Run]) -> None:
    picture = plots.draw("neurons", trained["classes"], View())
    assert picture.caption.startswith("40 units in 1 hidden layer over a and b; ")
    assert picture.caption.endswith("only the first 24 units drawn")
    assert "Shows the first 24 units of each layer." in picture.figure._supxlabel.get_text()
    titles = [axes.get_title() for axes in picture.figure.axes if axes.get_title()]
    assert titles[-4:] == ["unit 23", "x", "y", "z"]


@pytest.fixture(scope="module")
def curves(tmp_path_factory: pytest.TempPathFactory) -> Run:
    data: dict[str, Any] = {"columns": ["x", "y"], "rows": [[0.0, 1.0], [2.0, 3.0]], "targets": ["y"]}
    hidden = {"units": 2, "activation": "relu", "weights": [[1.0], [-1.0]], "biases": [0.0, 0.0]}
    layers = [hidden, *[{"units": 2, "activation": "tanh"}] * 6, {"units": 1}]
    values = {"dataset": data, "network": {"layers": layers}, "training": {"epochs": 0}}
    return train(tmp_path_factory.mktemp("neurons") / "curves", values)


def test_a_single_input_gives_curves_and_a_dead_unit_is_counted(curves: Run) -> None:
    picture = plots.draw("neurons", curves, View())
    lines = [line for axes in picture.figure.axes for line in axes.get_lines() if line.get_gid() == "unit"]
    np.testing.assert_allclose(lines[0].get_ydata(), np.linspace(0, 2, neurons.CURVE))
    assert not np.any(lines[1].get_ydata())
    assert "; 1 unit with constant output in view; 6 of 8 layers drawn" in picture.caption


def test_without_a_hidden_layer_there_is_nothing_to_draw(trained: dict[str, Run], tmp_path: Path) -> None:
    assert KINDS["neurons"].unfit(trained["not"], View()) == "the network has no hidden layer"
