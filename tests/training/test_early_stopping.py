"""Training ends where a plain look at its history says that it should, and keeps the weights it should."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli import runs
from nncli.config import Config, load_config
from nncli.config.schema import EarlyStoppingConfig
from nncli.inspection.reproduction import Repetition
from nncli.inspection.smoke import smoke
from nncli.messages.errors import ConfigError
from nncli.runs import Run
from nncli.training import chunks
from nncli.training.early_stopping import EarlyStopping
from nncli.training.experiment import Experiment, build

RNG = np.random.default_rng(3)
ROWS = [[x, float(x**2 + RNG.normal(0, 0.3))] for x in np.linspace(-1, 1, 40)]


def experiment(*, split: dict[str, Any] | None = None, **more: Any) -> Experiment:
    held_out = {"validation": 0.4} if split is None else split
    dataset = {"columns": ["x", "y"], "rows": ROWS, "targets": ["y"], "split": held_out}
    layers = [{"units": 12, "activation": "tanh"}, {"units": 1}]
    values = {
        "dataset": dataset,
        "network": {"layers": layers},
        "metrics": ["mae", "r2"],
        "optimizer": {"name": "adam", "learning_rate": 0.05},
        "training": {"epochs": 200, "batch_size": 5, **more},
    }
    return build(Config.of(values))


def recorded(system: Experiment, folder: Path) -> Run:
    for _ in runs.record(system, Run(folder)):
        pass
    return Run(folder)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same training to its last epoch."""
    system = experiment()
    config = system.config.changed(("record", "weights"), "all")
    return recorded(build(Config.of(config.model_dump())), tmp_path_factory.mktemp("whole"))


def expected_end(values: list[float], patience: int, min_delta: float, every: int) -> tuple[int, int]:
    """The last epoch and the best one, from a smaller-is-better column of the history."""
    best, best_epoch, waited = float("inf"), 0, 0
    for epoch in range(every, len(values), every):
        if values[epoch] < best - min_delta:
            best, best_epoch, waited = values[epoch], epoch, 0
        else:
            waited += 1
        if waited == patience:
            return epoch, best_epoch
    return len(values) - 1, best_epoch


@pytest.mark.parametrize("higher", [False, True])
def test_a_gain_counts_only_beyond_min_delta(higher: bool) -> None:
    early = EarlyStopping(
        "m", higher_is_better=higher, settings=EarlyStoppingConfig(patience=2, min_delta=0.5)
    )
    parameters = np.zeros(1)
    sign = 1.0 if higher else -1.0
    best = early.after(early.start(parameters), 0.0, 1, parameters)
    for epoch, (gain, counts) in enumerate([(0.25, False), (0.5, False), (0.75, True)], start=2):
        judged = early.after(best, sign * gain, epoch, parameters)
        assert (judged.epoch == epoch) == counts
        assert judged.waited == (0 if counts else 1)


CASES = {
    "the default": {},
    "a short patience": {"patience": 1},
    "a patience never used up": {"patience": 190},
    "small gains count for nothing": {"patience": 5, "min_delta": 0.01},
    "the loss itself": {"monitor": "loss", "patience": 2},
    "a metric of the training rows": {"monitor": "mae", "patience": 3},
    "one that is better when higher": {"monitor": "val_r2", "patience": 4},
}


@pytest.mark.parametrize("every", [None, 1, 3])
@pytest.mark.parametrize("given", CASES.values(), ids=CASES)
def test_it_ends_and_keeps_what_a_plain_loop_over_the_history_finds(
    given: dict[str, Any], every: int | None, whole: Run, tmp_path: Path
) -> None:
    monitor = given.get("monitor", "val_loss")
    sign = -1 if monitor == "val_r2" else 1
    values = (sign * whole.history[monitor]).tolist()
    end, best = expected_end(values, given.get("patience", 10), given.get("min_delta", 0.0), every or 1)
    run = recorded(experiment(early_stopping=given, evaluate_every=every), tmp_path)
    assert (run.info["epochs"], run.epoch) == (end, best)
    assert run.info.get("ended_by") == ("early_stopping" if end < 200 else None)
    assert np.array_equal(run.model.parameters, whole.snapshots.weights[best])
    assert run.history["epoch"][-1] == end
    assert run.results_by_part["validation"]["loss"] == pytest.approx(
        whole.history["val_loss"][best], rel=1e-12
    )


