"""Loss over two weights or two directions in weight space, with the training path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nncli.inspection import surfaces
from nncli.inspection.surfaces import LossSurface, WeightPlane
from nncli.nn.arrays import Array
from nncli.plots import naming, style
from nncli.plots.picture import View
from nncli.plots.scale import DRAWABLE, FARTHEST, AxisScale, number
from nncli.runs import Run
from nncli.training import measure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def unfit(run: Run, view: View) -> str | None:
    """Return the reason why a run has no loss surface that can be drawn, or None if it has.

    Raises
    ------
    RunError
        If the view names weights that the run does not have.
    """
    if run.model.network.parameter_count < 2:
        return "it needs two weights, but the network has one"
    if view.weights:
        surfaces.along_weights(run, view.weights)
    reach = float(np.abs(surfaces.recorded_path(run)[1]).max())
    if not reach < FARTHEST:
        return f"a weight reached {reach:.1e}, which is too large for an axis"
    loss = measure.loss(run.experiment, run.model.parameters)
    return None if abs(loss) < DRAWABLE else f"the loss of the trained weights is {loss:.3g}"


@dataclass(frozen=True)
class WeightSurface:
    """Loss over a plane in weight space, with the training path.

    Attributes
    ----------
    run : name of the run and its number of training rows.
    loss : name of the loss and its reduction.
    surface : the loss on the grid and along the path.
    rows : number of training rows; the loss may be computed on fewer.
    """

    run: str
    loss: str
    surface: LossSurface
    rows: int

    @property
    def caption(self) -> str:
        """Axes of the plane, and the loss at both ends of the path."""
        return _caption(self.surface)

    @property
    def columns(self) -> dict[str, list[str] | Array]:
        """Loss at every point of the grid, then along the path."""
        return _columns(self.surface)


def numbers(run: Run, view: View) -> WeightSurface:
    """Compute the loss around the trained weights, over the weights or directions that the view names."""
    loss = run.experiment.recipe.loss
    return WeightSurface(
        run=naming.run_and_rows(run),
        loss=f"loss: {loss.name} ({loss.reduction})",
        surface=surfaces.loss_surface(run, _plane(run, view)),
        rows=len(run.experiment.rows.training),
    )


def draw(data: WeightSurface) -> Figure:
    """Draw the loss as a heat map, with the recorded epochs as points on a line."""
    surface = data.surface
    scale = AxisScale.of(surface.values)
    drawn = scale.drawn(surface.values)
    figure = style.figure(height=5.2)
    axes = figure.subplots()
    image = style.heat(axes, surface.x, surface.y, drawn, scale.low, scale.high)
    style.contours(axes, surface.x, surface.y, drawn, scale)
    style.color_bar(figure, image, axes, scale, data.loss)
    _draw_path(axes, surface)
    axes.set_xlabel(_axis_label(surface.plane, 0))
    axes.set_ylabel(_axis_label(surface.plane, 1))
    style.head(figure, f"Loss over {_axes_title(surface.plane)}{scale.name}: {data.run}", _note(data))
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
            label="training path",
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
        if handle is not None and handle.get_label() == "training path":
            handle.set(markeredgecolor=style.BLACK, color=style.BLACK)


def _axes_title(plane: WeightPlane) -> str:
    if plane.kind == "weights":
        return f"{plane.labels[0]} and {plane.labels[1]}"
    if plane.kind == "pca":
        return "the two directions of largest movement (PCA)"
    return "two random directions (filter-normalized)"


def _axis_label(plane: WeightPlane, index: int) -> str:
    share = "" if plane.explained is None else f" ({plane.explained[index]:.1%} of variance)"
    return f"{plane.labels[index]}{share}"


def _note(data: WeightSurface) -> str:
    surface = data.surface
    parts = [f"Loss at the star: {number(surface.true_loss[-1], 4)}."]
    if surface.plane.kind != "weights":
        parts.append("Axes: distance from the trained weights along each direction.")
    if surface.plane.kind == "weights" and surface.plane.origin.size == 2:
        parts.append("The network has no other weights, so the path lies on the surface.")
    elif len(surface.epochs) > 1:
        parts.append(
            f"The path is projected onto the plane: at epoch {surface.epochs[0]:,} the loss was "
            f"{number(surface.true_loss[0], 4)}, and the surface there is {number(surface.shown_loss[0], 4)}."
        )
    else:
        parts.append("No weights were recorded during training, so there is no path.")
    if surface.rows < data.rows:
        parts.append(f"Computed on {surface.rows:,} of the {data.rows:,} rows.")
    return " ".join(parts)


def _caption(surface: LossSurface) -> str:
    explained = surface.plane.explained
    share = "" if explained is None else f"; the plane contains {explained.sum():.1%} of the path's variance"
    first, last = (number(surface.true_loss[at], 4) for at in (0, -1))
    trained = f"{last} at the trained weights"
    path = f"{first} at the start of the training path, {trained}" if len(surface.epochs) > 1 else trained
    return f"loss over {_axes_title(surface.plane)}: {path}{share}"


def _columns(surface: LossSurface) -> dict[str, list[str] | Array]:
    across, up = np.meshgrid(surface.x, surface.y)
    cells, epochs = surface.values.size, len(surface.epochs)
    return {
        "part": ["surface"] * cells + ["path"] * epochs,
        "x": np.concatenate([across.ravel(), surface.path[:, 0]]),
        "y": np.concatenate([up.ravel(), surface.path[:, 1]]),
        "loss": np.concatenate([surface.values.ravel(), surface.shown_loss]),
        "epoch": [""] * cells + [str(epoch) for epoch in surface.epochs.tolist()],
        "true_loss": [""] * cells + [repr(loss) for loss in surface.true_loss.tolist()],
    }
