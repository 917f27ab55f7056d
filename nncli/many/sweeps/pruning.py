"""Pruning: end a trial early if it does worse than most of the earlier ones did at the same point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from nncli.nn.arrays import Array
from nncli.training.experiment import Experiment
from nncli.training.loop import Report
from nncli.training.measure import measure

STEPS = 20  # points of a training at which it may be pruned: every 5 % of the epochs
FIRST_STEP = 6  # the first of them at which it is: at the start, a slow trial may still become the best
FEWEST_TRIALS = 5  # that must have finished before


@dataclass(frozen=True)
class Limits:
    """The metric that a trial must reach at each step.

    Attributes
    ----------
    metric : name of a result on the validation set, without `val_`.
    values : limits of the steps from 1, NaN where there is none.
    """

    metric: str
    higher_is_better: bool
    values: tuple[float, ...]

    @classmethod
    def of(cls, metric: str, curves: Sequence[Sequence[float]], *, higher_is_better: bool) -> Limits:
        """Return the medians of the curves of finished trials at each step.

        Golovin et al., Google Vizier (2017), section 3.2.2; as Optuna's MedianPruner compares them, with the
        value of each step instead of the mean up to it.
        """
        limits = [float("nan")] * (STEPS - 1)
        for step in range(FIRST_STEP, STEPS):
            values = [curve[step - 1] for curve in curves if len(curve) >= step]
            if len(curves) >= FEWEST_TRIALS and not np.isnan(values).all():
                limits[step - 1] = float(np.nanmedian(values))
        return cls(metric, higher_is_better, tuple(limits))


@dataclass
class Watch:
    """Measures a training at each step, and tells when it misses the limit.

    Attributes
    ----------
    curve : the metric at the steps so far.
    """

    experiment: Experiment
    limits: Limits
    curve: list[float] = field(default_factory=list)

    def stop(self, report: Report) -> tuple[int, Array] | None:
        """Return the epoch at which a limit is missed, with the weights (P,) after it; or None."""
        for epoch, parameters in self._steps(report):
            rows = self.experiment.rows.held_out["validation"]
            self.curve.append(measure(self.experiment, parameters, rows)[self.limits.metric])
            if self._misses():
                return epoch, parameters
        return None

    def _steps(self, report: Report) -> Iterator[tuple[int, Array]]:
        """Yield the epochs of a report that begin a new step, and the weights after them."""
        for epoch, parameters in zip(report.epochs.tolist(), report.parameters, strict=True):
            step = STEPS * epoch // max(1, self.experiment.epochs)
            for _ in range(len(self.curve), min(step, STEPS - 1)):
                yield epoch, parameters

    def _misses(self) -> bool:
        limit = self.limits.values[len(self.curve) - 1]
        if np.isnan(limit) or np.isnan(self.curve).all():
            return False
        best = np.nanmax(self.curve) if self.limits.higher_is_better else np.nanmin(self.curve)
        return bool(best < limit if self.limits.higher_is_better else best > limit)
