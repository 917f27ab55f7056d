"""checkpoint.npz: a training as it stands, in one file, so that it can go on as if it had never stopped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nncli.engines.contract import State
from nncli.messages.errors import RunError
from nncli.nn.arrays import Array
from nncli.runs.identity import Identity
from nncli.runs.record import Record
from nncli.runs.weights import FORMAT
from nncli.storage.npz import read_npz, write_npz
from nncli.training.early_stopping import Best
from nncli.training.experiment import Experiment
from nncli.training.loop import Ending, Progress


class _Best(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, ser_json_inf_nan="constants")

    value: float
    epoch: int = Field(ge=0)
    waited: int = Field(ge=0)


class _Header(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    format: int
    identity: Identity
    threads: int = Field(ge=1)
    best: _Best | None = None
    ended: Ending | None = None


@dataclass(frozen=True)
class Checkpoint:
    """A training that can be resumed: its progress, its record so far, and its identity.

    Attributes
    ----------
    threads : of the matrix products; another number may round otherwise.
    """

    progress: Progress
    record: Record
    identity: Identity
    threads: int


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """The whole checkpoint, its states stacked: the present one, then those behind it."""
    progress, best = checkpoint.progress, checkpoint.progress.best
    states = (progress.state, *progress.reported)
    header = _Header(
        format=FORMAT,
        identity=checkpoint.identity,
        threads=checkpoint.threads,
        best=_Best(value=best.value, epoch=best.epoch, waited=best.waited) if best else None,
        ended=progress.ended,
    )
    write_npz(
        path,
        {
            "header": np.frombuffer(header.model_dump_json().encode(), dtype=np.uint8),
            "parameters": np.array([state.parameters for state in states]),
            "slots": np.array([state.slots for state in states]),
            "updates": np.array([state.update for state in states], dtype=np.int64),
            "partial_losses": np.array([state.partial_loss for state in states]),
            **({"best": best.parameters} if best else {}),
            **checkpoint.record.arrays(),
        },
    )


def read_checkpoint(path: Path, experiment: Experiment) -> Checkpoint:
    """A checkpoint of this experiment, its record cut to what the experiment would have recorded by then.

    Raises
    ------
    RunError
        If it is missing or damaged, was written by a later version, or belongs to another config or to
        other data; the message names the first difference.
    """
    arrays = read_npz(path)
    try:
        header = _Header.model_validate_json(arrays.pop("header").tobytes())
    except (KeyError, ValidationError):
        raise RunError(f"{path}: damaged: its header cannot be read", hint="train again") from None
    if header.format > FORMAT:
        raise RunError(
            f"{path}: format {header.format} is newer than this version of nncli supports ({FORMAT})",
            hint="update nncli",
        )
    experiment = experiment.on_engine(header.identity.engine)
    difference = Identity.of(experiment).difference(header.identity)
    if difference:
        raise RunError(
            f"{path.parent}: cannot resume: {difference}",
            hint="undo the change, or train a new run in another directory",
        )
    progress = _progress(arrays, experiment, header)
    record = Record.of(arrays, experiment) if progress else None
    if progress is None or record is None:
        raise RunError(f"{path}: damaged: its arrays do not fit the network", hint="train again")
    epoch = progress.state.update // experiment.updates_per_epoch
    record.cut(epoch, epoch if progress.ended else experiment.epochs, progress.best_epoch)
    return Checkpoint(progress, record, header.identity, header.threads)


def _progress(arrays: dict[str, Array], experiment: Experiment, header: _Header) -> Progress | None:
    """The stacked states, where they have the shapes and values that states of this training can have."""
    initial = Progress.start(experiment).state
    forms: dict[str, tuple[tuple[int, ...], DTypeLike]] = {
        "parameters": ((3, *initial.parameters.shape), initial.parameters.dtype),
        "slots": ((3, *initial.slots.shape), initial.slots.dtype),
        "updates": ((3,), np.int64),
        "partial_losses": ((3,), np.float64),
    }
    if any(name not in arrays or not _has_form(arrays[name], *form) for name, form in forms.items()):
        return None
    parameters, slots, updates, partial_losses = (arrays.pop(name) for name in forms)
    if not np.isfinite(parameters).all() or min(updates) < 0:
        return None
    present, *behind = (
        State(parameters[k], slots[k], int(updates[k]), float(partial_losses[k])) for k in range(3)
    )
    best = None
    if (header.best is None) != (experiment.early_stopping is None):
        return None
    if header.best:
        parameters = arrays.pop("best", np.empty(0))
        form = initial.parameters.shape, initial.parameters.dtype
        if not _has_form(parameters, *form) or not np.isfinite(parameters).all():
            return None
        best = Best(header.best.value, header.best.epoch, parameters, header.best.waited)
    return Progress(present, (behind[0], behind[1]), best, header.ended)


def _has_form(array: Array, shape: tuple[int, ...], dtype: DTypeLike) -> bool:
    return array.shape == shape and array.dtype == dtype
