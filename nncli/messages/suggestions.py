"""Suggestions of known names for misspelled ones."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

from nncli.messages.wording import listed

LONGEST_WORD = 100  # characters compared; matching takes their square


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the entry of `known` most similar to `name`, or None if none is similar."""
    by_lower = {entry.lower(): entry for entry in known}
    matches = difflib.get_close_matches(name[:LONGEST_WORD].lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[matches[0]] if matches else None


def suggestion(name: str, known: Collection[str], choices: str = "choose from") -> str:
    """Make a hint: the most similar entry, if any, and all known entries."""
    near = nearest(name, known)
    listing = f"{choices}: {listed(known)}"
    return f"did you mean {near}? {listing}" if near else listing
