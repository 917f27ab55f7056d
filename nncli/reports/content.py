"""The content of a page about a run: its config, history, rows and weights as plain values for JSON.

Arrays of floats are base64 of their bytes in float64, so that the page computes with the same numbers.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from nncli.data.columns import Columns, Dataset
from nncli.data.encoding import Boolean, Category, Date, Encoding, Number
from nncli.inspection import surfaces
from nncli.inspection.inputs import importance
from nncli.messages.errors import RunError
from nncli.nn.arrays import Array
from nncli.plots import axes_choice, naming
from nncli.plots.kinds import loss
from nncli.plots.picture import View
from nncli.reports.mathematics import Keys
from nncli.reports.set_keys import set_keys
from nncli.runs import Run
from nncli.tables.table import Table
from nncli.training.experiment import Experiment

SHOWN_ROWS = 5000
MOST_BYTES = 2_000_000  # of the rows, and of the snapshots
MOST_INPUTS = 100  # whose importance is shown


def run_content(run: Run, folder: Path) -> dict[str, Any]:
    """Return the content of a page about a run.

    Parameters
    ----------
    folder : directory that the data path of a copied config is relative to.

    Raises
    ------
    RunError
        If a file of the run is missing or damaged.
    """
    run.require_own_weights()
    return {
        **experiment_content(run.experiment, run.name, run.config.resolved(folder)),
        "status": run.status,
        "axes": axes_choice.ranked_inputs(run, View()).names[:MOST_INPUTS],
        "history": _history(run),
        "snapshots": _snapshots(run),
        "results": _finite(run.results_by_part),
        "baselines": {name: _finite(parts) for name, parts in run.baselines_by_part.items()},
        "importance": _importance(run),
        "setKeys": set_keys(run.config, run.experiment),
    }


def live_content(experiment: Experiment, name: str, folder: Path) -> dict[str, Any]:
    """Return the content of a page about a training that is about to begin."""
    empty = encoded_array(np.empty(0))
    losses = {"label": loss.label(experiment), "curves": {"train": empty}}
    return {
        **experiment_content(experiment, name, experiment.config.resolved(folder)),
        "status": "running",
        "axes": [],
        "history": {"epochs": empty, "panels": [losses]},
        "snapshots": {
            "recorded": 1,
            "saved": 0,
            "epochs": [0],
            "weights": encoded_array(experiment.initial[np.newaxis]),
        },
        "results": {},
        "baselines": {},
        "importance": None,
        "setKeys": set_keys(experiment.config, experiment),
    }


def experiment_content(experiment: Experiment, name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known of a run before it is trained: its network, recipe, columns and rows."""
    columns, recipe, keys = experiment.rows.training.columns, experiment.recipe, Keys.of(experiment)
    return {
        "name": naming.short(name, 60),
        "task": columns.task,
        "layers": [
            {
                "inputs": layer.inputs,
                "units": layer.units,
                "activation": activation,
                "bias": layer.bias,
                "l1": layer.l1,
                "l2": layer.l2,
                "dropout": layer.dropout,
            }
            for layer, activation in zip(experiment.network.layers, keys.activations, strict=True)
        ],
        "loss": keys.loss,
        "classWeights": None if recipe.loss.class_weights is None else recipe.loss.class_weights.tolist(),
        "optimizer": keys.optimizer,
        "learningRate": recipe.optimizer.learning_rate,
        "clipNorm": recipe.optimizer.clip_norm,
        "schedule": keys.schedule,
        "batchSize": recipe.batch_size,
        "dtype": recipe.dtype,
        "inputs": _inputs(experiment),
        "encoded": list(columns.encoded),
        "targets": _targets(columns),
        "outputs": list(columns.classes if columns.task == "multiclass" else columns.targets),
        "classes": list(columns.classes),
        "threshold": columns.threshold,
        "rows": _rows(experiment),
        "config": config,
    }


def encoded_array(values: Array) -> dict[str, Any]:
    """Return an array as its shape and base64 of its bytes in float64, little-endian."""
    stored = np.ascontiguousarray(values, dtype="<f8")
    return {"shape": list(stored.shape), "data": base64.b64encode(stored.tobytes()).decode()}


def _inputs(experiment: Experiment) -> list[dict[str, Any]]:
    """Each input column: its kind, its place among the network's inputs, and its values."""
    table, preprocessing = experiment.rows.training.table, experiment.rows.training.columns.preprocessing
    blocks, declared = preprocessing.blocks, surfaces.declared_ranges(experiment)
    described = []
    for column in preprocessing.columns:
        entry = {"name": column.name, "kind": column.kind, "at": blocks[column.name].start}
        described.append(entry | _values(column, table, declared))
    return described


