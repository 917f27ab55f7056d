"""`nncli cv`: cross-validation of a config."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nncli.cli.app import AsJson, Debug, Quiet, Verbose, switched
from nncli.cli.follow import follow_each
from nncli.cli.misplaced import require_config_name
from nncli.cli.options import ConfigFile, Overrides, config_or_only, note_remarks, read_config
from nncli.cli.registry import command
from nncli.messages.layout import fitted_table
from nncli.messages.wording import counted, measured, shortened

if TYPE_CHECKING:
    from nncli.cli.output import Output
    from nncli.data.columns import Columns
    from nncli.many.cross_validation import CrossValidation, Fold, LeftOutRow

NAMED_ROWS = 6  # of a fold that the table names


@command(
    "Check",
    5,
    {
        "nncli cv iris.yaml --folds 10": "train ten times, each time without a tenth of the rows",
        "nncli cv perceptron.yaml --leave-one-out": "predict each row with a network that never saw it",
    },
)
def cv(
    context: typer.Context,
    config: ConfigFile = None,
    folds: Annotated[
        int | None,
        typer.Option(metavar="K", help="Number of folds (default: 5).", show_default=False),
    ] = None,
    leave_one_out: Annotated[
        bool, typer.Option("--leave-one-out", help="Leave out each row by itself: as many folds as rows.")
    ] = False,
    leave_out: Annotated[
        int | None,
        typer.Option(metavar="P", help="Leave out every combination of P rows.", show_default=False),
    ] = None,
    set_: Overrides = None,
    seed: Annotated[str | None, typer.Option(metavar="N", help="Short for --set seed=N.")] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
    as_json: AsJson = False,
) -> None:
    """Cross-validate a config: evaluate on each fold after training on the others. Writes no files.

    Rows of the config's test set are not used. In the result, the line "pooled" measures the predictions of
    all folds together.
    """
    from nncli import api
    from nncli.api import many

    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    size = _size(folds, leave_out, leave_one_out=leave_one_out)
    path = config_or_only(config, out)
    require_config_name(str(path), out.command)
    prepared = api.check(read_config(path, set_, seed=seed))
    note_remarks(prepared.rows.training.table, out)
    plan = many.planned_folds(prepared, folds=folds, leave_out=size)
    found = plan.outcome(follow_each(out, plan.trained(), len(plan.sets), "folds"))
    columns = prepared.rows.training.columns
    _show(out, found, columns, by_row=size == 1)
    out.object("cv", _fields(found, size))
    _warn(out, found)


def _size(folds: int | None, leave_out: int | None, *, leave_one_out: bool) -> int | None:
    """Return how many rows each training leaves out; None for folds."""
    from nncli.messages.errors import NncliError

    given = {"--folds": folds, "--leave-out": leave_out, "--leave-one-out": leave_one_out or None}
    if len(chosen := [name for name, value in given.items() if value is not None]) > 1:
        raise NncliError(f"{' and '.join(chosen)} cannot be combined", hint="keep one of them")
    return 1 if leave_one_out else leave_out


def _show(out: Output, found: CrossValidation, columns: Columns, *, by_row: bool) -> None:
    """Print a line per fold or row, then the summary."""
    first = found.folds[0]
    if by_row:
        rows = [_row_header(columns), *(_row(fold.left_out[0], fold, columns) for fold in found.folds)]
        out.detail(fitted_table(rows, left=0, columns=out.columns) + "\n")
    names = list(first.metrics)
    header = ["fold", "held out", "trained on", "epochs", *map(columns.named, names)]
    table = [header] if by_row else [header, *([*_fold(fold)] for fold in found.folds)]
    for title, values in (("mean", found.mean), ("std", found.std), ("pooled", found.metrics_together)):
        if values:
            table.append([title, "", "", "", *(measured(values.get(name)) for name in names)])
    if by_row:
        table = [["" if line is header else line[0], *line[4:]] for line in table]
    out.result(fitted_table(table, columns=out.columns))


def _fold(fold: Fold) -> list[str]:
    number = str(fold.number)
    if len(fold.rows) <= NAMED_ROWS:
        number += f" ({shortened(', '.join(str(row.row) for row in fold.left_out), 24)})"
    values = [measured(value) for value in fold.metrics.values()]
    if fold.divergence:
        values = ["diverged", *("-" for _ in values[1:])]
    return [number, f"{len(fold.rows):,}", f"{fold.training_rows:,}", f"{fold.epochs:,}", *values]


def _row_header(columns: Columns) -> list[str]:
    targets = columns.targets
    ids = [columns.id] if columns.id else []
    errors = [f"error_{name}" for name in targets] if columns.task == "regression" else ["error"]
    return ["row", *ids, *targets, *(f"pred_{name}" for name in targets), *errors, "loss"]


def _row(row: LeftOutRow, fold: Fold, columns: Columns) -> list[str]:
    errors = [measured(error) for error in row.errors] or ["wrong" if row.is_wrong else ""]
    ids = [row.id] if columns.id else []
    predictions, loss = list(row.predictions), measured(fold.metrics["loss"])
    if columns.task == "regression":
        predictions = [measured(float(value), 6) for value in predictions]
    if fold.divergence:
        predictions, errors, loss = ["-"] * len(predictions), ["-"] * len(errors), "diverged"
    return [str(row.row), *ids, *row.targets, *predictions, *errors, loss]


def _warn(out: Output, found: CrossValidation) -> None:
    """Warn of folds that diverged.

    Raises
    ------
    DivergedError
        If all did.
    """
    from nncli.messages.errors import DivergedError, NncliError

    if not (diverged := [fold for fold in found.folds if fold.divergence]):
        return
    hint = "use a smaller optimizer.learning_rate, or scale the inputs: dataset.preprocessing.scale: standard"
    first = f"{diverged[0].divergence}"
    if not found.finished:
        raise DivergedError(f"all {counted(len(diverged), 'fold')} diverged; fold 1: {first}", hint=hint)
    words = f"{len(diverged)} of {counted(len(found.folds), 'fold')} diverged and are not in the mean"
    out.warning(NncliError(f"{words}; fold {diverged[0].number}: {first}", hint=hint))


def _fields(found: CrossValidation, size: int | None) -> dict[str, Any]:
    """Fields of --json."""
    return {
        "folds": [
            {
                "fold": fold.number,
                "training_rows": fold.training_rows,
                "epochs": fold.epochs,
                "diverged": fold.divergence,
                "metrics": fold.metrics,
                "rows": [_left_out(row) for row in fold.left_out],
            }
            for fold in found.folds
        ],
        "leave_out": size,
        "mean": found.mean,
        "std": found.std,
        "all_rows": found.metrics_together,
    }


def _left_out(row: LeftOutRow) -> dict[str, Any]:
    return {
        "row": row.row,
        "line": row.line,
        "id": row.id or None,
        "targets": row.targets,
        "predictions": row.predictions,
        "errors": row.errors,
    }
