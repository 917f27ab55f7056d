"""Networks as scikit-learn estimators: the same configs, engines and numbers as `nncli.train`.

Nothing is written to disk. Arrays are not scaled: put a StandardScaler into a Pipeline for the inputs, and
use a TransformedTargetRegressor for the targets of a regression. What a user can fix is a ValueError.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Self, TypeAlias

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from nncli.config import Config
from nncli.data.columns import Columns, Dataset, Task
from nncli.data.preprocessing import Preprocessing, as_dtype
from nncli.data.settings import SplitConfig
from nncli.data.split import drawn
from nncli.engines import threads
from nncli.engines.contract import State
from nncli.messages.errors import NncliError
from nncli.nn.arrays import Array
from nncli.tables.column import Column
from nncli.tables.table import Table
from nncli.training import experiment, loop
from nncli.training.experiment import Experiment
from nncli.training.loop import Progress
from nncli.training.model import Model
from nncli.training.recipe import network_of
from nncli.training.rows import Rows
from nncli.training.spelling import OUTPUTS

__all__ = ["NetworkClassifier", "NetworkRegressor"]

Named: TypeAlias = "str | Mapping[str, Any]"  # an entry by its name, or a mapping of `name` and its options

PARAMETERS = """{summary}

    Parameters
    ----------
    hidden : units of the hidden layers; () for a linear model.
    activation : activation of the hidden layers, or a list with one for each. An activation, `weight_init`,
        `loss` and `optimizer` can also be a mapping of `name` and its options.
    weights, biases : initial weights (inputs, units) and biases (units,) of every layer, as in `coefs_` and
        `intercepts_`; None in place of a layer's draws them (default: all are drawn).
    weight_init : initializer of the weights.
    loss : loss to minimize; auto: follows the targets.
    optimizer : how the weights are updated.
    learning_rate, weight_decay : options of the optimizer; None takes its own default.
    epochs : passes over the rows.
    batch_size : rows per update, or `full`.
    validation_fraction : fraction of the rows held out for `validation_loss_curve_`; 0 for none.
    early_stopping : end training when the validation loss (or the loss, without a validation set) stops
        improving, and keep the best weights: True, a patience in epochs, or a mapping as in a config.
    dtype : precision, float64 or float32.
    engine : what computes the updates: auto, numpy, python or numba.
    random_state : seed of the weights, the batches and the validation set. A whole number is nncli's `seed`.

    Attributes
    ----------
    {classes}n_features_in_, feature_names_in_ : number of inputs, and their names if X is a data frame.
    coefs_, intercepts_ : weights (inputs, units) and biases (units,) of every layer.
    loss_curve_, validation_loss_curve_ : loss of every epoch; the second is None without a validation set.
    n_iter_ : epochs trained.
    out_activation_ : activation of the output layer.
    """
CLASSES = "classes_ : the classes in the order of the probabilities.\n    "


class _NetworkEstimator(BaseEstimator):
    """Parameters, training and outputs of both estimators."""

    def __init__(
        self,
        hidden: Sequence[int] = (64,),
        activation: Named | Sequence[Named] = "relu",
        *,
        weights: Sequence[Array | None] | None = None,
        biases: Sequence[Array | None] | None = None,
        weight_init: Named = "he_uniform",
        loss: Named = "auto",
        optimizer: Named = "adam",
        learning_rate: float | None = 0.01,
        weight_decay: float | None = None,
        epochs: int = 100,
        batch_size: int | str = 32,
        validation_fraction: float = 0.0,
        early_stopping: bool | int | Mapping[str, Any] = False,
        dtype: str = "float64",
        engine: str = "auto",
        random_state: Any = None,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.weights = weights
        self.biases = biases
        self.weight_init = weight_init
        self.loss = loss
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.epochs = epochs
        self.batch_size = batch_size
        self.validation_fraction = validation_fraction
        self.early_stopping = early_stopping
        self.dtype = dtype
        self.engine = engine
        self.random_state = random_state

    def activations(self, X: Any) -> list[Array]:
        """Return the outputs (rows, units) of every layer, the last of which are the network's."""
        X = self._checked(X)
        with np.errstate(all="ignore"):
            return [layer.A for layer in self._network.forward(self._state.parameters, X)]

    @property
    def coefs_(self) -> list[Array]:
        """Weights (inputs, units) of every layer."""
        return [W.T.copy() for W, _ in self._fitted_views()]

    @property
    def intercepts_(self) -> list[Array]:
        """Biases (units,) of every layer."""
        return [np.zeros(len(W)) if b is None else b.copy() for W, b in self._fitted_views()]

    @property
    def out_activation_(self) -> str:
        """Activation of the output layer."""
        self._fitted_views()
        return self._network.output_activation.name

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_state")

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: the network's functions cannot be, so its config stands for them."""
        return {key: value for key, value in super().__getstate__().items() if key != "_network"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "_config" in state:
            self._network = network_of(Config.of(state["_config"]), self.n_features_in_)

    def _fitted_views(self) -> Sequence[tuple[Array, Array | None]]:
        if not hasattr(self, "_state"):
            raise AttributeError(f"{type(self).__name__} is not fitted yet")
        return self._network.views(self._state.parameters)

    def _checked(self, X: Any) -> Array:
        check_is_fitted(self)
        return np.asarray(validate_data(self, X, reset=False, dtype=self._dtype))

    def _outputs(self, X: Any) -> Array:
        columns = _columns("regression", self._network.inputs, (), self._network.outputs, self._dtype)
        return Model(self._network, self._state.parameters, columns).outputs(self._checked(X))

    @property
    def _dtype(self) -> str:
        return str(self._state.parameters.dtype)

    def _config_of(self, epochs: int, columns: Columns, *, once: bool) -> Config:
        """Return the config that the parameters describe; `once` leaves out what ends or divides a fit."""
        options = {"learning_rate": self.learning_rate, "weight_decay": self.weight_decay}
        optimizer = _named(self.optimizer) | {
            key: value for key, value in options.items() if value is not None
        }
        training = {
            "epochs": epochs,
            "batch_size": self.batch_size,
            "early_stopping": False if once else self.early_stopping,
            "dtype": self.dtype,
            "engine": self.engine,
        }
        values = {
            "seed": self._seed,
            # The rows are handed over with the config; a dataset is only named for its schema.
            "dataset": {"path": "arrays", "targets": ["y"], "task": columns.task},
            "network": {**_layers(self.hidden, self.activation, columns), "weight_init": self.weight_init},
            "loss": self.loss,
            "optimizer": optimizer,
            "metrics": [],
            "training": training,
            "record": {"history": "all", "weights": "none", "errors": "none"},
        }
        return Config.of(_plain(values))

    def _fit(self, X: Array, Y: Array, columns: Columns, labels: Sequence[str] | None) -> Self:
        """Train from the start."""
        self._seed = _seed_of(self.random_state)
        with _value_errors():
            config = self._config_of(self.epochs, columns, once=False)
            rows = self._divided(_dataset(X, Y, columns, labels), labels)
            built = self._with_given_weights(experiment.on_rows(config, rows))
            self._train(built, Progress.start(built), [], [])
        return self

    def _divided(self, whole: Dataset, labels: Sequence[str] | None) -> Rows:
        """Return the rows divided into training set and validation set."""
        share = float(self.validation_fraction)
        if not 0 <= share < 1:
            raise ValueError(f"validation_fraction must be at least 0 and below 1, found {share:g}")
        if share == 0:
            return Rows(whole, {}, whole, left_out=0)
        parts = drawn(len(whole), labels, SplitConfig.model_validate({"validation": share}), self._seed)
        return Rows(whole.part(parts.train), {"validation": whole.part(parts.validation)}, whole, left_out=0)

    def _partial_fit(self, X: Array, Y: Array, columns: Columns, labels: Sequence[str] | None) -> Self:
        """Train for one epoch on these rows, from where the last call left off."""
        continues = hasattr(self, "_state")
        if not continues:
            self._seed = _seed_of(self.random_state)
        dataset = _dataset(X, Y, columns, labels)
        with _value_errors():
            built = experiment.on_rows(
                self._config_of(1, columns, once=True), Rows(dataset, {}, dataset, left_out=0)
            )
            if not continues:
                built = self._with_given_weights(built)
                self._train(built, Progress.start(built), [], [])
            else:
                self._train_on(built)
        return self

    def _train_on(self, built: Experiment) -> None:
        """Train for one more epoch from the present state."""
        # An epoch begins at a multiple of its updates: of batches of other sizes, at the next one.
        done = -(-self._state.update // built.updates_per_epoch)
        training = built.config.training.model_copy(update={"epochs": done + 1})
        built = replace(
            built,
            config=built.config.model_copy(update={"training": training}),
            initial=self._state.parameters,
        )
        state = replace(self._state, update=done * built.updates_per_epoch)
        self._train(
            built, Progress(state, (state, state)), self.loss_curve_, self.validation_loss_curve_ or []
        )

    def _train(
        self, built: Experiment, since: Progress, losses: Sequence[float], held_out: Sequence[float]
    ) -> None:
        """Run the training loop and keep what it leaves, after the losses of earlier epochs."""
        losses, held_out, progress = [*losses], [*held_out], since
        has_validation = "validation" in built.rows.held_out
        with threads.limited(built.threads):
            for report in loop.train(built, since):
                progress, after_start = report.progress, report.epochs > 0
                losses += report.losses[after_start].tolist()
                if has_validation:
                    held_out += report.values["val_loss"][after_start].tolist()
        self._network, self._config = built.network, built.config.model_dump(mode="json", exclude_none=True)
        # Copies, because both are views of the states of every epoch in a chunk.
        kept = progress.parameters(built).copy()
        self._state = State(kept, progress.state.slots.copy(), progress.state.update)
        self.loss_curve_, self.n_iter_ = losses, len(losses)
        self.validation_loss_curve_ = held_out or None

    def _with_given_weights(self, built: Experiment) -> Experiment:
        """Return the experiment with the initial weights and biases that are given."""
        initial = built.initial.copy()
        views = built.network.views(initial)
        for name, given, targets in (
            ("weights", self.weights, [W.T for W, _ in views]),
            ("biases", self.biases, [b for _, b in views]),
        ):
            if given is None:
                continue
            if len(given) != len(targets):
                raise ValueError(f"{name}: expected {len(targets)} arrays, one per layer, found {len(given)}")
            for index, (values, target) in enumerate(zip(given, targets, strict=True)):
                if values is None or target is None:
                    continue
                if np.shape(values) != target.shape:
                    raise ValueError(
                        f"{name}[{index}]: expected shape {target.shape}, found {np.shape(values)}"
                    )
                target[...] = values
        if not np.isfinite(initial).all():
            raise ValueError("weights and biases must be finite")
        return replace(built, initial=initial)


class NetworkClassifier(ClassifierMixin, _NetworkEstimator):  # noqa: D101 (made from PARAMETERS)
    __doc__ = PARAMETERS.format(
        summary="Classifier of two or more classes, or of several labels per row (y of 0 and 1).",
        classes=CLASSES,
    )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def fit(self, X: Any, y: Any) -> Self:
        """Train on rows X (rows, inputs) and classes y (rows,), or flags y (rows, labels)."""
        X, y = validate_data(self, X, y, dtype=_dtype_of(self.dtype), multi_output=True)
        self._learn_classes(y, None)
        return self._fit(X, *self._targets(y))

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """Train for one epoch on these rows, going on from the last call; no rows are held out.

        Parameters
        ----------
        classes : every class that will occur; used by the first call (default: those in y).
        """
        first = not hasattr(self, "_state")
        X, y = validate_data(self, X, y, dtype=_dtype_of(self.dtype), multi_output=True, reset=first)
        if first:
            self._learn_classes(y, classes)
        return self._partial_fit(X, *self._targets(y))

    def predict(self, X: Any) -> Array:
        """Return the class of each row, (rows,), or the flags (rows, labels)."""
        check_is_fitted(self)
        A = self._outputs(X)
        if self._multilabel:
            return np.asarray(A >= 0.5).astype(int)
        codes = A.argmax(axis=1) if len(self.classes_) > 2 else (A[:, 0] >= 0.5).astype(int)
        return np.asarray(self.classes_[codes])

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, (rows, classes), or of each label."""
        check_is_fitted(self)
        A = self._outputs(X)
        return A if self._multilabel or len(self.classes_) > 2 else np.column_stack([1.0 - A, A])

    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithm of the probability of each class, (rows, classes)."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.predict_proba(X)))

    def _learn_classes(self, y: Array, classes: Any) -> None:
        check_classification_targets(y)
        self._multilabel = type_of_target(y) == "multilabel-indicator"
        if self._multilabel:
            self.classes_ = np.arange(y.shape[1])
            return
        self.classes_ = unique_labels(_column(y) if classes is None else classes)
        if len(self.classes_) < 2:
            raise ValueError("NetworkClassifier needs at least 2 classes, but y contains 1 class")

    def _targets(self, y: Array) -> tuple[Array, Columns, list[str] | None]:
        """Return the targets (rows, outputs), the columns, and the rows' classes as text."""
        names = _names(self.classes_)
        if self._multilabel:
            if np.shape(y)[1:] != self.classes_.shape:
                raise ValueError(f"y has shape {np.shape(y)}; expected {len(names)} labels")
            Y = y.astype(np.float64)
            return Y, self._columns_for("multilabel", names, len(names)), None
        y = _column(y)
        known = np.isin(y, self.classes_)
        if not known.all():
            raise ValueError(f"y contains a class that is not in classes_: {y[~known][0]}")
        codes = np.searchsorted(self.classes_, y)
        labels = np.array(names, dtype=object)[codes].tolist()
        if len(names) == 2:
            return codes[:, np.newaxis].astype(np.float64), self._columns_for("binary", names, 1), labels
        return np.eye(len(names))[codes], self._columns_for("multiclass", names, 1), labels

    def _columns_for(self, task: Task, classes: tuple[str, ...], targets: int) -> Columns:
        return _columns(task, self.n_features_in_, classes, targets, _dtype_of(self.dtype))


class NetworkRegressor(RegressorMixin, _NetworkEstimator):  # noqa: D101 (made from PARAMETERS)
    __doc__ = PARAMETERS.format(summary="Regressor of one or several targets.", classes="")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any) -> Self:
        """Train on rows X (rows, inputs) and targets y, (rows,) or (rows, targets)."""
        X, y = validate_data(self, X, y, dtype=_dtype_of(self.dtype), multi_output=True, y_numeric=True)
        return self._fit(X, *self._targets(y))

    def partial_fit(self, X: Any, y: Any) -> Self:
        """Train for one epoch on these rows, going on from the last call; no rows are held out."""
        first = not hasattr(self, "_state")
        X, y = validate_data(
            self, X, y, dtype=_dtype_of(self.dtype), multi_output=True, y_numeric=True, reset=first
        )
        if not first and len(np.atleast_2d(y.T)) != self._network.outputs:
            raise ValueError(f"y has shape {y.shape}; expected {self._network.outputs} targets")
        return self._partial_fit(X, *self._targets(y))

    def predict(self, X: Any) -> Array:
        """Return the targets of each row, of the shape of y in `fit`."""
        check_is_fitted(self)
        A = self._outputs(X)
        return A[:, 0] if self._flat else A

    def _targets(self, y: Array) -> tuple[Array, Columns, None]:
        """Return the targets (rows, outputs) and the columns."""
        self._flat = y.ndim == 1
        Y = y.reshape(len(y), -1).astype(np.float64)
        return Y, _columns("regression", self.n_features_in_, (), Y.shape[1], _dtype_of(self.dtype)), None


@contextmanager
def _value_errors() -> Iterator[None]:
    """Raise nncli's errors as ValueErrors, which scikit-learn expects."""
    try:
        yield
    except NncliError as error:
        hint = f"; {error.hint}" if error.hint else ""
        raise ValueError(f"{error.message}{hint}") from error


def _seed_of(random_state: Any) -> int:
    """Return nncli's seed of a random_state."""
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))


