"""`nncli plot`: pictures of a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nncli.cli.app import LOOK, command
from nncli.cli.options import find_run
from nncli.cli.output import Output, aligned

if TYPE_CHECKING:
    from nncli.plots import View


@command(LOOK)
def plot(
    out: Output,
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
) -> None:
    """Draw a run into its plots/, and the numbers of each picture as CSV beside it."""
    from nncli import plots
    from nncli.errors import NncliError

    if list_:
        out.result(aligned([(name, entry.summary) for name, entry in plots.KINDS.items()], left=2))
        out.object("plot", {"kinds": {name: entry.summary for name, entry in plots.KINDS.items()}})
        return
    for name in kind or ():
        _require_kind(name)
    view = _view(features, at, weights, directions)
    ending = format or (output.suffix.lstrip(".").lower() if output and output.suffix else "svg")
    if ending not in ("svg", "png", "pdf"):
        raise NncliError(f"{output}: cannot draw '{ending}' files", hint="choose svg, png or pdf")
    drawn = []
    for reference in run or [None]:
        found = find_run(reference, out)
        kinds = kind or plots.fitting(found, view)
        single = output is not None and bool(output.suffix)
        if single and len(kinds) * len(run or [None]) > 1:
            raise NncliError(
                f"{output}: one file for {len(kinds)} pictures", hint="give a directory, or one KIND"
            )
        for name in kinds:
            reason = plots.KINDS[name].unfit(found, view)
            if reason:
                raise NncliError(f"{name} does not fit {found.path}: {reason}")
            path = output if single and output else (output or found.plots) / f"{name}.{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            picture = plots.KINDS[name].draw(found, view)
            plots.save(picture, path)
            drawn.append({"kind": name, "path": str(path), "caption": picture.caption})
    if out.quiet:
        out.result("\n".join(entry["path"] for entry in drawn))
    else:
        out.result(aligned([(entry["path"], entry["caption"]) for entry in drawn], left=2))
    out.object("plot", {"pictures": drawn})


def _require_kind(name: str) -> None:
    from nncli import plots
    from nncli.errors import NncliError
    from nncli.nearest import nearest

    if name not in plots.KINDS:
        near = nearest(name, plots.KINDS)
        raise NncliError(
            f"no picture '{name}'",
            hint=(f"did you mean {near}? " if near else "") + f"kinds: {', '.join(plots.KINDS)}",
        )


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
    from nncli.errors import NncliError

    if names is None:
        return None
    if len(names) != 2:
        raise NncliError(
            f"{flag}: {len(names)} names where two are needed", hint=f"for example {flag} '{example}'"
        )
    return names[0].strip(), names[1].strip()


def _assignment(text: str) -> tuple[str, float]:
    from nncli.errors import NncliError

    name, _, value = text.partition("=")
    try:
        return name.strip(), float(value)
    except ValueError:
        raise NncliError(
            f"--at {text}: not of the form NAME=NUMBER", hint="for example --at x3=0.5"
        ) from None
