"""Choice of a network for a table: by cross-validation, or by the number of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from nncli.config import Config
from nncli.messages.errors import NncliError
from nncli.nn.arrays import Array
from nncli.scaffold import cross_validation
from nncli.scaffold.defaults import COMPARED, Recipe, by_rows, is_compared
from nncli.scaffold.profile import Profile

TOLERANCE = 0.5  # standard errors by which a simpler network may be worse than the best


@dataclass(frozen=True)
class Choice:
    """A network, and the cross-validated loss of each that it was compared with."""

    recipe: Recipe
    losses: Mapping[Recipe, float] = field(default_factory=dict)


def chosen(profile: Profile, config_of: Callable[[Recipe], Config]) -> Choice:
    """Choose the network of a generated config.

    Parameters
    ----------
    config_of : recipe -> the generated config.
    """
    default = Choice(by_rows(profile))
    if not is_compared(profile):
        return default
    try:
        losses = cross_validation.losses([config_of(recipe) for recipe in COMPARED])
    except NncliError:  # training reports it, with the place in the config
        return default
    best = simplest(losses)
    if best is None:
        return default
    means = [float(each.mean()) for each in losses]
    return Choice(COMPARED[best], dict(zip(COMPARED, means, strict=True)))


def simplest(losses: Sequence[Array]) -> int | None:
    """Return the first whose losses are at most TOLERANCE standard errors above the best; None if all diverged.

    Parameters
    ----------
    losses : of each row (n,), for every network.
    """
    means = np.array([each.mean() for each in losses])
    best = losses[int(means.argmin())]
    if not np.isfinite(best).all():
        return None
    for number, each in enumerate(losses):
        above = each - best
        if above.mean() <= TOLERANCE * above.std() / np.sqrt(len(above)):
            return number
    raise AssertionError("the best is not above itself")
