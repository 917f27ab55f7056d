"""The configs that ship with nncli, one for every reference system."""

from __future__ import annotations

from nncli.messages.errors import NncliError
from nncli.messages.suggestions import nearest
from nncli.storage import resources


def names() -> list[str]:
    """All templates, sorted."""
    return sorted(
        entry.name.removesuffix(".yaml")
        for entry in resources.folder("configs").iterdir()
        if entry.name.endswith(".yaml")
    )


def canonical(name: str) -> str:
    """The template a person means; hyphens are accepted.

    Raises
    ------
    NncliError
        If there is none of that name.
    """
    known = names()
    wanted = name.replace("-", "_").removesuffix(".yaml")
    if wanted not in known:
        near = nearest(wanted, known)
        raise NncliError(
            f"no template '{name}'",
            hint=(f"did you mean {near}? " if near else "") + f"templates: {', '.join(known)}",
        )
    return wanted


def text(name: str) -> str:
    """A template's text."""
    return (resources.folder("configs") / f"{canonical(name)}.yaml").read_text(encoding="utf-8")


def summary(name: str) -> str:
    """The first sentence of its comments."""
    comments = [line.removeprefix("#").strip() for line in text(name).splitlines() if line.startswith("#")]
    return next((line for line in comments if line and not line.startswith("yaml-language-server")), "")
