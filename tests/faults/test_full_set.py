"""The full deployment loses nothing either: workers killed, Redis flushed, Redis gone for a while."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from core.database.db import Database
from core.models import Finding, Step, StoredFile
from core.settings import get_settings
from core.storage.configured import get_storage
from core.storage.object_store import ObjectStorage
from tests.faults.full_set import FullSet, running_queue
from tests.faults.invariants import check_lesson
from tests.faults.test_kills import RECORDING
from tests.faults.watching import wait_for, wait_settled
from tests.support.recordings import upload_recording
from workers.queue.sweeper import sweep

pytestmark = [pytest.mark.slow, pytest.mark.engine, pytest.mark.timeout(240)]


@pytest.fixture
def full_set(
    any_database: Database, bucket: ObjectStorage, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FullSet]:
    """Yield a Redis and workers that are not started yet, on PostgreSQL, with recordings in a bucket."""
    del any_database, bucket
    monkeypatch.setenv("HINDSIGHT_ASR_MODEL", "tiny.en")
    monkeypatch.setenv("HINDSIGHT_LANGUAGE", "en")
    monkeypatch.setenv("HINDSIGHT_LEASE_SECONDS", "4")
    get_settings.cache_clear()
    with running_queue() as queue:
        there = FullSet(queue, data_dir.with_suffix(".log"))
        try:
            yield there
        finally:
            there.kill_workers()


@pytest.mark.parametrize("any_database", ["postgres"], indirect=True)
def test_a_lesson_completes_once_though_workers_are_killed_and_redis_is_flushed_and_restarted(
    full_set: FullSet, any_database: Database, data_dir: Path
) -> None:
    full_set.start_workers()
    with any_database.write() as session:
        recording = shutil.copyfile(RECORDING, data_dir / "lesson.mp4")
        lesson_id = upload_recording(session, get_storage(), recording).id
    wait_for(any_database, lesson_id, "transcribe_chunk", "running")
    full_set.kill_workers()
    full_set.queue.flush()
    full_set.start_workers()
    wait_for(any_database, lesson_id, "transcribe_chunk", "running")
    full_set.queue.kill()
    full_set.queue.start()
    wait_settled(any_database, lesson_id)
    full_set.stop()
    sweep(any_database, get_storage(), get_settings())
    with any_database.read() as session:
        check_lesson(session, get_storage(), lesson_id)
        words = session.get_one(Finding, (lesson_id, "words")).document
        states = set(session.scalars(select(Step.state)))
        keys = session.scalars(select(StoredFile.key)).all()
    assert len(words) > 100
    assert states == {"done"}
    assert not get_settings().files_dir.exists()  # all of it lies in the bucket
    assert sorted(get_storage().keys()) == sorted(keys)
