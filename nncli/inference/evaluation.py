"""Evaluation of a trained network on rows with known targets: overall, by class and by target."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import numpy as np

from nncli.data.columns import Columns, Dataset, Roles
from nncli.data.split import Part
from nncli.engines import threads
from nncli.inference.best_threshold import OF_DECISIONS, BestThreshold
from nncli.inference.classes import Confusion, LabelCounts, decided
from nncli.inference.intervals import Measure, bootstrap, share_interval
from nncli.inference.rejects import Rejects, at_prediction, sound_rows
from nncli.inference.unseen import UnseenCategories
from nncli.inference.without_target import WithoutTarget
from nncli.inference.worst import WorstRow, worst_rows
from nncli.messages.errors import RunError
from nncli.messages.notebook import html_table
from nncli.messages.wording import listed, measured
from nncli.nn.arrays import Array
from nncli.runs import Run
from nncli.tables.table import Table
from nncli.training import measure
from nncli.training.baselines import Baselines
from nncli.training.model import Model, last_layer


@dataclass(frozen=True)
class Evaluation:
    """Metrics of a run on some rows.

    Attributes
    ----------
    roles : of the columns, with the threshold of the positive class.
    metrics : the loss and the config's metrics, by name.
    rows : how many were measured.
    part : which of the run's own rows these are; None for other rows.
    unseen : the rows with a category that no training row had, if that is allowed.
    without : the rows that were left out because their target cannot be read.
    confusion : of a task with one class per row.
    labels : of a multilabel task.
    targets : the config's metrics of each target, where there are several that hold values.
    compared : computes `baselines`.
    worst : the number of rows to the rows with the largest losses, the worst first.
    measure : positions of rows (d,), repeated ones too, to the loss and the metrics by name.
    best_threshold : what was chosen before the evaluation, if it was asked for.
    """

    roles: Roles
    metrics: Mapping[str, float]
    rows: int
    part: Part | None
    unseen: UnseenCategories
    without: WithoutTarget
    confusion: Confusion | None
    labels: LabelCounts | None
    targets: Mapping[str, Mapping[str, float]]
    compared: Callable[[], Mapping[str, Mapping[str, float]]] = field(repr=False)
    worst: Callable[[int], list[WorstRow]] = field(repr=False)
    measure: Measure = field(repr=False)
    best_threshold: BestThreshold | None = None

    @cached_property
    def baselines(self) -> Mapping[str, Mapping[str, float]]:
        """The loss and metrics of the best constant (`baseline`) and of a linear model (`linear`).

        Both are fitted to the training set.
        """
        return self.compared()

    @cached_property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """The 95 % interval of the loss and of each metric.

        By the bootstrap, and for the accuracy by Wilson's score, which holds for perfect scores too.
        Empty for fewer than 20 rows, and for the training set, on which metrics are better than on others. A
        metric that is the same in every sample, such as a perfect F1 score, has none.
        """
        found = {} if self.part == "train" else bootstrap(self.measure, self.rows)
        varying = {name: ends for name, ends in found.items() if ends[0] < ends[1]}
        if "accuracy" in found:
            varying["accuracy"] = share_interval(self.metrics["accuracy"], self.rows)
        return {name: varying[name] for name in found if name in varying}

    def _repr_html_(self) -> str:
        facts = [
            (
                self.roles.named(name),
                *(measured(each.get(name), 6) for each in (self.metrics, *self.baselines.values())),
            )
            for name in self.metrics
        ]
        tables = [html_table([*facts, ("rows", f"{self.rows:,}")], ("", "network", *self.baselines))]
        if self.confusion:
            tables.append(_shares_table(self.confusion.classes, self.confusion))
        elif self.labels:
            tables.append(_shares_table(self.labels.labels, self.labels))
        elif self.targets:
            rows = [(name, *map(measured, each.values())) for name, each in self.targets.items()]
            tables.append(html_table(rows, ("", *next(iter(self.targets.values())))))
        return "".join(tables)


def _shares_table(names: Sequence[str], counts: Confusion | LabelCounts) -> str:
    columns = [[f"{share:.3f}" for share in each.tolist()] for each in counts.shares.values()]
    rows = zip(names, *columns, map(str, counts.support.tolist()), strict=True)
    return html_table(rows, ("", *counts.shares, "rows"))


def part(run: Run, name: Part | None = None) -> tuple[Part, Dataset]:
    """A part of the run's own rows; by default what says most of new ones: test, else validation, else train.

    Raises
    ------
    RunError
        If the run has no such part.
    """
    own = run.experiment.rows.by_part
    chosen = name or list(own)[-1]
    if chosen not in own:
        raise RunError(
            f"{run.path}: no {chosen} set, only {listed(own)}",
            hint=f"hold rows out with dataset.split.{chosen} in the config",
        )
    return chosen, own[chosen]


def evaluate_part(run: Run, name: Part | None = None, threshold: float | None = None) -> Evaluation:
    """Measure a run on a part of its own rows (default: test, else validation, else train).

    Raises
    ------
    RunError
        If the run has no such part.
    """
    chosen, dataset = part(run, name)
    return replace(evaluate_rows(run, dataset.table, threshold), part=chosen)


def evaluate_rows(run: Run, table: Table, threshold: float | None = None) -> Evaluation:
    """Measure a run on the rows of a table that holds the targets.

    Raises
    ------
    DataError
        Like `evaluate_tables`.
    """
    return evaluate_tables(run, [table], threshold=threshold)


def evaluate_tables(
    run: Run, tables: Iterable[Table], rejected: Rejects | None = None, threshold: float | None = None
) -> Evaluation:
    """Measure a run on the rows of tables that hold the targets, except rows whose target cannot be read.

    Parameters
    ----------
    rejected : takes the rows whose inputs cannot be read; None makes such a row an error.
    threshold : of the positive class of a binary task (default: 0.5).

    Raises
    ------
    DataError
        If a column is missing, an input cannot be used, or no row is left.
    """
    run.require_own_weights()
    model = run.model.with_threshold(threshold)
    columns = model.columns
    unseen, without = UnseenCategories(columns), WithoutTarget(columns)
    sound = without.removed_from(tables)
    if rejected:
        sound = rejected.not_all(_sound(columns, sound, rejected))
    with at_prediction(columns):
        parts = [Dataset.read(table, columns) for table in unseen.watch(sound)]
    if not parts:
        raise without.error
    rows = _joined(parts)
    with threads.limited(run.experiment.threads):
        measured_on = _measure(run, model, rows)
        metrics = measured_on(np.arange(len(rows)))
        A = model.outputs(rows.X)
    values, several = columns.task == "regression", columns.task == "multilabel"
    return Evaluation(
        roles=columns,
        metrics=metrics,
        worst=partial(worst_rows, model, run.experiment.recipe.loss, rows),
        measure=measured_on,
        rows=len(rows),
        part=None,
        unseen=unseen,
        without=without,
        confusion=None if values or several else Confusion.of(A, rows.expected, columns),
        labels=LabelCounts.of(A, rows.expected, columns) if several else None,
        targets=_by_target(run, A, rows.expected) if values and len(columns.targets) > 1 else {},
        compared=partial(_baselines, run, rows),
    )


def _baselines(run: Run, rows: Dataset) -> Mapping[str, Mapping[str, float]]:
    with threads.limited(run.experiment.threads):
        return Baselines(run.experiment).results(rows)


def _measure(run: Run, model: Model, rows: Dataset) -> Measure:
    """Return a function from positions of rows (d,) to the loss and the metrics on these rows."""
    experiment, loss = run.experiment, run.experiment.recipe.loss
    with np.errstate(all="ignore"):
        output = last_layer(experiment.network, model.parameters, rows.X)
        A, cost = rows.columns.unscaled(output.A), experiment.network.cost(model.parameters)

    def measure_rows(positions: Array) -> dict[str, float]:
        Z, scaled, Y = output.Z[positions], output.A[positions], rows.Y[positions]
        outputs, expected = A[positions], rows.expected[positions]
        with np.errstate(all="ignore"):
            value = float(loss.value(Z, scaled, Y) + cost)
        found = measure.metrics(experiment, outputs, expected)
        values = {"loss": value, **{name: float(each) for name, each in found.items()}}
        return values | _at_threshold(run, outputs, expected, model.columns)

    return measure_rows


def _at_threshold(run: Run, A: Array, Y: Array, columns: Columns) -> dict[str, float]:
    """Return the metrics that another threshold than 0.5 changes."""
    if columns.threshold == Roles.threshold:
        return {}
    positive = decided(A, columns)[:, np.newaxis].astype(np.float64)
    return {
        name: metric(positive, Y) for name, metric in run.experiment.metrics.items() if name in OF_DECISIONS
    }


def _sound(columns: Columns, tables: Iterable[Table], rejected: Rejects) -> Iterator[Table]:
    """Yield the rows of each table whose inputs can be read, if any."""
    for table in tables:
        if sound := sound_rows(columns, table, rejected.add):
            yield table if len(sound) == len(table) else table.take(sound)


def _joined(parts: Sequence[Dataset]) -> Dataset:
    """Return the rows of several parts; `table` is that of the first."""
    first, *others = parts
    if not others:
        return first
    X, Y, expected = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("X", "Y", "expected")
    )
    return Dataset(first.table, first.columns, X, Y, expected)


def _by_target(run: Run, A: Array, Y: Array) -> dict[str, dict[str, float]]:
    metrics = run.experiment.metrics
    return {
        target: {name: metric(A[:, [index]], Y[:, [index]]) for name, metric in metrics.items()}
        for index, target in enumerate(run.model.columns.targets)
    }
