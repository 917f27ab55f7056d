"""Help pages: usage, a sentence that says what the command does, its options and two examples."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

from typer.core import TyperCommand

from nncli.cli.mistyped import UsageError, explained
from nncli.cli.output import USUAL_COLUMNS, columns_of
from nncli.messages.layout import definitions, wrapped
from nncli.messages.wording import width

Section = tuple[str, Sequence[tuple[str, str]]]


class HelpfulCommand(TyperCommand):
    """Command whose help is laid out for the width of the terminal, down to 40 columns."""

    examples: Sequence[tuple[str, str]] = ()

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Assign the words of the command line; if one is not understood, raise an error with the fix."""
        typed = [*args]
        try:
            return super().parse_args(ctx, args)
        except UsageError as error:
            raise explained(error, self, ctx, typed) from error

    def get_help(self, ctx: Any) -> str:
        """Return the help page."""
        parameters: list[Any] = self.params
        arguments = [each for each in parameters if each.param_type_name == "argument"]
        usage = [ctx.command_path, "[OPTIONS]", *map(_in_usage, arguments)]
        described = [(each.metavar, each.help) for each in arguments]
        sections = [("Arguments", described), ("Options", options(self, ctx))]
        return page(usage, self.help or "", sections, [("Examples", self.examples)])


def helpful(examples: Sequence[tuple[str, str]]) -> type[HelpfulCommand]:
    """Return a kind of command whose help ends with these examples: what to type, and what it does."""
    return type("HelpfulCommand", (HelpfulCommand,), {"examples": examples})


def options(command: Any, ctx: Any) -> list[tuple[str, str]]:
    """Spellings of each option with the kind of its value, and its help; `--help` last."""
    options = [each for each in command.get_params(ctx) if each.param_type_name == "option"]
    values = ["" if each.is_flag else f" {each.metavar}" for each in options]
    spellings = [", ".join(sorted(each.opts, key=len)) for each in options]
    return [
        (spelling + value, each.help)
        for spelling, value, each in zip(spellings, values, options, strict=True)
    ]


def _in_usage(argument: Any) -> str:
    """Argument in the usage line: optional ones in brackets, repeatable ones with dots."""
    name = str(argument.metavar)
    return (name if argument.required else f"[{name}]") + ("..." if argument.nargs == -1 else "")


def page(usage: Sequence[str], summary: str, aligned: Sequence[Section], others: Sequence[Section]) -> str:
    """Lay out a page: usage, summary, sections that share the width of their terms, and others."""
    columns = columns_of(sys.stdout) or int(os.environ.get("COLUMNS", USUAL_COLUMNS))
    blocks = [wrapped(f"Usage: {' '.join(usage)}", columns), wrapped(" ".join(summary.split()), columns)]
    widest = max(width(term) for _, rows in aligned for term, _ in rows)
    for sections, least in ((aligned, widest), (others, 0)):
        for title, rows in sections:
            if rows:
                blocks.append(f"{_bold(title)}\n{definitions(rows, columns, indent='  ', widest=least)}")
    return "\n\n".join(blocks)


def _bold(text: str) -> str:
    plain = not sys.stdout.isatty() or os.environ.get("TERM") in (None, "dumb")
    return text if plain else f"\x1b[1m{text}\x1b[0m"
