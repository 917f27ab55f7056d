"""Suggestions of known names for misspelled ones, and for the names that other tools use."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

from nncli.messages.synonyms import remark, synonym
from nncli.messages.wording import listed

LONGEST_WORD = 100  # characters compared; matching takes their square


def nearest(name: str, known: Iterable[str], context: str = "") -> str | None:
    """Return the entry of `known` that `name` most likely stands for, or None.

    Synonyms of the `context`, such as `loss` or `key`, come before similar spellings.
    """
    by_lower = {entry.lower(): entry for entry in known}
    name = name[:LONGEST_WORD].lower()
    same = synonym(name, context)
    if name in by_lower or same in by_lower:
        return by_lower[name if name in by_lower else str(same)]
    if same or remark(name, context):
        return None  # a similar name would have another meaning
    matches = difflib.get_close_matches(name, by_lower, n=1, cutoff=0.6)
    return by_lower[matches[0]] if matches else None


def suggestion(name: str, known: Collection[str], choices: str = "choose from", context: str = "") -> str:
    """Make a hint: the entry meant, if any, or why there is none, and all known entries."""
    near = nearest(name, known, context)
    listing = f"{choices}: {listed(known)}"
    if near:
        return f"did you mean {near}? {listing}"
    absent = remark(name[:LONGEST_WORD], context)
    return f"{absent}; {listing}" if absent else listing
