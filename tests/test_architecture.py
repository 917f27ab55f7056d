"""The map of the package holds: imports point one way, and the core stays small enough to read."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import nncli

PACKAGE = Path(nncli.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

README = Path(__file__).parents[1] / "README.md"


def layers() -> list[set[str]]:
    """The rooms of the README's map from the bottom up; those of one line may import each other."""
    found = re.search(r"^nncli/\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None
    rooms = [re.split(r"  +", line.strip())[0].split() for line in found[1].splitlines()]
    return [{room.removesuffix("/").removesuffix(".py") for room in line} for line in reversed(rooms)]


RANK = {room: rank for rank, rooms in enumerate(layers()) for room in rooms}
SCREEN = 50  # lines
MOST_FILES = 15  # of a folder; kinds of pictures and commands may be more

# Names that mean the same wherever they stand.
SAME_THING = {"main", "tanh", "trace", "train"}

CORE = [
    *(path for path in sorted((PACKAGE / "nn").glob("*.py")) if path.name != "metrics.py"),
    PACKAGE / "engines" / "numpy_engine.py",
    *(PACKAGE / "training" / f"{name}.py" for name in ("loop", "chunks", "cadence", "measure", "divergence")),
]


def module_of(path: Path) -> str:
    parts = ["nncli", *path.relative_to(PACKAGE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in FILES}


def part_of(module: str) -> str:
    """The first name below nncli; the package itself is ''."""
    return module.split(".")[1] if "." in module else ""


def for_type_checkers_alone(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def statements(node: ast.AST, *, inside_functions: bool) -> Iterator[ast.AST]:
    """Every statement that runs, in order of the text."""
    for child in ast.iter_child_nodes(node):
        if for_type_checkers_alone(child):
            continue
        yield child
        if inside_functions or not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from statements(child, inside_functions=inside_functions)


def imports(path: Path, *, inside_functions: bool) -> set[str]:
    """Modules a file imports; `from nncli import runs` counts as nncli.runs."""
    found: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in statements(tree, inside_functions=inside_functions):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            children = {f"{node.module}.{alias.name}" for alias in node.names}
            modules = children & MODULES.keys()
            found.update(modules)
            if len(modules) < len(children):
                found.add(node.module)
    return found


def own(modules: set[str]) -> set[str]:
    return {module for module in modules if module == "nncli" or module.startswith("nncli.")}


def test_every_part_of_the_package_has_its_place_in_the_order() -> None:
    assert {part_of(module) for module in MODULES} - {""} == RANK.keys()


@pytest.mark.parametrize("module", [module for module in MODULES if module != "nncli"])
def test_imports_point_one_way(module: str) -> None:
    rank = RANK[part_of(module)]
    for imported in own(imports(MODULES[module], inside_functions=True)):
        if imported == "nncli":
            continue  # its public names are loaded when used
        assert RANK[part_of(imported)] <= rank, f"{module} imports {imported}"


@pytest.mark.parametrize("folder", sorted({path.parent for path in FILES}), ids=lambda path: path.name)
def test_no_folder_holds_more_files_than_a_reader_keeps_in_mind(folder: Path) -> None:
    if folder.name not in ("kinds", "commands"):
        assert len([*folder.glob("*.py")]) <= MOST_FILES


def test_no_module_of_more_than_one_idea_lies_at_the_root() -> None:
    own_files = {path.name for path in PACKAGE.glob("*.py")}
    assert own_files == {"__init__.py", "__main__.py", "expressions.py", "sklearn.py", "version.py"}


def test_the_package_itself_imports_none_of_its_parts() -> None:
    assert own(imports(PACKAGE / "__init__.py", inside_functions=True)) == {"nncli.version"}


def test_no_module_imports_itself_in_a_circle() -> None:
    graph = {
        module: own(imports(path, inside_functions=False)) - {module, "nncli"}
        for module, path in MODULES.items()
    }
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize("path", sorted((PACKAGE / "nn").glob("*.py")), ids=lambda path: path.name)
def test_the_mathematics_imports_numpy_and_the_standard_library_alone(path: Path) -> None:
    for module in imports(path, inside_functions=True):
        top = module.partition(".")[0]
        allowed = module.startswith("nncli.nn.") or module == "nncli.expressions"
        assert allowed or top == "numpy" or top in sys.stdlib_module_names, f"{path.name} imports {module}"


@pytest.mark.parametrize("module", MODULES)
def test_no_module_imports_matplotlib_when_it_is_loaded(module: str) -> None:
    tops = {name.partition(".")[0] for name in imports(MODULES[module], inside_functions=False)}
    assert "matplotlib" not in tops


def code_lines(path: Path) -> int:
    """Lines that are neither docstring, comment, import nor blank."""
    source = path.read_text(encoding="utf-8")
    imported = {
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for line in range(node.lineno, (node.end_lineno or 0) + 1)
    }
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    docstrings = {
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, documented) and ast.get_docstring(node) is not None
        for line in range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)
    }
    layout = {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENCODING,
        tokenize.ENDMARKER,
    }
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    lines = {
        line
        for token in tokens
        if token.type not in layout
        for line in range(token.start[0], token.end[0] + 1)
    }
    return len(lines - docstrings - imported)


def test_the_core_can_be_read_in_one_sitting() -> None:
    """Of the lines some 150 are scalar forms, which say again what the array functions do, and 40 keep many
    states of a training and measure them at once. Listing the calls of numpy is beyond
    it: `nn.gradients` says the same.
    """
    sizes = {path.name: code_lines(path) for path in CORE}
    assert sum(sizes.values()) < 1150, sizes
    assert max(sizes.values()) < 180, sizes


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.name)
def test_each_function_of_the_core_fits_a_screen(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < SCREEN, f"{path.name}: {node.name}"


def public_names(path: Path) -> set[str]:
    """Functions, classes, aliases and constants that a module defines for others."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.AnnAssign):
            found.add(ast.unparse(node.target))
        elif isinstance(node, ast.Assign):
            found.update(ast.unparse(target) for target in node.targets)
    return {name for name in found if not name.startswith("_")}


def test_no_name_stands_for_two_things_in_two_rooms() -> None:
    homes: dict[str, set[str]] = {}
    for module, path in MODULES.items():
        for name in public_names(path):
            homes.setdefault(name, set()).add(part_of(module))
    # A command has one name in Python and at the terminal.
    several = {name: rooms for name, rooms in homes.items() if len(rooms) > 1 and not rooms <= {"api", "cli"}}
    assert several.keys() <= SAME_THING, several


def loaded_by(*arguments: str) -> set[str]:
    """Top-level packages a fresh interpreter imports for `python -m nncli ARGUMENTS`."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "nncli", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["--version"]], ids=" ".join)
def test_help_loads_neither_numpy_nor_matplotlib(arguments: list[str]) -> None:
    loaded = loaded_by(*arguments)
    assert "typer" in loaded
    assert not loaded & {"numpy", "matplotlib"}
