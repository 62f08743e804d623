"""The small school that the tests of the web stand on."""

from __future__ import annotations

import pytest

from core.db import Database
from core.storage import Storage
from tests.web.school import School, make_school


@pytest.fixture
def school(database: Database, storage: Storage) -> School:
    """Return a school of this test's own."""
    return make_school(database, storage)
