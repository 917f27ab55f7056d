"""`nncli sweep`: one config trained with many combinations of values."""

from __future__ import annotations

import os
import re
import shlex
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from nncli.cli import follow
from nncli.cli.app import AsJson, Debug, Quiet, Verbose, switched
from nncli.cli.misplaced import require_config_name
from nncli.cli.options import ConfigFile, Overrides, config_or_only, note_remarks, read_config
from nncli.cli.registry import command
from nncli.messages.layout import fitted_table
from nncli.messages.wording import counted, measured, printable, shown

if TYPE_CHECKING:
    from nncli.cli.output import Output
    from nncli.many.pool import Backend
    from nncli.many.sweeps.folder import SweepFolder
    from nncli.many.sweeps.plan import Sweep, SweepPlan
    from nncli.many.sweeps.queue import Budget
    from nncli.many.sweeps.search import SearchName
    from nncli.many.sweeps.trial import SweepTrial
    from nncli.plots import SavedPicture

BEST_TRIALS = 20  # of the table


@command(
    "Check",
    7,
    {
        "nncli sweep iris.yaml --grid optimizer.learning_rate=0.1,0.01 --grid network.layers[0].units=8,16": (
            "train each of the four combinations"
        ),
        "nncli sweep iris.yaml --grid optimizer.learning_rate=log:0.001..1 --trials 50 --workers 4": (
            "draw 50 learning rates at random, and train four at a time"
        ),
    },
)
def sweep(
    context: typer.Context,
    config: ConfigFile = None,
    grid: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUES",
            help="Values of a config key: a list a,b,c or a range low..high or log:low..high; repeatable.",
        ),
    ] = None,
    search: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Choose values by grid (every combination), random, or tpe (from earlier results; needs "
            "Optuna) (default: random if a value is a range, else grid).",
            show_default=False,
        ),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Number of trials, for random and tpe (default: 20).",
            show_default=False,
        ),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Validation metric that decides which trial is best (default: loss).",
            show_default=False,
        ),
    ] = None,
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Stop a trial early if it does worse than the median of earlier ones."),
    ] = False,
    timeout: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Start no new trial after this time, e.g. 90s, 10m or 2h.",
            show_default=False,
        ),
    ] = None,
    budget: Annotated[
        int | None,
        typer.Option(
            metavar="EPOCHS",
            help="Begin no trial once the trials have trained this many epochs in total.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(metavar="N", help="Number of processes (default: 1).", show_default=False),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Train on the workers of this Dask scheduler, such as tcp://127.0.0.1:8786.",
            show_default=False,
        ),
    ] = None,
    tls_ca: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Certificate of the certificate authority, for a tls:// address.",
            show_default=False,
        ),
    ] = None,
    tls_cert: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Certificate of this machine, for tls://.", show_default=False),
    ] = None,
    tls_key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Private key of --tls-cert.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Directory of the sweep (default: sweeps/NAME). Trials already in it are not repeated.",
            show_default=False,
        ),
    ] = None,
    set_: Overrides = None,
    seed: Annotated[str | None, typer.Option(metavar="N", help="Short for --set seed=N.")] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
    as_json: AsJson = False,
) -> None:
    """Train a config with many combinations of values, and choose the best by the validation set.

    Each trial is saved as it finishes. To continue an interrupted sweep, repeat its command.
    """
    from nncli.many.sweeps.folder import opened_sweep, sweep_path
    from nncli.many.sweeps.plan import SweepOptions, SweepPlan
    from nncli.many.sweeps.queue import Budget
    from nncli.many.sweeps.space import Axis

    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    path = config_or_only(config, out)
    require_config_name(str(path), out.command)
    where = _place(workers, cluster, (tls_ca, tls_cert, tls_key), out)
    loaded = read_config(path, set_, seed=seed)
    limit = Budget(_seconds(timeout), budget)
    axes = [Axis.parse(text) for text in grid or []]
    plan = SweepPlan.of(loaded, axes, SweepOptions(cast("SearchName | None", search), trials, metric, prune))
    note_remarks(plan.table, out)
    with opened_sweep(sweep_path(loaded.run_name) if output is None else output, plan.identity) as folder:
        found = plan.outcome(_followed(out, plan, folder, where, limit), folder)
        pictures = _drawn(out, folder)
    if found.remark:
        out.note(found.remark)
    _show(out, found, pictures)
    if (missing := plan.count - len(found.trials)) > 0:
        larger = "" if budget is None else " with a larger --budget"
        out.note(f"limit reached: {counted(missing, 'trial')} left; repeat the command{larger} to train more")
    out.object("sweep", {**_fields(found), "pictures": [str(each.path) for each in pictures]})
    _require_one(found)


def _place(
    workers: int | None, cluster: str | None, tls: tuple[Path | None, Path | None, Path | None], out: Output
) -> Backend:
    """Return where to train, by the options."""
    from nncli.many.cluster import Certificates, Cluster, chosen_backend
    from nncli.messages.errors import NncliError

    authority, certificate, key = tls
    if cluster is None or workers is not None:
        if cluster is None and any(tls):
            raise NncliError(
                "--tls-ca, --tls-cert and --tls-key need --cluster", hint="add --cluster tls://HOST:PORT"
            )
        return chosen_backend(workers, cluster)
    if not any(tls):
        return Cluster(cluster, note=out.note)
    if authority is None or certificate is None or key is None:
        raise NncliError("--tls-ca, --tls-cert and --tls-key need each other", hint="give all three")
    return Cluster(cluster, Certificates(authority, certificate, key), out.note)


