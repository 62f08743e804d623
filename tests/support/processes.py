"""Clears cached settings and connections of the test process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from core.database.db import Database, get_database
from core.settings import Settings, get_settings
from core.storage.configured import get_storage


def forget_process() -> None:
    """Make settings, database and storage be read anew."""
    if get_database.cache_info().currsize:
        get_database().dispose()
    for cached in (get_settings, get_database, get_storage):
        cached.cache_clear()


def use_ground(monkeypatch: pytest.MonkeyPatch, ground: Mapping[str, str]) -> None:
    """Name in the settings of this process where a school is."""
    for setting, value in {**ground, "HINDSIGHT_DISK_RESERVE_BYTES": "0"}.items():
        monkeypatch.setenv(setting, value)
    forget_process()


@contextmanager
def closing_database() -> Iterator[Database]:
    """Yield the database of the settings, and close it at the end: this process may have forgotten it by then."""
    made = get_database()
    yield made
    made.dispose()
    forget_process()


def settings_of(environment: Mapping[str, str]) -> Settings:
    """Return what a process with these variables would read, and nothing of this process's own."""
    own = {name.removeprefix("HINDSIGHT_").lower(): value for name, value in environment.items()}
    return Settings.model_validate({name: value for name, value in own.items() if name in Settings.model_fields})
