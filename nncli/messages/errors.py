"""Errors shown without a traceback: each says what is wrong, where, and what to do.

NncliError
├── ConfigError      a key, a value or a formula of a config
├── DataError        a table, a column or a cell
├── RunError         a run directory or a model file
├── DivergedError    non-finite or exploding loss            exit 3
└── CheckFailed      --fail-if, gradcheck, reproduce         exit 4
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from nncli.messages.wording import printable


class NncliError(Exception):
    """Error that the user can fix.

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
        """Return the text for stderr, one block per mistake."""
        # Messages contain file names unchanged, which may include control characters.
        lines = [f"{label}: {printable(self.message)}"]
        if self.source:
            lines.append(self.source)
        if self.hint:
            lines.append(_wrapped(f"hint: {printable(self.hint)}"))
        return ["\n".join(lines)]


def _wrapped(hint: str) -> str:
    """Wrap a hint at 100 characters; words, which may be commands or paths, are not broken."""
    return textwrap.fill(
        hint, 100, subsequent_indent="      ", break_long_words=False, break_on_hyphens=False
    )


class ConfigError(NncliError):
    """One or several mistakes in a config, found in one pass."""

    def __init__(self, message: str, *, hint: str | None = None, source: str | None = None) -> None:
        super().__init__(message, hint=hint, source=source)
        self.others: tuple[ConfigError, ...] = ()

    @classmethod
    def together(cls, errors: Sequence[ConfigError]) -> ConfigError:
        """Combine `errors`, which must not be empty, to one error that reports all."""
        first, *others = errors
        first.others = tuple(others)
        return first

    def blocks(self, label: str = "error") -> Sequence[str]:
        """Return one block per mistake."""
        return [*super().blocks(label), *(block for other in self.others for block in other.blocks(label))]


class DataError(NncliError):
    """A table, a column or a cell that cannot be used."""


class RunError(NncliError):
    """A run directory or a model file that cannot be used."""


class DivergedError(NncliError):
    """Training diverged (non-finite or exploding loss); the last good weights are kept."""

    exit_code = 3


class CheckFailed(NncliError):
    """Failure of a check that the user requested."""

    exit_code = 4
