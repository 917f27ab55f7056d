"""Style of all pictures: a palette safe for color blindness, text of at least 8 pt, opaque background.

The constants need no matplotlib; the functions load it when they draw.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.nn.arrays import Array
from nncli.plots import naming
from nncli.plots.scale import AxisScale

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import XAxis, YAxis
    from matplotlib.colorbar import Colorbar
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

# Okabe & Ito (2008), Color universal design. Older versions of matplotlib do not define these colors.
ORANGE, SKY, GREEN, YELLOW = "#E69F00", "#56B4E9", "#009E73", "#F0E442"
BLUE, VERMILION, PURPLE, BLACK = "#0072B2", "#D55E00", "#CC79A7", "#000000"
COLORS = (BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, BLACK, YELLOW)
DASHES: tuple[Any, ...] = (
    "-",
    (0, (5, 1.5)),
    (0, (1.5, 1.2)),
    (0, (6, 1.5, 1.5, 1.5)),
    (0, (3, 1, 1, 1, 1, 1)),
    (0, (10, 3)),
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")
GRAY, FAINT, INK, PAPER = "#6b6b6b", "#b8b8b8", "#1a1a1a", "#ffffff"
REFERENCE: dict[str, Any] = {"color": GRAY, "linewidth": 1.0, "linestyle": (0, (2, 2))}  # of a diagonal

SEQUENTIAL = "viridis"
PRINTED_COLORS = ("#ffffff", "#858585")  # black lines and text stay visible on both
SIGNED_COLORS = ("#2b7cb0", "#86b7d6", "#f2f2f2", "#f2b985", "#d06a1c")  # black text is readable on all

FONT = "DejaVu Sans"  # comes with matplotlib, so pictures look the same everywhere
SMALL = 8.0
RULE_LINES: dict[str, Any] = {
    "font.family": ["sans-serif"],
    "font.sans-serif": [FONT],
    "font.size": 9.0,
    "axes.titlesize": 9.0,
    "axes.labelsize": 9.0,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": SMALL,
    "figure.titlesize": 10.0,
    "figure.titleweight": "bold",
    "text.parse_math": False,  # names of columns may hold dollar signs
    "text.color": INK,
    "axes.edgecolor": GRAY,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": PAPER,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "axes.grid": False,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.4,
    "legend.frameon": False,
    "svg.hashsalt": "nncli",
    "svg.fonttype": "none",  # text that can be searched and copied
    "pdf.fonttype": 42,
}


def context() -> AbstractContextManager[None]:
    """Return a context with matplotlib's defaults and RULE_LINES, regardless of the user's matplotlibrc."""
    import matplotlib.backends.backend_agg  # loads the fonts too, so that a broken installation fails here
    import matplotlib.style

    style: AbstractContextManager[None] = matplotlib.style.context(["default", RULE_LINES])
    return style


def figure(width: float = 6.4, height: float = 4.4) -> Figure:
    """Return an empty figure (width and height in inches) with a layout that avoids overlaps."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(drawn)
    return drawn


def head(drawn: Figure, title: str, note: str = "") -> None:
    """Add a title at the top and a note in small print at the bottom."""
    width = drawn.get_figwidth()
    drawn.suptitle(textwrap.fill(drawable(title), int(width * 11.5)), x=0.1 / width, ha="left")
    if note:
        drawn.supxlabel(
            textwrap.fill(drawable(note), int(width * 14.8)),
            x=0.1 / width,
            ha="left",
            fontsize=SMALL,
            color="#404040",
        )


@cache
def signed() -> LinearSegmentedColormap:
    """Return the colormap from blue over gray to orange, for values on both sides of a center."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("blue_gray_orange", list(SIGNED_COLORS))


@cache
def printed() -> LinearSegmentedColormap:
    """Return the grays that replace `signed` in print, where its two ends would look the same."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("light_to_dark_gray", list(PRINTED_COLORS))


def plain(text: str, longest: int = 28) -> str:
    """Return a name as a picture can show it: short, on one line, in characters of the font."""
    return drawable(naming.short(text, longest))


def drawable(text: str) -> str:
    """Replace every character that the font lacks with □."""
    return "".join(character if ord(character) in _characters() else "□" for character in text)


@cache
def _characters() -> frozenset[int]:
    """Code points of the characters in the font."""
    from matplotlib import font_manager

    return frozenset(font_manager.get_font(font_manager.findfont(FONT)).get_charmap())


