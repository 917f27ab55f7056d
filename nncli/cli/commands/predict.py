"""`nncli predict`: predictions of a trained network."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from nncli.cli.app import AsJson, Debug, Quiet, Verbose, switched
from nncli.cli.misplaced import one_run
from nncli.cli.options import (
    Input,
    OnError,
    RunOption,
    RunReference,
    Threshold,
    find_predictor,
    input_parts,
    note_skipped,
    remarked,
    require_whole,
    threshold_or_stored,
    warn_of_divergence,
)
from nncli.cli.output import Output
from nncli.cli.registry import command
from nncli.cli.streams import encode_as_utf_8, unread
from nncli.messages import layout
from nncli.messages.wording import counted, listed, printable, shown

if TYPE_CHECKING:
    from nncli.data.columns import Columns
    from nncli.tables.table import Table
    from nncli.tables.writing import Predictions

PREVIEW = 20  # rows shown on a terminal
FormatOption = Literal["table", "csv", "jsonl", "parquet", "npy"]


@command(
    "Use",
    1,
    {
        "nncli predict xor --values 1,0": "predict one row",
        "nncli predict xor -i new.csv -o predictions.csv": "write predictions for a table to a file",
    },
)
def predict(
    context: typer.Context,
    run: RunReference = None,
    run_: RunOption = None,
    input: Input = None,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--values", metavar="A,B,...", help="One row, with values in the order of the inputs; repeatable."
        ),
    ] = None,
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Output file; - for stdout (default: -).",
            show_default=False,
        ),
    ] = "-",
    format: Annotated[
        FormatOption | None,
        typer.Option(
            metavar="table|csv|jsonl|parquet|npy",
            help="Output format (default: by the file extension; table on a terminal, else csv).",
            show_default=False,
        ),
    ] = None,
    proba: Annotated[bool, typer.Option("--proba", help="Include the probability of every class.")] = False,
    epoch: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Use the weights saved at this epoch (default: the final weights).", min=0
        ),
    ] = None,
    threshold: Threshold = None,
    on_error: OnError = "stop",
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
    as_json: AsJson = False,
) -> None:
    """Predict from a table, or from the run's own data if no input is given."""
    from nncli.api import prediction
    from nncli.inference.rejects import rejects
    from nncli.inference.unseen import UnseenCategories
    from nncli.messages.errors import NncliError
    from nncli.runs import require_no_run_file

    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    named = one_run(run, run_, out.command)
    if input and values:
        raise NncliError("--input and --values cannot be combined", hint="remove one of the two")
    if output != "-":
        require_no_run_file(Path(output))
    own = not (input or values)
    shape = format or _by_ending(output)
    found = find_predictor(named, out)
    warn_of_divergence(found, out)
    if own:
        require_whole(found)
        found.require_own_weights()
    threshold = threshold_or_stored(found, threshold, out, epoch)
    with ExitStack() as stack:
        rejected = stack.enter_context(rejects(_rejected(output))) if on_error == "skip" else None
        on_bad = rejected.add if rejected else None
        tables: Iterable[Table]
        if input:
            tables = remarked(stack.enter_context(input_parts(input, found.model.columns.read, on_bad)), out)
        elif values:
            tables = [_row_table(values, found.model.columns)]
        else:
            tables = [found.experiment.rows.whole.table]
        unseen = UnseenCategories(found.model.columns)
        parts = prediction.predictions(
            found, unseen.watch(tables), proba=proba, epoch=epoch, threshold=threshold, on_bad=on_bad
        )
        parts = _named(out, rejected.not_all(parts) if rejected else parts)
        facts = _written(out, parts, output, shape)
    if rejected:
        facts |= note_skipped(rejected, facts["rows"], out)
    if unseen.warning:
        out.warning(unseen.warning)
        facts["unseen_categories"] = unseen.examples
    out.object("predict", {"run": str(found.path), **facts, "unseen": unseen.rows})


def _named(out: Output, parts: Iterable[Predictions]) -> Iterator[Predictions]:
    """Yield the same parts; report once which added columns have another name than usual."""
    for position, part in enumerate(parts):
        if position == 0:
            for name, new in part.renamed.items():
                out.note(
                    f"the table's own column {shown(name)} is kept; the new column is named {shown(new)}"
                )
        yield part


