"""Fixtures of fault tests: real processes that may be killed, with the smallest model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.database.db import Database, get_database
from tests.browser.school import School, free_port
from tests.faults.clocks import SetClock


@pytest.fixture
def server(data_dir: Path, database: Database) -> Iterator[School]:
    """Yield a server that is not started yet, on the data folder of the settings."""
    settings = {"HINDSIGHT_ASR_MODEL": "tiny.en", "HINDSIGHT_ASR_WORKERS": "2", "HINDSIGHT_LANGUAGE": "en"}
    there = School(data_dir=data_dir, port=free_port(), settings=settings)
    try:
        yield there
    finally:
        there.stop()
        get_database().dispose()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Return the clock of everything in this process."""
    there = SetClock()
    monkeypatch.setattr("core.clock.datetime", there)
    monkeypatch.setattr("core.clock._seen", [])
    return there
