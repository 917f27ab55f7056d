"""`nncli import`: weights of another program as a run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from nncli.cli.app import AsJson, Debug, Quiet, Verbose, switched
from nncli.cli.options import Overrides, overrides_of
from nncli.cli.registry import command
from nncli.messages.wording import counted


@command(
    "Use",
    4,
    {
        "nncli import model.safetensors --config iris.yaml": "create a run from weights of PyTorch",
        "nncli import mlp.npz --config iris.yaml": "use coefs_0, intercepts_0 ... from scikit-learn",
    },
)
def import_(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Weights: .safetensors, .npz or .json.", show_default=False)
    ],
    config: Annotated[
        Path,
        typer.Option(metavar="CONFIG", help="Config with the layers and the dataset.", show_default=False),
    ],
    set_: Overrides = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Run directory (default: runs/NAME, or runs/NAME-2 and so on if that exists).",
            show_default=False,
        ),
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
    as_json: AsJson = False,
) -> None:
    """Create a run from weights that PyTorch, scikit-learn or another program trained."""
    from nncli import api
    from nncli.config import load_config
    from nncli.storage.lookup import CONFIGS, require_file

    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    require_file(config, CONFIGS)
    loaded = load_config(config, overrides_of(set_))
    run = api.import_weights(file, loaded, output=output, command=sys.argv[1:])
    network = run.model.network
    out.note(
        f"read {counted(network.parameter_count, 'parameter')} in {counted(len(network.layers), 'layer')}"
    )
    out.verbatim(str(run.path))
    out.object("import", {"run": str(run.path), "file": str(file), "metrics": run.results_by_part})
