"""Configs that ship with nncli: one for every reference system, and some that are broken on purpose."""

from __future__ import annotations

from nncli.messages.errors import NncliError
from nncli.messages.suggestions import nearest
from nncli.storage import resources

BROKEN = "broken_"  # prefix of the templates whose fault the reader is to find


def names() -> list[str]:
    """Return the names of all templates, sorted; those that are broken on purpose come last."""
    found = [
        entry.name.removesuffix(".yaml")
        for entry in resources.folder("configs").iterdir()
        if entry.name.endswith(".yaml")
    ]
    return sorted(found, key=lambda name: (is_broken(name), name))


def is_broken(name: str) -> bool:
    """Return True if a template is broken on purpose."""
    return name.startswith(BROKEN)


def canonical(name: str) -> str:
    """Return the canonical name of a template; hyphens are accepted.

    Raises
    ------
    NncliError
        If there is no such template.
    """
    known = names()
    wanted = name.replace("-", "_").removesuffix(".yaml")
    if wanted not in known:
        near = nearest(wanted, known)
        raise NncliError(
            f"no template named '{name}'",
            hint=(f"did you mean {near}? " if near else "") + f"templates: {', '.join(known)}",
        )
    return wanted


def text(name: str) -> str:
    """Return the text of a template."""
    return (resources.folder("configs") / f"{canonical(name)}.yaml").read_text(encoding="utf-8")


def summary(name: str) -> str:
    """Return the first sentence of a template's comments."""
    comments = [line.removeprefix("#").strip() for line in text(name).splitlines() if line.startswith("#")]
    return next((line for line in comments if line and not line.startswith("yaml-language-server")), "")
