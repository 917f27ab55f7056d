"""The loop: what is reported when, what a loss means, and how training ends badly but well explained."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli import runs
from nncli.config import Config
from nncli.training import chunks, loop, measure
from nncli.training.cadence import history_steps, snapshot_density, snapshot_steps
from nncli.training.divergence import HUGE, Diverged
from nncli.training.experiment import Experiment, build
from tests import stepwise

ROWS = [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0], [0.5, 0.2, 1], [0.1, 0.9, 0], [0.7, 0.7, 1]]
TABLE = {"columns": ["a", "b", "y"], "rows": ROWS, "targets": ["y"], "task": "regression"}
LAYERS = [{"units": 3, "activation": "tanh"}, {"units": 1}]


def experiment(**changes: Any) -> Experiment:
    values = {"name": "test", "dataset": TABLE, "network": {"layers": LAYERS}, **changes}
    return build(Config.of(values))


def diverged(system: Experiment) -> Diverged:
    with pytest.raises(Diverged) as caught:
        list(stepwise.train(system))
    return caught.value


# Which epochs are kept


def in_history(epoch: int) -> bool:
    return epoch % int(history_steps(np.array(epoch))) == 0


def in_snapshots(epoch: int, density: int) -> bool:
    return epoch % int(snapshot_steps(np.array(epoch), density)) == 0


def test_history_has_every_epoch_to_1000_every_10th_to_10_000_every_100th_to_100_000() -> None:
    expected = [
        *range(1001),
        *range(1010, 10_001, 10),
        *range(10_100, 100_001, 100),
        *range(101_000, 200_001, 1000),
    ]
    assert [epoch for epoch in range(200_001) if in_history(epoch)] == expected


def test_snapshots_are_epochs_0_to_16_then_16_a_doubling() -> None:
    expected = [*range(17), *range(17, 33), *range(34, 65, 2), *range(68, 129, 4), *range(136, 257, 8)]
    assert [epoch for epoch in range(257) if in_snapshots(epoch, 16)] == expected


@pytest.mark.parametrize("density", [1, 2, 4, 8, 16])
def test_every_doubling_has_its_density_of_snapshots(density: int) -> None:
    for doubling in (32, 1024):
        within = [epoch for epoch in range(doubling, 2 * doubling) if in_snapshots(epoch, density)]
        assert len(within) == density


@pytest.mark.parametrize("numbers", [1, 10_000, 20_000, 50_000, 100_000])
def test_snapshots_of_24_doublings_stay_below_64_megabytes(numbers: int) -> None:
    density = snapshot_density(numbers)
    assert density == 1 or 8 * numbers * (17 + 24 * density) <= 64_000_000
    assert density == 16 or 8 * numbers * (17 + 24 * 2 * density) > 64_000_000


RECORDS = {
    "auto": {},
    "history all": {"history": "all"},
    "no snapshots": {"weights": "none", "errors": "none"},
    "all weights": {"weights": "all", "errors": "none"},
}


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
@pytest.mark.parametrize("epochs", [0, 1, 7, 40, 1017])
def test_reports_come_at_the_recorded_epochs_and_at_the_last(epochs: int, record: dict[str, str]) -> None:
    system = experiment(training={"epochs": epochs}, record=record)
    every = {"history": "auto", "weights": "auto", "errors": "auto", **record}
    due: dict[int, set[str]] = {}
    for epoch, (part, choice) in itertools.product(range(epochs + 1), every.items()):
        by_rule = in_history(epoch) if part == "history" else in_snapshots(epoch, 16)
        if choice != "none" and (choice == "all" or by_rule or epoch == epochs):
            due.setdefault(epoch, set()).add(part)
    assert {report.epoch: set(report.recorded) for report in stepwise.train(system)} == due


# What is reported


def test_zero_epochs_report_the_start_alone() -> None:
    system = experiment(training={"epochs": 0})
    (report,) = stepwise.train(system)
    np.testing.assert_array_equal(report.parameters, system.initial)
    assert np.isnan(report.gradient_norm)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_with_a_full_batch_row_1_equals_row_0(reduction: str) -> None:
    first, second, third = stepwise.train(
        experiment(training={"epochs": 2}, loss={"name": "mse", "reduction": reduction})
    )
    assert second.loss == first.loss
    assert third.loss != second.loss


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_an_epochs_loss_weights_its_batches_by_rows_or_adds_them(reduction: str) -> None:
    # At a learning rate too small to move a weight, the epoch's loss is that of all rows,
    # also where the last of the batches of 3, 3 and 1 rows is short.
    system = experiment(
        training={"epochs": 1, "batch_size": 3},
        loss={"name": "mse", "reduction": reduction},
        optimizer={"name": "sgd", "learning_rate": 1e-300},
    )
    before, after = stepwise.train(system)
    assert after.loss == pytest.approx(before.loss, rel=1e-14)
    A, Y = before.outputs, system.rows.training.Y
    total = float(((A - Y) ** 2).sum())
    assert before.loss == pytest.approx(total / 7 if reduction == "mean" else total, rel=1e-14)


def test_the_loss_of_an_epoch_is_measured_before_each_update_and_metrics_after_it() -> None:
    system = experiment(training={"epochs": 1, "batch_size": 4, "shuffle": False})
    _, report = stepwise.train(system)
    X, Y, recipe = system.rows.training.X, system.rows.training.Y, system.recipe
    parameters, losses = system.initial, []
    for rows in (slice(0, 4), slice(4, 7)):
        value, gradient = recipe.gradient(system.network, parameters, X[rows], Y[rows], recipe.loss)
        losses.append(value)
        parameters = parameters - 0.1 * gradient
    assert report.loss == pytest.approx((4 * losses[0] + 3 * losses[1]) / 7, rel=1e-14)
    assert report.gradient_norm == pytest.approx(np.linalg.norm(gradient), rel=1e-13)
    np.testing.assert_allclose(report.parameters, parameters, rtol=1e-14)
    outputs = system.network.predict(parameters, X)
    np.testing.assert_allclose(report.outputs, outputs, rtol=1e-13)
    assert report.metrics["mse"] == pytest.approx(((outputs - Y) ** 2).mean(), rel=1e-13)


def test_schedule_sets_the_rate_of_each_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "KEPT", 0)  # one epoch in each report
    optimizer = {"name": "sgd", "learning_rate": 0.08, "schedule": {"name": "step", "every": 2, "gamma": 0.5}}
    system = experiment(training={"epochs": 5, "batch_size": 3}, optimizer=optimizer)
    reports = list(stepwise.train(system))
    assert [report.learning_rate for report in reports] == [0.08, 0.08, 0.08, 0.04, 0.04, 0.02]
    # Each epoch by itself, at a constant rate, from where the last one ended.
    for before, after in itertools.pairwise(reports):
        constant = {"name": "sgd", "learning_rate": after.learning_rate}
        same = experiment(training={"epochs": 5, "batch_size": 3}, optimizer=constant)
        step = next(report for report in stepwise.train(same, before.progress) if report.epoch == after.epoch)
        np.testing.assert_array_equal(step.parameters, after.parameters)


def test_long_gradient_is_shortened_and_reported_as_it_was() -> None:
    rate, longest = 0.5, 0.01
    plain, clipped = (
        list(stepwise.train(experiment(optimizer={"name": "sgd", "learning_rate": rate, **more})))[1]
        for more in ({}, {"clip_norm": longest})
    )
    assert clipped.gradient_norm == plain.gradient_norm > longest
    start = experiment().initial
    step = np.linalg.norm(clipped.parameters - start) / rate
    assert step == pytest.approx(longest * plain.gradient_norm / (plain.gradient_norm + 1e-6), rel=1e-12)
    direction = (plain.parameters - start) / np.linalg.norm(plain.parameters - start)
    np.testing.assert_allclose((clipped.parameters - start) / (rate * step), direction, rtol=1e-9)


def test_short_gradient_is_left_as_it_is() -> None:
    plain, clipped = (
        list(stepwise.train(experiment(training={"epochs": 9}, optimizer={"name": "adam", **more})))
        for more in ({}, {"clip_norm": 100})
    )
    np.testing.assert_array_equal(plain[-1].parameters, clipped[-1].parameters)


def test_the_same_config_trains_the_same_numbers() -> None:
    settings = {"training": {"epochs": 30, "batch_size": 2}}
    first, second = (list(stepwise.train(experiment(**settings))) for _ in range(2))
    assert [report.loss for report in first] == [report.loss for report in second]
    np.testing.assert_array_equal(first[-1].parameters, second[-1].parameters)


def test_chunks_cut_by_time_do_not_change_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    system = experiment(
        training={"epochs": 2100, "batch_size": 2}, record={"weights": "none", "errors": "none"}
    )
    whole = list(stepwise.train(system))
    monkeypatch.setattr(chunks, "SECONDS", 1e-9)
    reports = list(loop.train(system))
    single = list(stepwise.epochs(reports))
    assert [report.loss for report in single] == [report.loss for report in whole]
    assert len(reports) > 2 * len(single)  # the others say how far the epochs have come
    np.testing.assert_array_equal(single[-1].parameters, whole[-1].parameters)


@pytest.mark.parametrize("stop", [0, 1, 5, 12])
def test_training_continues_from_any_report_as_if_undisturbed(
    stop: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "KEPT", 0)  # one epoch in each report
    system = experiment(training={"epochs": 12, "batch_size": 3}, optimizer="adam")
    whole = list(stepwise.train(system))
    since = next(report.progress for report in stepwise.train(system) if report.epoch == stop)
    rest = [report for report in stepwise.train(system, since) if report.epoch > stop]
    assert (
        [report.loss for report in rest] == [report.loss for report in whole][-len(rest) :]
        if rest
        else stop == 12
    )
    if rest:
        np.testing.assert_array_equal(rest[-1].parameters, whole[-1].parameters)


def test_a_caller_may_stop_and_what_was_trained_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "KEPT", 0)  # one epoch in each report
    run = runs.Run(tmp_path)
    reports = runs.record(experiment(training={"epochs": 100}), run)
    taken = list(itertools.islice(reports, 6))
    reports.close()
    assert run.info["status"] == "interrupted"
    assert run.history["epoch"].tolist() == [0, 1, 2, 3, 4, 5]
    np.testing.assert_array_equal(run.model.parameters, taken[-1].state.parameters)


# Divergence

LINEAR = {
    "dataset": {"columns": ["x", "y"], "rows": [[1.0, 1.0], [2.0, 3.0], [3.0, 2.0]], "targets": ["y"]},
    "network": {"layers": [{"units": 1, "weights": [[0.5]], "biases": [0.0]}]},
    "training": {"epochs": 1000},
}


def too_far(rate: float, **changes: Any) -> Experiment:
    return experiment(**{**LINEAR, "optimizer": {"name": "sgd", "learning_rate": rate}, **changes})


def assert_last_good_is_sound(outcome: Diverged, system: Experiment) -> None:
    assert np.isfinite(outcome.last_good.parameters).all()
    limit = HUGE * max(measure.loss(system, system.initial), measure.worst_constant_loss(system))
    assert measure.loss(system, outcome.last_good.parameters) <= limit


@pytest.mark.parametrize("batch_size", ["full", 1, 2])
@pytest.mark.parametrize(
    ("rate", "reason"),
    [(0.5, "more than 1,000,000 times"), (1e4, "more than 1,000,000 times"), (1e300, "no longer finite")],
)
def test_a_learning_rate_too_large_diverges_and_the_last_good_weights_are_sound(
    rate: float, reason: str, batch_size: int | str
) -> None:
    system = too_far(rate, training={"epochs": 1000, "batch_size": batch_size, "shuffle": False})
    outcome = diverged(system)
    assert reason in outcome.reason
    assert outcome.epoch <= 1000
    assert_last_good_is_sound(outcome, system)


def test_a_loss_grown_a_million_times_is_divergence_while_it_is_still_finite() -> None:
    system = too_far(0.5)
    outcome = diverged(system)
    limit = 1e6 * max(measure.loss(system, system.initial), measure.worst_constant_loss(system))
    assert limit < outcome.losses[-1] < np.inf


def test_every_report_before_divergence_has_a_sound_loss() -> None:
    system = too_far(0.5)
    limit = HUGE * max(measure.loss(system, system.initial), measure.worst_constant_loss(system))
    reports: list[stepwise.Epoch] = []
    with pytest.raises(Diverged) as caught:
        reports.extend(stepwise.train(system))
    assert [report.epoch for report in reports] == list(range(caught.value.epoch))
    assert max(report.loss for report in reports) <= limit


@pytest.mark.parametrize("seconds", [1e-9, 0.5])
@pytest.mark.parametrize("rate", [0.3, 1.0, 1e4, 1e100])
def test_last_good_weights_are_sound_where_chunks_end_inside_an_epoch(
    seconds: float, rate: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "SECONDS", seconds)
    rows = [[1.0 + 0.05 * row, 1.0] for row in range(60)]
    dataset = {"columns": ["x", "y"], "rows": rows, "targets": ["y"]}
    system = too_far(rate, dataset=dataset, training={"epochs": 50, "batch_size": 1, "shuffle": False})
    assert_last_good_is_sound(diverged(system), system)


@pytest.mark.parametrize("seconds", [1e-9, 0.5])
def test_the_epoch_of_divergence_does_not_depend_on_the_chunks(
    seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No reports between epochs 1,000 and 1,010: the divergence lies inside a chunk.
    monkeypatch.setattr(chunks, "SECONDS", seconds)
    layers = [{"units": 1, "weights": [[2.0]], "bias": False}]
    # w is multiplied by -1.004 in each update, and the loss, w^2, by 1.008: 1e6 after 1,730 epochs.
    system = experiment(
        dataset={"columns": ["x", "y"], "rows": [[1.0, 0.0]], "targets": ["y"]},
        network={"layers": layers},
        optimizer={"name": "sgd", "learning_rate": 1.002},
        training={"epochs": 3000},
        record={"weights": "none", "errors": "none"},
    )
    outcome = diverged(system)
    expected = next(epoch for epoch in itertools.count(1) if 1.004 ** (2 * (epoch - 1)) > 1e6)
    assert outcome.epoch == expected
    assert_last_good_is_sound(outcome, system)


def test_a_start_that_overflows_diverges_at_once() -> None:
    layers = [{"units": 1, "weights": [[1e200]], "biases": [0.0]}]
    system = too_far(0.1, network={"layers": layers})
    outcome = diverged(system)
    assert outcome.epoch == 1
    np.testing.assert_array_equal(outcome.last_good.parameters, system.initial)


def test_finite_differences_that_no_longer_move_a_weight_are_divergence() -> None:
    # 1e11 + 1e-6 == 1e11: the gradient is 0, the loss frozen and finite, and no bound is exceeded.
    layers = [{"units": 1, "weights": [[1e11]], "biases": [0.0]}]
    system = too_far(1e-3, network={"layers": layers}, gradient="finite_difference")
    outcome = diverged(system)
    assert "epsilon = 1e-06" in outcome.reason
    assert outcome.epoch == 1
    assert np.isfinite(outcome.losses).all()
    assert_last_good_is_sound(outcome, system)


def test_backprop_continues_where_finite_differences_are_frozen() -> None:
    layers = [{"units": 1, "weights": [[1e11]], "biases": [0.0]}]
    system = too_far(1e-3, network={"layers": layers}, training={"epochs": 5})
    assert list(stepwise.train(system))[-1].epoch == 5


def test_a_diverged_run_keeps_its_history_and_its_last_good_weights(tmp_path: Path) -> None:
    run, system = runs.Run(tmp_path), too_far(0.5)
    with pytest.raises(Diverged) as caught:
        list(runs.record(system, run))
    outcome = caught.value
    assert run.info["status"] == "diverged"
    epochs = run.history["epoch"].tolist()
    assert epochs == list(range(outcome.epoch + 1))
    assert run.history["loss"][-1] == outcome.losses[-1]
    np.testing.assert_array_equal(run.model.parameters, outcome.last_good.parameters)
