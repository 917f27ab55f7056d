"""A run: one training kept in one directory, as it is read."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import platform
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import NoneType
from typing import Any, Literal

import numpy as np
from pydantic import ValidationError

import nncli
from nncli.config import Config, load_config
from nncli.errors import RunError
from nncli.experiment import Experiment, build
from nncli.files import read_json, read_text
from nncli.model import Model
from nncli.nn.activations import Array
from nncli.npz import read_npz
from nncli.runs.identity import Data
from nncli.runs.owner import is_owned
from nncli.runs.weights import read_model

CONFIG, RUN, WEIGHTS, HISTORY = "config.yaml", "run.json", "weights.npz", "history.csv"
SNAPSHOTS, CHECKPOINT, RESULTS = "snapshots.npz", "checkpoint.npz", "results.json"
ERRORS, PLOTS = "error.log", "plots"

PARTS = ("train", "validation", "test")
Status = Literal["running", "completed", "diverged", "interrupted"]


def versions() -> dict[str, str]:
    """What decides the last digits besides config, data and machine."""
    return {"nncli": nncli.__version__, "numpy": np.__version__, "python": platform.python_version()}


def config_digest(text: str) -> str:
    """SHA-256 of config.yaml, for run.json: whether it is still as nncli wrote it."""
    return hashlib.sha256(text.encode()).hexdigest()


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
    def begun(self) -> bool:
        """Whether it holds anything trained."""
        return any((self.path / name).is_file() for name in (CHECKPOINT, WEIGHTS))

    @property
    def status(self) -> str:
        """As run.json has it; a training whose process died without a word was interrupted too."""
        status = str(self.info.get("status"))
        return "interrupted" if status == "running" and not is_owned(self.path) else status

    @property
    def other_versions(self) -> dict[str, tuple[str, str]]:
        """What the run was made with and what is here now, where they differ, by name."""
        then = self.info.get("versions")
        now = versions()
        if not isinstance(then, dict):
            return {}
        return {name: (str(then[name]), now[name]) for name in now if then.get(name, now[name]) != now[name]}

    @cached_property
    def changed_data(self) -> str | None:
        """How the data differ from those trained on, in words; None where they do not, or none were noted."""
        if not os.path.isfile(self.path / RUN) or "data" not in self.info:
            return None
        try:
            before = Data.model_validate({**self.info["data"], "blocks": []})
        except (TypeError, ValidationError):
            raise RunError(f"{self.path / RUN}: damaged: it does not say what was trained on") from None
        return Data.of(self.experiment).difference(before)

    @property
    def started(self) -> str:
        """When training began, as text that sorts by time; empty where it cannot be read."""
        try:
            return str(self.info.get("started", ""))
        except RunError:
            return ""

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
            raise RunError(f"{self.path / RESULTS}: damaged: it holds no results") from None

    @property
    def epoch(self) -> int:
        """The epoch of the saved weights, which are those of results.json."""
        return int(read_json(self.path / RESULTS).get("epoch", self.info.get("epochs", 0)))

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
        text = read_text(file)
        try:
            header, *body = csv.reader(io.StringIO(text, newline=""))
            if header[:2] != ["epoch", "loss"] or len(set(header)) < len(header):
                raise ValueError("another header")
            columns = zip(*body, strict=True) if body else [()] * len(header)
            return {
                name: np.array([float(cell) if cell else np.nan for cell in cells])
                for name, cells in zip(header, columns, strict=True)
            }
        except (ValueError, csv.Error):
            raise RunError(f"{file}: damaged: not the table that nncli wrote") from None

    @cached_property
    def snapshots(self) -> Snapshots:
        """What was kept of the way."""
        arrays = read_npz(self.path / SNAPSHOTS)
        try:
            return Snapshots(**arrays)
        except TypeError:
            raise RunError(f"{self.path / SNAPSHOTS}: damaged: it holds {', '.join(arrays)}") from None


def _numbers(results: Any) -> dict[str, float]:
    if {type(value) for value in results.values()} - {float, int, NoneType}:
        raise ValueError("other than numbers")
    return {name: float("nan") if value is None else float(value) for name, value in results.items()}
