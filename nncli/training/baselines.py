"""Results that need no network: of the best constant prediction, and of a linear model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nncli.data.columns import Dataset
from nncli.data.split import Part
from nncli.training import measure
from nncli.training.experiment import Experiment
from nncli.training.linear_model import LinearModel, constant_model, linear_model

BASELINE, LINEAR = "baseline", "linear"  # names of their results


@dataclass(frozen=True)
class Baselines:
    """Models fitted to the training rows of an experiment, with which its network is compared."""

    experiment: Experiment

    @cached_property
    def models(self) -> Mapping[str, LinearModel]:
        """The best constant and, unless that takes too long, the linear model."""
        training = self.experiment.rows.training
        with np.errstate(all="ignore"):
            linear = linear_model(training)
            constant = constant_model(training, self.experiment.recipe.loss)
        return {BASELINE: constant, **({LINEAR: linear} if linear else {})}

    @cached_property
    def results_by_part(self) -> dict[str, dict[Part, dict[str, float]]]:
        """The results of each model on the training set and the sets held out: model -> set -> results."""
        parts = {part: self.results(rows) for part, rows in self.experiment.rows.by_part.items()}
        return {name: {part: each[name] for part, each in parts.items()} for name in self.models}

    def results(self, dataset: Dataset) -> dict[str, dict[str, float]]:
        """Return the loss, without penalties, and the config's metrics of each model on any rows, by name."""
        return {name: self._measured(model, dataset) for name, model in self.models.items()}

    def _measured(self, model: LinearModel, dataset: Dataset) -> dict[str, float]:
        experiment = self.experiment
        with np.errstate(all="ignore"):
            Z, A = model.outputs(dataset.X.astype(np.float64, copy=False))
            value = experiment.recipe.loss.value(Z, A, dataset.Y.astype(np.float64, copy=False))
            metrics = measure.metrics(experiment, dataset.columns.unscaled(A), dataset.expected)
        return {"loss": float(value), **{name: float(each) for name, each in metrics.items()}}
