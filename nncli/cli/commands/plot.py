"""`nncli plot`: plots of a run."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn, cast

import typer

from nncli.cli import completion
from nncli.cli.app import AsJson, Debug, Quiet, Verbose, switched
from nncli.cli.misplaced import kinds_and_runs
from nncli.cli.options import find_whole_run
from nncli.cli.output import USUAL_COLUMNS, Output
from nncli.cli.registry import command
from nncli.cli.streams import NARROWEST, shows_braille
from nncli.cli.vocabulary import KINDS_OF_PLOT
from nncli.messages.layout import definitions
from nncli.messages.wording import printable

if TYPE_CHECKING:
    from nncli.nn.arrays import Array
    from nncli.plots.kinds.loss import LossCurves
    from nncli.runs import Run

CHART_ROWS = 15  # of --term; with its other lines it fits a terminal of 24 rows
TWO_WEIGHTS = "layers.0.weight[0,0] layers.0.weight[0,1]"  # as an example


@command(
    "Look",
    1,
    {
        "nncli plot": "draw all plots that suit the latest run",
        "nncli plot loss boundary xor -o plots --format png": "draw two plots as PNG files",
    },
)
def plot(
    context: typer.Context,
    kind: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KIND|RUN",
            help="Kinds of plot, and runs. --list shows all kinds (default: all that suit the run).",
            autocompletion=completion.either(completion.kinds_of_plot, completion.run_names),
            show_default=False,
        ),
    ] = None,
    run: Annotated[
        list[str] | None,
        typer.Option(
            "--run",
            metavar="RUN",
            help="Same as the argument RUN (default: the latest run); repeatable.",
            autocompletion=completion.run_names,
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
        Literal["svg", "png", "pdf", "html"] | None,
        typer.Option(
            metavar="svg|png|pdf|html",
            help="File format (default: from the extension of -o, else svg); html is an interactive page.",
            show_default=False,
        ),
    ] = None,
    features: Annotated[
        str | None, typer.Option(metavar="A,B", help="Two inputs to plot (default: chosen automatically).")
    ] = None,
    at: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE", help="Fix an input that is not plotted (default: its median); repeatable."
        ),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="'W W'",
            help="Two parameters, separated by a space, that span the weight surface, "
            "e.g. 'layers.0.weight[0,1] layers.1.bias[0]'.",
        ),
    ] = None,
    directions: Annotated[
        Literal["pca", "random"],
        typer.Option(
            metavar="pca|random",
            help="Directions spanning the weight surface (default: pca).",
            show_default=False,
        ),
    ] = "pca",
    grid: Annotated[
        bool,
        typer.Option("--grid", help="Draw the boundary over each pair of the four most important inputs."),
    ] = False,
    view: Annotated[
        str | None,
        typer.Option(
            metavar="AZIMUTH,ELEVATION",
            help="Camera of 3-D plots in degrees (default: -55,28).",
            show_default=False,
        ),
    ] = None,
    theme: Annotated[
        Literal["light", "dark", "print"],
        typer.Option(
            metavar="light|dark|print",
            help="Colors of the plots; print has black ink and thicker lines (default: light).",
            show_default=False,
        ),
    ] = "light",
    dpi: Annotated[
        int,
        typer.Option(metavar="DPI", help="Dots per inch of PNG files (default: 150).", show_default=False),
    ] = 150,
    size: Annotated[
        str | None,
        typer.Option(
            metavar="WxH", help="Width and height in inches, e.g. 8x5 (default: chosen automatically)."
        ),
    ] = None,
    title: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Title (default: describes the plot).")
    ] = None,
    term: Annotated[
        bool,
        typer.Option("--term", help="Print the loss curve on the terminal, and write no file."),
    ] = False,
    list_: Annotated[bool, typer.Option("--list", help="List the kinds of plot.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
    as_json: AsJson = False,
) -> None:
    """Plot a run, and write the numbers behind each plot to a CSV file.

    Given a directory that nncli sweep or nncli seeds -o wrote, plot the results of all its trials or seeds.
    """
    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    if list_:
        out.result(definitions([*KINDS_OF_PLOT.items()], out.columns))
        out.object("plot", {"kinds": KINDS_OF_PLOT})
        return
    from nncli import api, plots
    from nncli.plots import outcomes

    os.environ["MPLBACKEND"] = "agg"  # open no window, whatever the environment sets
    study, words = _study_and_others([*(kind or ()), *(run or ())])
    kinds, named = kinds_and_runs(words if study else kind or [])
    plots.require_known(kinds)
    references: list[str | None] = [*named, *(() if study else run or ())] or [None]
    if term:
        _require_loss_alone(kinds, output, format)
    if study and (term or named):
        _refuse_with_study(study, "--term" if term else f"the run {named[0]}")
    found = [] if study else [find_whole_run(reference, out) for reference in references]
    if term:
        _print_charts(found, out)
        return
    for each in found if not kinds else ():
        if line := outcomes.left_out(each):
            out.note(line)
    pictures = api.plot(
        study or found,
        kinds,
        output=output,
        format=format,
        features=_two(features.split(",") if features else None, "--features", "x1,x2"),
        at=dict(map(_assignment, at or ())),
        weights=_two(
            weights.replace("],", "] ").split() if weights else None, "--weights", f"'{TWO_WEIGHTS}'"
        ),
        directions=directions,
        grid=grid,
        angle=_angle(view),
        theme=theme,
        dpi=dpi,
        size=_size(size),
        title=title,
    )
    drawn = [{"kind": each.kind, "path": str(each.path), "caption": each.caption} for each in pictures]
    out.result(_listed(drawn, out))
    out.object("plot", {"pictures": drawn})


def _study_and_others(words: list[str]) -> tuple[str | None, list[str]]:
    """Separate the directory of a sweep or of several seeds from other words."""
    from nncli import plots

    studies = [word for word in words if plots.is_study(Path(word))]
    if len(studies) > 1:
        _refuse_with_study(studies[0], studies[1])
    return (studies[0] if studies else None), [word for word in words if word not in studies]


def _refuse_with_study(study: str, other: str) -> NoReturn:
    from nncli.messages.errors import NncliError

    problem = f"{study} holds many trainings, and its pictures cannot be drawn together with {other}"
    raise NncliError(problem, hint="remove one of the two")


def _require_loss_alone(kinds: list[str], output: Path | None, format: str | None) -> None:
    """Raise NncliError unless the loss alone is to be drawn, and not into a file."""
    from nncli.messages.errors import NncliError

    if others := [kind for kind in kinds if kind != "loss"]:
        raise NncliError(f"--term draws loss only, not {others[0]}", hint="type: nncli plot loss --term")
    flag = "-o" if output is not None else "--format" if format is not None else None
    if flag is not None:
        raise NncliError(
            f"--term writes no file, so it cannot be combined with {flag}", hint=f"remove {flag}"
        )


def _print_charts(runs: list[Run], out: Output) -> None:
    """Print the losses of runs as charts, each with its caption, or with --json as numbers."""
    from nncli import plots

    charts = []
    for run in runs:
        plots.chosen(run, ["loss"], plots.View())
        curves = cast("LossCurves", plots.KINDS["loss"].numbers(run, plots.View()))
        losses = dict(zip(("loss", "val_loss"), curves.losses.values(), strict=False))
        if len(runs) > 1:
            out.verbatim(f"{run.path}:")
        out.verbatim("\n".join(_chart(curves, losses, max(out.columns or USUAL_COLUMNS, NARROWEST))))
        out.detail(printable(curves.caption) + "\n" * (run is not runs[-1]))
        numbers = {name: values.tolist() for name, values in losses.items()}
        charts.append(
            {
                "run": str(run.path),
                "caption": curves.caption,
                "epochs": curves.epochs.astype(int).tolist(),
                **numbers,
            }
        )
    out.object("plot", {"charts": charts})


def _chart(curves: LossCurves, losses: Mapping[str, Array], columns: int) -> list[str]:
    from nncli.plots.chart import chart

    points = {name: (curves.epochs, values) for name, values in losses.items()}
    braille = shows_braille(sys.stdout)
    return chart(points, curves.label, width=columns, height=CHART_ROWS, braille=braille)


def _listed(drawn: list[dict[str, str]], out: Output) -> str:
    """Paths of the plots, with -q alone, else each beside its caption."""
    if out.quiet:
        return "\n".join(entry["path"] for entry in drawn)
    return definitions(
        [(printable(entry["path"]), printable(entry["caption"])) for entry in drawn], out.columns
    )


def _two(names: list[str] | None, flag: str, example: str) -> tuple[str, str] | None:
    from nncli.messages.errors import NncliError

    if names is None:
        return None
    if len(names) != 2:
        raise NncliError(
            f"{flag}: expected two names, found {len(names)}", hint=f"write, for example, {flag} {example}"
        )
    return names[0].strip(), names[1].strip()


def _angle(text: str | None) -> tuple[float, float]:
    from nncli.messages.errors import NncliError
    from nncli.plots import View

    if text is None:
        return View().angle
    try:
        azimuth, elevation = map(float, text.split(","))
    except ValueError:
        raise NncliError(
            f"--view {text}: expected two angles in degrees", hint="write, for example, --view=-55,28"
        ) from None
    return azimuth, elevation


def _size(text: str | None) -> tuple[float, float] | None:
    from nncli.messages.errors import NncliError

    if text is None:
        return None
    try:
        width, height = map(float, text.lower().split("x"))
    except ValueError:
        raise NncliError(
            f"--size {text}: expected width and height in inches", hint="write, for example, --size 8x5"
        ) from None
    return width, height


def _assignment(text: str) -> tuple[str, str]:
    from nncli.messages.errors import NncliError

    name, equals, value = text.partition("=")
    if not equals:
        raise NncliError(f"--at {text}: expected NAME=VALUE", hint="write, for example, --at x3=0.5")
    return name.strip(), value.strip()