def _written(out: Output, parts: Iterator[Predictions], output: str, shape: FormatOption) -> dict[str, Any]:
    """Write predictions to the output; return their fields for --json."""
    from nncli.tables import writing

    if output != "-":
        delimiter = DELIMITERS.get(Path(output).suffix.lower(), "")
        rows = writing.write_file((replace(part, delimiter=delimiter) for part in parts), shape, Path(output))
        out.note(f"wrote {printable(output)}, {counted(rows, 'row')}")
        return {"rows": rows, "output": output, "format": shape}
    if out.json:
        return _gathered(parts)
    if shape == "table" and out.columns is not None:
        return {"rows": _preview(out, _while_read(parts))}
    if shape != "table":
        encode_as_utf_8(sys.stdout)
    return {"rows": writing.write_stream(_while_read(parts), shape, sys.stdout)}


def _preview(out: Output, parts: Iterable[Predictions]) -> int:
    """Print the first rows, in the columns that fit the terminal; return the number of all rows."""
    from nncli.tables.writing import short_rows

    rows: list[tuple[str, ...]] = []
    count = added = 0
    try:
        for part in parts:
            if len(rows) <= PREVIEW:
                names, *cells = short_rows(part, PREVIEW)
                rows = [*(rows or [names]), *cells][: PREVIEW + 1]
                added = len(part.added)
            count += len(part)
    finally:
        if rows:
            out.result(layout.fitted_table(rows, left=0, columns=out.columns, last=added))
    if count > PREVIEW:
        more = counted(count - PREVIEW, "more row")
        out.result(f"... and {more}; to write all of them, add -o predictions.csv")
    return count


def _gathered(parts: Iterable[Predictions]) -> dict[str, Any]:
    columns: dict[str, list[Any]] = {}
    rows = 0
    for part in parts:
        for name, cells in part.plain().items():
            columns.setdefault(name, [None] * rows).extend(cells)
        rows += len(part)
    return {"rows": rows, "columns": columns}


def _while_read(parts: Iterator[Predictions]) -> Iterator[Predictions]:
    """Yield the same parts, until stdout is closed."""
    for part in parts:
        if unread(sys.stdout):
            return
        yield part


def _rejected(output: str) -> Path:
    """Path for skipped rows: next to the output, or in the current directory if that is no file."""
    path = Path(output)
    if output == "-" or (path.exists() and not path.is_file()):
        return Path("rejected.csv")
    return path.with_suffix(".rejected.csv")


ENDINGS: dict[str, FormatOption] = {
    "": "csv",
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".npy": "npy",
    ".parquet": "parquet",
    ".tsv": "csv",
    ".txt": "table",
}
DELIMITERS = {".tsv": "\t"}  # by extension; other files have the separator of the input


def _by_ending(output: str) -> FormatOption:
    from nncli.messages.errors import NncliError

    if output == "-":
        return "table" if sys.stdout.isatty() else "csv"
    ending = Path(output).suffix.lower()
    if ending not in ENDINGS:
        raise NncliError(
            f"{output}: cannot write '{shown(ending)}' files",
            hint=f"choose {', '.join(filter(None, ENDINGS))}, or add --format",
        )
    return ENDINGS[ending]


def _row_table(values: list[str], columns: Columns) -> Table:
    from nncli.messages.errors import DataError
    from nncli.tables.table import Table

    rows = [_cells(text) for text in values]
    for text, row in zip(values, rows, strict=True):
        if len(row) != len(columns.inputs):
            raise DataError(
                f"--values {shown(text)}: expected {counted(len(columns.inputs), 'value')}, found {len(row)}",
                hint=f"give values for the inputs in this order: {listed(columns.inputs)}",
            )
    return Table("--values", dict(zip(columns.inputs, zip(*rows, strict=True), strict=True)))


def _cells(text: str) -> list[str]:
    from nncli.messages.errors import DataError

    try:
        return [cell.strip() for cell in next(csv.reader([text], skipinitialspace=True), [])]
    except csv.Error as error:
        raise DataError(f"--values {shown(text)}: cannot be read as CSV: {error}") from None
