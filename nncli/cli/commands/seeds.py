"""`nncli seeds`: one config trained with several random seeds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nncli.cli.app import AsJson, Debug, Quiet, Verbose, switched
from nncli.cli.follow import follow_each
from nncli.cli.misplaced import require_config_name
from nncli.cli.options import ConfigFile, Overrides, config_or_only, note_remarks, read_config
from nncli.cli.registry import command
from nncli.messages.layout import fitted_table
from nncli.messages.wording import counted, listed, measured

if TYPE_CHECKING:
    from nncli.cli.output import Output
    from nncli.many.seeds import SeedResult, SeedStudy

MOST_MINIMA = 10  # in the table


@command(
    "Check",
    6,
    {
        "nncli seeds xor.yaml -n 20": "train with 20 seeds and summarize the final losses",
        'nncli seeds xor.yaml --target "accuracy > 0.9"': "count the seeds that reach a target",
    },
)
def seeds(
    context: typer.Context,
    config: ConfigFile = None,
    count: Annotated[
        int, typer.Option("-n", metavar="N", help="Number of seeds (default: 50).", show_default=False)
    ] = 50,
    target: Annotated[
        str | None,
        typer.Option(metavar="EXPR", help='Condition to reach, e.g. "accuracy > 0.9".', show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Directory to keep the trained networks in, as an ensemble for nncli predict "
            "(default: write no files).",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace the networks in --output (no effect without --output)."),
    ] = False,
    set_: Overrides = None,
    seed: Annotated[
        str | None,
        typer.Option(metavar="N", help="First seed; short for --set seed=N."),
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
    as_json: AsJson = False,
) -> None:
    """Train a config from several start seeds, and summarize the final results."""
    from nncli import api
    from nncli.api import many

    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    path = config_or_only(config, out)
    require_config_name(str(path), out.command)
    prepared = api.check(read_config(path, set_, seed=seed))
    note_remarks(prepared.rows.training.table, out)
    plan = many.planned_seeds(prepared, n=count, target=target)
    if plan.starts_alike:
        out.note("every seed starts from the same weights, because the config sets them as numbers")
    with many.seeds_folder(output, overwrite=overwrite) as keep:
        found = plan.outcome(follow_each(out, plan.trained(), len(plan.seeds), "seeds"))
        kept = keep(plan, found)
    if out.verbose:
        out.detail(fitted_table(_by_seed(found), left=1, columns=out.columns) + "\n")
    _show(out, found)
    if kept:
        out.verbatim(str(kept.path))
    out.object("seeds", {**found.fields, **({"output": str(kept.path)} if kept else {})})
    _require_one(found)


def _show(out: Output, found: SeedStudy) -> None:
    """Print the summary: share that reaches the target, quartiles, minima, and the seeds that fail."""
    total = len(found.results)
    if found.target is not None and found.share is not None:
        reached = sum(result.reached is True for result in found.results)
        out.result(f"{reached} of {counted(total, 'seed')} ({100 * found.share:.0f}%) reach {found.target}")
    if found.finished:
        _show_results(out, found)
    if found.missed:
        out.detail(f"missed the target: seeds {_seeds(found.missed)}")
    if found.diverged:
        out.result(f"diverged: seeds {_seeds(found.diverged)}")


def _show_results(out: Output, found: SeedStudy) -> None:
    """Print the quartiles of the final results, and the minima."""
    names = ["train_loss", *([found.target.name] if found.target else [])]
    rows = [["", "lowest", "lower quartile", "median", "upper quartile", "highest"]]
    rows += [[name, *map(measured, found.quartiles(name).tolist())] for name in dict.fromkeys(names)]
    out.result(fitted_table(rows, columns=out.columns))
    _show_minima(out, found)


def _show_minima(out: Output, found: SeedStudy) -> None:
    minima = found.minima
    if len(minima) == len(found.finished) > 1:
        out.detail(f"\n{len(minima)} different final losses: no two seeds end at the same one")
        return
    words = "loss" if len(minima) == 1 else "losses"
    lines = [[f"{len(minima)} different final {words}", "seeds"]]
    lines += [[measured(minimum.loss), str(len(minimum.seeds))] for minimum in minima[:MOST_MINIMA]]
    more = f"\nand {len(minima) - MOST_MINIMA} more" if len(minima) > MOST_MINIMA else ""
    out.detail("\n" + fitted_table(lines, columns=out.columns) + more)


def _seeds(seeds: list[int]) -> str:
    return listed(map(str, seeds))


def _by_seed(found: SeedStudy) -> list[list[str]]:
    names = list(found.results[0].metrics)
    return [["seed", "epochs", *names], *(_line(result) for result in found.results)]


def _line(result: SeedResult) -> list[str]:
    values = [measured(value) for value in result.metrics.values()]
    if result.divergence:
        values = ["diverged", *("-" for _ in values[1:])]
    return [str(result.seed), f"{result.epochs:,}", *values]


def _require_one(found: SeedStudy) -> None:
    """Raise DivergedError if every training diverged."""
    from nncli.messages.errors import DivergedError

    if not found.finished:
        first = found.results[0]
        raise DivergedError(
            f"all {counted(len(found.results), 'seed')} diverged; seed {first.seed}: {first.divergence}",
            hint="use a smaller optimizer.learning_rate, or scale the inputs: "
            "dataset.preprocessing.scale: standard",
        )