def test_the_cases_end_early_and_late(whole: Run) -> None:
    losses = whole.history["val_loss"].tolist()
    assert expected_end(losses, 10, 0.0, 1)[0] < 200 == expected_end(losses, 190, 0.0, 1)[0]


def test_without_restoring_the_last_weights_are_saved(whole: Run, tmp_path: Path) -> None:
    run = recorded(experiment(early_stopping={"restore_best": False}), tmp_path)
    end, best = expected_end(whole.history["val_loss"].tolist(), 10, 0.0, 1)
    assert run.epoch == end > best
    assert np.array_equal(run.model.parameters, whole.snapshots.weights[end])


def test_without_validation_rows_the_loss_is_watched() -> None:
    early = experiment(split={}, early_stopping={}).early_stopping
    assert early is not None
    assert early.monitor == "loss"


def test_what_is_no_number_is_no_improvement_and_nothing_to_restore() -> None:
    early, start = EarlyStopping("val_auc", True, EarlyStoppingConfig(patience=2)), np.zeros(1)
    best = early.start(start)
    for epoch in (1, 2):
        assert not early.is_exhausted(best)
        best = early.after(best, float("nan"), epoch, np.ones(1))
    assert early.is_exhausted(best)
    last = np.full(1, 9.0)
    assert early.restored(best, last) is last


@pytest.mark.parametrize("chunk", [1e-9, 0.5])
@pytest.mark.parametrize("below", [0.2, 0.13])
def test_the_first_epoch_below_a_loss_ends_it(
    below: float, chunk: float, whole: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "SECONDS", chunk)
    run = recorded(experiment(stop_when={"loss_below": below}), tmp_path)
    end = int(np.flatnonzero(whole.history["loss"] < below)[0])
    assert (run.info["epochs"], run.info["ended_by"]) == (end, "stop_when")
    assert np.array_equal(run.model.parameters, whole.snapshots.weights[end])
    assert run.history["loss"].tolist() == whole.history["loss"][: end + 1].tolist()


