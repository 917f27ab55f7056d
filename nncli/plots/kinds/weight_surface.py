"""The loss over two weights or two directions of weight space, with the path training took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nncli.inspection import surfaces
from nncli.inspection.surfaces import LossSurface, WeightPlane
from nncli.nn.arrays import Array
from nncli.plots import naming, style
from nncli.plots.picture import View
from nncli.plots.scale import DRAWABLE, FARTHEST, Scale, number
from nncli.runs import Run
from nncli.training import measure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def unfit(run: Run, view: View) -> str | None:
    """Needs two weights; names of weights that the run does not have are an error."""
    if run.model.network.parameter_count < 2:
        return "the network has a single weight, a surface needs two"
    if view.weights:
        surfaces.along_weights(run, view.weights)
    reach = float(np.abs(surfaces.kept_path(run)[1]).max())
    if not reach < FARTHEST:
        return f"a weight reached {reach:.1e}, too far for an axis"
    loss = measure.loss(run.experiment, run.model.parameters)
    return None if abs(loss) < DRAWABLE else f"the loss of the trained weights is {loss:.3g}"


@dataclass(frozen=True)
class WeightSurface:
    """The loss over a plane of weight space, with the path of training.

    Attributes
    ----------
    run : the run's name and its number of training rows.
    loss : the loss and its reduction.
    surface : the loss on the grid and along the path.
    rows : training rows of the run; the loss may be measured on fewer.
    """

    run: str
    loss: str
    surface: LossSurface
    rows: int

    @property
    def caption(self) -> str:
        """What the axes are, and the loss at both ends of the path."""
        return _caption(self.surface)

    @property
    def columns(self) -> dict[str, list[str] | Array]:
        """The grid, then the path."""
        return _columns(self.surface)


def numbers(run: Run, view: View) -> WeightSurface:
    """Over the weights or directions that the view names, around the trained weights."""
    loss = run.experiment.recipe.loss
    return WeightSurface(
        run=naming.run_and_rows(run),
        loss=f"loss: {loss.name} ({loss.reduction})",
        surface=surfaces.loss_surface(run, _plane(run, view)),
        rows=len(run.experiment.dataset),
    )


def draw(shown: WeightSurface) -> Figure:
    """The loss as a heat map around the trained weights, the kept epochs as a line of points on it."""
    surface = shown.surface
    scale = Scale.of(surface.values)
    drawn = scale.drawn(surface.values)
    figure = style.figure(height=5.2)
    axes = figure.subplots()
    image = style.heat(axes, surface.x, surface.y, drawn, scale.low, scale.high)
    style.contours(axes, surface.x, surface.y, drawn, scale)
    style.colour_bar(figure, image, axes, scale, shown.loss)
    _draw_path(axes, surface)
    axes.set_xlabel(_axis_label(surface.plane, 0))
    axes.set_ylabel(_axis_label(surface.plane, 1))
    style.head(figure, f"Loss over {_what(surface.plane)}{scale.name}: {shown.run}", _note(shown))
    return figure


def _plane(run: Run, view: View) -> WeightPlane:
    if view.weights:
        return surfaces.along_weights(run, view.weights)
    if run.model.network.parameter_count == 2:
        first, second = surfaces.weight_names(run.model.network)
        return surfaces.along_weights(run, (first, second))
    along_path = surfaces.along_path(run) if view.directions == "pca" else None
    return along_path or surfaces.along_random(run)


def _draw_path(axes: Axes, surface: LossSurface) -> None:
    x, y = surface.path.T
    if len(x) > 1:
        axes.plot(x, y, color=style.BLACK, linewidth=2.6, solid_capstyle="round")
        axes.plot(
            x,
            y,
            color=style.PAPER,
            linewidth=1.2,
            marker="o",
            markersize=2.6,
            gid="path",
            label="path of training",
        )
        axes.plot(
            x[0],
            y[0],
            "s",
            color=style.ORANGE,
            markeredgecolor=style.BLACK,
            markersize=8,
            linestyle="",
            label=f"epoch {surface.epochs[0]:,}",
        )
    axes.plot(
        x[-1],
        y[-1],
        "*",
        color=style.VERMILION,
        markeredgecolor=style.BLACK,
        markersize=13,
        linestyle="",
        label=f"trained (epoch {surface.epochs[-1]:,})",
    )
    legend = axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, borderaxespad=0.3)
    for handle in legend.legend_handles:
        if handle is not None and handle.get_label() == "path of training":
            handle.set(markeredgecolor=style.BLACK, color=style.BLACK)


def _what(plane: WeightPlane) -> str:
    if plane.kind == "weights":
        return f"{plane.labels[0]} and {plane.labels[1]}"
    if plane.kind == "pca":
        return "the two directions in which training moved most (PCA)"
    return "two random directions, filter-normalised"


def _axis_label(plane: WeightPlane, index: int) -> str:
    share = "" if plane.explained is None else f" ({plane.explained[index]:.1%} of variance)"
    return f"{plane.labels[index]}{share}"


def _note(shown: WeightSurface) -> str:
    surface = shown.surface
    parts = [f"Loss at the star {number(surface.true_loss[-1], 4)}."]
    if surface.plane.kind != "weights":
        parts.append("Axes: distance from the trained weights along each direction.")
    if surface.plane.kind == "weights" and surface.plane.origin.size == 2:
        parts.append("These are all weights of the network: the path lies on the surface.")
    elif len(surface.epochs) > 1:
        parts.append(
            f"The path is projected onto the plane: at epoch {surface.epochs[0]:,} the true loss was "
            f"{number(surface.true_loss[0], 4)}, the surface there is at {number(surface.shown_loss[0], 4)}."
        )
    else:
        parts.append("No weights were kept on the way, so there is no path to draw.")
    if surface.rows < shown.rows:
        parts.append(f"Measured on {surface.rows:,} of the {shown.rows:,} rows.")
    return " ".join(parts)


def _caption(surface: LossSurface) -> str:
    explained = surface.plane.explained
    said = "" if explained is None else f"; the plane holds {explained.sum():.1%} of the path's variance"
    start = f"from {number(surface.true_loss[0], 4)} " if len(surface.epochs) > 1 else ""
    return f"loss over {_what(surface.plane)}: {start}to {number(surface.true_loss[-1], 4)}{said}"


def _columns(surface: LossSurface) -> dict[str, list[str] | Array]:
    across, up = np.meshgrid(surface.x, surface.y)
    cells, kept = surface.values.size, len(surface.epochs)
    return {
        "part": ["surface"] * cells + ["path"] * kept,
        "x": np.concatenate([across.ravel(), surface.path[:, 0]]),
        "y": np.concatenate([up.ravel(), surface.path[:, 1]]),
        "loss": np.concatenate([surface.values.ravel(), surface.shown_loss]),
        "epoch": [""] * cells + [str(epoch) for epoch in surface.epochs.tolist()],
        "true_loss": [""] * cells + [repr(loss) for loss in surface.true_loss.tolist()],
    }
