"""Maps of the activation of each neuron over two inputs, or curves over the only one, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.encoding import Number
from nncli.inspection.surfaces import Plane
from nncli.messages.wording import counted
from nncli.nn.arrays import Array
from nncli.plots import inputs, naming, style
from nncli.plots.axes_choice import chosen_plane
from nncli.plots.picture import View
from nncli.plots.scale import FARTHEST, AxisScale, number
from nncli.runs import Run
from nncli.tables.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_UNITS = 24  # drawn of a layer
MOST_LAYERS = 6
ACROSS = 8  # panels beside each other
THUMBNAIL = 50  # points along each input: enough for a thumbnail
CURVE = 200  # points along the only input
PANEL = 0.9  # inches
SLIGHT = 0.1  # of the largest value: values of the other sign below it need no scale around 0


def unfit(run: Run, view: View) -> str | None:
    """Return the reason why the neurons of a run cannot be drawn over inputs, or None if they can."""
    if len(run.model.network.layers) == 1:
        return "the network has no hidden layer"
    if _only_input(run) is None:
        return inputs.too_few(run, view)
    reach = float(np.abs(_range(run)).max())
    return None if reach < FARTHEST else f"an input reaches {reach:.1e}, which is too large for an axis"


@dataclass(frozen=True)
class LayerMaps:
    """Activations of the units drawn of a layer.

    Attributes
    ----------
    name, activation : `layers.0` and `tanh`.
    units : number of units in the layer.
    labels : name of each unit drawn.
    A : activations (points, drawn), of the output layer in the units of the targets; NaN if too large.
    """

    name: str
    activation: str
    units: int
    labels: Sequence[str]
    A: Array

    @property
    def scale(self) -> AxisScale:
        """Scale of the layer: around 0 if values have both signs, else from 0 or the smallest value."""
        finite = self.A[np.isfinite(self.A)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        if low < 0 < high and min(-low, high) > SLIGHT * max(-low, high):
            reach = max(-low, high)
            return AxisScale(False, -reach, reach)
        ends = [
            low,
            high,
            *([0.0] if self.activation in FROM_ZERO else []),
            *BOUNDED.get(self.activation, ()),
        ]
        return AxisScale.linear(np.array(ends))

    @property
    def constant(self) -> Array:
        """Tell which of the units drawn hardly change in view, (drawn,)."""
        spread = np.ptp(np.nan_to_num(self.A), axis=0)
        return np.asarray(spread <= 1e-9 * max(1e-300, float(np.abs(np.nan_to_num(self.A)).max())))


BOUNDED = {"sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0)}
FROM_ZERO = {"relu", "softplus"}


@dataclass(frozen=True)
class NeuronMaps:
    """Activations of neurons over two inputs, or over the only input.

    Attributes
    ----------
    run : name of the run.
    plane : the grid over two inputs; None if the network has one input.
    reason : why these two inputs are on the axes; empty if there was no choice.
    over, x : name of the only input and its values (CURVE,); empty if there are two.
    layers : the layers drawn, the output layer last.
    depth : number of layers of the network.
    """

    run: str
    plane: Plane | None
    reason: str
    over: str
    x: Array
    layers: Sequence[LayerMaps]
    depth: int

    @property
    def hidden(self) -> Sequence[LayerMaps]:
        """The hidden layers drawn."""
        return self.layers[:-1]

    @property
    def where(self) -> str:
        """The inputs on the axes, and the values of the others."""
        return naming.short(self.over) if self.plane is None else inputs.which(self.plane, self.reason)

    @property
    def caption(self) -> str:
        """Number of hidden units, of those drawn and of those that are constant."""
        units, drawn = (sum(of) for of in zip(*((e.units, len(e.labels)) for e in self.hidden), strict=True))
        still = sum(int(each.constant.sum()) for each in self.hidden)
        layers = counted(self.depth - 1, "hidden layer")
        parts = [f"{counted(units, 'unit')} in {layers} over {self.where}"]
        parts += [f"{counted(still, 'unit')} with constant output in view"] if still else []
        parts += (
            [f"only the first {drawn:,} units drawn"]
            if drawn < units and len(self.layers) == self.depth
            else []
        )
        parts += [f"{len(self.layers)} of {self.depth} layers drawn"] if len(self.layers) < self.depth else []
        return "; ".join(parts)

    @property
    def columns(self) -> dict[str, Array]:
        """Activations of every unit drawn at every point."""
        units = {
            f"{each.name}.{'output' if each is self.layers[-1] else 'unit'}[{unit}]": each.A[:, unit]
            for each in self.layers
            for unit in range(len(each.labels))
        }
        if self.plane is None:
            return {self.over: self.x, **units}
        size = len(self.plane.y), len(self.plane.x)
        return inputs.columns(self.plane, {name: A.reshape(size) for name, A in units.items()})


def numbers(run: Run, view: View) -> NeuronMaps:
    """Compute the activation of the units on a grid over two inputs, or along the only one."""
    over, plane, reason, x = _only_input(run), None, "", np.empty(0)
    if over is None:
        plane, reason = chosen_plane(run, view)
        x_grid, y_grid = (np.linspace(values[0], values[-1], THUMBNAIL) for values in (plane.x, plane.y))
        plane = replace(plane, x=x_grid, y=y_grid)
        table = plane.table
    else:
        x = np.linspace(*_range(run), CURVE)
        table = Table("the curve", {over: x})
    layers = _layers(run, run.model.columns.X(table))
    depth = len(run.model.network.layers)
    return NeuronMaps(naming.run_name(run), plane, reason, over or "", x, layers, depth)


def _layers(run: Run, X: Array) -> list[LayerMaps]:
    model = run.model
    with np.errstate(all="ignore"):
        activities = model.network.forward(model.parameters, X)
    last = len(activities) - 1
    drawn = [*range(min(last, MOST_LAYERS - 1)), last]
    maps = []
    for index in drawn:
        layer = model.network.layers[index]
        A = (model.outputs(X) if index == last else activities[index].A)[:, :MOST_UNITS]
        labels = _outputs(run)[:MOST_UNITS] if index == last else [f"unit {k}" for k in range(A.shape[1])]
        A = np.where(np.abs(A) < FARTHEST, A, np.nan)
        maps.append(LayerMaps(f"layers.{index}", layer.activation.name, layer.units, labels, A))
    return maps


def _outputs(run: Run) -> list[str]:
    """Return the name of each output: a class if there are several, else a target."""
    columns = run.model.columns
    if columns.task == "multiclass":
        return [naming.short(name) for name in columns.classes]
    return [inputs.output_name(run, index) for index in range(columns.outputs)]


def draw(data: NeuronMaps) -> Figure:
    """Draw a small panel for each unit, a block of panels for each layer, the output layer last."""
    rows = [-(-len(each.labels) // ACROSS) for each in data.layers]
    across = max(4, *(min(ACROSS, len(each.labels)) for each in data.layers))
    heights = [0.35 + (PANEL + 0.2) * count for count in rows]
    figure = style.figure(width=max(6.4, 1.2 + PANEL * across), height=1.2 + sum(heights))
    blocks = figure.subfigures(len(rows), 1, height_ratios=heights, squeeze=False)[:, 0]
    for block, each, count in zip(blocks, data.layers, rows, strict=True):
        _draw_layer(block, data, each, count, across)
    over = data.over if data.plane is None else " and ".join(data.plane.features)
    style.head(figure, f"What each neuron computes over {naming.short(over, 60)}: {data.run}", _note(data))
    return figure


def _note(data: NeuronMaps) -> str:
    if data.plane is None:
        notes = [f"Each panel: {data.where} from {number(data.x[0])} to {number(data.x[-1])} across."]
    else:
        spans = (
            f"{naming.short(name, 20)} from {number(values[0])} to {number(values[-1])} {way}"
            for name, values, way in zip(
                data.plane.features, (data.plane.x, data.plane.y), ("across", "up"), strict=True
            )
        )
        notes = [f"Each panel: {', '.join(spans)}."]
        notes += [f"Inputs shown: {data.where}."] if data.plane.held else []
    if any(len(each.labels) < each.units for each in data.layers):
        notes.append(f"Shows the first {MOST_UNITS} units of each layer.")
    if len(data.layers) < data.depth:
        notes.append(f"Shows the first {MOST_LAYERS - 1} layers and the last of {data.depth} layers.")
    return " ".join(notes)


def _draw_layer(block: Any, data: NeuronMaps, layer: LayerMaps, rows: int, across: int) -> None:
    panels = block.subplots(rows, across, squeeze=False)
    for axes in panels.flat[len(layer.labels) :]:
        axes.remove()
    is_output = layer is data.layers[-1]
    count = counted(layer.units, "output" if is_output else "unit")
    block.suptitle(
        f"{layer.name}: {layer.activation}, {count}", x=0.01, ha="left", fontsize=9.0, fontweight="normal"
    )
    image = None
    shown = list(zip(panels.flat, layer.labels, strict=False))
    for unit, (axes, label) in enumerate(shown):
        image = _draw_unit(axes, data, layer, unit)
        axes.set_title(style.plain(label, 60 if len(layer.labels) == 1 else 12), fontsize=style.SMALL)
    if image is not None:
        _draw_bar(block, image, [axes for axes, _ in shown], layer.scale, rows)


def _draw_bar(block: Any, image: Any, panels: list[Axes], scale: AxisScale, rows: int) -> None:
    """Draw the color bar of a layer, with ticks at both ends and in the middle."""
    across = min(ACROSS, len(panels))
    bar = block.colorbar(image, ax=panels, pad=0.02, aspect=8 * rows, fraction=min(0.2, 0.35 / across))
    middle = (scale.low + scale.high) / 2
    ticks = [scale.low, middle, scale.high] if scale.high > scale.low else [scale.low]
    bar.set_ticks(ticks, labels=[number(tick) for tick in ticks])
    bar.outline.set_visible(False)


def _draw_unit(axes: Axes, data: NeuronMaps, layer: LayerMaps, unit: int) -> Any:
    """Draw a unit as a heat map or a curve, and return the image if there is one."""
    scale, A = layer.scale, layer.A[:, unit]
    image = None
    if data.plane is None:
        axes.plot(data.x, A, color=style.BLUE, gid="unit")
        axes.axhline(0.0, color=style.FAINT, linewidth=0.7, zorder=0)
        style.scaled(axes.yaxis, scale, margin=0.08)
        axes.set_xlim(data.x[0], data.x[-1])
    else:
        x, y = data.plane.x, data.plane.y
        colors = style.signed() if _is_signed(layer) else style.SEQUENTIAL
        image = style.heat(axes, x, y, A.reshape(len(y), len(x)), scale.low, scale.high, colors)
        image.set_gid("unit")
        axes.set_box_aspect(1)
    axes.set_xticks([])
    if unit % ACROSS or data.plane is not None:
        axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(data.plane is None)
    return image


def _is_signed(layer: LayerMaps) -> bool:
    """Tell whether the scale has a center: 0, or the probability 0.5."""
    scale = layer.scale
    return scale.low == -scale.high or layer.activation in BOUNDED


def _only_input(run: Run) -> str | None:
    """Return the name of the only input if it is numeric, or None."""
    columns = run.model.columns.preprocessing.columns
    return columns[0].name if len(columns) == 1 and isinstance(columns[0], Number) else None


def _range(run: Run) -> tuple[float, float]:
    """Return the smallest and largest value of the only input in the training rows."""
    (name,) = run.model.columns.inputs
    values = run.experiment.rows.training.table.typed[name].numbers
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    return (low, high) if low < high else (low - 1.0, high + 1.0)
