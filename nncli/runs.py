"""A run: one training kept in one directory. The owner of its file names."""

from __future__ import annotations

import csv
import io
import os
import platform
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any, Literal

import numpy as np

import nncli
from nncli import training
from nncli.config import Config, load_config
from nncli.errors import RunError
from nncli.experiment import Experiment, build
from nncli.files import make_folder, read_json, read_npz, read_text, write_json, write_npz, write_text
from nncli.model import Model
from nncli.nn.activations import Array
from nncli.training import Report
from nncli.weights import FORMAT, read_model, write_model

RUNS = Path("runs")

CONFIG, RUN, WEIGHTS, HISTORY = "config.yaml", "run.json", "weights.npz", "history.csv"
SNAPSHOTS, RESULTS, PLOTS = "snapshots.npz", "results.json", "plots"
FILES = (CONFIG, RUN, WEIGHTS, HISTORY, SNAPSHOTS, RESULTS)
PICTURES = (".svg", ".png", ".pdf", ".csv")
LONGEST_NAME = 200  # bytes; file systems allow 255, and -2, -3 ... may follow

Status = Literal["running", "completed", "diverged", "interrupted"]


@dataclass(frozen=True)
class Snapshots:
    """What was kept of the way.

    Attributes
    ----------
    weight_epochs, weights : the epochs (s,) and the parameters (s, P).
    error_epochs, errors : the epochs (e,) and the signed errors A - Y (e, rows, outputs).
    """

    weight_epochs: Array
    weights: Array
    error_epochs: Array
    errors: Array


@dataclass(frozen=True)
class Run:
    """A run directory, read when asked."""

    path: Path
    weights: str = WEIGHTS

    @property
    def name(self) -> str:
        """The directory's name."""
        return self.path.resolve().name

    @property
    def plots(self) -> Path:
        """Where pictures go."""
        return self.path / PLOTS

    @cached_property
    def info(self) -> dict[str, Any]:
        """run.json: status, versions, seed, engine, times."""
        return read_json(self.path / RUN)

    @property
    def started(self) -> str:
        """When training began, as text that sorts by time; empty where it cannot be read."""
        try:
            return str(self.info.get("started", ""))
        except RunError:
            return ""

    @cached_property
    def results(self) -> dict[str, float]:
        """results.json: the loss and the metrics of the saved weights on the training rows, by name."""
        results = read_json(self.path / RESULTS).get("train")
        if not isinstance(results, dict) or not all(
            isinstance(v, float | int | None) for v in results.values()
        ):
            raise RunError(f"{self.path / RESULTS}: damaged: it holds no results")
        return {name: float("nan") if value is None else float(value) for name, value in results.items()}

    @cached_property
    def config(self) -> Config:
        """The resolved config."""
        return load_config(self.path / CONFIG)

    @cached_property
    def experiment(self) -> Experiment:
        """The config's data and network, as they were before training."""
        return build(self.config)

    @cached_property
    def model(self) -> Model:
        """The trained network."""
        return read_model(self.path / self.weights)

    def model_at(self, epoch: int) -> Model:
        """The network as it was at a kept epoch.

        Raises
        ------
        RunError
            If its weights were not kept; the message names the nearest that were.
        """
        epochs = self.snapshots.weight_epochs
        found = np.flatnonzero(epochs == epoch)
        if not len(found):
            near = sorted(epochs.tolist(), key=lambda kept: abs(kept - epoch))[:3]
            raise RunError(
                f"{self.path}: no weights were kept at epoch {epoch}",
                hint=f"nearest: {', '.join(map(str, sorted(near)))}"
                if near
                else "set record.weights: auto and train again",
            )
        return Model(self.model.network, self.snapshots.weights[found[0]], self.model.columns)

    @cached_property
    def history(self) -> dict[str, Array]:
        """history.csv by column; a cell left empty is NaN."""
        file = self.path / HISTORY
        rows = list(csv.reader(io.StringIO(read_text(file))))
        try:
            header, *body = rows
            if header[:2] != ["epoch", "loss"]:
                raise ValueError("another header")
            columns = zip(*body, strict=True) if body else [()] * len(header)
            return {
                name: np.array([float(cell) if cell else np.nan for cell in cells])
                for name, cells in zip(header, columns, strict=True)
            }
        except ValueError:
            raise RunError(f"{file}: damaged: not the table that nncli wrote") from None

    @cached_property
    def snapshots(self) -> Snapshots:
        """What was kept of the way."""
        arrays = read_npz(self.path / SNAPSHOTS)
        try:
            return Snapshots(**arrays)
        except TypeError:
            raise RunError(f"{self.path / SNAPSHOTS}: damaged: it holds {', '.join(arrays)}") from None


