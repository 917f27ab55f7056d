"""Predictions of a run, and its scores on labeled rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from nncli.api.arguments import Reference, as_table
from nncli.api.training import open_run
from nncli.messages.errors import NncliError

if TYPE_CHECKING:
    from nncli.inference.best_threshold import BestThreshold
    from nncli.inference.evaluation import Evaluation
    from nncli.nn.arrays import Array
    from nncli.runs import Run
    from nncli.tables.table import RowError, Table
    from nncli.tables.writing import Predictions
    from nncli.training.model import Model


def predict(
    run: Reference = None,
    data: Any = None,
    *,
    proba: bool = False,
    epoch: int | None = None,
    threshold: float | None = None,
) -> dict[str, list[str] | Array]:
    """Predict rows, or a run's own rows if no data are given.

    Returns
    -------
    `pred_<target>` for each target, and `proba_<class>` for classes; one entry per row. Of an ensemble, the
    means over its networks, and the standard deviation of each number as `std_<target>` or `std_<class>`.

    Parameters
    ----------
    run : a run (default: the latest), or the `output` of `seeds`.
    data : a path, a mapping of columns, a data frame, or an array (rows, inputs), its columns in the order
        of the inputs.
    proba : with the probability of every class.
    epoch : with the weights recorded at this epoch (default: the trained ones).
    threshold : probability from which the positive of two classes is predicted (default: that stored in the
        run by `evaluate` with `best_threshold`, else 0.5; with an epoch 0.5).

    Raises
    ------
    NncliError
        If a column is missing, a cell cannot be used, no weights were recorded at the epoch, or probabilities
        of a regression are wanted.

    Examples
    --------
    >>> nncli.predict("xor", {"x1": [0, 1], "x2": [1, 1]})["pred_y"]
    ['1', '0']
    """
    found = _predictor(run)
    model = _model(found, epoch, threshold, proba=proba)
    table = found.experiment.rows.whole.table if data is None else as_table(data, model.columns)
    return model.predict(table, proba=proba)


def _predictor(run: Reference) -> Run:
    """Return the run or the ensemble that is meant."""
    from nncli import runs

    if run is None or isinstance(run, runs.Run):
        return open_run(run)
    return runs.find_ensemble(os.fspath(run)) or open_run(run)


def predictions(
    run: Run,
    tables: Iterable[Table],
    *,
    proba: bool = False,
    epoch: int | None = None,
    threshold: float | None = None,
    on_bad: Callable[[RowError], None] | None = None,
) -> Iterator[Predictions]:
    """Predict one table after another, in constant memory; arguments as for `predict`.

    Parameters
    ----------
    on_bad : called with each row that cannot be used, which is left out (default: raise an error).
    """
    from nncli.inference import prediction

    model = _model(run, epoch, threshold, proba=proba)
    return prediction.in_parts(model, tables, proba=proba, on_bad=on_bad)


def evaluate(
    run: Reference = None,
    data: Any = None,
    *,
    part: Literal["train", "validation", "test"] | None = None,
    threshold: float | None = None,
    best_threshold: str | None = None,
) -> Evaluation:
    """Compute a run's metrics on its own held-out data, or on other rows that hold the targets.

    Parameters
    ----------
    data : as for `predict`.
    part : which of the run's own rows (default: test, else validation, else train).
    threshold : as for `predict`.
    best_threshold : metric (accuracy, precision, recall or f1) for which the best threshold is chosen on the
        run's validation set, else its training set. It is stored in the run, and later calls use it.

    Raises
    ------
    NncliError
        If a column is missing, a cell cannot be used, the run has no such part, or the metric or the task has
        no best threshold.

    Examples
    --------
    >>> nncli.evaluate("xor").metrics["accuracy"]
    1.0
    """
    from nncli.inference import evaluation

    found = open_run(run)
    if data is not None and part is not None:
        raise NncliError(
            f"data and part {part} cannot be combined",
            hint="remove part, which selects a set of the run's own data",
        )
    best = _best_threshold(found, threshold, best_threshold)
    threshold = best.threshold if best else _or_stored(found, threshold)
    if data is None:
        measured = evaluation.evaluate_part(found, part, threshold)
    else:
        measured = evaluation.evaluate_rows(found, as_table(data, found.model.columns), threshold)
    return replace(measured, best_threshold=best)


def _best_threshold(run: Run, threshold: float | None, metric: str | None) -> BestThreshold | None:
    """Choose the best threshold for a metric and store it in the run; None without a metric."""
    from nncli.inference import best_threshold

    if metric is None:
        return None
    if threshold is not None:
        raise NncliError(
            f"threshold {threshold:g} and best_threshold {metric} cannot be combined",
            hint="remove one of the two",
        )
    return best_threshold.choose_threshold(run, metric)


def _model(run: Run, epoch: int | None, threshold: float | None, *, proba: bool) -> Model:
    """Return the model to predict with; raise DataError if it has no probabilities but they are wanted."""
    if epoch is None:
        model = run.model.with_threshold(_or_stored(run, threshold))
    else:
        model = run.model_at(epoch).with_threshold(threshold)
    if proba:
        model.columns.require_probabilities()
    return model


def _or_stored(run: Run, threshold: float | None) -> float | None:
    """Return the threshold that is given, else the one stored in the run for its weights, if any."""
    from nncli.runs import read_threshold

    stored = read_threshold(run) if threshold is None else None
    return stored.threshold if stored and stored.fits(run.model) else threshold
