"""Preprocessing of cells into a network's inputs: fitted on the training set, applied to any later table.

Missing values are filled first; scaling is fitted on the filled column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import ConfigDict, Field

from nncli.data.encoding import FITTERS, Encoding, Number, Treatment, why_not
from nncli.data.scaling import SCALERS, Scale, Scaling
from nncli.data.settings import ColumnConfig, PreprocessingConfig
from nncli.messages.suggestions import suggestion
from nncli.messages.wording import counted, shown
from nncli.nn.arrays import Array
from nncli.tables.column import ValueKind, no_number
from nncli.tables.table import CellError, Misfit, Table, date_error

DType = Literal["float64", "float32"]
BEYOND = "scale the column, or set training.dtype: float64"

_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


@dataclass(frozen=True)
class Preprocessing:
    """Preprocessing fitted on the training set, to read any later table, or part of one, in the same way.

    Attributes
    ----------
    columns : the inputs in order.
    targets : the scaling of each target; empty for classification.
    dtype : dtype of inputs and scaled targets; scaling itself is in float64, both ways.
    """

    __pydantic_config__ = _STRICT

    columns: Annotated[tuple[Annotated[Encoding, Field(discriminator="kind")], ...], Field(min_length=1)]
    targets: tuple[Scaling, ...] = ()
    dtype: DType = "float64"

    def __post_init__(self) -> None:
        if len({column.name for column in self.columns}) < len(self.columns):
            raise ValueError("column names must be unique")

    @classmethod
    def plain(cls, inputs: Sequence[str]) -> Preprocessing:
        """Return preprocessing that leaves numbers unchanged and accepts no missing value."""
        return cls(tuple(Number("number", name, "error") for name in inputs))

    @property
    def encoded(self) -> tuple[str, ...]:
        """Names of the network's inputs, such as `age`, `color=green`, `color=red`."""
        return tuple(name for column in self.columns for name in column.encoded)

    @property
    def blocks(self) -> dict[str, slice]:
        """Positions of the network's inputs that encode each column, by its name."""
        found, end = {}, 0
        for column in self.columns:
            start, end = end, end + len(column.encoded)
            found[column.name] = slice(start, end)
        return found

    def X(self, table: Table) -> Array:
        """Return the network's inputs (n, encoded) for a table's rows; columns are found by name.

        Raises
        ------
        DataError
            If a column is missing, or at the first invalid cell.
        """
        X = self._encoded(table)
        unusable = ~np.isfinite(X).all(axis=1)
        if unusable.any():
            raise self._cell_error(table, int(unusable.argmax()))
        return X

    def usable(self, table: Table) -> Array:
        """Return a mask of the rows (n,) of a table that `X` can read."""
        return np.asarray(np.isfinite(self._encoded(table)).all(axis=1))

    def _encoded(self, table: Table) -> Array:
        table.require([column.name for column in self.columns])
        # Not all encoded columns and then their copy: that took a third more memory than the numbers and X.
        X, blocks = np.empty((len(table), len(self.encoded)), self.dtype), self.blocks
        for column in self.columns:
            X[:, blocks[column.name]] = self._inputs(column, table)
        return X

    def _inputs(self, column: Encoding, table: Table) -> Array:
        """Return the inputs (n, width) of a column; not finite where a cell is invalid."""
        return as_dtype(column.encode(table.typed[column.name]), self.dtype)

    def _cell_error(self, table: Table, row: int) -> CellError:
        """Return the error of a row: that of its first invalid cell."""
        one = table.take([row])
        column = next(c for c in self.columns if not np.isfinite(self._inputs(c, one)).all())
        cell = one.typed[column.name].texts[0]
        if np.isfinite(column.encode(one.typed[column.name])).all():
            return table.cell_error(
                row, column.name, f"'{shown(cell)}' is too large for {self.dtype}", BEYOND
            )
        return table.cell_error(row, column.name, *why_not(column, cell))

    def scaled(self, Y: Array) -> Array:
        """Return the scaled targets, from targets (n, targets) in their own units."""
        return as_dtype(self._each(Scaling.forward, Y), self.dtype)

    def unscaled(self, A: Array) -> Array:
        """Return outputs (..., n, outputs) in the targets' own units, in float64 if they were scaled."""
        return self._each(Scaling.inverse, A)

    def _each(self, apply: Callable[[Scaling, Array], Array], values: Array) -> Array:
        if all(scaling.leaves for scaling in self.targets):
            return values
        columns = np.moveaxis(values.astype(np.float64, copy=False), -1, 0)
        return np.stack([apply(*pair) for pair in zip(self.targets, columns, strict=True)], axis=-1)


