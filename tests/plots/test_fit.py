from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli import plots
from nncli.plots import KINDS, View
from nncli.runs import Run
from tests.golden import Golden
from tests.plots.conftest import train


def _of_formulas(targets: dict[str, str], **dataset: Any) -> dict[str, Any]:
    function = {"inputs": {"x": [-2, 3]}, "targets": targets, "samples": 40}
    return {
        "dataset": {"function": function, **dataset},
        "network": {"layers": [{"units": 5, "activation": "tanh"}, {"units": len(targets)}]},
        "training": {"epochs": 20},
    }


@pytest.fixture(scope="module")
def waves(tmp_path_factory: pytest.TempPathFactory) -> Run:
    values = _of_formulas({"y": "sin(x)"}, split={"test": 0.25})
    return train(tmp_path_factory.mktemp("fit") / "waves", values)


def _lines(picture: plots.Picture, gid: str) -> list[Any]:
    return [line for axes in picture.figure.axes for line in axes.get_lines() if line.get_gid() == gid]


def _predicted(run: Run, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The only input through the layers, written out."""
    network = run.model.network
    A = x[:, np.newaxis]
    for layer, (W, b) in zip(network.layers, network.views(run.model.parameters), strict=True):
        A = A @ W.T + (0.0 if b is None else b)
        A = np.tanh(A) if layer.activation.name == "tanh" else A
    return A


def test_the_curve_is_the_output_and_its_error_that_against_the_function(waves: Run) -> None:
    picture = plots.draw("fit", waves, View())
    (curve,), (function,) = _lines(picture, "output"), _lines(picture, "function")
    x = np.asarray(curve.get_xdata())
    np.testing.assert_allclose(curve.get_ydata(), _predicted(waves, x)[:, 0], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(function.get_ydata(), np.sin(x), rtol=1e-12, atol=1e-12)
    known = waves.experiment.rows.training.X[:, 0]
    every = np.concatenate([data.X[:, 0] for data in waves.experiment.rows.by_part.values()])
    assert x[0] < every.min() <= known.min() < known.max() <= every.max() < x[-1]
    inside = x[(x >= known.min()) & (x <= known.max())]
    error = np.mean((_predicted(waves, inside)[:, 0] - np.sin(inside)) ** 2)
    assert picture.caption == (
        f"mean squared error of the curve {error:.3g} for x from {known.min():.3g} to {known.max():.3g}"
    )


def test_the_rows_of_each_set_are_points_with_their_own_marker(waves: Run) -> None:
    picture = plots.draw("fit", waves, View())
    drawn = {artist.get_gid(): artist for artist in picture.figure.axes[0].collections if artist.get_gid()}
    assert list(drawn) == ["train", "test"]
    for part, data in waves.experiment.rows.by_part.items():
        np.testing.assert_array_equal(drawn[part].get_offsets(), np.column_stack([data.X, data.expected]))
    shapes = {artist.get_paths()[0].vertices.shape for artist in drawn.values()}
    assert len(shapes) == 2
    columns = picture.numbers.columns
    counts = {part: list(columns["part"]).count(part) for part in ("train", "test")}
    assert counts == {part: len(data) for part, data in waves.experiment.rows.by_part.items()}


def test_without_a_formula_the_caption_has_the_largest_error_of_each_set(trained: dict[str, Run]) -> None:
    run = trained["scaled targets"]
    data = run.experiment.rows.training
    picture = plots.draw("fit", run, View())
    error = np.abs(run.model.outputs(data.X) - data.expected).max()
    assert picture.caption == f"largest error {error:.3g} on 30 training rows"
    assert not _lines(picture, "function")
    (curve,) = _lines(picture, "output")
    assert 300 < np.asarray(curve.get_ydata()).min() < np.asarray(curve.get_ydata()).max() < 800


def test_each_target_has_a_panel_and_the_caption_names_the_one_with_the_lowest_r2(tmp_path: Path) -> None:
    run = train(tmp_path / "two", _of_formulas({"flat": "x", "wild": "20 * sin(9 * x)"}))
    picture = plots.draw("fit", run, View())
    assert [axes.get_ylabel() for axes in picture.figure.axes] == ["flat", "wild"]
    assert picture.caption.startswith("wild has the lowest R²: mean squared error of the curve ")
    assert {*picture.numbers.columns["target"]} == {"flat", "wild"}


def test_of_many_targets_six_have_a_panel(trained: dict[str, Run]) -> None:
    picture = plots.draw("fit", trained["eight targets"], View())
    assert len(picture.figure.axes) == 6
    assert "Shows the 6 of 8 targets with the lowest R²." in picture.figure._supxlabel.get_text()


def test_two_classes_have_a_probability_and_a_threshold(trained: dict[str, Run]) -> None:
    picture = plots.draw("fit", trained["not"], View())
    assert picture.figure.axes[0].get_ylabel() == "probability of y = 1"
    (threshold,) = _lines(picture, "threshold")
    assert {*threshold.get_ydata()} == {0.5}


def test_rows_without_an_input_and_a_function_with_a_pole_are_drawn_as_far_as_possible(
    tmp_path: Path,
) -> None:
    rows = [["", 1.0], *[[k / 10, k / 5] for k in range(20)]]
    data = {"columns": ["x", "y"], "rows": rows, "targets": ["y"], "preprocessing": {"missing": "mean"}}
    values = {"dataset": data, "network": {"layers": [{"units": 1}]}, "training": {"epochs": 1}}
    points = plots.draw("fit", train(tmp_path / "gap", values), View()).figure.axes[0].collections
    assert len(next(each for each in points if each.get_gid() == "train").get_offsets()) == 20
    run = train(tmp_path / "pole", _of_formulas({"y": "log(x + 2)"}))
    caption = plots.draw("fit", run, View()).caption
    assert caption.startswith("mean squared error of the curve ")


@pytest.mark.parametrize(
    "shape", ["xor", "labels on all rows or none held out", "not probabilities", "beyond all floats"]
)
def test_runs_without_a_curve_say_why(shape: str, trained: dict[str, Run], golden: Golden) -> None:
    golden.check(KINDS["fit"].unfit(trained[shape], View()) or "")


def test_an_input_that_is_not_numeric_has_no_curve(tmp_path: Path) -> None:
    rows = [["abc"[k % 3], float(k)] for k in range(12)]
    data = {"columns": ["x", "y"], "rows": rows, "targets": ["y"]}
    run = train(tmp_path / "text", {"dataset": data, "network": {"layers": [{"units": 1}]}})
    assert KINDS["fit"].unfit(run, View()) == "it needs a numeric input, but x is not numeric"