def _dtype_of(dtype: Any) -> Any:
    if dtype not in ("float64", "float32"):
        raise ValueError(f"dtype must be float64 or float32, found {dtype!r}")
    return dtype


def _plain(value: Any) -> Any:
    """Return values as a config holds them: numpy's numbers, arrays and tuples as Python's."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _named(value: Named) -> dict[str, Any]:
    """Return an entry as a mapping of its name and options."""
    return dict(value) if isinstance(value, Mapping) else {"name": value}


def _layers(hidden: Any, activation: Any, columns: Columns) -> dict[str, Any]:
    """Return the layers as the network of a config: in short, or each with its own activation."""
    units = np.atleast_1d(hidden).tolist()
    if not isinstance(activation, list | tuple | np.ndarray):
        return {"hidden": units, "activation": activation}
    if len(activation) != len(units):
        raise ValueError(
            f"activation: expected one for each of {len(units)} hidden layers, found {len(activation)}"
        )
    layers = [{"units": size, "activation": each} for size, each in zip(units, activation, strict=True)]
    output = {"units": columns.outputs, "activation": OUTPUTS[columns.task]}
    return {"layers": [*layers, output]}


def _columns(task: Task, inputs: int, classes: tuple[str, ...], targets: int, dtype: Any) -> Columns:
    """Return the roles of an array's columns, named by their positions."""
    names = tuple(f"x{position}" for position in range(inputs))
    outputs = tuple(f"y{position}" for position in range(targets))
    plain = replace(Preprocessing.plain(names), dtype=dtype)
    return Columns(names, outputs, task, classes, preprocessing=plain)


def _dataset(X: Array, Y: Array, columns: Columns, labels: Sequence[str] | None) -> Dataset:
    """Return arrays as a data set; its table holds the classes alone, for their weights in the loss."""
    cells = Y[:, 0] if labels is None else [*labels]
    table = Table("y", {columns.targets[0]: cells})
    scaled = as_dtype(Y, columns.preprocessing.dtype)
    if not np.isfinite(scaled).all():
        raise ValueError(f"a target of {np.abs(Y).max():g} is too large for {columns.preprocessing.dtype}")
    return Dataset(table, columns, X, scaled, Y)


def _column(y: Array) -> Array:
    """Return classes (rows,); a column (rows, 1) is accepted with scikit-learn's warning."""
    return np.asarray(column_or_1d(y, warn=True))


def _names(classes: Array) -> tuple[str, ...]:
    """Return the classes as the cells of a table name them."""
    is_number = np.issubdtype(classes.dtype, np.number)
    return tuple(Column(classes.astype(np.float64)).texts if is_number else map(str, classes.tolist()))
