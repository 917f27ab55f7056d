"""Rows of a config: read, assigned their roles, split, and preprocessed as fitted on the training rows."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nncli.config import Config
from nncli.config.document import Loc, Mistake
from nncli.data import sources
from nncli.data.columns import Columns, Dataset, Roles, assign, input_names
from nncli.data.encoding import Treatment
from nncli.data.preprocessing import complete, fit, treatments
from nncli.data.split import Part, Parts, divide
from nncli.messages.wording import shown
from nncli.nn.arrays import Array
from nncli.storage.lookup import TABLES, near_file
from nncli.tables.table import CellError, Misfit, Table


class Rows(NamedTuple):
    """The rows of a config, by their use.

    Attributes
    ----------
    training : the rows that are trained on.
    held_out : the rows of the validation set and the test set, if there are any.
    whole : all rows, in file order.
    left_out : how many rows were dropped because a value is missing.
    """

    training: Dataset
    held_out: Mapping[Part, Dataset]
    whole: Dataset
    left_out: int

    @property
    def by_part(self) -> dict[Part, Dataset]:
        """The rows by set: `train` and, where there are, `validation` and `test`."""
        parts: dict[Part, Dataset] = {"train": self.training}
        parts.update(self.held_out)
        return parts


def read_rows(config: Config) -> Rows:
    """Read the rows of a config, split and preprocessed.

    Raises
    ------
    ConfigError, DataError
        If a column is missing or does not fit its role, or a cell cannot be used.
    """
    with _at_their_keys(config):
        table, given_roles = _read_table(config)
        if missing := list(_missing_columns(config, table)):
            raise config.error(*missing)
        roles = _assign(config, table, given_roles)
        return prepared(config, table.noted(roles.notations), roles)


def prepared(config: Config, table: Table, roles: Roles) -> Rows:
    """Drop rows that miss a value, split the others, and preprocess as fitted on the training rows."""
    chosen = treatments(table, roles.inputs, config.dataset.preprocessing)
    usable = complete(table, chosen, roles.targets)
    left_out = len(table) - len(usable)
    table = table.take(usable) if left_out else table
    parts = divide(table, roles.labels(table), config.dataset.split, config.seed.data)
    return _fitted(config, table, roles, chosen, parts)._replace(left_out=left_out)


def divided(config: Config, rows: Rows, parts: Parts) -> Rows:
    """Divide rows that are already read into other sets, and preprocess as fitted on the training set.

    Parameters
    ----------
    parts : positions in the whole table; rows in none of them are left out of the result.
    """
    table, roles = rows.whole.table, rows.whole.columns
    chosen = treatments(table, roles.inputs, config.dataset.preprocessing)
    used = np.sort(np.concatenate([parts.train, parts.validation, parts.test]))
    if len(used) < len(table):
        table = table.take(used)
        parts = Parts(*(np.searchsorted(used, each) for each in (parts.train, parts.validation, parts.test)))
    with _at_their_keys(config):
        return _fitted(config, table, roles, chosen, parts)


def _fitted(
    config: Config, table: Table, roles: Roles, chosen: Mapping[str, Treatment], parts: Parts
) -> Rows:
    """Preprocess the rows of a table as fitted on the training set."""
    # Rows that are all taken, in file order, need no copy: it would be as large as the numbers themselves.
    training = table if len(parts.train) == len(table) else table.take(parts.train)
    targets = roles.Y(training) if roles.task == "regression" else None
    dtype = config.training.dtype
    fitted = fit(training, chosen, targets, config.dataset.preprocessing.scale_targets, dtype)
    whole = Dataset.read(table, Columns(**_fields(roles), preprocessing=fitted))
    if not np.isfinite(whole.Y).all():
        problem = f"a target of {np.abs(whole.expected).max():g} is too large for {dtype}"
        raise Misfit(
            ("targets",),
            problem,
            hint="set training.dtype: float64, or scale_targets: standard",
        )
    held_out: dict[Part, Array] = {"validation": parts.validation, "test": parts.test}
    named = {name: whole.part(rows) for name, rows in held_out.items() if len(rows)}
    return Rows(whole.part(parts.train), named, whole, left_out=0)


def _fields(roles: Roles) -> dict[str, Any]:
    return {field.name: getattr(roles, field.name) for field in fields(Roles)}


@contextmanager
def _at_their_keys(config: Config) -> Iterator[None]:
    """Report errors in the data at the key of the config that they belong to."""
    try:
        yield
    except Misfit as error:
        raise config.error(Mistake(("dataset", *error.key), error.problem, error.hint)) from None
    except CellError as error:
        if config.dataset.columns is None:
            raise
        loc = ("dataset", "rows", error.row, config.dataset.columns.index(error.column))
        raise config.error(Mistake(loc, f"{error.column}: {error.problem}", error.hint)) from None


def _read_table(config: Config) -> tuple[Table, Mapping[str, Any]]:
    """Read the table of a config, and the roles that a built-in dataset gives its columns."""
    given = config.dataset
    if given.path is not None:
        path = config.folder / given.path
        _require_table(path, given.path, config.folder)
        return sources.data_file(path, given.path, given.read), {}
    if given.rows is not None:
        assert given.columns is not None
        return sources.from_rows(given.columns, given.rows), {}
    entry = sources.BUILTIN[given.name] if given.name is not None else {}
    if "file" in entry:
        return sources.builtin_file(entry["file"]), entry
    function = {"samples": sources.SAMPLES, "noise": 0.0, **entry.get("function", {})}
    if given.function is not None:
        function = given.function.model_dump()
    table = sources.from_function(**function, seed=config.seed.data)
    return table, {"targets": list(function["targets"]), "formulas": function["targets"]}


def _require_table(path: Path, written: str, folder: Path) -> None:
    """Raise Misfit if `dataset.path` of a config in `folder` does not exist or is a directory."""
    hint = "write the path relative to the directory of the config file"
    if os.path.isdir(path):
        raise Misfit(("path",), f"'{shown(written)}' is a directory, not a table", hint=hint)
    if not os.path.lexists(path):
        near = near_file(path, TABLES)
        meant = f"did you mean {os.path.relpath(near, folder)}? " if near else ""
        raise Misfit(("path",), f"no file '{shown(written)}'", hint=meant + hint)


def _missing_columns(config: Config, table: Table) -> Iterator[Mistake]:
    given = config.dataset
    named: list[tuple[Loc, str]] = [
        (("dataset", key, position), name)
        for key, names in (
            ("inputs", given.inputs),
            ("targets", given.targets),
            ("exclude", given.exclude),
        )
        for position, name in enumerate(names or ())
    ]
    if given.id is not None:
        named.append((("dataset", "id"), given.id))
    for loc, name in named:
        if name not in table.columns:
            hint = table.columns_like(name)
            yield Mistake(loc, f"no column named '{shown(name)}' in {table.origin}", hint)


def _assign(config: Config, table: Table, roles: Mapping[str, Any]) -> Roles:
    """Return the roles that the config names, else those of the built-in dataset."""
    given = config.dataset
    assigned = {*(given.inputs or ()), *(given.targets or ())}
    targets = given.targets or roles["targets"]
    id = given.id or (roles.get("id") if roles.get("id") not in assigned else None)
    others = (given.split.column, *(given.exclude or ()))
    inputs = input_names(table, given.inputs, targets, id, others)
    usable = complete(table, treatments(table, inputs, given.preprocessing), targets)
    if len(usable) < len(table):  # a row without a label is of no class
        table = table.take(usable)
    return assign(
        table,
        inputs=given.inputs,
        targets=targets,
        id=id,
        task=given.task,
        output_activation=layers[-1].activation.name if (layers := config.network.layers) else None,
        formulas=roles.get("formulas", {}),
        others=others,
        read=given.read,
        positive=given.positive,
    )
