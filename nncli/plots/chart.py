"""Curves as text for a terminal: in braille, or in ASCII where braille cannot be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from nncli.messages.wording import shortened
from nncli.nn.arrays import Array
from nncli.plots.scale import AxisScale, number

WIDEST_CHART = 120  # columns, beyond which so low a chart would look flat
LABEL_WIDTH = 8  # columns of a value's label at least, so that a growing chart keeps its place
BRAILLE_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])  # of a cell, (4, 2)
NO_DOTS = "\N{BRAILLE PATTERN BLANK}"


class Pen(NamedTuple):
    """A curve's appearance: every `step`-th dot is drawn."""

    step: int
    braille: str  # sample for the curve's name
    ascii: str


PENS = [Pen(1, "⠤⠤", "*"), Pen(3, "⠄⠠", "o")]


def chart(
    curves: Mapping[str, tuple[Array, Array]], title: str, *, width: int, height: int, braille: bool
) -> list[str]:
    """Draw one or two curves over the epochs as `height` + 2 lines of text.

    The scale is logarithmic if the values are positive and span a factor of 30; the title says so. The second
    curve is dotted. If there are two, their names stand at their ends.

    Parameters
    ----------
    curves : name -> epochs (n,), ascending, and values (n,). Values that are not finite are left out.
    title : description of the values.
    width : columns of the longest line, at least 32; no more than WIDEST_CHART are used.
    height : rows of the plot itself; an odd number puts a label on the first and on the last row.
    braille : whether braille can be shown, which has eight dots in a character; otherwise ASCII is used.
    """
    width = min(width, WIDEST_CHART)
    scale = AxisScale.of(np.concatenate([values for _, values in curves.values()]), deepest=np.inf)
    points = {name: _points(epochs, scale.drawn(values)) for name, (epochs, values) in curves.items()}
    labels = _labels(scale, height, braille)
    names = _names(points, scale, height, braille) if len(points) > 1 else [""] * height
    columns = width - len(labels[0]) - 1 - max(map(len, names))
    plot = _plot(list(points.values()), scale, (height, columns), braille)
    margin = " " * (len(labels[0]) + 1)
    heading = shortened(title, width - len(scale.name)) + scale.name
    rows = zip(labels, _axis(height, braille), plot, names, strict=True)
    return [
        margin[: width - len(heading)] + heading,
        *("".join(row).rstrip() for row in rows),
        margin + _epochs(np.concatenate([epochs for epochs, _ in points.values()]), columns),
    ]


def _points(epochs: Array, heights: Array) -> tuple[Array, Array]:
    """Epochs and positions on the scale, (m,) each, of the values that can be drawn."""
    finite = np.isfinite(heights)
    return epochs[finite], heights[finite]


def _labels(scale: AxisScale, height: int, braille: bool) -> list[str]:
    """Label every second row with its value; the other rows have blanks of the same width."""
    places = np.linspace(scale.high, scale.low, height)
    places[np.abs(places) < (scale.high - scale.low) / 1e6] = 0.0  # the rounding error of a zero
    shown = (10.0**places if scale.log else places)[::2].tolist()
    digits = next(
        d for d in (3, 4, 6, 9, 12, 17) if len({number(v, d) for v in shown}) == len(shown) or d == 17
    )
    texts = [number(value, digits) for value in shown]
    if not braille:
        texts = [text.replace("\N{MINUS SIGN}", "-") for text in texts]
    widest = max(LABEL_WIDTH, *map(len, texts))
    return [(texts[row // 2] if row % 2 == 0 else "").rjust(widest) for row in range(height)]


def _axis(height: int, braille: bool) -> list[str]:
    marked, plain = "┤│" if braille else "+|"
    return [plain if row % 2 else marked for row in range(height)]


def _names(
    points: Mapping[str, tuple[Array, Array]], scale: AxisScale, height: int, braille: bool
) -> list[str]:
    """Put each curve's name, with a sample of its dots, on the row where the curve ends, or on the next."""
    ends = [
        (_positions(scale.high - heights[-1:], scale.high - scale.low, height)[0], name, pen)
        for (name, (_, heights)), pen in zip(points.items(), PENS, strict=False)
        if len(heights)
    ]
    rows, free = [""] * height, 0
    for left, (row, name, pen) in enumerate(sorted(ends)):
        place = min(max(int(row), free), height - len(ends) + left)
        rows[place] = f" {pen.braille if braille else pen.ascii} {name}"
        free = place + 1
    return rows


def _plot(
    curves: Sequence[tuple[Array, Array]], scale: AxisScale, size: tuple[int, int], braille: bool
) -> list[str]:
    """Draw curves, epochs (n,) and positions on the scale (n,), into cells: lines of one character a cell."""
    all_epochs = np.concatenate([epochs for epochs, _ in curves])
    first, last = (all_epochs.min(), all_epochs.max()) if len(all_epochs) else (0, 0)
    rows, columns = (4 * size[0], 2 * size[1]) if braille else size
    dots = np.zeros((rows, columns), np.intp)  # number of the curve, from 1
    for index, (epochs, heights) in enumerate(curves):
        x = _positions(epochs - first, last - first, columns)
        y = _positions(scale.high - heights, scale.high - scale.low, rows)
        xs, ys = _path(x, y)
        dots[ys[:: PENS[index].step], xs[:: PENS[index].step]] = index + 1
    return _in_braille(dots) if braille else _in_ascii(dots)


def _positions(distances: Array, span: float, count: int) -> Array:
    """Return the dots (n,), out of `count`, that are nearest to distances from the first dot."""
    return np.rint(distances / (span or 1) * (count - 1)).astype(np.intp)


def _path(x: Array, y: Array) -> tuple[Array, Array]:
    """Return the dots of the lines that connect points, x (n,) and y (n,), in the order of the lines."""
    dx, dy = np.diff(x), np.diff(y)
    steps = np.maximum(np.abs(dx), np.abs(dy))
    line = np.repeat(np.arange(len(steps)), steps)
    share = (np.arange(len(line)) - np.repeat(np.cumsum(steps) - steps, steps)) / steps[line]
    xs, ys = x[line] + np.rint(share * dx[line]), y[line] + np.rint(share * dy[line])
    return np.append(xs, x[-1:]).astype(np.intp), np.append(ys, y[-1:]).astype(np.intp)


def _in_braille(dots: Array) -> list[str]:
    cells = (dots > 0).reshape(len(dots) // 4, 4, -1, 2)
    codes = ord(NO_DOTS) + np.einsum("rycx,yx->rc", cells, BRAILLE_DOTS)
    return ["".join(map(chr, row)).replace(NO_DOTS, " ") for row in codes.tolist()]


def _in_ascii(dots: Array) -> list[str]:
    characters = " " + "".join(pen.ascii for pen in PENS)
    return ["".join(characters[dot] for dot in row) for row in dots.tolist()]


def _epochs(epochs: Array, columns: int) -> str:
    """Label the first and the last epoch below the ends of the plot."""
    if not len(epochs):
        return "epoch"
    first, last = int(epochs.min()), int(epochs.max())
    ends = (f"{first:,}", f"{last:,}" if last > first else "")
    return (ends[0] + "epoch".center(columns - len(ends[0]) - len(ends[1])) + ends[1]).rstrip()
