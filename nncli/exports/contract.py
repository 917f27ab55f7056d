"""The contract of a target: how it is written and run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from nncli.nn.arrays import Array
from nncli.tables.table import Table
from nncli.training.model import Model


class MissingRuntime(Exception):
    """A program or package that would be needed, for example to run an exported file."""


class WriteModel(Protocol):
    """Writes a model in the form of a target."""

    def __call__(self, model: Model, name: str) -> Mapping[str, bytes]:
        """Return the content of each file, by the name of the file; the first is the main one.

        Parameters
        ----------
        name : of the main file, without its suffix.

        Raises
        ------
        NncliError
            If the target cannot express the model.
        """


class RunFile(Protocol):
    """Runs an exported file."""

    def __call__(self, file: Path, model: Model, table: Table) -> Array:
        """Return the outputs (n, outputs) of the exported network for a table's rows, in the targets' units.

        Raises
        ------
        MissingRuntime
            If what runs such a file is not installed.
        """


@dataclass(frozen=True)
class ExportTarget:
    """A form that a trained network can be exported to.

    Attributes
    ----------
    suffix : of the main file.
    summary : what it is, as a noun phrase.
    write, run : how it is written, and run on the rows of a table.
    precision : largest difference to nncli's own outputs, as a fraction of the largest output or 1.
    """

    suffix: str
    summary: str
    write: WriteModel
    run: RunFile
    precision: float = 1e-12