def test_a_loss_that_is_met_between_two_rows_of_the_history_ends_it_there(tmp_path: Path) -> None:
    values = {
        "dataset": {"columns": ["x", "y"], "rows": [[1.0, 0.0]], "targets": ["y"]},
        "network": {"layers": [{"units": 1, "weights": [[2.0]], "bias": False}]},
        "optimizer": {"name": "sgd", "learning_rate": 0.0005},
        "training": {"epochs": 9000, "stop_when": {"loss_below": 1e-4}},
        "record": {"weights": "none", "errors": "none"},
    }
    run = recorded(build(Config.of(values)), tmp_path)
    # w is multiplied by 1 - 2 * 0.0005 in each update; the loss of epoch k is (2 * 0.999^(k - 1))^2.
    end = next(k for k in range(1, 9000) if (2 * 0.999 ** (k - 1)) ** 2 < 1e-4)
    assert end % 10
    assert run.history["epoch"].tolist()[-2:] == [end // 10 * 10, end]


def test_metrics_and_validation_are_measured_as_often_as_asked(tmp_path: Path) -> None:
    run = recorded(experiment(evaluate_every=30), tmp_path)
    for name in ("mae", "val_loss", "val_r2"):
        measured = run.history["epoch"][np.isfinite(run.history[name])]
        assert measured.tolist() == [0, 30, 60, 90, 120, 150, 180]
    assert np.isfinite(run.history["loss"]).all()


@pytest.mark.parametrize(
    "training_",
    [
        {"early_stopping": {"patience": 4}},
        {"stop_when": {"loss_below": 0.15}},
        {"early_stopping": {"patience": 190}},
    ],
    ids=str,
)
def test_a_run_that_ended_early_is_repeated_to_the_last_bit(
    training_: dict[str, Any], tmp_path: Path
) -> None:
    repetition = Repetition(recorded(experiment(**training_), tmp_path))
    list(repetition.reports())
    assert repetition.outcome().identical


def late(**more: Any) -> Experiment:
    """A training whose best epoch lies between two rows of the history."""
    rows = [[1, 0], [2, 1], [3, 1.5], [4, 5]]
    dataset = {"columns": ["x", "y"], "rows": rows, "targets": ["y"], "split": {"validation": 0.5}}
    values = {
        "seed": 4,
        "dataset": dataset,
        "network": {"layers": [{"units": 4, "activation": "tanh"}, {"units": 1}]},
        "optimizer": {"name": "sgd", "learning_rate": 0.01},
        "training": {"epochs": 20_000, "early_stopping": {"patience": 37, **more}},
        "record": {"weights": "none", "errors": "none"},
    }
    return build(Config.of(values))


@pytest.mark.parametrize("restore_best", [True, False])
def test_the_history_has_a_row_of_the_best_epoch_and_run_json_names_it(
    restore_best: bool, tmp_path: Path
) -> None:
    run = recorded(late(restore_best=restore_best), tmp_path)
    epochs, best, end = run.history["epoch"], run.info["best_epoch"], run.info["epochs"]
    assert best > 1000
    assert best % 10
    assert run.epoch == (best if restore_best else end)
    assert epochs[epochs > 1000].tolist() == sorted({*range(1010, end, 10), best, end})
    row = int(np.flatnonzero(epochs == best)[0])
    assert run.history["val_loss"][row] == np.nanmin(run.history["val_loss"])
    repetition = Repetition(Run(tmp_path))
    list(repetition.reports())
    assert repetition.outcome().identical


@pytest.mark.parametrize("restore_best", [True, False])
def test_smoke_expects_the_weights_that_are_saved(restore_best: bool) -> None:
    # w is multiplied by -1.2 in each update: the second epoch is worse than the first.
    rows = [[1.0, 0.0]] * 4
    values = {
        "dataset": {"columns": ["x", "y"], "rows": rows, "targets": ["y"], "split": {"validation": 0.5}},
        "network": {"layers": [{"units": 1, "weights": [[2.0]], "bias": False}]},
        "optimizer": {"name": "sgd", "learning_rate": 1.1},
        "training": {"early_stopping": {"restore_best": restore_best}},
    }
    result = smoke(build(Config.of(values)))
    assert result.metrics["mse"] == pytest.approx((2 * 1.2 ** (1 if restore_best else 2)) ** 2)


def test_a_run_that_would_not_end_there_now_is_reported(tmp_path: Path) -> None:
    run = recorded(experiment(early_stopping={"patience": 4}), tmp_path)
    text = (tmp_path / runs.CONFIG).read_text()
    (tmp_path / runs.CONFIG).write_text(text.replace("patience: 4", "patience: 5"))
    repetition = Repetition(Run(tmp_path))
    list(repetition.reports())
    said = f"training originally ended by early_stopping at epoch {run.info['epochs']}, but now does not"
    assert repetition.outcome().mismatch == said


@pytest.mark.parametrize("epochs", [200, 500])
def test_a_run_that_ended_early_has_nothing_left_to_do(epochs: int, tmp_path: Path) -> None:
    run = recorded(experiment(early_stopping={"patience": 4}), tmp_path)
    before = {name: (tmp_path / name).read_bytes() for name in (runs.WEIGHTS, runs.HISTORY)}
    config = load_config(tmp_path / runs.CONFIG).changed(("training", "epochs"), epochs)
    recording = runs.Recording.resumed(build(config), Run(tmp_path))
    assert recording.finished
    assert recording.progress.ended == "early_stopping"
    assert list(recording.reports()) == []
    assert before == {name: (tmp_path / name).read_bytes() for name in before}
    assert json.loads((tmp_path / runs.RUN).read_text())["epochs"] == run.info["epochs"]


@pytest.mark.parametrize(
    ("monitor", "split", "said"),
    [
        ("val_los", {"validation": 0.2}, "did you mean val_loss"),
        ("val_loss", {}, "hold out validation rows: dataset.split.validation: 0.2"),
        ("val_los", {}, "did you mean val_loss? hold out validation rows: dataset.split"),
        ("accuracy", {"validation": 0.2}, "measured: loss, mae, r2"),
    ],
)
def test_what_is_not_measured_cannot_be_watched(monitor: str, split: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=f"'{monitor}' is not measured") as caught:
        experiment(split=split, early_stopping={"monitor": monitor})
    assert said in str(caught.value.hint)
