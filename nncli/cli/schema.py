"""`nncli schema`: the JSON Schema of the config."""

from __future__ import annotations

from nncli.cli.app import CHECK, command
from nncli.cli.output import Output


@command(CHECK)
def schema(out: Output) -> None:
    """Print the JSON Schema of the config, for editors: nncli schema > nncli.schema.json."""
    import json

    from nncli.config import json_schema

    schema = json_schema()
    out.result(json.dumps(schema, indent=1, ensure_ascii=False))
    out.object("schema", {"json_schema": schema})
