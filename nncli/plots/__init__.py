"""Pictures of a run, one module for each kind. Matplotlib is loaded when the first picture is drawn."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from nncli.engines import threads
from nncli.messages.errors import NncliError
from nncli.messages.suggestions import suggestion
from nncli.messages.wording import shown
from nncli.plots import style
from nncli.plots.looks import Look
from nncli.plots.picture import PICTURE_FORMATS, Numbers, Picture, View, contents, require_room, save
from nncli.plots.saved import SavedPicture, SavedPictures, places, study_places
from nncli.runs import Run
from nncli.runs.ensemble import STUDY
from nncli.storage.files import read_json, write_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nncli.inspection.compare.side_by_side import RunComparison

__all__ = [
    "KINDS",
    "PICTURE_FORMATS",
    "Look",
    "Numbers",
    "Picture",
    "PictureKind",
    "SavedPicture",
    "SavedPictures",
    "View",
    "chosen",
    "default_kinds",
    "draw",
    "draw_study",
    "fitting",
    "is_study",
    "require_known",
    "require_possible",
    "save",
    "saved",
    "saved_overlay",
    "saved_sweep",
    "seeds_picture",
]


DEFAULT_LOOK = Look()


class PictureKind(NamedTuple):
    """A kind of picture.

    Attributes
    ----------
    summary : one line on what the picture shows.
    unfit : returns the reason why the kind does not fit a run, or None if it fits.
    by_default : tells whether the kind, if it fits a run, is drawn when no kind is named.
    numbers : computes what the picture of a run shows, without matplotlib.
    draw : draws these numbers as a figure.
    """

    summary: str
    unfit: Callable[[Run, View], str | None]
    by_default: Callable[[Run], bool]
    numbers: Callable[[Run, View], Numbers]
    draw: Callable[[Any], Figure]


def fitting(run: Run, view: View) -> list[str]:
    """Return the names of the kinds that fit a run, in the order of KINDS.

    Raises
    ------
    RunError
        If the view names an input or a weight that the run does not have.
    """
    return [name for name, kind in KINDS.items() if kind.unfit(run, view) is None]


def default_kinds(run: Run, view: View) -> list[str]:
    """Return the names of the kinds that are drawn if none is named, in the order of KINDS.

    Raises
    ------
    RunError
        If the view names an input or a weight that the run does not have.
    """
    return [name for name in fitting(run, view) if KINDS[name].by_default(run)]


def chosen(run: Run, kinds: Sequence[str], view: View) -> list[str]:
    """Return the named kinds, or the default kinds of the run if none is named.

    Raises
    ------
    NncliError
        If a kind does not exist or does not fit, or the view names an input or a weight that the run does
        not have.
    """
    require_known(kinds)
    run.require_own_weights()
    for name in kinds:
        if reason := KINDS[name].unfit(run, view):
            raise NncliError(f"cannot plot {name} for {run.path}: {reason}")
    return list(kinds) or default_kinds(run, view)


def require_known(kinds: Sequence[str]) -> None:
    """Raise NncliError unless every name is a kind of picture."""
    for name in kinds:
        if name not in KINDS:
            hint = suggestion(name, KINDS, "kinds (nncli plot --list)", "plot")
            raise NncliError(f"unknown kind of plot '{shown(name)}'", hint=hint)


def require_possible(view: View, kinds: Sequence[str]) -> None:
    """Raise NncliError if a grid of pairs is combined with named inputs, or with other kinds alone."""
    if view.grid and view.features is not None:
        raise NncliError(
            "a grid shows pairs of the most important inputs, so the inputs cannot be named",
            hint="remove --features or --grid",
        )
    if view.grid and kinds and "boundary" not in kinds:
        raise NncliError(f"only boundary has a grid, not {kinds[0]}", hint="type: nncli plot boundary --grid")


def draw(name: str, run: Run, view: View, look: Look = DEFAULT_LOOK) -> Picture:
    """Draw a picture of a run. The kind must fit the run.

    Raises
    ------
    NncliError
        If matplotlib cannot be loaded.
    """
    kind = KINDS[name]
    with threads.limited(run.experiment.threads):
        numbers = kind.numbers(run, view)
        return _dressed(kind.draw(numbers), numbers, look)


def _dressed(figure: Figure, numbers: Numbers, look: Look) -> Picture:
    with _silent(), _matplotlib():
        look.apply(figure)
    return Picture(figure, numbers, look.dpi)


def saved(
    runs: Sequence[Run],
    kinds: Sequence[str],
    view: View,
    output: Path | None,
    suffix: str | None,
    look: Look = DEFAULT_LOOK,
) -> SavedPictures:
    """Draw kinds of pictures of runs into files (default: `default_kinds`); arguments as for `places`.

    The learning curves of several runs share one picture if the output is a file.

    Raises
    ------
    NncliError
        If a kind does not exist or does not fit, or a file cannot be written.
    """
    if len(runs) > 1 and list(kinds) == ["loss"] and output is not None and output.suffix:
        from nncli.inspection.compare.side_by_side import compare_runs

        path, *_ = places([(runs[0], "loss")], output, suffix)
        return SavedPictures([saved_overlay(compare_runs(runs), path, look)])
    wanted = [(run, kind) for run in runs for kind in chosen(run, kinds, view)]
    written = []
    for (run, kind), path in zip(wanted, places(wanted, output, suffix), strict=True):
        picture = draw(kind, run, view, look)
        save(picture, path)
        written.append(SavedPicture(kind, path, picture.caption))
    return SavedPictures(written)


def saved_overlay(comparison: RunComparison, path: Path, look: Look = DEFAULT_LOOK) -> SavedPicture:
    """Draw the learning curves of several runs on one axis, and write their numbers to a CSV file.

    Raises
    ------
    NncliError
        If the file cannot be written or is none of a picture, or matplotlib cannot be loaded.
    """
    from nncli.plots import overlay

    require_room(path)
    with _silent(), _matplotlib():
        numbers = overlay.overlaid(comparison)
        picture = _dressed(overlay.draw_overlay(numbers), numbers, look)
    save(picture, path)
    return SavedPicture("loss", path, picture.caption)


def seeds_picture(fields: Mapping[str, Any], name: str, look: Look = DEFAULT_LOOK) -> dict[str, bytes]:
    """Draw how the trainings from several seeds end: the content of seeds.png, and its numbers as seeds.csv.

    Parameters
    ----------
    fields : content of seeds.json.
    name : name of the config, for the title.

    Raises
    ------
    NncliError
        If matplotlib cannot be loaded.
    """
    from nncli.plots.studies import seed_endings

    with _silent(), _matplotlib():
        numbers = seed_endings.seed_endings(fields, name)
        picture = _dressed(seed_endings.draw_seed_endings(numbers), numbers, look)
    content, columns = contents(picture, ".png")
    return {"seeds.png": content, "seeds.csv": columns}


def saved_sweep(
    path: Path, output: Path | None = None, suffix: str | None = None, look: Look = DEFAULT_LOOK
) -> SavedPictures:
    """Draw the pictures of a sweep into files, by default PNG files in its directory.

    With one key, only the slices are drawn; without a trial, nothing.

    Raises
    ------
    NncliError
        If the directory cannot be read, a file cannot be written, or matplotlib cannot be loaded.
    """
    from nncli.many.sweeps.folder import read_sweep
    from nncli.plots.studies import sweep_parallel, sweep_slices, sweep_values

    numbers = sweep_values.sweep_values(read_sweep(path), path.resolve().name)
    drawings = {"slices": sweep_slices.draw_slices, "parallel": sweep_parallel.draw_parallel}
    if len(numbers.axes) == 1:
        del drawings["parallel"]
    if not len(numbers.numbers):
        drawings.clear()
    files = study_places(list(drawings), path, output, suffix)
    with _silent(), _matplotlib():
        pictures = [_dressed(each(numbers), numbers, look) for each in drawings.values()]
    for picture, file in zip(pictures, files, strict=True):
        save(picture, file)
    return SavedPictures(map(SavedPicture, drawings, files, (picture.caption for picture in pictures)))


def is_study(path: Path) -> bool:
    """Return whether a directory holds many trainings: a sweep, or trainings from several seeds."""
    from nncli.many.sweeps.folder import is_sweep

    return is_sweep(path) or (path / STUDY).is_file()


def draw_study(
    path: Path,
    kinds: Sequence[str],
    view: View,
    output: Path | None = None,
    suffix: str | None = None,
    look: Look = DEFAULT_LOOK,
) -> SavedPictures:
    """Draw the pictures of a sweep, or of trainings from several seeds, by default in their directory.

    Raises
    ------
    NncliError
        If a kind or an option needs a single run, or a file cannot be read or written.
    """
    from nncli.many.sweeps.folder import BEST, is_sweep

    best = shlex.quote(str(path / BEST)) if is_sweep(path) else ""
    single = f"type: nncli plot {' '.join([*kinds, best])}" if best else "train the config in it to get a run"
    if kinds:
        raise NncliError(
            f"cannot plot {kinds[0]} for {path}: it holds many trainings, not a run", hint=single
        )
    if view != View():
        problem = f"{path} holds many trainings: inputs, weights and the camera are options of a single run"
        raise NncliError(problem, hint="remove them")
    if suffix == "html" or (output is not None and output.suffix.lower() in (".html", ".htm")):
        raise NncliError(f"{path} holds many trainings: only a single run has an html page", hint="use svg")
    return saved_sweep(path, output, suffix, look) if best else _saved_seeds(path, output, suffix, look)


def _saved_seeds(path: Path, output: Path | None, suffix: str | None, look: Look) -> SavedPictures:
    """Draw the picture of trainings from several seeds again."""
    from nncli.plots.studies import seed_endings

    file = path / f"seeds.{suffix or 'png'}"
    if output is not None or file.suffix not in PICTURE_FORMATS:
        (file,) = study_places(["seeds"], path, output, suffix)
    with _silent(), _matplotlib():
        numbers = seed_endings.seed_endings(read_json(path / STUDY), Run(path).config.run_name)
        picture = _dressed(seed_endings.draw_seed_endings(numbers), numbers, look)
    if output is not None:
        save(picture, file)
    else:  # `save` would refuse to replace files of the trainings
        content, columns = contents(picture, file.suffix)
        write_bytes(file, content)
        write_bytes(file.with_suffix(".csv"), columns)
    return SavedPictures([SavedPicture("seeds", file, picture.caption)])


def _kind(module: str, summary: str) -> PictureKind:
    """Return the kind defined by a module of this package, which is imported on first use."""

    def unfit(run: Run, view: View) -> str | None:
        with _silent(), threads.limited(run.experiment.threads):
            return cast("str | None", _load(module).unfit(run, view))

    def by_default(run: Run) -> bool:
        chooses = getattr(_load(module), "by_default", None)
        return chooses is None or cast("bool", chooses(run))

    def numbers(run: Run, view: View) -> Numbers:
        with _silent(), threads.limited(run.experiment.threads):
            return cast("Numbers", _load(module).numbers(run, view))

    def draw(numbers: Any) -> Figure:
        with _silent(), _matplotlib():
            return cast("Figure", _load(module).draw(numbers))

    return PictureKind(summary, unfit, by_default, numbers, draw)


def _silent() -> AbstractContextManager[None]:
    """Suppress numpy's warnings: values that overflow are left out or make the kind unfit."""
    return np.errstate(all="ignore")


