"""Choice of the two inputs on the axes of a picture."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np

from nncli.data.encoding import Number
from nncli.inspection import surfaces
from nncli.inspection.inputs import importance
from nncli.inspection.surfaces import Plane
from nncli.nn.arrays import Array
from nncli.plots.picture import View
from nncli.plots.scale import FARTHEST
from nncli.runs import Run


class ChosenPlane(NamedTuple):
    """A grid over two inputs, and the reason for this pair; empty if there was no choice."""

    plane: Plane
    reason: str


class Ranked(NamedTuple):
    """Names of inputs, the first to draw first, and what they are: `most important inputs`."""

    names: list[str]
    what: str


def chosen_plane(run: Run, view: View) -> ChosenPlane:
    """Return a grid over the inputs that the view names, else over the two most important numeric ones.

    Raises
    ------
    RunError
        If the run has fewer than two numeric inputs, or the view names an input that the run does not have.
    """
    if view.features is not None or len(_numeric(run)) <= 2:
        return ChosenPlane(surfaces.plane(run, view.features, view.at), "")
    ranked = ranked_inputs(run, view)
    pair = (ranked.names[0], ranked.names[1])
    return ChosenPlane(surfaces.plane(run, pair, view.at), f"the two {ranked.what}" if ranked.what else "")


def chosen_planes(run: Run, view: View, count: int) -> list[ChosenPlane]:
    """Return a grid over each pair of the most important numeric inputs, at most `count` of them."""
    names, what = ranked_inputs(run, view)
    reason = f"the {min(count, len(names))} {what}" if what else ""
    return [
        ChosenPlane(surfaces.plane(run, pair, view.at), reason) for pair in combinations(names[:count], 2)
    ]


def ranked_inputs(run: Run, view: View) -> Ranked:
    """Rank the numeric inputs that can be drawn by permutation importance.

    Inputs fixed by the view are left out, and so are constant ones and those with two values, which are
    categories in effect, if two others remain. Nothing is computed for two inputs or fewer.
    """
    names = _drawable(run, view)
    if len(names) <= 2:
        return Ranked(names, "inputs with the most distinct values" if _has_dropped(run, view, names) else "")
    if importance.too_few_rows(run) is not None:
        return Ranked(names, "first inputs that vary")
    found = importance.importance_of(run)
    order = [found.inputs[position] for position in found.order]
    return Ranked([name for name in order if name in names], "most important inputs")


def _drawable(run: Run, view: View) -> list[str]:
    names = [name for name in _numeric(run) if name not in view.at]
    names = names if len(names) > 1 else _numeric(run)
    for least in (2, 3):
        varied = [name for name in names if len(np.unique(_known(run, name))) >= least]
        near = [name for name in varied if np.abs(_known(run, name)).max() < FARTHEST]
        names = near if len(near) > 1 else names
    return names


def _has_dropped(run: Run, view: View, names: list[str]) -> bool:
    return not {*_numeric(run)} <= {*names, *view.at}


def _numeric(run: Run) -> list[str]:
    columns = run.model.columns.preprocessing.columns
    return [column.name for column in columns if isinstance(column, Number)]


def _known(run: Run, name: str) -> Array:
    """Return the values of an input in the training rows without missing ones, (m,)."""
    values = run.experiment.rows.training.table.typed[name].numbers
    return np.asarray(values[np.isfinite(values)])