def _followed(
    out: Output, plan: SweepPlan, folder: SweepFolder, where: Backend, limit: Budget
) -> list[SweepTrial]:
    """Train all trials, with progress on stderr from time to time."""
    from nncli.cli.stopping import Stopped, answered

    found: list[SweepTrial] = []

    def report_interruption() -> None:
        done = f"{len(found)} of {counted(plan.count, 'trial')}"
        out.say(f"interrupted after {done}; saved to {folder.path}. Repeat the command to continue")

    try:
        with answered(report_interruption):
            for trial in _with_progress(out, plan, plan.trained(folder, where, limit), folder):
                found.append(trial)
    except Stopped:
        report_interruption()
        _drawn(out, folder)
        raise
    return found


def _drawn(out: Output, folder: SweepFolder) -> Sequence[SavedPicture]:
    """Draw the trials that the directory holds; warn if they cannot be drawn, as they are safe already."""
    from nncli import plots
    from nncli.messages.errors import NncliError

    os.environ["MPLBACKEND"] = "agg"  # open no window, whatever the environment sets
    try:
        return plots.saved_sweep(folder.path)
    except NncliError as error:
        out.warning(error)
        return ()


def _with_progress(
    out: Output, plan: SweepPlan, trials: Iterator[SweepTrial], folder: SweepFolder
) -> Iterator[SweepTrial]:
    kept, total = len(folder.trials(plan.count)), plan.count
    if kept:
        out.note(f"{folder.path} already holds {kept:,} of {counted(total, 'trial')}")
    found: list[SweepTrial] = []
    began = last = time.perf_counter()
    for trial in trials:
        found.append(trial)
        yield trial
        now = time.perf_counter()
        if kept < len(found) < total and now - last >= follow.PAUSE:
            best, left = plan.best(found), (now - began) / (len(found) - kept) * (total - len(found))
            value = f"  best {plan.goal.metric}={measured(best.metrics[plan.goal.metric])}" if best else ""
            out.note(f"trials={len(found)}/{total}{value}  about {_duration(left)} left")
            last = now


def _seconds(time_limit: str | None) -> float | None:
    """Return the seconds of a time such as 10m."""
    from nncli.messages.errors import NncliError

    if time_limit is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", time_limit.strip())
    if not match:
        problem = f"--timeout {shown(time_limit)}: expected a number with s, m or h"
        raise NncliError(problem, hint="write, for example, 90s, 10m or 2h")
    return float(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2] or "s"]


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.0f} h"


def _show(out: Output, found: Sweep, pictures: Sequence[SavedPicture]) -> None:
    """Print the table of the best trials, the pictures, and the values and the run of the best one."""
    keys = list(found.trials[0].values)
    rows = [["trial", found.metric, *_short(keys), "epochs"]]
    rows += [_line(trial, found.metric) for trial in found.ranked[:BEST_TRIALS]]
    more = len(found.trials) - BEST_TRIALS
    out.detail(fitted_table(rows, columns=out.columns) + (f"\nand {more:,} more" if more > 0 else ""))
    for status in ("diverged", "failed"):
        if several := [trial for trial in found.trials if trial.status == status]:
            out.detail(
                f"{status}: {counted(len(several), 'trial')}; trial {several[0].number}: {_why(several[0])}"
            )
    if pictures:
        out.detail("\nplots: " + " and ".join(printable(str(each.path)) for each in pictures))
    if found.best and found.run:
        words = [word for key, value in found.best.values.items() for word in ("--set", f"{key}={value}")]
        out.detail(f"\nbest values, from trial {found.best.number}:")
        out.verbatim(shlex.join(words))
        out.verbatim(str(found.run.path))


def _why(trial: SweepTrial) -> str:
    return printable(trial.message or "")


def _short(keys: list[str]) -> list[str]:
    """Return the last names of the keys, where they differ."""
    short = [key.rpartition(".")[2] for key in keys]
    return [name if short.count(name) == 1 else key for key, name in zip(keys, short, strict=True)]


def _line(trial: SweepTrial, metric: str) -> list[str]:
    is_measured = trial.status in ("finished", "pruned")
    value = measured(trial.metrics[metric]) if is_measured else trial.status
    epochs = f"{trial.epochs:,}" + " (pruned)" * (trial.status == "pruned")
    return [str(trial.number), value, *map(shown, trial.values.values()), epochs]


def _require_one(found: Sweep) -> None:
    """Raise an error if no trial finished."""
    from nncli.messages.errors import DivergedError, NncliError

    if found.best is not None:
        return
    first = found.trials[0]
    if all(trial.status == "failed" for trial in found.trials):
        raise NncliError(f"all {counted(len(found.trials), 'trial')} failed; trial 1: {_why(first)}")
    raise DivergedError(
        f"none of the {len(found.trials):,} trials finished; trial {first.number}: {_why(first)}",
        hint="use a smaller optimizer.learning_rate, or scale the inputs: "
        "dataset.preprocessing.scale: standard",
    )


def _fields(found: Sweep) -> dict[str, Any]:
    """Fields of --json."""
    best = found.best
    return {
        "sweep": str(found.path),
        "metric": found.metric,
        "higher_is_better": found.higher_is_better,
        "best": None if best is None else best.number,
        "run": None if found.run is None else str(found.run.path),
        "trials": [vars(trial) for trial in found.trials],
    }