@dataclass
class _Recorder:
    """Collects reports, and writes them as the files of a run."""

    run: Run
    experiment: Experiment
    rows: list[list[str]] = field(default_factory=list)
    weights: dict[int, Array] = field(default_factory=dict)
    errors: dict[int, Array] = field(default_factory=dict)

    @cached_property
    def observer(self) -> training.Observer:
        return training.Observer.of(self.experiment)

    @property
    def header(self) -> list[str]:
        return ["epoch", "loss", *self.experiment.metrics, "learning_rate", "gradient_norm"]

    def add(self, report: Report) -> None:
        if "history" in report.kept:
            values = [report.loss, *report.metrics.values(), report.learning_rate, report.gradient_norm]
            self.rows.append([str(report.epoch), *map(_cell, values)])
        if "weights" in report.kept:
            self.weights[report.epoch] = report.state.parameters
        if "errors" in report.kept:
            self.errors[report.epoch] = (report.outputs - self.experiment.dataset.Y)[:1000]

    def write(self, parameters: Array, epoch: int, info: Mapping[str, Any]) -> None:
        """Everything but config.yaml; run.json last, so that its status is true of the others."""
        path, experiment = self.run.path, self.experiment
        table = [self.header, *self.rows]
        write_text(path / HISTORY, "".join(",".join(row) + "\n" for row in table))
        model = Model(experiment.network, parameters, experiment.dataset.columns)
        write_model(path / WEIGHTS, model)
        P, n = experiment.network.parameter_count, min(len(experiment.dataset), 1000)
        write_npz(
            path / SNAPSHOTS,
            {
                "weight_epochs": np.array(list(self.weights), dtype=np.int64),
                "weights": np.array(list(self.weights.values())).reshape(-1, P),
                "error_epochs": np.array(list(self.errors), dtype=np.int64),
                "errors": np.array(list(self.errors.values())).reshape(-1, n, experiment.network.outputs),
            },
        )
        metrics = self.observer.metrics(self.observer.outputs(parameters))
        results = {"epoch": epoch, "train": {"loss": self.observer.loss(parameters), **metrics}}
        write_json(path / RESULTS, results)
        write_json(path / RUN, info)


