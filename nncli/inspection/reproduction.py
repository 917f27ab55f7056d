"""A run trained again from its own config, in memory: the same to the last bit, or where it is not."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from nncli import runs
from nncli.engines import threads
from nncli.engines.contract import State
from nncli.inspection import comparison
from nncli.inspection.comparison import Difference, Series, differences, mismatch
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
class Reproduction:
    """The result of training a run again.

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
        """Tell whether every number is the same, to the last bit."""
        return self.first is None and self.mismatch is None

    def within(self, tolerance: float = TOLERANCE) -> bool:
        """Tell whether no relative difference is beyond `tolerance`; 0 demands the same bits."""
        if self.worst is None or self.mismatch:
            return self.identical
        return 0 < tolerance and self.worst.relative <= tolerance


class Repetition:
    """The training of a run once more, compared with what the run keeps; the run is only read.

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
            raise RunError(f"{run.path}: training is still running", hint="wait until it ends, or stop it")
        if run.changed_data:
            raise DataError(
                f"{run.path}: the data have changed since training: {run.changed_data}",
                hint="restore the original data",
            )
        self._run = run
        count = run.info.get("threads", run.experiment.threads)
        same = run.experiment.on_engine(str(run.info.get("engine")))
        self._whole = replace(same, threads=count)
        self._original = _read(run)
        self._record = Record(self._whole)
        self._mismatches: list[str] = []
        self._saved: Array | None = None
        config = self._whole.config.changed(("training", "epochs"), self._original.end)
        self.experiment = replace(self._whole, config=config)
        self.notes = list(self._original.notes)
        if "data" not in run.info:
            self.notes.append(
                "an older version of nncli trained it and did not record its data: changes go undetected"
            )

    def reports(self) -> Generator[Report]:
        """Train, passing reports on."""
        original = self._original
        try:
            with threads.limited(self.experiment.threads):
                for report in loop.train(self.experiment):
                    self._record.add(report)
                    yield report
        except Diverged as outcome:
            self._cut(self._whole.epochs)
            self._record.add_losses(outcome)
            if (original.diverged, original.end) != (True, outcome.epoch):
                self._mismatches.append(f"training now diverges at epoch {outcome.epoch}")
            self._save(outcome.last_good, outcome.last_good.parameters)
        else:
            # Where a training was stopped is no end in its record.
            self._cut(original.end if self._run.status == "completed" else self._whole.epochs)
            self._end(report)

    def _cut(self, end: int) -> None:
        """Leave in the record what a training that ends at an epoch keeps."""
        self._record.cut(self._original.end, end, self._original.best)

    def _end(self, report: Report) -> None:
        """Compare how the training ended, which has not diverged."""
        original = self._original
        if original.diverged:
            self._mismatches.append(f"training originally diverged at epoch {original.end}, but now does not")
        if original.ended and report.progress.ended != original.ended:
            self._mismatches.append(
                f"training originally ended by {original.ended} at epoch {original.end}, but now does not"
            )
        state = _advanced(self._whole, report.state, original.updates)
        self._save(state, replace(report.progress, state=state).parameters(self._whole))

    def _save(self, state: State, parameters: Array) -> None:
        """Note the weights that the training leaves, if they are of the update that the run saved."""
        original, per_epoch = self._original, self._whole.updates_per_epoch
        if original.saved is None:
            return
        if state.update == original.updates:
            self._saved = parameters
        else:
            then, now = original.updates // per_epoch, state.update // per_epoch
            self._mismatches.append(f"{original.file}: the last good epoch was {then}, and is now {now}")

    def outcome(self) -> Reproduction:
        """Compare, once the reports have ended."""
        original, per_epoch = self._original, self._whole.updates_per_epoch
        now = _series(self._whole, self._record.arrays(), original.record_files)
        pairs = list(zip(_series(self._whole, original.arrays, original.record_files), now, strict=True))
        found = sorted((each for pair in pairs for each in differences(*pair)), key=lambda each: each.epoch)
        missing = [each for pair in pairs if (each := mismatch(*pair))]
        missing += [(original.end + 0.5, words) for words in self._mismatches]
        final = self._final()
        found += [final] if final else []
        return Reproduction(
            epochs=original.updates // per_epoch,
            scope=original.scope(per_epoch),
            first=next(iter(found), None),
            worst=max(found, key=lambda each: each.relative, default=None),
            final=final,
            mismatch=min(missing, key=lambda each: each[0])[1] if missing else None,
            versions=self._other_versions(),
        )

    def _final(self) -> Difference | None:
        """The difference of the saved weights."""
        original = self._original
        if original.saved is None or self._saved is None:
            return None
        epochs = np.array([original.updates // self._whole.updates_per_epoch])
        then, now = (
            comparison.weights(original.file, epochs, each[np.newaxis], self._whole.network)
            for each in (original.saved, self._saved)
        )
        return next(iter(differences(then, now)), None)

    def _other_versions(self) -> dict[str, tuple[str, str]]:
        others = dict(self._run.other_versions)
        engine = str(self._run.info.get("engine", self._whole.engine_name))
        if engine != self._whole.engine_name:
            others["engine"] = (engine, self._whole.engine_name)
        return others


def _series(experiment: Experiment, arrays: Mapping[str, Array], files: tuple[str, str]) -> list[Series]:
    """The parts of a record: weights, history and errors."""
    history, snapshots = files
    largest = float(np.abs(experiment.rows.training.expected).max())
    columns = Record(experiment).header[1:]
    return [
        comparison.weights(snapshots, arrays["weight_epochs"], arrays["weights"], experiment.network),
        comparison.history(history, arrays["history_epochs"], arrays["history"], columns),
        comparison.errors(snapshots, arrays["error_epochs"], arrays["errors"], largest),
    ]


@dataclass(frozen=True)
class _Original:
    """The record of a run's training.

    Attributes
    ----------
    arrays : epochs and values of weights, history and errors.
    record_files : the files of the history and of the snapshots.
    end : the last complete epoch; of a diverged training the one it failed in.
    file, saved, updates : the saved weights (P,), None where their moment is not known, and the updates
        done by then.
    ended : the key of the config that ended it, if one did.
    best : the epoch of the best evaluation, whose row is kept; 0 where there is none.
    """

    arrays: Mapping[str, Array]
    record_files: tuple[str, str]
    diverged: bool
    end: int
    file: str
    saved: Array | None
    updates: int
    ended: str | None
    best: int
    notes: tuple[str, ...]

    def scope(self, per_epoch: int) -> str:
        """Describe how far it was trained and what is recorded."""
        epochs, more = divmod(self.updates, per_epoch)
        trained = counted(epochs, "epoch") + (f" and {counted(more, 'update')}" if more else "")
        if self.diverged:
            same = f"with the same history, snapshots and weights of epoch {epochs}"
            return f"training diverges at epoch {self.end} again, {same}"
        if self.saved is not None:
            trained += ", weights"
        return f"{trained}, history and snapshots"


def _read(run: Run) -> _Original:
    experiment = run.experiment
    per_epoch = experiment.updates_per_epoch
    if run.status != "interrupted":
        return _read_files(run, _epochs(run) * per_epoch)
    if not os.path.isfile(run.path / runs.CHECKPOINT):
        original = _read_files(run, _epochs(run) * per_epoch)
        if per_epoch == 1:
            return original
        note = (
            "interrupted by an older version of nncli, perhaps within an epoch: "
            f"{runs.WEIGHTS} cannot be compared"
        )
        return replace(original, saved=None, notes=(note,))
    checkpoint = read_checkpoint(run.path / runs.CHECKPOINT, experiment)
    updates = checkpoint.progress.state.update
    if run.info.get("status") == "interrupted":
        return _read_files(run, updates)
    # Killed between two files of a save, they are of two moments; the checkpoint alone is of one.
    return _Original(
        checkpoint.record.arrays(),
        (runs.CHECKPOINT, runs.CHECKPOINT),
        diverged=False,
        end=updates // per_epoch,
        file=runs.CHECKPOINT,
        saved=checkpoint.progress.parameters(experiment),
        updates=updates,
        ended=checkpoint.progress.ended,
        best=checkpoint.progress.best_epoch,
        notes=(f"training was killed; comparing with {runs.CHECKPOINT}, from which resume continues",),
    )


def _read_files(run: Run, updates: int) -> _Original:
    experiment, snapshots = run.experiment, run.snapshots
    arrays = {
        **_history(run),
        "weight_epochs": snapshots.weight_epochs,
        "weights": snapshots.weights,
        "error_epochs": snapshots.error_epochs,
        "errors": snapshots.errors,
    }
    if Record.of(arrays, experiment) is None:
        raise RunError(f"{run.path / runs.SNAPSHOTS}: does not match the data and network in {runs.CONFIG}")
    saved = run.model.network.tensors(run.model.parameters)
    expected = experiment.network.tensors(experiment.initial)
    if {name: t.shape for name, t in saved.items()} != {name: t.shape for name, t in expected.items()}:
        raise RunError(f"{run.path / runs.WEIGHTS}: does not match the network in {runs.CONFIG}")
    diverged = run.status == "diverged"
    end = updates // experiment.updates_per_epoch
    if diverged:
        end = min(int(arrays["history_epochs"].max(initial=end)), experiment.epochs)
    return _Original(
        arrays,
        (runs.HISTORY, runs.SNAPSHOTS),
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
        raise RunError(f"{run.path / runs.HISTORY}: its columns do not match {runs.CONFIG}")
    given = columns.pop("epoch")
    with np.errstate(invalid="ignore"):
        epochs = given.astype(np.int64)
    if (epochs != given).any():
        raise RunError(f"{run.path / runs.HISTORY}: damaged: an epoch is not an integer")
    return {"history_epochs": epochs, "history": np.column_stack([*columns.values()])}


def _epochs(run: Run) -> int:
    epochs = run.info.get("epochs")
    if epochs is None:
        raise RunError(f"{run.path / runs.RUN}: damaged: the number of epochs is missing")
    return int(epochs)


def _advanced(experiment: Experiment, state: State, updates: int) -> State:
    """A state at the end of an epoch, brought to where a training was stopped inside the next."""
    if state.update >= updates:
        return state
    return experiment.plan().run(state, [updates]).state()