def grid(axes: Axes) -> None:
    """Add faint grid lines behind the data."""
    axes.grid(visible=True)
    axes.set_axisbelow(True)


def scaled(axis: XAxis | YAxis, scale: AxisScale, margin: float = 0.05, most: int = 7) -> None:
    """Set the limits and at most so many ticks of an axis, and make it logarithmic if the scale is."""
    if scale.log:
        axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    pad = margin * (scale.high - scale.low)
    limits = np.array([scale.low - pad, scale.high + pad])
    limits = np.clip(limits, -305.0, 305.0) if scale.log else limits  # the range of float64
    positions, labels = scale.ticks(most)
    at = np.power(10.0, positions) if scale.log else np.array(positions)
    axis.set_ticks([], minor=True)
    axis.set_ticks(at, labels)
    axis.axes.set(**{f"{axis.axis_name}lim": np.power(10.0, limits) if scale.log else limits})


def epoch_axis(axes: Axes, last: float) -> None:
    """Make the x axis a logarithmic axis of epochs that starts at 0, as most changes happen early."""
    last = max(1.0, last)
    positions = [0, *(10**e for e in range(int(np.log10(last) + 1e-9) + 1))]
    positions += [int(last)] if last > 2 * positions[-1] else []
    axes.set_xscale("symlog", linthresh=1.0, linscale=0.5)
    axes.xaxis.set_ticks([], minor=True)
    axes.xaxis.set_ticks(positions, [f"{position:,}" for position in positions])
    axes.set_xlim(0, last)
    axes.set_xlabel("epoch (log scale from 1)")


def heat(
    axes: Axes, x: Array, y: Array, drawn: Array, low: float, high: float, colors: Any = SEQUENTIAL
) -> AxesImage:
    """Draw a heat map whose cells are centered on the grid points; the axes end at the outermost points."""
    dx, dy = (x[-1] - x[0]) / (2 * (len(x) - 1)), (y[-1] - y[0]) / (2 * (len(y) - 1))
    extent = (x[0] - dx, x[-1] + dx, y[0] - dy, y[-1] + dy)
    image = axes.imshow(
        drawn,
        origin="lower",
        extent=extent,
        aspect="auto",
        cmap=colors,
        vmin=low,
        vmax=high,
        interpolation="bilinear",
    )
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(y[0], y[-1])
    return image


def color_bar(drawn: Figure, image: AxesImage, axes: Axes, scale: AxisScale, label: str) -> Colorbar:
    """Add the color bar of a heat map."""
    positions, labels = scale.ticks()
    bar = drawn.colorbar(image, ax=axes, pad=0.02, aspect=28)
    bar.set_ticks(positions, labels=labels)
    bar.ax.minorticks_off()
    bar.set_label(drawable(f"{label}{scale.name}"))
    bar.outline.set_visible(False)
    return bar


def contours(axes: Axes, x: Array, y: Array, drawn: Array, scale: AxisScale) -> None:
    """Draw labeled contour lines at the ticks of a heat map's scale, so that color is not the only cue."""
    positions, labels = scale.ticks(5)
    finite = drawn[np.isfinite(drawn)]
    inside = [
        (p, text)
        for p, text in zip(positions, labels, strict=True)
        if finite.size and finite.min() < p < finite.max()
    ]
    if not inside:
        return
    inside.sort()
    image = axes.images[0]
    colors = [ink_on(color) for color in image.to_rgba(np.array([p for p, _ in inside]))[:, :3]]
    lines = axes.contour(
        x, y, drawn, levels=[p for p, _ in inside], colors=colors, linewidths=0.7, linestyles="-"
    )
    axes.clabel(lines, fmt=dict(inside), fontsize=SMALL)


def legend_beside(axes: Axes, handles: Sequence[Any] | None = None, **options: Any) -> None:
    """Add a legend to the right of the axes, so that it never covers data."""
    given = {} if handles is None else {"handles": handles}
    axes.legend(
        loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0, handlelength=2.6, **given, **options
    )


def text_color(color: str) -> str:
    """Return a color dark enough for small text on paper: black in place of pale yellow and light blue."""
    return BLACK if color in (YELLOW, SKY) else color


def ink_on(color: Array) -> str:
    """Return black or white, whichever has more contrast with a color (r, g, b).

    References
    ----------
    WCAG 2.2, relative luminance and contrast ratio.
    """
    linear = np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ [0.2126, 0.7152, 0.0722])
    return BLACK if (luminance + 0.05) / 0.05 >= 1.05 / (luminance + 0.05) else PAPER
