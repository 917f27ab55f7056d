"""Look of a picture: colors of its paper and ink, resolution, size and title."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from nncli.messages.errors import NncliError
from nncli.plots import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

Theme = Literal["light", "dark", "print"]
DARK_PAPER = "#16181d"
RESOLUTIONS = (30, 1200)  # dots per inch
SIZES = (2.0, 40.0)  # inches
THICKER = 1.25  # lines in print
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
DEEP, LIGHTER = 0.45, 0.3  # colors of less luminance are mixed with white on dark paper


@dataclass(frozen=True)
class Look:
    """Look of a picture.

    Attributes
    ----------
    theme : light, dark, or print: black ink and thicker lines.
    dpi : dots per inch of PNG files and of heat maps in the other formats.
    size : width and height in inches (default: those of the kind).
    title : title (default: that of the kind).
    """

    theme: Theme = "light"
    dpi: int = 150
    size: tuple[float, float] | None = None
    title: str | None = None

    def __post_init__(self) -> None:
        low, high = RESOLUTIONS
        if not low <= self.dpi <= high:
            raise NncliError(
                f"dpi must be from {low} to {high}, found {self.dpi}", hint="use for example 150"
            )
        smallest, largest = SIZES
        if self.size is not None and not all(smallest <= length <= largest for length in self.size):
            found = "x".join(f"{length:g}" for length in self.size)
            raise NncliError(
                f"size must be from {smallest:g} to {largest:g} inches, found {found}",
                hint="use for example 8x5",
            )

    def apply(self, figure: Figure) -> None:
        """Change a drawn figure to this look."""
        if self.title is not None:
            figure.suptitle(style.drawable(self.title), x=0.1 / figure.get_figwidth(), ha="left")
        if self.size is not None:
            figure.set_size_inches(*self.size)
        if self.size is not None or self.title is not None:
            _wrap(figure)
        if self.theme != "light":
            _recolor(figure, self.theme)


def _wrap(figure: Figure) -> None:
    """Break the lines of the title and the note anew for the width of the figure."""
    width = figure.get_figwidth()
    for text, letters in ((figure._suptitle, 11.5), (figure._supxlabel, 14.8)):  # type: ignore[attr-defined]
        if text is not None:
            text.set_text(textwrap.fill(" ".join(text.get_text().split()), int(width * letters)))
            text.set_x(0.1 / width)


def _recolor(figure: Figure, theme: Theme) -> None:
    """Change the grays of a figure. What lies on a heat map or a 3-D surface keeps its colors."""
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

    kept = {id(artist) for axes in figure.findobj(Axes) for artist in _on_image(axes)}
    distinct = {id(artist): artist for artist in figure.findobj()}
    for key, artist in distinct.items():
        # Figures and axes pass their color on to their patches, which have a turn of their own.
        if key not in kept and not isinstance(artist, (FigureBase, Axes)):
            _recolor_artist(artist, theme)
    for axes in figure.axes:
        if axes.name == "3d":
            _recolor_box(axes, theme)


def _on_image(axes: Any) -> list[Any]:
    """Return the artists on a heat map or a matrix of cells, with those that they contain."""
    if not axes.images:
        return []
    return [each for artist in _data_of(axes) for each in artist.findobj()]


def _data_of(axes: Any) -> list[Any]:
    return [*axes.lines, *axes.collections, *axes.patches, *axes.texts]


def _recolor_box(axes: Any, theme: Theme) -> None:
    """Change the walls and the grid of a 3-D picture, which are not among its artists."""
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.set_pane_color(_changed(axis.pane.get_facecolor(), theme))
        line = axis._axinfo["grid"]
        line["color"] = _changed(line["color"], theme)


def _recolor_image(image: AxesImage) -> None:
    """Draw a heat map of two colors in grays, and keep the ticks of its color bar, which a new map resets."""
    bar = image.colorbar
    ticks = (
        None
        if bar is None
        else (list(bar.get_ticks()), [text.get_text() for text in bar.ax.get_yticklabels()])
    )
    image.set_cmap(style.printed())
    if bar is not None and ticks is not None:
        bar.set_ticks(ticks[0], labels=ticks[1])
        bar.ax.minorticks_off()


def _recolor_artist(artist: Any, theme: Theme) -> None:
    from matplotlib.collections import Collection
    from matplotlib.image import AxesImage
    from matplotlib.text import Text

    if theme == "print" and isinstance(artist, AxesImage) and artist.get_cmap() == style.signed():
        _recolor_image(artist)
    if isinstance(artist, AxesImage) or (isinstance(artist, Collection) and artist.get_array() is not None):
        return
    for part in ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor"):
        getter, setter = getattr(artist, f"get_{part}", None), getattr(artist, f"set_{part}", None)
        if getter is not None and setter is not None and not (part == "color" and _has_faces(artist)):
            setter(_changed(getter(), theme))
    if isinstance(artist, Text) and (box := artist.get_bbox_patch()) is not None:
        _recolor_artist(box, theme)
    if theme == "print" and hasattr(artist, "set_linewidth"):
        artist.set_linewidth(THICKER * np.asarray(artist.get_linewidth()))


def _has_faces(artist: Any) -> bool:
    return hasattr(artist, "set_facecolor")


def _changed(color: Any, theme: Theme) -> Any:
    """Return a color, or colors (n, 4), with grays turned for dark paper or made black for print."""
    from matplotlib.colors import to_rgba_array

    if isinstance(color, str) and color in ("none", "auto"):
        return color
    rgba = to_rgba_array(color).copy()
    if len(rgba) == 1 and rgba[0, 3] == 0:
        return "none"
    gray = np.ptp(rgba[:, :3], axis=1) < 0.03 if len(rgba) else np.zeros(0, dtype=bool)
    if theme == "dark":
        paper = to_rgba_array(DARK_PAPER)[0, :3]
        deep = ~gray & (rgba[:, :3] @ LUMINANCE < DEEP)
        rgba[deep, :3] += LIGHTER * (1.0 - rgba[deep, :3])
        rgba[gray, :3] = paper + (1.0 - rgba[gray, :3]) * (0.93 - paper)
    else:
        rgba[gray & (rgba[:, 0] < 0.5), :3] = 0.0
    return rgba if len(rgba) != 1 else tuple(rgba[0])
