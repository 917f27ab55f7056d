"""The commands as functions, for Python users: load_config -> train -> Run -> predict, plot."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from nncli import plots, runs
from nncli.config import Config, Override, load_config
from nncli.inspection.reproduction import Repetition, Reproduction
from nncli.runs import Run
from nncli.training import experiment


def train(config: Config | str | os.PathLike[str], *, output: str | os.PathLike[str] | None = None) -> Run:
    """Train a network into a new run directory.

    Parameters
    ----------
    config : a config, or the path of one.
    output : the directory, which must be empty or new; default: runs/<name>, runs/<name>-2 ...

    Raises
    ------
    NncliError
        If config or data cannot be used; nothing is written then.
    nncli.training.loop.Diverged
        If training left the finite world; history and last good weights are in the run.
    """
    if not isinstance(config, Config):
        config = load_config(config)
    prepared = experiment.build(config)
    created = (
        runs.create(config.run_name) if output is None else runs.create_at(Path(output), overwrite=False)
    )
    with created as run:
        for _ in runs.record(prepared, run):
            pass
    return Run(run.path)


def resume(reference: str | None = None, *, epochs: int | None = None) -> Run:
    """Go on with a run as if it had never stopped; one that has finished is left as it is.

    Parameters
    ----------
    reference : a run directory or a run's name; default: the latest under ./runs.
    epochs : the new total; default: as many as its config says.

    Raises
    ------
    RunError
        If there is no checkpoint, or config or data are no longer those it was made with.
    nncli.training.loop.Diverged
        If training left the finite world.
    """
    with runs.reopen(runs.find(reference, runs.CHECKPOINT).path) as run:
        total = [] if epochs is None else [Override("training.epochs", str(epochs), "epochs")]
        prepared = experiment.build(load_config(run.path / runs.CONFIG, total))
        recording = runs.Recording.resumed(prepared, run)
        if not recording.finished:
            for _ in recording.reports():
                pass
    return Run(run.path)


def open_run(reference: str | None = None) -> Run:
    """The run a directory or a name means; without one the latest under ./runs.

    Raises
    ------
    RunError
        If there is none.
    """
    return runs.find(reference)


def reproduce(run: Run) -> Reproduction:
    """Train a run again from its own config, writing nothing, and compare every number that it kept.

    Raises
    ------
    NncliError
        If the data are no longer those of the run, or a file is damaged.
    """
    repetition = Repetition(run)
    for _ in repetition.reports():
        pass
    return repetition.outcome()


def plot(run: Run, kinds: Sequence[str] = (), *, format: Literal["svg", "png", "pdf"] = "svg") -> list[Path]:
    """Draw pictures into the run's plots/; without kinds all that fit. Returns their paths.

    Raises
    ------
    NncliError
        If there is no such kind or format, a kind does not fit the run, or a file cannot be written.
    """
    view = plots.View()
    names = plots.chosen(run, kinds, view)
    folder = plots.folder_of(run)
    paths = [folder / f"{name}.{format}" for name in names]
    for path in paths:
        plots.require_room(path)
    for name, path in zip(names, paths, strict=True):
        plots.save(plots.KINDS[name].draw(run, view), path)
    return paths
