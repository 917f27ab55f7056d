"""A run: one training in one directory, read on demand."""

from __future__ import annotations

import hashlib
import os
import platform
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import NoneType
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nncli.config import Config, load_config
from nncli.messages.errors import RunError
from nncli.messages.wording import measured, shown
from nncli.nn.arrays import Array
from nncli.nn.network import Network
from nncli.runs.identity import Data
from nncli.runs.owner import is_owned
from nncli.runs.weights import FORMAT, read_model
from nncli.storage.files import opened_text, read_json
from nncli.storage.npz import read_npz
from nncli.training.baselines import BASELINE, LINEAR
from nncli.training.experiment import Experiment, build
from nncli.training.model import Model
from nncli.version import VERSION

CONFIG, RUN, WEIGHTS, HISTORY = "config.yaml", "run.json", "weights.npz", "history.csv"
SNAPSHOTS, CHECKPOINT, RESULTS = "snapshots.npz", "checkpoint.npz", "results.json"
THRESHOLD, ERRORS, PLOTS, REPORT = "threshold.json", "error.log", "plots", "report.html"

PARTS = ("train", "validation", "test")
Status = Literal["running", "completed", "diverged", "interrupted"]


def versions() -> dict[str, str]:
    """The versions that decide the last digits, besides config, data and machine."""
    return {"nncli": VERSION, "numpy": np.__version__, "python": platform.python_version()}


def config_digest(text: str) -> str:
    """SHA-256 of config.yaml, for run.json: whether it is still as nncli wrote it."""
    return hashlib.sha256(text.encode()).hexdigest()


class _Info(BaseModel):
    """The types of run.json's values; any may be missing, as of an earlier nncli, and others be there."""

    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)

    status: str | None = None
    started: str | None = None
    format: int | None = None
    engine: str | None = None
    threads: int | None = Field(None, ge=1)
    epochs: int | None = Field(None, ge=0)
    best_epoch: int | None = Field(None, ge=0)
    seconds: float | None = Field(None, ge=0)
    ended_by: str | None = None
    versions: dict[str, str] | None = None
    command: list[str] | None = None
    config: str | None = None
    identity: str | None = None


