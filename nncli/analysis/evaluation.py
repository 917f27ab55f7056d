"""Loss and metrics of a trained network on any table."""

from __future__ import annotations

import numpy as np

from nncli.data.table import Table
from nncli.runs import Run


def evaluate(run: Run, table: Table) -> dict[str, float]:
    """The loss and the config's metrics, by name, on the rows of a table that holds the targets.

    Raises
    ------
    DataError
        If a column is missing or a cell cannot be used.
    """
    model = run.model
    X, Y = model.columns.X(table), model.columns.Y(table)
    with np.errstate(all="ignore"):
        output = model.network.forward(model.parameters, X)[-1]
        loss = run.experiment.recipe.loss.value(output.Z, output.A, Y)
        metrics = {name: metric(output.A, Y) for name, metric in run.experiment.metrics.items()}
    return {"loss": loss, **metrics}
