"""`nncli schema`: the JSON Schema of the config."""

from __future__ import annotations

import json

import typer

from nncli.cli.app import AsJson, Debug, Quiet, Verbose, switched
from nncli.cli.registry import command


@command(
    "Check",
    3,
    {
        "nncli schema > nncli.schema.json": "save the schema for an editor",
        "nncli schema | python -m json.tool": "read it",
    },
)
def schema(
    context: typer.Context,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
    as_json: AsJson = False,
) -> None:
    """Print the JSON Schema of configs, for autocompletion and validation in editors."""
    from nncli.scaffold.editor import schema_text

    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    out.verbatim(schema_text().rstrip("\n"))
    out.object("schema", {"json_schema": json.loads(schema_text())})