def treatments(table: Table, inputs: Sequence[str], settings: PreprocessingConfig) -> dict[str, Treatment]:
    """Return the treatment of each input column by the settings; kinds not set are detected from all cells.

    Raises
    ------
    Misfit
        If a setting does not apply to its column.
    CellError
        If a column holds dates.
    """
    for name in settings.columns:
        if name not in inputs:
            problem = f"'{shown(name)}' is not an input"
            raise Misfit(("preprocessing", "columns", name), problem, hint=suggestion(name, inputs, "inputs"))
    return {name: _treatment(table, name, settings) for name in inputs}


def _treatment(table: Table, name: str, settings: PreprocessingConfig) -> Treatment:
    own = settings.columns.get(name, ColumnConfig())
    kind = own.kind or _kind(table, name)
    for key, meaningless in NO_MEANING[kind].items():
        if (value := getattr(own, key)) in meaningless:
            problem = f"{value} does not apply, because '{shown(name)}' contains {PLURAL[kind]}"
            hint = f"remove the key, or set another kind for {shown(name)}"
            raise Misfit(("preprocessing", "columns", name, key), problem, hint=hint)
    missing = own.missing or settings.missing
    return Treatment(
        kind=kind,
        scale=own.scale or settings.scale,
        missing="most_frequent" if missing in NO_MEANING[kind].get("missing", ()) else missing,
        unseen=own.unseen or settings.unseen,
        guessed=own.kind is None,
    )


# Values of settings that do not apply to a column, by its kind.
NO_MEANING: dict[ValueKind, dict[str, tuple[str, ...]]] = {
    "number": {"unseen": ("error", "ignore")},
    "boolean": {
        "scale": ("standard", "minmax"),
        "missing": ("mean", "median"),
        "unseen": ("error", "ignore"),
    },
    "category": {"scale": ("standard", "minmax"), "missing": ("mean", "median")},
    "date": {"unseen": ("error", "ignore")},
}
PLURAL: dict[ValueKind, str] = {
    "number": "numbers",
    "boolean": "booleans",
    "category": "categories",
    "date": "dates",
}


def _kind(table: Table, name: str) -> ValueKind:
    kind = table.typed[name].kind
    if kind == "date":
        own = f"dataset.preprocessing.columns.{shown(name)}.kind"
        hint = f"set {own}: date, which makes numbers of it, or remove the column from the inputs"
        raise date_error(table, name, hint)
    return kind


def complete(table: Table, chosen: Mapping[str, Treatment], targets: Sequence[str]) -> Array:
    """Return the rows (from 0) with a value in every target and every `drop` input."""
    present = np.ones(len(table), dtype=bool)
    kinds: dict[str, ValueKind] = {name: own.kind for name, own in chosen.items() if own.missing == "drop"}
    kinds |= {name: table.typed[name].kind_as_target for name in targets}
    for name, kind in kinds.items():
        present &= ~table.typed[name].missing(kind)
    if not present.any():
        problem = f"each of the {counted(len(table), 'row')} lacks a value in some column"
        raise Misfit(
            ("preprocessing", "missing"), problem, hint="set missing: median to fill the cells instead"
        )
    return np.flatnonzero(present)


def fit(
    training: Table,
    chosen: Mapping[str, Treatment],
    Y: Array | None = None,
    scale_targets: Scale = "none",
    dtype: DType = "float64",
) -> Preprocessing:
    """Fit preprocessing on a table of the training rows only.

    Invalid cells are ignored if a column has valid ones; `X` reports their place.

    Parameters
    ----------
    Y : targets (n, targets) of a regression; None leaves targets as they are.
    dtype : dtype of the network's inputs.

    Raises
    ------
    Misfit
        If no training row has a value of a column, or its values cannot be scaled or are all different.
    CellError
        If a column of numbers has no valid value.
    """
    for name, own in chosen.items():
        if own.kind == "number":
            _check_numbers(training, name)
    columns = tuple(FITTERS[own.kind](name, training.typed[name], own) for name, own in chosen.items())
    if Y is None:
        return Preprocessing(columns, dtype=dtype)
    with np.errstate(all="ignore"):
        targets = tuple(SCALERS[scale_targets](values) for values in Y.T)
    if not np.isfinite([(scaling.zero, scaling.unit) for scaling in targets]).all():
        problem = f"targets reach {np.abs(Y).max():g}, which overflows when scaled"
        raise Misfit(("preprocessing", "scale_targets"), problem, hint="convert them to a larger unit")
    return Preprocessing(columns, targets, dtype)


def as_dtype(values: Array, dtype: DType) -> Array:
    """Return numbers rounded to a dtype; infinite where they overflow."""
    with np.errstate(over="ignore"):
        return values.astype(dtype, copy=False)


def _check_numbers(training: Table, name: str) -> None:
    column = training.typed[name]
    given = ~column.missing("number")
    if given.any() and not np.isfinite(column.numbers).any():
        row = int(given.argmax())
        raise training.cell_error(row, name, *no_number(column.texts[row]))
