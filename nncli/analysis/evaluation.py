"""Loss and metrics of a trained network on any table."""

from __future__ import annotations

from nncli.data.columns import Dataset
from nncli.data.table import Table
from nncli.runs import Run
from nncli.training import Observer


def evaluate(run: Run, table: Table) -> dict[str, float]:
    """The loss and the config's metrics, by name, on the rows of a table that holds the targets.

    Raises
    ------
    DataError
        If a column is missing or a cell cannot be used.
    """
    rows = Dataset.read(table, run.model.columns)
    return Observer.of(run.experiment).measured(run.model.parameters, rows)
