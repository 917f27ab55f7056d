"""Pictures in files: where those of several runs go, and what was written."""

from __future__ import annotations

import html
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nncli.messages.errors import NncliError, RunError
from nncli.messages.notebook import html_image
from nncli.plots.picture import require_room
from nncli.runs import Run
from nncli.storage import files

MEDIA_TYPES = {".svg": "image/svg+xml", ".png": "image/png"}  # that notebooks show


@dataclass(frozen=True)
class SavedPicture(os.PathLike[str]):
    """A picture in a file, which can be used as its path."""

    kind: str
    path: Path
    caption: str

    def __str__(self) -> str:
        return str(self.path)

    def __fspath__(self) -> str:
        return os.fspath(self.path)

    def _repr_html_(self) -> str:
        media_type = MEDIA_TYPES.get(self.path.suffix.lower())
        if media_type is None:
            return f"<p>{html.escape(f'{self.path}: {self.caption}')}</p>"
        return html_image(self.path.read_bytes(), media_type, self.caption)


class SavedPictures(tuple[SavedPicture, ...]):
    """Several pictures, which a notebook shows below each other."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return "".join(picture._repr_html_() for picture in self)


def places(wanted: Sequence[tuple[Run, str]], output: Path | None, suffix: str | None) -> list[Path]:
    """Return the file of each kind of picture of each run, in directories that are created as needed.

    Parameters
    ----------
    wanted : runs and kinds.
    output : a file for one picture, or a directory (default: plots/ in each run).
    suffix : svg, png or pdf (default: that of the output, else svg).

    Raises
    ------
    NncliError
        If the format is unknown, one file is meant for several pictures, two would have the same file, a
        file is not a picture's, or a directory cannot be created.
    """
    if output is not None and output.suffix:
        return [_only_place(output, suffix, len(wanted), "give a directory, or one kind")]
    folders = {run: output or _folder_of(run) for run, _ in wanted}
    paths = [folders[run] / f"{kind}.{suffix or 'svg'}" for run, kind in wanted]
    if len(set(paths)) < len(paths):
        raise NncliError(f"{output}: several runs would write the same files", hint="remove the output")
    for path in paths:
        require_room(path)
    for folder in folders.values():
        files.make_folder(folder)
    return paths


def study_places(kinds: Sequence[str], folder: Path, output: Path | None, suffix: str | None) -> list[Path]:
    """Return the file of each picture of many trainings, in a directory that is created as needed.

    Parameters
    ----------
    folder : where the pictures go without `output`.
    output, suffix : as for `places`, but png is the default.

    Raises
    ------
    NncliError
        As for `places`.
    """
    if output is not None and output.suffix:
        return [_only_place(output, suffix, len(kinds), "give a directory")]
    paths = [(output or folder) / f"{kind}.{suffix or 'png'}" for kind in kinds]
    for path in paths:
        require_room(path)
    files.make_folder(output or folder)
    return paths


def _only_place(output: Path, suffix: str | None, pictures: int, hint: str) -> Path:
    """Return the file for one picture; raise NncliError if there are several, or it cannot be one's."""
    if pictures > 1:
        raise NncliError(f"{output}: one file cannot hold {pictures} plots", hint=hint)
    require_room(output)
    if suffix and output.suffix.lower() != f".{suffix}":
        raise NncliError(
            f"{output}: the extension contradicts the format {suffix}",
            hint=f"name it {output.with_suffix(f'.{suffix}')}",
        )
    return output


def _folder_of(run: Run) -> Path:
    """Return the run's plots/ directory.

    Raises
    ------
    RunError
        If it is a symbolic link.
    """
    if os.path.islink(run.plots):
        raise RunError(
            f"{run.plots} is a symbolic link, which nncli does not write through",
            hint="name the directory itself with -o",
        )
    return run.plots
