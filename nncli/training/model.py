"""A trained network with what its columns mean: enough to predict any later table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from nncli.data.columns import Columns
from nncli.nn.arrays import Array
from nncli.nn.network import Activity, Network
from nncli.tables.column import shortest
from nncli.tables.notation import format_number
from nncli.tables.table import Table

BLOCK = 8192  # rows that go through the network together: constant memory, 1.9 times faster than all at once


@dataclass(frozen=True)
class Model:
    """Network, parameters (P,) and the roles of columns."""

    network: Network
    parameters: Array
    columns: Columns

    def with_threshold(self, threshold: float | None) -> Model:
        """Return the model of a binary task with another threshold of its positive class; None keeps it.

        Raises
        ------
        DataError
            If a threshold is given, and the task is not binary.
        """
        chosen = self.columns.require_threshold(threshold)
        return replace(self, columns=replace(self.columns, threshold=chosen))

    def outputs(self, X: Array) -> Array:
        """Outputs (n, outputs) in the targets' own units, for what the network gets (n, encoded)."""
        with np.errstate(all="ignore"):
            return self.columns.unscaled(last_layer(self.network, self.parameters, X).A)

    def predict(self, table: Table, *, proba: bool = False) -> dict[str, list[str] | Array]:
        """Predictions by column name, one entry a row: `pred_<target>`, and `proba_<class>` for classes.

        Two classes come with the probability of the second; more with all of them if `proba`. Each label
        of a multilabel task comes as 0 or 1 with its probability beside it.

        Raises
        ------
        DataError
            If an input column is missing or holds no numbers.
        """
        return self.predicted(self.columns.X(table), proba=proba)[1]

    def predicted(self, X: Array, *, proba: bool = False) -> tuple[Array, dict[str, list[str] | Array]]:
        """Outputs as `outputs` returns them, and the same as the columns of `predict`."""
        A = self.outputs(X)
        return A, self.labelled(A, proba=proba)

    def labelled(self, A: Array, *, proba: bool = False) -> dict[str, list[str] | Array]:
        """Such outputs as named columns, of classes with their labels."""
        columns = self.columns
        if columns.task == "multilabel":
            return self._flags(A)
        if not columns.labelled:
            return {f"pred_{name}": A[:, index] for index, name in enumerate(columns.targets)}
        (target,) = columns.targets
        if columns.task == "binary":
            chosen = (A[:, 0] >= columns.threshold).astype(int)
            shares: dict[str, list[str] | Array] = {f"proba_{columns.classes[1]}": A[:, 0]}
            if proba:
                shares = {f"proba_{columns.classes[0]}": 1.0 - A[:, 0], **shares}
        else:
            chosen = A.argmax(axis=1)
            shares = {f"proba_{name}": A[:, index] for index, name in enumerate(columns.classes) if proba}
        return {f"pred_{target}": [columns.classes[code] for code in chosen], **shares}

    def _flags(self, A: Array) -> dict[str, list[str] | Array]:
        """Each label as 0 or 1, and its probability beside it."""
        found: dict[str, list[str] | Array] = {}
        for index, name in enumerate(self.columns.targets):
            found[f"pred_{name}"] = ["1" if output >= 0.5 else "0" for output in A[:, index]]
            found[f"proba_{name}"] = A[:, index]
        return found


def last_layer(network: Network, parameters: Array, X: Array) -> Activity:
    """Z and A of the last layer, (..., n, outputs), for rows X (n, inputs) and parameters (..., P)."""
    starts = range(0, len(X), BLOCK) or [0]
    blocks = [network.forward(parameters, X[start : start + BLOCK])[-1] for start in starts]
    if len(blocks) == 1:
        return blocks[0]
    return Activity(*(np.concatenate(part, axis=-2) for part in zip(*blocks, strict=True)))


def as_text(column: Sequence[str] | Array) -> list[str]:
    """A column for a file: numbers in their shortest exact form."""
    if isinstance(column, np.ndarray):
        return [format_number(value) if np.isfinite(value) else repr(value) for value in shortest(column)]
    return list(column)
