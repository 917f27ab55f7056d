from __future__ import annotations

import hashlib
import json
import os
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest

import nncli
from nncli import files, runs, weights
from nncli.config import Config, Override, load_config
from nncli.errors import NncliError, RunError
from nncli.experiment import build
from nncli.runs import Run

XOR = Path(__file__).parents[1] / "configs" / "xor.yaml"


def record(folder: Path, *settings: str) -> Run:
    run = runs.create_at(folder, overwrite=False)
    config = load_config(XOR, [Override.parse(text) for text in ("training.epochs=40", *settings)])
    for _ in runs.record(build(config), run):
        pass
    return Run(folder)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return record(tmp_path / "run")


def test_model_read_back_is_the_one_trained(run: Run) -> None:
    again = weights.read_model(run.path / runs.WEIGHTS)
    assert np.array_equal(again.parameters, run.snapshots.weights[-1])
    assert again.columns == run.experiment.dataset.columns
    assert [layer.activation.name for layer in again.network.layers] == ["sigmoid", "sigmoid"]


def test_model_read_back_keeps_options_of_activations(tmp_path: Path) -> None:
    run = record(tmp_path / "run", "network.layers[0].activation={name: leaky_relu, slope: 0.3}")
    assert run.model.network.layers[0].activation.options == {"slope": 0.3}
    assert np.array_equal(
        run.model.outputs(run.experiment.dataset.X),
        run.experiment.network.predict(run.model.parameters, run.experiment.dataset.X),
    )


def test_weights_are_plain_numpy_one_row_per_neuron(run: Run) -> None:
    with np.load(run.path / runs.WEIGHTS, allow_pickle=False) as archive:
        assert archive["layers.0.weight"].shape == (4, 2)
        assert archive["layers.0.bias"].shape == (4,)
        header = json.loads(archive["header"].tobytes())
    assert header["format"] == weights.FORMAT
    assert header["columns"]["inputs"] == ["x1", "x2"]


def test_digest_is_the_one_documented(run: Run) -> None:
    with np.load(run.path / runs.WEIGHTS, allow_pickle=False) as archive:
        total = hashlib.sha256()
        for name in sorted(set(archive.files) - {"digest"}):
            array = archive[name]
            total.update(f"{name} {array.dtype.str} {array.shape}\n".encode() + array.tobytes())
        assert archive["digest"].tobytes() == total.digest()


def test_equal_arrays_give_equal_bytes_whatever_the_clock(tmp_path: Path, run: Run) -> None:
    again = record(tmp_path / "again")
    for file in (runs.WEIGHTS, runs.SNAPSHOTS, runs.HISTORY, runs.RESULTS, runs.CONFIG):
        assert (run.path / file).read_bytes() == (again.path / file).read_bytes()
    with zipfile.ZipFile(run.path / runs.WEIGHTS) as archive:
        assert {member.date_time[0] for member in archive.infolist()} == {1980}


def test_every_flipped_bit_of_a_small_model_is_noticed_or_harmless(run: Run) -> None:
    file = run.path / runs.WEIGHTS
    content, truth = file.read_bytes(), run.model.parameters
    rng = np.random.default_rng(0)
    refused = 0
    for position in rng.choice(len(content), 300, replace=False):
        damaged = bytearray(content)
        damaged[position] ^= 1 << int(rng.integers(8))
        file.write_bytes(damaged)
        try:
            assert np.array_equal(weights.read_model(file).parameters, truth)
        except RunError:
            refused += 1
    assert refused > 200


@pytest.mark.parametrize("length", [0, 1, 100, 1000])
def test_truncated_model_is_refused(run: Run, length: int) -> None:
    file = run.path / runs.WEIGHTS
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(RunError, match="damaged"):
        weights.read_model(file)


def test_pickled_member_is_never_loaded(tmp_path: Path) -> None:
    file = tmp_path / "weights.npz"
    np.savez(file, header=np.array([{"a": 1}], dtype=object), digest=np.zeros(32, np.uint8))
    with pytest.raises(RunError, match="damaged, or no file of nncli"):
        weights.read_model(file)


def forged(run: Run, **changes: np.ndarray) -> Path:
    """A file with a right digest but other content."""
    arrays = files.read_npz(run.path / runs.WEIGHTS)
    files.write_npz(run.path / runs.WEIGHTS, {**arrays, **changes})
    return run.path / runs.WEIGHTS


def header_with(run: Run, **changes: object) -> np.ndarray:
    header = json.loads(files.read_npz(run.path / runs.WEIGHTS)["header"].tobytes())
    return np.frombuffer(json.dumps({**header, **changes}).encode(), dtype=np.uint8)


def test_model_of_a_later_format_asks_for_an_update(run: Run) -> None:
    with pytest.raises(RunError, match="newer than this nncli reads") as caught:
        weights.read_model(forged(run, header=header_with(run, format=99)))
    assert caught.value.hint == "update nncli"


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("layers.0.weight", np.zeros((2, 4)), "shapes"),
        ("layers.9.weight", np.zeros((2, 4)), "shapes"),
        ("layers.0.bias", np.full(4, np.nan), "not finite"),
        ("header", np.frombuffer(b"{}", dtype=np.uint8), "header"),
        ("header", np.frombuffer(b"\xff", dtype=np.uint8), "header"),
    ],
)
def test_forged_model_is_refused(run: Run, name: str, array: np.ndarray, message: str) -> None:
    with pytest.raises(RunError, match=message):
        weights.read_model(forged(run, **{name: array}))