class _SnapshotsHeader(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    format: int
    identity: str


def snapshots_header(identity: str) -> Array:
    """The header of snapshots.npz, which says what training they are of."""
    header = _SnapshotsHeader(format=FORMAT, identity=identity)
    return np.frombuffer(header.model_dump_json().encode(), dtype=np.uint8)


@dataclass(frozen=True)
class Snapshots:
    """Snapshots of weights and errors.

    Attributes
    ----------
    weight_epochs, weights : the epochs (s,) and the parameters (s, P).
    error_epochs, errors : the epochs (e,) and the signed errors A - Y (e, rows, outputs).
    """

    weight_epochs: Array
    weights: Array
    error_epochs: Array
    errors: Array

    def fit(self, network: Network) -> bool:
        """Tell whether the shapes are those of this network's snapshots, and the epochs ascend."""
        epochs = (self.weight_epochs, self.error_epochs)
        ascend = all(each.ndim == 1 and (np.diff(each) > 0).all() for each in epochs)
        weights, errors = self.weights.shape, self.errors.shape
        return (
            ascend
            and weights == (len(self.weight_epochs), network.parameter_count)
            and len(errors) == 3
            and (errors[0], errors[2]) == (len(self.error_epochs), network.outputs)
        )


@dataclass(frozen=True)
class Run:
    """A run directory, read when asked."""

    path: Path
    weights: str = WEIGHTS

    def __repr__(self) -> str:
        facts = [f"{name} {value}" for name, value in self._summary().items()]
        return f"<Run {self.path}: {', '.join(facts)}>"

    def _repr_html_(self) -> str:
        from nncli.messages.notebook import html_table  # brings html, which only notebooks need

        return html_table({"run": str(self.path), **self._summary()}.items())

    def _summary(self) -> dict[str, str]:
        """Return the facts to show first; those that cannot be read are left out."""
        facts = {"status": str(self.readable_info.get("status", "unknown"))}
        if "epochs" in self.readable_info:
            facts["epochs"] = f"{self.readable_info['epochs']:,}"
        with suppress(RunError):
            facts |= {name: measured(value) for name, value in self.results.items()}
        return facts

    @property
    def name(self) -> str:
        """The directory's name."""
        return self.path.resolve().name

    @property
    def plots(self) -> Path:
        """The directory of the pictures."""
        return self.path / PLOTS

    @cached_property
    def info(self) -> dict[str, Any]:
        """run.json: status, versions, seed, engine, times; without what is null.

        Raises
        ------
        RunError
            If it cannot be read, or a value is of another type than nncli writes.
        """
        file = self.path / RUN
        stored = read_json(file)
        try:
            _Info.model_validate(stored)
        except ValidationError as error:
            key = ".".join(map(str, error.errors()[0]["loc"]))
            raise RunError(f"{file}: damaged: {shown(key)} has an invalid value", hint=_ANEW) from None
        return {key: value for key, value in stored.items() if value is not None}

    @property
    def readable_info(self) -> dict[str, Any]:
        """The same, empty where it cannot be read."""
        try:
            return self.info
        except RunError:
            return {}

    @property
    def begun(self) -> bool:
        """Tell whether it holds anything trained."""
        return any((self.path / name).is_file() for name in (CHECKPOINT, WEIGHTS))

    @property
    def status(self) -> str:
        """As run.json has it; a training whose process died without a word was interrupted too."""
        status = str(self.info.get("status"))
        return "interrupted" if status == "running" and not is_owned(self.path) else status

    @property
    def other_versions(self) -> dict[str, tuple[str, str]]:
        """Versions that differ, by name: the run's and the present one."""
        then = self.readable_info.get("versions")
        now = versions()
        if not isinstance(then, dict):
            return {}
        return {name: (str(then[name]), now[name]) for name in now if then.get(name, now[name]) != now[name]}

    @cached_property
    def changed_data(self) -> str | None:
        """The difference from the data trained on, in words; None if there is none, or if it is unknown."""
        if not os.path.isfile(self.path / RUN) or "data" not in self.info:
            return None
        try:
            before = Data.model_validate({**self.info["data"], "blocks": []})
        except (TypeError, ValidationError):
            raise RunError(f"{self.path / RUN}: damaged: the description of the data is missing") from None
        return Data.of(self.experiment).difference(before)

    @property
    def started(self) -> str:
        """When training began, as text that sorts by time; empty where it cannot be read."""
        return str(self.readable_info.get("started", ""))

    @property
    def results(self) -> dict[str, float]:
        """The loss and the metrics of the saved weights on the training rows, by name."""
        return self.results_by_part["train"]

    @cached_property
    def results_by_part(self) -> dict[str, dict[str, float]]:
        """results.json: loss and metrics by name, of `train` and, where there are, `validation`, `test`."""
        stored = read_json(self.path / RESULTS)
        try:
            return {part: _numbers(stored[part]) for part in PARTS if part in stored or part == "train"}
        except (AttributeError, KeyError, ValueError, OverflowError):  # other values, numbers beyond floats
            raise RunError(f"{self.path / RESULTS}: damaged: the results are missing") from None

    @cached_property
    def baselines_by_part(self) -> dict[str, dict[str, dict[str, float]]]:
        """Results of the best constant and the linear model: name -> set -> results; empty in older runs."""
        stored = read_json(self.path / RESULTS)
        try:
            return {
                name: {part: _numbers(results) for part, results in stored[name].items()}
                for name in (BASELINE, LINEAR)
                if name in stored
            }
        except (AttributeError, ValueError, OverflowError):
            raise RunError(f"{self.path / RESULTS}: damaged: the baselines are missing") from None

    @property
    def epoch(self) -> int:
        """The epoch of the saved weights, which are those of results.json."""
        epoch = read_json(self.path / RESULTS).get("epoch", self.info.get("epochs", 0))
        if type(epoch) is not int or epoch < 0:
            raise RunError(f"{self.path / RESULTS}: damaged: its epoch is not a whole number")
        return epoch

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

    def require_own_weights(self) -> None:
        """Raise RunError where the weights are not of the network that config and data describe."""
        saved, described = self.model.network, self.experiment.network
        layers = [
            [(layer.inputs, layer.units, layer.bias, layer.activation.name) for layer in network.layers]
            for network in (saved, described)
        ]
        if layers[0] != layers[1]:
            raise RunError(
                f"{self.path / self.weights}: does not match the network in {CONFIG} and its data",
                hint="restore the run's original file or data",
            )

    def model_at(self, epoch: int) -> Model:
        """The network with the weights recorded at an epoch.

        Raises
        ------
        RunError
            If no weights were recorded at it; the message names the nearest epochs.
        """
        epochs = self.snapshots.weight_epochs
        found = np.flatnonzero(epochs == epoch)
        if not len(found):
            near = sorted(epochs.tolist(), key=lambda each: abs(each - epoch))[:3]
            raise RunError(
                f"{self.path}: no weights were recorded at epoch {epoch}",
                hint=f"nearest: {', '.join(map(str, sorted(near)))}"
                if near
                else "set record.weights: auto and train again",
            )
        return Model(self.model.network, self.snapshots.weights[found[0]], self.model.columns)

    @cached_property
    def history(self) -> dict[str, Array]:
        """history.csv by column; a cell left empty is NaN."""
        file = self.path / HISTORY
        try:
            with opened_text(file) as lines:
                header = next(lines, "").rstrip("\n").split(",")
                if header[:2] != ["epoch", "loss"] or len(set(header)) < len(header):
                    raise ValueError("another header")
                values = _table(lines, len(header))
        except ValueError:
            raise RunError(f"{file}: damaged: its content is not what nncli wrote") from None
        return {name: values[:, column] for column, name in enumerate(header)}

    @cached_property
    def snapshots(self) -> Snapshots:
        """Snapshots of weights and errors.

        Raises
        ------
        RunError
            If the file is damaged, does not fit the network, or belongs to another run.
        """
        file = self.path / SNAPSHOTS
        arrays = read_npz(file)
        proven = self._are_own(file, arrays.pop("header", None))
        try:
            found = Snapshots(**arrays)
        except TypeError:
            raise RunError(f"{file}: damaged: it holds {', '.join(arrays)}", hint=_ANEW) from None
        if not found.fit(self.model.network):
            raise _of_another_run(self.path / self.weights if proven else file)
        return found

    def _are_own(self, file: Path, header: Array | None) -> bool:
        """Tell whether snapshots and run.json name the same training; False where one of them names none.

        Raises
        ------
        RunError
            If they name two.
        """
        if header is None:  # of an earlier nncli
            return False
        try:
            identity = _SnapshotsHeader.model_validate_json(header.tobytes()).identity
        except ValidationError:
            raise RunError(f"{file}: damaged: its header cannot be read", hint=_ANEW) from None
        own = self.readable_info.get("identity")
        if own not in (None, identity):
            raise _of_another_run(file)
        return own is not None


_ANEW = "restore the file from a copy, or train again"


def _of_another_run(file: Path) -> RunError:
    return RunError(f"{file}: belongs to another run", hint=_ANEW)


def _numbers(results: Any) -> dict[str, float]:
    if (
        not isinstance(results, dict)
        or "loss" not in results
        or {type(value) for value in results.values()} - {float, int, NoneType}
    ):
        raise ValueError("no loss, or a value that is not a number")
    return {name: float("nan") if value is None else float(value) for name, value in results.items()}


def _table(lines: Iterable[str], columns: int) -> Array:
    """The numbers (rows, columns) in lines with commas, NaN for an empty cell.

    The module csv takes four times as long, and six times the memory.
    """
    rows = 0

    def completed() -> Iterator[str]:
        nonlocal rows
        for rows, line in enumerate(lines, start=1):  # noqa: B007 - counted for the check below
            filled = line.replace(",,", ",nan,").replace(",,", ",nan,").replace(",\n", ",nan\n")
            yield f"nan{filled}" if filled.startswith(",") else filled

    with warnings.catch_warnings(action="ignore"):  # of no rows
        values = np.loadtxt(completed(), delimiter=",", comments=None, ndmin=2)
    values = values.reshape(-1, columns)
    if len(values) != rows:
        raise ValueError("lines that are no rows")
    return np.asarray(values)
