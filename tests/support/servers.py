"""Test servers: the embedded default, or PostgreSQL, Redis and S3 (`make test SERVERS=full`).

Embedded is SQLite, a folder, and the queue inside `hindsight serve`. The full set is PostgreSQL, Redis and an
S3-compatible store, all from wheels and started once; each school has a database, a queue and a prefix of its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import obstore
import pytest
from obstore.store import S3Store

from core.database.migrate import migrate_database
from core.models import new_id
from tests.browser.school import School, free_port
from tests.faults.full_set import RedisServer, running_queue
from tests.support.databases import Postgres
from tests.support.processes import settings_of
from tests.support.s3_server import bucket_settings

OPTION, FULL, EMBEDDED = "--servers", "full", "embedded"

Ground = Mapping[str, str]  # the settings that say where one school's rows, files and messages are


class Servers(Protocol):
    """What schools stand on."""

    @property
    def empty(self) -> Ground:
        """A migrated school without anybody, to copy."""

    def name(self, folder: Path) -> dict[str, str]:
        """Return the settings of a new school with this data folder; nothing is made yet."""

    def make(self, ground: Ground, like: Ground | None = None) -> None:
        """Make its database and files: as another school's are, or without a single table."""

    def remove(self, ground: Ground) -> None:
        """Take away what is outside its folder."""


class EmbeddedServers:
    """Everything lies in the data folder."""

    def __init__(self, folder: Path) -> None:
        self.empty = self.name(folder / "empty")
        migrate_database(settings_of(self.empty).database_address)

    def name(self, folder: Path) -> dict[str, str]:
        """Name the folder."""
        return {"HINDSIGHT_DATA_DIR": str(folder)}

    def make(self, ground: Ground, like: Ground | None = None) -> None:
        """Copy the folder."""
        if like:
            shutil.copytree(like["HINDSIGHT_DATA_DIR"], ground["HINDSIGHT_DATA_DIR"], dirs_exist_ok=True)

    def remove(self, ground: Ground) -> None:
        """Nothing is outside the folder."""


class FullServers:
    """Rows in PostgreSQL, files in a bucket, messages in Redis."""

    def __init__(self, folder: Path, postgres: Postgres, bucket_address: str, queue: RedisServer) -> None:
        self._postgres, self._bucket, self._queue = postgres, bucket_address, queue
        self._queues = count()
        store = settings_of(bucket_settings(bucket_address))
        self._store = S3Store(
            store.s3_bucket,
            endpoint=store.s3_endpoint,
            access_key_id=store.s3_access_key,
            secret_access_key=store.s3_secret_key.get_secret_value(),
            client_options={"allow_http": True},
        )
        self.empty = self.name(folder / "empty") | {"HINDSIGHT_DATABASE_URL": postgres.address(postgres.empty)}

    def name(self, folder: Path) -> dict[str, str]:
        """Name a database, a queue and a prefix that nobody has."""
        own = f"test_{new_id()}"
        return {
            "HINDSIGHT_DATA_DIR": str(folder),
            "HINDSIGHT_DATABASE_URL": self._postgres.address(own),
            "HINDSIGHT_BROKER_URL": self._queue.address.removesuffix("/0") + f"/{next(self._queues)}",
            **bucket_settings(self._bucket, own),
        }

    def make(self, ground: Ground, like: Ground | None = None) -> None:
        """Copy the database and the objects."""
        Path(ground["HINDSIGHT_DATA_DIR"]).mkdir(parents=True, exist_ok=True)
        self._postgres.make(ground["HINDSIGHT_DATABASE_URL"], like["HINDSIGHT_DATABASE_URL"] if like else "")
        if not like:
            return
        prefix, new = like["HINDSIGHT_S3_PREFIX"], ground["HINDSIGHT_S3_PREFIX"]
        for page in obstore.list(self._store, prefix):
            for one in page:
                obstore.copy(self._store, one["path"], new + one["path"].removeprefix(prefix))

    def remove(self, ground: Ground) -> None:
        """Drop the database; the bucket goes with the store."""
        self._postgres.drop(ground["HINDSIGHT_DATABASE_URL"])


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switch between the two."""
    words = "what the tests' schools live on: SQLite and a folder, or PostgreSQL, Redis and S3 from wheels"
    parser.addoption(OPTION, choices=(EMBEDDED, FULL), default=EMBEDDED, help=words)


def pytest_configure(config: pytest.Config) -> None:
    """On the full set, run what touches it."""
    if config.getoption(OPTION) == FULL:
        config.pluginmanager.register(Chosen())


def make_ground(servers: Servers, folder: Path) -> Ground:
    """Return where a new, empty school with this data folder is."""
    ground = servers.name(folder)
    servers.make(ground, servers.empty)
    return ground


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Yield what this run's schools live on; every test that makes a school asks for it, so it is known who does."""
    folder = tmp_path_factory.mktemp("servers")
    if request.config.getoption(OPTION) == EMBEDDED:
        yield EmbeddedServers(folder)
        return
    with running_queue() as queue:
        yield FullServers(folder, request.getfixturevalue("postgres"), request.getfixturevalue("bucket_server"), queue)


class Chosen:
    """Leaves out of a run on the full set what would only be run twice, and says what it left out."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(("here", "pure", "both", "embedded"), 0)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Choose."""
        kept: list[pytest.Item] = []
        left: list[pytest.Item] = []
        for item in items:
            kind = self._kind(item)
            self.counts[kind] += 1
            (kept if kind == "here" else left).append(item)
        items[:] = kept
        config.hook.pytest_deselected(items=left)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Tell the process that started this one, if one did (pytest-xdist)."""
        told = getattr(session.config, "workeroutput", None)
        if told is not None:
            told[OPTION] = self.counts

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take the counts of a worker: each collects all tests, so all count the same."""
        self.counts = getattr(node, "workeroutput", {}).get(OPTION, self.counts)

    def _kind(self, item: pytest.Item) -> str:
        if item.get_closest_marker("embedded"):
            return "embedded"
        fixtures = getattr(item, "fixturenames", ())
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if "any_database" in parameters:
            return "both"
        return "here" if "servers" in fixtures else "pure"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what ran on the real servers."""
        count = self.counts
        terminalreporter.write_line(
            f"On PostgreSQL, Redis and S3: {count['here']} tests. Left out: {count['pure']} that make no school, "
            f"{count['embedded']} about the embedded default itself, {count['both']} that try both by themselves."
        )


@contextmanager
def running_pages(servers: Servers, folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[School]:
    """Yield the pages alone, running, on a data folder below this one; no worker is there."""
    ground = make_ground(servers, folder / "data")
    school = School(folder / "data", free_port(), dict(ground) | dict(settings or {}))
    school.processes = [school.run("web")]
    try:
        school.wait_until_it_answers()
        yield school
    finally:
        school.stop()
        servers.remove(ground)
