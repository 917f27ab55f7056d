"""What training again says of a run: identical, or where, by how much, and whether that is too much."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import nncli
from nncli import runs
from nncli.config import Override, load_config
from nncli.inspection.reproduction import TOLERANCE, Repetition, Reproduction
from nncli.messages.errors import DataError, RunError
from nncli.runs import Run
from nncli.runs.owner import owned
from nncli.runs.weights import write_model
from nncli.scaffold import templates
from nncli.storage.npz import read_npz, write_npz
from nncli.training import chunks
from nncli.training.divergence import Diverged
from nncli.training.experiment import build
from tests.trained import record, xor

CONFIGS = Path(__file__).parents[2] / "configs"
KINDS = {
    "shuffled batches": ["training.batch_size=3"],
    "batches in order, adam": ["training.batch_size=1", "training.shuffle=false", "optimizer=adam"],
    "momentum": ["optimizer={name: sgd, momentum: 0.9, nesterov: true}"],
    "finite differences": ["gradient=finite_difference"],
    "everything kept": ["record={history: all, weights: all, errors: all}"],
    "no snapshots": ["record={history: auto, weights: none, errors: none}"],
    "scheduled": ["optimizer={name: sgd, schedule: {name: cosine, over: 40, warmup: 3}}"],
    "no epoch": ["training.epochs=0"],
}
# w is multiplied by -1.004 in each update: the loss passes its limit after epoch 1,730, between two rows
# of the history, and is measured in epoch 1,732.
DIVERGING = (
    "dataset: {columns: [x, y], rows: [[1, 0]], targets: [y]}\n"
    "optimizer: {name: sgd, learning_rate: 1.002}\ntraining: {epochs: 3000}\n"
    "network: {layers: [{units: 1, weights: [[2.0]], bias: false}]}\n"
)


def again(folder: Path) -> Reproduction:
    return nncli.reproduce(Run(folder))


def change_info(folder: Path, **values: object) -> None:
    info = json.loads((folder / runs.RUN).read_text())
    kept = {key: value for key, value in {**info, **values}.items() if value is not None}
    (folder / runs.RUN).write_text(json.dumps(kept))


def change_weight(folder: Path, position: int, by: float) -> None:
    """A saved weight, under a digest that is right."""
    model = Run(folder).model
    parameters = model.parameters.copy()
    parameters[position] += by
    write_model(folder / runs.WEIGHTS, replace(model, parameters=parameters))


def change_snapshot(folder: Path, name: str, entry: tuple[int, ...], value: float) -> None:
    arrays = {key: array.copy() for key, array in read_npz(folder / runs.SNAPSHOTS).items()}
    arrays[name][entry] = value
    write_npz(folder / runs.SNAPSHOTS, arrays)


def change_history(folder: Path, change: Callable[[list[str]], None]) -> None:
    rows = (folder / runs.HISTORY).read_text().splitlines(keepends=True)
    change(rows)
    (folder / runs.HISTORY).write_text("".join(rows))


def stop(folder: Path, monkeypatch: pytest.MonkeyPatch, reports: int, *settings: str) -> Run:
    """A training stopped at a report; chunks of a single update put some inside epochs."""
    monkeypatch.setattr(chunks, "SECONDS", 1e-9)
    folder.mkdir(exist_ok=True)
    stream = runs.record(xor(*settings), Run(folder))
    for _ in range(reports):
        next(stream)
    stream.close()
    monkeypatch.undo()
    return Run(folder)


@pytest.fixture
def diverged(tmp_path: Path) -> Path:
    (tmp_path / "c.yaml").write_text(DIVERGING)
    folder = tmp_path / "diverged"
    folder.mkdir()
    with pytest.raises(Diverged):
        list(runs.record(build(load_config(tmp_path / "c.yaml")), Run(folder)))
    return folder


@pytest.mark.parametrize("template", templates.names())
def test_each_shipped_config_is_trained_again_to_the_last_bit(template: str, tmp_path: Path) -> None:
    few = [Override.parse("training.epochs=40")]
    with runs.create_at(tmp_path / "run", overwrite=False) as run, suppress(Diverged):
        list(runs.record(build(load_config(CONFIGS / f"{template}.yaml", few)), run))
    assert again(tmp_path / "run").identical


@pytest.mark.parametrize("kind", KINDS)
def test_each_way_to_train_is_repeated_to_the_last_bit(kind: str, tmp_path: Path) -> None:
    record(tmp_path / "run", *KINDS[kind])
    before = {path: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    outcome = again(tmp_path / "run")
    assert outcome.identical
    assert outcome.within(0)
    assert outcome.epochs == Run(tmp_path / "run").info["epochs"]
    assert {path: path.read_bytes() for path in (tmp_path / "run").iterdir()} == before


@pytest.mark.parametrize(
    ("position", "tensor", "index"),
    [
        (0, "layers.0.weight", (0, 0)),
        (3, "layers.0.weight", (1, 0)),
        (5, "layers.0.bias", (1,)),
        (15, "layers.1.weight", (0, 3)),
        (16, "layers.1.bias", (0,)),
    ],
)
def test_changed_weight_is_named(run: Run, position: int, tensor: str, index: tuple[int, ...]) -> None:
    change_weight(run.path, position, by=0.25)
    outcome = again(run.path)
    found = outcome.first
    assert found is not None
    assert (found.epoch, found.file, found.tensor, found.index) == (40, runs.WEIGHTS, tensor, index)
    assert found.before == Run(run.path).model.parameters[position]
    assert found.now == run.snapshots.weights[-1][position]
    assert found.difference == abs(found.now - found.before)
    assert found.relative == found.difference / np.abs(Run(run.path).model.parameters).max()
    assert outcome.worst == outcome.final == found
    assert not outcome.identical


def test_difference_is_judged_by_the_largest_weight_and_the_limit(run: Run) -> None:
    largest = np.abs(run.model.parameters).max()
    change_weight(run.path, 3, by=largest * 1e-10)
    outcome = again(run.path)
    assert outcome.within(TOLERANCE)
    assert outcome.within(2e-10)
    assert not outcome.within(1e-11)
    assert not outcome.within(0)


def test_zero_of_another_sign_is_another_bit(tmp_path: Path) -> None:
    run = record(tmp_path / "run", "training.epochs=0", "network.bias_init=zeros")
    parameters = run.model.parameters.copy()
    parameters[2] = -0.0
    write_model(run.path / runs.WEIGHTS, replace(run.model, parameters=parameters))
    outcome = again(run.path)
    assert outcome.first is not None
    assert outcome.first.tensor == "layers.0.bias"
    assert outcome.worst is not None
    assert outcome.worst.relative == 0.0
    assert not outcome.within(0)
    assert outcome.within(1e-300)


def test_first_epoch_that_differs_is_reported_before_the_worst(run: Run) -> None:
    weights = run.snapshots.weights
    assert run.snapshots.weight_epochs[[5, 9]].tolist() == [5, 9]
    change_snapshot(run.path, "weights", (5, 3), weights[5, 3] + 1e-12)
    change_snapshot(run.path, "weights", (9, 4), weights[9, 4] + 0.5)
    outcome = again(run.path)
    assert outcome.first is not None
    assert (outcome.first.epoch, outcome.first.tensor, outcome.first.index) == (5, "layers.0.weight", (1, 0))
    assert outcome.worst is not None
    assert (outcome.worst.epoch, outcome.worst.index) == (9, (1, 1))
    assert outcome.worst.file == runs.SNAPSHOTS
    assert outcome.final is None


def test_changed_error_is_reported_with_its_row(run: Run) -> None:
    change_snapshot(run.path, "errors", (7, 2, 0), 3.0)
    found = again(run.path).first
    assert found is not None
    assert (found.epoch, found.tensor, found.index, found.before) == (7, "errors", (2, 0), 3.0)
    assert found.relative == found.difference / 3.0


def test_error_of_a_good_fit_is_judged_by_the_targets(run: Run) -> None:
    error = run.snapshots.errors[7, 2, 0]
    change_snapshot(run.path, "errors", (7, 2, 0), error + 1e-4)
    found = again(run.path).first
    assert np.abs(run.snapshots.errors[7]).max() < 0.9  # and the largest target is 1
    assert found is not None
    assert found.relative == found.difference


def test_changed_cell_of_the_history_is_reported_with_its_column(run: Run) -> None:
    def change(rows: list[str]) -> None:
        epoch, loss, mse, *rest = rows[13].split(",")
        rows[13] = ",".join([epoch, loss, repr(float(mse) * 1.5), *rest])

    mse = run.history["mse"]
    change_history(run.path, change)
    found = again(run.path).first
    assert found is not None
    assert (found.epoch, found.file, found.tensor, found.index) == (12, runs.HISTORY, "mse", ())
    assert (found.before, found.now) == (mse[12] * 1.5, mse[12])
    assert found.relative == pytest.approx(found.difference / max(mse[:12].max(), mse[12] * 1.5))


def test_number_where_there_was_none_is_no_small_difference(run: Run) -> None:
    change_history(run.path, lambda rows: rows.__setitem__(1, rows[1].rstrip("\n") + "0.5\n"))
    outcome = again(run.path)
    assert outcome.first is not None
    assert (outcome.first.tensor, outcome.first.relative) == ("gradient_norm", np.inf)
    assert not outcome.within(1e300)


ROWS: dict[str, Callable[[list[str]], None]] = {
    "history.csv: epoch 6 instead of epoch 5": lambda rows: rows.__delitem__(6),
    "history.csv: nothing instead of epoch 40": lambda rows: rows.__delitem__(-1),
    "history.csv: epoch 4 instead of epoch 5": lambda rows: rows.insert(6, rows[5]),
    "history.csv: epoch 40, which training does not give": lambda rows: rows.append(rows[-1]),
}


@pytest.mark.parametrize("reported", ROWS)
def test_rows_missing_or_too_many_are_within_no_tolerance(reported: str, run: Run) -> None:
    change_history(run.path, ROWS[reported])
    change_weight(run.path, 3, by=1e-15)
    outcome = again(run.path)
    assert outcome.mismatch == reported
    assert not outcome.identical
    assert not outcome.within(1e300)


def test_another_config_is_another_training(run: Run) -> None:
    text = (run.path / runs.CONFIG).read_text()
    (run.path / runs.CONFIG).write_text(text.replace("learning_rate: 0.1", "learning_rate: 0.11"))
    outcome = again(run.path)
    assert outcome.first is not None
    assert outcome.first.epoch == 0  # the column learning_rate
    assert outcome.final is not None
    assert outcome.final.relative > 1e-3


@pytest.mark.parametrize("values", [{"units: 4": "units: 5"}, {"[mse, accuracy]": "[mse]"}])
def test_files_of_another_config_are_refused(values: dict[str, str], run: Run) -> None:
    text = (run.path / runs.CONFIG).read_text()
    for before, now in values.items():
        text = text.replace(before, now)
    (run.path / runs.CONFIG).write_text(text)
    with pytest.raises(RunError, match=r"do(es)? not match"):
        again(run.path)


def test_weights_of_another_network_are_refused(run: Run, tmp_path: Path) -> None:
    other = record(tmp_path / "other", "network.layers=[{units: 1, activation: sigmoid}]")
    shutil.copy(other.path / runs.WEIGHTS, run.path)
    with pytest.raises(RunError, match=r"weights\.npz: belongs to another run"):
        again(run.path)


def test_snapshots_of_another_network_are_refused(run: Run, tmp_path: Path) -> None:
    other = record(tmp_path / "other", "network.layers=[{units: 1, activation: sigmoid}]")
    shutil.copy(other.path / runs.SNAPSHOTS, run.path)
    with pytest.raises(RunError, match=r"snapshots\.npz: belongs to another run"):
        again(run.path)


@pytest.mark.parametrize("epoch", ["", "nan", "1e300", "12.5"])
def test_row_of_no_epoch_is_damage(epoch: str, run: Run) -> None:
    change_history(run.path, lambda rows: rows.__setitem__(13, epoch + rows[13][2:]))
    with pytest.raises(RunError, match=r"history\.csv: damaged: an epoch is not an integer"):
        again(run.path)


def test_divergence_after_the_last_epoch_is_not_waited_for(run: Run) -> None:
    change_info(run.path, status="diverged")
    change_history(run.path, lambda rows: rows.__setitem__(-1, "1000000" + rows[-1][2:]))
    outcome = again(run.path)
    assert outcome.mismatch == "history.csv: epoch 1e+06 instead of epoch 40"
    assert outcome.scope.startswith("training diverges at epoch 40 again, ")


def test_losses_that_are_no_numbers_are_the_same(tmp_path: Path) -> None:
    # silu(-inf) is -inf * 0, which processors give another sign than the one read from an empty cell.
    (tmp_path / "c.yaml").write_text(
        "dataset: {columns: [a, y], rows: [[1.0e+308, 0]], targets: [y]}\n"
        "network: {layers: [{units: 1, activation: silu, weights: [[-2.0]], bias: false}]}\n"
    )
    with runs.create_at(tmp_path / "run", overwrite=False) as run, suppress(Diverged):
        list(runs.record(build(load_config(tmp_path / "c.yaml")), run))
    assert np.isnan(Run(tmp_path / "run").history["loss"]).any()
    assert again(tmp_path / "run").identical


def test_changed_data_are_reported_before_anything_is_trained(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("x1,x2,y\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n")
    run = record(tmp_path / "run", f"dataset={{path: {table}, targets: [y]}}")
    assert again(run.path).identical
    assert run.changed_data is None
    table.write_text("x1,x2,y\n0,0,0\n0,1,1\n1,0,1\n1,2,0\n")
    assert Run(run.path).changed_data == "input x2 has changed"
    with pytest.raises(DataError, match="the data have changed since training: input x2 has changed"):
        Repetition(Run(run.path))


@pytest.mark.parametrize("data", ["rows", ["rows"], {"rows": 4}, {"rows": "4", "columns": {}}])
def test_unreadable_word_on_the_data_is_damage(data: object, run: Run) -> None:
    change_info(run.path, data=data)
    with pytest.raises(RunError, match=r"run\.json: damaged: the description of the data is missing"):
        again(run.path)


@pytest.mark.parametrize("epochs", ["40", -1, 4.5, True, None])
def test_unreadable_number_of_epochs_is_damage(epochs: object, run: Run) -> None:
    change_info(run.path, epochs=epochs)
    with pytest.raises(
        RunError, match=r"run\.json: damaged: (epochs has an invalid value|the number of epochs is missing)"
    ):
        again(run.path)


@pytest.mark.parametrize("count", ["2", 0, True, 1.0])
def test_unreadable_number_of_threads_is_damage(count: object, run: Run) -> None:
    change_info(run.path, threads=count)
    with pytest.raises(RunError, match=r"run\.json: damaged: threads has an invalid value"):
        again(run.path)


def test_it_runs_on_as_many_threads_as_before(run: Run) -> None:
    assert Repetition(run).experiment.threads == 1
    change_info(run.path, threads=2)
    assert Repetition(Run(run.path)).experiment.threads == 2


def test_diverged_run_diverges_again_to_the_last_bit(diverged: Path) -> None:
    outcome = again(diverged)
    assert outcome.identical
    assert outcome.scope == (
        "training diverges at epoch 1732 again, with the same history, snapshots and weights of epoch 1730"
    )


def test_losses_that_led_to_the_divergence_are_compared(diverged: Path) -> None:
    def change(rows: list[str]) -> None:
        assert rows[-2].startswith("1731,")
        rows[-2] = rows[-2].replace("1731,", "1731,1", 1)

    change_history(diverged, change)
    found = again(diverged).first
    assert found is not None
    assert (found.epoch, found.tensor) == (1731, "loss")


def test_another_end_is_within_no_tolerance(diverged: Path, run: Run) -> None:
    change_history(diverged, lambda rows: rows.pop())
    assert again(diverged).mismatch == "training originally diverged at epoch 1731, but now does not"
    text = (diverged / runs.CONFIG).read_text()
    (diverged / runs.CONFIG).write_text(text.replace("learning_rate: 1.002", "learning_rate: 1.02"))
    outcome = again(diverged)
    assert outcome.mismatch is not None
    assert outcome.mismatch.startswith("training now diverges at epoch 17")
    assert not outcome.within(1e300)


def test_completed_run_that_diverges_now_is_reported(tmp_path: Path, diverged: Path) -> None:
    change_info(diverged, status="completed", epochs=3000)
    outcome = again(diverged)
    assert outcome.mismatch == "training now diverges at epoch 1732"
    assert not outcome.within(1e300)


def test_last_good_weights_of_another_epoch_are_reported(diverged: Path) -> None:
    change_info(diverged, epochs=1700)
    assert again(diverged).mismatch == "weights.npz: the last good epoch was 1700, and is now 1730"


@pytest.mark.parametrize("reports", [1, 2, 4, 6, 11, 57, 120])
@pytest.mark.parametrize("batch", [1, 4])
def test_stopped_run_is_repeated_as_far_as_it_came(
    reports: int, batch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = [f"training.batch_size={batch}", "optimizer=adam", "training.epochs=400"]
    run = stop(tmp_path, monkeypatch, reports, *settings)
    assert run.status == "interrupted"
    outcome = again(run.path)
    assert outcome.identical
    # The first report is before training; each one after it stands one update further.
    epochs, more = divmod(reports - 1, 4 // batch)
    assert outcome.epochs == epochs
    assert outcome.scope.startswith(f"{epochs} epoch")
    assert ("update" in outcome.scope) == (more > 0)
    change_weight(run.path, 3, by=0.25)
    assert not again(run.path).identical


def test_run_killed_between_two_files_is_compared_by_its_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = stop(tmp_path, monkeypatch, 50, "training.batch_size=1", "training.epochs=400")
    change_info(run.path, status="running", epochs=None)
    (run.path / runs.HISTORY).write_text("of an earlier checkpoint")
    repetition = Repetition(Run(run.path))
    assert repetition.notes == [
        "training was killed; comparing with checkpoint.npz, from which resume continues"
    ]
    list(repetition.reports())
    assert repetition.outcome().identical
    assert repetition.outcome().epochs == 12


def test_stopped_run_without_a_checkpoint_is_compared_where_its_end_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = stop(tmp_path / "full", monkeypatch, 9, "training.epochs=400")
    inside = stop(tmp_path / "inside", monkeypatch, 9, "training.epochs=400", "training.batch_size=3")
    for run in (full, inside):
        (run.path / runs.CHECKPOINT).unlink()
        change_weight(run.path, 3, by=0.25)
    assert not again(full.path).identical
    outcome = again(inside.path)
    assert outcome.identical
    assert outcome.scope == "4 epochs, history and snapshots"
    (note,) = Repetition(Run(inside.path)).notes
    assert note.startswith("interrupted by an older version of nncli, perhaps within an epoch")


def test_run_of_an_earlier_nncli_is_repeated_without_a_word_on_its_data(tmp_path: Path) -> None:
    shutil.copytree(Path(__file__).parents[1] / "runs" / "format-1", tmp_path / "run")
    repetition = Repetition(Run(tmp_path / "run"))
    assert repetition.notes == [
        "an older version of nncli trained it and did not record its data: changes go undetected"
    ]
    list(repetition.reports())
    outcome = repetition.outcome()
    assert outcome.within(TOLERANCE)  # made on another machine
    assert outcome.mismatch is None


def test_run_that_is_being_trained_is_left_alone(run: Run) -> None:
    change_info(run.path, status="running")
    with owned(run.path), pytest.raises(RunError, match="training is still running"):
        again(run.path)


def test_what_differs_in_versions_is_reported(run: Run) -> None:
    now = run.info["versions"]
    change_info(run.path, versions={**now, "numpy": "1.0"}, engine="abacus")
    outcome = again(run.path)
    assert outcome.versions == {"numpy": ("1.0", now["numpy"]), "engine": ("abacus", "python")}
    assert outcome.identical


def test_float32_is_repeated_to_the_last_bit(tmp_path: Path) -> None:
    run = record(tmp_path / "run", "training.dtype=float32", "network.layers[0].units=3")
    assert run.model.parameters.dtype == np.float32
    assert run.model.network.parameter_count % 2 == 1
    assert again(run.path).identical
    change_weight(run.path, 3, by=0.25)
    assert not again(run.path).within(1e-3)
