"""What contract tests need of the house's own tests/conftest.py beside its fixtures."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def house(request: pytest.FixtureRequest) -> ModuleType:
    """tests/conftest.py as a module; `import conftest` would give whichever was loaded last."""
    path = Path(__file__).parents[1] / "conftest.py"
    found = request.config.pluginmanager.get_plugin(str(path))
    assert isinstance(found, ModuleType)
    return found
