"""The doctor finds each thing that is wrong, says what to do, and finds nothing wrong with a healthy deployment."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from core.db import Database
from core.object_store import ObjectStorage
from core.settings import get_settings
from core.storage import get_storage
from tests.browser.school import free_port
from tests.faults.full_set import running_queue
from workers.commands import doctor
from workers.doctor import examine


def found() -> dict[str, str]:
    get_settings.cache_clear()
    get_storage.cache_clear()
    return {one.name: one.wrong for one in examine(get_settings(), get_storage)}


def test_a_healthy_machine_is_well(database: Database) -> None:
    assert set(found().values()) == {""}
    answer = CliRunner().invoke(doctor)
    assert answer.exit_code == 0
    assert "database: well" in answer.output


@pytest.mark.parametrize("any_database", ["postgres"], indirect=True)
def test_the_full_set_of_real_servers_is_well(
    any_database: Database, bucket: ObjectStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_queue() as queue:
        monkeypatch.setenv("HINDSIGHT_BROKER_URL", queue.address)
        assert set(found().values()) == {""}
        assert "queue" in found()
    assert "Redis does not answer" in found()["queue"]


@pytest.mark.parametrize(
    ("settings", "name", "words"),
    [
        ({"DATABASE_URL": f"postgresql+psycopg://x@127.0.0.1:{free_port()}/x"}, "database", "does not answer"),
        ({"BROKER_URL": f"redis://127.0.0.1:{free_port()}/0"}, "database", "cannot share SQLite"),
        ({"BROKER_URL": f"redis://127.0.0.1:{free_port()}/0"}, "queue", "Redis does not answer"),
        ({"FFMPEG": "/nowhere/ffmpeg"}, "ffmpeg", "There is no program"),
        ({"FFMPEG": "/bin/true"}, "ffmpeg", "cannot write libx264"),
        ({"ASR_MODEL": "/nowhere/model"}, "models", "not on this machine"),
        ({"PUBLIC_URL": "https://h.example"}, "https", "SECURE_COOKIES"),
        ({"PUBLIC_URL": "http://h.example", "SECURE_COOKIES": "true"}, "https", "stay signed in"),
        ({"HOST": "0.0.0.0"}, "https", "PUBLIC_URL is empty"),
        ({"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(free_port())}, "mail", "does not take our mails"),
        ({"OIDC_ISSUER": f"http://127.0.0.1:{free_port()}"}, "single sign-on", "does not answer"),
        ({"S3_BUCKET": "none", "S3_ENDPOINT": "http://127.0.0.1:9"}, "recordings", "cannot be kept"),
        ({"DATA_DIR": "/proc/nowhere"}, "data folder", "cannot be written"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(
    database: Database, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], name: str, words: str
) -> None:
    for setting, value in settings.items():
        monkeypatch.setenv(f"HINDSIGHT_{setting}", value)
    assert words in found()[name]
    assert CliRunner().invoke(doctor).exit_code == 1


def test_an_empty_or_older_database_is_told_to_migrate(data_dir: Path, database: Database) -> None:
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '0004'")
    assert "of version 0004" in found()["database"]
    database.dispose()
    (data_dir / "hindsight.sqlite3").unlink()
    assert "hindsight migrate" in found()["database"]
