from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli import runs
from nncli.config import Config
from nncli.inspection import surfaces
from nncli.messages.errors import RunError
from nncli.runs import Run
from nncli.training import experiment


def train(path: Path, **values: Any) -> Run:
    with runs.create_at(path, overwrite=False) as run:
        for _ in runs.record(experiment.build(Config.of(values)), run):
            pass
    return Run(path)


@pytest.fixture(scope="module")
def formula(tmp_path_factory: pytest.TempPathFactory) -> Run:
    function = {
        "inputs": {"a": [-1, 1], "b": [0, 2], "c": [5, 6]},
        "targets": {"u": "a*b + c", "v": "a - b"},
        "samples": 50,
    }
    layers = [{"units": 3, "activation": "tanh"}, {"units": 2}]
    return train(
        tmp_path_factory.mktemp("formula") / "run",
        dataset={"function": function},
        network={"layers": layers},
        optimizer={"name": "sgd", "learning_rate": 0.05},
        training={"epochs": 60},
    )


@pytest.fixture(scope="module")
def two_weights(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(
        tmp_path_factory.mktemp("two") / "run",
        dataset={"columns": ["x", "y"], "rows": [[0.0, 1.0], [1.0, 3.0]], "targets": ["y"]},
        network={"layers": [{"units": 1}]},
        optimizer={"name": "sgd", "learning_rate": 0.1},
        training={"epochs": 40},
    )


def test_the_error_surface_is_the_squared_difference_to_the_formulas(formula: Run) -> None:
    plane = surfaces.plane(formula, ("b", "a"), {"c": 5.5})
    surface = surfaces.error_surface(formula, plane)
    assert surface is not None
    expected = np.empty((len(plane.y), len(plane.x)))
    for i, a in enumerate(plane.y):
        for j, b in enumerate(plane.x):
            u, v = formula.model.outputs(np.array([[a, b, 5.5]]))[0]
            expected[i, j] = (u - (a * b + 5.5)) ** 2 + (v - (a - b)) ** 2
    assert np.allclose(surface.values, expected, rtol=1e-9, atol=0)
    b, a = surface.highest or (np.nan, np.nan)
    i, j = np.unravel_index(expected.argmax(), expected.shape)
    assert (b, a) == (plane.x[j], plane.y[i])


def test_a_plane_covers_the_ranges_of_the_formula_and_holds_the_median(formula: Run) -> None:
    plane = surfaces.plane(formula, None, {})
    assert plane.features == ("a", "b")
    assert (plane.x[0], plane.x[-1], plane.y[0], plane.y[-1]) == (-1, 1, 0, 2)
    assert plane.held == {"c": float(np.median(formula.experiment.rows.training.X[:, 2]))}


@pytest.mark.parametrize(
    ("features", "at", "said"),
    [
        (("a", "z"), {}, "no input named 'z'; the inputs are a, b, c"),
        (("a", "a"), {}, "the two inputs must differ"),
        (None, {"z": 1.0}, "no input named 'z'"),
        (None, {"a": 1.0}, "cannot be fixed"),
    ],
)
def test_a_view_that_cannot_be_had_is_an_error(
    formula: Run, features: tuple[str, str] | None, at: dict[str, float], said: str
) -> None:
    with pytest.raises(RunError, match=said):
        surfaces.plane(formula, features, at)


def test_every_weight_is_found_by_its_name(formula: Run) -> None:
    network = formula.model.network
    names = surfaces.weight_names(network)
    assert len(set(names)) == network.parameter_count
    assert [surfaces.weight_position(network, name) for name in names] == list(range(len(names)))
    W = network.views(formula.model.parameters)[1].W
    assert formula.model.parameters[surfaces.weight_position(network, "layers.1.weight[0,2]")] == W[0, 2]


def test_an_unknown_weight_is_an_error_that_names_those_that_exist(formula: Run) -> None:
    with pytest.raises(RunError) as error:
        surfaces.along_weights(formula, ("layers.0.weight[0,0]", "layers.9.bias[0]"))
    assert "layers.1.weight[0..1,0..2]" in (error.value.hint or "")


PLANES = {
    "pca": surfaces.along_path,
    "random": surfaces.along_random,
    "weights": lambda run: surfaces.along_weights(run, ("layers.0.weight[0,1]", "layers.1.bias[1]")),
}


@pytest.mark.parametrize("kind", PLANES)
def test_the_path_ends_at_the_trained_weights_and_at_their_loss(kind: str, formula: Run) -> None:
    plane = PLANES[kind](formula)
    assert plane is not None
    surface = surfaces.loss_surface(formula, plane)
    assert surface.epochs[-1] == 60
    assert np.allclose(plane.parameters(*surface.path[-1]), formula.model.parameters)
    loss = formula.results["loss"]
    assert surface.true_loss[-1] == pytest.approx(loss)
    assert surface.shown_loss[-1] == pytest.approx(loss)
    assert (surface.x[0] <= surface.path[:, 0]).all()
    assert (surface.path[:, 0] <= surface.x[-1]).all()


def test_the_first_principal_direction_explains_most_and_both_are_orthonormal(formula: Run) -> None:
    plane = surfaces.along_path(formula)
    assert plane is not None and plane.explained is not None  # noqa: PT018
    assert np.allclose(plane.axes @ plane.axes.T, np.eye(2))
    assert 1 >= plane.explained.sum() >= plane.explained[0] > plane.explained[1] >= 0
    _, path = surfaces.recorded_path(formula)
    centred = path - path.mean(axis=0)
    shares = np.square(centred @ plane.axes.T).sum(axis=0) / np.square(centred).sum()
    assert np.allclose(shares, plane.explained)


def test_random_directions_are_as_long_as_each_neurons_weights(formula: Run) -> None:
    plane = surfaces.along_random(formula)
    network = formula.model.network
    for axis in plane.axes:
        for direction, weights in zip(
            network.blocks(axis), network.blocks(formula.model.parameters), strict=True
        ):
            assert np.allclose(np.linalg.norm(direction, axis=1), np.linalg.norm(weights, axis=1))


def test_with_two_weights_the_path_lies_on_the_surface(two_weights: Run) -> None:
    plane = surfaces.along_weights(two_weights, ("layers.0.weight[0,0]", "layers.0.bias[0]"))
    surface = surfaces.loss_surface(two_weights, plane)
    assert np.allclose(surface.true_loss, surface.shown_loss, rtol=1e-9)
    x, y = surface.x[7], surface.y[11]
    # Rows (0, 1) and (1, 3): the mean of (y - 1)^2 and (x + y - 3)^2.
    assert surface.values[11, 7] == pytest.approx(((y - 1) ** 2 + (x + y - 3) ** 2) / 2)


def test_loss_surface_of_many_rows_takes_some_of_them_so_that_it_stays_affordable(
    formula: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    plane = surfaces.along_random(formula)
    assert surfaces.loss_surface(formula, plane).rows == 50
    many = formula.experiment.rows.training.part(np.arange(5000) % 50)
    wide = Run(formula.path)
    vars(wide)["experiment"] = replace(
        formula.experiment, rows=formula.experiment.rows._replace(training=many)
    )
    of_a_row = formula.experiment.network.parameter_count + surfaces.ACTIVATION_COST * 5
    monkeypatch.setattr(surfaces, "AFFORDABLE", 21 * 21 * 1000 * of_a_row)
    surface = surfaces.loss_surface(wide, plane)
    assert surface.rows == 1000
    assert surface.values.shape == (21, 21)