@pytest.mark.parametrize(
    "layers",
    [
        [],
        [{"inputs": 2, "units": 4, "bias": True, "activation": {"name": "nope", "options": {}}}],
        [{"inputs": 2, "units": 4, "bias": True, "activation": {"name": "tanh", "options": {"slope": 1.0}}}],
        [{"inputs": -2, "units": 4, "bias": True, "activation": {"name": "tanh", "options": {}}}],
        [{"inputs": 2, "units": 10**12, "bias": True, "activation": {"name": "tanh", "options": {}}}],
    ],
)
def test_header_that_no_network_fits_is_refused_before_memory_is_taken(
    run: Run, layers: list[object]
) -> None:
    with pytest.raises(RunError):
        weights.read_model(forged(run, header=header_with(run, layers=layers)))


@pytest.mark.parametrize("file", [runs.HISTORY, runs.RUN, runs.RESULTS, runs.SNAPSHOTS])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b"a,b\n1,2,3\n", b"a\nx\n"])
def test_damaged_files_are_told_with_their_path(run: Run, file: str, content: bytes) -> None:
    (run.path / file).write_bytes(content)
    readers = {
        runs.HISTORY: lambda: Run(run.path).history["loss"],
        runs.RUN: lambda: Run(run.path).info,
        runs.RESULTS: lambda: Run(run.path).results["loss"],
        runs.SNAPSHOTS: lambda: Run(run.path).snapshots,
    }
    with pytest.raises(RunError, match=file):
        readers[file]()


def test_names_under_runs_are_claimed_in_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert [runs.create("a b").path.name for _ in range(3)] == ["a b", "a b-2", "a b-3"]
    assert runs.create("../../evil").path == Path("runs/-..-evil")
    assert runs.create("..").path == Path("runs/run")


def test_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    folder.mkdir()
    files.write_text(folder / "a", "old")
    (folder / "b").mkdir()
    with pytest.raises(NncliError, match="b: cannot be written"):
        files.write_text(folder / "b", "new")  # a directory cannot be replaced by a file
    assert sorted(os.listdir(folder)) == ["a", "b"]
    assert (folder / "a").read_text() == "old"


def test_write_follows_a_link_and_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    files.write_text(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_write_goes_into_a_pipe_and_leaves_it_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    files.write_text(pipe, "through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_full_device_is_told() -> None:
    with pytest.raises(NncliError, match="/dev/full: cannot be written: No space left on device"):
        files.write_text(Path("/dev/full"), "x")


def test_command_of_any_bytes_is_recorded(tmp_path: Path) -> None:
    run = runs.create_at(tmp_path / "run", overwrite=False)
    for _ in runs.record(build(load_config(XOR, [Override.parse("training.epochs=1")])), run, ["caf\udce9"]):
        pass
    assert Run(run.path).info["command"] == ["caf\udce9"]


def test_damaged_run_does_not_hide_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in (("a", "{"), ("b", '{"started": 3}'), ("c", "[]")):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / runs.RUN).write_text(content)
    record(tmp_path / "runs" / "good")
    assert runs.find(None).name == "good"
    assert {run.name for run in runs.all_runs()} == {"a", "b", "c", "good"}


def test_two_trainings_cannot_claim_one_directory(tmp_path: Path) -> None:
    runs.create_at(tmp_path / "run", overwrite=False)
    with pytest.raises(RunError, match="in use"):
        runs.create_at(tmp_path / "run", overwrite=False)


def test_files_have_the_permissions_the_umask_asks_for(run: Run) -> None:
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((run.path / runs.WEIGHTS).stat().st_mode) == 0o666 & ~mask


def test_history_holds_what_was_measured(run: Run) -> None:
    history = run.history
    assert history["epoch"].tolist() == list(range(41))
    assert history["loss"][0] == history["loss"][1]  # full batch: epoch 1 is measured before its update
    assert np.isnan(history["gradient_norm"][0])
    assert np.isfinite(history["gradient_norm"][1:]).all()
    model = run.model
    assert (
        history["mse"][-1]
        == np.square(model.outputs(run.experiment.dataset.X) - run.experiment.dataset.Y).mean()
    )


def test_recording_nothing_leaves_empty_snapshots(tmp_path: Path) -> None:
    run = record(tmp_path / "run", "record={weights: none, errors: none}")
    assert run.snapshots.weights.shape == (0, 17)
    assert run.snapshots.errors.shape == (0, 4, 1)
    with pytest.raises(RunError, match="no weights were kept"):
        run.model_at(0)


def test_stopping_the_generator_saves_what_was_learnt(tmp_path: Path) -> None:
    run = runs.create_at(tmp_path / "run", overwrite=False)
    reports = runs.record(build(load_config(XOR)), run)
    for report in reports:
        if report.epoch == 7:
            break
    reports.close()
    again = Run(run.path)
    assert again.info["status"] == "interrupted"
    assert again.info["epochs"] == 7
    assert np.array_equal(again.model.parameters, report.state.parameters)


def test_python_users_train_predict_and_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = Config.of({"dataset": "xor", "network": {"layers": [{"units": 1}]}, "training": {"epochs": 2}})
    run = nncli.train(config)
    assert nncli.open_run().path == run.path
    assert set(run.model.predict(run.experiment.dataset.table)) == {"pred_y"}
    assert sorted(nncli.__all__) == nncli.__all__
    assert all(hasattr(nncli, name) for name in nncli.__all__)
