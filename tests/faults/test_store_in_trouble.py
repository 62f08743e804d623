"""The bucket answers 500, slowly, or half: nothing half is kept, nothing is lost, and work goes on when it is well."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

import core.storage.object_store
from core.clock import utc_now
from core.database.db import Database
from core.models import Step, StoredFile
from core.storage.configured import get_storage
from core.storage.object_store import ObjectStorage
from ingest.upload.uploads import sha256_of
from tests.faults.invariants import check_lesson
from tests.faults.trouble import Kind, Proxy, running_proxy
from tests.support.processes import forget_process
from tests.support.recordings import make_video, upload_recording
from tests.support.web_school import BYTES, School
from tests.web.routes.lessons.test_uploads import RECORDING, TUS, begin, patch_headers
from workers.pipeline.runner import run_step


@pytest.fixture
def proxy(bucket_server: str, bucket: ObjectStorage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """Yield what stands before the bucket of the settings; who asks does not insist for long."""
    monkeypatch.setattr(core.storage.object_store, "RETRIES", 1)
    with running_proxy(bucket_server) as there:
        monkeypatch.setenv("HINDSIGHT_S3_ENDPOINT", there.address)
        forget_process()
        yield there


def run_ready(database: Database) -> None:
    """Run what is ready, waiting for nothing."""
    with database.write() as session:
        session.execute(update(Step).where(Step.state == "ready").values(next_at=utc_now()))
    with database.read() as session:
        ready = session.scalars(select(Step.id).where(Step.state == "ready")).all()
    for step_id in ready:
        run_step(step_id, threading.Event())


def whole_files(data_dir: Path) -> bool:
    """Say whether nothing half lies among the copies."""
    return not list((data_dir / "fetched").glob("*.part"))


@pytest.mark.parametrize("kind", ["error", "half"])
def test_an_upload_that_the_bucket_does_not_take_becomes_a_lesson_when_it_does(
    school: School, proxy: Proxy, kind: Kind
) -> None:
    owner = school.browser("owner")
    where = begin(owner)
    proxy.make(kind, "PUT")
    failed = owner.patch(where, content=RECORDING, headers=patch_headers(0))
    assert (failed.status_code, failed.json()["code"], proxy.met > 0) == (503, "storage_away", True)
    assert "Nothing you saved is lost" in failed.json()["message"]
    assert list(get_storage().keys()) == []
    proxy.make("none")
    head = owner.head(where, headers=TUS)
    assert head.headers["upload-offset"] == str(len(RECORDING))
    [key] = get_storage().keys(f"lessons/{head.headers['hindsight-lesson']}")
    with get_storage().local(key) as path:
        assert path.read_bytes() == RECORDING


@pytest.mark.parametrize("kind", ["error", "half"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_step_that_the_bucket_fails_is_tried_again_and_leaves_nothing_half(
    any_database: Database, proxy: Proxy, data_dir: Path, method: str, kind: Kind
) -> None:
    with any_database.write() as session:
        lesson_id = upload_recording(session, get_storage(), make_video(data_dir / "a.mp4", 1, sound=False)).id
    stage = "probe_media" if method == "GET" else "make_rendition"
    if method == "PUT":
        run_ready(any_database)
    proxy.make(kind, method)
    run_ready(any_database)
    with any_database.read() as session:
        step = session.scalars(select(Step).where(Step.stage == stage)).one()
        rows = session.scalars(select(StoredFile.kind)).all()
    assert (step.state, step.attempts, step.error_code, list(rows)) == ("ready", 0, "storage_away", ["original"])
    assert proxy.met > 0
    assert whole_files(data_dir)
    proxy.make("none")
    for _ in range(3):
        run_ready(any_database)
    with any_database.read() as session:
        check_lesson(session, get_storage(), lesson_id)
        assert set(session.scalars(select(Step.state))) == {"done"}


@pytest.mark.embedded
def test_a_bucket_that_stumbles_for_a_moment_is_asked_again_and_nobody_notices(
    school: School, proxy: Proxy, data_dir: Path
) -> None:
    with school.database.read() as session:
        for file in session.scalars(select(StoredFile)):
            get_storage().keep(data_dir / "files" / file.key, file.key)
    address = f"/media/lessons/{school.ids['lesson']}/rendition"
    for kind in ("error", "half"):
        proxy.make(kind, "GET", times=1)
        part = school.browser("owner").get(address, headers={"range": "bytes=10-3000"})
        assert (part.status_code, part.content, proxy.met) == (206, BYTES[10:3001], 1)
    proxy.make("error", "HEAD")
    away = school.browser("owner").get(address)
    assert (away.status_code, away.json()["code"]) == (503, "storage_away")
    proxy.make("none")
    assert school.browser("owner").get(address).content == BYTES


def test_a_film_that_comes_slowly_comes_whole_though_it_takes_longer_than_one_request_may(
    proxy: Proxy, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core.storage.object_store, "REQUEST_TIME", "2s")
    forget_process()
    film = data_dir / "film.mp4"
    film.write_bytes(RECORDING[:1_000_000])
    digest = sha256_of(film)
    get_storage().keep(film, "lessons/a/original-a.mp4")
    monkeypatch.setattr(core.storage.object_store, "PART_BYTES", 100_000)
    proxy.make("slow", "GET")
    with get_storage().local("lessons/a/original-a.mp4") as path:
        assert sha256_of(path) == digest
    assert proxy.met > 5
