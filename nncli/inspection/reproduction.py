"""A run trained again from its own config, in memory: the same to the last bit, or where it is not."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from nncli import runs
from nncli.engines import threads
from nncli.engines.contract import State
from nncli.messages.errors import DataError, RunError
from nncli.messages.wording import counted
from nncli.nn.arrays import Array
from nncli.runs import Run
from nncli.runs.checkpoint import read_checkpoint
from nncli.runs.record import Record
from nncli.training import loop
from nncli.training.divergence import Diverged
from nncli.training.experiment import Experiment
from nncli.training.loop import Report

# Of the largest |weight|. Processors and versions of numpy add in different orders, which changes last
# digits (1e-16), and updates carry that on; another training is off by far more.
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Difference:
    """A number that is not what it was: the one furthest off in its file and epoch.

    Attributes
    ----------
    tensor : as in weights.npz; or a column of history.csv; or `errors`.
    index : into the tensor; row and output of errors; none in the history.
    relative : |now - before|, by the largest |weight| of the epoch; by the largest value of the column so
        far; by the largest |target| or |error|.
    """

    epoch: int
    file: str
    tensor: str
    index: tuple[int, ...]
    before: float
    now: float
    relative: float

    @property
    def difference(self) -> float:
        """|now - before|."""
        return abs(self.now - self.before)

    def __str__(self) -> str:
        index = f"[{','.join(map(str, self.index))}]" if self.index else ""
        return (
            f"epoch {self.epoch}, {self.file}: {self.tensor}{index} was {self.before!r}, is {self.now!r}, "
            f"off by {self.difference:.1e}, relative {self.relative:.1e}"
        )


@dataclass(frozen=True)
class Reproduction:
    """What training again came to.

    Attributes
    ----------
    epochs : that the saved weights were trained.
    scope : what was compared, in words.
    first, worst : the first difference, and the largest relative one; None where all is the same.
    final : the difference of the saved weights.
    mismatch : what no tolerance covers: a row that is missing or too many, or another end.
    versions : what is not what it was, by name: then and now.
    """

    epochs: int
    scope: str
    first: Difference | None
    worst: Difference | None
    final: Difference | None
    mismatch: str | None
    versions: Mapping[str, tuple[str, str]]

    @property
    def identical(self) -> bool:
        """Whether every number is the same, to the last bit."""
        return self.first is None and self.mismatch is None

    def within(self, tolerance: float = TOLERANCE) -> bool:
        """Whether no relative difference is beyond `tolerance`; 0 demands the same bits."""
        if self.worst is None or self.mismatch:
            return self.identical
        return 0 < tolerance and self.worst.relative <= tolerance


class Repetition:
    """The training of a run once more, held against what the run keeps; the run is only read.

    A completed run is trained to its end, a diverged one until it diverges again, and one that was
    stopped as far as it came.

    Attributes
    ----------
    experiment : what is trained.
    notes : what cannot be compared, and why.

    Raises
    ------
    DataError
        If the data are no longer those of the run.
    RunError
        If it is being trained, or a file is damaged or does not fit the config.
    """

    def __init__(self, run: Run) -> None:
        if run.status == "running":
            raise RunError(f"{run.path}: is being trained", hint="wait for its end, or stop it")
        if run.changed_data:
            raise DataError(
                f"{run.path}: the data have changed since training: {run.changed_data}",
                hint="put them back as they were",
            )
        self._run = run
        count = run.info.get("threads", run.experiment.threads)
        self._whole = replace(run.experiment, threads=count)
        self._kept = _read(run)
        self._findings = _Findings(self._whole)
        config = self._whole.config.changed(("training", "epochs"), self._kept.end)
        self.experiment = replace(self._whole, config=config)
        self.notes = list(self._kept.notes)
        if "data" not in run.info:
            self.notes.append("an earlier nncli trained it: whether the data are the same is not known")

    def reports(self) -> Generator[Report]:
        """Train, comparing each epoch that the run kept, and pass the reports on."""
        with threads.limited(self.experiment.threads):
            yield from self._compared()

    def _compared(self) -> Generator[Report]:
        kept = self._kept
        # Where a training was stopped is no end in its record.
        end = kept.end if self._run.status == "completed" else self._whole.epochs
        try:
            for report in loop.train(self.experiment):
                record = Record(self._whole)
                record.add(report)
                record.cut(report.epoch, end, kept.best)
                self._compare(record)
                yield report
        except Diverged as outcome:
            record = Record(self._whole)
            record.add_losses(outcome)
            self._compare(record)
            if (kept.diverged, kept.end) != (True, outcome.epoch):
                self._findings.mismatch(f"training diverges at epoch {outcome.epoch} now")
            self._compare_saved(outcome.last_good, outcome.last_good.parameters)
        else:
            if kept.diverged:
                self._findings.mismatch(f"training diverged at epoch {kept.end}, and does not now")
            if kept.ended and report.progress.ended != kept.ended:
                self._findings.mismatch(f"training ends by {kept.ended} at epoch {kept.end}, and not now")
            state = _advanced(self._whole, report.state, kept.updates)
            self._compare_saved(state, replace(report.progress, state=state).parameters(self._whole))
        for part in kept.parts.values():
            if part.compared < len(part.epochs):
                self._findings.mismatch(f"{part.file}: {part.next}, which training does not give")

    def _compare(self, record: Record) -> None:
        for name, part in self._kept.parts.items():
            for epoch, now in getattr(record, name).items():
                before = part.take(epoch)
                if before is None:
                    self._findings.mismatch(f"{part.file}: {part.next} instead of epoch {epoch}")
                else:
                    self._findings.compare(name, part.file, epoch, before, now)

    def _compare_saved(self, state: State, parameters: Array) -> None:
        kept, per_epoch = self._kept, self._whole.updates_per_epoch
        if kept.saved is None:
            return
        if state.update != kept.updates:
            then, now = kept.updates // per_epoch, state.update // per_epoch
            self._findings.mismatch(f"{kept.file}: of epoch {then}, the last good one is {now} now")
            return
        self._findings.final = self._findings.compare(
            "weights", kept.file, state.update // per_epoch, kept.saved, parameters
        )

    def outcome(self) -> Reproduction:
        """What came of it, once the reports have ended."""
        findings, kept, run = self._findings, self._kept, self._run
        others = dict(run.other_versions)
        engine = str(run.info.get("engine", self._whole.engine_name))
        if engine != self._whole.engine_name:
            others["engine"] = (engine, self._whole.engine_name)
        return Reproduction(
            epochs=kept.updates // self._whole.updates_per_epoch,
            scope=kept.scope(self._whole.updates_per_epoch),
            first=findings.first,
            worst=findings.worst,
            final=findings.final,
            mismatch=findings.first_mismatch,
            versions=others,
        )


@dataclass
class _Part:
    """A part of the record as a run keeps it: epochs (s,), ascending, and what was kept at each, (s, ...)."""

    file: str
    epochs: Array
    values: Array
    compared: int = 0

    @property
    def next(self) -> str:
        """The epoch that is to be compared next, in words."""
        return f"epoch {self.epochs[self.compared]:g}" if self.compared < len(self.epochs) else "nothing"

    def take(self, epoch: int) -> Array | None:
        """What was kept at an epoch, if that is the next one."""
        if self.compared == len(self.epochs) or self.epochs[self.compared] != epoch:
            return None
        before: Array = self.values[self.compared]
        self.compared += 1
        return before


@dataclass(frozen=True)
class _Kept:
    """What a run keeps of its training.

    Attributes
    ----------
    parts : weights, history and errors.
    end : the last complete epoch; of a diverged training the one it failed in.
    file, saved, updates : the saved weights (P,), None where their moment is not known, and the updates
        done by then.
    ended : the key of the config that ended it, if one did.
    best : the epoch of the best evaluation, whose row is kept; 0 where there is none.
    """

    parts: Mapping[str, _Part]
    diverged: bool
    end: int
    file: str
    saved: Array | None
    updates: int
    ended: str | None
    best: int
    notes: tuple[str, ...]

    def scope(self, per_epoch: int) -> str:
        """How far it was trained, and what is kept of it, in words."""
        epochs, more = divmod(self.updates, per_epoch)
        trained = counted(epochs, "epoch") + (f" and {counted(more, 'update')}" if more else "")
        if self.diverged:
            trained = f"diverged at epoch {self.end}, weights of epoch {epochs}"
        elif self.saved is not None:
            trained += ", weights"
        return f"{trained}, history and snapshots"


def _read(run: Run) -> _Kept:
    experiment = run.experiment
    per_epoch = experiment.updates_per_epoch
    if run.status != "interrupted":
        return _read_files(run, _epochs(run) * per_epoch)
    if not os.path.isfile(run.path / runs.CHECKPOINT):
        kept = _read_files(run, _epochs(run) * per_epoch)
        if per_epoch == 1:
            return kept
        note = f"an earlier nncli stopped it, perhaps inside an epoch: {runs.WEIGHTS} cannot be compared"
        return replace(kept, saved=None, notes=(note,))
    checkpoint = read_checkpoint(run.path / runs.CHECKPOINT, experiment)
    updates = checkpoint.progress.state.update
    if run.info.get("status") == "interrupted":
        return _read_files(run, updates)
    # Killed between two files of a save, they are of two moments; the checkpoint alone is of one.
    return _Kept(
        _parts(checkpoint.record.arrays(), runs.CHECKPOINT, runs.CHECKPOINT),
        diverged=False,
        end=updates // per_epoch,
        file=runs.CHECKPOINT,
        saved=checkpoint.progress.parameters(experiment),
        updates=updates,
        ended=checkpoint.progress.ended,
        best=checkpoint.progress.best_epoch,
        notes=(f"it was killed: compared is {runs.CHECKPOINT}, with which resume goes on",),
    )


def _read_files(run: Run, updates: int) -> _Kept:
    experiment, snapshots = run.experiment, run.snapshots
    arrays = {
        **_history(run),
        "weight_epochs": snapshots.weight_epochs,
        "weights": snapshots.weights,
        "error_epochs": snapshots.error_epochs,
        "errors": snapshots.errors,
    }
    if Record.of(arrays, experiment) is None:
        raise RunError(f"{run.path / runs.SNAPSHOTS}: not of the data and the network in {runs.CONFIG}")
    saved = run.model.network.tensors(run.model.parameters)
    expected = experiment.network.tensors(experiment.initial)
    if {name: t.shape for name, t in saved.items()} != {name: t.shape for name, t in expected.items()}:
        raise RunError(f"{run.path / runs.WEIGHTS}: not of the network in {runs.CONFIG}")
    diverged = run.status == "diverged"
    end = updates // experiment.updates_per_epoch
    if diverged:
        end = min(int(arrays["history_epochs"].max(initial=end)), experiment.epochs)
    parts = _parts(arrays, runs.HISTORY, runs.SNAPSHOTS)
    return _Kept(
        parts,
        diverged,
        end,
        runs.WEIGHTS,
        run.model.parameters,
        updates,
        ended=run.info.get("ended_by"),
        best=run.info.get("best_epoch", 0),
        notes=(),
    )


def _history(run: Run) -> dict[str, Array]:
    columns = dict(run.history)
    if list(columns) != Record(run.experiment).header:
        raise RunError(f"{run.path / runs.HISTORY}: its columns are not those of {runs.CONFIG}")
    given = columns.pop("epoch")
    with np.errstate(invalid="ignore"):
        epochs = given.astype(np.int64)
    if (epochs != given).any():
        raise RunError(f"{run.path / runs.HISTORY}: damaged: an epoch is no whole number")
    return {"history_epochs": epochs, "history": np.column_stack([*columns.values()])}


def _parts(arrays: Mapping[str, Array], history: str, snapshots: str) -> dict[str, _Part]:
    return {
        "weights": _Part(snapshots, arrays["weight_epochs"], arrays["weights"]),
        "history": _Part(history, arrays["history_epochs"], arrays["history"]),
        "errors": _Part(snapshots, arrays["error_epochs"], arrays["errors"]),
    }


def _epochs(run: Run) -> int:
    epochs = run.info.get("epochs")
    if epochs is None:
        raise RunError(f"{run.path / runs.RUN}: damaged: it does not say how many epochs were trained")
    return int(epochs)


def _advanced(experiment: Experiment, state: State, updates: int) -> State:
    """A state at the end of an epoch, brought to where a training was stopped inside the next."""
    if state.update == updates:
        return state
    return experiment.plan().run(state, updates - state.update).state


class _Findings:
    """The differences that count, out of all."""

    def __init__(self, experiment: Experiment) -> None:
        self.first: Difference | None = None
        self.worst: Difference | None = None
        self.final: Difference | None = None
        self.first_mismatch: str | None = None
        self._network = experiment.network
        self._columns = Record(experiment).header[1:]
        self._largest_target = float(np.abs(experiment.dataset.expected).max())
        self._largest_row = np.zeros(len(self._columns))

    def mismatch(self, words: str) -> None:
        """What no tolerance covers; the first is kept."""
        self.first_mismatch = self.first_mismatch or words

    def compare(self, part: str, file: str, epoch: int, before: Array, now: Array) -> Difference | None:
        """The difference furthest off, by the scale of the part, or None where every bit is the same."""
        scale = self._scale(part, before)
        same = (before.view(np.int64) == now.view(np.int64)) | (np.isnan(before) & np.isnan(now))
        if same.all():
            return None
        with np.errstate(all="ignore"):
            off = np.nan_to_num(np.abs(now - before), nan=np.inf)
            relative = np.where(same, -1.0, np.where(off > 0, off / scale, 0.0))
        position = int(relative.argmax())
        tensor, index = self._place(part, now.shape, position)
        found = Difference(
            epoch,
            file,
            tensor,
            index,
            float(before.flat[position]),
            float(now.flat[position]),
            float(relative.flat[position]),
        )
        self.first = self.first or found
        if self.worst is None or found.relative > self.worst.relative:
            self.worst = found
        return found

    def _scale(self, part: str, before: Array) -> Array | float:
        sizes = np.where(np.isfinite(before), np.abs(before), 0.0)
        if part == "history":
            # So far: a loss that explodes later does not excuse what came before.
            self._largest_row = np.maximum(self._largest_row, sizes)
            return self._largest_row
        largest = float(sizes.max())
        return max(largest, self._largest_target) if part == "errors" else largest

    def _place(self, part: str, shape: tuple[int, ...], position: int) -> tuple[str, tuple[int, ...]]:
        if part == "history":
            return self._columns[position], ()
        if part == "errors":
            return "errors", _indices(position, shape)
        names = self._network.tensors(np.arange(self._network.parameter_count))
        return next(
            (name, _indices(int(found[0]), tensor.shape))
            for name, tensor in names.items()
            if len(found := np.flatnonzero(tensor == position))
        )


def _indices(position: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(index) for index in np.unravel_index(position, shape))
