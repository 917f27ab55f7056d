"""Choice of a network for a table: by cross-validation, or by the number of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from nncli.config import Config
from nncli.messages.errors import NncliError
from nncli.nn.arrays import Array
from nncli.scaffold import cross_validation
from nncli.scaffold.defaults import COMPARED, Candidate, by_rows, is_compared
from nncli.scaffold.profile import Profile

CLOSE = 0.5  # standard errors by which a simpler network may be worse than the best


@dataclass(frozen=True)
class NetworkChoice:
    """A network, and the cross-validated loss of each that it was compared with."""

    candidate: Candidate
    losses: Mapping[Candidate, float] = field(default_factory=dict)


def choose_network(profile: Profile, config_of: Callable[[Candidate], Config]) -> NetworkChoice:
    """Choose the network of a generated config.

    Parameters
    ----------
    config_of : candidate -> the generated config.
    """
    default = NetworkChoice(by_rows(profile))
    if not is_compared(profile):
        return default
    try:
        losses = cross_validation.losses([config_of(candidate) for candidate in COMPARED])
    except NncliError:  # training reports it, with the place in the config
        return default
    best = simplest(losses)
    if best is None:
        return default
    means = [float(each.mean()) for each in losses]
    return NetworkChoice(COMPARED[best], dict(zip(COMPARED, means, strict=True)))


def simplest(losses: Sequence[Array]) -> int | None:
    """Return the first that is at most CLOSE standard errors above the best; None if all diverged.

    Parameters
    ----------
    losses : of each row (n,), for every network.
    """
    means = np.array([each.mean() for each in losses])
    best = losses[int(means.argmin())]
    if not np.isfinite(best).all():
        return None
    for number, each in enumerate(losses):
        if not np.isfinite(each).all():
            continue
        above = each - best
        if above.mean() <= CLOSE * above.std() / np.sqrt(len(above)):
            return number
    raise AssertionError("the best is not above itself")
