"""Which two inputs the pictures over two inputs show, and what their captions say about the choice."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli import plots
from nncli.inspection.inputs import importance
from nncli.inspection.inputs.dependence import most_important
from nncli.messages.errors import NncliError
from nncli.plots import View
from nncli.plots.axes_choice import chosen_plane
from nncli.runs import Run
from tests.plots.conftest import SIGMOID, train

NAMES = ["constant", "kind", "weak", "sex", "strong", "y"]


@pytest.fixture(scope="module")
def classified(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The class follows `strong`, and a little `weak`; the two-valued `sex` matters more than `weak`."""
    rng = np.random.default_rng(0)
    rows = [
        [1.0, "ab"[i % 2], weak, float(i % 3 == 0), strong, int(strong + 0.6 * (i % 3 == 0) + 0.3 * weak > 0)]
        for i, (weak, strong) in enumerate(rng.normal(size=(60, 2)).round(3).tolist())
    ]
    data: dict[str, Any] = {"columns": NAMES, "rows": rows, "targets": ["y"]}
    values = {
        "dataset": data,
        "network": {"layers": [SIGMOID]},
        "training": {"epochs": 300},
        "metrics": ["accuracy"],
    }
    return train(tmp_path_factory.mktemp("axes") / "run", values)


@pytest.mark.parametrize("kind", ["boundary", "output", "output-3d"])
def test_the_axes_are_inputs_that_vary_and_the_caption_says_why(kind: str, classified: Run) -> None:
    picture = plots.draw(kind, classified, View())
    assert "strong and weak (the two inputs with the most distinct values)" in picture.caption or (
        "weak and strong (the two inputs with the most distinct values)" in picture.caption
    )
    assert "constant = 1" in picture.caption


def test_the_axes_are_the_two_most_important_inputs(trained: dict[str, Run]) -> None:
    run = trained["30 inputs"]
    plane, reason = chosen_plane(run, View())
    assert list(plane.features) == most_important(run, 2)
    assert reason == "the two most important inputs"
    note = plots.draw("output", run, View()).figure._supxlabel.get_text()
    assert "Axes: the two most important inputs." in " ".join(note.split())


def test_named_inputs_and_fixed_ones_override_the_choice(trained: dict[str, Run]) -> None:
    run = trained["30 inputs"]
    first, second, third = most_important(run, 3)
    assert chosen_plane(run, View(features=("x3", "x1"))).plane.features == ("x3", "x1")
    plane, _ = chosen_plane(run, View(at={first: 0.5}))
    assert plane.features == (second, third)
    assert plane.held[first] == 0.5


def test_with_two_numeric_inputs_no_importance_is_computed(
    trained: dict[str, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(importance, "permutation_importance")
    assert plots.draw("boundary", trained["classes"], View()).caption.startswith("2 inputs, 30 rows, ")


def test_a_boundary_that_is_not_in_view_is_reported(tmp_path: Path) -> None:
    layer = {**SIGMOID, "weights": [[0.1, 0.1]], "biases": [-30.0]}
    values = {"dataset": {"name": "xor"}, "network": {"layers": [layer]}, "training": {"epochs": 0}}
    picture = plots.draw("boundary", train(tmp_path / "one side", values), View())
    assert picture.caption.endswith("; the boundary is not in view: every point is predicted y = 0")
    assert "The boundary is not in view: every" in picture.figure._supxlabel.get_text()


def test_many_rows_are_translucent(trained: dict[str, Run], tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rows = [[a, b, int(a > b)] for a, b in rng.normal(size=(400, 2)).round(3).tolist()]
    data: dict[str, Any] = {"columns": ["a", "b", "y"], "rows": rows, "targets": ["y"]}
    values = {"dataset": data, "network": {"layers": [SIGMOID]}, "training": {"epochs": 5}}
    for run, opaque in ((trained["classes"], True), (train(tmp_path / "many", values), False)):
        figure = plots.draw("boundary", run, View()).figure
        points = [each for each in figure.axes[0].collections if each.get_gid() == "rows"]
        assert all((each.get_alpha() == 1.0) is opaque for each in points)
        assert ("Darker points are several rows." in figure._supxlabel.get_text()) is not opaque


def test_a_grid_has_a_panel_for_each_pair_of_inputs(trained: dict[str, Run]) -> None:
    run = trained["200 inputs"]
    picture = plots.draw("boundary", run, View(grid=True))
    names = most_important(run, 4)
    pairs = [(axes.get_xlabel(), axes.get_ylabel()) for axes in picture.figure.axes]
    assert pairs == list(combinations(names, 2))
    assert picture.caption.startswith("6 pairs of the 4 most important inputs, 30 rows, ")
    assert {*picture.numbers.columns} == {"across", "up", "x", "y", "proba_1"}


def test_a_grid_of_two_inputs_is_the_boundary(trained: dict[str, Run]) -> None:
    run = trained["xor"]
    captions = {plots.draw("boundary", run, View(grid=grid)).caption for grid in (False, True)}
    assert captions == {"2 inputs, 4 rows, 0 misclassified"}


@pytest.mark.parametrize(
    ("view", "kinds"), [(View(grid=True, features=("a", "b")), ["boundary"]), (View(grid=True), ["loss"])]
)
def test_a_grid_is_of_the_boundary_over_inputs_chosen_automatically(view: View, kinds: list[str]) -> None:
    with pytest.raises(NncliError, match="grid"):
        plots.require_possible(view, kinds)


def test_all_pictures_of_a_run_share_one_computation_of_importance(
    classified: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Run] = []
    compute = importance.permutation_importance
    monkeypatch.setattr(
        importance, "permutation_importance", lambda run: (calls.append(run), compute(run))[1]
    )
    run = Run(classified.path)
    for kind in ("boundary", "importance", "dependence"):
        plots.draw(kind, run, View())
    assert calls == [run]
