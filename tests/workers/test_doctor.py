"""The doctor finds each thing that is wrong, says what to do, and finds nothing wrong with a healthy deployment."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from core.clock import utc_now
from core.database.db import Database
from core.models import Step
from core.settings import get_settings
from core.storage.configured import get_storage
from core.storage.object_store import ObjectStorage
from core.storage.private_files import restrict_data_folder
from tests.browser.school import free_port
from tests.faults.full_set import running_queue
from tests.support.recordings import make_ready_lesson
from tests.support.servers import Ground, Servers
from workers.commands import doctor
from workers.doctor import examine


def found() -> dict[str, str]:
    get_settings.cache_clear()
    get_storage.cache_clear()
    return {one.name: one.wrong for one in examine(get_settings(), get_storage)}


def test_a_healthy_machine_is_well(database: Database) -> None:
    restrict_data_folder(get_settings())  # as every start does
    assert set(found().values()) == {""}
    answer = CliRunner().invoke(doctor)
    assert answer.exit_code == 0
    assert "database: well" in answer.output


@pytest.mark.parametrize("any_database", ["postgres"], indirect=True)
def test_the_full_set_of_real_servers_is_well(
    any_database: Database, bucket: ObjectStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    restrict_data_folder(get_settings())
    with running_queue() as queue:
        monkeypatch.setenv("HINDSIGHT_BROKER_URL", queue.address)
        assert set(found().values()) == {""}
        assert "queue" in found()
    assert "Redis does not answer" in found()["queue"]


@pytest.mark.parametrize(
    ("settings", "name", "words"),
    [
        ({"DATABASE_URL": f"postgresql+psycopg://x@127.0.0.1:{free_port()}/x"}, "database", "does not answer"),
        pytest.param(
            {"BROKER_URL": f"redis://127.0.0.1:{free_port()}/0"},
            "database",
            "cannot share SQLite",
            marks=pytest.mark.embedded(reason="it is about SQLite"),
        ),
        ({"DATABASE_URL": f"postgresql+psycopg://x@127.0.0.1:{free_port()}/x"}, "workers", "without the database"),
        ({"DISK_RESERVE_BYTES": str(10**18)}, "data folder", "uploads will soon be refused"),
        ({"OIDC_ISSUER": "http://127.0.0.1:9"}, "single sign-on", "Check HINDSIGHT_OIDC_ISSUER"),
        ({"BROKER_URL": f"redis://127.0.0.1:{free_port()}/0"}, "queue", "Redis does not answer"),
        ({"FFMPEG": "/nowhere/ffmpeg"}, "ffmpeg", "There is no program"),
        ({"FFMPEG": "/bin/true"}, "ffmpeg", "cannot write libx264"),
        ({"ASR_MODEL": "/nowhere/model"}, "models", "not on this machine"),
        ({"PUBLIC_URL": "https://h.example", "SECURE_COOKIES": "false"}, "https", "SECURE_COOKIES"),
        ({"PUBLIC_URL": "http://h.example"}, "https", "plain http"),
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


def test_an_older_database_is_told_to_migrate(database: Database) -> None:
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '0004'")
    assert "of version 0004" in found()["database"]
    assert "hindsight migrate" in found()["database"]


def test_an_empty_database_is_told_to_migrate(servers: Servers, ground: Ground, data_dir: Path) -> None:
    servers.make(ground)
    assert "It is empty. Run “hindsight migrate”" in found()["database"]


def test_a_wrong_key_of_the_bucket_is_said(
    database: Database, bucket: ObjectStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found()["recordings"] == ""
    monkeypatch.setenv("HINDSIGHT_S3_SECRET_KEY", "not the secret")
    assert "Check the disk, or HINDSIGHT_S3_" in found()["recordings"]


@pytest.mark.parametrize("any_database", ["postgres"], indirect=True)
def test_clocks_that_are_apart_are_said(any_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found()["database"] == ""
    monkeypatch.setattr("workers.doctor.utc_now", lambda: utc_now() + timedelta(seconds=90))
    assert "90 s apart" in found()["database"]


def test_steps_that_nobody_takes_are_said_with_the_worker_to_start(database: Database) -> None:
    with database.write() as session:
        lesson = make_ready_lesson(session)
        step = session.scalars(select(Step)).one()
        step.next_at = utc_now() - timedelta(minutes=9)
    assert found()["workers"] == ""  # that may be a busy morning
    with database.write() as session:
        session.get_one(Step, step.id).next_at = utc_now() - timedelta(minutes=11)
    assert "hindsight worker --queues io" in found()["workers"]
    with database.write() as session:
        others = Step(lesson_id=lesson.id, stage="extract_audio", queue="io", state="running", next_at=utc_now())
        others.lease_until = utc_now() + timedelta(seconds=30)
        session.add(others)
    assert found()["workers"] == ""  # somebody works, there is much to do
