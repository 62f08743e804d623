"""Shared fixtures: data folder, migrated database, storage, recordings."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from core.database.db import Database
from core.storage.base import Storage
from core.storage.configured import get_storage
from tests.support.processes import closing_database, forget_process, use_ground

if TYPE_CHECKING:
    from tests.support.servers import Ground, Servers

pytest_plugins = [
    "tests.support.kinds",
    "tests.support.known_statements",
    "tests.support.quick_hashes",
    "tests.support.short_writes",
    "tests.support.unsteady",
    "tests.support.s3_server",
    "tests.support.databases",
    "tests.support.servers",
    "tests.support.web_school",
]

os.environ.setdefault("HINDSIGHT_TIME_ZONE", "UTC")  # not this machine's, so that the tests are the same everywhere
settings.register_profile("shared-machine", deadline=None)  # tests run side by side, and one may have to wait
if not os.environ.get("CI"):  # hypothesis has a profile of its own for CI
    settings.load_profile("shared-machine")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    # Run in a shell's background: the processes of the tests would ignore Ctrl-C as well.
    signal.signal(signal.SIGINT, signal.default_int_handler)
PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture
def ground(servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    """Yield where a school of this test's own is, named in the settings of this process; nothing is there yet."""
    named = servers.name(tmp_path / "data")
    use_ground(monkeypatch, named)
    yield named
    forget_process()
    servers.remove(named)


@pytest.fixture
def data_dir(ground: Ground) -> Path:
    """Return the data folder of this test's own school."""
    folder = Path(ground["HINDSIGHT_DATA_DIR"])
    folder.mkdir()
    return folder


@pytest.fixture
def database(servers: Servers, ground: Ground, data_dir: Path) -> Iterator[Database]:
    """Yield the migrated, empty database of the settings."""
    servers.make(ground, servers.empty)
    with closing_database() as made:
        yield made


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
