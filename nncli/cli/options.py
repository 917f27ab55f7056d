"""Arguments and options that several commands share."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nncli.cli import completion

if TYPE_CHECKING:
    from nncli.cli.output import Output
    from nncli.config import Config, Override
    from nncli.inference.rejects import Rejects
    from nncli.runs import Run
    from nncli.tables.settings import ReadConfig
    from nncli.tables.table import RowError, Table
    from nncli.training.experiment import Experiment

_HAS_DATASET = re.compile(rb"^(dataset|'dataset'|\"dataset\")[ \t]*:|^\{.*\bdataset\b", re.MULTILINE)

ConfigFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="CONFIG",
        help="A YAML config, or - for stdin (default: the only config in the current directory).",
        autocompletion=completion.config_files,
        show_default=False,
    ),
]
ConfigOrTable = Annotated[
    Path | None,
    typer.Argument(
        metavar="CONFIG|TABLE",
        help="A YAML config, or - for stdin (default: the only config in the current directory). "
        "A table with --target is trained with a generated config, as nncli init writes it.",
        autocompletion=completion.either(completion.config_files, completion.table_files),
        show_default=False,
    ),
]
ConfigOrRun = Annotated[
    str | None,
    typer.Argument(
        metavar="CONFIG|RUN",
        help="A config, taken at its initial weights, or a run, at its trained weights "
        "(default: the latest run).",
        autocompletion=completion.either(completion.run_names, completion.config_files),
        show_default=False,
    ),
]
RunReference = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN",
        help="A run directory, a run name under runs/, or a weights.npz (default: the latest run).",
        autocompletion=completion.run_names,
        show_default=False,
    ),
]
WholeRunReference = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN",
        help="A run directory, or a run name under runs/ (default: the latest run).",
        autocompletion=completion.run_names,
        show_default=False,
    ),
]
RunOption = Annotated[
    str | None,
    typer.Option(
        "--run",
        metavar="RUN",
        help="Same as the argument RUN.",
        show_default=False,
        autocompletion=completion.run_names,
    ),
]
RunsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--run",
        metavar="RUN",
        help="Same as the argument RUN; repeatable.",
        show_default=False,
        autocompletion=completion.run_names,
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Override a config value, e.g. optimizer.learning_rate=0.01; repeatable.",
        autocompletion=completion.settings,
    ),
]
FailIf = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-if",
        metavar="EXPR",
        help='Exit with code 4 if this is true, e.g. "mse > 0.01" (on held-out rows, if any); repeatable.',
    ),
]
Input = Annotated[
    str | None,
    typer.Option(
        "--input",
        "-i",
        metavar="FILE",
        help="Input table: CSV, Excel, JSON, Parquet, ARFF, also compressed; - for stdin.",
        autocompletion=completion.table_files,
    ),
]
OnError = Annotated[
    Literal["stop", "skip"],
    typer.Option(
        metavar="stop|skip",
        help="What to do with an invalid row: stop, or skip it and write it to a separate file "
        "(default: stop).",
        show_default=False,
    ),
]

Targets = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        metavar="COL",
        help="Target column of a table; repeat for several numeric or 0/1 targets.",
    ),
]
Threshold = Annotated[
    float | None,
    typer.Option(
        "--threshold",
        metavar="P",
        help="For two classes: predict the positive class if its probability is at least P (default: the "
        "threshold stored by nncli evaluate --best-threshold, else 0.5).",
        min=0.0,
        max=1.0,
    ),
]
ReadSettings = Annotated[
    list[str] | None,
    typer.Option(
        "--read",
        metavar="KEY=VALUE",
        help="Table format setting, such as header=false; repeatable. To list the keys: nncli explain read.",
    ),
]
Identifier = Annotated[
    str | None,
    typer.Option("--id", metavar="COL", help="Identifier column of a table (default: detected)."),
]
TaskKind = Annotated[
    Literal["regression", "binary", "multiclass", "multilabel"] | None,
    typer.Option(
        "--task",
        metavar="KIND",
        help="Kind of task: regression, binary, multiclass or multilabel (default: detected).",
    ),
]


def overrides_of(settings: Sequence[str] | None, **flags: object) -> list[Override]:
    """Return the overrides of `--set`, then those of the options that are short for a key."""
    from nncli.config import Override

    overrides = [Override.parse(text) for text in settings or ()]
    for key, value in flags.items():
        if value is not None:
            flag = "--" + key.rsplit("__", 1)[-1].replace("_", "-")
            overrides.append(Override(key.replace("__", "."), str(value), flag))
    return overrides


def read_config(path: Path, settings: Sequence[str] | None, **flags: object) -> Config:
    """Read a config and apply `--set`, then the options that are short for a key."""
    return read_overridden(path, overrides_of(settings, **flags))


def read_overridden(path: Path, overrides: Sequence[Override]) -> Config:
    """Read a config from a file, or from stdin for `-`, and apply overrides."""
    from nncli.config import load_config, parse_config
    from nncli.storage.lookup import CONFIGS, require_file

    if str(path) == "-":
        return parse_config(_stdin(), "stdin", overrides)
    require_file(path, CONFIGS)
    return load_config(path, overrides)


def config_or_only(path: Path | None, out: Output) -> Path:
    """Return the config that is named; if none is, the only one in the current directory, named on stderr.

    Raises
    ------
    ConfigError
        If none is named, and the current directory has none or several.
    """
    from nncli.messages.errors import ConfigError
    from nncli.messages.wording import listed

    if path is not None:
        return path
    found = _configs_here()
    if len(found) == 1:
        out.note(f"using {found[0]}, the only config in the current directory")
        return found[0]
    if not found:
        raise ConfigError("no config in the current directory", hint="write one with: nncli init xor")
    raise ConfigError(
        f"{len(found)} configs in the current directory: {listed(map(str, found))}",
        hint=f"name one: {shlex.join(['nncli', out.command, str(found[0])])}",
    )


def _configs_here() -> list[Path]:
    """Files in the current directory that look like configs, for they have the key `dataset`."""
    from nncli.storage.lookup import CONFIGS, files_in

    return [path for path in files_in(Path(), CONFIGS) if _HAS_DATASET.search(_beginning(path))]


def _beginning(path: Path) -> bytes:
    from nncli.config.yaml12 import LONGEST_CONFIG

    try:
        with path.open("rb") as file:
            return file.read(LONGEST_CONFIG)
    except OSError:
        return b""


def read_input(source: str, given: ReadConfig) -> Table:
    """Read a table from a file, or from stdin for `-`."""
    from nncli.storage.lookup import TABLES, require_file
    from nncli.tables import reading

    if source == "-":
        return reading.decode(_stdin(), "stdin", given)
    require_file(Path(source), TABLES)
    return reading.read(Path(source), source, given)


@contextmanager
def input_parts(
    source: str, given: ReadConfig, on_bad: Callable[[RowError], None] | None
) -> Iterator[Iterator[Table]]:
    """Read a file, or stdin for `-`, as a series of tables, in constant memory.

    `on_bad` is called with each unreadable row, which is then skipped; with None such a row is an error.
    """
    from nncli.storage.lookup import TABLES, require_file
    from nncli.tables import reading

    on_bad = on_bad or reading.refuse
    if source == "-":
        yield reading.read_parts(sys.stdin.buffer, "stdin", on_bad, given)
    else:
        require_file(Path(source), TABLES)
        with reading.opened(Path(source), source) as file:
            yield reading.read_parts(file, source, on_bad, given)


def _stdin() -> bytes:
    from nncli.messages.errors import NncliError

    try:
        return sys.stdin.buffer.read()
    except OSError as error:
        raise NncliError(f"stdin: cannot be read: {error.strerror or error}") from None


def find_run(reference: str | None, out: Output, *, having: str = "weights.npz") -> Run:
    """Find the run that a reference names and that has a file; name the run on stderr if it is the latest."""
    from nncli import runs
    from nncli.cli.misplaced import require_run_name

    if reference is not None:
        require_run_name(reference, out.command)
    run = runs.find(reference, having)
    if reference is None:
        out.note(f"using {run.path}, the latest run")
    return run


def warn_of_divergence(run: Run, out: Output) -> None:
    """Warn if the training of a run diverged: its weights are those of an early epoch."""
    from nncli.messages.errors import NncliError

    if run.readable_info.get("status") == "diverged":
        problem = f"the training of {run.path} diverged, and its weights are those of epoch {run.epoch:,}"
        out.warning(
            NncliError(problem, hint="to see the cause and what helps, train again with the same config")
        )


def find_predictor(reference: str | None, out: Output) -> Run:
    """Find a run, or an ensemble that `nncli seeds` wrote."""
    from nncli.runs import find_ensemble

    return (find_ensemble(reference) if reference is not None else None) or find_run(reference, out)


def find_whole_run(reference: str | None, out: Output) -> Run:
    """Find a run that has its config and data, not only its weights."""
    run = find_run(reference, out)
    require_whole(run)
    return run


def require_whole(run: Run) -> None:
    """Raise RunError if a run has only its weights, not its config."""
    from nncli import runs
    from nncli.messages.errors import RunError

    of_a_run = run.weights == runs.WEIGHTS or isinstance(run, runs.EnsembleRun)
    if not of_a_run or not (run.path / runs.CONFIG).is_file():
        raise RunError(
            f"{run.path / run.weights}: only weights, without the {runs.CONFIG} of their run",
            hint="give the run directory, or predict with --values or --input",
        )


def warn_of_changed_data(run: Run, out: Output) -> None:
    """Warn if the data of a run have changed since it was trained."""
    from nncli.messages.errors import NncliError

    if run.changed_data:
        out.warning(NncliError(f"the data have changed since training: {run.changed_data}"))


def threshold_or_stored(
    run: Run, threshold: float | None, out: Output, epoch: int | None = None
) -> float | None:
    """Return the threshold that is given, else the one stored in the run, which is named on stderr."""
    from nncli.messages.wording import shown
    from nncli.runs import THRESHOLD, read_threshold

    if threshold is not None:
        return threshold
    if epoch is not None:
        if (run.path / THRESHOLD).exists():
            out.note(f"{THRESHOLD} is not used: it was chosen for weights other than those of epoch {epoch}")
        return None
    stored = read_threshold(run)
    if stored is None:
        return None
    if not stored.fits(run.model):
        _warn_of_other_weights(run, stored.metric, out)
        return None
    positive = shown(str(run.model.columns.positive))
    out.note(
        f"predicting '{positive}' if its probability is at least {stored.threshold:g}"
        f" (from {THRESHOLD}; --threshold overrides it)"
    )
    return stored.threshold


def _warn_of_other_weights(run: Run, metric: str, out: Output) -> None:
    from nncli.messages.errors import NncliError
    from nncli.runs import THRESHOLD

    again = shlex.join(["nncli", "evaluate", str(run.path), "--best-threshold", metric])
    problem = f"{run.path / THRESHOLD} is ignored, because it was chosen for other weights"
    out.warning(NncliError(problem, hint=f"choose the threshold again: {again}"))


def remarked(tables: Iterable[Table], out: Output) -> Iterator[Table]:
    """Yield the same tables; report once what was detected about their format."""
    for position, table in enumerate(tables):
        if position == 0:
            note_remarks(table, out)
        yield table


def note_skipped(rejected: Rejects, used: int, out: Output) -> dict[str, object]:
    """Report on stderr how many rows were skipped; return the fields of --json, none if no row was."""
    from nncli.messages.wording import counted, printable

    if not rejected.count:
        return {}
    rows = counted(used + rejected.count, "row")
    out.note(f"skipped {rejected.count:,} of {rows} (see {printable(str(rejected.path))})")
    return {"rejected": rejected.count, "rejected_file": str(rejected.path)}


def experiment_or_run(
    target: str | None, run: str | None, overrides: list[str] | None, out: Output
) -> Experiment | Run:
    """Return the experiment of a config, or a run with its data as they were (default: the latest run)."""
    from nncli import api
    from nncli.cli.misplaced import one_run
    from nncli.messages.errors import NncliError
    from nncli.messages.wording import shown

    target = one_run(target, run, out.command)
    if target is not None and run is None and _is_config(target):
        return api.check(read_config(Path(target), overrides))
    if overrides:
        raise NncliError(
            f"--set {shown(overrides[0])}: the config of a run cannot be changed",
            hint="give the run's config.yaml instead, which has its initial weights",
        )
    found = find_whole_run(target, out)
    warn_of_changed_data(found, out)
    return found


def _is_config(target: str) -> bool:
    path = Path(target)
    return target == "-" or path.suffix in (".yaml", ".yml") or (path.is_file() and path.suffix != ".npz")


def note_remarks(table: Table, out: Output) -> None:
    """Report on stderr what was detected about a table: its layout, and how its numbers are written."""
    for remark in table.remarks:
        out.note(f"{table.origin}: {remark}")


def warn_of_oddities(prepared: Experiment, out: Output) -> list[dict[str, str | None]]:
    """Warn about valid but unusual settings; return the warnings for --json."""
    from nncli.advice.pairing import oddities

    for note in prepared.config.notes:
        out.note(note)
    mistakes = oddities(prepared)
    if not mistakes:
        return []
    warning = prepared.config.error(*mistakes)
    out.warning(warning)
    return [{"message": one.message, "hint": one.hint} for one in (warning, *warning.others)]