def _load(module: str) -> Any:
    """Import the module of a kind. This does not load matplotlib, which is slow and may fail."""
    return import_module(f"nncli.plots.kinds.{module}")


def _matplotlib() -> AbstractContextManager[None]:
    """Load matplotlib and return a context with the settings of every picture.

    Raises
    ------
    NncliError
        If matplotlib cannot be loaded. It reads settings from the environment and from files, and needs a
        directory to write to.
    """
    try:
        return style.context()
    except (ImportError, OSError, ValueError) as error:
        raise NncliError(
            f"matplotlib cannot be loaded: {error}",
            hint="check MPLBACKEND, MPLCONFIGDIR and matplotlibrc, or reinstall matplotlib",
        ) from error


KINDS: dict[str, PictureKind] = {
    "loss": _kind("loss", "loss, metrics and gradient norm over the epochs"),
    "output": _kind("output", "heat map of the output over two inputs, with the error of each row"),
    "output-3d": _kind("output_3d", "surface of the output over two inputs, with the targets as points"),
    "error-surface": _kind(
        "error_surface", "heat map of the squared error over two inputs, for data from a formula"
    ),
    "error-surface-3d": _kind(
        "error_surface_3d", "surface of the squared error over two inputs, for data from a formula"
    ),
    "weight-surface": _kind("weight_surface", "loss over two weights or directions, with the training path"),
    "fit": _kind("fit", "output over a single input, with the rows and the true function"),
    "boundary": _kind("boundary", "decision boundary over two inputs, with the rows as points"),
    "weights": _kind("weights", "every weight and bias over the epochs"),
    "gradients": _kind("gradients", "norm of the loss gradient in each layer over the epochs"),
    "errors": _kind("errors", "error of each row over the epochs, on linear and on log-log axes"),
    "confusion": _kind("confusion", "counts of rows by true and predicted class"),
    "roc": _kind("roc", "ROC curves: true against false positive rate per class, with the area under each"),
    "precision-recall": _kind(
        "precision_recall", "precision over recall per class, with the average precision and the baseline"
    ),
    "calibration": _kind("calibration", "observed frequencies against predicted probabilities"),
    "parity": _kind("parity", "predicted against true values, a panel for each target"),
    "residuals": _kind("residuals", "residuals against predictions, with their distribution"),
    "importance": _kind("importance", "how much worse the score gets when an input is shuffled"),
    "dependence": _kind(
        "dependence", "predictions as one input changes: the mean over rows, and single rows"
    ),
    "epsilon": _kind("epsilon", "error of finite-difference gradients over their step size epsilon"),
    "network": _kind("network", "diagram of the network with its trained weights"),
    "neurons": _kind("neurons", "what each neuron computes over two inputs, a small map for each"),
    "activations": _kind("activations", "activation functions and the distribution of their inputs"),
}
