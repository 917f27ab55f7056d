"""Plots and report pages of runs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from nncli.api.arguments import Reference
from nncli.api.training import open_run

if TYPE_CHECKING:
    from nncli.plots import SavedPictures
    from nncli.reports import WrittenReport
    from nncli.runs import Run


def plot(
    run: Reference | Sequence[Run] = None,
    kinds: Sequence[str] = (),
    *,
    output: str | os.PathLike[str] | None = None,
    format: Literal["svg", "png", "pdf", "html"] | None = None,
    features: tuple[str, str] | None = None,
    at: Mapping[str, str | float] | None = None,
    weights: tuple[str, str] | None = None,
    directions: Literal["pca", "random"] = "pca",
    grid: bool = False,
    angle: tuple[float, float] = (-55.0, 28.0),
    theme: Literal["light", "dark", "print"] = "light",
    dpi: int = 150,
    size: tuple[float, float] | None = None,
    title: str | None = None,
) -> SavedPictures:
    """Draw pictures of a run, or of several, into files. A notebook shows the pictures that this returns.

    Parameters
    ----------
    run : run or runs (default: the latest), or the directory of a sweep or of `seeds`, whose pictures are
        drawn again in it as PNG files.
    kinds : kinds of picture (default: all that fit).
    output : a file for one picture, or a directory (default: plots/ in the run). The loss of several runs is
        drawn into one file.
    format : the file format (default: that of `output`, else svg); html is a page like that of `report`.
    features : the two inputs of a surface or boundary, or of `dependence` (default: chosen automatically).
    at : values of the inputs that are not drawn (default: their medians).
    weights : two parameters that span the weight surface, such as `layers.0.weight[0,1]`.
    directions : the directions that span it otherwise.
    grid : draw the boundary over each pair of the four most important inputs.
    angle : azimuth and elevation of the camera in 3-D pictures, in degrees.
    theme : light, dark, or print: black ink and thicker lines.
    dpi : dots per inch of PNG files.
    size : width and height in inches (default: those of the kind).
    title : title of the pictures (default: that of the kind).

    Raises
    ------
    NncliError
        If there is no such kind or format, a grid is combined with named inputs, a kind does not fit the run,
        or a file cannot be written.

    Examples
    --------
    >>> [str(picture.path) for picture in nncli.plot("xor", ["loss"])]
    ['runs/xor/plots/loss.svg']
    """
    from nncli import plots
    from nncli.inspection.surfaces import require_inputs

    plots.require_known(kinds)
    fixed = {name: str(value) for name, value in (at or {}).items()}
    view = plots.View(features, fixed, weights, directions, grid, angle)
    plots.require_possible(view, kinds)
    place = None if output is None else Path(output)
    if isinstance(run, str | os.PathLike) and plots.is_study(Path(run)):
        return plots.draw_study(Path(run), kinds, view, place, format, plots.Look(theme, dpi, size, title))
    runs = list(run) if isinstance(run, Sequence) and not isinstance(run, str) else [open_run(run)]
    for each in runs:
        require_inputs(each, fixed)
    if format == "html" or (place is not None and place.suffix.lower() in (".html", ".htm")):
        from nncli.reports.views import saved_views

        return saved_views(runs, kinds, view, place)
    look = plots.Look(theme, dpi, size, title)
    return plots.saved(runs, kinds, view, place, format, look)


def report(
    run: Reference | Sequence[Run] = None, *, output: str | os.PathLike[str] | None = None
) -> WrittenReport:
    """Write one HTML page that shows a run, or several, in any browser and without a network.

    Parameters
    ----------
    output : the file (default: report.html in the run; for several runs, report-RUN-RUN.html beside the
        first).

    Raises
    ------
    NncliError
        If a run cannot be read, or the file cannot be written.

    Examples
    --------
    >>> print(nncli.report("xor"))
    runs/xor/report.html
    """
    from nncli.reports import write_report

    runs = list(run) if isinstance(run, Sequence) and not isinstance(run, str) else [open_run(run)]
    return write_report(runs, None if output is None else Path(output), Path.cwd())
