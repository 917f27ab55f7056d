"""Rows that a network predicts worst, by their loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nncli.data.columns import Dataset
from nncli.nn.arrays import Array
from nncli.nn.losses import Loss
from nncli.training.model import Model, as_text, last_layer


@dataclass(frozen=True)
class WorstRow:
    """A row that is predicted badly.

    Attributes
    ----------
    line : of the file on which it starts, from 1; of rows without a file its number.
    id : cell of the identifier column; empty without one.
    expected, predicted : the targets, as text.
    probability : of the true class; None for targets that are no classes.
    loss : of the row by itself, without penalties.
    """

    line: int
    id: str
    expected: tuple[str, ...]
    predicted: tuple[str, ...]
    probability: float | None
    loss: float


def worst_rows(model: Model, loss: Loss, rows: Dataset, count: int) -> list[WorstRow]:
    """Return the rows with the largest losses, the worst first."""
    with np.errstate(all="ignore"):
        output = last_layer(model.network, model.parameters, rows.X)
        losses = loss.terms_of(output.Z, output.A, rows.Y).sum(axis=1)
    worst = np.argsort(-np.nan_to_num(losses, nan=np.inf), kind="stable")[:count]
    columns, part = model.columns, rows.part(worst)
    A = model.outputs(part.X)
    predicted = [as_text(values) for name, values in model.labelled(A).items() if name.startswith("pred_")]
    labels = columns.labels(part.table)
    expected = [labels] if labels else _columns_of(part, columns.task)
    probabilities = _probabilities(part, A)
    ids = [str(cell) for cell in part.table.columns.get(columns.id or "", ())]
    source = part.table.source
    return [
        WorstRow(
            line=source.lines[k] if source else int(row) + 1,
            id=ids[k] if ids else "",
            expected=tuple(column[k] for column in expected),
            predicted=tuple(column[k] for column in predicted),
            probability=probabilities[k] if probabilities else None,
            loss=float(losses[row]),
        )
        for k, row in enumerate(worst.tolist())
    ]


def _columns_of(rows: Dataset, task: str) -> list[list[str]]:
    """Return the targets as columns of text."""
    if task == "multilabel":
        return [[f"{value:.0f}" for value in column] for column in rows.expected.T]
    return [as_text(column) for column in rows.expected.T]


def _probabilities(rows: Dataset, A: Array) -> list[float]:
    """Return the probability of the true class of each row; none where the targets are no classes."""
    if rows.columns.task == "binary":
        shares = np.where(rows.Y[:, 0] >= 0.5, A[:, 0], 1.0 - A[:, 0])
    elif rows.columns.task == "multiclass":
        shares = A[np.arange(len(A)), rows.Y.argmax(axis=1)]
    else:
        return []
    return [float(share) for share in shares]
