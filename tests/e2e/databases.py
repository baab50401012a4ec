"""Which databases the run has (CRM_TEST_DATABASES), for tests that run on each of them."""

from __future__ import annotations

import os

import pytest

DATABASES = os.environ.get("CRM_TEST_DATABASES", "sqlite,postgresql").split(",")

every_database = pytest.mark.parametrize("database", DATABASES, indirect=True)
