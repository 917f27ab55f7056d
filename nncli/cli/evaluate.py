"""`nncli evaluate`: how good a trained network is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nncli.cli.app import USE, command
from nncli.cli.options import FailIf, Input, RunReference, find_whole_run, read_input, tell_changed_data
from nncli.cli.output import Output, aligned
from nncli.wording import measured

if TYPE_CHECKING:
    from nncli.data.table import Table
    from nncli.runs import Run


@command(USE)
def evaluate(out: Output, run: RunReference = None, input: Input = None, fail_if: FailIf = None) -> None:
    """Measure a run on data: its own, or a table of --input with the same columns."""
    from nncli.analysis.conditions import PREFIXES, Condition
    from nncli.analysis.evaluation import evaluate as measure

    found = find_whole_run(run, out)
    if input:
        prefix, table = "", read_input(input)
    else:
        tell_changed_data(found, out)
        part, table = _last_part(found)
        prefix = PREFIXES[part]
        if found.experiment.held_out:
            out.note(f"measured on its {part} rows")
    measured_names = ["loss", *found.experiment.metrics]
    known = [*measured_names, *(prefix + name for name in measured_names if prefix)]
    conditions = [Condition.parse(text, known) for text in fail_if or ()]
    results = measure(found, table)
    rows = [(name, measured(value, 6)) for name, value in results.items()]
    out.result(aligned([*rows, ("rows", str(len(table)))], left=1))
    out.object("evaluate", {"run": str(found.path), "rows": len(table), "metrics": results})
    for condition in conditions:
        condition.check({**results, **{prefix + name: value for name, value in results.items()}})


def _last_part(run: Run) -> tuple[str, Table]:
    """What says most about new rows: the test part, else validation, else what was trained on."""
    held_out = list(run.experiment.held_out.items())
    name, dataset = held_out[-1] if held_out else ("train", run.experiment.dataset)
    return name, dataset.table
