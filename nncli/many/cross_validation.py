"""Cross-validation: train without some rows, measure on them, and repeat until each was left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nncli.data.columns import Dataset
from nncli.data.settings import SplitConfig
from nncli.data.split import Parts, drawn
from nncli.many.folds import k_folds, own_parts, row_combinations, rows_in_turn
from nncli.many.trainings import Trained, train_each
from nncli.messages.errors import DataError, NncliError
from nncli.messages.notebook import html_table
from nncli.messages.wording import measured
from nncli.nn.arrays import Array
from nncli.training import measure
from nncli.training.experiment import Experiment, on_rows
from nncli.training.model import Model, as_text
from nncli.training.rows import divided


@dataclass(frozen=True)
class LeftOutRow:
    """A row with the prediction of a network that did not learn from it.

    Attributes
    ----------
    row : its number in the dataset, from 1; rows dropped because a value is missing do not count.
    line : of the file on which it starts; None without a file.
    id : cell of the identifier column; empty without one.
    targets, predictions : by target in its own unit or as class labels, as text.
    errors : predictions minus targets; none for classes.
    """

    row: int
    line: int | None
    id: str
    targets: tuple[str, ...]
    predictions: tuple[str, ...]
    errors: tuple[float, ...]

    @property
    def is_wrong(self) -> bool:
        """True if a class is not the predicted one."""
        return not self.errors and self.targets != self.predictions


@dataclass(frozen=True)
class Fold:
    """One training of a cross-validation.

    Attributes
    ----------
    number : from 1.
    rows : positions of the rows left out in the whole table, from 0.
    training_rows : rows that were trained on.
    epochs : complete epochs.
    metrics : loss and metrics on the rows left out; NaN where they are not defined.
    outputs : the network's outputs for them (rows, outputs), in the units of the targets.
    left_out : the rows, each with its prediction.
    model : the network that was trained without them.
    divergence : message of the error if training diverged; else None.
    """

    number: int
    rows: Array
    training_rows: int
    epochs: int
    metrics: dict[str, float]
    outputs: Array
    left_out: list[LeftOutRow]
    model: Model
    divergence: str | None


@dataclass(frozen=True)
class CrossValidation:
    """The folds of a cross-validation, those that diverged included."""

    folds: list[Fold]
    metrics_together: dict[str, float]

    @property
    def finished(self) -> list[Fold]:
        """The folds that did not diverge."""
        return [fold for fold in self.folds if fold.divergence is None]

    @cached_property
    def mean(self) -> dict[str, float]:
        """The mean of the loss and of each metric over the folds that did not diverge."""
        return {name: float(values.mean()) for name, values in self._values.items() if len(values)}

    @cached_property
    def std(self) -> dict[str, float]:
        """The standard deviation over the same folds, with n - 1 in the denominator."""
        return {name: float(values.std(ddof=1)) for name, values in self._values.items() if len(values) > 1}

    @property
    def _values(self) -> dict[str, Array]:
        names = self.folds[0].metrics
        return {name: np.array([fold.metrics[name] for fold in self.finished]) for name in names}

    def _repr_html_(self) -> str:
        rows = [
            (str(fold.number), f"{len(fold.rows):,}", *map(measured, fold.metrics.values()))
            for fold in self.folds
        ]
        for name, values in (("mean", self.mean), ("std", self.std)):
            rows.append((name, "", *(measured(values.get(metric)) for metric in self.folds[0].metrics)))
        return html_table(rows, ("fold", "rows", *self.folds[0].metrics))


@dataclass(frozen=True)
class FoldPlan:
    """The trainings of a cross-validation before they begin.

    Attributes
    ----------
    sets : the rows that each training leaves out, by position in the whole table.
    """

    experiment: Experiment
    sets: Sequence[Array]

    @classmethod
    def of(cls, experiment: Experiment, folds: int | None, leave_out: int | None) -> FoldPlan:
        """Divide the rows into `folds` (default: 5), or into every combination of `leave_out` rows.

        Raises
        ------
        NncliError
            If the rows cannot be divided like that, or a fold cannot be trained or measured.
        """
        if leave_out is None:
            plan = cls(experiment, k_folds(experiment, 5 if folds is None else folds))
        else:
            plan = cls(experiment, row_combinations(experiment, leave_out))
        plan.require_possible()
        return plan

    def require_possible(self) -> None:
        """Raise DataError if a fold has a row that cannot be used, such as a category of no other row.

        Preparing each fold takes little time, and the error would else come after hours of training.
        """
        for number, left_out in enumerate(self.sets, 1):
            try:
                self.fold_experiment(left_out)
            except NncliError as error:
                raise DataError(
                    f"fold {number} of {len(self.sets):,}: {error.message}",
                    hint=error.hint,
                    source=error.source,
                ) from None

    def trained(self) -> Iterator[Fold]:
        """Train the folds one by one."""
        experiments = map(self.fold_experiment, self.sets)
        for number, result in enumerate(train_each(experiments), 1):
            yield self._fold(number, result)

    def outcome(self, folds: Sequence[Fold]) -> CrossValidation:
        """Return the results of all folds together."""
        return CrossValidation(list(folds), self._metrics_together(folds))

    def fold_experiment(self, left_out: Array) -> Experiment:
        """Return the experiment that leaves out some rows, as its test set, and keeps the config's own out.

        If early stopping watches validation rows, they are drawn from the training rows.
        """
        rows = np.setdiff1d(rows_in_turn(self.experiment), left_out)
        validation = self._validation(rows)
        parts = Parts(np.setdiff1d(rows, validation), validation, left_out)
        config = self.experiment.config
        return on_rows(config, divided(config, self.experiment.rows, parts))

    def _validation(self, rows: Array) -> Array:
        """Draw the validation set of a fold from its training rows: as large a share as in the config."""
        early, config = self.experiment.early_stopping, self.experiment.config
        if early is None or not early.monitor.startswith("val_"):
            return np.empty(0, np.intp)
        own = own_parts(self.experiment)
        share = len(own.validation) / (len(own.train) + len(own.validation))
        size = min(max(1, round(share * len(rows))), len(rows) - 1)
        data = self.experiment.rows.whole
        labels = data.columns.labels(data.table)
        stratified = config.dataset.split.stratify and labels is not None
        split = SplitConfig(validation=size, test=0, column=None, stratify=bool(stratified))
        classes = [labels[row] for row in rows.tolist()] if labels else None
        return np.asarray(rows[drawn(len(rows), classes, split, config.seed.data).validation])

    def _fold(self, number: int, result: Trained) -> Fold:
        left_out = result.experiment.rows.held_out["test"]
        rows = self.sets[number - 1]
        outputs = result.model.outputs(left_out.X)
        return Fold(
            number=number,
            rows=rows,
            training_rows=len(result.experiment.rows.training),
            epochs=result.epochs,
            metrics=result.results["test"],
            outputs=outputs,
            left_out=_left_out_rows(result.model, left_out, rows, outputs),
            model=result.model,
            divergence=result.divergence,
        )

    def _metrics_together(self, folds: Sequence[Fold]) -> dict[str, float]:
        """The metrics of all predictions together, if each row was left out once and no fold diverged."""
        rows = np.concatenate([fold.rows for fold in folds])
        if len(np.unique(rows)) < len(rows) or any(fold.divergence for fold in folds):
            return {}
        outputs = np.concatenate([fold.outputs for fold in folds])
        found = measure.metrics(self.experiment, outputs, self.experiment.rows.whole.expected[rows])
        return {name: float(value) for name, value in found.items()}


def _left_out_rows(model: Model, data: Dataset, rows: Array, outputs: Array) -> list[LeftOutRow]:
    """Return rows with their targets and predictions as text."""
    columns, lines = model.columns, data.table.lines
    labelled = model.labelled(outputs)
    predicted = [as_text(labelled[f"pred_{name}"]) for name in columns.targets if f"pred_{name}" in labelled]
    labels = columns.labels(data.table)
    if columns.task == "multilabel":
        expected = [[f"{value:.0f}" for value in column] for column in data.expected.T]
    else:
        expected = [labels] if labels else [as_text(column) for column in data.expected.T]
    errors = outputs - data.expected if columns.task == "regression" else np.empty((len(rows), 0))
    ids = [str(cell) for cell in data.table.columns[columns.id]] if columns.id else []
    return [
        LeftOutRow(
            row=int(row) + 1,
            line=lines[k] if lines is not None else None,
            id=ids[k] if ids else "",
            targets=tuple(column[k] for column in expected),
            predictions=tuple(column[k] for column in predicted),
            errors=tuple(errors[k].tolist()),
        )
        for k, row in enumerate(rows.tolist())
    ]
