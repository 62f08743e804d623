"""What every test stands on: a data folder, a migrated database, a store, the shared recordings."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.db import Database, get_database
from core.migrate import migrate_database
from core.settings import get_settings
from core.storage import Storage, get_storage

pytest_plugins = ["tests.buckets", "tests.databases", "tests.web.school"]

PROJECT = Path(__file__).resolve().parent.parent


def forget_process() -> None:
    """Make settings, database and storage be read anew."""
    if get_database.cache_info().currsize:
        get_database().dispose()
    for cached in (get_settings, get_database, get_storage):
        cached.cache_clear()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated database file to copy: migrating once is enough."""
    path = tmp_path_factory.mktemp("database") / "empty.sqlite3"
    migrate_database(f"sqlite:///{path}")
    return path


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a data folder of this test's own, named in the settings of this process."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("HINDSIGHT_DATA_DIR", str(folder))
    monkeypatch.setenv("HINDSIGHT_DISK_RESERVE_BYTES", "0")
    forget_process()
    yield folder
    forget_process()


@pytest.fixture
def database(data_dir: Path, empty_database: Path) -> Database:
    """Return the migrated, empty database of the settings."""
    shutil.copyfile(empty_database, data_dir / "hindsight.sqlite3")
    return get_database()


@pytest.fixture
def storage(data_dir: Path) -> Storage:
    """Return the store of the settings."""
    return get_storage()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of shared recordings, or skip outside CI when it is not there."""
    folder = Path(os.environ.get("HINDSIGHT_TEST_DATA", PROJECT.parent / "shared" / "data"))
    if not (folder / "MANIFEST.tsv").is_file():
        reason = "the shared recordings are not on this machine (HINDSIGHT_TEST_DATA names their folder)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
