"""The installed PyTorch, for tests that train with it."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest


@pytest.fixture
def pytorch(pytestconfig: pytest.Config) -> ModuleType:
    """What computes with PyTorch."""
    if not pytestconfig.getoption("--torch"):
        pytest.skip("computes with PyTorch: give --torch")
    return importlib.import_module("tests.pytorch.make")
