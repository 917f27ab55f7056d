"""The examples in the docstrings of the public functions are right."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

import nncli
from nncli import api

FUNCTIONS = [name for name in api.__all__ if name[0].islower() and name != "load_config"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a config, a run, and the run imported again, as the examples assume."""
    folder = tmp_path_factory.mktemp("examples")
    (folder / "xor.yaml").write_text(nncli.init("xor"), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        nncli.train("xor.yaml")
        nncli.import_weights("runs/xor/weights.npz", "xor.yaml", output="runs/imported")
    return folder


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_examples_of_a_function_are_right(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    test = doctest.DocTestFinder(recurse=False).find(getattr(nncli, name), name, globs={"nncli": nncli})[0]
    assert test.examples
    monkeypatch.chdir(folder)
    if name in ("train", "import_weights"):  # into a directory without the run that they write
        monkeypatch.chdir(tmp_path)
        Path("xor.yaml").write_text(nncli.init("xor"), encoding="utf-8")
        if name == "import_weights":
            nncli.train("xor.yaml")
    assert doctest.DocTestRunner().run(test).failed == 0
