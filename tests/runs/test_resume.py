"""Whatever stops a training, and however often: it ends in the bytes of one that was left alone."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from nncli import runs
from nncli.config import Config, Override, load_config
from nncli.messages.errors import DivergedError, RunError
from nncli.runs import Run
from nncli.runs.identity import Data, Identity
from nncli.training import chunks
from nncli.training.divergence import Diverged
from nncli.training.experiment import build
from tests.trained import record

SAME = (runs.WEIGHTS, runs.HISTORY, runs.SNAPSHOTS, runs.CHECKPOINT, runs.RESULTS, runs.CONFIG)
LAYERS = "network: {layers: [{units: 3, activation: tanh}, {units: 1, activation: sigmoid}]}\n"
# Each leaves something else unfinished when it is stopped: an epoch, moments, a shuffled order, a slope.
CONFIGS = {
    "full batch": "dataset: xor\ntraining: {epochs: 1100}\n" + LAYERS,
    "one row at a time, shuffled, adam": "dataset: xor\noptimizer: adam\nloss: binary_cross_entropy\n"
    "training: {epochs: 1100, batch_size: 1}\n" + LAYERS,
    "batches, momentum": "dataset: {function: {inputs: {a: [-1, 1]}, targets: {y: 'a**2'}, samples: 50}}\n"
    "optimizer: {name: sgd, momentum: 0.9}\ntraining: {epochs: 300, batch_size: 7}\n"
    "network: {layers: [{units: 4, activation: tanh}, {units: 1}]}\n",
    "a schedule with warm-up, clipped": "dataset: xor\ntraining: {epochs: 300, batch_size: 3}\n"
    "optimizer: {name: rmsprop, schedule: {name: cosine, over: 250, warmup: 20}, clip_norm: 0.1}\n" + LAYERS,
    "penalties": "dataset: xor\nloss: binary_cross_entropy\ntraining: {epochs: 300, batch_size: 3}\n"
    "network: {layers: [{units: 3, activation: tanh, l1: 0.01}, {units: 1, activation: sigmoid, l2: 0.1}]}\n",
    "held out rows": "dataset: {function: {inputs: {a: [-1, 1]}, targets: {y: 'a**2'}, samples: 50},"
    " split: {validation: 0.2, test: 7}}\ntraining: {epochs: 300, batch_size: 9}\n"
    "network: {layers: [{units: 4, activation: tanh}, {units: 1}]}\nmetrics: [mae, r2]\n",
    "ended early, the best kept": "dataset: {function: {inputs: {a: [-1, 1]}, targets: {y: 'a**2'},"
    " samples: 40, noise: 0.3}, split: {validation: 0.4}}\noptimizer: {name: adam, learning_rate: 0.005}\n"
    "training: {epochs: 3000, batch_size: 5, evaluate_every: 3, early_stopping: {patience: 99}}\n"
    "network: {layers: [{units: 9, activation: tanh}, {units: 1}]}\n",
    "ended early, the best between two rows": "dataset: {columns: [x, y], rows: [[1, 0], [2, 1], [3, 1.5],"
    " [4, 5]], targets: [y], split: {validation: 0.5}}\nseed: 4\n"
    "optimizer: {name: sgd, learning_rate: 0.01}\n"
    "training: {epochs: 20000, early_stopping: {patience: 37, restore_best: false}}\n"
    "network: {layers: [{units: 4, activation: tanh}, {units: 1}]}\n",
    "ended by its loss": "dataset: xor\noptimizer: {name: sgd, learning_rate: 0.3}\n"
    "training: {epochs: 9000, batch_size: 1, stop_when: {loss_below: 0.01}}\n" + LAYERS,
    "dropout, class weights": "dataset: xor\ntraining: {epochs: 300, batch_size: 3}\n"
    "loss: {name: binary_cross_entropy, class_weight: {0: 1, 1: 2.5}}\n"
    "network: {layers: [{units: 3, activation: tanh, dropout: 0.4}, {units: 1, activation: sigmoid}]}\n",
    "finite differences": "dataset: xor\ngradient: finite_difference\ntraining: {epochs: 1100}\n" + LAYERS,
    "compiled": "dataset: xor\noptimizer: adam\n"
    "training: {epochs: 1100, batch_size: 3, engine: numba}\n" + LAYERS,
    # w is multiplied by -1.004 in each update: it diverges in epoch 1,730, between two rows of the history.
    "diverging": "dataset: {columns: [x, y], rows: [[1, 0]], targets: [y]}\n"
    "optimizer: {name: sgd, learning_rate: 1.002}\ntraining: {epochs: 3000}\n"
    "network: {layers: [{units: 1, weights: [[2.0]], bias: false}]}\nrecord: {weights: none, errors: none}\n",
    # One weight is multiplied by 0.999, the other by -1.004: the loss falls for some 2,000 epochs first.
    "diverging after its best": "dataset: {columns: [a, b, y], rows: [[1, 0, 0], [0, 44.766, 0]],"
    " targets: [y]}\nloss: {name: half_squared_error, reduction: sum}\n"
    "optimizer: {name: sgd, learning_rate: 0.001}\n"
    "training: {epochs: 9000, early_stopping: {patience: 9000}}\n"
    "network: {layers: [{units: 1, weights: [[2.0, 1e-6]], bias: false}]}\n",
}
DIVERGING = ["diverging", "diverging after its best"]


def written(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in SAME if (folder / name).exists()}


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each config trained at one go."""
    folder = tmp_path_factory.mktemp("undisturbed")
    for number, (name, text) in enumerate(CONFIGS.items()):
        (folder / f"c{number}.yaml").write_text(text)
        train(folder / f"c{number}.yaml", folder / name)
    return {name: folder / name for name in CONFIGS}


