"""Trained networks in other forms: a file per target, and its check against nncli's own outputs."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

import numpy as np

from nncli.exports.contract import ExportTarget, MissingRuntime
from nncli.messages.errors import CheckFailed, NncliError
from nncli.messages.suggestions import suggestion
from nncli.messages.wording import listed, shown
from nncli.nn.arrays import Array
from nncli.storage import files
from nncli.tables.table import Table
from nncli.training.model import Model

COMPARED_ROWS = 1000
SINGLE = 1e-5  # of the largest output: the precision of a network in float32


def _target(module: str, suffix: str, summary: str, precision: float = 1e-12) -> ExportTarget:
    """Return the target defined by a module of this package, which is imported on first use."""

    def write(model: Model, name: str) -> dict[str, bytes]:
        return cast("dict[str, bytes]", import_module(f"{__name__}.{module}").write(model, name))

    def run_file(file: Path, model: Model, table: Table) -> Array:
        return cast(Array, import_module(f"{__name__}.{module}").run_file(file, model, table))

    return ExportTarget(suffix, summary, write, run_file, precision)


EXPORT_TARGETS: dict[str, ExportTarget] = {
    "python": _target("python_file", ".py", "a Python file that needs no package"),
    "onnx": _target("onnx_file", ".onnx", "an ONNX model in float32", precision=1e-6),
    "torch": _target("torch_file", ".py", "a PyTorch module, with its weights as safetensors"),
    "keras": _target("keras_file", ".py", "a Keras script, with its weights as npz", precision=1e-6),
    "safetensors": _target("safetensors_file", ".safetensors", "the weights, without preprocessing"),
    "c": _target("c_file", ".c", "a C file that needs the standard library alone"),
    "json": _target("json_file", ".json", "weights, encodings and classes as JSON"),
}


@dataclass(frozen=True)
class Exported:
    """Files of an exported network, and how far its outputs are from nncli's.

    Attributes
    ----------
    files : the main one first.
    rows : how many rows were compared.
    difference : the largest difference of an output; None if nothing that runs the file is installed.
    unchecked : what is missing to run the file; empty if it was run.
    """

    target: str
    files: tuple[Path, ...]
    rows: int
    difference: float | None
    unchecked: str = ""


def write_export(model: Model, table: Table, to: str, output: Path) -> Exported:
    """Write a network in another form, after comparing its outputs with nncli's on the rows of a table.

    Parameters
    ----------
    table : rows to compare; the first 1,000 are used.
    output : the main file; other files of the target are written beside it.

    Raises
    ------
    NncliError
        If there is no such target, it cannot express the model, or a file cannot be written.
    CheckFailed
        If an output differs by more than the target's precision; no file is written then.
    """
    target = find_target(to)
    contents = target.write(model, output.stem)
    rows = table.take(np.arange(min(COMPARED_ROWS, len(table))))
    difference, unchecked = largest_difference(target, contents, model, rows)
    if difference is not None:
        _require_agreement(difference, target, model, rows)
    files.make_folder(output.parent)
    paths = [output, *(output.with_name(name) for name in list(contents)[1:])]
    for path, content in zip(paths, contents.values(), strict=True):
        with files.output(path) as stream:
            stream.write(content)
    return Exported(to, tuple(paths), 0 if unchecked else len(rows), difference, unchecked)


def target_of(output: Path | None) -> str:
    """Return the name of the target that has the suffix of a file.

    Raises
    ------
    NncliError
        If there is none.
    """
    for name, target in EXPORT_TARGETS.items():
        if output is not None and output.suffix.lower() == target.suffix:
            return name
    raise NncliError("no export format", hint=f"add --to with one of: {listed([*EXPORT_TARGETS])}")


def find_target(name: str) -> ExportTarget:
    """Return a target by its name.

    Raises
    ------
    NncliError
        If there is none.
    """
    if name not in EXPORT_TARGETS:
        hint = suggestion(name, [*EXPORT_TARGETS], "targets")
        raise NncliError(f"no export format '{shown(name)}'", hint=hint)
    return EXPORT_TARGETS[name]


def largest_difference(
    target: ExportTarget, contents: Mapping[str, bytes], model: Model, rows: Table
) -> tuple[float | None, str]:
    """Return how far the files' outputs are from nncli's; None and what is missing if they cannot run."""
    expected = model.outputs(model.columns.X(rows))
    with tempfile.TemporaryDirectory() as folder:
        for name, content in contents.items():
            Path(folder, name).write_bytes(content)
        try:
            found = target.run(Path(folder, next(iter(contents))), model, rows)
        except MissingRuntime as reason:
            return None, str(reason)
    return float(np.abs(found - expected).max(initial=0.0)), ""


def _require_agreement(difference: float, target: ExportTarget, model: Model, rows: Table) -> None:
    """Raise CheckFailed if a difference exceeds the precision of the target or of the network."""
    largest = float(np.abs(model.outputs(model.columns.X(rows))).max(initial=0.0))
    is_single = model.columns.preprocessing.dtype == "float32"
    limit = max(target.precision, SINGLE if is_single else 0.0) * max(1.0, largest)
    if not difference <= limit:
        raise CheckFailed(
            f"the exported network differs from nncli's outputs by {difference:.2g}, more than {limit:.2g}",
            hint="no file was written; inputs or weights of very different sizes lose digits, so scale them",
        )
