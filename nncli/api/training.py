"""First configs, checks, training, and runs that exist."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nncli.api.arguments import (
    Configured,
    Reference,
    as_config,
    as_reference,
    generated_config,
    is_table,
    require_short,
)
from nncli.config import Override, load_config
from nncli.messages.errors import NncliError
from nncli.storage.lookup import TABLES, require_file
from nncli.training import experiment
from nncli.training.experiment import Experiment

if TYPE_CHECKING:
    from nncli.data.columns import Task
    from nncli.runs import Recording, Run


def init(
    template: str = "xor",
    *,
    table: str | os.PathLike[str] | None = None,
    target: str | Sequence[str] = (),
    id: str | None = None,
    task: Task | None = None,
) -> str:
    """Return a config whose comments explain every key, as YAML text: a template, or one for your own table.

    Parameters
    ----------
    table : a CSV, TSV, NDJSON or Parquet file; the next three say what its columns are.
    target : the column to learn, or several.
    id : a column that identifies rows (default: detected).
    task : the kind of target (default: detected).

    Raises
    ------
    NncliError
        If there is no such template, or no config can be written for the table.

    Examples
    --------
    >>> print(nncli.init("xor").splitlines()[4])
    seed: 0  # random seed; the same seed gives the same result
    """
    from nncli.scaffold import from_table, templates
    from nncli.scaffold.proposal import require_target

    if table is None:
        return templates.text(templates.canonical(template))
    targets = [target] if isinstance(target, str) else target
    require_file(Path(table), TABLES)
    require_target(Path(table), targets)
    return from_table.draft(Path(table), targets, id, task).text


def check(config: Configured, data: Any = None) -> Experiment:
    """Validate a config and its data, and return the experiment they describe. Writes no files.

    Parameters
    ----------
    data : rows for a config whose `dataset` names roles alone, such as `targets`: a mapping of columns or a
        data frame.

    Raises
    ------
    ConfigError
        With every mistake at once.
    DataError
        If the data cannot be used.

    Examples
    --------
    >>> experiment = nncli.check("xor.yaml")
    >>> experiment.network.parameter_count, len(experiment.rows.training)
    (17, 4)
    """
    return experiment.build(as_config(config, data))


def train(
    config: Configured,
    data: Any = None,
    *,
    target: str | Sequence[str] = (),
    id: str | None = None,
    task: Task | None = None,
    output: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    resume: bool = False,
) -> Run:
    """Train a network into a new run directory.

    Parameters
    ----------
    config : as for `check`; or a table file, for which a config is generated as `init` does.
    data : as for `check`.
    target, id, task : as for `init`; only with a table file.
    output : the directory, which must be empty or new (default: runs/NAME, runs/NAME-2 ...).
    overwrite : replace the run in `output`.
    resume : resume the run in `output`, or start it if there is none; a finished one is left unchanged.

    Raises
    ------
    NncliError
        If config or data cannot be used; nothing is written then.
    nncli.training.divergence.Diverged
        If training diverged; its history and last good weights are in the run.

    Examples
    --------
    >>> run = nncli.train("xor.yaml")
    >>> print(run.path, run.epoch)
    runs/xor 1000
    """
    from nncli.runs import Run

    if target or id or task or is_table(config):
        config = generated_config(config, target, id, task)
    with started(check(config, data), output=output, overwrite=overwrite, resume=resume) as recording:
        recording.finish()
    return Run(recording.run.path)


@contextmanager
def started(
    prepared: Experiment,
    *,
    output: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    resume: bool = False,
    command: Sequence[str] = (),
) -> Iterator[Recording]:
    """Open the directory of a training, whose `reports()` train; the other arguments are those of `train`.

    Parameters
    ----------
    command : the words of the command line, which run.json keeps.
    """
    from nncli import runs

    if resume and output is None:
        raise NncliError(
            "resume requires output, the directory of the run",
            hint="add output (-o DIR), or resume a run by its name: nncli resume RUN",
        )
    if resume and overwrite:
        raise NncliError("resume and overwrite cannot be combined", hint="remove one of the two")
    require_short(prepared.config)
    if output is None:
        opened = runs.create(prepared.config.run_name)
    elif resume:
        opened = runs.reopen(Path(output))
    else:
        opened = runs.create_at(Path(output), overwrite=overwrite)
    with opened as run:
        goes_on = resume and run.begun
        if goes_on:
            yield runs.Recording.resumed(prepared, run, command)
        else:
            yield runs.Recording(prepared, run, command)


def resume(run: Reference = None, *, epochs: int | None = None) -> Run:
    """Resume a run from its checkpoint; the result is byte-identical to an uninterrupted run.

    Parameters
    ----------
    run : the run (default: the latest under ./runs). A finished one is left unchanged.
    epochs : the new total (default: as many as its config says).

    Raises
    ------
    RunError
        If there is no checkpoint, or config or data have changed since.
    nncli.training.divergence.Diverged
        If training diverged.

    Examples
    --------
    >>> nncli.resume("xor", epochs=1500).epoch
    1500
    """
    from nncli.runs import Run

    with resumed(run, epochs=epochs) as recording:
        recording.finish()
    return Run(recording.run.path)


@contextmanager
def resumed(
    run: Reference = None, *, epochs: int | str | None = None, command: Sequence[str] = ()
) -> Iterator[Recording]:
    """Open a run where its checkpoint stands; `reports()` go on from there. Arguments as for `resume`."""
    from nncli import runs

    path = run.path if isinstance(run, runs.Run) else runs.find(as_reference(run), runs.CHECKPOINT).path
    with runs.reopen(path) as owned:
        total = [] if epochs is None else [Override("training.epochs", str(epochs), "--epochs")]
        prepared = experiment.build(load_config(owned.path / runs.CONFIG, total))
        yield runs.Recording.resumed(prepared, owned, command)


def open_run(run: Reference = None) -> Run:
    """Return the run of a directory, a name under ./runs or a weights.npz (default: the latest).

    Raises
    ------
    RunError
        If there is none.

    Examples
    --------
    >>> run = nncli.open_run("xor")
    >>> run.model.network.layers[0].units
    4
    """
    from nncli import runs

    return run if isinstance(run, runs.Run) else runs.find(as_reference(run))


def list_runs() -> list[Run]:
    """Return the runs under ./runs, newest first.

    Examples
    --------
    >>> sorted(str(run.path) for run in nncli.list_runs())
    ['runs/imported', 'runs/xor']
    """
    from nncli import runs

    return runs.all_runs()
