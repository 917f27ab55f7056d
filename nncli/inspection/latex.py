"""A trace as LaTeX: one aligned block of equations for each unit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nncli.inspection.traced import ROUNDED, Trace, TraceLine, TraceSection

TOKEN = re.compile(
    r"d(?P<above>[La])/d(?P<below>[a-z]+)(?:\[(?P<of>[^\]]*)\])?"
    r"|(?P<mantissa>\d+(?:\.\d+)?)e(?P<exponent>[-+]\d+)"
    r"|(?P<name>[A-Za-z]\w*)(?:\[(?P<index>[^\]]*)\])?"
    r"|\^(?P<power>\d+)"
    r"|(?P<operator> \* | >= | <= )"
    r"|(?P<gap>(?<=\w) (?=\w))"
)
PREAMBLE = r"""\documentclass{article}
\usepackage{amsmath}
\usepackage[margin=1.5cm, landscape]{geometry}
\setlength{\parindent}{0pt}
\allowdisplaybreaks
\begin{document}"""
LONGEST_SIDE = 105  # characters of a side of an equation, about the width of a page
BREAK = " \\\\\n"
CONTINUED = rf"{BREAK}&\quad {{}}"  # before a plus sign, which needs something on its left
COMMANDS = {"exp": r"\exp", "log": r"\log", "tanh": r"\tanh"}
TEX_OPERATORS = {" * ": r" \cdot ", " >= ": r" \ge ", " <= ": r" \le "}


def document(trace: Trace) -> str:
    """Return a whole LaTeX document with the trace."""
    body = [line for title, sections in trace.parts for line in _part(title, sections)]
    return "\n".join([PREAMBLE, *_names(trace), *body, r"\end{document}"])


def _names(trace: Trace) -> Iterator[str]:
    """A list of the names in the formulas with their meaning."""
    yield r"\begin{description}"
    for name, meaning in trace.names.items():
        yield rf"\item[${mathematics(name)}$] {_escaped(meaning)}"
    yield r"\end{description}"
    yield ROUNDED


def _part(title: str, sections: tuple[TraceSection, ...]) -> Iterator[str]:
    yield rf"\section*{{{_escaped(title[0].upper() + title[1:])}}}"
    for section in sections:
        if len(sections) > 1:
            yield rf"\paragraph{{{_escaped(section.title)}}}"
        yield r"\begin{align*}"
        yield BREAK.join(map(equation, section.lines))
        yield r"\end{align*}"
        if section.left_out:
            yield f"and {_escaped(section.left_out)}."


def equation(line: TraceLine) -> str:
    """Return a line as an equation, its formula, its numbers and its value below each other."""
    sides = (CONTINUED.join(_broken(side)) for side in line.sides)
    return f"{mathematics(line.name)} {BREAK.join(f'&= {side}' for side in sides)}"


def _broken(side: str) -> Iterator[str]:
    """Yield the lines of a side that is too long for one, broken before plus signs outside parentheses."""
    line = ""
    for term in _terms(side):
        if line and len(line) + len(term) > LONGEST_SIDE:
            yield mathematics(line)
            line = ""
        line += term
    yield mathematics(line)


def _terms(side: str) -> Iterator[str]:
    """Yield the terms of a sum, each with the plus sign before it."""
    term, depth = "", 0
    for piece in re.split(r"(?= \+ )", side):
        if term and depth == 0:
            yield term
            term = ""
        term += piece
        depth += piece.count("(") - piece.count(")")
    yield term


def mathematics(text: str) -> str:
    """Return a name, a formula or a number in the notation of LaTeX's mathematics."""
    return TOKEN.sub(_token, text)


def _token(found: re.Match[str]) -> str:
    if found["above"]:
        subscript = f"_{{{_word(found['of'])}}}" if found["of"] else ""
        return rf"\frac{{\partial {found['above']}}}{{\partial {found['below']}{subscript}}}"
    if found["mantissa"]:
        return rf"{found['mantissa']} \cdot 10^{{{int(found['exponent'])}}}"
    if found["name"]:
        subscript = f"_{{{_word(found['index'])}}}" if found["index"] else ""
        return COMMANDS.get(found["name"], _word(found["name"])) + subscript
    if found["power"]:
        return f"^{{{found['power']}}}"
    return TEX_OPERATORS.get(found["operator"] or "", r"\ ")


def _word(name: str) -> str:
    """A name: one letter in italics, as variables are, a longer one upright."""
    return name if len(name) == 1 else rf"\mathrm{{{_escaped(name)}}}"


def _escaped(text: str) -> str:
    return "".join(ESCAPED.get(character, character) for character in text)


ESCAPED = {character: f"\\{character}" for character in "_%$#&{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
