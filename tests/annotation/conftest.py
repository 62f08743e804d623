"""Two people of a school, and settings of one, for the tests of one module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.database.db import Database
from core.settings import get_settings
from tests.support.factories import Pair, make_pair


@pytest.fixture
def pair(database: Database) -> Iterator[Pair]:
    """Yield two partners within a transaction that the test writes in."""
    with database.write() as session:
        yield make_pair(session)


@pytest.fixture
def mail_server(monkeypatch: pytest.MonkeyPatch, data_dir: object) -> None:
    """Name a mail server in the settings."""
    monkeypatch.setenv("HINDSIGHT_SMTP_HOST", "mail.school.example")
    get_settings.cache_clear()
