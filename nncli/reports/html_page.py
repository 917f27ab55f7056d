"""The page: its modules, style and content in one HTML file that needs no network."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from nncli.codegen.javascript import js_literal
from nncli.plots import style
from nncli.runs.proof import PAGE_MARK

ENTRY = "main"
GENERATED = "mathematics.js"
_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:const|(?:async )?function|class) (\w+))", re.MULTILINE)


def whole_page(
    title: str, content: Mapping[str, Any], mathematics: str, *, connects_to: str = "'none'"
) -> str:
    """Return the page as HTML text.

    Parameters
    ----------
    content : values for JSON.
    mathematics : source text of the module that other modules import as `mathematics.js`.
    connects_to : where the page may send requests, as its content security policy says it.
    """
    script = bundled({**modules(), GENERATED: mathematics})
    styles = colors() + asset("page.css")
    parts = {
        "policy": policy(script, styles, connects_to),
        "mark": PAGE_MARK,
        "title": html.escape(title),
        "styles": styles,
        "content": js_literal(content),
        "script": script,
    }
    # In one pass, because a name of a column can be {{script}}.
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], asset("page.html"))


@cache
def modules() -> dict[str, str]:
    """Return the source text of the page's own modules by file name."""
    folder = files("nncli.reports") / "page"
    return {file.name: asset(file.name) for file in folder.iterdir() if file.name.endswith(".js")}


@cache
def asset(name: str) -> str:
    """Return the text of a file of the page."""
    return (files("nncli.reports") / "page" / name).read_text(encoding="utf-8")


def bundled(sources: Mapping[str, str]) -> str:
    """Return modules as one script, each a function that returns its exports, after those that it imports.

    A browser refuses to import a module from a file that was opened from disk.
    """
    done: dict[str, str] = {}

    def add(name: str) -> None:
        for _, imported in _IMPORT.findall(sources[f"{name}.js"]):
            if imported not in done:
                add(imported)
        done[name] = _as_function(name, sources[f"{name}.js"])

    add(ENTRY)
    return "\n".join(["", *done.values()])


def _as_function(name: str, source: str) -> str:
    text = _IMPORT.sub(r"const \1 = \2Module;\n", source)
    exports = ", ".join(_EXPORT.findall(source))
    return f"const {name}Module = (() => {{\n{_EXPORT.sub('', text)}\nreturn {{{exports}}};\n}})();\n"


def policy(script: str, styles: str, connects_to: str) -> str:
    """Return a content security policy that allows this script and style, and few requests."""
    return (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(styles)}'; "
        f"connect-src {connects_to}; img-src data:; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def colors() -> str:
    """Return the colors of the pictures as CSS variables."""
    named: Sequence[tuple[str, str]] = (
        *((f"series-{index}", color) for index, color in enumerate(style.COLORS)),
        *((f"signed-{index}", color) for index, color in enumerate(style.SIGNED_COLORS)),
    )
    return ":root {\n" + "".join(f"  --{name}: {color};\n" for name, color in named) + "}\n"