def record(experiment: Experiment, run: Run, command: Sequence[str] = ()) -> Generator[Report]:
    """Train into a run's directory, passing reports on; the files are written however it ends.

    Raises
    ------
    training.Diverged
        After history and last good weights have been saved.
    """
    recorder = _Recorder(run, experiment)
    write_text(run.path / CONFIG, experiment.config.to_yaml(run.path))
    info: dict[str, Any] = {
        "format": FORMAT,
        "status": "running",
        "started": _now(),
        "seed": experiment.config.seed.model_dump(),
        "engine": experiment.engine_name,
        "versions": {
            "nncli": nncli.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        "command": list(command),
    }
    write_json(run.path / RUN, info)
    parameters, epoch, status = experiment.initial, 0, "interrupted"
    try:
        for report in training.train(experiment):
            recorder.add(report)
            parameters, epoch = report.state.parameters, report.epoch
            yield report
        status = "completed"
    except training.Diverged as outcome:
        status, parameters = "diverged", outcome.last_good.parameters
        epoch = outcome.last_good.update // experiment.updates_per_epoch
        first = outcome.epoch - len(outcome.losses) + 1
        known = {row[0] for row in recorder.rows}
        for position, loss in enumerate(outcome.losses.tolist()):
            if str(first + position) not in known:
                blank = [""] * (len(recorder.header) - 2)
                recorder.rows.append([str(first + position), _cell(loss), *blank])
        raise
    finally:
        recorder.write(parameters, epoch, {**info, "status": status, "ended": _now(), "epochs": epoch})


def create(name: str) -> Run:
    """A new directory under runs/: the name, or with -2, -3 ... where it is taken."""
    plain = "".join(c if c.isalnum() or c in "-_. " else "-" for c in name).strip(". ") or "run"
    safe = plain.encode()[:LONGEST_NAME].decode(errors="ignore")
    make_folder(RUNS)
    for number in count(1):
        path = RUNS / (safe if number == 1 else f"{safe}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            raise RunError(f"{path}: {error.strerror or error}") from None
        return Run(path)
    raise AssertionError("count never ends")


def create_at(path: Path, *, overwrite: bool) -> Run:
    """Exactly this directory.

    Raises
    ------
    RunError
        If it is no directory, or holds anything and `overwrite` is not given.
    """
    if os.path.lexists(path) and not os.path.isdir(path):
        raise RunError(f"{path}: is a file, not a directory")
    make_folder(path)
    if overwrite and os.path.isfile(path / RUN):
        _clear(path)
    if any(path.iterdir()):
        hint = "give another --output" + (
            "; only a run is overwritten" if overwrite else ", or --overwrite a run"
        )
        raise RunError(f"{path}: the directory is in use", hint=hint)
    try:
        (path / RUN).open("x").close()  # of two processes that find it empty, one gets it
    except FileExistsError:
        raise RunError(f"{path}: another training has just begun there") from None
    return Run(path)


def _clear(path: Path) -> None:
    """Remove a run's own files, and the pictures; run.json last, for it marks the directory as a run's."""
    pictures = [file for file in (path / PLOTS).glob("*.*") if file.suffix in PICTURES]
    try:
        for file in (*pictures, *(path / name for name in FILES if name != RUN)):
            file.unlink(missing_ok=True)
        if os.path.isdir(path / PLOTS) and not any((path / PLOTS).iterdir()):
            (path / PLOTS).rmdir()
        (path / RUN).unlink()
    except OSError as error:
        raise RunError(f"{path}: cannot be overwritten: {error.filename}: {error.strerror}") from None


def all_runs() -> list[Run]:
    """The runs under runs/, newest first."""
    found = [Run(path) for path in RUNS.iterdir() if os.path.isfile(path / RUN)] if RUNS.is_dir() else []
    return sorted(found, key=lambda run: (run.started, run.name), reverse=True)


def find(reference: str | None) -> Run:
    """The run a person means: a directory, a name under runs/, a file of weights, or nothing: the latest.

    Raises
    ------
    RunError
        If there is none; the message names those that exist.
    """
    if reference is None:
        latest = next((run for run in all_runs() if os.path.isfile(run.path / WEIGHTS)), None)
        if latest is None:
            raise RunError("no run in ./runs", hint="train one first: nncli train CONFIG")
        return latest
    given = Path(reference)
    if given.suffix == ".npz" and os.path.isfile(given):
        return Run(given.parent, given.name)
    for path in (given, RUNS / reference):
        if os.path.isfile(path / WEIGHTS):
            return Run(path)
    known = [run.name for run in all_runs()]
    listing = f"runs here: {', '.join(known)}" if known else "there are no runs in ./runs; train one first"
    raise RunError(f"{reference}: no such run", hint=listing)


def _cell(value: float) -> str:
    return "" if np.isnan(value) else repr(float(value))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
