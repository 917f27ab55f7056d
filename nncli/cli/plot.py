"""`nncli plot`: pictures of a run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nncli.cli.app import AsJson, Debug, Quiet, Verbose, switched
from nncli.cli.options import find_whole_run
from nncli.cli.output import aligned
from nncli.messages.wording import printable

if TYPE_CHECKING:
    from nncli.plots import View
    from nncli.runs import Run


def plot(
    context: typer.Context,
    kind: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KIND]...",
            help="Which pictures; --list names them. Default: all that fit.",
            show_default=False,
        ),
    ] = None,
    run: Annotated[
        list[str] | None,
        typer.Option(
            "--run", metavar="RUN", help="Whose; default: the latest run. Repeatable.", show_default=False
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="A file for one picture, a directory for several.",
            show_default=False,
        ),
    ] = None,
    format: Annotated[
        Literal["svg", "png", "pdf"] | None,
        typer.Option(help="Default: by -o, else svg.", show_default=False),
    ] = None,
    features: Annotated[str | None, typer.Option(metavar="A,B", help="The two inputs shown.")] = None,
    at: Annotated[
        list[str] | None,
        typer.Option(metavar="C=1", help="Value of an input that is not shown; default: its median."),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="W,W",
            help="Two weights of the weight surface, e.g. 'layers.0.weight[0,1] layers.1.bias[0]'.",
        ),
    ] = None,
    directions: Annotated[Literal["pca", "random"], typer.Option(help="Of the weight surface.")] = "pca",
    list_: Annotated[bool, typer.Option("--list", help="List the kinds.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
    as_json: AsJson = False,
) -> None:
    """Draw a run into its plots/, and the numbers of each picture as CSV beside it."""
    from nncli import plots

    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    if list_:
        out.result(aligned([(name, entry.summary) for name, entry in plots.KINDS.items()], left=2))
        out.object("plot", {"kinds": {name: entry.summary for name, entry in plots.KINDS.items()}})
        return
    os.environ["MPLBACKEND"] = "agg"  # no window is opened, whatever the environment names
    plots.require_known(kind or ())
    view = _view(features, at, weights, directions)
    references: list[str | None] = [*run] if run else [None]
    found = [find_whole_run(reference, out) for reference in references]
    wanted = [(one, name) for one in found for name in plots.chosen(one, kind or (), view)]
    paths = _paths(wanted, output, format)
    for path in paths:
        plots.require_room(path)
    drawn = []
    for (one, name), path in zip(wanted, paths, strict=True):
        picture = plots.draw(name, one, view)
        plots.save(picture, path)
        drawn.append({"kind": name, "path": str(path), "caption": picture.caption})
    rows = [(entry["path"],) if out.quiet else (entry["path"], entry["caption"]) for entry in drawn]
    out.result(aligned([[printable(cell) for cell in row] for row in rows], left=2))
    out.object("plot", {"pictures": drawn})


def _paths(wanted: list[tuple[Run, str]], output: Path | None, format: str | None) -> list[Path]:
    """Where each picture goes: a file named by -o, a directory named by -o, or the run's plots/."""
    from nncli.messages.errors import NncliError

    ending = format or (output.suffix.lstrip(".").lower() if output else "") or "svg"
    if ending not in ("svg", "png", "pdf"):
        raise NncliError(f"{output}: cannot draw '{ending}' files", hint="choose svg, png or pdf")
    if output is not None and output.suffix:
        if len(wanted) > 1:
            raise NncliError(
                f"{output}: one file for {len(wanted)} pictures", hint="give a directory, or one KIND"
            )
        return [output]
    from nncli import plots

    folders = {one: output or plots.folder_of(one) for one, _ in wanted}
    paths = [folders[one] / f"{name}.{ending}" for one, name in wanted]
    if len(set(paths)) < len(paths):
        raise NncliError(f"{output}: pictures of several runs would replace each other", hint="leave -o out")
    from nncli.storage.files import make_folder

    if output is not None:
        make_folder(output)
    return paths


def _view(
    features: str | None, at: list[str] | None, weights: str | None, directions: Literal["pca", "random"]
) -> View:
    from nncli.plots import View

    return View(
        features=_two(features.split(",") if features else None, "--features", "a,b"),
        at=dict(map(_assignment, at or ())),
        weights=_two(
            weights.replace("],", "] ").split() if weights else None,
            "--weights",
            "layers.0.weight[0,0] layers.0.weight[0,1]",
        ),
        directions=directions,
    )


def _two(names: list[str] | None, flag: str, example: str) -> tuple[str, str] | None:
    from nncli.messages.errors import NncliError

    if names is None:
        return None
    if len(names) != 2:
        raise NncliError(
            f"{flag}: {len(names)} names where two are needed", hint=f"for example {flag} '{example}'"
        )
    return names[0].strip(), names[1].strip()


def _assignment(text: str) -> tuple[str, str]:
    from nncli.messages.errors import NncliError

    name, equals, value = text.partition("=")
    if not equals:
        raise NncliError(f"--at {text}: not of the form NAME=VALUE", hint="for example --at x3=0.5")
    return name.strip(), value.strip()
