"""`nncli train`: training of a network from a config."""

from __future__ import annotations

import sys
import threading
import webbrowser
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nncli.cli.app import AsJson, Debug, Quiet, Verbose, switched
from nncli.cli.drafting import TableRoles, config_for, note_how_to_edit, require_no_roles
from nncli.cli.follow import ProgressMode, follow
from nncli.cli.misplaced import require_config_name
from nncli.cli.options import (
    ConfigOrTable,
    FailIf,
    Identifier,
    Overrides,
    ReadSettings,
    Targets,
    TaskKind,
    config_or_only,
    note_remarks,
    overrides_of,
    read_overridden,
    warn_of_oddities,
)
from nncli.cli.output import Output
from nncli.cli.registry import command

if TYPE_CHECKING:
    from nncli.config import Config, Override
    from nncli.inference.conditions import Condition
    from nncli.reports.live import LivePage
    from nncli.runs import Recording
    from nncli.training.experiment import Experiment


@command(
    "Train",
    3,
    {
        "nncli train xor.yaml": "train, and save the run in runs/xor",
        "nncli train houses.csv --target price": "train on your own table, without writing a config",
    },
)
def train(
    context: typer.Context,
    config: ConfigOrTable = None,
    target: Targets = None,
    id_: Identifier = None,
    task: TaskKind = None,
    read: ReadSettings = None,
    set_: Overrides = None,
    epochs: Annotated[
        str | None, typer.Option(metavar="N", help="Short for --set training.epochs=N.")
    ] = None,
    learning_rate: Annotated[
        str | None, typer.Option(metavar="X", help="Short for --set optimizer.learning_rate=X.")
    ] = None,
    seed: Annotated[str | None, typer.Option(metavar="N", help="Short for --set seed=N.")] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Run directory (default: runs/NAME, or runs/NAME-2 and so on if that exists).",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the run in --output (no effect without --output).")
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Resume the run in --output, or start it if it does not exist. A finished run is left "
            "unchanged, so the command can be repeated until it succeeds.",
        ),
    ] = False,
    smoke: Annotated[
        bool,
        typer.Option(
            "--smoke",
            help="Run a quick end-to-end test: at most 2 epochs on 64 rows in a temporary directory. "
            "--fail-if applies to these epochs.",
        ),
    ] = False,
    show_step: Annotated[
        bool,
        typer.Option(
            "--show-step",
            help="Print the training step as Python code, as the python engine runs it. Trains nothing.",
        ),
    ] = False,
    opened: Annotated[
        bool, typer.Option("--open", help="Follow the training in the browser, where it can be paused.")
    ] = False,
    fail_if: FailIf = None,
    progress: ProgressMode = "auto",
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
    as_json: AsJson = False,
) -> None:
    """Train a network from a config file or a table. The last line of the output is the run directory."""
    from nncli import api
    from nncli.api import training
    from nncli.inference.conditions import Condition, baselines_by_name, measured_names
    from nncli.messages.errors import NncliError
    from nncli.runs import Run
    from nncli.storage.lookup import TABLES

    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    if smoke and resume:
        raise NncliError("--smoke and --resume cannot be combined", hint="remove --resume")
    path, roles = config_or_only(config, out), TableRoles(target or [], id_, task, read or [])
    overrides = overrides_of(set_, training__epochs=epochs, optimizer__learning_rate=learning_rate, seed=seed)
    loaded = _loaded(out, path, roles, overrides, resume=resume)
    prepared = api.check(loaded)
    note_remarks(prepared.rows.training.table, out)
    warn_of_oddities(prepared, out)
    conditions = [Condition.parse(text, measured_names(prepared)) for text in fail_if or ()]
    if show_step:
        _show_step(out, prepared)
        return
    if smoke:
        _smoke(out, prepared, conditions)
        return
    started = training.started(
        prepared, output=output, overwrite=overwrite, resume=resume, command=sys.argv[1:]
    )
    with started as recording:
        if resume and not recording.resumes:
            out.note(f"{recording.run.path}: nothing to resume, starting a new run")
        with _live_page(out, recording) if opened and not recording.finished else nullcontext() as page:
            results = follow(out, recording, progress, page)
    if TABLES.includes(str(path)):
        note_how_to_edit(out, path, roles)
    baselines = baselines_by_name(Run(recording.run.path).baselines_by_part)
    for condition in conditions:
        condition.check(results, prepared.rows.training.columns.named, baselines)


def _live_page(out: Output, recording: Recording) -> LivePage:
    """Return the page of a training, and open it in the browser."""
    from nncli.reports.live import LivePage

    page = LivePage(recording.experiment, recording.run.name, Path.cwd())
    out.note(f"live page: {page.url}")
    # A browser of the terminal, such as lynx, would take the terminal until it is closed.
    threading.Thread(target=webbrowser.open, args=(page.url,), daemon=True).start()
    return page


def _loaded(
    out: Output, path: Path, roles: TableRoles, overrides: Sequence[Override], *, resume: bool
) -> Config:
    """Read a config, or generate the one of a table."""
    from nncli.storage.lookup import TABLES

    if TABLES.includes(str(path)):
        return config_for(out, path, roles, overrides)
    require_no_roles(path, roles)
    require_config_name(str(path), out.command, resume=resume)
    return read_overridden(path, overrides)


def _show_step(out: Output, prepared: Experiment) -> None:
    from nncli.engines.python_engine import PythonEngine
    from nncli.messages.errors import NncliError

    engine = PythonEngine()
    if reason := engine.supports(prepared.network, prepared.recipe, len(prepared.rows.training)):
        raise NncliError(
            f"--show-step does not support {reason}", hint="remove --show-step; numpy trains this config"
        )
    source = engine.source(prepared.network, prepared.recipe)
    out.verbatim(source.rstrip())
    out.object("step", {"source": source})


def _smoke(out: Output, prepared: Experiment, conditions: list[Condition]) -> None:
    from nncli.inference.conditions import baselines_by_name, by_name
    from nncli.inspection.smoke import smoke
    from nncli.training.baselines import Baselines

    result = smoke(prepared)
    out.result(
        f"smoke ok: {prepared.config.run_name}, {result.epochs} epochs, {result.rows} rows, "
        f"{result.files} files written and read back, gradients agree (largest error {result.worst:.1e})"
    )
    out.object("smoke", {"ok": True, "epochs": result.epochs, "rows": result.rows, "metrics": result.metrics})
    baselines = baselines_by_name(Baselines(prepared).results_by_part)
    for condition in conditions:
        condition.check(by_name({"train": result.metrics}), prepared.rows.training.columns.named, baselines)
