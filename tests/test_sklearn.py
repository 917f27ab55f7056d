"""Networks as scikit-learn estimators: its checks, its tools, and the same numbers as nncli.train."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_iris, make_multilabel_classification, make_regression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import nncli
from nncli.sklearn import NetworkClassifier, NetworkRegressor

X, Y = load_iris(return_X_y=True)
SHORT: dict[str, Any] = {"hidden": (8,), "epochs": 5, "engine": "numpy", "random_state": 0}


@parametrize_with_checks([NetworkClassifier(), NetworkRegressor()])
def test_the_estimators_pass_the_checks_of_scikit_learn(estimator: Any, check: Any) -> None:
    check(estimator)


def trained_by_nncli(folder: Path, data: dict[str, Any], **split: float) -> nncli.Run:
    config = {
        "seed": 3,
        "dataset": {"targets": ["y"], "split": split},
        "network": {"hidden": [8], "weight_init": "he_uniform"},
        "optimizer": {"name": "adam", "learning_rate": 0.01},
        "training": {"epochs": 20, "batch_size": 16, "engine": "numpy"},
    }
    return nncli.train(config, data, output=folder / "run")


def test_training_gives_the_same_numbers_as_nncli_to_the_last_bit(tmp_path: Path) -> None:
    names = np.array(["setosa", "versicolor", "virginica"])
    columns = {f"x{index}": values for index, values in enumerate(X.T)}
    run = trained_by_nncli(tmp_path, {**columns, "y": names[Y].tolist()}, validation=0.2)
    model = NetworkClassifier((8,), epochs=20, batch_size=16, validation_fraction=0.2, random_state=3)
    model.set_params(engine="numpy").fit(X, names[Y])
    assert model.loss_curve_ == run.history["loss"][1:].tolist()
    assert model.validation_loss_curve_ == run.history["val_loss"][1:].tolist()
    weights = run.model.network.tensors(run.model.parameters)
    assert (model.coefs_[0] == weights["layers.0.weight"].T).all()
    assert (model.intercepts_[1] == weights["layers.1.bias"]).all()
    predicted = nncli.predict(run, columns, proba=True)
    assert model.predict(X).tolist() == predicted["pred_y"]
    assert (model.predict_proba(X)[:, 1] == predicted["proba_versicolor"]).all()


def test_a_regression_gives_the_same_numbers_as_nncli_to_the_last_bit(tmp_path: Path) -> None:
    target = X[:, 3]
    run = trained_by_nncli(tmp_path, {**{f"x{i}": X[:, i] for i in range(3)}, "y": target})
    model = NetworkRegressor((8,), epochs=20, batch_size=16, engine="numpy", random_state=3)
    model.fit(X[:, :3], target)
    assert model.loss_curve_ == run.history["loss"][1:].tolist()
    assert model.validation_loss_curve_ is None


def test_a_grid_searches_the_parameters_of_a_pipeline() -> None:
    pipeline = make_pipeline(StandardScaler(), NetworkClassifier(**SHORT))
    grid = {
        "networkclassifier__hidden": [(4,), (8, 4)],
        "networkclassifier__learning_rate": np.logspace(-3, -1, 2),
        "networkclassifier__batch_size": np.array([8]),
    }
    search = GridSearchCV(pipeline, grid, cv=3).fit(X, Y)
    assert search.best_params_["networkclassifier__learning_rate"] == 0.1
    assert search.score(X, Y) > 0.9


def test_targets_are_scaled_by_a_transformed_target_regressor() -> None:
    inputs, target = make_regression(100, 3, random_state=0)
    network = NetworkRegressor(epochs=50, random_state=0)
    scaled = TransformedTargetRegressor(network, transformer=StandardScaler())
    assert scaled.fit(inputs, target).score(inputs, target) > 0.95


def test_a_clone_is_unfitted_and_learns_the_same() -> None:
    model = NetworkClassifier(**SHORT).fit(X, Y)
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert not hasattr(copy, "coefs_")
    assert copy.fit(X, Y).loss_curve_ == model.loss_curve_


@pytest.mark.parametrize("activation", ["relu", {"name": "leaky_relu", "slope": 0.2}])
def test_a_model_that_joblib_saved_predicts_and_learns_the_same(activation: Any, tmp_path: Path) -> None:
    model = NetworkClassifier(activation=activation, **SHORT).fit(X, Y)
    joblib.dump(model, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib")
    assert (loaded.predict_proba(X) == model.predict_proba(X)).all()
    assert (loaded.partial_fit(X, Y).coefs_[0] == model.partial_fit(X, Y).coefs_[0]).all()


def test_partial_fits_on_the_same_rows_are_the_epochs_of_one_fit() -> None:
    whole, parts = NetworkClassifier(**SHORT).fit(X, Y), NetworkClassifier(**SHORT)
    for _ in range(5):
        parts.partial_fit(X, Y)
    assert parts.loss_curve_ == whole.loss_curve_
    assert parts.n_iter_ == whole.n_iter_ == 5
    assert all((a == b).all() for a, b in zip(parts.coefs_, whole.coefs_, strict=True))


def test_partial_fit_takes_rows_of_any_number_and_classes_that_come_later() -> None:
    model = NetworkClassifier((8,), random_state=0)
    for _ in range(40):
        for rows in (slice(0, 50), slice(50, 70), slice(70, 150)):
            model.partial_fit(X[rows], Y[rows], classes=[0, 1, 2])
    assert model.n_iter_ == 120
    assert model.score(X, Y) > 0.8
    with pytest.raises(ValueError, match="class that is not in classes_: 3"):
        model.partial_fit(X[:2], [0, 3])


def test_learned_weights_can_be_given_as_initial_weights() -> None:
    learned = NetworkRegressor(**SHORT).fit(X[:, :3], X[:, 3])
    given = NetworkRegressor(weights=learned.coefs_, biases=learned.intercepts_, **SHORT)
    given.set_params(epochs=0).fit(X[:, :3], X[:, 3])
    assert (given.predict(X[:, :3]) == learned.predict(X[:, :3])).all()
    with pytest.raises(ValueError, match=r"weights\[0\]: expected shape \(4, 8\), found \(3, 8\)"):
        given.fit(X, X[:, 3])
    with pytest.raises(ValueError, match="biases: expected 2 arrays, one per layer, found 1"):
        given.set_params(weights=None, biases=[np.zeros(8)]).fit(X, X[:, 3])
    assert given.set_params(biases=[None, np.ones(1)]).fit(X, X[:, 3]).intercepts_[1] == 1


def test_activations_are_the_outputs_of_every_layer() -> None:
    model = NetworkClassifier((8, 5), ["tanh", "relu"], epochs=2, random_state=0).fit(X, Y)
    first, second, last = model.activations(X)
    assert np.allclose(first, np.tanh(X @ model.coefs_[0] + model.intercepts_[0]), rtol=1e-12)
    assert second.shape == (150, 5)
    assert (last == model.predict_proba(X)).all()
    assert model.out_activation_ == "softmax"


def test_early_stopping_ends_training_and_keeps_the_best_weights() -> None:
    model = NetworkRegressor(epochs=500, early_stopping=5, validation_fraction=0.3, random_state=0)
    model.fit(X[:, :3], X[:, 3])
    losses = model.validation_loss_curve_
    assert model.n_iter_ == len(losses) == int(np.argmin(losses)) + 6 < 500


def test_a_row_may_have_several_labels() -> None:
    inputs, flags = make_multilabel_classification(200, 6, n_classes=3, random_state=0)
    model = NetworkClassifier(random_state=0).fit(inputs, flags)
    assert model.predict(inputs).shape == model.predict_proba(inputs).shape == (200, 3)
    assert model.out_activation_ == "sigmoid"
    assert model.score(inputs, flags) > 0.5


def test_a_regression_may_have_several_targets() -> None:
    model = NetworkRegressor(**SHORT).fit(X[:, :2], X[:, 2:])
    assert model.predict(X[:, :2]).shape == (150, 2)
    with pytest.raises(ValueError, match="expected 2 targets"):
        model.partial_fit(X[:, :2], X[:, 2])


def test_single_precision_is_kept_in_weights_and_predictions() -> None:
    model = NetworkRegressor(dtype="float32", **SHORT).fit(X, Y)
    assert {W.dtype for W in model.coefs_} == {np.dtype("float32")}
    assert model.predict(X).dtype == np.float32


def test_classes_can_be_weighted_by_their_names() -> None:
    names = np.array(["no", "yes"])[(Y == 2).astype(int)]
    plain = NetworkClassifier(**SHORT).fit(X, names)
    heavy = {"name": "binary_cross_entropy", "class_weight": {"no": 1.0, "yes": 9.0}}
    weighted = NetworkClassifier(loss=heavy, **SHORT).fit(X, names)
    assert weighted.predict_proba(X)[:, 1].mean() > plain.predict_proba(X)[:, 1].mean()
    balanced = {"name": "auto", "class_weight": "balanced"}
    assert NetworkClassifier(loss=balanced, **SHORT).fit(X, Y).loss_curve_


def test_a_random_state_without_a_number_draws_its_seed() -> None:
    states = [np.random.RandomState(0), np.random.RandomState(0), np.random.RandomState(1)]
    a, b, c = (NetworkClassifier(**{**SHORT, "random_state": each}).fit(X, Y).loss_curve_ for each in states)
    assert a == b != c


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"optimizer": "adm"}, "did you mean adam"),
        ({"activation": ["relu", "tanh"]}, "one for each of 1 hidden layers, found 2"),
        ({"hidden": (2.5,)}, r"network\.hidden\[0\]"),
        ({"optimizer": None}, "optimizer"),
        ({"dtype": "float16"}, "dtype must be float64 or float32, found 'float16'"),
        ({"validation_fraction": 1.5}, "validation_fraction must be at least 0 and below 1, found 1.5"),
        ({"loss": "cross_entropy"}, "needs a last layer with activation softmax"),
        ({"optimizer": "sgd", "learning_rate": 1e9}, "training diverged"),
    ],
)
def test_mistakes_are_value_errors_that_say_what_to_do(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NetworkRegressor(**{**SHORT, **changes}).fit(X, Y)


def test_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 2 classes"):
        NetworkClassifier().fit(X, np.zeros(150))


def test_nothing_is_written_to_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    NetworkClassifier(**SHORT).fit(X, Y).predict(X)
    assert not [*tmp_path.iterdir()]
