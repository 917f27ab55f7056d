"""`nncli plot`: plots of a run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nncli.cli.app import AsJson, Debug, Quiet, Verbose, command, switched
from nncli.cli.options import find_whole_run
from nncli.cli.output import aligned
from nncli.messages.wording import printable

if TYPE_CHECKING:
    from nncli.plots import View
    from nncli.runs import Run


@command("Look", 1)
def plot(
    context: typer.Context,
    kind: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KIND]...",
            help="Kinds of plot; --list shows all (default: all that suit the run).",
            show_default=False,
        ),
    ] = None,
    run: Annotated[
        list[str] | None,
        typer.Option(
            "--run",
            metavar="RUN",
            help="Run to plot (default: the latest run). Repeat to plot several.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="File for one plot, or directory for several (default: plots/ in the run).",
            show_default=False,
        ),
    ] = None,
    format: Annotated[
        Literal["svg", "png", "pdf"] | None,
        typer.Option(help="File format (default: from the extension of -o, else svg).", show_default=False),
    ] = None,
    features: Annotated[
        str | None, typer.Option(metavar="A,B", help="Two inputs to plot (default: chosen automatically).")
    ] = None,
    at: Annotated[
        list[str] | None,
        typer.Option(
            metavar="C=1", help="Fix an input that is not plotted (default: its median); repeatable."
        ),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="W,W",
            help="Two parameters spanning the weight surface, e.g. 'layers.0.weight[0,1] layers.1.bias[0]'.",
        ),
    ] = None,
    directions: Annotated[
        Literal["pca", "random"],
        typer.Option(help="Directions spanning the weight surface (default: pca).", show_default=False),
    ] = "pca",
    list_: Annotated[bool, typer.Option("--list", help="List the kinds of plot.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
    as_json: AsJson = False,
) -> None:
    """Plot a run, and write the numbers behind each plot to a CSV file."""
    from nncli import plots

    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    if list_:
        out.result(aligned([(name, entry.summary) for name, entry in plots.KINDS.items()], left=2))
        out.object("plot", {"kinds": {name: entry.summary for name, entry in plots.KINDS.items()}})
        return
    os.environ["MPLBACKEND"] = "agg"  # open no window, whatever the environment sets
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
    """Path of each plot: the file named by -o, or a file in the directory of -o or in the run's plots/."""
    from nncli.messages.errors import NncliError

    ending = format or (output.suffix.lstrip(".").lower() if output else "") or "svg"
    if ending not in ("svg", "png", "pdf"):
        raise NncliError(f"{output}: cannot write '{ending}' files", hint="choose svg, png or pdf")
    if output is not None and output.suffix:
        if len(wanted) > 1:
            raise NncliError(
                f"{output}: one file cannot hold {len(wanted)} plots", hint="give a directory, or one KIND"
            )
        return [output]
    from nncli import plots

    folders = {one: output or plots.folder_of(one) for one, _ in wanted}
    paths = [folders[one] / f"{name}.{ending}" for one, name in wanted]
    if len(set(paths)) < len(paths):
        raise NncliError(f"{output}: several runs would write the same files", hint="remove -o")
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
            f"{flag}: expected two names, found {len(names)}", hint=f"write for example {flag} '{example}'"
        )
    return names[0].strip(), names[1].strip()


def _assignment(text: str) -> tuple[str, str]:
    from nncli.messages.errors import NncliError

    name, equals, value = text.partition("=")
    if not equals:
        raise NncliError(f"--at {text}: expected NAME=VALUE", hint="write for example --at x3=0.5")
    return name.strip(), value.strip()
