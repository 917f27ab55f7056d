from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli import plots
from nncli.plots import KINDS, View, default_kinds, fitting
from nncli.plots.kinds import epsilon
from nncli.runs import Run
from tests.golden import Golden
from tests.plots.conftest import train

Vector = np.ndarray[Any, np.dtype[np.float64]]

GIVEN: dict[str, Any] = {
    "dataset": {"columns": ["x", "y"], "rows": [[0.5, 1.0], [-1.0, 0.2], [2.0, -0.7]], "targets": ["y"]},
    "network": {"layers": [{"units": 2, "activation": "tanh"}, {"units": 1}]},
    "loss": "mse",
    "training": {"epochs": 3},
}


@pytest.fixture(scope="module")
def by_differences(tmp_path_factory: pytest.TempPathFactory) -> Run:
    gradient = {"name": "finite_difference", "scheme": "forward", "epsilon": 1e-4}
    return train(tmp_path_factory.mktemp("epsilon") / "run", {**GIVEN, "gradient": gradient})


def _loss(run: Run, parameters: Vector) -> np.longdouble:
    """Mean squared error of the network above, in more digits than float64 where the machine has them."""
    data = run.experiment.rows.training
    X, Y = data.X.astype(np.longdouble), data.Y.astype(np.longdouble)
    (W, b), (V, c) = run.model.network.views(parameters)
    return np.square(np.tanh(X @ W.T + b) @ V.T + c - Y).mean()


def _error(run: Run, scheme: str, step: float) -> float:
    """Relative error of a difference quotient, each parameter moved in turn."""
    at = run.model.parameters.astype(np.longdouble)
    exact, found = np.empty(len(at)), np.empty(len(at))
    for k, unit in enumerate(np.eye(len(at), dtype=np.longdouble)):
        h, tiny = np.longdouble(step), np.longdouble(1e-5)
        near = (_loss(run, at + tiny * unit) - _loss(run, at - tiny * unit)) / (2 * tiny)
        far = (_loss(run, at + 2 * tiny * unit) - _loss(run, at - 2 * tiny * unit)) / (4 * tiny)
        exact[k] = (4 * near - far) / 3
        behind = at - h * unit if scheme == "central" else at
        found[k] = (_loss(run, at + h * unit) - _loss(run, behind)) / (2 * h if scheme == "central" else h)
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))


@pytest.mark.parametrize("scheme", ["central", "forward"])
def test_truncation_errors_are_those_of_moving_one_parameter_after_the_other(
    scheme: str, by_differences: Run
) -> None:
    columns = KINDS["epsilon"].numbers(by_differences, View()).columns
    steps, errors = np.asarray(columns["epsilon"]), np.asarray(columns[scheme])
    for step in (1e-3, 1e-2, 1e-1, 1.0):
        place = int(np.abs(np.log10(steps) - np.log10(step)).argmin())
        assert errors[place] == pytest.approx(_error(by_differences, scheme, step), rel=1e-4)


def test_the_curves_have_the_slopes_of_theory_and_guides_along_them(by_differences: Run) -> None:
    picture = plots.draw("epsilon", by_differences, View())
    columns = picture.numbers.columns
    x = np.log10(np.asarray(columns["epsilon"]))
    for scheme, low, high, slope in (
        ("central", -3, -1, 2),
        ("forward", -6, -2, 1),
        ("central", -13, -7, -1),
    ):
        inside = (x >= low) & (x <= high)
        fitted = np.polyfit(x[inside], np.log10(np.asarray(columns[scheme]))[inside], 1)[0]
        assert fitted == pytest.approx(slope, abs=0.15)
    axes = picture.figure.axes[0]
    guides = [line for line in axes.get_lines() if line.get_gid() == "guide"]
    slopes = [np.diff(np.log10(line.get_ydata())) / np.diff(np.log10(line.get_xdata())) for line in guides]
    assert [round(float(each.mean()), 6) for each in slopes] == [2, 1, -1]
    assert [text.get_text().split(":")[0] for text in axes.texts] == ["slope 2", "slope 1", "slope −1"]


def test_the_step_of_the_run_is_marked_with_its_error(by_differences: Run) -> None:
    picture = plots.draw("epsilon", by_differences, View())
    (own,) = [line for line in picture.figure.axes[0].get_lines() if line.get_gid() == "own"]
    assert [*own.get_xdata()] == [1e-4]
    assert own.get_ydata()[0] == pytest.approx(_error(by_differences, "forward", 1e-4), rel=1e-3)
    assert f"; the run uses forward differences with 0.0001 ({own.get_ydata()[0]:.1e})" in picture.caption


def test_the_caption_names_the_best_step_of_each_scheme(by_differences: Run) -> None:
    picture = plots.draw("epsilon", by_differences, View())
    columns = {name: np.asarray(column) for name, column in picture.numbers.columns.items()}
    for scheme in ("central", "forward"):
        best = columns[scheme].argmin()
        assert f"{columns['epsilon'][best]:.0e} (" in picture.caption
        assert f"{columns[scheme][best]:.1e})" in picture.caption


def test_only_runs_with_finite_differences_are_drawn_without_being_named(
    by_differences: Run, trained: dict[str, Run]
) -> None:
    assert "epsilon" in default_kinds(by_differences, View())
    assert "epsilon" in fitting(trained["xor"], View())
    assert "epsilon" not in default_kinds(trained["xor"], View())
    assert "the run uses" not in plots.draw("epsilon", trained["xor"], View()).caption


def test_a_curve_of_another_shape_has_no_guide_and_an_error_of_0_is_drawn(trained: dict[str, Run]) -> None:
    picture = plots.draw("epsilon", trained["single weight"], View())  # central differences are exact
    lines = picture.figure.axes[0].get_lines()
    assert [line.get_gid() for line in lines] == ["central", "forward", "guide"]
    assert min(lines[0].get_ydata()) >= 1e-17


def test_at_most_64_rows_are_used(trained: dict[str, Run]) -> None:
    assert (
        plots.draw("epsilon", trained["formula"], View()).figure.get_suptitle().endswith("64 training rows")
    )


def test_a_run_in_float32_is_compared_in_float64(tmp_path: Path) -> None:
    values = {**GIVEN, "training": {"epochs": 3, "dtype": "float32"}}
    columns = KINDS["epsilon"].numbers(train(tmp_path / "single", values), View()).columns
    assert np.asarray(columns["central"]).min() < 1e-8


def test_a_gradient_of_0_has_no_relative_error(trained: dict[str, Run], golden: Golden) -> None:
    golden.check(KINDS["epsilon"].unfit(trained["constant outputs"], View()) or "")


def test_a_large_network_says_why_it_is_not_drawn(
    by_differences: Run, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(epsilon, "MOST_DERIVATIVES", 6)
    golden.check(KINDS["epsilon"].unfit(by_differences, View()) or "")
