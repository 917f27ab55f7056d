"""Pictures of a run, one file for each kind; matplotlib is loaded when the first one is drawn."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from nncli.engines import threads
from nncli.messages.errors import NncliError, RunError
from nncli.messages.suggestions import suggestion
from nncli.messages.wording import shown
from nncli.plots import style
from nncli.plots.picture import FORMATS, Numbers, Picture, View, require_room, save
from nncli.runs import Run
from nncli.storage import files

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "FORMATS",
    "KINDS",
    "Kind",
    "Numbers",
    "Picture",
    "View",
    "chosen",
    "draw",
    "fitting",
    "folder_of",
    "require_known",
    "require_room",
    "save",
]


class Kind(NamedTuple):
    """A kind of picture.

    Attributes
    ----------
    summary : what it shows, in one line.
    unfit : why it does not fit a run, or None where it fits.
    numbers : what the picture of a run shows, computed without matplotlib.
    draw : the figure of these numbers.
    """

    summary: str
    unfit: Callable[[Run, View], str | None]
    numbers: Callable[[Run, View], Numbers]
    draw: Callable[[Any], Figure]


def fitting(run: Run, view: View) -> list[str]:
    """The names of the kinds that fit a run, in the registry's order.

    Raises
    ------
    RunError
        If the view names an input or a weight that the run does not have.
    """
    return [name for name, kind in KINDS.items() if kind.unfit(run, view) is None]


def chosen(run: Run, kinds: Sequence[str], view: View) -> list[str]:
    """The kinds by name, which must fit the run; all that fit where none is named.

    Raises
    ------
    NncliError
        If there is no such kind, it does not fit, or the view names what the run does not have.
    """
    require_known(kinds)
    run.require_own_weights()
    for name in kinds:
        if reason := KINDS[name].unfit(run, view):
            raise NncliError(f"{name} does not fit {run.path}: {reason}")
    return list(kinds) or fitting(run, view)


def require_known(kinds: Sequence[str]) -> None:
    """Raise NncliError unless there are kinds of these names."""
    for name in kinds:
        if name not in KINDS:
            raise NncliError(f"no picture '{shown(name)}'", hint=suggestion(name, KINDS, "kinds"))


def folder_of(run: Run) -> Path:
    """The run's plots/, made if there is none.

    Raises
    ------
    RunError
        If it cannot be made, or is a link, through which nothing is written.
    """
    if os.path.islink(run.plots):
        raise RunError(f"{run.plots}: a symbolic link", hint="name the folder itself with -o")
    files.make_folder(run.plots)
    return run.plots


def draw(name: str, run: Run, view: View) -> Picture:
    """Draw a kind of picture of a run that it fits.

    Raises
    ------
    NncliError
        If matplotlib cannot be loaded.
    """
    kind = KINDS[name]
    with threads.limited(run.experiment.threads):
        numbers = kind.numbers(run, view)
        return Picture(kind.draw(numbers), numbers)


def _kind(module: str, summary: str) -> Kind:
    """The kind in a module of this package, which is imported when it is first used."""

    def unfit(run: Run, view: View) -> str | None:
        with _silent(), threads.limited(run.experiment.threads):
            return cast("str | None", _load(module).unfit(run, view))

    def numbers(run: Run, view: View) -> Numbers:
        with _silent(), threads.limited(run.experiment.threads):
            return cast("Numbers", _load(module).numbers(run, view))

    def draw(shown: Any) -> Figure:
        with _silent(), _matplotlib():
            return cast("Figure", _load(module).draw(shown))

    return Kind(summary, unfit, numbers, draw)


def _silent() -> AbstractContextManager[None]:
    """No word about numbers that overflow: what cannot be drawn is left out or refused."""
    return np.errstate(all="ignore")


def _load(module: str) -> Any:
    """A kind's module. It does not load matplotlib, which takes time and may fail."""
    return import_module(f"nncli.plots.kinds.{module}")


def _matplotlib() -> AbstractContextManager[None]:
    """Load matplotlib, and apply the settings of every picture within.

    Raises
    ------
    NncliError
        If matplotlib cannot be loaded: it reads settings from the environment and from files, and
        needs a directory to write to.
    """
    try:
        return style.context()
    except (ImportError, OSError, ValueError) as error:
        raise NncliError(
            f"matplotlib cannot be loaded: {error}",
            hint="see MPLBACKEND, MPLCONFIGDIR and matplotlibrc, or install matplotlib again",
        ) from error


KINDS: dict[str, Kind] = {
    "loss": _kind("loss", "loss, metrics and gradient norm over the epochs"),
    "error-surface": _kind("error_surface", "squared error over two inputs, as a heat map"),
    "error-surface-3d": _kind("error_surface_3d", "squared error over two inputs, in three dimensions"),
    "weight-surface": _kind(
        "weight_surface", "loss over two weights or directions, with the path of training"
    ),
    "boundary": _kind("boundary", "decision boundary over two inputs, with the rows on it"),
    "weights": _kind("weights", "every weight over the epochs"),
    "errors": _kind("errors", "signed error of each row over the epochs, linear and log-log"),
    "confusion": _kind("confusion", "rows by true and by predicted class"),
    "roc": _kind("roc", "hits against false alarms of each class, with the area under the curve"),
    "calibration": _kind("calibration", "predicted probabilities against how often they came true"),
    "parity": _kind("parity", "predicted against true values of each target"),
    "residuals": _kind("residuals", "prediction minus target against the prediction, and how it is spread"),
    "network": _kind("network", "the network as a diagram with its trained weights"),
    "activations": _kind("activations", "activation curves over the run's own pre-activations"),
}
