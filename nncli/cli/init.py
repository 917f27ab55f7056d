"""`nncli init`: write a config to start from."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from nncli.cli.app import TRAIN, command
from nncli.cli.output import Output, aligned
from nncli.wording import printable


@command(TRAIN)
def init(
    out: Output,
    template: Annotated[
        str, typer.Argument(help="Which template; --list names them.", show_default=True)
    ] = "xor",
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Default: TEMPLATE.yaml; - for stdout."),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the templates.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if it exists.")] = False,
) -> None:
    """Write a config whose comments explain every key."""
    from nncli import files
    from nncli.config import templates
    from nncli.errors import NncliError

    if list_:
        out.result(aligned([(name, templates.summary(name)) for name in templates.names()], left=2))
        out.object("init", {"templates": {name: templates.summary(name) for name in templates.names()}})
        return
    text = templates.read(template)
    if output == "-":
        out.result(text.rstrip("\n"))
        out.object("init", {"template": templates.canonical(template), "text": text})
        return
    path = Path(output or f"{templates.canonical(template)}.yaml")
    if path.exists() and not overwrite:
        raise NncliError(f"{path}: exists already", hint="give another file with -o, or --overwrite")
    if not path.parent.is_dir():
        raise NncliError(f"{path}: there is no directory {path.parent}", hint="create it first")
    files.write_text(path, text)
    out.result(str(path) if out.quiet else f"wrote {printable(str(path))}")
    out.detail(f"next: {printable(shlex.join(['nncli', 'train', str(path)]))}")
    out.object("init", {"template": templates.canonical(template), "path": str(path)})
    out.more("for completion in an editor: nncli schema > nncli.schema.json")
