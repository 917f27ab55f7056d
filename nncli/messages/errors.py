"""The only errors shown without a traceback: each says what is wrong, where, and what to do.

NncliError
├── ConfigError      a key, a value or a formula of a config
├── DataError        a table, a column or a cell
├── RunError         a run directory or a model file
├── DivergedError    training diverged                       exit 3
└── CheckFailed      --fail-if, gradcheck, reproduce         exit 4
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from nncli.messages.wording import printable


class NncliError(Exception):
    """An error that the user can fix.

    Parameters
    ----------
    message : what is wrong, with the value found; starts with the place where there is one.
    hint : what to do about it.
    source : the offending line and a caret below it, ready to print.
    """

    exit_code = 2

    def __init__(self, message: str, *, hint: str | None = None, source: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.source = source

    def blocks(self, label: str = "error") -> Sequence[str]:
        """Return what is printed on stderr, one block per error."""
        # Names of files stand in messages as they are, and may hold what a terminal would obey.
        lines = [f"{label}: {printable(self.message)}"]
        if self.source:
            lines.append(self.source)
        if self.hint:
            lines.append(_wrapped(f"hint: {printable(self.hint)}"))
        return ["\n".join(lines)]


def _wrapped(hint: str) -> str:
    """Wrap at 100 characters; words, which may be commands or paths, stay whole."""
    return textwrap.fill(
        hint, 100, subsequent_indent="      ", break_long_words=False, break_on_hyphens=False
    )


class ConfigError(NncliError):
    """One or several errors in a config, found in one pass."""

    def __init__(self, message: str, *, hint: str | None = None, source: str | None = None) -> None:
        super().__init__(message, hint=hint, source=source)
        self.others: tuple[ConfigError, ...] = ()

    @classmethod
    def together(cls, errors: Sequence[ConfigError]) -> ConfigError:
        """Return one error that reports all of `errors`, which must not be empty."""
        first, *others = errors
        first.others = tuple(others)
        return first

    def blocks(self, label: str = "error") -> Sequence[str]:
        """Return one block per error."""
        return [*super().blocks(label), *(block for other in self.others for block in other.blocks(label))]


class DataError(NncliError):
    """A table, a column or a cell that cannot be used."""


class RunError(NncliError):
    """A run directory or a model file that cannot be used."""


class DivergedError(NncliError):
    """Training diverged (non-finite or exploding loss); the last good weights are kept."""

    exit_code = 3


class CheckFailed(NncliError):
    """A check that the user asked for failed."""

    exit_code = 4
