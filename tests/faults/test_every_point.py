"""Every stage loses its worker, the pages and Redis between claim, file and finish, and the lesson is whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.database.db import Database
from core.models import Step, StoredFile
from core.pipeline.stages import STAGES
from core.settings import get_settings
from core.storage.base import Storage
from core.storage.configured import get_storage
from core.storage.local import LocalStorage
from tests.browser.school import free_port
from tests.faults.dying import POINTS, UPLOAD, UPLOAD_POINTS, Plan
from tests.faults.invariants import Outcome, check_lesson, outcome_of
from tests.faults.scenario import a_teacher, cut_recording, household, play
from tests.support.processes import settings_of
from tests.support.servers import EmbeddedServers, make_ground
from workers.queue.sweeper import sweep

pytestmark = [pytest.mark.slow, pytest.mark.engine, pytest.mark.timeout(600)]


@dataclass(frozen=True, slots=True)
class Reference:
    """A short recording, and what comes of it without a fault."""

    recording: Path
    outcome: Outcome


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """Return what the same processes make of the recording when nobody dies."""
    folder = tmp_path_factory.mktemp("reference")
    ground = make_ground(EmbeddedServers(folder), folder / "data")
    settings = settings_of(ground)
    database, storage = Database(settings.database_address), LocalStorage(settings.files_dir)
    recording = cut_recording(folder)
    plan = Plan((), (), str(folder / "notes"), free_port())
    with household(plan, folder / "log", ground), a_teacher(database, plan.web_port) as ada:
        lesson_id = play(database, storage, ada, recording, folder)
    with database.read() as session:
        check_lesson(session, storage, lesson_id, comments=ada.comments)
        outcome = outcome_of(session, lesson_id)
        stages = set(session.scalars(select(Step.stage)))
        chunks = session.scalars(select(Step.id).where(Step.stage == "transcribe_chunk")).all()
    database.dispose()
    assert stages == set(STAGES)
    assert len(chunks) > 1
    assert all(outcome.values()), outcome
    return Reference(recording, outcome)


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where rows and recordings lie, and whether a Redis carries the messages."""

    database: Database
    storage: Storage
    queue_port: int


@pytest.fixture
def deployment(any_database: Database, request: pytest.FixtureRequest) -> Deployment:
    """Return SQLite and a folder; then PostgreSQL and a bucket, with Redis."""
    if any_database.engine.dialect.name == "sqlite":
        return Deployment(any_database, get_storage(), queue_port=0)
    return Deployment(any_database, request.getfixturevalue("bucket"), free_port())


def live_through(deployment: Deployment, reference: Reference, data_dir: Path, kills: tuple[str, ...]) -> Plan:
    """Play the whole while somebody dies at every point, and check what must hold."""
    folder = data_dir.with_suffix(".faults")
    folder.mkdir()
    database, storage, queue_port = deployment.database, deployment.storage, deployment.queue_port
    settings = {"HINDSIGHT_BROKER_URL": f"redis://127.0.0.1:{queue_port}/0"} if queue_port else {}
    if "worker" not in kills:
        settings["HINDSIGHT_LEASE_SECONDS"] = "20"  # nobody's step is lost
    plan = Plan(kills, POINTS, str(folder / "notes"), free_port(), queue_port)
    with household(plan, folder / "log", settings), a_teacher(database, plan.web_port) as ada:
        lesson_id = play(database, storage, ada, reference.recording, folder)
    sweep(database, storage, get_settings())
    claims = select(Step.stage, func.sum(Step.attempts)).group_by(Step.stage)
    with database.read() as session:
        check_lesson(session, storage, lesson_id, like=reference.outcome, comments=ada.comments)
        keys = session.scalars(select(StoredFile.key)).all()
        tries = {row[0]: row[1] for row in session.execute(claims)}
    assert sorted(storage.keys()) == sorted(keys)
    assert not list(get_settings().scratch_dir.iterdir())
    assert not list(get_settings().uploads_dir.iterdir())
    assert ada.comments
    died = {(stage, point) for stage in STAGES for point in POINTS}
    died |= {(UPLOAD, point) for point in UPLOAD_POINTS} if "web" in kills else set()
    assert plan.noted() == died
    if "worker" in kills:
        assert min(tries.values()) > POINTS.index("finished")  # a death costs a claim
    return plan


def test_a_worker_killed_at_every_point_of_every_stage_costs_nothing_but_time(
    deployment: Deployment, reference: Reference, data_dir: Path
) -> None:
    live_through(deployment, reference, data_dir, ("worker",))


def test_pages_and_redis_killed_at_every_point_of_every_stage_and_upload_lose_nothing(
    deployment: Deployment, reference: Reference, data_dir: Path
) -> None:
    live_through(deployment, reference, data_dir, ("web", "queue") if deployment.queue_port else ("web",))
