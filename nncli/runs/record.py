"""Records of a training: rows of the history, and snapshots of weights and errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import DTypeLike

from nncli.nn.arrays import Array
from nncli.training.cadence import Cadence
from nncli.training.divergence import Diverged
from nncli.training.experiment import Experiment
from nncli.training.loop import Report

ERROR_ROWS = 1000  # most rows whose errors are recorded


@dataclass
class Record:
    """Grows with the reports.

    Attributes
    ----------
    history : epoch -> the numbers of its row, as `header` names them without the epoch; NaN where unknown.
    weights : epoch -> parameters (P,).
    errors : epoch -> signed errors A - Y (rows, outputs) of the first rows.
    """

    experiment: Experiment
    history: dict[int, Array] = field(default_factory=dict)
    weights: dict[int, Array] = field(default_factory=dict)
    errors: dict[int, Array] = field(default_factory=dict)

    @cached_property
    def header(self) -> list[str]:
        """The columns of history.csv."""
        metrics = list(self.experiment.metrics)
        held_out = (
            ["val_" + name for name in metrics] if "validation" in self.experiment.rows.held_out else []
        )
        val_loss = ["val_loss"] if held_out else []
        return ["epoch", "loss", *val_loss, *metrics, *held_out, "learning_rate", "gradient_norm"]

    def add(self, report: Report) -> None:
        """Record what is due at the epoch of a report."""
        if "history" in report.recorded:
            known = {
                **report.values,
                "learning_rate": report.learning_rate,
                "gradient_norm": report.gradient_norm,
            }
            self.history[report.epoch] = np.array([known.get(name, np.nan) for name in self.header[1:]])
        if "weights" in report.recorded:
            self.weights[report.epoch] = report.state.parameters
        if "errors" in report.recorded:
            with np.errstate(all="ignore"):
                errors = (report.outputs - self.experiment.rows.training.expected)[:ERROR_ROWS]
                self.errors[report.epoch] = errors.astype(self._dtype, copy=False)

    def add_losses(self, outcome: Diverged) -> None:
        """The losses of the epochs since the last row, of which no more is known."""
        first = outcome.epoch - len(outcome.losses) + 1
        for epoch, loss in enumerate(outcome.losses.tolist(), start=first):
            unknown = np.full(len(self.header) - 1, np.nan)
            unknown[0] = loss
            self.history.setdefault(epoch, unknown)

    def cut(self, epoch: int, end: int, best: int) -> None:
        """Leave out what lies after an epoch, and what another end or another best alone had it keep."""
        cadence = Cadence.of(self.experiment)
        for part in ("history", "weights", "errors"):
            values = getattr(self, part)
            due = {e: values[e] for e in values if e <= epoch and part in cadence.recorded(e, end, best)}
            setattr(self, part, due)

    def csv(self) -> str:
        """history.csv: numbers in their shortest exact form, unknown ones empty."""
        rows = [self.header]
        rows += [[str(epoch), *map(_cell, row.tolist())] for epoch, row in self.history.items()]
        return "".join(",".join(row) + "\n" for row in rows)

    def snapshots(self) -> dict[str, Array]:
        """The arrays of snapshots.npz."""
        errors = (min(len(self.experiment.rows.training), ERROR_ROWS), self.experiment.network.outputs)
        return {
            "weight_epochs": np.array(list(self.weights), dtype=np.int64),
            "weights": _stacked(self.weights, (self.experiment.network.parameter_count,), self._dtype),
            "error_epochs": np.array(list(self.errors), dtype=np.int64),
            "errors": _stacked(self.errors, errors, self._dtype),
        }

    @property
    def _dtype(self) -> DTypeLike:
        """The dtype of the network's numbers; the history is in float64."""
        return self.experiment.initial.dtype

    def arrays(self) -> dict[str, Array]:
        """Everything, for a checkpoint."""
        return {
            "history_epochs": np.array(list(self.history), dtype=np.int64),
            "history": _stacked(self.history, (len(self.header) - 1,), np.float64),
            **self.snapshots(),
        }

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
        for part, epochs, values in (
            (record.history, "history_epochs", "history"),
            (record.weights, "weight_epochs", "weights"),
            (record.errors, "error_epochs", "errors"),
        ):
            if len(arrays[epochs]) != len(arrays[values]):
                return None
            part.update(zip(arrays[epochs].tolist(), arrays[values], strict=True))
        return record


def _stacked(values: dict[int, Array], shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    return np.array(list(values.values()), dtype=dtype).reshape(len(values), *shape)


def _cell(value: float) -> str:
    return "" if np.isnan(value) else repr(value)
