"""Which tests run side by side, which run alone, and which are unit tests: the one place that says so.

Every test gets `alone`, or runs beside others (`make test`, two passes). Every test that is small gets `unit`
(`make check-fast`, but for those of `whole_database`). What a database cannot change gets `embedded`. All are told
from where a test is and what it asks for; a test that must say it itself carries the marker `alone(reason)` or
`embedded(reason)`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[1]

# Whole deployments, a browser whose clock is looked at, processes that are killed: each wants the machine for itself.
ALONE = ("browser", "deployment", "faults")

# Stories in the browser that run on PostgreSQL, Redis and S3 too: two people and live streams. What the others ask of a
# database, the tests of their routes ask on both.
STORIES_ON_BOTH = frozenset({"test_main_job.py", "test_programme.py", "test_session.py", "test_tabs.py"})

# Tests of what a request or a file says, which no database changes.
ONE_DATABASE = (
    "ingest/media",
    "web/forms",
    "web/routes/people/test_openid_connect.py",
    "web/security",
    "web/test_attacks.py",
    "web/test_linear_reading.py",
    "workers/test_service.py",
)

# The packages without a web server, as a user of their functions sees them.
UNIT = ("annotation", "core", "ingest", "transcription")
# Unit tests that upgrade, back up or restore a whole school each: two thirds of the time of `core`'s.
WHOLE_DATABASES = frozenset({"test_backup.py", "test_hostile_backups.py", "test_migrate.py", "test_upgrades.py"})
HEAVY = frozenset({"any_database", "bucket", "bucket_server", "browser", "playwright", "postgres", "school"})


def folder_of(item: pytest.Item) -> str:
    """Return the folder below tests/ that a test lies in."""
    inside = item.path.relative_to(HERE).parts
    return inside[0] if len(inside) > 1 else ""


def is_alone(item: pytest.Item) -> bool:
    """Say whether a test may not run beside others."""
    return folder_of(item) in ALONE or item.get_closest_marker("alone") is not None


def is_embedded(item: pytest.Item) -> bool:
    """Say whether a test runs on the embedded default alone."""
    if folder_of(item) == "browser":
        return item.path.name not in STORIES_ON_BOTH
    return any(item.path.is_relative_to(HERE / path) for path in ONE_DATABASE)


def is_unit(item: pytest.Item) -> bool:
    """Say whether a test is quick: of one package, on SQLite, without a model, a server or a browser."""
    if folder_of(item) not in UNIT or any(item.get_closest_marker(name) for name in ("alone", "engine", "slow")):
        return False
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    asked = set(getattr(item, "fixturenames", ())) - {"postgres"}
    if parameters.get("any_database") == "sqlite":
        asked.discard("any_database")
    return not asked & HEAVY


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test, before `-m` chooses."""
    for item in items:
        if is_embedded(item):
            item.add_marker(pytest.mark.embedded)
        if is_alone(item):
            item.add_marker(pytest.mark.alone)
        elif is_unit(item):
            item.add_marker(pytest.mark.unit)
            if item.path.parent == HERE / "core/database" and item.path.name in WHOLE_DATABASES:
                item.add_marker(pytest.mark.whole_database)
