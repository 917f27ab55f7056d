"""Encodings of one column as inputs of a network: as a number, a boolean or a category."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

import numpy as np
from pydantic import ConfigDict, Field

from nncli.data.scaling import AS_THEY_ARE, FILLS, SCALERS, Missing, Scale, Scaling, most_frequent
from nncli.messages.wording import counted, listed, shown
from nncli.nn.arrays import Array
from nncli.tables.column import NO_VALUE, Column, ValueKind, is_number, no_number
from nncli.tables.dates import Order, days, is_date, order_of
from nncli.tables.table import Misfit

WhenUnseen = Literal["error", "ignore"]

MOST_CATEGORIES = 1000  # of a column
ALL_DIFFERENT = 20  # rows from which a column of unique texts counts as an identifier

# Values of a boolean column, in any case.
TRUTH = {"true": 1.0, "yes": 1.0, "1": 1.0, "false": 0.0, "no": 0.0, "0": 0.0}

_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


@dataclass(frozen=True)
class Treatment:
    """Complete settings for one column.

    Attributes
    ----------
    guessed : whether its kind was detected from the cells.
    """

    kind: ValueKind
    scale: Scale
    missing: Missing
    unseen: WhenUnseen
    guessed: bool = True


@dataclass(frozen=True)
class Number:
    """Column of numbers: one input, filled and scaled.

    Attributes
    ----------
    fill : replacement of a missing value, in the column's units; None if that is an error or drops the row.
    """

    __pydantic_config__ = _STRICT

    kind: Literal["number"]
    name: str
    missing: Missing
    fill: float | None = None
    scaling: Scaling = AS_THEY_ARE

    def __post_init__(self) -> None:
        _check_fill(self)

    @property
    def encoded(self) -> tuple[str, ...]:
        """The name of the column as the only input."""
        return (self.name,)

    def encode(self, column: Column) -> Array:
        """Return the input (n, 1), not finite where a cell is invalid."""
        values = column.numbers
        if self.fill is not None and np.isnan(values).any():
            values = np.where(column.missing(self.kind), self.fill, values)
        if not self.scaling.leaves:
            values = self.scaling.forward(values)
        return values[:, np.newaxis]

    def unseen_rows(self, column: Column) -> list[int]:
        """Return an empty list, because every number is known."""
        return []

    def problem(self, cell: str) -> tuple[str, str | None]:
        """Return the problem of an invalid cell, and a hint."""
        if not is_number(cell) or not np.isfinite(float(cell)):
            return no_number(cell)
        spread = (
            "use a value closer to the training rows; this column is scaled as "
            f"(x - {self.scaling.zero:g}) / {self.scaling.unit:g}"
        )
        return f"'{shown(cell)}' overflows after scaling", spread


@dataclass(frozen=True)
class Boolean:
    """Column of true and false (or yes and no, 1 and 0): one input, 1 or 0."""

    __pydantic_config__ = _STRICT

    kind: Literal["boolean"]
    name: str
    missing: Missing
    fill: float | None = None

    def __post_init__(self) -> None:
        _check_fill(self)

    @property
    def encoded(self) -> tuple[str, ...]:
        """The name of the column as the only input."""
        return (self.name,)

    def encode(self, column: Column) -> Array:
        """Return the input (n, 1), NaN where a cell is invalid."""
        known = TRUTH if self.fill is None else {**dict.fromkeys(NO_VALUE[self.kind], self.fill), **TRUTH}
        values = [known.get(cell.lower(), np.nan) for cell in column.texts]
        return np.array(values, dtype=np.float64)[:, np.newaxis]

    def unseen_rows(self, column: Column) -> list[int]:
        """Return an empty list, because any other value is invalid."""
        return []

    def problem(self, cell: str) -> tuple[str, str | None]:
        """Return the problem of an invalid cell, and a hint."""
        hint = "write true or false; to train on it as text, set kind: category"
        return f"'{shown(cell)}' is neither true nor false", hint


@dataclass(frozen=True)
class Category:
    """Column of categories, one-hot encoded: one input for each category.

    Attributes
    ----------
    categories : categories of the training set, sorted.
    numeric : whether they are numbers; if so, 1, 1.0 and 01 are one category.
    """

    __pydantic_config__ = _STRICT

    kind: Literal["category"]
    name: str
    missing: Missing
    fill: str | None
    categories: Annotated[tuple[str, ...], Field(min_length=1, max_length=MOST_CATEGORIES)]
    numeric: bool
    unseen: WhenUnseen

    def __post_init__(self) -> None:
        _check_fill(self)
        if len(set(self.categories)) < len(self.categories) or "" in self.categories:
            raise ValueError("categories must have unique, nonempty names")
        if self.fill is not None and self.fill not in self.categories:
            raise ValueError(f"fill {self.fill!r} is not a category")

    @property
    def encoded(self) -> tuple[str, ...]:
        """Names of the inputs, `column=category`, in order."""
        return tuple(f"{self.name}={category}" for category in self.categories)

    def encode(self, column: Column) -> Array:
        """Return the inputs (n, categories), a row of NaN where a cell is invalid."""
        width = len(self.categories)
        none, unusable = width, width + 1
        position = {category: code for code, category in enumerate(self.categories)}
        position[""] = unusable if self.fill is None else position[self.fill]
        unknown = unusable if self.unseen == "error" else none
        codes = [position.get(label, unknown) for label in column.labels(numeric=self.numeric)]
        rows = np.vstack([np.eye(width), np.zeros(width), np.full(width, np.nan)])
        return rows[np.array(codes, dtype=np.intp)]

    def unseen_rows(self, column: Column) -> list[int]:
        """Return the rows with a category unknown from training, if unseen is ignore."""
        if self.unseen == "error":
            return []
        labels = column.labels(numeric=self.numeric)
        unknown = {*labels} - {*self.categories, ""}
        return [row for row, label in enumerate(labels) if label in unknown] if unknown else []

    def problem(self, cell: str) -> tuple[str, str | None]:
        """Return the problem of an invalid cell, and a hint."""
        hint = (
            f"use one of the known categories ({listed(self.categories)}), or train again with "
            "dataset.preprocessing.unseen: ignore, which encodes an unknown category as none of them"
        )
        return f"unknown category '{shown(cell)}'", hint


DatePart = Literal["days", "month", "weekday", "hour"]


@dataclass(frozen=True)
class Date:
    """Column of dates or times: the days since 1970 as a number, and cycles as points on a circle.

    On a circle, December is next to January, and 23:59 next to 0:00: month, weekday and hour are two inputs
    each, the sine and cosine of their share of a year, week or day.

    Attributes
    ----------
    order : of day and month in dates such as 1/3/2023.
    parts : what differs between the training rows, at least one part.
    fill : replacement of a missing date, in days since 1970; None if that is an error or drops the row.
    scaling : of the days.
    """

    __pydantic_config__ = _STRICT

    kind: Literal["date"]
    name: str
    order: Order
    parts: Annotated[tuple[DatePart, ...], Field(min_length=1)]
    missing: Missing
    fill: float | None = None
    scaling: Scaling = AS_THEY_ARE

    def __post_init__(self) -> None:
        _check_fill(self)

    @property
    def encoded(self) -> tuple[str, ...]:
        """Names of the inputs, such as `sold=days`, `sold=month sin`, `sold=month cos`."""
        inputs = {"days": ("days",)} | {part: (f"{part} sin", f"{part} cos") for part in CYCLES}
        return tuple(f"{self.name}={name}" for part in self.parts for name in inputs[part])

    def encode(self, column: Column) -> Array:
        """Return the inputs (n, encoded), NaN where a cell is not a date."""
        values = days(column.texts, self.order)
        if self.fill is not None and np.isnan(values).any():
            values = np.where(column.missing(self.kind), self.fill, values)
        return self.encode_days(values)

    def encode_days(self, values: Array) -> Array:
        """Return the inputs (n, encoded) of days since 1970 (n,), NaN where a value is."""
        found: list[Array] = []
        for part in self.parts:
            if part == "days":
                found.append(self.scaling.forward(values))
            else:
                angles = 2 * np.pi * CYCLES[part](values)
                found += [np.sin(angles), np.cos(angles)]
        return np.column_stack(found)

    def unseen_rows(self, column: Column) -> list[int]:
        """Return an empty list, because every date is known."""
        return []

    def problem(self, cell: str) -> tuple[str, str | None]:
        """Return the problem of an invalid cell, and a hint."""
        if is_date(cell):
            return (
                f"'{shown(cell)}' is not a date with the {self.order}",
                "write YYYY-MM-DD, which is unambiguous",
            )
        return f"'{shown(cell)}' is not a date or time", "write a date such as 2024-01-31"


def _months(values: Array) -> Array:
    """Return the months of dates (n,), from 0."""
    return np.asarray(_whole_days(values).astype("datetime64[M]").astype(np.int64) % 12)


def _whole_days(values: Array) -> Array:
    return np.asarray(np.nan_to_num(np.floor(values)).astype("datetime64[D]"))


def _share(part: Callable[[Array], Array], whole: int) -> Callable[[Array], Array]:
    """Return the share of a cycle, NaN where there is no date."""
    return lambda values: np.where(np.isnan(values), np.nan, part(values) / whole)


# Share of the year by month, of the week from Monday (1970 began on a Thursday), and of the day.
CYCLES: dict[DatePart, Callable[[Array], Array]] = {
    "month": _share(_months, 12),
    "weekday": _share(lambda values: (np.floor(values) + 3) % 7, 7),
    "hour": _share(lambda values: values % 1, 1),
}

Encoding: TypeAlias = Number | Boolean | Category | Date


def _check_fill(encoding: Encoding) -> None:
    if (encoding.fill is None) != (FILLS[encoding.missing] is None):
        raise ValueError(f"fill {encoding.fill!r} with missing: {encoding.missing}")


def why_not(encoding: Encoding, cell: str) -> tuple[str, str | None]:
    """Return the problem of an invalid cell, and a hint."""
    if cell.lower() not in NO_VALUE[encoding.kind]:
        return encoding.problem(cell)
    found = f"'{shown(cell)}' is a missing value" if cell else "the cell is empty"
    if encoding.missing == "drop":
        return (
            found,
            "fill the cell, because a run trained with missing: drop cannot predict rows with empty cells",
        )
    return (
        found,
        "fill the cell, or train with dataset.preprocessing.missing: median, mean, most_frequent or drop",
    )


def _fit_number(name: str, column: Column, treatment: Treatment) -> Number:
    values = column.numbers
    known = values[np.isfinite(values)]
    if not len(known):
        raise _without_values(name)
    fill_of = FILLS[treatment.missing]
    with np.errstate(all="ignore"):
        fill = fill_of(known) if fill_of else None
        filled = known if fill is None else np.where(np.isfinite(values), values, fill)
        scaling = SCALERS[treatment.scale](filled)
    if not np.isfinite([scaling.zero, scaling.unit, fill or 0.0]).all():
        problem = (
            f"'{shown(name)}' ranges from {known.min():g} to {known.max():g}, which overflows when scaled"
        )
        raise Misfit(("preprocessing",), problem, hint="convert the column to a larger unit")
    return Number("number", name, treatment.missing, fill, scaling)


def _fit_boolean(name: str, column: Column, treatment: Treatment) -> Boolean:
    known = np.array([TRUTH[cell.lower()] for cell in column.texts if cell.lower() in TRUTH])
    if not len(known):
        raise _without_values(name)
    fill = most_frequent(known) if FILLS[treatment.missing] else None
    return Boolean("boolean", name, treatment.missing, fill)


def _fit_category(name: str, column: Column, treatment: Treatment) -> Category:
    found = [cell for cell in column.texts if cell]
    numeric = all(map(is_number, found))
    counts = Counter(Column(found).labels(numeric=numeric))
    if not counts:
        raise _without_values(name)
    rows = counted(len(column), "training row")
    if treatment.guessed and len(counts) == len(column) >= ALL_DIFFERENT:
        raise Misfit(
            ("inputs",),
            f"'{shown(name)}' has a different value in each of {rows}",
            hint="set id to this column, remove it from inputs, or set its kind: category",
        )
    if len(counts) > MOST_CATEGORIES:
        raise Misfit(
            ("inputs",),
            f"'{shown(name)}' has {len(counts):,} categories in {rows}",
            hint=f"at most {MOST_CATEGORIES:,} are supported; remove the column from inputs, or set it as id",
        )
    categories = sorted(counts, key=float if numeric else str)
    fill = max(categories, key=lambda category: counts[category])  # the first of several
    return Category(
        "category",
        name,
        treatment.missing,
        fill if FILLS[treatment.missing] else None,
        tuple(categories),
        numeric,
        treatment.unseen,
    )


def _fit_date(name: str, column: Column, treatment: Treatment) -> Date:
    order, _ = order_of(column.texts)
    values = days(column.texts, order)
    known = values[np.isfinite(values)]
    if not len(known):
        raise _without_values(name)
    fill_of = FILLS[treatment.missing]
    fill = fill_of(known) if fill_of else None
    scaling = SCALERS[treatment.scale](known if fill is None else np.where(np.isfinite(values), values, fill))
    return Date("date", name, order, _parts(known), treatment.missing, fill, scaling)


def _parts(known: Array) -> tuple[DatePart, ...]:
    """Return the parts that differ between dates (n,), the days if none does."""
    whole = _whole_days(known)
    of_month = whole - whole.astype("datetime64[M]")
    differ: dict[DatePart, bool] = {
        "days": len(np.unique(whole)) > 1,
        "month": len(np.unique(_months(known))) > 1,
        "weekday": len(np.unique(of_month)) > 1 and len(np.unique((np.floor(known) + 3) % 7)) > 1,
        "hour": bool((known % 1).any()),
    }
    return tuple(part for part, varies in differ.items() if varies) or ("days",)


FITTERS: dict[ValueKind, Callable[[str, Column, Treatment], Encoding]] = {
    "number": _fit_number,
    "boolean": _fit_boolean,
    "category": _fit_category,
    "date": _fit_date,
}


def _without_values(name: str) -> Misfit:
    problem = f"'{shown(name)}' has no value in any training row"
    return Misfit(("inputs",), problem, hint="remove the column from inputs")
