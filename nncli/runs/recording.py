"""A training written down as it goes, so that whatever ends it, it can go on."""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from math import ceil
from typing import Any

from nncli.engines import threads
from nncli.messages.errors import DivergedError, NncliError, RunError
from nncli.nn.arrays import Array
from nncli.runs.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from nncli.runs.identity import Identity
from nncli.runs.proof import pictures
from nncli.runs.record import Record
from nncli.runs.run import (
    CHECKPOINT,
    CONFIG,
    ERRORS,
    HISTORY,
    REPORT,
    RESULTS,
    RUN,
    SNAPSHOTS,
    THRESHOLD,
    WEIGHTS,
    Run,
    Status,
    config_digest,
    snapshots_header,
    versions,
)
from nncli.runs.weights import FORMAT, write_model
from nncli.storage.files import replacing, write_json, write_text
from nncli.storage.npz import write_npz
from nncli.training import loop, measure
from nncli.training.baselines import Baselines
from nncli.training.divergence import Diverged
from nncli.training.experiment import Experiment
from nncli.training.loop import Progress, Report
from nncli.training.model import Model

CHECKPOINT_SECONDS = 5.0  # between checkpoints, unless the config says
COSTS = 50  # times what the last one took, at least: 2 % of the time go into them


class Recording:
    """One training and the run directory it is written into, which must be owned by this process.

    Parameters
    ----------
    command : the words of the command line, for run.json.
    checkpoint : where to go on; default: from the start.
    """

    def __init__(
        self,
        experiment: Experiment,
        run: Run,
        command: Sequence[str] = (),
        checkpoint: Checkpoint | None = None,
    ) -> None:
        self.experiment, self.run = experiment, Run(run.path)
        self._completed = checkpoint is not None and run.readable_info.get("status") == "completed"
        self._since = checkpoint.progress if checkpoint else None
        self._progress = self._since or Progress.start(experiment)
        self._record = checkpoint.record if checkpoint else Record(experiment)
        self._identity = Identity.of(experiment)
        self._config = experiment.config.to_yaml(run.path)
        self._baselines = Baselines(experiment)
        self._replaces = checkpoint is None and run.begun  # until the files of this training are whole
        started = (run.started if checkpoint else "") or _now()
        self._info = {"status": "running", "started": started, **_circumstances(self, command)}
        self._seconds = float(run.readable_info.get("seconds", 0.0)) if checkpoint else 0.0
        self._began = self._saved = time.perf_counter()
        self._cost = 0.0
        self._writing = threading.Lock()

    @classmethod
    def resumed(cls, experiment: Experiment, run: Run, command: Sequence[str] = ()) -> Recording:
        """Go on from the run's checkpoint.

        Raises
        ------
        RunError
            If there is none, it is damaged, or config or data are no longer those it was made with.
        DivergedError
            If the run diverged: it would again.
        """
        if run.readable_info.get("status") == "diverged":
            raise DivergedError(
                f"{run.path}: this run diverged and cannot be resumed",
                hint="change the config and train into a new run",
            )
        if not os.path.isfile(run.path / CHECKPOINT):
            raise RunError(
                f"{run.path}: no {CHECKPOINT} to resume from",
                hint="an older version of nncli trained it; "
                "train again, in another directory or with --overwrite",
            )
        checkpoint = read_checkpoint(run.path / CHECKPOINT, experiment)
        done = checkpoint.progress.state.update / experiment.updates_per_epoch
        if done > experiment.epochs:
            raise RunError(
                f"{run.path}: already trained for {ceil(done):,} epochs, more than {experiment.epochs:,}",
                hint=f"set --epochs, the new total, to more than {ceil(done)}",
            )
        same = experiment.on_engine(checkpoint.identity.engine)
        return cls(replace(same, threads=checkpoint.threads), run, command, checkpoint)

    @property
    def progress(self) -> Progress:
        """The progress that was saved last, or is about to be."""
        return self._progress

    @property
    def epoch(self) -> int:
        """Epochs that are complete in what was saved last, or is about to be."""
        return self._progress.state.update // self.experiment.updates_per_epoch

    @property
    def trained(self) -> bool:
        """Tell whether no update is left to do."""
        last = self.experiment.epochs * self.experiment.updates_per_epoch
        return self._progress.state.update == last or self._progress.ended is not None

    @property
    def resumes(self) -> bool:
        """Tell whether the training resumes from a checkpoint."""
        return self._since is not None

    @property
    def finished(self) -> bool:
        """Tell whether nothing is left to do or to write."""
        return self.trained and self._completed

    def finish(self) -> None:
        """Train to the end, unless that was reached before."""
        if not self.finished:
            for _ in self.reports():
                pass

    def reports(self) -> Generator[Report]:
        """Train, passing reports on; the files are written from time to time and however it ends.

        Raises
        ------
        Diverged
            After history and last good weights have been saved.
        NncliError
            If a file cannot be written; the last checkpoint stands.
        """
        if not self._replaces:
            # First, for it marks the directory as a run's. It names the training of the snapshots there.
            named = {key: value for key, value in self.run.readable_info.items() if key == "identity"}
            write_json(self.run.path / RUN, {**self._info, **named})
            write_text(self.run.path / CONFIG, self._config)
        with threads.limited(self.experiment.threads):
            yield from self._trained()

    def _trained(self) -> Generator[Report]:
        try:
            for report in loop.train(self.experiment, self._since):
                self._record.add(report)
                self._progress = report.progress
                yield report
                if self._is_due():
                    self._save("running")
            self._save("completed")
        except Diverged as outcome:
            self._close(outcome)
            raise
        except NncliError:
            raise
        except Exception as error:  # a bug; the last checkpoint is sound, what is in memory may not be
            self._note(error)
            raise
        except BaseException:  # a signal, or a caller who wants no more
            self.stop()
            raise

    def stop(self) -> None:
        """Save where training stands, and then how good it is."""
        self.rescue()
        self._write_results(*self._left)

    @property
    def _left(self) -> tuple[Array, int]:
        """The parameters that the run leaves, and their epoch."""
        parameters, best = self._progress.parameters(self.experiment), self._progress.best
        return parameters, best.epoch if best and parameters is best.parameters else self.epoch

    def rescue(self) -> None:
        """Save where training stands, which takes no computation; also from another thread."""
        with self._writing:
            self._write_progress()
            self._write_info("interrupted", self.epoch)

    def _is_due(self) -> bool:
        every = self.experiment.config.training.checkpoint_every
        pause = max(CHECKPOINT_SECONDS, COSTS * self._cost) if every is None else every
        return time.perf_counter() - self._saved >= pause

    def _save(self, status: Status) -> None:
        """Everything; run.json last, so that its status is true of the others."""
        with self._writing:
            began = time.perf_counter()
            self._write_progress()
            self._write_results(*self._left)
            self._write_info(status, self.epoch)
            self._saved = time.perf_counter()
            self._cost = self._saved - began

    def _close(self, outcome: Diverged) -> None:
        """The files of a training that cannot go on, and has no checkpoint."""
        with self._writing:
            self._record.cut(self.epoch, self.experiment.epochs, 0)  # its weights are not those of the best
            self._record.add_losses(outcome)
            state = outcome.last_good
            epoch = state.update // self.experiment.updates_per_epoch
            self._write_way(state.parameters)
            self._write_results(state.parameters, epoch)
            self._write_info("diverged", epoch)
            (self.run.path / CHECKPOINT).unlink(missing_ok=True)

    def _write_progress(self) -> None:
        """The checkpoint first: with it alone everything else can be had again."""
        end = self.epoch if self._progress.ended else self.experiment.epochs
        # A signal may have come between a row and its weights.
        self._record.cut(self.epoch, end, self._progress.best_epoch)
        checkpoint = Checkpoint(self._progress, self._record, self._identity, self.experiment.threads)
        write_checkpoint(self.run.path / CHECKPOINT, checkpoint)
        self._write_way(self._left[0])

    def _write_way(self, parameters: Array) -> None:
        path, experiment = self.run.path, self.experiment
        if self._replaces:
            self._remove_leftovers()
            write_text(path / CONFIG, self._config)
        with replacing(path / HISTORY) as stream:
            stream.writelines(part.encode() for part in self._record.csv())
        header = snapshots_header(self._identity.digest)
        write_npz(path / SNAPSHOTS, {"header": header, **self._record.snapshots()})
        (path / THRESHOLD).unlink(missing_ok=True)  # chosen for the weights that are replaced
        write_model(path / WEIGHTS, Model(experiment.network, parameters, experiment.rows.training.columns))

    def _write_results(self, parameters: Array, epoch: int) -> None:
        parts = self.experiment.rows.by_part
        results: dict[str, Any] = {"epoch": epoch}
        results |= {part: measure.measure(self.experiment, parameters, rows) for part, rows in parts.items()}
        results |= self._baselines.results_by_part
        write_json(self.run.path / RESULTS, results)

    def _write_info(self, status: Status, epoch: int) -> None:
        seconds = self._seconds + time.perf_counter() - self._began
        ending = {
            "identity": self._identity.digest,
            "status": status,
            "ended": _now(),
            "epochs": epoch,
            "seconds": seconds,
        }
        if self._progress.ended:
            ending["ended_by"] = self._progress.ended
        if self._progress.best_epoch and status != "diverged":
            ending["best_epoch"] = self._progress.best_epoch
        write_json(self.run.path / RUN, {**self._info, **ending})

    def _remove_leftovers(self) -> None:
        """Remove what an overwritten run leaves and the new one may not write, such as its pictures."""
        for file in [*pictures(self.run), self.run.path / REPORT, self.run.path / ERRORS]:
            file.unlink(missing_ok=True)
        with suppress(OSError):  # only where nothing else is in it
            self.run.plots.rmdir()
        self._replaces = False

    def _note(self, error: Exception) -> None:
        """Keep the traceback where a report of the bug can have it from."""
        file = self.run.path / ERRORS
        with suppress(NncliError):  # the bug itself is told in any case
            write_text(file, "".join(traceback.format_exception(error)))
            error.add_note(f"the traceback is in {file}")


def record(experiment: Experiment, run: Run, command: Sequence[str] = ()) -> Generator[Report]:
    """Train from the start into a run's directory, passing reports on."""
    return Recording(experiment, run, command).reports()


def _circumstances(recording: Recording, command: Sequence[str]) -> dict[str, Any]:
    experiment = recording.experiment
    data = recording._identity.data
    return {
        "format": FORMAT,
        "seed": experiment.config.seed.model_dump(),
        "engine": experiment.engine_name,
        "threads": experiment.threads,
        "dtype": experiment.config.training.dtype,
        "data": {"rows": data.rows, "columns": data.columns},
        "versions": versions(),
        "command": list(command),
        "config": config_digest(recording._config),
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