def train(config: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    with suppress(Diverged):
        list(runs.record(build(load_config(config)), Run(folder)))


def resumed(folder: Path, *settings: str) -> runs.Recording:
    config = load_config(folder / runs.CONFIG, [Override.parse(text) for text in settings])
    return runs.Recording.resumed(build(config), Run(folder))


@pytest.mark.parametrize("limit", ["SECONDS", "KEPT"])
@pytest.mark.parametrize("name", CONFIGS)
def test_stopped_at_any_report_it_ends_in_the_same_bytes(
    name: str,
    limit: str,
    undisturbed: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Chunks of a single update put reports, and with them stops, also inside epochs; others end at each
    # epoch that is due.
    monkeypatch.setattr(chunks, limit, 0)
    source = undisturbed[name].parent / f"c{list(CONFIGS).index(name)}.yaml"
    rng = random.Random(0)
    attempts = 0
    recording = runs.Recording(build(load_config(source)), Run(tmp_path))
    while True:
        reports = recording.reports()
        try:
            for _ in range(rng.randint(1, 250)):
                next(reports)
        except (StopIteration, Diverged):
            break
        reports.close()
        attempts += 1
        recording = resumed(tmp_path)
    assert attempts > 0
    assert written(tmp_path) == written(undisturbed[name])


@pytest.mark.parametrize("name", [name for name in CONFIGS if name not in DIVERGING])
@pytest.mark.parametrize("first", [0, 1, 17, 1003])
def test_raising_the_epochs_is_exact(
    name: str, first: int, undisturbed: dict[str, Path], tmp_path: Path
) -> None:
    source = undisturbed[name].parent / f"c{list(CONFIGS).index(name)}.yaml"
    total = load_config(source).training.epochs
    short = load_config(source, [Override.parse(f"training.epochs={min(first, total)}")])
    list(runs.record(build(short), Run(tmp_path)))
    list(resumed(tmp_path, f"training.epochs={total}").reports())
    assert written(tmp_path) == written(undisturbed[name])


def test_exactness_does_not_depend_on_the_cadence(tmp_path: Path) -> None:
    often = record(tmp_path / "often", "training.checkpoint_every=0")
    never = record(tmp_path / "never", "training.checkpoint_every=1e9")
    for name in set(SAME) - {runs.CONFIG}:
        assert (often.path / name).read_bytes() == (never.path / name).read_bytes()


def test_finished_run_has_nothing_left_to_do(tmp_path: Path) -> None:
    record(tmp_path / "run")
    assert resumed(tmp_path / "run").finished
    assert not resumed(tmp_path / "run", "training.epochs=41").finished


def test_run_killed_while_its_end_was_written_is_written_again(tmp_path: Path) -> None:
    run = record(tmp_path / "run")
    before = written(run.path)
    (run.path / runs.RESULTS).unlink()
    (run.path / runs.HISTORY).write_text("of an earlier checkpoint")
    (run.path / runs.RUN).write_text((run.path / runs.RUN).read_text().replace("completed", "running"))
    assert Run(run.path).status == "interrupted"
    assert list(resumed(run.path).reports()) == []
    assert written(run.path) == before
    assert Run(run.path).status == "completed"


def test_fewer_epochs_than_were_trained_are_refused(tmp_path: Path) -> None:
    record(tmp_path / "run")
    with pytest.raises(RunError, match="already trained for 40 epochs, more than 39") as caught:
        resumed(tmp_path / "run", "training.epochs=39")
    assert caught.value.hint == "set --epochs, the new total, to more than 40"


CHANGES = {
    "optimizer.learning_rate=0.2": "optimizer.learning_rate changed from 0.1 to 0.2",
    "network.layers[0].units=5": r"network.layers\[0\].units changed from 4 to 5",
    "network.layers=[{units: 1, activation: sigmoid}]": "network.layers changed from 2 entries to 1 entry",
    "network.layers[1].weights=[[1, 2, 3, 4]]": r"weights changed from not set to 1 entry",
    "seed=3": "seed.data changed from 0 to 3",
    "metrics=[mse]": "metrics changed",
    "record.history=all": "record.history changed from auto to all",
    "optimizer=adam": "optimizer.name changed from sgd to adam",
}


@pytest.mark.parametrize("setting", CHANGES)
def test_changed_config_is_refused_with_the_first_difference(tmp_path: Path, setting: str) -> None:
    record(tmp_path / "run")
    with pytest.raises(RunError, match=CHANGES[setting]):
        resumed(tmp_path / "run", setting)


@pytest.mark.parametrize("setting", ["name=other", "training.log_every=7", "training.checkpoint_every=1"])
def test_what_changes_no_number_may_change(tmp_path: Path, setting: str) -> None:
    record(tmp_path / "run")
    assert resumed(tmp_path / "run", setting).trained


TABLE = "x,z,y\n1,2,a\n2,5,b\n3,1,a\n"
DATA = {
    "x,z,y\n1,2,a\n2,6,b\n3,1,a\n": "the data: input z has changed, first in row 2",
    "x,z,y\n1,2,a\n2,5,b\n3,1,b\n": "the data: target y has changed, first in row 3",
    "x,z,y\n1,2,a\n2,5,b\n": "the data: 2 rows, trained on 3",
    "x,w,y\n1,2,a\n2,5,b\n3,1,a\n": "the data: the columns changed: input w, input z",
    "z,x,y\n2,1,a\n5,2,b\n1,3,a\n": "the data: the order of the columns changed",
    "x,z,y\n1,2,a\n2,5,c\n3,1,a\n": "the data: classes has changed",
}


@pytest.mark.parametrize("text", DATA)
def test_changed_data_are_refused_with_the_first_difference(tmp_path: Path, text: str) -> None:
    table, config = tmp_path / "t.csv", tmp_path / "c.yaml"
    table.write_text(TABLE)
    config.write_text(
        "dataset: {path: t.csv, targets: [y]}\nnetwork: {layers: [{units: 1, activation: sigmoid}]}\n"
        "training: {epochs: 3}\n"
    )
    train(config, tmp_path / "run")
    assert resumed(tmp_path / "run").finished
    table.write_text(text)
    with pytest.raises(RunError, match=DATA[text]):
        resumed(tmp_path / "run")


def test_keys_that_a_later_nncli_adds_do_not_keep_a_training_from_going_on(tmp_path: Path) -> None:
    run = record(tmp_path / "run")
    then = Identity.of(run.experiment)
    earlier = {**then.config, "optimizer": {"name": "sgd", "learning_rate": 0.1}}
    assert then.difference(then.model_copy(update={"config": earlier})) is None
    later = {**then.config, "unheard_of": 1}
    assert then.difference(then.model_copy(update={"config": later})) == (
        "unheard_of changed from 1 to not set since the checkpoint"
    )


def test_another_engine_is_another_training(tmp_path: Path) -> None:
    now = Identity.of(record(tmp_path / "run").experiment)
    then = now.model_copy(update={"engine": "abacus"})
    assert now.difference(then) == "the engine changed from abacus to python since the checkpoint"


def test_data_may_move(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TABLE)
    config = "dataset: {path: %s, targets: [y]}\nnetwork: {layers: [{units: 1, activation: sigmoid}]}\n"
    (tmp_path / "c.yaml").write_text(config % "t.csv")
    train(tmp_path / "c.yaml", tmp_path / "run")
    (tmp_path / "t.csv").rename(tmp_path / "u.csv")
    moved = load_config(tmp_path / "run" / runs.CONFIG, [Override.parse("dataset.path=../u.csv")])
    assert runs.Recording.resumed(build(moved), Run(tmp_path / "run")).finished


@pytest.mark.parametrize(
    ("dtype", "columns", "blocks"),
    [
        ("float32", ["5b47f698b62b359e", "1edfd94bfe1ac063"], [3133054594, 3657961924, 1401115375]),
        ("float64", ["c414c207281eb3ad", "2b01a3308bdce001"], [2392191993, 1783436101, 1518195529]),
    ],
)
def test_the_digests_of_data_are_those_of_earlier_runs(
    dtype: str, columns: list[str], blocks: list[int]
) -> None:
    rows = [[0.1, 2, 0.3], [-4, 5.5, 6], [7, 1e-3, 9]]
    table = {"columns": ["a", "b", "y"], "rows": rows, "targets": ["y"]}
    layers = {"layers": [{"units": 1}]}
    data = Data.of(build(Config.of({"dataset": table, "network": layers, "training": {"dtype": dtype}})))
    assert [digest[:16] for digest in data.columns.values()] == [*columns, "842f5f7d57a5d1d4"]
    assert data.blocks == blocks


def test_first_changed_block_of_many_rows_is_reported() -> None:
    def data(changed: int | None) -> Data:
        rows = [[float(row), 0.0 if row != changed else 1.0] for row in range(2500)]
        table = {"columns": ["x", "y"], "rows": rows, "targets": ["y"]}
        values = {"dataset": table, "network": {"layers": [{"units": 1}]}}
        return Data.of(build(Config.of(values)))

    assert data(2000).difference(data(None)) == "target y has changed, first in rows 1999 to 2001"


def test_diverged_run_is_not_resumed(undisturbed: dict[str, Path]) -> None:
    with pytest.raises(DivergedError, match="this run diverged and cannot be resumed"):
        resumed(undisturbed["diverging"])


def test_run_of_an_earlier_nncli_is_used_but_not_resumed(tmp_path: Path) -> None:
    shutil.copytree(Path(__file__).with_name("format-1"), tmp_path / "run")
    run = Run(tmp_path / "run")
    assert run.status == "completed"
    assert run.history["epoch"][-1] == 20
    assert np.isfinite(run.model.predict(run.experiment.rows.training.table)["proba_1"]).all()
    assert run.snapshots.weights.shape[1] == run.model.network.parameter_count
    with pytest.raises(RunError, match=r"no checkpoint.npz to resume from"):
        resumed(run.path)


# Kills


def start(folder: Path, config: Path, *more: str) -> subprocess.Popen[bytes]:
    command = ["train", str(config), "-q", "--output", str(folder), "--resume", *more]
    return subprocess.Popen(
        [sys.executable, "-m", "nncli", *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def without_cadence(files: dict[str, bytes]) -> dict[str, bytes]:
    """A training that ended before it was killed keeps how often it wrote checkpoints."""
    return {**files, runs.CONFIG: re.sub(rb"  checkpoint_every: .*\n", b"", files[runs.CONFIG])}


def kill_somewhere(folder: Path, config: Path, rng: random.Random) -> bool:
    """Kill a training, at random or as it replaces a file; whether it was still alive."""
    process = start(folder, config, "--set", "training.checkpoint_every=0.001")
    assert process.stderr is not None
    if rng.random() < 0.5:
        # Where nothing is written yet, imports take the time: wait for the directory first.
        while process.poll() is None and not folder.exists():
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.25))
    else:
        count, until = rng.randint(1, 6), time.monotonic() + 5
        while process.poll() is None and count and time.monotonic() < until:
            count -= any(folder.glob(".nncli-*"))
    alive = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.stderr.read()
    process.wait()
    process.stderr.close()
    return alive


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
@pytest.mark.parametrize("part", range(4))
def test_killed_at_any_moment_and_resumed_it_ends_in_the_same_bytes(
    part: int,
    long: bool,
    tally: Callable[[str, Counter[str]], None],
    undisturbed: dict[str, Path],
    tmp_path: Path,
) -> None:
    rng = random.Random(part)
    counts: Counter[str] = Counter()
    for number in range(50 if long else 1):
        name = rng.choice(list(CONFIGS))
        config = undisturbed[name].parent / f"c{list(CONFIGS).index(name)}.yaml"
        folder = tmp_path / str(number)
        for _ in range(rng.randint(1, 3)):
            counts["kills while it trained" if kill_somewhere(folder, config, rng) else "kills too late"] += 1
        process = start(folder, config)
        _, error = process.communicate(timeout=60)
        assert process.returncode == (3 if name in DIVERGING else 0), error.decode()
        assert without_cadence(written(folder)) == without_cadence(written(undisturbed[name])), name
        assert set(os.listdir(folder)) <= {*SAME, runs.RUN}
        counts["runs identical to the undisturbed one, without leftovers"] += 1
    tally("resumed after kill -9", counts)
