"""Records of a training: rows of the history, and snapshots of weights and errors."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import DTypeLike

from nncli.nn.arrays import Array
from nncli.training.cadence import Cadence
from nncli.training.divergence import Diverged
from nncli.training.experiment import Experiment
from nncli.training.loop import Report

ERROR_ROWS = 1000  # most rows whose errors are recorded
ROWS_OF_TEXT = 10_000  # of the history at once; as text a row takes 30 times the memory of its numbers


class Timeline:
    """Values at some epochs, ascending, appended in blocks.

    Parameters
    ----------
    shape, dtype : of the values at one epoch.
    """

    def __init__(self, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self._blocks = [(np.empty(0, np.int64), np.empty((0, *shape), dtype))]

    @property
    def epochs(self) -> Array:
        """The epochs, (K,)."""
        return self._whole()[0]

    @property
    def values(self) -> Array:
        """The values, (K, ...)."""
        return self._whole()[1]

    def reaches(self, epoch: int) -> bool:
        """Tell whether there are values at an epoch or a later one, without joining the blocks.

        Joined at every report, wide networks copied all their snapshots again each time.
        """
        epochs = self._blocks[-1][0]
        return len(epochs) > 0 and bool(epochs[-1] >= epoch)

    def append(self, epochs: Array, values: Array) -> None:
        """Append values at later epochs."""
        if len(epochs):
            self._blocks.append((epochs, values.astype(self._blocks[0][1].dtype, copy=False)))

    def keep(self, chosen: Array) -> None:
        """Keep the chosen epochs, booleans (K,)."""
        if not chosen.all():
            self._blocks = [(self.epochs[chosen], self.values[chosen])]

    def _whole(self) -> tuple[Array, Array]:
        if len(self._blocks) > 1:
            epochs, values = zip(*self._blocks, strict=True)
            self._blocks = [(np.concatenate(epochs), np.concatenate(values))]
        return self._blocks[0]


class Record:
    """Grows with the reports.

    Attributes
    ----------
    header : the columns of history.csv.
    history : a row at each epoch, as `header` names it without the epoch; NaN where unknown.
    weights : parameters (P,).
    errors : signed errors A - Y (rows, outputs) of the first rows.
    """

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.header = _header(experiment)
        dtype, rows = experiment.initial.dtype, min(len(experiment.rows.training), ERROR_ROWS)
        self.history = Timeline((len(self.header) - 1,), np.float64)
        self.weights = Timeline((experiment.network.parameter_count,), dtype)
        self.errors = Timeline((rows, experiment.network.outputs), dtype)

    @property
    def _parts(self) -> dict[str, Timeline]:
        return {"history": self.history, "weights": self.weights, "errors": self.errors}

    def add(self, report: Report) -> None:
        """Record what is due at the epochs of a report."""
        if not len(report.epochs):
            return
        self._drop_from(int(report.epochs[0]))
        history, weights, errors = (report.recorded[part] for part in self._parts)
        if history.any():
            self.history.append(report.epochs[history], self._rows(report)[history])
        if weights.any():
            self.weights.append(report.epochs[weights], report.parameters[weights])
        if errors.any():
            with np.errstate(all="ignore"):
                expected = self.experiment.rows.training.expected[:ERROR_ROWS]
                self.errors.append(report.epochs[errors], report.outputs(errors, ERROR_ROWS) - expected)

    def _drop_from(self, epoch: int) -> None:
        """Drop what a training has recorded that was resumed from before an epoch."""
        for series in self._parts.values():
            if series.reaches(epoch):
                series.keep(series.epochs < epoch)

    def _rows(self, report: Report) -> Array:
        """The rows of the history, (K, columns)."""
        known = {
            **report.values,
            "learning_rate": report.learning_rates,
            "gradient_norm": report.gradient_norms,
        }
        unknown = np.full(len(report.epochs), np.nan)
        return np.column_stack([known.get(name, unknown) for name in self.header[1:]])

    def add_losses(self, outcome: Diverged) -> None:
        """The losses of the epochs since the last row, of which no more is known."""
        epochs = np.arange(outcome.epoch - len(outcome.losses) + 1, outcome.epoch + 1)
        later = epochs > max(self.history.epochs, default=-1)
        rows = np.full((len(epochs), len(self.header) - 1), np.nan)
        rows[:, 0] = outcome.losses
        self.history.append(epochs[later], rows[later])

    def cut(self, epoch: int, end: int, best: int) -> None:
        """Leave out what lies after an epoch, and what another end or another best alone had it keep."""
        cadence = Cadence.of(self.experiment)
        for part, series in self._parts.items():
            recorded = cadence.recorded(series.epochs, end, best)[part]
            series.keep(recorded & (series.epochs <= epoch))

    def csv(self) -> Iterator[str]:
        """Parts of history.csv: numbers in their shortest exact form, unknown ones empty."""
        yield ",".join(self.header) + "\n"
        epochs, values = self.history.epochs, self.history.values
        for start in range(0, len(epochs), ROWS_OF_TEXT):
            part = slice(start, start + ROWS_OF_TEXT)
            rows = zip(epochs[part].tolist(), values[part].tolist(), strict=True)
            yield "".join(f"{epoch},{','.join(map(_cell, row))}\n" for epoch, row in rows)

    def snapshots(self) -> dict[str, Array]:
        """The arrays of snapshots.npz."""
        return {
            "weight_epochs": self.weights.epochs,
            "weights": self.weights.values,
            "error_epochs": self.errors.epochs,
            "errors": self.errors.values,
        }

    def arrays(self) -> dict[str, Array]:
        """Everything, for a checkpoint."""
        return {"history_epochs": self.history.epochs, "history": self.history.values, **self.snapshots()}

    @classmethod
    def of(cls, arrays: dict[str, Array], experiment: Experiment) -> Record | None:
        """Rebuild a record from `arrays`; None if names or shapes are not those of the experiment."""
        record = cls(experiment)
        empty = record.arrays()
        if list(arrays) != list(empty):
            return None
        for name, like in empty.items():
            found = arrays[name]
            if found.shape[1:] != like.shape[1:] or found.ndim != like.ndim or found.dtype != like.dtype:
                return None
        for series, epochs, values in (
            (record.history, "history_epochs", "history"),
            (record.weights, "weight_epochs", "weights"),
            (record.errors, "error_epochs", "errors"),
        ):
            if len(arrays[epochs]) != len(arrays[values]):
                return None
            series.append(arrays[epochs], arrays[values])
        return record


def _header(experiment: Experiment) -> list[str]:
    metrics = list(experiment.metrics)
    held_out = ["val_" + name for name in metrics] if "validation" in experiment.rows.held_out else []
    val_loss = ["val_loss"] if held_out else []
    return ["epoch", "loss", *val_loss, *metrics, *held_out, "learning_rate", "gradient_norm"]


def _cell(value: float) -> str:
    return "" if value != value else repr(value)