def _values(column: Encoding, table: Table, declared: Mapping[str, tuple[float, float]]) -> dict[str, Any]:
    match column:
        case Number():
            low, high = declared.get(column.name) or surfaces.around(table.typed[column.name].numbers)
            return {
                "zero": column.scaling.zero,
                "unit": column.scaling.unit,
                "low": float(low),
                "high": float(high),
            }
        case Category():
            return {"categories": list(column.categories)}
        case Boolean():
            return {}
        case Date():
            return {"width": len(column.encoded)}


def _targets(columns: Columns) -> list[dict[str, Any]]:
    """Each target: its name, and its scaling."""
    scalings = columns.preprocessing.targets
    return [
        {
            "name": name,
            "zero": scalings[position].zero if scalings else 0.0,
            "unit": scalings[position].unit if scalings else 1.0,
        }
        for position, name in enumerate(columns.targets)
    ]


def _rows(experiment: Experiment) -> dict[str, Any]:
    """The rows of every set as the network gets them; of many rows evenly spaced ones."""
    parts = experiment.rows.by_part
    total = sum(map(len, parts.values()))
    width = sum(next(iter(parts.values())).X.shape[1:]) + experiment.network.outputs
    most = max(1, min(SHOWN_ROWS, MOST_BYTES // (8 * width)))
    shown = {part: data if total <= most else _thinned(data, most, total) for part, data in parts.items()}
    return {
        "total": {part: len(data) for part, data in parts.items()},
        "parts": {part: len(data) for part, data in shown.items()},
        "X": encoded_array(np.concatenate([data.X for data in shown.values()])),
        "Y": encoded_array(np.concatenate([data.Y for data in shown.values()])),
    }


def _thinned(data: Dataset, most: int, total: int) -> Dataset:
    count = max(1, len(data) * most // total)
    return data.part(np.linspace(0, len(data) - 1, count).astype(np.intp))


def _history(run: Run) -> dict[str, Any]:
    """The panels of the loss picture; none if no finite loss was recorded."""
    if loss.unfit(run, View()) is not None:
        return {"epochs": encoded_array(np.empty(0)), "panels": []}
    curves = loss.numbers(run, View())
    return {
        "epochs": encoded_array(curves.epochs),
        "diverged": curves.diverged,
        "panels": [
            {"label": label, "curves": {part: encoded_array(values) for part, values in by_part.items()}}
            for label, by_part in curves.panels.items()
        ],
    }


def _snapshots(run: Run) -> dict[str, Any]:
    """The recorded weights, ending with the saved ones; of large networks fewer."""
    epochs, weights = np.array([run.epoch]), run.model.parameters[np.newaxis]
    with suppress(RunError):
        recorded = run.snapshots
        if len(recorded.weight_epochs):
            earlier = recorded.weight_epochs < run.epoch
            later = recorded.weight_epochs > run.epoch
            epochs = np.concatenate([recorded.weight_epochs[earlier], epochs, recorded.weight_epochs[later]])
            weights = np.concatenate([recorded.weights[earlier], weights, recorded.weights[later]])
    most = max(1, MOST_BYTES // (8 * weights.shape[1]))
    kept = np.arange(len(epochs))
    if len(epochs) > most:
        saved = int(np.flatnonzero(epochs == run.epoch)[0])
        kept = np.unique([*np.linspace(0, len(epochs) - 1, max(1, most - 1)).astype(int), saved])
    return {
        "recorded": len(epochs),
        "saved": run.epoch,
        "epochs": epochs[kept].tolist(),
        "weights": encoded_array(weights[kept]),
    }


def _importance(run: Run) -> dict[str, Any] | None:
    """The permutation importance of each input, the most important first; None of too few rows."""
    if importance.too_few_rows(run) is not None:
        return None
    found = importance.importance_of(run)
    order = found.order[:MOST_INPUTS]
    return {
        "part": found.part,
        "score": found.score,
        "rows": found.used,
        "inputs": [found.inputs[position] for position in order],
        "drops": [float(value) for value in np.nan_to_num(found.means[order])],
    }


def _finite(results: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float | None]]:
    return {
        part: {name: value if np.isfinite(value) else None for name, value in values.items()}
        for part, values in results.items()
    }
