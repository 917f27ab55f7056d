"""`nncli evaluate`: how good a trained network is."""

from __future__ import annotations

from nncli.cli.app import USE, command
from nncli.cli.options import FailIf, Input, RunReference, find_whole_run, read_input, tell_changed_data
from nncli.cli.output import Output, aligned
from nncli.wording import measured


@command(USE)
def evaluate(out: Output, run: RunReference = None, input: Input = None, fail_if: FailIf = None) -> None:
    """Measure a run on data: its own, or a table of --input with the same columns."""
    from nncli.analysis.conditions import Condition
    from nncli.analysis.evaluation import evaluate as measure

    found = find_whole_run(run, out)
    conditions = [Condition.parse(text, ["loss", *found.experiment.metrics]) for text in fail_if or ()]
    table = read_input(input) if input else found.experiment.dataset.table
    if not input:
        tell_changed_data(found, out)
    results = measure(found, table)
    rows = [(name, measured(value, 6)) for name, value in results.items()]
    out.result(aligned([*rows, ("rows", str(len(table)))], left=1))
    out.object("evaluate", {"run": str(found.path), "rows": len(table), "metrics": results})
    for condition in conditions:
        condition.check(results)
