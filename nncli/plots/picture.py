"""A picture's options, its numbers and figure, and the files it is saved to."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol
from xml.sax.saxutils import escape

import numpy as np

from nncli import runs
from nncli.messages.errors import NncliError
from nncli.nn.arrays import Array
from nncli.runs import proof
from nncli.storage import files
from nncli.training.model import as_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 150


@dataclass(frozen=True)
class View:
    """Options that choose what a picture shows.

    Attributes
    ----------
    features : the two inputs on the axes, or those of `dependence` (default: the most important ones).
    at : values of the other inputs (default: the median or the most frequent category in the data).
    weights : two weights for the axes of `weight-surface`, named like layers.0.weight[0,1].
    directions : the axes of `weight-surface` if no weights are named.
    grid : whether `boundary` has a panel for each pair of the four most important inputs.
    angle : azimuth and elevation of the camera in 3-D pictures, in degrees.
    """

    features: tuple[str, str] | None = None
    at: Mapping[str, float | str] = field(default_factory=dict)
    weights: tuple[str, str] | None = None
    directions: Literal["pca", "random"] = "pca"
    grid: bool = False
    angle: tuple[float, float] = (-55.0, 28.0)

    def __post_init__(self) -> None:
        for name, degrees, most in zip(("azimuth", "elevation"), self.angle, (360, 90), strict=True):
            if not -most <= degrees <= most:
                raise NncliError(
                    f"{name} of the camera must be from -{most} to {most} degrees, found {degrees:g}",
                    hint="use for example -55,28",
                )


class Numbers(Protocol):
    """Contents of a picture, computed without matplotlib. Each kind of picture has its own class."""

    @property
    def caption(self) -> str:
        """One-line summary of the picture."""

    @property
    def columns(self) -> Mapping[str, Sequence[str] | Array]:
        """Data behind the picture, as columns of equal length."""


@dataclass(frozen=True)
class Picture:
    """A figure and the numbers it shows."""

    figure: Figure
    numbers: Numbers
    dpi: int = DPI

    @property
    def caption(self) -> str:
        """One-line summary of the picture, with the minus sign of plain text."""
        return self.numbers.caption.replace("\N{MINUS SIGN}", "-")


def save(picture: Picture, path: Path) -> None:
    """Write a picture in the format of its suffix, and its numbers to a CSV file of the same name.

    Raises
    ------
    NncliError
        If the suffix is not svg, png or pdf, a file cannot be written, or the numbers would overwrite a file
        that does not belong to a picture.
    """
    require_room(path)
    content, numbers = contents(picture, path.suffix.lower())
    with files.output(path) as stream:
        stream.write(content)
    with files.output(path.with_suffix(".csv")) as stream:
        stream.write(numbers)


def contents(picture: Picture, suffix: str) -> tuple[bytes, bytes]:
    """Return the content of a picture's file in a format, such as `.png`, and that of its CSV file."""
    return PICTURE_FORMATS[suffix](picture), _csv(picture.numbers.columns).encode()


def require_room(path: Path) -> None:
    """Raise NncliError if a picture cannot be saved or would overwrite a file that is not a picture's."""
    if path.suffix.lower() not in PICTURE_FORMATS:
        raise NncliError(
            f"{path}: cannot write a '{path.suffix}' plot", hint=f"use {', '.join(PICTURE_FORMATS)}"
        )
    numbers = path.with_suffix(".csv")
    if os.path.lexists(numbers) and not proof.is_numbers(numbers):
        raise NncliError(
            f"{numbers} already exists, and the numbers of {path.name} would overwrite it",
            hint="choose another file name or directory",
        )
    for file in (path, numbers):
        runs.require_no_run_file(file)


def _csv(columns: Mapping[str, Sequence[str] | Array]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(as_text(column) for column in columns.values()), strict=True))
    return text.getvalue()


def _bytes(picture: Picture, format: str, metadata: Mapping[str, Any]) -> bytes:
    from nncli.plots import style

    buffer = io.BytesIO()
    with np.errstate(all="ignore"), style.context():
        picture.figure.savefig(buffer, format=format, dpi=picture.dpi, facecolor="auto", metadata=metadata)
    return buffer.getvalue()


def _title(picture: Picture) -> str:
    return " ".join(picture.figure.get_suptitle().split())


def _svg(picture: Picture) -> bytes:
    text = _bytes(picture, "svg", {"Date": None, "Creator": "nncli"}).decode()
    described = (
        f'<title id="title">{escape(_title(picture))}</title>\n'
        f'<desc id="desc">{escape(_printable(picture.caption))}</desc>\n'
    )
    root = re.search(r"<svg [^>]*>\n", text)
    assert root is not None
    accessible = root[0].replace("<svg ", '<svg role="img" aria-labelledby="title desc" ', 1)
    return (text[: root.start()] + accessible + described + text[root.end() :]).encode()


def _png(picture: Picture) -> bytes:
    metadata = {"Software": "nncli", "Title": _title(picture), "Description": _printable(picture.caption)}
    return _bytes(picture, "png", metadata)


def _pdf(picture: Picture) -> bytes:
    metadata = {"CreationDate": None, "Creator": "nncli", "Title": _title(picture)}
    return _bytes(picture, "pdf", {**metadata, "Subject": _printable(picture.caption)})


def _printable(text: str) -> str:
    """Replace control characters, which XML does not allow, with spaces."""
    return "".join(character if character.isprintable() else " " for character in text)


PICTURE_FORMATS = {".svg": _svg, ".png": _png, ".pdf": _pdf}
