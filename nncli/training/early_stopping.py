"""Early stopping: when a training ends before its last epoch, and which weights are then saved."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nncli.config.schema import EarlyStoppingConfig
from nncli.nn.arrays import Array


@dataclass(frozen=True)
class Best:
    """The best evaluation so far.

    Attributes
    ----------
    value, epoch, parameters : of the best evaluation, parameters (P,); of the start where there is none.
    waited : evaluations since then.
    """

    value: float
    epoch: int
    parameters: Array
    waited: int


@dataclass(frozen=True)
class EarlyStopping:
    """Ends a training once a monitored number has not improved for a while.

    Attributes
    ----------
    monitor : a column of the history, `val_loss` for example.
    """

    monitor: str
    higher_is_better: bool
    settings: EarlyStoppingConfig

    def start(self, parameters: Array) -> Best:
        """Before the first evaluation."""
        return Best(float("-inf" if self.higher_is_better else "inf"), 0, parameters, 0)

    def after(self, best: Best, value: float, epoch: int, parameters: Array) -> Best:
        """After one more evaluation; NaN is no improvement."""
        gain = value - best.value if self.higher_is_better else best.value - value
        if gain > self.settings.min_delta:
            return Best(value, epoch, parameters, 0)
        return replace(best, waited=best.waited + 1)

    def is_exhausted(self, best: Best) -> bool:
        """Tell whether patience is exhausted."""
        return best.waited >= self.settings.patience

    def restored(self, best: Best, last: Array) -> Array:
        """The parameters a training leaves: the best, if `restore_best` and there are any, or the last."""
        return best.parameters if self.settings.restore_best and best.epoch else last
