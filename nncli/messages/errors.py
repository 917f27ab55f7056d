"""Errors shown without a traceback: each says what is wrong, where, and what to do.

NncliError
├── ConfigError      a key, a value or a formula of a config
├── DataError        a table, a column or a cell
├── RunError         a run directory or a model file
├── DivergedError    non-finite or exploding loss            exit 3
└── CheckFailed      --fail-if, gradcheck, reproduce         exit 4
"""

from __future__ import annotations

from collections.abc import Sequence

from nncli.messages.layout import wrapped
from nncli.messages.wording import printable

HINT_WIDTH = 100  # columns of hints in files and pipes


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

    def blocks(self, label: str = "error", columns: int | None = None) -> Sequence[str]:
        """Return the text for stderr, one block per mistake, fitted to the columns of a terminal."""
        # Messages contain file names unchanged, which may include control characters.
        lines = [f"{label}: {printable(self.message)}"]
        if self.source:
            lines.append(self.source)
        if self.hint:
            lines.append(wrapped(f"hint: {printable(self.hint)}", columns or HINT_WIDTH))
        return [wrapped("\n".join(lines), columns)]


def missing_package(purpose: str, package: str, otherwise: str = "") -> NncliError:
    """Return the error of a purpose, a noun phrase, that needs a package which is not installed.

    Parameters
    ----------
    otherwise : what to do without the package, if there is a way.
    """
    hint = f"install it with: python -m pip install {package}"
    if otherwise:
        hint += f"; or {otherwise}"
    return NncliError(f"{purpose} needs {package}, which is not installed", hint=hint)


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

    def blocks(self, label: str = "error", columns: int | None = None) -> Sequence[str]:
        """Return one block per mistake."""
        others = (block for other in self.others for block in other.blocks(label, columns))
        return [*super().blocks(label, columns), *others]


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
