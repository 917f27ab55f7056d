"""Networks that go to other programs, and come from them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nncli.api.arguments import Configured, Reference
from nncli.api.training import check, open_run, started
from nncli.training import experiment

if TYPE_CHECKING:
    from nncli.exports import Exported
    from nncli.runs import Run


def export(
    run: Reference = None,
    to: str | None = None,
    output: str | os.PathLike[str] | None = None,
) -> Exported:
    """Write a run's network in another form, after checking that it gives the same outputs.

    Parameters
    ----------
    to : the target, such as onnx or python (default: by the suffix of `output`).
    output : the file (default: in the directory exports/TARGET/ of the run).

    Raises
    ------
    NncliError
        If there is no such target, it cannot express the network, or the file cannot be written.
    CheckFailed
        If the outputs differ on the run's own rows; no file is written then.

    Examples
    --------
    >>> exported = nncli.export("xor", "c")
    >>> print(exported.files[0], exported.difference < 1e-12)
    runs/xor/exports/c/xor.c True
    """
    from nncli import exports

    found = open_run(run)
    name = to or exports.target_of(None if output is None else Path(output))
    place = found.path / "exports" / name / f"{found.path.name}{exports.find_target(name).suffix}"
    table = found.experiment.rows.whole.table
    return exports.write_export(found.model, table, name, place if output is None else Path(output))


def import_weights(
    file: str | os.PathLike[str],
    config: Configured,
    data: Any = None,
    *,
    output: str | os.PathLike[str] | None = None,
    command: Sequence[str] = (),
) -> Run:
    """Make a run of weights that another program trained.

    Parameters
    ----------
    file : a PyTorch state dict as safetensors, `coefs_0`, `intercepts_0` ... of scikit-learn as npz, a
        `weights.npz`, or an export as JSON.
    config, data, output, command : as for `train` and `started`; the config's layers must have these shapes.

    Raises
    ------
    NncliError
        If a file cannot be read, or the weights do not fit the layers.

    Examples
    --------
    >>> run = nncli.import_weights("runs/xor/weights.npz", "xor.yaml", output="runs/imported")
    >>> nncli.evaluate(run).metrics == nncli.evaluate("xor").metrics
    True
    """
    from nncli.exports.foreign_weights import read_layers, require_shapes
    from nncli.runs import Run

    path, prepared = Path(file), check(config, data)
    layers = read_layers(path)
    require_shapes(path, layers, prepared.network)
    changed = prepared.config.changed(("training", "epochs"), 0)
    for index, (_, W, b, _) in enumerate(layers):
        changed = changed.changed(("network", "layers", index, "weights"), W.tolist())
        changed = changed.changed(("network", "layers", index, "biases"), None if b is None else b.tolist())
    with started(experiment.build(changed), output=output, command=command) as recording:
        recording.finish()
    return Run(recording.run.path)
