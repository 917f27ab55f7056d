"""`nncli init`: a commented config to start from."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from nncli.cli import completion
from nncli.cli.app import AsJson, Debug, Quiet, Verbose, switched
from nncli.cli.drafting import TableRoles, drafted
from nncli.cli.options import Identifier, ReadSettings, Targets, TaskKind
from nncli.cli.output import Output
from nncli.cli.registry import command
from nncli.messages.layout import definitions
from nncli.messages.wording import printable


@command(
    "Train",
    1,
    {
        "nncli init xor": "write xor.yaml, a small example",
        "nncli init --from-csv houses.csv --target price": "write a config for your own table",
    },
)
def init(
    context: typer.Context,
    template: Annotated[
        str | None,
        typer.Argument(
            metavar="TEMPLATE",
            help="Template name; --list shows all (default: xor). Or a table file, which is read as with "
            "--from-csv.",
            autocompletion=completion.either(completion.template_names, completion.table_files),
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Output file; - for stdout (default: NAME.yaml)."
        ),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the templates.")] = False,
    from_csv: Annotated[
        Path | None,
        typer.Option(
            "--from-csv",
            metavar="FILE",
            help="Write a config for a table: CSV, Excel, JSON, Parquet or ARFF.",
            autocompletion=completion.table_files,
        ),
    ] = None,
    target: Targets = None,
    id_: Identifier = None,
    task: TaskKind = None,
    read: ReadSettings = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
    as_json: AsJson = False,
) -> None:
    """Write a config with comments that explain every key."""
    from nncli.messages.errors import NncliError
    from nncli.scaffold import templates
    from nncli.storage.lookup import TABLES

    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    if template is not None and from_csv is None and TABLES.includes(template):
        from_csv = Path(template)
        template = None
    if list_ and template is not None:
        problem = f"--list and the template {template} cannot be combined"
        raise NncliError(problem, hint="remove one of the two")
    if list_:
        out.result(definitions([(name, templates.summary(name)) for name in templates.names()], out.columns))
        out.object("init", {"templates": {name: templates.summary(name) for name in templates.names()}})
    elif from_csv is not None:
        if template is not None:
            raise NncliError(
                f"--from-csv and the template {template} cannot be combined", hint="remove one of the two"
            )
        _from_table(
            out, from_csv, TableRoles(target or [], id_, task, read or []), output=output, overwrite=overwrite
        )
    elif target or id_ or task or read:
        roles = TableRoles(target or [], id_, task, read or [])
        missing = "none is given" if template is None else f"{template} is a template"
        hint = f"name the table: {shlex.join(['nncli', 'init', '--from-csv', 'FILE', *roles.words])}"
        raise NncliError(f"{roles.options}: only for a table, and {missing}", hint=hint)
    else:
        name = templates.canonical(template or "xor")
        path = _free(output or f"{name}.yaml", overwrite=overwrite)
        _give(out, path, templates.text(name), {"template": name})


def _from_table(out: Output, source: Path, roles: TableRoles, *, output: str | None, overwrite: bool) -> None:
    from nncli.scaffold.generated import name_of
    from nncli.scaffold.proposal import FROM_CSV, require_target
    from nncli.storage.lookup import TABLES, require_file

    require_file(source, TABLES)
    if not roles.read:
        require_target(source, roles.targets)
    path = _free(output or f"{name_of(source)}.yaml", overwrite=overwrite)
    draft = drafted(out, source, roles, path, FROM_CSV)
    _give(out, path, draft.text, {"from": str(source), "task": draft.task, "notes": draft.notes})


def _free(name: str, *, overwrite: bool) -> Path | None:
    """Path to write to, or None for stdout.

    Raises
    ------
    NncliError
        If the file already exists, is named as a table, or its directory does not exist.
    """
    from nncli.messages.errors import NncliError
    from nncli.storage.lookup import TABLES

    if name == "-":
        return None
    path = Path(name)
    if os.path.lexists(path):
        from nncli.runs import require_no_run_file  # takes 0.25 s, which a new file does not need

        require_no_run_file(path)
    if TABLES.includes(name):
        raise NncliError(
            f"{path}: nncli would read this file as a table", hint=f"name it {path.with_suffix('.yaml')}"
        )
    if os.path.lexists(path) and not overwrite:
        raise NncliError(f"{path}: already exists", hint="choose another file with -o, or add --overwrite")
    if not path.parent.is_dir():
        raise NncliError(f"{path}: the directory {path.parent} does not exist", hint="create it first")
    return path


def _give(out: Output, path: Path | None, text: str, origin: Mapping[str, Any]) -> None:
    from nncli.scaffold.editor import write_schema
    from nncli.storage import files

    if path is None:
        out.verbatim(text.rstrip("\n"))
        out.object("init", {**origin, "text": text})
        return
    with files.output(path) as stream:
        stream.write(text.encode())
    schema = write_schema(path)
    out.result(str(path) if out.quiet else f"wrote {printable(str(path))}")
    out.detail(f"next: {printable(shlex.join(['nncli', 'train', str(path)]))}")
    out.object("init", {**origin, "path": str(path)})
    if schema:
        out.more(f"wrote {printable(str(schema))}, which editors use to complete and check the config")
