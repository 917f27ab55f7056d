"""An ensemble: the trainings of one config from several seeds in one directory, which predict together."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from nncli.messages.errors import RunError
from nncli.nn.arrays import Array
from nncli.runs.owner import LOCK
from nncli.runs.proof import is_numbers, is_picture
from nncli.runs.run import CONFIG, Run, config_digest
from nncli.runs.weights import as_arrays, from_arrays
from nncli.storage.files import finite, is_plain, read_json, read_text, replacing, unfinished
from nncli.storage.npz import read_npz, save_arrays
from nncli.training.model import Model

MEMBERS, STUDY, PICTURE = "members.npz", "seeds.json", "seeds.png"
FILES = {MEMBERS, STUDY, CONFIG, PICTURE, "seeds.svg", "seeds.pdf", "seeds.csv"}


@dataclass(frozen=True)
class Ensemble(Model):
    """Several trained networks of one form, whose mean is the prediction.

    Attributes
    ----------
    parameters : (members, P).
    """

    @property
    def members(self) -> list[Model]:
        """Each network by itself."""
        return [Model(self.network, parameters, self.columns) for parameters in self.parameters]

    def moments(self, X: Array) -> tuple[Array, Array]:
        """Mean and standard deviation (n, outputs) of the outputs over the members.

        The deviation has n - 1 in the denominator; that of a single member is NaN.
        """
        # By Welford's recurrence: memory does not grow with the members.
        mean = squares = np.zeros((len(X), self.columns.outputs))
        with np.errstate(all="ignore"):
            for count, member in enumerate(self.members, 1):
                A = member.outputs(X)
                before = A - mean
                mean = mean + before / count
                squares = squares + before * (A - mean)
            others = len(self.parameters) - 1
            return mean, np.sqrt(squares / others) if others else np.full_like(mean, np.nan)

    def outputs(self, X: Array) -> Array:
        """Mean outputs (n, outputs) in the targets' own units."""
        return self.moments(X)[0]

    def predicted(self, X: Array, *, proba: bool = False) -> tuple[Array, dict[str, list[str] | Array]]:
        """Mean outputs, and the columns of `predict` with `std_<name>` beside each number."""
        mean, deviation = self.moments(X)
        spread = self._spread(deviation)
        found: dict[str, list[str] | Array] = {}
        for name, cells in self.labelled(mean, proba=proba).items():
            found[name] = cells
            if name in spread:
                found[f"std_{name.partition('_')[2]}"] = spread[name]
        return mean, found

    def _spread(self, deviation: Array) -> dict[str, Array]:
        """The standard deviation of each column of numbers, by the name of that column."""
        columns = self.columns
        if not (columns.labelled or columns.task == "multilabel"):
            return {f"pred_{name}": deviation[:, index] for index, name in enumerate(columns.targets)}
        last = deviation.shape[1] - 1  # two classes have one output
        return {f"proba_{name}": deviation[:, min(index, last)] for index, name in enumerate(columns.classes)}


@dataclass(frozen=True)
class EnsembleRun(Run):
    """The directory of an ensemble, read when asked."""

    weights: str = MEMBERS

    @cached_property
    def _arrays(self) -> dict[str, Array]:
        arrays = read_npz(self.path / MEMBERS)
        seeds = arrays.get("seeds", np.empty(0))
        if seeds.ndim != 1 or not seeds.size or "config" not in arrays:
            raise RunError(f"{self.path / MEMBERS}: damaged: its seeds are missing")
        return arrays

    @property
    def seeds(self) -> list[int]:
        """The seeds of the members."""
        return [int(seed) for seed in self._arrays["seeds"]]

    @property
    def config_digest(self) -> str:
        """SHA-256 of config.yaml as nncli wrote it."""
        return self._arrays["config"].tobytes().decode("ascii", "replace")

    @cached_property
    def model(self) -> Ensemble:
        """The trained networks."""
        arrays = {name: array for name, array in self._arrays.items() if name not in ("seeds", "config")}
        stacked = from_arrays(self.path / MEMBERS, arrays, (len(self.seeds),))
        return Ensemble(stacked.network, stacked.parameters, stacked.columns)

    def model_at(self, epoch: int) -> Model:
        """Raise RunError: only the final weights are kept."""
        raise RunError(
            f"{self.path}: no weights were recorded at epoch {epoch}",
            hint="leave out the epoch; nncli seeds keeps only the final weights",
        )

    def write(
        self,
        config: str,
        study: Mapping[str, Any],
        members: Mapping[int, Model],
        pictures: Mapping[str, bytes],
    ) -> None:
        """Write all files, which replace older ones only when each is whole.

        Parameters
        ----------
        study : content of seeds.json.
        members : start seed -> trained network.
        pictures : file name -> content.
        """
        first, *_ = members.values()
        arrays = as_arrays(
            replace(first, parameters=np.array([each.parameters for each in members.values()]))
        )
        arrays["seeds"] = np.array(list(members), dtype=np.int64)
        arrays["config"] = np.frombuffer(config_digest(config).encode(), dtype=np.uint8)
        texts = {CONFIG: config, STUDY: json.dumps(finite(study), indent=1) + "\n"}
        contents = {**{name: text.encode() for name, text in texts.items()}, **pictures}
        with ExitStack() as stack:  # renames in reverse: the members, which make it an ensemble, at the end
            save_arrays(stack.enter_context(replacing(self.path / MEMBERS)), arrays)
            for name, content in contents.items():
                stack.enter_context(replacing(self.path / name)).write(content)


def unproven_of_ensemble(folder: Path) -> str | None:
    """The first entry of a directory that is not of an ensemble, or is damaged; None if there is none."""
    names = sorted({*os.listdir(folder)} - {LOCK, *(path.name for path in unfinished(folder))})
    if not names:
        return None
    if MEMBERS not in names or not _is_proven(folder, MEMBERS):
        return MEMBERS if MEMBERS in names else names[0]
    return next((name for name in names if not _is_proven(folder, name)), None)


def _is_proven(folder: Path, name: str) -> bool:
    path, run = folder / name, EnsembleRun(folder)
    if name not in FILES or not is_plain(path):
        return False
    try:
        if name == MEMBERS:
            return bool(run.model.members)
        if name == CONFIG:
            return config_digest(read_text(path)) == run.config_digest
        if name == STUDY:
            return {"target", "seeds"} <= read_json(path).keys()
    except RunError:
        return False
    return is_picture(path) or is_numbers(path)
